package sandbox

import (
	"strings"
)

// testBank is a published test account of a bank debit (docs.stripe.com/payments/sepa-debit/accept-a-payment and
// .../ach-direct-debit/accept-a-payment). Banks answer later: the payment is processing until then.
type testBank struct {
	// name is what follows pm_ in the token.
	name, typ string
	// number is the IBAN, or the account number behind routing number 110000000.
	number string
	// failure is the reason why the debit fails, "" when it succeeds.
	failure string
	// after is how many seconds of the account's clock the bank takes.
	after int64
	// never says that the bank does not answer.
	never bool
	// disputed says that the debit succeeds and is disputed at once.
	disputed bool
}

const (
	// soon is our choice for "processing to succeeded": Stripe's test banks take some seconds.
	soon = 5
	// threeMinutes is what Stripe's pages say of the slow accounts.
	threeMinutes = 180

	testRoutingNumber = "110000000"
)

// bankFailures are the messages of failed debits by failure code. The wordings of SEPA's plain failure are recorded, the
// others are ours.
var bankFailures = map[string]string{
	"payment_intent_payment_attempt_failed": "The payment failed.",
	"account_closed":                        "The customer's bank account has been closed.",
	"no_account":                            "The bank account could not be located.",
	"insufficient_funds":                    "The customer's account has insufficient funds to cover this payment.",
	"debit_not_authorized":                  "The customer has notified their bank that this payment was unauthorized.",
	"invalid_currency":                      "The bank was unable to process this payment because of its currency.",
	"charge_exceeds_source_limit":           "This payment exceeds the weekly volume limit of the bank account.",
	"charge_exceeds_weekly_limit":           "This payment exceeds the weekly transaction limit of the bank account.",
}

// testBanks are the published test accounts.
var testBanks = append([]testBank{
	{name: "usBankAccount_success", typ: "us_bank_account", number: "000123456789", after: soon},
	{name: "usBankAccount_accountClosed", typ: "us_bank_account", number: "000111111113", failure: "account_closed", after: soon},
	{name: "usBankAccount_noAccount", typ: "us_bank_account", number: "000111111116", failure: "no_account", after: soon},
	{name: "usBankAccount_insufficientFunds", typ: "us_bank_account", number: "000222222227", failure: "insufficient_funds", after: soon},
	{name: "usBankAccount_debitNotAuthorized", typ: "us_bank_account", number: "000333333335", failure: "debit_not_authorized", after: soon},
	{name: "usBankAccount_invalidCurrency", typ: "us_bank_account", number: "000444444440", failure: "invalid_currency", after: soon},
	{name: "usBankAccount_dispute", typ: "us_bank_account", number: "000555555559", after: soon, disputed: true},
	{name: "usBankAccount_processing", typ: "us_bank_account", number: "000000000009", never: true},
	{name: "usBankAccount_weeklyLimitExceeded", typ: "us_bank_account", number: "000777777771", failure: "charge_exceeds_source_limit", after: soon},
}, sepaBanks()...)

// sepaBanks are the test IBANs of the countries whose tables we have, in the order of Stripe's page: succeeds, succeeds
// late, fails, fails late, is disputed, exceeds the weekly volume, exceeds the weekly transactions, has no funds.
func sepaBanks() []testBank {
	kinds := []testBank{
		{name: "success_", after: soon},
		{name: "successDelayed_", after: threeMinutes},
		{name: "failed_", failure: "payment_intent_payment_attempt_failed", after: soon},
		{name: "failedDelayed_", failure: "payment_intent_payment_attempt_failed", after: threeMinutes},
		{name: "disputed_", after: soon, disputed: true},
		{name: "exceedsWeeklyVolumeLimit_", failure: "charge_exceeds_source_limit", after: soon},
		{name: "exceedsWeeklyTransactionLimit_", failure: "charge_exceeds_weekly_limit", after: soon},
		{name: "insufficientFunds_", failure: "insufficient_funds", after: soon},
	}
	countries := [][]string{
		strings.Fields("DE89370400440532013000 DE08370400440532013003 DE62370400440532013001 DE78370400440532013004 DE35370400440532013002 DE65370400440000343434 DE27370400440000121212 DE65370400440002222227"),
		strings.Fields("FR1420041010050500013M02606 FR3020041010050500013M02609 FR8420041010050500013M02607 FR7920041010050500013M02600 FR5720041010050500013M02608 FR9720041010050000000343434 FR5920041010050000000121212 FR9720041010050000002222227"),
		strings.Fields("IE29AIBK93115212345678 IE24AIBK93115212345671 IE02AIBK93115212345679 IE94AIBK93115212345672 IE51AIBK93115212345670 IE10AIBK93115200343434 IE69AIBK93115200121212 IE10AIBK93115202222227"),
		strings.Fields("LU280019400644750000 LU440019400644750003 LU980019400644750001 LU170019400644750004 LU710019400644750002 LU900010000000343434 LU520010000000121212 LU900010000002222227"),
	}
	// Of other countries one account pays: Denmark's is recorded, the rest are examples that are printed everywhere.
	var banks []testBank
	for _, iban := range strings.Fields(`AT611904300234573201 BE62510007547061 CH9300762011623852957 DK5000400440116243 EE382200221020145685 ES0700120345030000067890
		FI2112345600000785 GB82WEST12345698765432 IT40S0542811101000000123456 LT121000011101001000 NL39RABO0300065264 NO9386011117947
		PT50000201231234567890154 SE3550000000054910000003`) {
		banks = append(banks, testBank{name: "success_" + strings.ToLower(iban[:2]), typ: "sepa_debit", number: iban, after: soon})
	}
	for _, ibans := range countries {
		for i, iban := range ibans {
			bank := kinds[i]
			bank.name += strings.ToLower(iban[:2])
			bank.typ, bank.number = "sepa_debit", iban
			banks = append(banks, bank)
		}
	}
	return banks
}

// banksByName and banksByNumber find a published account.
var banksByName, banksByNumber = indexBanks()

func indexBanks() (byName, byNumber map[string]*testBank) {
	byName, byNumber = map[string]*testBank{}, map[string]*testBank{}
	for i := range testBanks {
		byName[testBanks[i].name], byNumber[testBanks[i].number] = &testBanks[i], &testBanks[i]
	}
	return byName, byNumber
}

// ibanParts are where the code of the bank begins and ends, and where that of the branch ends, in IBANs of the countries
// that have test accounts here, counted from the fifth character (the registry of ISO 13616). Denmark's is recorded.
var ibanParts = map[string][3]int{
	"AT": {0, 5, 5}, "BE": {0, 3, 3}, "CH": {0, 5, 5}, "DE": {0, 8, 8}, "DK": {0, 4, 4}, "EE": {0, 2, 4}, "ES": {0, 4, 8}, "FI": {0, 3, 3}, "FR": {0, 5, 10},
	"GB": {0, 4, 10}, "IE": {0, 4, 10}, "IT": {1, 6, 11}, "LT": {0, 5, 5}, "LU": {0, 3, 3}, "NL": {0, 4, 4}, "NO": {0, 4, 4}, "PT": {0, 4, 8}, "SE": {0, 3, 3},
}

// ibanCodes are the codes of bank and branch in an IBAN, the latter "" where a country has none.
func ibanCodes(iban string) (bank, branch string) {
	rest, parts := iban[4:], ibanParts[iban[:2]]
	return rest[parts[0]:parts[1]], rest[parts[1]:parts[2]]
}

// validIBAN checks the two digits of an IBAN (ISO 13616).
func validIBAN(iban string) bool {
	if len(iban) < 15 || len(iban) > 34 {
		return false
	}
	remainder := 0
	for _, c := range iban[4:] + iban[:4] {
		switch {
		case '0' <= c && c <= '9':
			remainder = (remainder*10 + int(c-'0')) % 97
		case 'A' <= c && c <= 'Z':
			remainder = (remainder*100 + int(c-'A') + 10) % 97
		default:
			return false
		}
	}
	return remainder == 1
}
