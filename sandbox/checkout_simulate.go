package sandbox

import "strings"

func init() {
	simulation("checkout", simulateCheckout)
}

// simulateCheckout is a buyer without a browser: {session, payment_method, email}. A method that asks for 3-D Secure
// leaves the session open; go on with simulate 3ds.
func simulateCheckout(tx *accountTx, p formParams) (*stripeObject, error) {
	session, err := findSession(tx, p.Str("session"), "session")
	if err != nil {
		return nil, err
	}
	id := orElse(p.Str("payment_method"), "pm_card_visa")
	b := buyer{email: orElse(p.Str("email"), "buyer@example.com"), mandate: acceptanceOf(tx, formParams{}), form: willing(session, p)}
	method, err := findMethod(tx, id, "payment_method", 404)
	if err != nil {
		return nil, err
	}
	b.fresh = method.ID() != id
	b.method = func() (*stripeObject, error) { return method, nil }
	return payPage(tx, session, b)
}

// willing is a form with all that a session demands: what was sent, and made-up answers for the rest.
func willing(session *stripeObject, p formParams) formParams {
	form := &paramNode{hash: map[string]*paramNode{}}
	for _, key := range p.Keys() {
		form.keys = append(form.keys, key)
		form.hash[key] = p.node.hash[key]
	}
	fill := func(key string, v any) {
		if !p.Has(key) {
			form.keys = append(form.keys, key)
			form.hash[key] = nodeOf(v)
		}
	}
	if countries := session.List("shipping_address_collection.allowed_countries"); len(countries) > 0 {
		fill("shipping", hash("name", "Jenny Rosen", "address", hash("line1", "1 Main Street", "city", "Springfield", "postal_code", "12345", "country", countries[0])))
	}
	if session.Str("billing_address_collection") == "required" {
		fill("billing", hash("line1", "1 Main Street", "city", "Springfield", "postal_code", "12345", "state", "IL", "country", "US"))
	}
	if session.Has("consent_collection") {
		fill("consent", hash("terms_of_service", true))
	}
	if session.Bool("phone_number_collection.enabled") {
		fill("phone", "+15555550123")
	}
	for key, name := range map[string]string{"business": "Rosen Ltd", "individual": "Jenny Rosen"} {
		if rule := session.Hash("name_collection." + key); rule != nil && rule.Bool("enabled") && !rule.Bool("optional") {
			fill(key+"_name", name)
		}
	}
	if session.Str("tax_id_collection.required") == "if_supported" {
		fill("tax_id", hash("type", "eu_vat", "value", "DE123456789"))
	}
	answers := hash()
	for _, field := range hashes(session.List("custom_fields")) {
		if field.Bool("optional") {
			continue
		}
		answer := strings.Repeat("1", int(max(1, field.Int(field.Str("type")+".minimum_length"))))
		if options := hashes(field.List("dropdown.options")); len(options) > 0 {
			answer = options[0].Str("value")
		}
		answers.Set(field.Str("key"), answer)
	}
	if len(answers.Keys()) > 0 {
		fill("custom_fields", answers)
	}
	return formParams{form}
}
