package billing_test

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func TestDecimals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0": "0", "-0": "0", "12.50": "12.5", "0.000000000001": "0.000000000001", "-0.05": "-0.05", "007": "7",
		"9223372036854775807.999999999999": "9223372036854775807.999999999999", "-9223372036854775807": "-9223372036854775807",
	} {
		same(t, text, dec(t, text).String(), want)
	}
	for _, text := range []string{"", "-", ".", ".5", "5.", "+5", " 5", "5 ", "1e3", "0x1", "1,5", "0.0000000000001", "--5", "9223372036854775808", "1.2.3", "٣", "NaN", "-.5"} {
		if _, err := billing.ParseDecimal(text); !errors.Is(err, billing.ErrDecimal) {
			t.Errorf("%q: %v", text, err)
		}
	}
	a, b := dec(t, "-0.5"), dec(t, "0.25")
	same(t, "order", []int{a.Cmp(b), b.Cmp(a), a.Cmp(a), dec(t, "1.5").Cmp(dec(t, "1.25"))}, []int{-1, 1, 0, 1})
	same(t, "sign", []int{a.Sign(), b.Sign(), billing.Decimal{}.Sign()}, []int{-1, 1, 0})
	same(t, "truncated", []int64{dec(t, "2.9").Truncate(), dec(t, "-2.9").Truncate()}, []int64{2, -2})
	if _, err := billing.Whole(math.MaxInt64).Plus(billing.Whole(1)); !errors.Is(err, billing.ErrDecimal) {
		t.Errorf("overflow: %v", err)
	}
	if _, err := billing.Whole(math.MinInt64).Minus(billing.Whole(1)); !errors.Is(err, billing.ErrDecimal) {
		t.Errorf("underflow: %v", err)
	}
}

// A decimal is the number that it was read from, to the last digit, and writes a
// text that reads as itself.
func FuzzParseDecimal(f *testing.F) {
	for _, text := range []string{"0", "12.5", "-0.000000000001", "9223372036854775807.999999999999", "1e5", "", "-", "00.10", "-9223372036854775808"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := billing.ParseDecimal(text)
		plain := text != "" && strings.Trim(text, "0123456789.-") == ""
		if err != nil {
			if !errors.Is(err, billing.ErrDecimal) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if !plain {
			t.Fatalf("%q was read as %s", text, d)
		}
		want, ok := new(big.Rat).SetString(text)
		if !ok || want.Cmp(d.Rat()) != 0 {
			t.Fatalf("%q was read as %s", text, d)
		}
		again, err := billing.ParseDecimal(d.String())
		if err != nil || again != d {
			t.Fatalf("%s was read as %s: %v", d, again, err)
		}
		if d.Sign() != want.Sign() || d.Cmp(billing.Decimal{}) != want.Sign() {
			t.Fatalf("sign of %s: %d", d, d.Sign())
		}
	})
}

func TestPricesContradictThemselves(t *testing.T) {
	t.Parallel()
	one := ptr(billing.Whole(1))
	for _, tt := range []struct {
		name  string
		price billing.Price
		want  error
	}{
		{"no known interval", billing.Price{Recurring: billing.Recurrence{Interval: "fortnight"}}, billing.ErrRecurrence},
		{"more than three years", billing.Price{Recurring: billing.Recurrence{Interval: billing.Monthly, Count: 37}}, billing.ErrRecurrence},
		{"packages of nothing", billing.Price{Transform: &billing.Transform{Round: billing.RoundUp}}, billing.ErrPrice},
		{"packages that are not rounded", billing.Price{Transform: &billing.Transform{DivideBy: 5}}, billing.ErrPrice},
		{"packages with tiers", billing.Price{Transform: &billing.Transform{DivideBy: 5, Round: billing.RoundUp}, Tiers: []billing.Tier{{Unit: one}}, TiersMode: billing.Volume}, billing.ErrPrice},
		{"tiers without a mode", billing.Price{Tiers: []billing.Tier{{Unit: one}}}, billing.ErrPrice},
		{"tiers that fall", billing.Price{Tiers: []billing.Tier{{UpTo: 10, Unit: one}, {UpTo: 5, Unit: one}, {Unit: one}}, TiersMode: billing.Volume}, billing.ErrPrice},
		{"inf in the middle", billing.Price{Tiers: []billing.Tier{{Unit: one}, {Unit: one}}, TiersMode: billing.Volume}, billing.ErrPrice},
		{"no inf at the end", billing.Price{Tiers: []billing.Tier{{UpTo: 10, Unit: one}}, TiersMode: billing.Graduated}, billing.ErrPrice},
		{"too much money", billing.Price{UnitAmount: billing.Whole(math.MaxInt64)}, billing.ErrAmount},
	} {
		if _, err := tt.price.Amount(billing.Whole(2)); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestCurrencyOptions(t *testing.T) {
	t.Parallel()
	p := price(t, "Pro", "1000", monthly)
	p.Options = map[billing.Currency]billing.CurrencyOption{"eur": {UnitAmount: billing.Whole(900)}}
	for currency, want := range map[billing.Currency]billing.Amount{"usd": 1000, "eur": 900} {
		q, err := p.In(currency)
		if err != nil {
			t.Fatal(err)
		}
		got, err := q.Amount(billing.Whole(1))
		if err != nil {
			t.Fatal(err)
		}
		same(t, string(currency), got, want)
		same(t, string(currency), q.Currency, currency)
	}
	if _, err := p.In("jpy"); !errors.Is(err, billing.ErrCurrency) {
		t.Errorf("yen: %v", err)
	}
}

// 12 decimals: 3 at 0.333333333333 are 0.999999999999, 1; 2500000 at 0.0000002 are
// 0.5, which goes up; 1.5 units at 1001 are 1501.5, 1502.
func TestFractionsOfMinorUnits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		unit, quantity string
		want           billing.Amount
	}{
		{"0.333333333333", "3", 1}, {"0.0000002", "2500000", 1}, {"0.0000002", "2499999", 0}, {"1001", "1.5", 1502}, {"0.000000000001", "1", 0},
	} {
		p := billing.Price{UnitAmount: dec(t, tt.unit)}
		got, err := p.Amount(dec(t, tt.quantity))
		if err != nil {
			t.Fatal(err)
		}
		if got != tt.want {
			t.Errorf("%s at %s: %d, want %d", tt.quantity, tt.unit, got, tt.want)
		}
	}
}

func TestFormatUnit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		amount, currency, want string
	}{
		{"2000", "usd", "$20.00"}, {"3.6", "usd", "$0.036"}, {"0", "usd", "$0.00"}, {"123456789", "usd", "$1,234,567.89"},
		{"0.000000000001", "usd", "$0.00000000000001"}, {"-5", "usd", "-$0.05"}, {"5000", "jpy", "¥5,000"}, {"0.5", "jpy", "¥0.5"},
		{"1990", "kwd", "KWD 1.990"}, {"1990", "brl", "R$ 19.90"}, {"100", "try", "TRY 1.00"},
	} {
		same(t, tt.amount+" "+tt.currency, billing.FormatUnit(dec(t, tt.amount), billing.Currency(tt.currency)), tt.want)
	}
}

func TestMinimumCharges(t *testing.T) {
	t.Parallel()
	for currency, want := range map[billing.Currency]billing.Amount{"usd": 50, "gbp": 30, "huf": 17500, "try": 1} {
		same(t, string(currency), currency.MinimumCharge(), want)
	}
}

func TestAggregation(t *testing.T) {
	t.Parallel()
	p := billing.Period{Start: 100, End: 200}
	events := []billing.Usage{
		{Identifier: "a", At: 150, Value: dec(t, "2.5")},
		{Identifier: "b", At: 100, Value: billing.Whole(3)},
		{Identifier: "a", At: 160, Value: billing.Whole(1000)}, // the same event again
		{At: 199, Value: billing.Whole(4), Cancelled: true},
		{At: 200, Value: billing.Whole(7)}, // the next period
		{At: 99, Value: billing.Whole(9)},  // the last one
		{At: 120, Value: billing.Whole(5)},
		{At: 150, Value: billing.Whole(1)}, // later in the list, so the last
	}
	for formula, want := range map[billing.Formula]string{billing.Sum: "11.5", billing.Count: "4", billing.Last: "1"} {
		got, err := billing.Aggregate(formula, events, p)
		if err != nil {
			t.Fatal(err)
		}
		same(t, string(formula), got.String(), want)
		if got, err = billing.Aggregate(formula, nil, p); err != nil || got.Sign() != 0 {
			t.Errorf("%s of nothing: %s, %v", formula, got, err)
		}
	}
	if _, err := billing.Aggregate("max", events, p); !errors.Is(err, billing.ErrFormula) {
		t.Errorf("max: %v", err)
	}
	if _, err := billing.Aggregate(billing.Sum, []billing.Usage{{At: 150, Value: billing.Whole(math.MaxInt64)}, {At: 150, Value: billing.Whole(1)}}, p); !errors.Is(err, billing.ErrDecimal) {
		t.Errorf("overflow: %v", err)
	}
}

// drawTiers draws a tiered price whose tiers get no cheaper to write down: any
// order of units and flats.
func drawTiers(t *rapid.T) billing.Price {
	p := billing.Price{Currency: "usd", TiersMode: rapid.SampledFrom([]billing.TiersMode{billing.Graduated, billing.Volume}).Draw(t, "mode")}
	upTo := int64(0)
	for range rapid.IntRange(0, 4).Draw(t, "tiers") {
		upTo += rapid.Int64Range(1, 50).Draw(t, "width")
		p.Tiers = append(p.Tiers, drawTier(t, upTo))
	}
	p.Tiers = append(p.Tiers, drawTier(t, 0))
	return p
}

func drawTier(t *rapid.T, upTo int64) billing.Tier {
	tier := billing.Tier{UpTo: upTo}
	if rapid.Bool().Draw(t, "unit") {
		tier.Unit = ptr(billing.Whole(rapid.Int64Range(0, 5000).Draw(t, "unit amount")))
	}
	if rapid.Bool().Draw(t, "flat") {
		tier.Flat = ptr(billing.Whole(rapid.Int64Range(0, 5000).Draw(t, "flat amount")))
	}
	return tier
}

// Tiers cost what counting unit by unit costs.
func TestTiersCostWhatTheirUnitsCost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawTiers(t)
		quantity := rapid.Int64Range(0, 250).Draw(t, "quantity")
		got, err := p.Amount(billing.Whole(quantity))
		if err != nil {
			t.Fatalf("%v", err)
		}
		value := func(d *billing.Decimal) billing.Amount {
			if d == nil {
				return 0
			}
			return billing.Amount(d.Truncate())
		}
		tierOf := func(unit int64) int {
			for n, tier := range p.Tiers {
				if tier.UpTo == 0 || unit <= tier.UpTo {
					return n
				}
			}
			return -1
		}
		reached := tierOf(quantity)
		var want billing.Amount
		for unit := int64(1); unit <= quantity; unit++ {
			n := tierOf(unit)
			if p.TiersMode == billing.Volume {
				n = reached
			}
			want += value(p.Tiers[n].Unit)
		}
		for n := 0; n <= reached; n++ {
			if p.TiersMode == billing.Graduated || n == reached {
				want += value(p.Tiers[n].Flat)
			}
		}
		if got != want {
			t.Fatalf("%d units of %+v: %d, want %d", quantity, p, got, want)
		}
		parts, err := p.Parts(billing.Whole(quantity))
		if err != nil {
			t.Fatalf("%v", err)
		}
		var units int64
		for _, part := range parts {
			units += part.Quantity.Truncate()
		}
		if units != quantity {
			t.Fatalf("the lines show %d of %d units", units, quantity)
		}
	})
}
