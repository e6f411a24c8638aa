package sandbox

import (
	"slices"
	"strconv"
	"strings"
)

func init() {
	onExpand("", "taxes", func(_ *accountTx, cost *stripeObject) []*stripeObject { return hashes(cost.List(hiddenTaxes)) })
}

// mostShippingOptions is how many ways of shipping a session offers.
const mostShippingOptions = 5

// shippingSchemas are the schemas of a shipping option by what has it.
var shippingSchemas = map[string]string{
	"checkout.session": "payment_pages_checkout_session_shipping_option",
	"payment_link":     "payment_links_resource_shipping_option",
}

// setShippingOptions writes what shipping may cost; the first option is chosen until the buyer chooses.
func setShippingOptions(tx *accountTx, session *stripeObject, p formParams) error {
	list := p.List("shipping_options")
	if len(list) > mostShippingOptions {
		return invalid("shipping_options", "", "You can only specify up to %d shipping options.", mostShippingOptions)
	}
	var options []*stripeObject
	for i, given := range list {
		rate, err := givenRate(tx, given, "shipping_options["+strconv.Itoa(i)+"]")
		if err != nil {
			return err
		}
		amount, err := shippingAmount(rate, session.Str("currency"))
		if err != nil {
			return err
		}
		options = append(options, tx.NewHash(shippingSchemas[session.Type()]).Set("shipping_amount", amount).Set("shipping_rate", rate.ID()))
	}
	if len(options) == 0 {
		return nil
	}
	session.Set("shipping_options", options)
	if session.Type() == "payment_link" {
		return nil // each of its sessions chooses
	}
	chooseShipping(tx, session, options[0])
	return nil
}

// givenRate is the shipping rate that an option names or makes.
func givenRate(tx *accountTx, given formParams, at string) (*stripeObject, error) {
	data, made := given.Hash("shipping_rate_data")
	if !made {
		rate := tx.Get("shipping_rate", given.Str("shipping_rate"))
		switch {
		case rate == nil:
			return nil, missing("shipping rate", given.Str("shipping_rate"), at+"[shipping_rate]", 400)
		case !rate.Bool("active"):
			return nil, invalid(at+"[shipping_rate]", "", "The shipping rate specified is inactive. This field only accepts active shipping rates.")
		}
		return rate, nil
	}
	if given.Has("shipping_rate") {
		return nil, invalid(at, "parameters_exclusive", "You may only specify one of these parameters: shipping_rate, shipping_rate_data.")
	}
	if err := checkCurrency(data.Str("fixed_amount.currency"), at+"[shipping_rate_data][fixed_amount][currency]"); err != nil {
		return nil, err
	}
	rate := tx.New("shipping_rate").Set("active", true).Set("type", "fixed_amount").Set("tax_behavior", "unspecified")
	applyParams(tx, rate, data)
	rate.Set("fixed_amount.currency", strings.ToLower(data.Str("fixed_amount.currency")))
	tx.Put(rate)
	return rate, nil
}

// shippingAmount is what a rate costs in a currency, in its minor unit.
func shippingAmount(rate *stripeObject, currency string) (int64, error) {
	if rate.Str("fixed_amount.currency") == currency {
		return rate.Int("fixed_amount.amount"), nil
	}
	if other := rate.Hash("fixed_amount.currency_options." + currency); other != nil {
		return other.Int("amount"), nil
	}
	return 0, invalid("shipping_options", "", "The shipping rate %s is in %s, but the Checkout Session is in %s.", rate.ID(), rate.Str("fixed_amount.currency"), currency)
}

func chooseShipping(tx *accountTx, session, option *stripeObject) {
	amount := option.Int("shipping_amount")
	session.Set("shipping_cost", tx.NewHash("payment_pages_checkout_session_shipping_cost").Set("amount_subtotal", amount).Set("amount_tax", 0).
		Set("amount_total", amount).Set("shipping_rate", option.Str("shipping_rate")))
}

// chooseRate takes the way of shipping that a buyer chose.
func chooseRate(tx *accountTx, session *stripeObject, id string) error {
	options := hashes(session.List("shipping_options"))
	at := slices.IndexFunc(options, func(option *stripeObject) bool { return option.Str("shipping_rate") == id })
	if at < 0 {
		return missing("shipping rate", id, "shipping_rate", 400)
	}
	chooseShipping(tx, session, options[at])
	return nil
}
