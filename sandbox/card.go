package sandbox

import "strings"

// secure is what a test card asks for before it pays.
type secure int

const (
	// secureNever never asks; the card supports 3-D Secure but is not enrolled.
	secureNever secure = iota
	// secureUnsupported knows no 3-D Secure and goes through without.
	secureUnsupported
	// secureOptional asks only when the integration requests it.
	secureOptional
	// secureFrictionless authenticates without asking.
	secureFrictionless
	// secureOnSetup asks unless the payment is off-session and the card was set up for that.
	secureOnSetup
	// secureAlways always asks, off-session too.
	secureAlways
	// secureSetUp counts as set up for off-session payments; on-session it asks.
	secureSetUp
	// secureLookupFails cannot be authenticated: the look-up fails, and so does the payment.
	secureLookupFails
	// secureOptionalFails supports 3-D Secure, and an attempt ends in a processing error.
	secureOptionalFails
)

// testCard is one published test card (docs.stripe.com/testing). Cards without a token have a name of ours.
type testCard struct {
	// name is what follows pm_card_ and tok_.
	name   string
	number string
	brand  string
	// funding is credit unless said; country is US unless said.
	funding, country string
	secure           secure
	// decline is the reason for which every payment and every attachment fails, "" for none.
	decline string
	// chargeDecline fails payments only: the card can be attached.
	chargeDecline string
	// captcha asks buyers who confirm by themselves for a captcha.
	captcha bool
	// dispute is what follows a successful payment: fraudulent, product_not_received, inquiry, multiple, warning.
	dispute string
	// refund is what becomes of refunds: pending, fails.
	refund string
	// risk is Radar's risk level: normal unless said.
	risk string
	// checks that fail or are unavailable: cvc, zip, line1, address, unchecked.
	checks string
	// payout is why a payout to the card fails, "" when it arrives.
	payout string
	// available says that the money is there at once.
	available bool
	// network of a co-branded card beside its brand.
	alsoNetwork string
}

// testCards are the published test cards. The order is the one of Stripe's page.
var testCards = []testCard{
	{name: "visa", number: "4242424242424242", brand: "visa"},
	{name: "visa_debit", number: "4000056655665556", brand: "visa", funding: "debit"},
	{name: "visa_debit_us_transferFail", number: "4000056655665572", funding: "debit", payout: "could_not_process"},
	{name: "mastercard", number: "5555555555554444", brand: "mastercard"},
	{name: "mastercard_2_series", number: "2223003122003222", brand: "mastercard"},
	{name: "mastercard_debit", number: "5200828282828210", brand: "mastercard", funding: "debit"},
	{name: "mastercard_prepaid", number: "5105105105105100", brand: "mastercard", funding: "prepaid"},
	{name: "amex", number: "371449635398431", brand: "amex"},
	{name: "amex_2", number: "378282246310005", brand: "amex", secure: secureUnsupported},
	{name: "discover", number: "6011000990139424", brand: "discover"},
	{name: "discover_2", number: "6011111111111117", brand: "discover"},
	{name: "discover_debit", number: "6011981111111113", brand: "discover", funding: "debit"},
	{name: "diners", number: "3056930009020004", brand: "diners"},
	{name: "diners_14", number: "36227206271667", brand: "diners"},
	{name: "jcb", number: "3566002020360505", brand: "jcb", country: "JP"},
	{name: "jp_jcb", number: "3530111333300000", brand: "jcb", country: "JP"},
	{name: "unionpay", number: "6200000000000005", brand: "unionpay", country: "CN"},
	{name: "unionpay_debit", number: "6200000000000047", brand: "unionpay", country: "CN", funding: "debit"},
	{name: "unionpay_19", number: "6205500000000000004", brand: "unionpay", country: "CN"},
	{name: "visa_cartesBancaires", number: "4000002500001001", brand: "visa", country: "FR", alsoNetwork: "cartes_bancaires"},
	{name: "mastercard_cartesBancaires", number: "5555552500001001", brand: "mastercard", country: "FR", alsoNetwork: "cartes_bancaires"},
	{name: "bccard", number: "6555900000604105", brand: "discover", country: "KR"},

	{name: "br", number: "4000000760000002", country: "BR"}, {name: "ca", number: "4000001240000000", country: "CA"},
	{name: "mx", number: "4000004840008001", country: "MX"}, {name: "at", number: "4000000400000008", country: "AT"},
	{name: "be", number: "4000000560000004", country: "BE"}, {name: "de", number: "4000002760000016", country: "DE"},
	{name: "es", number: "4000007240000007", country: "ES"}, {name: "fr", number: "4000002500000003", country: "FR"},
	{name: "gb", number: "4000008260000000", country: "GB"}, {name: "gb_debit", number: "4000058260000005", country: "GB", funding: "debit"},
	{name: "ie", number: "4000003720000005", country: "IE"}, {name: "it", number: "4000003800000008", country: "IT"},
	{name: "nl", number: "4000005280000002", country: "NL"}, {name: "pl", number: "4000006160000005", country: "PL"},
	{name: "se", number: "4000007520000008", country: "SE"}, {name: "ch", number: "4000007560000009", country: "CH"},
	{name: "ae", number: "4000007840000001", country: "AE"}, {name: "au", number: "4000000360000006", country: "AU"},
	{name: "in", number: "4000003560000008", country: "IN"}, {name: "jp", number: "4000003920000003", country: "JP"},
	{name: "sg", number: "4000007020000003", country: "SG"},
	{name: "bg", number: "4000001000000000", country: "BG"}, {name: "cy", number: "4000001960000008", country: "CY"},
	{name: "cz", number: "4000002030000002", country: "CZ"}, {name: "dk", number: "4000002080000001", country: "DK"},
	{name: "ee", number: "4000002330000009", country: "EE"}, {name: "fi", number: "4000002460000001", country: "FI"},
	{name: "gr", number: "4000003000000030", country: "GR"}, {name: "hu", number: "4000003480000005", country: "HU"},
	{name: "lv", number: "4000004280000005", country: "LV"}, {name: "lt", number: "4000004400000000", country: "LT"},
	{name: "lu", number: "4000004420000006", country: "LU"}, {name: "mt", number: "4000004700000007", country: "MT"},
	{name: "no", number: "4000005780000007", country: "NO"}, {name: "pt", number: "4000006200000007", country: "PT"},
	{name: "ro", number: "4000006420000001", country: "RO"}, {name: "si", number: "4000007050000006", country: "SI"},
	{name: "sk", number: "4000007030000001", country: "SK"}, {name: "cn", number: "4000001560000002", country: "CN"},
	{name: "hk", number: "4000003440000004", country: "HK"}, {name: "my", number: "4000004580000002", country: "MY"},
	{name: "nz", number: "4000005540000008", country: "NZ"}, {name: "ar", number: "4000000320000021", country: "AR"},

	{name: "cl", number: "4000001520000001", country: "CL"}, {name: "co", number: "4000001700000003", country: "CO"},
	{name: "cr", number: "4000001880000005", country: "CR"}, {name: "ec", number: "4000002180000000", country: "EC"},
	{name: "pa", number: "4000005910000000", country: "PA"}, {name: "py", number: "4000006000000066", country: "PY"},
	{name: "pe", number: "4000006040000068", country: "PE"}, {name: "uy", number: "4000008580000003", country: "UY"},
	{name: "by", number: "4000001120000005", country: "BY"}, {name: "hr", number: "4000001910000009", country: "HR"},
	{name: "gi", number: "4000002920000005", country: "GI"}, {name: "li", number: "4000004380000004", country: "LI"},
	{name: "ae_mastercard", number: "5200007840000022", brand: "mastercard", country: "AE"}, {name: "sa", number: "4000006820000007", country: "SA"},
	{name: "tw", number: "4000001580000008", country: "TW"}, {name: "th_credit", number: "4000007640000003", country: "TH"},
	{name: "th_debit", number: "4000057640000008", country: "TH", funding: "debit"},

	{name: "visa_chargeDeclined", number: "4000000000000002", decline: "generic_decline"},
	{name: "visa_chargeDeclinedInsufficientFunds", number: "4000000000009995", decline: "insufficient_funds"},
	{name: "visa_chargeDeclinedLostCard", number: "4000000000009987", decline: "lost_card"},
	{name: "visa_chargeDeclinedStolenCard", number: "4000000000009979", decline: "stolen_card"},
	{name: "chargeDeclinedExpiredCard", number: "4000000000000069", decline: "expired_card"},
	{name: "chargeDeclinedIncorrectCvc", number: "4000000000000127", decline: "incorrect_cvc"},
	{name: "chargeDeclinedProcessingError", number: "4000000000000119", decline: "processing_error"},
	{name: "visa_chargeDeclinedVelocityLimitExceeded", number: "4000000000006975", decline: "card_velocity_exceeded"},
	{name: "chargeCustomerFail", number: "4000000000000341", chargeDecline: "generic_decline"},

	{name: "authenticationRequiredOnSetup", number: "4000002500003155", country: "FR", secure: secureOnSetup},
	{name: "authenticationRequired", number: "4000002760003184", country: "DE", secure: secureAlways},
	{name: "authenticationRequiredSetupForOffSession", number: "4000003800000446", country: "IT", secure: secureSetUp},
	{name: "authenticationRequiredChargeDeclinedInsufficientFunds", number: "4000008260003178", country: "GB", secure: secureOnSetup, chargeDecline: "insufficient_funds"},
	{name: "threeDSecure2Required", number: "4000000000003220", country: "IE", secure: secureAlways},
	{name: "threeDSecureRequired", number: "4000000000003063", secure: secureAlways},
	{name: "threeDSecure2Required_us", number: "4000008400000027", secure: secureAlways},
	{name: "threeDSecure2_outOfBand", number: "4000582600000094", country: "GB", secure: secureAlways},
	{name: "threeDSecure2_oneTimePasscode", number: "4000582600000045", country: "GB", secure: secureAlways},
	{name: "threeDSecure2_singleSelect", number: "4000582600000102", country: "GB", secure: secureAlways},
	{name: "threeDSecure2_multiSelect", number: "4000582600000110", country: "GB", secure: secureAlways},
	{name: "threeDSecureRequiredChargeDeclined", number: "4000008400001629", secure: secureAlways, chargeDecline: "generic_decline"},
	{name: "threeDSecureRequiredProcessingError", number: "4000008400001280", secure: secureLookupFails},
	{name: "threeDSecureOptional", number: "4000000000003055", secure: secureOptional},
	{name: "threeDSecureOptionalProcessingError", number: "4000000000003097", secure: secureOptionalFails},
	{name: "frictionless", number: "4000000032200000", secure: secureFrictionless},
	{name: "indianMandate", number: "4000003560000123", country: "IN", secure: secureOptional},
	{name: "captcha", number: "4000000000001208", captcha: true},
	{name: "captcha_2", number: "4000000000003725", captcha: true},

	{name: "radarBlock", number: "4100000000000019", risk: "highest", chargeDecline: "fraudulent"},
	{name: "riskLevelHighest", number: "4000000000004954", risk: "highest", chargeDecline: "fraudulent"},
	{name: "riskLevelElevated", number: "4000000000009235", risk: "elevated"},
	{name: "cvcCheckFail", number: "4000000000000101", checks: "cvc"},
	{name: "avsZipFail", number: "4000000000000036", checks: "zip"},
	{name: "avsLine1Fail", number: "4000000000000028", checks: "line1"},
	{name: "avsFail", number: "4000000000000010", checks: "address"},
	{name: "avsUnchecked", number: "4000000000000044", checks: "unchecked"},
	{name: "createDispute", number: "4000000000000259", dispute: "fraudulent"},
	{name: "createDisputeProductNotReceived", number: "4000000000002685", dispute: "product_not_received"},
	{name: "createDisputeInquiry", number: "4000000000001976", dispute: "inquiry"},
	{name: "createIssuerFraudRecord", number: "4000000000005423", dispute: "warning"},
	{name: "createMultipleDisputes", number: "4000000404000079", dispute: "multiple"},
	{name: "createCe3EligibleDispute", number: "4000000404000038", dispute: "fraudulent"},
	{name: "pendingRefund", number: "4000000000007726", refund: "pending"},
	{name: "refundFail", number: "4000000000005126", refund: "fails"},
	{name: "bypassPending", number: "4000000000000077", available: true},
	{name: "bypassPendingInternational", number: "4000003720000278", country: "IE", available: true},
}

// cardAliases are other spellings of names, as Stripe's pages and older tokens have them.
var cardAliases = map[string]string{
	"visa_debit_us_transferSuccess": "visa_debit", "mastercard_debit_us_transferSuccess": "mastercard_debit", "discover_debit_us_transferSuccess": "discover_debit",
	"us": "visa", "visa_us": "visa", "chargeDeclined": "visa_chargeDeclined", "chargeDeclinedInsufficientFunds": "visa_chargeDeclinedInsufficientFunds",
	"chargeDeclinedLostCard": "visa_chargeDeclinedLostCard", "chargeDeclinedStolenCard": "visa_chargeDeclinedStolenCard",
	"chargeDeclinedVelocityLimitExceeded": "visa_chargeDeclinedVelocityLimitExceeded",
	"visa_chargeDeclinedExpiredCard":      "chargeDeclinedExpiredCard", "visa_chargeDeclinedIncorrectCvc": "chargeDeclinedIncorrectCvc",
	"visa_chargeDeclinedProcessingError": "chargeDeclinedProcessingError", "chargeDeclinedFraudulent": "radarBlock", "visa_chargeDeclinedFraudulent": "radarBlock",
	"visa_chargeCustomerFail": "chargeCustomerFail", "amex_threeDSecureNotSupported": "amex_2",
	"threeDSecureSupported": "threeDSecureOptional", "visa_createDispute": "createDispute", "visa_createDisputeInquiry": "createDisputeInquiry",
	"visa_createDisputeProductNotReceived": "createDisputeProductNotReceived",
}

// cardsByName and cardsByNumber find a published card; values point into testCards.
var cardsByName, cardsByNumber = indexCards()

func indexCards() (byName, byNumber map[string]*testCard) {
	byName, byNumber = map[string]*testCard{}, map[string]*testCard{}
	for i := range testCards {
		card := &testCards[i]
		if card.brand == "" {
			card.brand = "visa"
		}
		if card.funding == "" {
			card.funding = "credit"
		}
		if card.country == "" {
			card.country = "US"
		}
		if card.risk == "" {
			card.risk = "normal"
		}
		byName[card.name], byNumber[card.number] = card, card
	}
	for alias, name := range cardAliases {
		byName[alias] = byName[name]
	}
	return byName, byNumber
}

// publishedNumbers are all numbers that the pages may send, in order.
func publishedNumbers() []string {
	numbers := make([]string, len(testCards))
	for i, card := range testCards {
		numbers[i] = card.number
	}
	return numbers
}

func (c *testCard) last4() string { return c.number[len(c.number)-4:] }

// decline is what a bank's refusal looks like in an answer.
type decline struct {
	code, declineCode, param, message string
	advice, network                   string
}

const declinedMessage = "Your card was declined."

// declines are Stripe's refusals by decline code; what is not listed is card_declined with the plain message.
var declines = map[string]decline{
	"generic_decline":    {code: "card_declined", declineCode: "generic_decline", message: declinedMessage, advice: "try_again_later", network: "01"},
	"insufficient_funds": {code: "card_declined", declineCode: "insufficient_funds", message: "Your card has insufficient funds."},
	"expired_card":       {code: "expired_card", declineCode: "expired_card", param: "exp_month", message: "Your card has expired."},
	"incorrect_cvc":      {code: "incorrect_cvc", declineCode: "incorrect_cvc", param: "cvc", message: "Your card's security code is incorrect."},
	"processing_error":   {code: "processing_error", declineCode: "processing_error", message: "An error occurred while processing your card. Try again in a little bit."},
	"incorrect_number":   {code: "incorrect_number", declineCode: "incorrect_number", param: "number", message: "Your card number is incorrect."},
	// Banks' words about a single field are codes of their own, as the three that are recorded; the messages are those of
	// Stripe's page of error codes.
	"incorrect_address":    {code: "incorrect_address", declineCode: "incorrect_address", message: "Your card's address is incorrect."},
	"incorrect_zip":        {code: "incorrect_zip", declineCode: "incorrect_zip", param: "address_zip", message: "The zip code you supplied failed validation."},
	"invalid_cvc":          {code: "invalid_cvc", declineCode: "invalid_cvc", param: "cvc", message: "Your card's security code is invalid."},
	"invalid_expiry_month": {code: "invalid_expiry_month", declineCode: "invalid_expiry_month", param: "exp_month", message: "Your card's expiration month is invalid."},
	"invalid_expiry_year":  {code: "invalid_expiry_year", declineCode: "invalid_expiry_year", param: "exp_year", message: "Your card's expiration year is invalid."},
	"invalid_number":       {code: "invalid_number", declineCode: "invalid_number", param: "number", message: "Your card number is invalid."},
	"authentication_required": {code: "authentication_required", declineCode: "authentication_required",
		message: "Your card was declined. This transaction requires authentication."},
}

// declineFor is the refusal of a decline code.
func declineFor(code string) decline {
	if d, ok := declines[code]; ok {
		return d
	}
	return decline{code: "card_declined", declineCode: code, message: declinedMessage}
}

// cardError is the answer 402 of a refusal.
func cardError(d decline) *Error {
	return &Error{
		Status: 402, Type: "card_error", Code: d.code, DeclineCode: d.declineCode, Param: d.param, Message: d.message,
		AdviceCode: d.advice, NetworkDeclineCode: d.network,
	}
}

// passesLuhn checks the last digit of a card number.
func passesLuhn(number string) bool {
	sum := 0
	for i := range len(number) {
		digit := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			if digit *= 2; digit > 9 {
				digit -= 9
			}
		}
		sum += digit
	}
	return sum%10 == 0
}

// onlyDigits drops the blanks and dashes that people type into card numbers.
func onlyDigits(number string) string {
	return strings.NewReplacer(" ", "", "-", "").Replace(number)
}
