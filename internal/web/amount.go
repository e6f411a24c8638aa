package web

import (
	"math"
	"strconv"
	"strings"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/text"
)

// plainAmount writes an amount as a person would type it: the language's
// decimal sign, no grouping, no currency.
func plainAmount(lang text.Lang, amount int64, c vezne.Currency) string {
	s := vezne.Money{Amount: amount, Currency: c}.Decimal()
	if whole, rest, ok := strings.Cut(s, "."); ok && c.DisplayDecimals() == 0 && strings.Trim(rest, "0") == "" {
		s = whole
	}
	if lang == text.Turkish {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

// parseAmount reads what a person typed, "1.234,56" or "1,234.56", as an amount
// in the minor unit. The last sign is the decimal one when as many digits
// follow as the currency has, or fewer; with three decimals, where that does
// not tell it from grouping, the language decides. Anything doubtful is
// refused, such as 1,234 in Turkish lira for a Turkish reader; false then.
func parseAmount(lang text.Lang, s string, c vezne.Currency) (int64, bool) {
	s = strings.TrimSpace(s)
	whole, fraction, grouping := s, "", groupingSign(lang)
	if i := strings.LastIndexAny(s, ".,"); i >= 0 && isDecimal(lang, s, i, c.Decimals()) {
		whole, fraction = s[:i], s[i+1:]
		grouping = strings.Replace(".,", s[i:i+1], "", 1)
	}
	digits, ok := ungroup(whole, grouping)
	if !ok || !allDigits(fraction) || len(fraction) > c.Decimals() {
		return 0, false
	}
	fraction += strings.Repeat("0", c.Decimals()-len(fraction))
	n, err := strconv.ParseInt(digits+fraction, 10, 64)
	return n, err == nil && n < math.MaxInt64
}

// isDecimal reports whether the sign at i is the decimal one.
func isDecimal(lang text.Lang, s string, i, decimals int) bool {
	after := len(s) - i - 1
	if decimals == 0 || after == 0 || after > decimals {
		return false
	}
	if after < 3 {
		return true
	}
	return s[i:i+1] != groupingSign(lang)
}

func groupingSign(lang text.Lang) string {
	if lang == text.Turkish {
		return "."
	}
	return ","
}

// ungroup removes grouping signs, which have three digits after each.
func ungroup(s, sign string) (string, bool) {
	if allDigits(s) {
		return s, s != ""
	}
	parts := strings.Split(s, sign)
	for i, p := range parts {
		if !allDigits(p) || (i > 0 && len(p) != 3) || (i == 0 && (p == "" || len(p) > 3)) {
			return "", false
		}
	}
	return strings.Join(parts, ""), true
}

func allDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }
