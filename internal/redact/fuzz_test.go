package redact_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/redact"
)

// blanks are what may stand between two digits of a card number.
var blanks = []string{"\u00a0", "\u2009", "\u202f", "\u2011", "\u2013", "%20", " ", "-", ".", "+", "\t"}

// hasCard looks for a Visa, Mastercard or American Express number in the plainest
// way: from every digit on, single separators skipped.
func hasCard(s string) string {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			continue
		}
		digits, rest := "", s[i:]
		for rest != "" && len(digits) < 19 {
			if rest[0] >= '0' && rest[0] <= '9' {
				digits, rest = digits+rest[:1], rest[1:]
				if brand(digits) && sumsUp(digits) {
					return digits
				}
				continue
			}
			skipped := false
			for _, b := range blanks {
				if after, ok := strings.CutPrefix(rest, b); ok && after != "" && after[0] >= '0' && after[0] <= '9' {
					rest, skipped = after, true
					break
				}
			}
			if !skipped {
				break
			}
		}
	}
	return ""
}

func brand(d string) bool {
	switch len(d) {
	case 13, 19:
		return d[0] == '4'
	case 15:
		return strings.HasPrefix(d, "34") || strings.HasPrefix(d, "37")
	case 16:
		return d[0] == '4' || (d[:2] >= "51" && d[:2] <= "55") || (d[:4] >= "2221" && d[:4] <= "2720")
	}
	return false
}

func sumsUp(d string) bool {
	sum := 0
	for i := range len(d) {
		n := int(d[i] - '0')
		if (len(d)-i)%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

func FuzzTextLeavesNoCardNumber(f *testing.F) {
	for _, s := range []string{"4242424242424242", "my card 4242 4242 4242 4242!", "5555-5555.5555+4444", "37828\u00a02246310005", "4242%204242%204242%204242", "99424242424242424200", "42424242424242424242424242",
		"4000\u20130566\u20135566\u20115556", "4242  4242 4242 4242", "１２３４", "424242424242424\x00" + "2", "4222222222222", "+90 532 000 00 00", "2223003122003222", "4242 4242 4242 424 2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := redact.Text(s)
		if card := hasCard(got); card != "" {
			t.Fatalf("%q still holds %s: %q", s, card, got)
		}
		if again := redact.Text(got); again != got {
			t.Fatalf("masked twice %q differs from %q", again, got)
		}
		if hasCard(s) == "" && len(s) < 13 && got != s {
			t.Fatalf("%q was changed to %q for nothing", s, got)
		}
		var b bytes.Buffer
		if n, err := redact.Writer(&b).Write([]byte(s)); err != nil || n != len(s) || hasCard(b.String()) != "" {
			t.Fatalf("wrote %d of %d, %v: %q", n, len(s), err, b.String())
		}
	})
}

func FuzzSecretsLeavesNoKey(f *testing.F) {
	tail := strings.Repeat("aB3", 8)
	for _, p := range []string{"sk_test_", "sk_live_", "rk_live_", "rk_test_", "sk_org_live_", "whsec_", "vz_", "pi_1_secret_", "sk_test_sk_live_", "pk_test_"} {
		f.Add(p + tail)
		f.Add("Bearer " + p + tail + "\" and " + p + "short")
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := redact.Secrets(s)
		for _, p := range []string{"sk_live_", "sk_test_", "sk_org_", "rk_live_", "rk_test_", "whsec_", "vz_", "_secret_"} {
			rest := got
			for {
				_, after, found := strings.Cut(rest, p)
				if !found {
					break
				}
				n := strings.IndexFunc(after+" ", func(r rune) bool {
					return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("_/+=", r)
				})
				if n >= 8 {
					t.Fatalf("%q still holds a key after %s: %q", s, p, got)
				}
				rest = after
			}
		}
		if again := redact.Secrets(got); again != got {
			t.Fatalf("masked twice %q differs from %q", again, got)
		}
	})
}
