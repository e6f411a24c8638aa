// Package redact masks card numbers in text: what people paste into names and
// notes before it is stored, and what is left in log lines before they are
// written. A card number is a run of digits with an issuer's prefix, that
// brand's length and a valid Luhn sum (ISO/IEC 7812-1).
package redact

import (
	"bytes"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// longest is how many digits the longest card number has.
const longest = 19

// shortest is how many digits the shortest has.
const shortest = 13

// Mask stands where a card number was.
const Mask = "[card number]"

// Text returns s with every card number masked. Digits may be parted by single
// blanks, dots or dashes, as people write them.
func Text(s string) string {
	if !mayHold(s) {
		return s
	}
	return string(mask([]byte(s)))
}

func mayHold(s string) bool {
	digits := 0
	for i := range len(s) {
		if isDigit(s[i]) {
			digits++
			if digits >= shortest {
				return true
			}
		}
	}
	return false
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// mask finds runs of digits and looks for the longest card number that starts
// at each digit, so that a number hidden in a longer run is found as well.
func mask(b []byte) []byte {
	var out []byte
	copied := 0
	for i := 0; i < len(b); {
		if !isDigit(b[i]) {
			i++
			continue
		}
		end := cardEnd(b[i:])
		if end == 0 {
			i++
			continue
		}
		out = append(out, b[copied:i]...)
		out = append(out, Mask...)
		i += end
		copied = i
	}
	if copied == 0 {
		return b
	}
	return append(out, b[copied:]...)
}

// cardEnd returns how many bytes the card number at the start of b takes, 0
// when there is none.
func cardEnd(b []byte) int {
	var digits [longest]byte
	var ends [longest]int
	n := 0
	for i := 0; i < len(b) && n < longest; {
		if isDigit(b[i]) {
			digits[n], ends[n] = b[i]-'0', i+1
			n++
			i++
			continue
		}
		skip := separator(b[i:])
		if skip == 0 || i+skip >= len(b) || !isDigit(b[i+skip]) {
			break
		}
		i += skip
	}
	for length := n; length >= shortest; length-- {
		if isCard(digits[:length]) {
			return ends[length-1]
		}
	}
	return 0
}

// separator returns the length of what may stand between two digits of a card
// number: one blank, no-break blank, dot, dash, or the + of a form.
func separator(b []byte) int {
	switch b[0] {
	case ' ', '-', '.', '+', '\t':
		return 1
	}
	for _, s := range separators {
		if bytes.HasPrefix(b, s) {
			return len(s)
		}
	}
	return 0
}

// separators are the blanks and dashes that take more than one byte, and the
// blank of a URL.
var separators = [][]byte{[]byte("\u00a0"), []byte("\u2009"), []byte("\u202f"), []byte("\u2011"), []byte("\u2013"), []byte("%20")}

// issuers are the prefixes and lengths of the brands that Stripe takes.
// Source: docs.stripe.com/testing (numbers) and the published issuer ranges.
var issuers = []struct {
	low, high string
	lengths   []int
}{
	{"4", "4", []int{13, 16, 19}},                   // Visa
	{"51", "55", []int{16}},                         // Mastercard
	{"2221", "2720", []int{16}},                     // Mastercard
	{"34", "34", []int{15}},                         // American Express
	{"37", "37", []int{15}},                         // American Express
	{"6011", "6011", []int{16, 19}},                 // Discover
	{"644", "649", []int{16, 19}},                   // Discover
	{"65", "65", []int{16, 19}},                     // Discover, BCcard, DinaCard, Troy
	{"9792", "9792", []int{16}},                     // Troy
	{"300", "305", []int{14, 16, 19}},               // Diners Club
	{"36", "36", []int{14, 16, 19}},                 // Diners Club
	{"38", "39", []int{14, 16, 19}},                 // Diners Club
	{"3528", "3589", []int{16, 17, 18, 19}},         // JCB
	{"62", "62", []int{16, 17, 18, 19}},             // UnionPay
	{"81", "81", []int{16, 17, 18, 19}},             // UnionPay
	{"50", "50", []int{13, 14, 15, 16, 17, 18, 19}}, // Maestro
	{"56", "58", []int{13, 14, 15, 16, 17, 18, 19}}, // Maestro
	{"6304", "6304", []int{13, 14, 15, 16, 17, 18, 19}},
	{"67", "67", []int{13, 14, 15, 16, 17, 18, 19}}, // Maestro
}

func isCard(digits []byte) bool {
	if !luhn(digits) {
		return false
	}
	for _, is := range issuers {
		if !slices.Contains(is.lengths, len(digits)) {
			continue
		}
		prefix := make([]byte, len(is.low))
		for i := range prefix {
			prefix[i] = digits[i] + '0'
		}
		if p := string(prefix); is.low <= p && p <= is.high {
			return true
		}
	}
	return false
}

func luhn(digits []byte) bool {
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i])
		if i%2 == 1 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// secretPrefixes begin Stripe's keys and signing secrets and our tokens.
var secretPrefixes = []string{"sk_live_", "sk_test_", "sk_org_", "rk_live_", "rk_test_", "whsec_", "vz_", "_secret_"}

// secretMask stands where a key was; its prefix is kept to say what it was.
const secretMask = "[secret]"

// Secrets returns s with everything that looks like a key, a signing secret, a
// client secret or a token of ours cut after its prefix.
func Secrets(s string) string {
	for _, p := range secretPrefixes {
		from := 0
		for {
			at := strings.Index(s[from:], p)
			if at < 0 {
				break
			}
			start := from + at + len(p)
			end := start
			for end < len(s) && isKeyByte(s[end]) {
				end++
			}
			if end-start >= 8 {
				s = s[:start] + secretMask + s[end:]
				end = start + len(secretMask)
			}
			from = end
		}
	}
	return s
}

func isKeyByte(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '/' || c == '+' || c == '='
}

// Writer masks card numbers and secrets in everything that is written to it, a
// whole line or record at a time: it is the last thing before a log's file.
func Writer(w io.Writer) io.Writer { return writer{w} }

type writer struct{ w io.Writer }

// Write masks p and passes it on; it reports len(p) when all was written.
func (w writer) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.w, Secrets(Text(string(p)))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// hidden are keys of log attributes whose values are never written.
var hidden = map[string]bool{"client_secret": true, "authorization": true, "api_key": true, "secret": true, "token": true,
	"number": true, "cvc": true, "password": true, "stripe-signature": true, "cookie": true}

// Attr is a slog ReplaceAttr: it hides the values of keys that name secrets.
// Writer catches what stands in other values.
func Attr(_ []string, a slog.Attr) slog.Attr {
	if hidden[strings.ToLower(a.Key)] && a.Value.Kind() == slog.KindString && a.Value.String() != "" {
		return slog.String(a.Key, secretMask)
	}
	return a
}

// Logger returns a logger of JSON lines that can print neither a card number
// nor a key.
func Logger(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(slog.NewJSONHandler(Writer(w), &slog.HandlerOptions{Level: level, ReplaceAttr: Attr}))
}
