package sandbox

func init() {
	private("POST /v1/confirmation_tokens", createConfirmationToken)
	behave("POST /v1/test_helpers/confirmation_tokens", createConfirmationToken)
}

// hiddenTokenMethod is the payment method that a confirmation token makes when it is used.
const hiddenTokenMethod = "_payment_method"

// tokenSeconds is how long a confirmation token may be used: 12 hours (docs.stripe.com/api/confirmation_tokens).
const tokenSeconds = 12 * 60 * 60

// createConfirmationToken keeps what a buyer typed, and agreed to, for a later confirmation.
func createConfirmationToken(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	var method *stripeObject
	var err error
	switch data, ok := p.Hash("payment_method_data"); {
	case ok:
		method, err = newPaymentMethod(tx, data, "payment_method_data")
	case p.Str("payment_method") != "":
		method, err = findMethod(tx, p.Str("payment_method"), "payment_method", 400)
	default:
		err = invalid("payment_method_data", "parameter_missing", "Missing required param: payment_method_data.")
	}
	if err != nil {
		return nil, err
	}
	if tx.Get("payment_method", method.ID()) == nil {
		tx.Put(method)
	}
	token := tx.New("confirmation_token").Set("expires_at", tx.Now()+tokenSeconds).Set("use_stripe_sdk", true).
		Set("return_url", textOrNull(p.Str("return_url"))).Set("setup_future_usage", textOrNull(p.Str("setup_future_usage"))).
		Set(hiddenTokenMethod, method.ID())
	preview := tx.NewHash("confirmation_tokens_resource_payment_method_preview").Set("type", method.Str("type")).
		Set("billing_details", method.Get("billing_details")).Set(method.Str("type"), method.Get(method.Str("type"))).
		Set("allow_redisplay", method.Get("allow_redisplay"))
	if id := method.Str("customer"); id != "" {
		preview.Set("customer", id)
	}
	token.Set("payment_method_preview", preview)
	if shipping, ok := p.Hash("shipping"); ok {
		to := tx.NewHash("confirmation_tokens_resource_shipping").Set("name", shipping.Str("name")).Set("phone", textOrNull(shipping.Str("phone"))).
			Set("address", tx.NewHash("address"))
		for _, key := range []string{"city", "country", "line1", "line2", "postal_code", "state"} {
			to.Set("address."+key, textOrNull(shipping.Str("address."+key)))
		}
		token.Set("shipping", to)
	}
	if _, ok := p.Hash("mandate_data"); ok {
		token.Set("mandate_data", tx.NewHash("confirmation_tokens_resource_mandate_data").Set("customer_acceptance",
			tx.NewHash("confirmation_tokens_resource_mandate_data_resource_customer_acceptance").Set("type", "online").
				Set("online", hash("ip_address", "127.0.0.1", "user_agent", nil))))
	}
	tx.Put(token)
	return token, nil
}
