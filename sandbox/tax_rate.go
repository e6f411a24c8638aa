package sandbox

func init() {
	behave("POST /v1/tax_rates", createTaxRate)
	behave("POST /v1/shipping_rates", createShippingRate)
}

// createTaxRate makes a rate, in percent: from 0 to 100.
func createTaxRate(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	if percentage := r.Params().Float("percentage"); percentage < 0 || percentage > 100 {
		return nil, invalid("percentage", "", "Invalid percentage: must be at least 0 and at most 100")
	}
	return newDefault(r.route.operation).create(tx, r, nil)
}

// createShippingRate makes a rate whose place in taxes is not specified unless the call says so.
func createShippingRate(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	if err := checkCurrency(p.Str("fixed_amount.currency"), "fixed_amount[currency]"); p.Has("fixed_amount.currency") && err != nil {
		return nil, err
	}
	o, err := newDefault(r.route.operation).create(tx, r, nil)
	if err != nil || o.Str("tax_behavior") != "" {
		return o, err
	}
	o = o.Edit().Set("tax_behavior", "unspecified")
	tx.Put(o)
	return o, nil
}
