package sandbox

import "slices"

func init() {
	behave("POST /v1/checkout/sessions/{session}", updateSession)
}

// updateSession changes what may change while nobody has paid; metadata always may.
func updateSession(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	session, err := findSession(tx, r.Path("session"), "session")
	if err != nil {
		return nil, err
	}
	session = session.Edit()
	if session.Str("status") != sessionOpen {
		for _, key := range p.Keys() {
			if key != "metadata" && key != "expand" {
				return nil, invalid(key, "", "You can only update `metadata` of a Checkout Session with a status of %s.", session.Str("status"))
			}
		}
	}
	if session.Str("mode") == "setup" {
		for _, key := range []string{"line_items", "shipping_options", "collected_information"} {
			if p.Has(key) {
				return nil, invalid(key, "", "You can not pass `%s` in `setup` mode.", key)
			}
		}
	}
	if err := changeOrder(tx, session, p); err != nil {
		return nil, err
	}
	applyMetadata(tx, session, p)
	tx.Put(session)
	return session, nil
}

// changeOrder changes a session's items, address and ways of shipping, and adds up again. Items come as a whole: one that is
// not named is gone (docs.stripe.com/payments/checkout/dynamically-update-line-items).
func changeOrder(tx *accountTx, session *stripeObject, p formParams) error {
	changed := false
	if len(p.List("line_items")) > 0 {
		if len(p.List("line_items")) > mostItems {
			return invalid("line_items", "", "You can only specify up to %d line items.", mostItems)
		}
		if err := setItems(tx, session, p); err != nil {
			return err
		}
		changed = true
	}
	if given, ok := p.Hash("collected_information.shipping_details"); ok {
		if err := setShippingDetails(tx, session, given); err != nil {
			return err
		}
		changed = true
	}
	switch {
	case p.Null("shipping_options"):
		session.Set("shipping_options", []any{}).Set("shipping_cost", nil)
		changed = true
	case p.Has("shipping_options"):
		if err := setShippingOptions(tx, session, p); err != nil {
			return err
		}
		changed = true
	}
	if !changed {
		return nil
	}
	noteTaxStatus(tx, session)
	if err := addUp(tx, session); err != nil {
		return err
	}
	return checkTotal(session, "")
}

// setShippingDetails takes an address from the shop's server, which the session must have left to it
// (docs.stripe.com/payments/checkout/custom-shipping-options).
func setShippingDetails(tx *accountTx, session *stripeObject, given formParams) error {
	switch countries := session.List("shipping_address_collection.allowed_countries"); {
	case session.Str("permissions.update_shipping_details") != serverOnly:
		return invalid("collected_information[shipping_details]", "", "`collected_information[shipping_details]` can only be updated when `permissions[update_shipping_details]` is `server_only`.")
	case len(countries) > 0 && !slices.Contains(countries, any(given.Str("address.country"))):
		return invalid("collected_information[shipping_details][address][country]", "", "The country %s is not among the `allowed_countries` of this Checkout Session.", given.Str("address.country"))
	}
	keepShipping(tx, session, given)
	return nil
}

// serverOnly is the permission that leaves shipping details to the shop's server.
const serverOnly = "server_only"
