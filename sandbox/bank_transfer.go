package sandbox

import (
	"net/http"
	"strings"
)

func init() {
	behave("POST /v1/customers/{customer}/funding_instructions", createFundingInstructions)
}

// payByTransfer confirms an intent that is paid from its customer's cash balance: at once when there is enough, else with
// instructions for a transfer (docs.stripe.com/payments/bank-transfers/accept-a-payment).
func payByTransfer(tx *accountTx, pi, method *stripeObject) (*stripeObject, error) {
	customer := tx.Get("customer", pi.Str("customer"))
	currency := pi.Str("currency")
	given := pi.Str("payment_method_options.customer_balance.bank_transfer.type")
	kind := transferTypes[currency]
	switch {
	case customer == nil:
		return nil, invalid("customer", "parameter_missing", "You must provide a customer for PaymentIntents that are paid with customer_balance.")
	case pi.Str("capture_method") == "manual":
		return nil, unexpectedState(pi, "The payment method type customer_balance does not support capture_method `manual`.")
	case kind == "":
		return nil, invalid("currency", "", "The currency provided (%s) is invalid for the following payment method types: customer_balance. Bank transfers are made in eur, gbp, jpy, mxn, or usd.", currency)
	}
	cash := cashOf(tx, customer.ID())[currency]
	if cash >= pi.Int("amount") && customer.Str(hiddenReconciliation) != "manual" {
		return spendCash(tx, pi, pi.Int("amount"))
	}
	switch {
	case pi.Str("payment_method_options.customer_balance.funding_type") != "bank_transfer":
		return nil, invalid("payment_method_options[customer_balance][funding_type]", "parameter_missing",
			"The customer's cash balance does not cover this payment: set payment_method_options[customer_balance][funding_type] to `bank_transfer`.")
	case given != kind:
		return nil, invalid("payment_method_options[customer_balance][bank_transfer][type]", "", "The bank transfer type `%s` does not support the currency %s.", given, currency)
	}
	country := pi.Str("payment_method_options.customer_balance.bank_transfer.eu_bank_transfer.country")
	if kind == "eu_bank_transfer" && country == "" {
		return nil, invalid("payment_method_options[customer_balance][bank_transfer][eu_bank_transfer][country]", "parameter_missing",
			"Missing required param: payment_method_options[customer_balance][bank_transfer][eu_bank_transfer][country].")
	}
	instructions := tx.NewHash("payment_intent_next_action_display_bank_transfer_instructions").Set("type", kind).Set("currency", currency).
		Set("amount_remaining", pi.Int("amount")).Set("reference", strings.ToUpper(tx.NewID("", 12))).
		Set("hosted_instructions_url", tx.URL("/bank_transfers/"+tx.NewID("", 24))).
		Set("financial_addresses", financialAddresses(tx, customer.ID(), kind, country))
	pi.Set("status", requiresAction).Set("next_action", tx.NewHash("payment_intent_next_action").
		Set("type", "display_bank_transfer_instructions").Set("display_bank_transfer_instructions", instructions))
	tx.Put(pi, "payment_intent.requires_action")
	if cash > 0 && customer.Str(hiddenReconciliation) != "manual" {
		return spendCash(tx, pi, cash)
	}
	return pi, tx.invoiceFollows(pi, nil)
}

// financialAddresses are where a customer's transfers go. Each customer has account numbers of their own, the same ones
// for all payments; they are no accounts of any bank.
func financialAddresses(tx *accountTx, customer, kind, country string) []*stripeObject {
	number := accountDigits(tx, customer)
	address := func(schema, typ string, networks ...string) *stripeObject {
		record := tx.NewHash("funding_instructions_bank_transfer_"+schema+"_record").Set("account_holder_address", testAddress(tx)).Set("bank_address", testAddress(tx))
		if record.slot("account_holder_name") >= 0 {
			record.Set("account_holder_name", displayName(tx))
		}
		return tx.NewHash("funding_instructions_bank_transfer_financial_address").Set("type", typ).Set("supported_networks", networks).Set(typ, record)
	}
	switch kind {
	case "us_bank_transfer":
		return []*stripeObject{
			address("aba", "aba", "ach", "domestic_wire_us").Set("aba.account_number", number).Set("aba.routing_number", "999999999").
				Set("aba.bank_name", "US Test Bank").Set("aba.account_type", "checking"),
			address("swift", "swift", "swift").Set("swift.account_number", number).Set("swift.swift_code", "TESTUS99XXX").
				Set("swift.bank_name", "US Test Bank").Set("swift.account_type", "checking"),
		}
	case "gb_bank_transfer":
		return []*stripeObject{address("sort_code", "sort_code", "bacs", "fps").Set("sort_code.account_number", number[:8]).Set("sort_code.sort_code", "200000")}
	case "jp_bank_transfer":
		return []*stripeObject{address("zengin", "zengin", "zengin").Set("zengin.account_number", number[:7]).Set("zengin.account_type", "futsu").
			Set("zengin.bank_code", "9999").Set("zengin.bank_name", "Test Bank").Set("zengin.branch_code", "001").Set("zengin.branch_name", "Test Branch")}
	case "mx_bank_transfer":
		return []*stripeObject{address("spei", "spei", "spei").Set("spei.clabe", number+"0000000").Set("spei.bank_code", "999").Set("spei.bank_name", "TEST")}
	}
	return []*stripeObject{address("iban", "iban", "sepa").Set("iban.iban", country+"00"+number+"00000").Set("iban.bic", "TEST"+country+"99XXX").Set("iban.country", country)}
}

func testAddress(tx *accountTx) *stripeObject {
	return tx.NewHash("address").Set("line1", "1 Test Street").Set("city", "Test City").Set("country", "US").Set("postal_code", "00000")
}

// accountDigits are eleven digits that stay the same for a customer.
func accountDigits(tx *accountTx, customer string) string {
	print := fingerprint(tx, customer)
	number := []byte("111")
	for i := range 8 {
		number = append(number, '0'+print[i]%10)
	}
	return string(number)
}

// createFundingInstructions tells where a customer's transfers go, without a payment.
func createFundingInstructions(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	customer, err := findCustomer(tx, r.Path("customer"), "customer", http.StatusNotFound)
	if err != nil {
		return nil, err
	}
	currency, kind := strings.ToLower(p.Str("currency")), p.Str("bank_transfer.type")
	country := orElse(p.Str("bank_transfer.eu_bank_transfer.country"), map[string]string{"us_bank_transfer": "US", "gb_bank_transfer": "GB", "jp_bank_transfer": "JP", "mx_bank_transfer": "MX"}[kind])
	switch {
	case transferTypes[currency] == "" || transferTypes[currency] != kind:
		return nil, invalid("bank_transfer[type]", "", "The bank transfer type `%s` does not support the currency %s.", kind, currency)
	case country == "":
		return nil, invalid("bank_transfer[eu_bank_transfer][country]", "parameter_missing", "Missing required param: bank_transfer[eu_bank_transfer][country].")
	}
	return tx.New("funding_instructions").Set("currency", currency).Set("funding_type", "bank_transfer").
		Set("bank_transfer", tx.NewHash("funding_instructions_bank_transfer").Set("type", kind).Set("country", country).
			Set("financial_addresses", financialAddresses(tx, customer.ID(), kind, country))), nil
}
