package vezne

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
)

// Currency is a lower-case ISO 4217 code as Stripe writes it: "usd", "try".
type Currency string

// Money is an amount with its currency.
type Money struct {
	// Amount is in the currency's minor unit as Stripe counts it: 1999 is
	// 19.99 usd, 1999 jpy and 1.990 kwd is 1990.
	Amount   int64
	Currency Currency
}

type currencyRule struct {
	// decimals is how many digits of a Stripe amount stand behind the point.
	decimals int
	// step divides every amount that Stripe charges in this currency.
	step int64
	// minimum is the smallest charge; 1 where Stripe publishes none.
	minimum int64
	// maximum is the largest charge.
	maximum int64
}

const defaultMaximum = 99_999_999

// currencies holds Stripe's own rules, which differ from ISO 4217: isk and ugx
// have no decimals but are sent with two ("00"), and three-decimal amounts end
// in 0. Source: docs.stripe.com/currencies (zero-decimal, three-decimal,
// special cases, minimum and maximum charge amounts).
var currencies = func() map[Currency]currencyRule {
	m := map[Currency]currencyRule{}
	put := func(codes string, r currencyRule) {
		for code := range strings.FieldsSeq(codes) {
			m[Currency(code)] = r
		}
	}
	put(`aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny
		cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr jmd
		kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok
		npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs top
		try ttd twd tzs uah usd uyu uzs wst xcd yer zar zmw`,
		currencyRule{decimals: 2, step: 1, minimum: 1, maximum: defaultMaximum})
	put("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf",
		currencyRule{decimals: 0, step: 1, minimum: 1, maximum: defaultMaximum})
	put("isk ugx", currencyRule{decimals: 2, step: 100, minimum: 100, maximum: defaultMaximum})
	put("bhd jod kwd omr tnd", currencyRule{decimals: 3, step: 10, minimum: 10, maximum: defaultMaximum})
	for code, minimum := range map[Currency]int64{
		"usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250,
		"eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300,
		"nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
	} {
		r := m[code]
		r.minimum = minimum
		m[code] = r
	}
	for code, digits := range map[Currency]int{"inr": 9, "idr": 12} {
		r := m[code]
		r.maximum = int64(math.Pow10(digits)) - 1
		m[code] = r
	}
	return m
}()

// Currencies returns every code that Stripe accepts, sorted.
func Currencies() []Currency {
	list := make([]Currency, 0, len(currencies))
	for c := range currencies {
		list = append(list, c)
	}
	sort.Slice(list, func(i, j int) bool { return list[i] < list[j] })
	return list
}

// Known reports whether Stripe accepts the currency.
func (c Currency) Known() bool { _, ok := currencies[c]; return ok }

// Decimals returns how many digits of a Stripe amount stand behind the point:
// 2 for usd, 0 for jpy, 3 for kwd. It is 2 for unknown currencies.
func (c Currency) Decimals() int {
	if r, ok := currencies[c]; ok {
		return r.decimals
	}
	return 2
}

// DisplayDecimals returns how many of those digits a person expects to see:
// none for isk and ugx, whose Stripe amounts always end in 00.
func (c Currency) DisplayDecimals() int {
	if r, ok := currencies[c]; ok && r.step == 100 && r.decimals == 2 {
		return 0
	}
	return c.Decimals()
}

// CheckCharge says whether Stripe can charge m. It returns an *Error with
// CodeCurrencyUnknown, CodeAmountInvalid, CodeAmountTooSmall or
// CodeAmountTooLarge. Stripe converts the minimum into the settlement currency
// of the account, so it may still refuse what passes here.
func (m Money) CheckCharge() error {
	const op = "vezne.Money.CheckCharge"
	r, ok := currencies[m.Currency]
	switch {
	case !ok:
		return E(CodeCurrencyUnknown, op, fmt.Sprintf("%q is not a currency that Stripe accepts; use a lower-case ISO 4217 code such as \"usd\".", string(m.Currency)))
	case m.Amount <= 0:
		return E(CodeAmountInvalid, op, "The amount must be greater than 0.")
	case m.Amount < r.minimum:
		return E(CodeAmountTooSmall, op, fmt.Sprintf("The amount must be at least %s.", Money{r.minimum, m.Currency}))
	case m.Amount > r.maximum:
		return E(CodeAmountTooLarge, op, fmt.Sprintf("The amount must be at most %s.", Money{r.maximum, m.Currency}))
	case m.Amount%r.step != 0:
		return E(CodeAmountInvalid, op, fmt.Sprintf("Amounts in %s must be divisible by %d.", m.Currency, r.step))
	}
	return nil
}

// Decimal returns the amount as a plain decimal number with a point: "19.99",
// "1999", "-0.05". It is exact, and meant for machines; pages format by locale.
func (m Money) Decimal() string {
	d := m.Currency.Decimals()
	digits := strconv.FormatUint(magnitude(m.Amount), 10)
	if d > 0 {
		for len(digits) <= d {
			digits = "0" + digits
		}
		digits = digits[:len(digits)-d] + "." + digits[len(digits)-d:]
	}
	if m.Amount < 0 {
		return "-" + digits
	}
	return digits
}

// String returns the decimal and the currency: "19.99 usd".
func (m Money) String() string { return m.Decimal() + " " + string(m.Currency) }

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// Times multiplies an amount by a quantity. It reports false when the product
// does not fit.
func Times(amount, quantity int64) (int64, bool) {
	if amount == 0 || quantity == 0 {
		return 0, true
	}
	product := amount * quantity
	if product/quantity != amount || (amount == -1 && quantity == math.MinInt64) || (quantity == -1 && amount == math.MinInt64) {
		return 0, false
	}
	return product, true
}

// Plus adds two amounts. It reports false when the sum does not fit.
func Plus(a, b int64) (int64, bool) {
	sum := a + b
	if (b > 0 && sum < a) || (b < 0 && sum > a) {
		return 0, false
	}
	return sum, true
}
