package web

import (
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/text"
)

func TestAmountsAsPeopleTypeThem(t *testing.T) {
	t.Parallel()
	const refused = -1
	for _, tt := range []struct {
		lang     text.Lang
		typed    string
		currency vezne.Currency
		want     int64
	}{
		{text.Turkish, "30", "try", 3000},
		{text.Turkish, "30,00", "try", 3000},
		{text.Turkish, "30.00", "try", 3000},
		{text.Turkish, "30,5", "try", 3050},
		{text.Turkish, " 1.234,56 ", "try", 123456},
		{text.English, "1,234.56", "usd", 123456},
		{text.English, "1.234,56", "usd", 123456},
		{text.English, "1,234", "usd", 123400},
		{text.Turkish, "1.234", "try", 123400},
		{text.Turkish, "1,234", "try", refused},
		{text.English, "1.234", "usd", refused},
		{text.Turkish, "1,234.56", "try", 123456},
		{text.English, "1,234,567", "usd", 123456700},
		{text.English, "1,234.5678", "usd", refused},
		{text.English, "12,34,56", "usd", refused},
		{text.English, "1.234.56", "usd", refused},
		{text.English, ".50", "usd", refused},
		{text.English, "50.", "usd", refused},
		{text.English, "", "usd", refused},
		{text.English, "-5", "usd", refused},
		{text.English, "5e3", "usd", refused},
		{text.English, "₺5", "try", refused},
		{text.English, "99999999999999999999", "usd", refused},
		{text.English, "1999", "jpy", 1999},
		{text.English, "1,999", "jpy", 1999},
		{text.English, "19.99", "jpy", refused},
		{text.English, "1.990", "kwd", 1990},
		{text.Turkish, "1,990", "kwd", 1990},
		{text.Turkish, "1.990", "kwd", 1990000},
		{text.English, "5", "isk", 500},
	} {
		got, ok := parseAmount(tt.lang, tt.typed, tt.currency)
		if !ok {
			got = refused
		}
		if got != tt.want {
			t.Errorf("%s %q in %s is %d, want %d", tt.lang, tt.typed, tt.currency, got, tt.want)
		}
	}
}

func TestAmountsAreWrittenAsTheyAreRead(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Langs() {
		for _, c := range vezne.Currencies() {
			for _, amount := range []int64{10, 100, 123450, 99_999_900} {
				typed := plainAmount(lang, amount, c)
				if got, ok := parseAmount(lang, typed, c); !ok || got != amount {
					if c.DisplayDecimals() == 0 && c.Decimals() == 2 && amount%100 != 0 {
						continue // never an amount of this currency
					}
					t.Errorf("%s: %d %s is written %q and read as %d, %v", lang, amount, c, typed, got, ok)
				}
			}
		}
	}
}
