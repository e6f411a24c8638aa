package sandbox

import (
	"slices"
	"strings"
)

// supportedCurrencies are the currencies that Stripe takes from buyers (docs.stripe.com/currencies).
var supportedCurrencies = strings.Fields(`usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp cny cop crc cve czk
djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl hrk htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd
mmk mnt mop mro mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd top try
ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw usdc btn ghs eek lvl svc vef ltl`)

// zeroDecimalCurrencies are charged in whole units: 500 jpy is ¥500. UGX is not among them: Stripe takes it with two
// digits that must be 00 (docs.stripe.com/currencies, zero-decimal and special cases).
var zeroDecimalCurrencies = strings.Fields("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf")

// threeDecimalCurrencies have three digits behind the point, the last of which must be 0.
var threeDecimalCurrencies = strings.Fields("bhd jod kwd omr tnd")

// wholeUnitCurrencies are sent with two digits although they have none: the digits must be 00.
var wholeUnitCurrencies = strings.Fields("isk ugx")

// minimumCharges are the least amounts that may be charged, in the currency's minor unit (docs.stripe.com/currencies).
// A currency without one is converted at Stripe; the sandbox has no rates and takes any amount from 1.
var minimumCharges = map[string]int64{
	"usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30, "hkd": 400,
	"huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}

// currencyDecimals is how many digits of an amount stand behind the point.
func currencyDecimals(currency string) int {
	currency = strings.ToLower(currency)
	switch {
	case slices.Contains(zeroDecimalCurrencies, currency):
		return 0
	case slices.Contains(threeDecimalCurrencies, currency):
		return 3
	}
	return 2
}

// maximumCharge is the greatest amount that may be charged: eight digits, for rupees nine, for rupiah twelve.
func maximumCharge(currency string) int64 {
	switch currency {
	case "inr":
		return 999999999
	case "idr":
		return 999999999999
	}
	return 99999999
}

// readable writes an amount, in the currency's minor unit, as Stripe's messages do: $10.00.
func readable(amount int64, currency string) string {
	return pageText{Lang: "en"}.money(amount, currency, currencyDecimals(currency))
}

// checkCurrency refuses what is no currency. It answers nil when the currency is fine.
func checkCurrency(currency, param string) *Error {
	if slices.Contains(supportedCurrencies, strings.ToLower(currency)) {
		return nil
	}
	return invalid(param, "", "Invalid currency: %s. Stripe currently supports these currencies: %s", currency, strings.Join(supportedCurrencies, ", "))
}

// checkDigits refuses amounts with digits that the currency does not have. The wording is ours.
func checkDigits(amount int64, currency, param string) *Error {
	switch {
	case slices.Contains(threeDecimalCurrencies, currency) && amount%10 != 0:
		return invalid(param, "parameter_invalid_integer", "Amounts in %s have two digits behind the point: the last of three must be 0.", currency)
	case slices.Contains(wholeUnitCurrencies, currency) && amount%100 != 0:
		return invalid(param, "parameter_invalid_integer", "Amounts in %s are whole: the last two digits must be 00.", currency)
	}
	return nil
}

// checkCharge refuses an amount that cannot be charged. It answers nil when it can.
func checkCharge(amount int64, currency, param string) *Error {
	switch least := minimumCharges[currency]; {
	case amount < 0:
		return invalid(param, "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case amount == 0:
		return invalid(param, "parameter_invalid_integer", "The amount must be greater than or equal to the minimum charge amount allowed for your account and the currency set "+
			"(https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).  If you want to save a Payment Method for future use without an immediate payment, "+
			"use a Setup Intent instead: https://docs.stripe.com/payments/setup-intents")
	case amount < least:
		return invalid(param, "amount_too_small", "Amount must be at least %s %s", readable(least, currency), currency)
	case amount > maximumCharge(currency):
		return invalid(param, "amount_too_large", "Amount must be no more than %s", readable(maximumCharge(currency), currency))
	}
	return checkDigits(amount, currency, param)
}

// rounded divides and rounds half away from zero; sums of money round so at Stripe (recorded fees: 2500 → 103).
func rounded(n, by int64) int64 {
	if n < 0 {
		return -rounded(-n, by)
	}
	return (n + by/2) / by
}

// share is a percentage of an amount, rounded half up. Percentages have at most four digits behind the point.
func share(amount int64, percent float64) int64 {
	millionths := int64(percent*10_000 + 0.5)
	return rounded(amount*millionths, 1_000_000)
}
