package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/stripeapi"
)

// accountTime bounds the question at the start when the account is known
// already: Stripe's outage must not keep the desk from serving what it has.
const accountTime = 2 * time.Second

// errMayNotAsk is a restricted key without the permission to read its account.
var errMayNotAsk = errors.New("the key may not read its account")

// account finds out whose keys these are: what the settings say, what the
// database knows and what Stripe names must be one. At the first start without
// a setting, Stripe must answer.
func account(ctx context.Context, cfg Config, stripe *stripeapi.Client) (string, error) {
	if cfg.Account != "" && !strings.HasPrefix(cfg.Account, "acct_") {
		return "", wrong("VEZNE_ACCOUNT is not an account id.", "It starts with acct_; Stripe's dashboard shows it under Settings, Account.")
	}
	kept, err := store.KeptAccount(ctx, cfg.storage(""))
	if err != nil {
		return "", err
	}
	known := cfg.Account
	if known == "" {
		known = kept
	}
	if known == "" {
		return askAccount(ctx, stripe)
	}
	if kept != "" && kept != known {
		return "", wrong(fmt.Sprintf("VEZNE_ACCOUNT is %s, but the database belongs to %s.", known, kept), "Use the keys and the id of that account, or another database.")
	}
	asking, cancel := context.WithTimeout(ctx, accountTime)
	defer cancel()
	named, err := askAccount(asking, stripe)
	if err != nil && vezne.CodeOf(err) == vezne.CodeConfigInvalid && !errors.Is(err, errMayNotAsk) {
		return "", err
	}
	if err != nil {
		// A restricted key may not be allowed to ask, and Stripe may be down.
		cfg.Log.WarnContext(ctx, "Stripe did not say whose key this is", "account", known, "err", err)
		return known, nil
	}
	if named != known {
		return "", wrong(fmt.Sprintf("The keys are those of the account %s, but %s is expected.", named, known), "Use the keys of that account, or another database and VEZNE_ACCOUNT.")
	}
	return known, nil
}

// askAccount asks Stripe whose key it is. Source: docs.stripe.com/api/accounts/retrieve.
func askAccount(ctx context.Context, stripe *stripeapi.Client) (string, error) {
	const op = "engine.Open"
	answer, err := stripe.Get(ctx, "/v1/account", nil)
	if err != nil {
		return "", vezne.E(vezne.CodeStripeUnreachable, op, "Stripe did not answer, and the account of the keys is not known yet.").Because(err).
			WithHint("Check the network and STRIPE_API_BASE, or set VEZNE_ACCOUNT to the account id (acct_…).")
	}
	switch answer.Status {
	case http.StatusOK:
	case http.StatusUnauthorized:
		return "", vezne.E(vezne.CodeConfigInvalid, op, "Stripe does not know STRIPE_SECRET_KEY.").Because(refusal(answer)).
			WithHint("Copy it again from Stripe's dashboard under Developers, API keys; it may have been rolled.")
	case http.StatusForbidden:
		return "", vezne.E(vezne.CodeConfigInvalid, op, "The restricted key may not read its account, and the account is not known yet.").Because(errors.Join(errMayNotAsk, refusal(answer))).
			WithHint("Set VEZNE_ACCOUNT to the account id (acct_…).")
	default:
		return "", vezne.E(vezne.CodeStripeUnreachable, op, fmt.Sprintf("Stripe answered %d when asked for the account of the keys.", answer.Status)).Because(refusal(answer)).
			WithHint("Try again, or set VEZNE_ACCOUNT to the account id (acct_…).")
	}
	var a struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(answer.Body, &a); err != nil || !strings.HasPrefix(a.ID, "acct_") {
		return "", vezne.E(vezne.CodeStripeUnreachable, op, "What answers at STRIPE_API_BASE is not Stripe's API.").Because(err).
			WithHint("Check STRIPE_API_BASE, or leave it empty for Stripe.")
	}
	return a.ID, nil
}

func refusal(a stripeapi.Answer) error {
	if a.Refusal == nil {
		return fmt.Errorf("status %d", a.Status)
	}
	return fmt.Errorf("status %d: %s", a.Status, a.Refusal.Message)
}
