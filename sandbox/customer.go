package sandbox

import "strings"

func init() {
	behave("POST /v1/customers", createCustomer)
	behave("POST /v1/customers/{customer}", updateCustomer)
	behave("DELETE /v1/customers/{customer}", deleteCustomer)
	onExpand("customer", "sources", customerCards)
	onExpand("customer", "tax", customerTax)
	onExpand("customer", "invoice_credit_balance", func(*accountTx, *stripeObject) []*stripeObject { return []*stripeObject{hash()} })
	onExpand("customer", "tax_ids", func(tx *accountTx, customer *stripeObject) []*stripeObject {
		return ofField(tx, "tax_id", "customer", customer.ID())
	})
}

// customerParams are parameters of a customer that are no fields of it, or need care.
var customerParams = []string{"payment_method", "source", "invoice_settings", "tax_id_data", "validate", "tax", "email", "preferred_locales", "cash_balance", "default_source"}

func createCustomer(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	customer := newCustomer(tx)
	if err := setCustomer(tx, customer, p); err != nil {
		return nil, err
	}
	if err := checkCustomerClock(tx, p.Str("test_clock")); err != nil {
		return nil, err
	}
	var method *stripeObject
	if id := p.Str("payment_method"); id != "" {
		var err error
		if method, err = findMethod(tx, id, "payment_method", 400); err != nil {
			return nil, err
		}
		if err := refusedAtAttachment(method); err != nil {
			return nil, err
		}
		if method.Str("customer") != "" || method.Bool(hiddenUsed) {
			return nil, invalid("payment_method", "", usedAtAttachment)
		}
	}
	// A default may be the method of the same call, which belongs to the customer only once both exist.
	if id := p.Str("invoice_settings.default_payment_method"); id != "" && (method == nil || id != p.Str("payment_method")) {
		return nil, notTheirMethod(id)
	} else if id != "" {
		customer.Set("invoice_settings.default_payment_method", method.ID())
	}
	var card *stripeObject
	source := p.Str("source")
	if strings.HasPrefix(source, "tok_") {
		var err error
		if card, err = newCard(tx, source); err != nil {
			return nil, err
		}
		customer.Set("default_source", card.ID())
	} else if source != "" {
		customer.Set("default_source", source)
	}
	discount, told, err := setCustomerDiscount(tx, customer, p)
	if err != nil {
		return nil, err
	}
	taxIDs, err := givenTaxIDs(tx, customer, p)
	if err != nil {
		return nil, err
	}
	tx.Put(customer, "customer.created")
	for _, id := range taxIDs {
		keepTaxID(tx, id)
	}
	tx.tell(told, discount)
	switch {
	case card != nil:
		keepCard(tx, customer, card)
	case source != "":
		if _, err := giveSource(tx, customer, source); err != nil {
			return nil, err
		}
	}
	if method != nil {
		attach(tx, method, customer.ID())
	}
	return customer, nil
}

func newCustomer(tx *accountTx) *stripeObject {
	return tx.New("customer").
		Set("balance", 0).Set("delinquent", false).Set("next_invoice_sequence", 1).Set("tax_exempt", "none").
		Set("preferred_locales", []any{}).Set("invoice_prefix", strings.ToUpper(tx.NewID("", 8))).
		Set("invoice_settings", tx.NewHash("invoice_setting_customer_setting"))
}

// customerTax is what expand[]=tax shows. No address is looked up here: without a country the place is not known, with one
// no taxes are collected there, as at Stripe before a registration.
func customerTax(tx *accountTx, customer *stripeObject) []*stripeObject {
	shown := tx.NewHash("customer_tax").Set("automatic_tax", "unrecognized_location").Set("provider", "stripe")
	if country := orElse(customer.Str("shipping.address.country"), customer.Str("address.country")); country != "" {
		source := "billing_address"
		if customer.Str("shipping.address.country") != "" {
			source = "shipping_destination"
		}
		shown.Set("automatic_tax", "not_collecting").
			Set("location", tx.NewHash("customer_tax_location").Set("country", country).Set("source", source))
	}
	return []*stripeObject{shown}
}

// setCustomer copies what both calls may say about a customer.
func setCustomer(tx *accountTx, customer *stripeObject, p formParams) error {
	if email := p.Str("email"); email != "" && !validEmail(email) {
		return invalid("email", "email_invalid", "Invalid email address: %s", email)
	} else if p.Has("email") {
		customer.Set("email", textOrNull(email))
	}
	if p.Has("preferred_locales") {
		customer.Set("preferred_locales", p.Strs("preferred_locales"))
	}
	for _, key := range []string{"custom_fields", "footer", "rendering_options"} {
		if at := "invoice_settings." + key; p.Null(at) {
			customer.Set(at, nil)
		} else if key == "footer" && p.Has(at) {
			customer.Set(at, p.Str(at))
		}
	}
	applyParams(tx, customer, p, customerParams...)
	return nil
}

// validEmail is as strict as it must be: one @, a dot behind it, no blanks.
func validEmail(email string) bool {
	name, host, found := strings.Cut(email, "@")
	return found && name != "" && !strings.ContainsAny(email, " \t\n") && !strings.Contains(host, "@") &&
		strings.Contains(host, ".") && !strings.HasPrefix(host, ".") && !strings.HasSuffix(host, ".")
}

func updateCustomer(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	customer, err := findCustomer(tx, r.Path("customer"), "id", 404)
	if err != nil {
		return nil, err
	}
	if token := p.Str("source"); token != "" {
		card, err := giveSource(tx, customer, token)
		if err != nil {
			return nil, err
		}
		customer = tx.Get("customer", customer.ID()).Edit().Set("default_source", card.ID()) // a new source replaces the default
	}
	customer = customer.Edit()
	if err := setCustomer(tx, customer, p); err != nil {
		return nil, err
	}
	if id := p.Str("default_source"); id != "" {
		card := tx.Get("card", id)
		if card == nil {
			card = tx.Get("source", id)
		}
		if card == nil || card.Str("customer") != customer.ID() {
			return nil, missing("source", id, "default_source", 400)
		}
		customer.Set("default_source", id)
	}
	switch at := "invoice_settings.default_payment_method"; {
	case p.Null(at):
		customer.Set(at, nil)
	case p.Has(at):
		method := tx.Get("payment_method", p.Str(at))
		if method == nil {
			return nil, missingMethod(p.Str(at), "invoice_settings[default_payment_method]", 400)
		}
		if method.Str("customer") != customer.ID() {
			return nil, notTheirMethod(method.ID())
		}
		customer.Set(at, method.ID())
	}
	discount, told, err := setCustomerDiscount(tx, customer, p)
	if err != nil {
		return nil, err
	}
	tx.Put(customer, "customer.updated")
	tx.tell(told, discount)
	return customer, nil
}

func notTheirMethod(id string) *Error {
	return invalid("invoice_settings[default_payment_method]", "resource_missing", "The customer does not have a payment method with the ID %s. The payment method must be attached to the customer.", id)
}

func deleteCustomer(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	customer, err := findCustomer(tx, r.Path("customer"), "id", 404)
	if err != nil {
		return nil, err
	}
	if err := removeCustomer(tx, customer); err != nil {
		return nil, err
	}
	return hash("id", customer.ID(), "object", "customer", "deleted", true), nil
}

// removeCustomer deletes a customer: the subscriptions end at once, the methods belong to nobody any more.
func removeCustomer(tx *accountTx, customer *stripeObject) error {
	if err := endSubscriptionsOf(tx, customer); err != nil {
		return err
	}
	for _, method := range ofField(tx, "payment_method", "customer", customer.ID()) {
		tx.Put(method.Edit().Set("customer", nil).Set(hiddenUsed, true))
	}
	tx.Delete(customer, "customer.deleted")
	return nil
}

// findCustomer finds a customer that exists and was not deleted.
func findCustomer(tx *accountTx, id, param string, status int) (*stripeObject, error) {
	if customer := tx.Get("customer", id); customer != nil {
		return customer, nil
	}
	return nil, missing("customer", id, param, status)
}

// ofField are the objects of a type whose field has a value, newest first.
func ofField(tx *accountTx, typ, field, value string) []*stripeObject {
	var found []*stripeObject
	tx.EachOf(typ, field, value, func(o *stripeObject) bool {
		found = append(found, o)
		return true
	})
	return found
}
