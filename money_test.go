package vezne_test

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/vezne/vezne"
)

func TestCheckCharge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		m    vezne.Money
		want vezne.Code
	}{
		{"the smallest dollar charge", vezne.Money{Amount: 50, Currency: "usd"}, ""},
		{"one cent below it", vezne.Money{Amount: 49, Currency: "usd"}, vezne.CodeAmountTooSmall},
		{"zero", vezne.Money{Amount: 0, Currency: "usd"}, vezne.CodeAmountInvalid},
		{"negative", vezne.Money{Amount: -1999, Currency: "usd"}, vezne.CodeAmountInvalid},
		{"eight digits", vezne.Money{Amount: 99_999_999, Currency: "eur"}, ""},
		{"nine digits", vezne.Money{Amount: 100_000_000, Currency: "eur"}, vezne.CodeAmountTooLarge},
		{"nine digits of rupees", vezne.Money{Amount: 999_999_999, Currency: "inr"}, ""},
		{"twelve digits of rupiahs", vezne.Money{Amount: 999_999_999_999, Currency: "idr"}, ""},
		{"yen have no minor unit", vezne.Money{Amount: 50, Currency: "jpy"}, ""},
		{"49 yen are too few", vezne.Money{Amount: 49, Currency: "jpy"}, vezne.CodeAmountTooSmall},
		{"dinars end in zero", vezne.Money{Amount: 1990, Currency: "kwd"}, ""},
		{"dinars that do not", vezne.Money{Amount: 1995, Currency: "kwd"}, vezne.CodeAmountInvalid},
		{"crowns of Iceland come with 00", vezne.Money{Amount: 50000, Currency: "isk"}, ""},
		{"and not with anything else", vezne.Money{Amount: 50050, Currency: "isk"}, vezne.CodeAmountInvalid},
		{"lira", vezne.Money{Amount: 1, Currency: "try"}, ""},
		{"an unknown currency", vezne.Money{Amount: 1000, Currency: "xyz"}, vezne.CodeCurrencyUnknown},
		{"capital letters", vezne.Money{Amount: 1000, Currency: "USD"}, vezne.CodeCurrencyUnknown},
		{"no currency", vezne.Money{Amount: 1000}, vezne.CodeCurrencyUnknown},
	} {
		if got := vezne.CodeOf(tt.m.CheckCharge()); got != tt.want {
			t.Errorf("%s: %v: code %q, want %q", tt.name, tt.m, got, tt.want)
		}
	}
}

func TestDecimalWritesTheExactAmount(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		m    vezne.Money
		want string
	}{
		{vezne.Money{Amount: 1999, Currency: "usd"}, "19.99"},
		{vezne.Money{Amount: 5, Currency: "usd"}, "0.05"},
		{vezne.Money{Amount: -5, Currency: "usd"}, "-0.05"},
		{vezne.Money{Amount: 1999, Currency: "jpy"}, "1999"},
		{vezne.Money{Amount: 1990, Currency: "kwd"}, "1.990"},
		{vezne.Money{Amount: 0, Currency: "kwd"}, "0.000"},
		{vezne.Money{Amount: math.MinInt64, Currency: "usd"}, "-92233720368547758.08"},
	} {
		if got := tt.m.Decimal(); got != tt.want {
			t.Errorf("%d %s: %q, want %q", tt.m.Amount, tt.m.Currency, got, tt.want)
		}
	}
}

func TestDecimalIsTheAmountDividedByThePowerOfTen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := vezne.Money{Amount: rapid.Int64().Draw(t, "amount"), Currency: rapid.SampledFrom(vezne.Currencies()).Draw(t, "currency")}
		got, ok := new(big.Rat).SetString(m.Decimal())
		if !ok {
			t.Fatalf("%q is no number", m.Decimal())
		}
		want := big.NewRat(m.Amount, int64(math.Pow10(m.Currency.Decimals())))
		if got.Cmp(want) != 0 {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

func FuzzTimesAndPlusNeverWrap(f *testing.F) {
	f.Add(int64(1999), int64(3))
	f.Add(int64(math.MinInt64), int64(-1))
	f.Add(int64(math.MaxInt64), int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, a, b int64) {
		check := func(name string, got int64, ok bool, want *big.Int) {
			if ok != want.IsInt64() {
				t.Errorf("%s(%d, %d): fits = %v, want %v", name, a, b, ok, want.IsInt64())
			}
			if ok && want.Int64() != got {
				t.Errorf("%s(%d, %d) = %d, want %v", name, a, b, got, want)
			}
		}
		product, ok := vezne.Times(a, b)
		check("Times", product, ok, new(big.Int).Mul(big.NewInt(a), big.NewInt(b)))
		sum, ok := vezne.Plus(a, b)
		check("Plus", sum, ok, new(big.Int).Add(big.NewInt(a), big.NewInt(b)))
	})
}

func ExampleMoney_CheckCharge() {
	fmt.Println(vezne.Money{Amount: 1999, Currency: "usd"}.CheckCharge())
	fmt.Println(vezne.Money{Amount: 49, Currency: "usd"}.CheckCharge())
	// Output:
	// <nil>
	// vezne.Money.CheckCharge: The amount must be at least 0.50 usd.
}
