package sandbox

import "net/http"

func init() {
	behave("POST /v1/customer_sessions", createCustomerSession)
	behave("POST /v1/ephemeral_keys", createEphemeralKey)
	behave("DELETE /v1/ephemeral_keys/{key}", deleteEphemeralKey)
}

const (
	// customerSessionLife and ephemeralKeyLife are how long, in seconds, they are good for: half an hour and an hour, as in
	// Stripe's answers.
	customerSessionLife = 30 * 60
	ephemeralKeyLife    = 60 * 60
)

// createCustomerSession makes the secret with which a page shows what a customer has saved. At least one component has to
// be enabled; the features of those that are get Stripe's defaults.
func createCustomerSession(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	if p.Str("customer") == "" {
		return nil, invalid("customer", "parameter_missing", "Must provide customer or customer_account.")
	}
	customer, err := findCustomer(tx, p.Str("customer"), "customer", http.StatusBadRequest)
	if err != nil {
		return nil, err
	}
	components, _ := p.Hash("components")
	enabled := false
	for _, name := range components.Keys() {
		enabled = enabled || components.Bool(name+".enabled")
		if _, has := components.Hash(name + ".features"); has && !components.Bool(name+".enabled") {
			return nil, invalid("components["+name+"][features]", "", "You cannot set features of a component that is not enabled: %s.", name)
		}
	}
	if !enabled {
		return nil, invalid("components", "", "You must enable at least one component.")
	}
	o := tx.New("customer_session").Set("customer", customer.ID()).Set("client_secret", "cuss_secret_"+tx.NewID("", 52)).Set("expires_at", tx.Now()+customerSessionLife)
	applyParams(tx, o, p, "customer")
	if o.Bool("components.payment_element.enabled") {
		features := tx.NewHash("customer_session_resource_components_resource_payment_element_resource_features").
			Set("payment_method_allow_redisplay_filters", []string{"always"}).Set("payment_method_redisplay", "disabled").Set("payment_method_redisplay_limit", 3).
			Set("payment_method_remove", "disabled").Set("payment_method_save", "disabled")
		if given, ok := p.Hash("components.payment_element.features"); ok {
			applyParams(tx, features, given)
		}
		if features.Str("payment_method_save") == "enabled" && !features.Has("payment_method_save_usage") {
			features.Set("payment_method_save_usage", "off_session")
		}
		o.Set("components.payment_element.features", features)
	}
	return o, nil
}

// createEphemeralKey makes a key that a mobile app uses for one customer, card or verification session for an hour.
func createEphemeralKey(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	owners := map[string]string{"customer": "customer", "issuing_card": "issuing.card", "verification_session": "identity.verification_session"}
	given := ""
	for name := range owners {
		if p.Str(name) == "" {
			continue
		}
		if given != "" {
			return nil, invalid("", "parameters_exclusive", "You may only specify one of these parameters: customer, issuing_card, verification_session.")
		}
		given = name
	}
	if given == "" {
		return nil, invalid("", "parameter_missing", "Must provide a customer, an issuing_card, or a verification_session.")
	}
	if tx.Get(owners[given], p.Str(given)) == nil {
		return nil, missing(objectName(owners[given]), p.Str(given), given, http.StatusBadRequest)
	}
	o := tx.New("ephemeral_key").Set("expires", tx.Now()+ephemeralKeyLife)
	tx.Put(o)
	return o.Edit().Set("secret", "ek_test_"+tx.NewID("", 60)), nil
}

func deleteEphemeralKey(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o := tx.Get("ephemeral_key", r.Path("key"))
	if o == nil {
		return nil, missing("ephemeral_key", r.Path("key"), "key", http.StatusNotFound)
	}
	tx.Delete(o, "")
	return o.Edit().Set("expires", tx.Now()), nil
}
