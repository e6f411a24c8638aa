package sandbox

import (
	"regexp"
	"strings"
)

var (
	// digitRuns are what could be a card number: 12 to 19 digits, perhaps in groups.
	digitRuns = regexp.MustCompile(`\d(?:[ -]?\d){11,18}`)
	// secretWords are keys, signing secrets and client secrets. What stands before the secret part stays readable.
	secretWords = regexp.MustCompile(`\b((?:sk|rk)_(?:test|live)_|whsec_|[a-z]+_[A-Za-z0-9]+_secret_)[A-Za-z0-9]+`)
)

// mask takes card numbers and secrets out of a text that is kept or shown: of a card number the last four digits stay.
func mask(text string) string {
	digits := 0
	for i := range len(text) {
		if c := text[i]; '0' <= c && c <= '9' {
			digits++
		}
	}
	if digits >= 12 { // most texts have no such run, and expressions are slow
		text = digitRuns.ReplaceAllStringFunc(text, func(run string) string {
			if !isLuhn(run) {
				return run
			}
			return maskNumber(run)
		})
	}
	if strings.Contains(text, "k_test_") || strings.Contains(text, "k_live_") || strings.Contains(text, "whsec_") || strings.Contains(text, "_secret_") {
		text = secretWords.ReplaceAllString(text, "${1}…")
	}
	return text
}

// maskNumber leaves the last four digits of a number.
func maskNumber(number string) string {
	if len(number) <= 4 {
		return "****"
	}
	return strings.Repeat("*", len(number)-4) + number[len(number)-4:]
}

// isLuhn says whether the digits of a text end with their own check digit, as card numbers do.
func isLuhn(text string) bool {
	sum, double := 0, false
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] < '0' || text[i] > '9' {
			continue
		}
		d := int(text[i] - '0')
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum, double = sum+d, !double
	}
	return sum%10 == 0
}

// maskedKeys are parameters that are masked whatever they hold.
var maskedKeys = map[string]func(string) string{
	"number":         maskNumber,
	"account_number": maskNumber,
	"iban":           maskNumber,
	"cvc":            func(string) string { return "***" },
	"client_secret":  func(string) string { return "…" },
}

// array is the members of an array, or of a branch whose names are all numbers: an array that nothing has checked. It is
// nil for anything else.
func (n *paramNode) array() []*paramNode {
	if n.list != nil || len(n.hash) == 0 {
		return n.list
	}
	list, ok := n.elements()
	if !ok {
		return nil
	}
	return list
}
