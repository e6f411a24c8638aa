package redact_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/redact"
)

func TestALoggerOfSomebodyElsesSaysNothingSecret(t *testing.T) {
	t.Parallel()
	const number, key = "4242 4242 4242 4242", "sk_test_51AbCdEfGh"
	type card struct{ Number string }
	var out bytes.Buffer
	log := slog.New(redact.Handler(slog.NewJSONHandler(&out, nil))).With("always", key).WithGroup("shop").With("held", number)
	log.Error("paid with "+number, "note", key, "err", errors.New("refused: "+number), "card", card{number}, "digits", int64(4242424242424242),
		slog.Group("in", "deep", number, "client_secret", "pi_1_secret_abcdefgh"), "order", "ord_1", "amount", int64(1999), "paid", true)
	text := out.String()
	for _, hidden := range []string{"4242 4242", "42424242", "51AbCdEfGh", "abcdefgh"} {
		if strings.Contains(text, hidden) {
			t.Errorf("%q is in %s", hidden, text)
		}
	}
	for _, kept := range []string{`"order":"ord_1"`, `"amount":1999`, `"paid":true`, `"shop":{`, `"in":{`} {
		if !strings.Contains(text, kept) {
			t.Errorf("%s is not in %s", kept, text)
		}
	}
}
