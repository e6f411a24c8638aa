package vezne_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/vezne/vezne"
)

// FuzzDecimalIsReadBack: what Decimal writes is the amount, to the last digit,
// and has as many digits behind the point as the currency says.
func FuzzDecimalIsReadBack(f *testing.F) {
	for _, m := range []struct {
		amount   int64
		currency string
	}{{1999, "usd"}, {-5, "usd"}, {0, "jpy"}, {5, "kwd"}, {-9223372036854775808, "isk"}, {9223372036854775807, "bhd"}, {1, ""}, {-1, "XXX"}} {
		f.Add(m.amount, m.currency)
	}
	f.Fuzz(func(t *testing.T, amount int64, currency string) {
		m := vezne.Money{Amount: amount, Currency: vezne.Currency(currency)}
		text := m.Decimal()
		whole, fraction, pointed := strings.Cut(strings.TrimPrefix(text, "-"), ".")
		if d := m.Currency.Decimals(); len(fraction) != d || pointed != (d > 0) {
			t.Fatalf("%q has %d digits behind the point, want %d", text, len(fraction), d)
		}
		if whole != "0" && strings.HasPrefix(whole, "0") || whole == "" {
			t.Fatalf("%q begins with a needless 0, or with the point", text)
		}
		sign := ""
		if strings.HasPrefix(text, "-") {
			sign = "-"
		}
		if got, err := strconv.ParseInt(sign+whole+fraction, 10, 64); err != nil || got != amount {
			t.Fatalf("%q reads back as %d, %v; want %d", text, got, err, amount)
		}
		if m.String() != text+" "+currency {
			t.Fatalf("%q", m.String())
		}
	})
}

// The rules of docs.stripe.com/currencies once more, in other words than the
// table that is tested.
var (
	noDecimals    = " bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf "
	threeDecimals = " bhd jod kwd omr tnd "
	endIn00       = " isk ugx "
	leastCharge   = map[string]int64{"usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500,
		"inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000}
	mostCharge = map[string]int64{"inr": 999_999_999, "idr": 999_999_999_999}
)

func wantCharge(amount int64, currency string) vezne.Code {
	in := func(list string) bool { return strings.Contains(list, " "+currency+" ") }
	step, least, most := int64(1), int64(1), int64(99_999_999)
	switch {
	case in(threeDecimals):
		step, least = 10, 10
	case in(endIn00):
		step, least = 100, 100
	}
	if n, ok := leastCharge[currency]; ok {
		least = n
	}
	if n, ok := mostCharge[currency]; ok {
		most = n
	}
	switch {
	case amount <= 0:
		return vezne.CodeAmountInvalid
	case amount < least:
		return vezne.CodeAmountTooSmall
	case amount > most:
		return vezne.CodeAmountTooLarge
	case amount%step != 0:
		return vezne.CodeAmountInvalid
	}
	return ""
}

// FuzzCheckChargeAgainstTheRules holds the table of currencies to Stripe's
// rules.
func FuzzCheckChargeAgainstTheRules(f *testing.F) {
	for i := range vezne.Currencies() {
		for _, amount := range []int64{-1, 0, 1, 9, 10, 29, 30, 49, 50, 99, 100, 105, 199, 200, 1499, 1500, 17499, 17500, 99_999_900, 99_999_990, 99_999_999, 100_000_000, 999_999_999, 1_000_000_000, 1_000_000_000_000} {
			f.Add(amount, uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, amount int64, n uint8) {
		all := vezne.Currencies()
		c := all[int(n)%len(all)]
		m := vezne.Money{Amount: amount, Currency: c}
		if got, want := vezne.CodeOf(m.CheckCharge()), wantCharge(amount, string(c)); got != want {
			t.Fatalf("%v: %q, want %q", m, got, want)
		}
		decimals := 2
		switch {
		case strings.Contains(noDecimals, " "+string(c)+" "):
			decimals = 0
		case strings.Contains(threeDecimals, " "+string(c)+" "):
			decimals = 3
		}
		if c.Decimals() != decimals || !c.Known() {
			t.Fatalf("%s has %d decimals, want %d", c, c.Decimals(), decimals)
		}
	})
}
