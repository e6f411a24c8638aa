package engine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
)

func TestKeysAreRefusedWithASentenceThatSaysWhatToDo(t *testing.T) {
	t.Parallel()
	const body = "51AbCdEfGh"
	sk, rk, pk, wh := "sk_test_"+body, "rk_test_"+body, "pk_test_"+body, "whsec_"+body
	live := func(kind string) string { return kind + "_" + "live" + "_" + body }
	for _, tt := range []struct {
		name            string
		secret, publish string
		webhook         []string
		want            string
	}{
		{"good keys", sk, pk, []string{wh}, ""},
		{"a restricted key", rk, pk, []string{wh}, ""},
		{"two signing secrets", sk, pk, []string{wh, wh + "2"}, ""},
		{"live keys together", live("sk"), live("pk"), []string{wh}, ""},
		{"no secret key", "", pk, []string{wh}, "STRIPE_SECRET_KEY is missing"},
		{"a publishable key as the secret one", pk, pk, []string{wh}, "holds a publishable key"},
		{"a signing secret as the secret key", wh, pk, []string{wh}, "signing secret"},
		{"something else", "hello", pk, []string{wh}, "not a Stripe key"},
		{"a secret key as the publishable one", sk, sk, []string{wh}, "every visitor could read it"},
		{"a restricted key as the publishable one", sk, rk, []string{wh}, "every visitor could read it"},
		{"no publishable key", sk, "", []string{wh}, "STRIPE_PUBLISHABLE_KEY is missing"},
		{"test beside live", sk, live("pk"), []string{wh}, "test key and STRIPE_PUBLISHABLE_KEY a live key"},
		{"live beside test", live("sk"), pk, []string{wh}, "live key and STRIPE_PUBLISHABLE_KEY a test key"},
		{"a trailing line break", sk + "\n", pk, []string{wh}, "line break"},
		{"a leading blank", " " + sk, pk, []string{wh}, "blank"},
		{"a blank in the publishable key", sk, pk + " ", []string{wh}, "blank"},
		{"quotes", `"` + sk + `"`, pk, []string{wh}, "character that no key has"},
		{"an invisible character", sk + "\u200b", pk, []string{wh}, "character that no key has"},
		{"no signing secret", sk, pk, nil, "STRIPE_WEBHOOK_SECRET is missing"},
		{"an API key as the signing secret", sk, pk, []string{sk}, "not a signing secret"},
		{"a line break in the second signing secret", sk, pk, []string{wh, wh + "\n"}, "(number 2) holds a line break"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			keys := engine.Keys{Secret: vezne.NewSecret(tt.secret), Publishable: tt.publish}
			for _, w := range tt.webhook {
				keys.Webhook = append(keys.Webhook, vezne.NewSecret(w))
			}
			err := keys.Check()
			if tt.want == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			e, ok := errors.AsType[*vezne.Error](err)
			if !ok || e.Code != vezne.CodeConfigInvalid {
				t.Fatalf("error = %v, want %s", err, vezne.CodeConfigInvalid)
			}
			if !strings.Contains(e.Message, tt.want) || e.Hint == "" {
				t.Errorf("message %q, hint %q; want %q in the message and a hint", e.Message, e.Hint, tt.want)
			}
			if strings.Contains(e.Message+e.Hint+e.Error(), body) {
				t.Errorf("the error repeats a key: %v", e)
			}
		})
	}
}
