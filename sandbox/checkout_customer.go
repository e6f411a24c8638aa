package sandbox

import "strings"

// setSessionCustomer writes who the buyer is, as far as the shop knows.
func setSessionCustomer(tx *accountTx, session *stripeObject, p formParams) error {
	if id := p.Str("customer"); id != "" {
		customer, err := findCustomer(tx, id, "customer", 400)
		if err != nil {
			return err
		}
		// The name is asked of the buyer, whatever the customer is called (recorded).
		details := customerDetails(tx, customer.Get("email"), nil).Set("phone", customer.Get("phone")).
			Set("tax_exempt", orElse(customer.Str("tax_exempt"), "none"))
		if session.Str("mode") == "setup" {
			details.Set("tax_exempt", nil) // nothing is taxed (recorded)
		} else {
			details.Set("address", customer.Get("address"))
		}
		session.Set("customer", customer.ID()).Set("customer_details", details).
			Set("collected_information", tx.NewHash("payment_pages_checkout_session_collected_information"))
		if update, ok := p.Hash("customer_update"); ok {
			session.Set(hiddenCustomerUpdate, frozen(update))
		}
		return setSavedMethods(tx, session, p)
	}
	if email := p.Str("customer_email"); email != "" {
		if !validEmail(email) {
			return invalid("customer_email", "email_invalid", "Invalid email address: %s", email)
		}
		session.Set("customer_email", email).Set("customer_details", customerDetails(tx, email, nil))
	}
	switch session.Str("mode") {
	case "payment":
		session.Set("customer_creation", orElse(p.Str("customer_creation"), "if_required"))
	default:
		session.Set("customer_creation", orElse(p.Str("customer_creation"), "always"))
	}
	return setSavedMethods(tx, session, p)
}

// customerDetails is what an open session knows of its buyer; tax_ids are null until it is complete (recorded).
func customerDetails(tx *accountTx, email, name any) *stripeObject {
	return tx.NewHash("payment_pages_checkout_session_customer_details").Set("email", email).Set("name", name).Set("tax_exempt", "none")
}

// setSavedMethods writes which of a customer's saved methods are offered: those that may always be shown, unless the
// session says more (recorded; without a customer and a word of the shop it is null).
func setSavedMethods(tx *accountTx, session *stripeObject, p formParams) error {
	given, said := p.Hash("saved_payment_method_options")
	if session.Str("mode") == "setup" || !said && !session.Has("customer") {
		return nil
	}
	options := tx.NewHash("payment_pages_checkout_session_saved_payment_method_options").Set("allow_redisplay_filters", []string{"always"}).
		Set("payment_method_remove", "disabled")
	applyParams(tx, options, given)
	session.Set("saved_payment_method_options", options)
	return nil
}

// needsCustomer says whether a session cannot end without a customer.
func needsCustomer(session *stripeObject) bool {
	return session.Str("mode") != "payment" || session.Str("customer_creation") == "always" || session.Bool("invoice_creation.enabled") || session.Bool(hiddenSaves) ||
		intentData(session, "setup_future_usage") != "" || session.Str("payment_method_options.card.setup_future_usage") != ""
}

// sessionCustomer is the id of the session's customer, made now when one is needed, "" when none is.
func sessionCustomer(tx *accountTx, session *stripeObject) string {
	if id := orElse(session.Str("customer"), session.Str(hiddenCustomer)); id != "" {
		return id
	}
	if !needsCustomer(session) {
		return ""
	}
	details := session.Hash("customer_details")
	customer := newCustomer(tx).Set("email", details.Get("email")).Set("name", buyerName(details)).Set("phone", details.Get("phone")).
		Set("address", details.Get("address")).Set("business_name", details.Get("business_name")).Set("individual_name", details.Get("individual_name")).
		Set("shipping", customerShipping(tx, session))
	tx.Put(customer, "customer.created")
	session.Set(hiddenCustomer, customer.ID())
	keepTaxIDs(tx, session, customer.ID())
	return customer.ID()
}

// buyerName is the name of a new customer: of the business when the buyer buys for one, else of the person, else the name on
// the card.
func buyerName(details *stripeObject) any {
	for _, key := range []string{"business_name", "individual_name"} {
		if details.Has(key) {
			return details.Get(key)
		}
	}
	return details.Get("name")
}

// customerShipping is the collected address as a customer holds it, nil for none.
func customerShipping(tx *accountTx, session *stripeObject) any {
	collected := session.Hash("collected_information.shipping_details")
	if collected == nil {
		return nil
	}
	return tx.NewHash("shipping").Set("address", collected.Get("address")).Set("name", collected.Get("name")).Set("phone", session.Get("customer_details.phone"))
}

// updateSessionCustomer writes what a buyer typed into the customer that the shop named, as far as customer_update allows;
// a phone number always (docs.stripe.com/payments/checkout/phone-numbers).
func updateSessionCustomer(tx *accountTx, session *stripeObject) {
	customer := tx.Get("customer", session.Str("customer"))
	if customer == nil {
		return
	}
	may := func(key string) bool { return session.Str(hiddenCustomerUpdate+"."+key) == "auto" }
	changed, details := customer.Edit(), session.Hash("customer_details")
	if may("name") {
		for _, key := range []string{"business_name", "individual_name"} {
			if details.Has(key) {
				changed.Set(key, details.Get(key))
			}
		}
		if name := buyerName(details); name != nil {
			changed.Set("name", name)
		}
	}
	if may("address") && details.Has("address") {
		changed.Set("address", details.Get("address"))
	}
	if shipping := customerShipping(tx, session); may("shipping") && shipping != nil {
		changed.Set("shipping", shipping)
	}
	if session.Bool("phone_number_collection.enabled") && details.Has("phone") {
		changed.Set("phone", details.Get("phone"))
	}
	if !equalObjects(customer, changed) {
		tx.Put(changed, "customer.updated")
	}
	keepTaxIDs(tx, session, customer.ID())
}

// keepTaxIDs gives a customer the tax ids that they typed and do not have yet.
func keepTaxIDs(tx *accountTx, session *stripeObject, customer string) {
	if !session.Bool("tax_id_collection.enabled") {
		return
	}
	has := map[string]bool{}
	for _, id := range ofField(tx, "tax_id", "customer", customer) {
		has[id.Str("type")+" "+strings.ToUpper(id.Str("value"))] = true
	}
	for _, given := range hashes(session.List("customer_details.tax_ids")) {
		if has[given.Str("type")+" "+strings.ToUpper(given.Str("value"))] {
			continue
		}
		id := tx.New("tax_id").Set("type", given.Str("type")).Set("value", given.Get("value")).Set("customer", customer).
			Set("country", taxCountry(given.Str("type"), given.Str("value"))).
			Set("owner", tx.NewHash("tax_i_ds_owner").Set("type", "customer").Set("customer", customer)).
			Set("verification", tx.NewHash("tax_id_verification").Set("status", "pending"))
		tx.Put(id, "customer.tax_id.created")
	}
}

// taxCountry is the country of a tax id: that of its type, or for those of the EU the first letters of the number.
func taxCountry(typ, value string) string {
	if strings.HasPrefix(typ, "eu_") && len(value) >= 2 {
		return strings.ToUpper(value[:2])
	}
	return strings.ToUpper(typ[:2])
}
