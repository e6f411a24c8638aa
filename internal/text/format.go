package text

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/en"
	"github.com/go-playground/locales/tr"

	"github.com/vezne/vezne"
)

var translators = map[Lang]locales.Translator{English: en.New(), Turkish: tr.New()}

func translator(lang Lang) locales.Translator {
	if t, ok := translators[lang]; ok {
		return t
	}
	return translators[English]
}

// symbols are the signs that readers of both languages know; other currencies
// are written by their code.
var symbols = map[vezne.Currency]string{"try": "₺", "usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}

// exact is the largest magnitude that a float64 holds without rounding.
const exact = 1 << 53

// Money returns an amount as people read it: "₺1.234,56" in Turkish,
// "₺1,234.56" in English, "KWD 1.990" for a currency without a common sign.
func Money(lang Lang, m vezne.Money) string {
	d := m.Currency.Decimals()
	number := ""
	if m.Amount > -exact && m.Amount < exact {
		shown := m.Currency.DisplayDecimals()
		number = translator(lang).FmtNumber(math.Abs(float64(m.Amount))/math.Pow10(d), uint64(shown))
	} else {
		number = strings.TrimPrefix(m.Decimal(), "-")
	}
	sign := symbols[m.Currency]
	if sign == "" {
		sign = asciiUpper(string(m.Currency)) + "\u00a0"
	}
	if m.Amount < 0 {
		return "−" + sign + number
	}
	return sign + number
}

func asciiUpper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - ('a' - 'A')
		}
	}
	return string(b)
}

// Date returns a day in UTC: "3 Şubat 2026", "February 3, 2026".
func Date(lang Lang, t time.Time) string { return translator(lang).FmtDateLong(t.UTC()) }

// DateTime returns an instant in UTC to the minute: "03.02.2026 14:05 UTC",
// "2026-02-03 14:05 UTC".
func DateTime(lang Lang, t time.Time) string {
	if lang == Turkish {
		return t.UTC().Format("02.01.2006 15:04") + " UTC"
	}
	return t.UTC().Format("2006-01-02 15:04") + " UTC"
}

// Number returns an integer with the language's grouping: "1.234", "1,234".
func Number(lang Lang, n int64) string {
	if n > -exact && n < exact {
		return translator(lang).FmtNumber(float64(n), 0)
	}
	return strconv.FormatInt(n, 10)
}
