package engine

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"github.com/vezne/vezne"
)

// Keys are the credentials of one Stripe account in one mode.
type Keys struct {
	// Secret is a secret key (sk_…) or, better, a restricted key (rk_…).
	Secret vezne.Secret
	// Publishable is the key that pages carry (pk_…).
	Publishable string
	// Webhook are the signing secrets (whsec_…) of the endpoint; two while one
	// is being rolled.
	Webhook []vezne.Secret
}

// Livemode reports whether the keys move real money.
func (k Keys) Livemode() bool { return keyMode(k.Secret.Reveal()) == "live" }

// Check refuses keys that are missing, of the wrong kind, of different modes,
// or were copied with blanks or line breaks. Its errors are of kind
// KindInvalid with CodeConfigInvalid; they name the setting and say what to
// do, and never repeat a key.
func (k Keys) Check() error {
	secret, publishable := k.Secret.Reveal(), k.Publishable
	if err := checkText("STRIPE_SECRET_KEY", secret, "Copy the secret key (sk_test_… or, better, a restricted key rk_test_…) from Stripe's dashboard under Developers, API keys."); err != nil {
		return err
	}
	switch prefix := keyPrefix(secret); prefix {
	case "sk", "rk":
	case "pk":
		return wrong("STRIPE_SECRET_KEY holds a publishable key (pk_…).", "Put the secret key (sk_…) or a restricted key (rk_…) there; the publishable key belongs in STRIPE_PUBLISHABLE_KEY.")
	case "whsec":
		return wrong("STRIPE_SECRET_KEY holds a webhook signing secret (whsec_…).", "Put the secret key (sk_… or rk_…) there; the signing secret belongs in STRIPE_WEBHOOK_SECRET.")
	default:
		return wrong("STRIPE_SECRET_KEY is not a Stripe key.", "It starts with sk_test_, rk_test_, sk_live_ or rk_live_.")
	}
	if err := checkText("STRIPE_PUBLISHABLE_KEY", publishable, "Copy the publishable key (pk_test_…) from Stripe's dashboard under Developers, API keys."); err != nil {
		return err
	}
	switch keyPrefix(publishable) {
	case "pk":
	case "sk", "rk":
		return wrong("STRIPE_PUBLISHABLE_KEY holds a secret key: every visitor could read it.", "Put the publishable key (pk_…) there, and roll the secret key if it was ever in a page.")
	default:
		return wrong("STRIPE_PUBLISHABLE_KEY is not a publishable key.", "It starts with pk_test_ or pk_live_.")
	}
	if keyMode(secret) != keyMode(publishable) {
		return wrong(fmt.Sprintf("STRIPE_SECRET_KEY is a %s key and STRIPE_PUBLISHABLE_KEY a %s key.", keyMode(secret), keyMode(publishable)), "Take both from the same mode of the same account.")
	}
	if len(k.Webhook) == 0 {
		return wrong("STRIPE_WEBHOOK_SECRET is missing: no event could be trusted.", "Add an endpoint for …/webhooks/stripe in Stripe's dashboard under Developers, Webhooks, and copy its signing secret (whsec_…).")
	}
	for i, s := range k.Webhook {
		name := "STRIPE_WEBHOOK_SECRET"
		if len(k.Webhook) > 1 {
			name = fmt.Sprintf("STRIPE_WEBHOOK_SECRET (number %d)", i+1)
		}
		if err := checkText(name, s.Reveal(), "Copy the endpoint's signing secret (whsec_…); several are parted by commas."); err != nil {
			return err
		}
		if keyPrefix(s.Reveal()) != "whsec" {
			return wrong(name+" is not a signing secret.", "It starts with whsec_; API keys do not belong there.")
		}
	}
	return nil
}

func wrong(message, hint string) error {
	return vezne.E(vezne.CodeConfigInvalid, "engine.Keys.Check", message).WithHint(hint)
}

func checkText(name, value, hint string) error {
	if value == "" {
		return wrong(name+" is missing.", hint)
	}
	for _, r := range value {
		switch {
		case r == '\n' || r == '\r':
			return wrong(name+" holds a line break.", "Copy it again without one, or write the file with printf instead of echo.")
		case unicode.IsSpace(r):
			return wrong(name+" holds a blank.", "Copy it again without blanks before, in or after it.")
		case r > unicode.MaxASCII || !unicode.IsPrint(r) || r == '"' || r == '\'':
			return wrong(name+" holds a character that no key has.", "Copy it again without quotes and without invisible characters.")
		}
	}
	return nil
}

// keyPrefix returns what stands before the first underscore.
func keyPrefix(key string) string {
	prefix, _, _ := strings.Cut(key, "_")
	return prefix
}

// keyMode returns "test", "live" or "unknown".
func keyMode(key string) string {
	parts := strings.SplitN(key, "_", 3)
	if len(parts) == 3 && (parts[1] == "test" || parts[1] == "live") && parts[2] != "" {
		return parts[1]
	}
	return "unknown"
}

// checkBase refuses to send live keys anywhere but to Stripe.
func checkBase(k Keys, base string) error {
	if base == "" {
		return nil
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return wrong("STRIPE_API_BASE is not a URL.", "Leave it empty for Stripe, or give the sandbox's address such as http://127.0.0.1:12111.")
	}
	if k.Livemode() && u.Host != "api.stripe.com" {
		return wrong("STRIPE_API_BASE points away from Stripe while the keys are live.", "Live keys go to Stripe only: remove STRIPE_API_BASE, or use test keys.")
	}
	return nil
}
