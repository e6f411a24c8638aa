package sandbox_test

import (
	"strings"
	"testing"
)

// publishedCard is a row of Stripe's page on testing: a number, the tokens that stand for it (behind pm_card_ and tok_), and
// what the card shows.
type publishedCard struct{ number, tokens, brand, funding, country string }

// All numbers that Stripe publishes for cards (docs.stripe.com/testing), in the order of its page.
var publishedCards = []publishedCard{
	{"4242424242424242", "visa us", "visa", "credit", "US"},
	{"4000056655665556", "visa_debit", "visa", "debit", "US"},
	{"5555555555554444", "mastercard", "mastercard", "credit", "US"},
	{"2223003122003222", "", "mastercard", "credit", "US"},
	{"5200828282828210", "mastercard_debit", "mastercard", "debit", "US"},
	{"5105105105105100", "mastercard_prepaid", "mastercard", "prepaid", "US"},
	{"378282246310005", "", "amex", "credit", "US"},
	{"371449635398431", "amex", "amex", "credit", "US"},
	{"6011111111111117", "", "discover", "credit", "US"},
	{"6011000990139424", "discover", "discover", "credit", "US"},
	{"6011981111111113", "", "discover", "debit", "US"},
	{"3056930009020004", "diners", "diners", "credit", "US"},
	{"36227206271667", "", "diners", "credit", "US"},
	{"3566002020360505", "jcb", "jcb", "credit", "JP"},
	{"3530111333300000", "", "jcb", "credit", "JP"},
	{"6200000000000005", "unionpay", "unionpay", "credit", "CN"},
	{"6200000000000047", "", "unionpay", "debit", "CN"},
	{"6205500000000000004", "", "unionpay", "credit", "CN"},
	{"4000002500001001", "visa_cartesBancaires", "visa", "credit", "FR"},
	{"5555552500001001", "mastercard_cartesBancaires", "mastercard", "credit", "FR"},
	{"6555900000604105", "", "discover", "credit", "KR"}, // BCcard and DinaCard

	{"4000000320000021", "ar", "visa", "credit", "AR"}, {"4000000760000002", "br", "visa", "credit", "BR"}, {"4000001240000000", "ca", "visa", "credit", "CA"},
	{"4000001520000001", "cl", "visa", "credit", "CL"}, {"4000001700000003", "co", "visa", "credit", "CO"}, {"4000001880000005", "cr", "visa", "credit", "CR"},
	{"4000002180000000", "ec", "visa", "credit", "EC"}, {"4000004840008001", "mx", "visa", "credit", "MX"}, {"4000005910000000", "pa", "visa", "credit", "PA"},
	{"4000006000000066", "py", "visa", "credit", "PY"}, {"4000006040000068", "pe", "visa", "credit", "PE"}, {"4000008580000003", "uy", "visa", "credit", "UY"},
	{"4000007840000001", "ae", "visa", "credit", "AE"}, {"5200007840000022", "ae_mastercard", "mastercard", "credit", "AE"}, {"4000000400000008", "at", "visa", "credit", "AT"},
	{"4000000560000004", "be", "visa", "credit", "BE"}, {"4000001000000000", "bg", "visa", "credit", "BG"}, {"4000001120000005", "by", "visa", "credit", "BY"},
	{"4000001910000009", "hr", "visa", "credit", "HR"}, {"4000001960000008", "cy", "visa", "credit", "CY"}, {"4000002030000002", "cz", "visa", "credit", "CZ"},
	{"4000002080000001", "dk", "visa", "credit", "DK"}, {"4000002330000009", "ee", "visa", "credit", "EE"}, {"4000002460000001", "fi", "visa", "credit", "FI"},
	{"4000002500000003", "fr", "visa", "credit", "FR"}, {"4000002760000016", "de", "visa", "credit", "DE"}, {"4000002920000005", "gi", "visa", "credit", "GI"},
	{"4000003000000030", "gr", "visa", "credit", "GR"}, {"4000003480000005", "hu", "visa", "credit", "HU"}, {"4000003720000005", "ie", "visa", "credit", "IE"},
	{"4000003800000008", "it", "visa", "credit", "IT"}, {"4000004280000005", "lv", "visa", "credit", "LV"}, {"4000004380000004", "li", "visa", "credit", "LI"},
	{"4000004400000000", "lt", "visa", "credit", "LT"}, {"4000004420000006", "lu", "visa", "credit", "LU"}, {"4000004700000007", "mt", "visa", "credit", "MT"},
	{"4000005280000002", "nl", "visa", "credit", "NL"}, {"4000005780000007", "no", "visa", "credit", "NO"}, {"4000006160000005", "pl", "visa", "credit", "PL"},
	{"4000006200000007", "pt", "visa", "credit", "PT"}, {"4000006420000001", "ro", "visa", "credit", "RO"}, {"4000006820000007", "sa", "visa", "credit", "SA"},
	{"4000007050000006", "si", "visa", "credit", "SI"}, {"4000007030000001", "sk", "visa", "credit", "SK"}, {"4000007240000007", "es", "visa", "credit", "ES"},
	{"4000007520000008", "se", "visa", "credit", "SE"}, {"4000007560000009", "ch", "visa", "credit", "CH"}, {"4000008260000000", "gb", "visa", "credit", "GB"},
	{"4000058260000005", "gb_debit", "visa", "debit", "GB"}, {"4000000360000006", "au", "visa", "credit", "AU"}, {"4000001560000002", "cn", "visa", "credit", "CN"},
	{"4000003440000004", "hk", "visa", "credit", "HK"}, {"4000003560000008", "in", "visa", "credit", "IN"}, {"4000003920000003", "jp", "visa", "credit", "JP"},
	{"4000004580000002", "my", "visa", "credit", "MY"}, {"4000005540000008", "nz", "visa", "credit", "NZ"}, {"4000007020000003", "sg", "visa", "credit", "SG"},
	{"4000001580000008", "tw", "visa", "credit", "TW"}, {"4000007640000003", "th_credit", "visa", "credit", "TH"}, {"4000057640000008", "th_debit", "visa", "debit", "TH"},

	{"4000000000000002", "visa_chargeDeclined chargeDeclined", "visa", "credit", "US"},
	{"4000000000009995", "visa_chargeDeclinedInsufficientFunds chargeDeclinedInsufficientFunds", "visa", "credit", "US"},
	{"4000000000009987", "visa_chargeDeclinedLostCard", "visa", "credit", "US"}, {"4000000000009979", "visa_chargeDeclinedStolenCard", "visa", "credit", "US"},
	{"4000000000000069", "chargeDeclinedExpiredCard", "visa", "credit", "US"}, {"4000000000000127", "chargeDeclinedIncorrectCvc", "visa", "credit", "US"},
	{"4000000000000119", "chargeDeclinedProcessingError", "visa", "credit", "US"}, {"4000000000006975", "visa_chargeDeclinedVelocityLimitExceeded", "visa", "credit", "US"},
	{"4000000000000341", "chargeCustomerFail", "visa", "credit", "US"},
	{"4000002500003155", "authenticationRequiredOnSetup", "visa", "credit", "FR"}, {"4000002760003184", "authenticationRequired", "visa", "credit", "DE"},
	{"4000003800000446", "authenticationRequiredSetupForOffSession", "visa", "credit", "IT"},
	{"4000008260003178", "authenticationRequiredChargeDeclinedInsufficientFunds", "visa", "credit", "GB"},
	{"4000000000003220", "threeDSecure2Required", "visa", "credit", "IE"}, {"4000008400000027", "", "visa", "credit", "US"},
	{"4000008400001629", "threeDSecureRequiredChargeDeclined", "visa", "credit", "US"}, {"4000008400001280", "threeDSecureRequiredProcessingError", "visa", "credit", "US"},
	{"4000000000003055", "threeDSecureOptional", "visa", "credit", "US"}, {"4000000000003097", "threeDSecureOptionalProcessingError", "visa", "credit", "US"},
	{"4000000032200000", "", "visa", "credit", "US"}, {"4000000000001208", "", "visa", "credit", "US"}, {"4000000000003725", "", "visa", "credit", "US"},
	{"4000582600000094", "", "visa", "credit", "GB"}, {"4000582600000045", "", "visa", "credit", "GB"}, {"4000582600000102", "", "visa", "credit", "GB"}, {"4000582600000110", "", "visa", "credit", "GB"},
	{"4100000000000019", "radarBlock", "visa", "credit", "US"}, {"4000000000004954", "riskLevelHighest", "visa", "credit", "US"},
	{"4000000000009235", "riskLevelElevated", "visa", "credit", "US"}, {"4000000000000101", "cvcCheckFail", "visa", "credit", "US"},
	{"4000000000000036", "avsZipFail", "visa", "credit", "US"}, {"4000000000000028", "avsLine1Fail", "visa", "credit", "US"},
	{"4000000000000010", "avsFail", "visa", "credit", "US"}, {"4000000000000044", "avsUnchecked", "visa", "credit", "US"},
	{"4000000000000259", "createDispute", "visa", "credit", "US"}, {"4000000000002685", "createDisputeProductNotReceived", "visa", "credit", "US"},
	{"4000000000001976", "createDisputeInquiry", "visa", "credit", "US"}, {"4000000000005423", "createIssuerFraudRecord", "visa", "credit", "US"},
	{"4000000404000079", "createMultipleDisputes", "visa", "credit", "US"}, {"4000000404000038", "createCe3EligibleDispute", "visa", "credit", "US"},
	{"4000000000007726", "pendingRefund", "visa", "credit", "US"}, {"4000000000005126", "refundFail", "visa", "credit", "US"},
	{"4000000000000077", "bypassPending", "visa", "credit", "US"}, {"4000003720000278", "bypassPendingInternational", "visa", "credit", "IE"},
	{"4000056655665572", "visa_debit_us_transferFail", "visa", "debit", "US"},
}

// Every published number is a card, and every token stands for its number.
func TestEachPublishedNumberAndToken(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, card := range publishedCards {
		last4 := card.number[len(card.number)-4:]
		shows := []any{"card.last4", last4, "card.brand", card.brand, "card.funding", card.funding, "card.country", card.country}
		s.post("/v1/payment_methods", "type", "card", "card[number]", card.number, "card[exp_month]", "12", "card[exp_year]", "2039", "card[cvc]", "123").want(t, shows...)
		for _, token := range strings.Fields(card.tokens) {
			s.get("/v1/payment_methods/pm_card_"+token).want(t, shows...)
			s.get("/v1/tokens/tok_"+token).want(t, "card.last4", last4, "card.funding", card.funding, "card.country", card.country)
		}
	}
}

// What each number that refuses answers to a payment, and to an attachment; what authenticates asks.
func TestWhatPublishedNumbersDo(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ number, status, code, decline, attach string }{
		{"4000000000000002", "", "card_declined", "generic_decline", "card_declined"},
		{"4000000000009995", "", "card_declined", "insufficient_funds", "card_declined"},
		{"4000000000009987", "", "card_declined", "lost_card", "card_declined"},
		{"4000000000009979", "", "card_declined", "stolen_card", "card_declined"},
		{"4000000000000069", "", "expired_card", "expired_card", "expired_card"},
		{"4000000000000127", "", "incorrect_cvc", "incorrect_cvc", "incorrect_cvc"},
		{"4000000000000119", "", "processing_error", "processing_error", "processing_error"},
		{"4000000000006975", "", "card_declined", "card_velocity_exceeded", "card_declined"},
		{"4000000000000341", "", "card_declined", "generic_decline", ""},
		{"4100000000000019", "", "card_declined", "fraudulent", ""},
		{"4000008400001280", "", "card_declined", "generic_decline", ""},
		{"4000002500003155", "requires_action", "", "", ""},
		{"4000002760003184", "requires_action", "", "", ""},
		{"4000003800000446", "requires_action", "", "", ""},
		{"4000008260003178", "requires_action", "", "", ""},
		{"4000000000003220", "requires_action", "", "", ""},
		{"4000008400000027", "requires_action", "", "", ""},
		{"4000008400001629", "requires_action", "", "", ""},
		{"4000582600000094", "requires_action", "", "", ""},
		{"4000582600000045", "requires_action", "", "", ""},
		{"4000582600000102", "requires_action", "", "", ""},
		{"4000582600000110", "requires_action", "", "", ""},
		{"4000000000003055", "succeeded", "", "", ""},
		{"4000000000003097", "succeeded", "", "", ""},
		{"4000000032200000", "succeeded", "", "", ""},
		{"4000000000001208", "succeeded", "", "", ""},
		{"378282246310005", "succeeded", "", "", ""},
	} {
		t.Run(tc.number, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			card := func() string {
				return s.post("/v1/payment_methods", "type", "card", "card[number]", tc.number, "card[exp_month]", "12", "card[exp_year]", "2039", "card[cvc]", "123").str("id")
			}
			pay := []string{"amount", "2000", "currency", "usd", "payment_method_types[]", "card", "payment_method", card(), "confirm", "true"}
			if tc.code != "" {
				s.refused("POST", "/v1/payment_intents", pay...).want(t, "status", 402, "type", "card_error", "code", tc.code, "decline_code", tc.decline)
			} else {
				s.post("/v1/payment_intents", pay...).want(t, "status", tc.status)
			}
			customer := s.post("/v1/customers").str("id")
			attach := "/v1/payment_methods/" + card() + "/attach"
			if tc.attach != "" {
				s.refused("POST", attach, "customer", customer).want(t, "status", 402, "code", tc.attach)
				return
			}
			s.post(attach, "customer", customer).want(t, "customer", customer)
		})
	}
	s := newShop(t)
	s.refused("POST", "/v1/payment_methods", "type", "card", "card[number]", "4242424242424241", "card[exp_month]", "12", "card[exp_year]", "2039").
		want(t, "status", 402, "code", "incorrect_number")
}

// A buyer who confirms with one of the captcha cards is asked for one; a server is not.
func TestACaptchaIsAskedOfBuyers(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"4000000000001208", "4000000000003725"} {
		s := newShop(t)
		for result, want := range map[string]string{"succeed": "succeeded", "fail": "requires_payment_method"} {
			pi := s.intent()
			buyer := *s
			buyer.key = "pk_test_shop"
			asked := buyer.post("/v1/payment_intents/"+pi.str("id")+"/confirm", "client_secret", pi.str("client_secret"), "payment_method_data[type]", "card", "payment_method_data[card][number]", number,
				"payment_method_data[card][exp_month]", "12", "payment_method_data[card][exp_year]", "2039", "payment_method_data[card][cvc]", "123", "return_url", "https://shop.example/back")
			asked.want(t, "status", "requires_action", "next_action.type", "use_stripe_sdk", "next_action.use_stripe_sdk.type", "intent_confirmation_challenge")
			address := asked.str("next_action.use_stripe_sdk.stripe_js")
			s.post("/v1/3ds2/challenges/"+address[strings.LastIndexByte(address, '/')+1:], "result", result)
			done := s.get("/v1/payment_intents/"+pi.str("id"), "expand[]", "latest_charge")
			done.want(t, "status", want)
			if want == "succeeded" {
				done.want(t, "latest_charge.payment_method_details.card.three_d_secure", nil)
			}
		}
	}
}

func TestTiersAreShownWhenTheyAreExpanded(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	product := s.post("/v1/products", "name", "Kahve").str("id")
	s.events()
	price := s.post("/v1/prices", "product", product, "currency", "usd", "billing_scheme", "tiered", "tiers_mode", "graduated", "recurring[interval]", "month",
		"tiers[0][up_to]", "10", "tiers[0][unit_amount]", "500", "tiers[1][up_to]", "inf", "tiers[1][unit_amount]", "300")
	if _, there := price["tiers"]; there {
		t.Error("tiers are there without being expanded")
	}
	if _, there := s.happened()[0].hash("data.object")["tiers"]; there {
		t.Error("the event shows tiers")
	}
	s.get("/v1/prices/"+price.str("id"), "expand[]", "tiers").want(t, "tiers.0.up_to", 10, "tiers.1.unit_amount", 300)
	s.get("/v1/prices", "expand[]", "data.tiers").want(t, "data.0.tiers.0.unit_amount", 500)
}
