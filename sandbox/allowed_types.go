package sandbox

import (
	"slices"
	"strings"
)

// hiddenAllowedTypes is what allowed_payment_method_types said of a Checkout Session.
const hiddenAllowedTypes = "_allowed_payment_method_types"

// simulatedTypes are the payment methods that the sandbox acts out.
var simulatedTypes = []string{cardType, "sepa_debit", "us_bank_account"}

// allowedTypes narrows the methods of a payment to those that a call allows and that fit its currency, "" for any. What does
// not fit is left out without an error (docs.stripe.com/changelog/dahlia/2026-07-29/allowed-payment-method-types-parameter).
// They need not be among the account's methods. It is nil when the call does not say.
func allowedTypes(p formParams, currency string) (types []string, err error) {
	const param = "allowed_payment_method_types"
	allowed := p.Strs(param)
	if len(allowed) == 0 {
		return nil, nil
	}
	for _, other := range []string{"payment_method_types", "excluded_payment_method_types", "automatic_payment_methods", "payment_method_configuration"} {
		if p.Has(other) {
			return nil, invalid(param, "parameters_exclusive", "You may only specify one of these parameters: %s, %s.", param, other)
		}
	}
	types = fittingTypes(allowed, currency)
	if len(types) == 0 {
		return nil, invalid(param, "", "None of the payment method types in %s can be used here. The sandbox acts out: %s.", param, strings.Join(simulatedTypes, ", "))
	}
	return types, nil
}

// fittingTypes are the methods that the sandbox acts out and that take a currency, "" for any.
func fittingTypes(types []string, currency string) []string {
	var fitting []string
	for _, typ := range types {
		only := debitCurrency[typ]
		if slices.Contains(simulatedTypes, typ) && !slices.Contains(fitting, typ) && (only == "" || currency == "" || only == currency) {
			fitting = append(fitting, typ)
		}
	}
	return fitting
}

// changeMethodTypes writes the methods that a later call names, or allows, into an intent.
func changeMethodTypes(intent *stripeObject, p formParams) error {
	types, err := allowedTypes(p, intent.Str("currency"))
	if err != nil {
		return err
	}
	if types == nil {
		types = p.Strs("payment_method_types")
	}
	if types != nil {
		intent.Set("payment_method_types", types).Set("automatic_payment_methods", nil).Set("payment_method_configuration_details", nil)
	}
	return nil
}

// sessionTypes are the methods that a Checkout Session names, or allows; a card when it says nothing.
func sessionTypes(p formParams) (types []string, err error) {
	if types, err = allowedTypes(p, ""); err != nil || types != nil {
		return types, err
	}
	return orElseList(p.Strs("payment_method_types"), "card"), nil
}

// fitSessionTypes leaves out, once a payment session's currency is known, what does not take it: of what the call allows,
// or of the account's methods when it says nothing.
func fitSessionTypes(tx *accountTx, session *stripeObject, p formParams) error {
	currency := session.Str("currency")
	if allowed := p.Strs("allowed_payment_method_types"); len(allowed) > 0 {
		types, err := allowedTypes(p, currency)
		if err != nil {
			return err
		}
		session.Set("payment_method_types", types).Set(hiddenAllowedTypes, allowed)
		return nil
	}
	if !p.Has("payment_method_types") && session.Str("mode") != "setup" {
		types, details, err := tx.configuredMethods(p, currency, p.Str("payment_intent_data.capture_method"))
		if err != nil {
			return err
		}
		session.Set("payment_method_types", types).Set("payment_method_configuration_details", details)
	}
	return nil
}
