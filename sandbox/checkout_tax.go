package sandbox

// setSessionTax writes whether taxes are found automatically. Stripe knows the rates of the places where a shop is
// registered; here the account's settings declare them.
func setSessionTax(tx *accountTx, session *stripeObject, p formParams) error {
	automatic := session.Hash("automatic_tax")
	if !automatic.Bool("enabled") {
		return nil
	}
	customer := tx.Get("customer", session.Str("customer"))
	saves := p.Str("customer_update.address") == "auto" || p.Str("customer_update.shipping") == "auto"
	if customer != nil && !saves && customer.Str("address.country") == "" && customer.Str("shipping.address.country") == "" {
		return invalid("automatic_tax", "customer_tax_location_invalid", "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to the Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' to save the address entered in Checkout to the Customer.")
	}
	noteTaxStatus(tx, session)
	return nil
}

// automaticTax is what a session says of automatic taxes before the buyer is known.
func automaticTax(tx *accountTx, p formParams) *stripeObject {
	automatic := tx.NewHash("payment_pages_checkout_session_automatic_tax").Set("enabled", p.Bool("automatic_tax.enabled"))
	if !p.Bool("automatic_tax.enabled") {
		return automatic
	}
	liability := tx.NewHash("connect_account_reference").Set("type", orElse(p.Str("automatic_tax.liability.type"), "self"))
	if account := p.Str("automatic_tax.liability.account"); account != "" {
		liability.Set("account", account)
	}
	return automatic.Set("liability", liability).Set("provider", "stripe")
}

// noteTaxStatus says whether the buyer's place is known, which automatic taxes need.
func noteTaxStatus(tx *accountTx, session *stripeObject) {
	if !session.Bool("automatic_tax.enabled") {
		return
	}
	status := "requires_location_inputs"
	if taxAddress(tx, session).Str("country") != "" {
		status = "complete"
	}
	session.Set("automatic_tax.status", status)
}

// taxAddress is where a buyer is taxed: where the goods go, else where they live; empty while nobody knows.
func taxAddress(tx *accountTx, session *stripeObject) *stripeObject {
	places := []*stripeObject{session.Hash("collected_information.shipping_details.address"), session.Hash("customer_details.address"), session.Hash(hiddenBuyerPlace)}
	if customer := tx.Get("customer", session.Str("customer")); customer != nil {
		places = append(places, customer.Hash("shipping.address"), customer.Hash("address"))
	}
	for _, place := range places {
		if place != nil && place.Str("country") != "" {
			return place
		}
	}
	return hash()
}
