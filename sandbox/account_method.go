package sandbox

import "slices"

// cardType is the one method that every account takes.
const cardType = "card"

// checkMethods says in a sentence what is wrong with an account's methods.
func checkMethods(types []string) error {
	if !slices.Contains(types, cardType) {
		return invalid("payment_methods", "", "Invalid payment_methods: an account takes card, and may take sepa_debit and us_bank_account besides")
	}
	for _, name := range types {
		if name != cardType && debitCurrency[name] == "" {
			return invalid("payment_methods", "", "Invalid payment_methods: %s is not one of card, sepa_debit, us_bank_account", name)
		}
	}
	return nil
}

// accountMethods are the types that a payment in a currency takes when it is told none: the account's, as far as they fit.
// Money that is held first is taken from cards only.
func (tx *accountTx) accountMethods(currency, captureMethod string) []string {
	types := []string{cardType}
	for _, name := range tx.paymentMethods() {
		if name != cardType && fits(name, currency, captureMethod) {
			types = append(types, name)
		}
	}
	return types
}

// paymentMethods are the account's Settings.PaymentMethods.
func (tx *accountTx) paymentMethods() []string {
	if list := texts(tx.Account().List("_settings.payment_methods")); len(list) > 0 {
		return list
	}
	return orElseList(tx.account.sandbox.options.PaymentMethods, cardType)
}

// texts are the texts of a list.
func texts(list []any) []string {
	var out []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
