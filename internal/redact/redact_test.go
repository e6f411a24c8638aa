package redact_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/vezne/vezne/internal/redact"
)

func TestTextMasksCardNumbers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"a plain number", "4242424242424242", "[card number]"},
		{"in a sentence, with blanks", "my card is 4242 4242 4242 4242, thanks", "my card is [card number], thanks"},
		{"with dashes", "5555-5555-5555-4444", "[card number]"},
		{"American Express in its own groups", "3782 822463 10005", "[card number]"},
		{"no-break blanks", "4242\u00a04242\u00a04242\u00a04242", "[card number]"},
		{"glued to letters", "pan4242424242424242x", "pan[card number]x"},
		{"inside a longer run of digits", "99424242424242424200", "99[card number]00"},
		{"19 digits of UnionPay", "6205500000000000004", "[card number]"},
		{"14 digits of Diners Club", "36227206271667", "[card number]"},
		{"two numbers", "4242424242424242 5555555555554444", "[card number] [card number]"},
		{"in a form body", "card%5Bnumber%5D=4242+4242+4242+4242&cvc=123", "card%5Bnumber%5D=[card number]&cvc=123"},
		{"wrong check digit", "4242424242424241", "4242424242424241"},
		{"an issuer that does not exist", "1000000000000008", "1000000000000008"},
		{"a timestamp in microseconds", "1764000000000000", "1764000000000000"},
		{"a phone number", "+90 532 000 00 00", "+90 532 000 00 00"},
		{"a name", "Çağrı Öğüş", "Çağrı Öğüş"},
		{"nothing", "", ""},
	} {
		if got := redact.Text(tt.in); got != tt.want {
			t.Errorf("%s: Text(%q) = %q, want %q", tt.name, tt.in, got, tt.want)
		}
	}
}

func TestNoPublishedTestNumberSurvivesAnyWrapping(t *testing.T) {
	t.Parallel()
	numbers := []string{"4242424242424242", "4000056655665556", "5555555555554444", "2223003122003222", "378282246310005",
		"6011111111111117", "3056930009020004", "3566002020360505", "6200000000000005", "4000002760003184"}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom(numbers).Draw(t, "number")
		sep := rapid.SampledFrom([]string{"", " ", "-", "."}).Draw(t, "separator")
		parts := []string{n[:4], n[4:8], n[8:12], n[12:]}
		text := rapid.StringMatching(`[a-zA-ZçğıİöşüÇĞÖŞÜ ,:"{}]{0,12}`).Draw(t, "before") + strings.Join(parts, sep) +
			rapid.StringMatching(`[a-zA-Zçğı ,:"{}]{0,12}`).Draw(t, "after")
		got := redact.Text(text)
		if strings.Contains(strings.NewReplacer(" ", "", "-", "", ".", "").Replace(got), n) {
			t.Fatalf("%q still holds the number: %q", text, got)
		}
	})
}

func TestLoggerPrintsNeitherCardsNorKeys(t *testing.T) {
	t.Parallel()
	type payment struct {
		Note string
		N    int64
	}
	key := "sk_test_" + strings.Repeat("a1B2", 6)
	whsec := "whsec_" + strings.Repeat("x9Y8", 6)
	var b bytes.Buffer
	log := redact.Logger(&b, slog.LevelDebug)
	log.Info("card 4242424242424242", "struct", payment{"4000 0000 0000 0002", 5555555555554444}, "err", errors.New("key "+key),
		"client_secret", "pi_1_secret_abcdefghijkl", "Authorization", "Bearer "+key, "note", whsec, "intent", "pi_3_secret_AbCdEfGhIjKl")
	for _, secret := range []string{"4242424242424242", "4000 0000 0000 0002", "5555555555554444", key, whsec, "abcdefghijkl", "AbCdEfGhIjKl"} {
		if strings.Contains(b.String(), secret) {
			t.Errorf("the log holds %q: %s", secret, b.String())
		}
	}
	if !strings.Contains(b.String(), "sk_test_[secret]") {
		t.Errorf("the kind of key should stay readable: %s", b.String())
	}
}

func BenchmarkWriter(b *testing.B) {
	line := []byte(`{"time":"2026-11-23T08:00:00Z","level":"INFO","msg":"request","method":"POST","path":"/v1/orders","status":201,"duration_us":1234,"order":"ord_06a1b2c3d4e5f6g7h8j9k0mnpq"}` + "\n")
	w := redact.Writer(&bytes.Buffer{})
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if _, err := w.Write(line); err != nil {
			b.Fatal(err)
		}
	}
}
