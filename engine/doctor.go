package engine

import (
	"context"
	"strings"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/doctor"
)

// Doctor examines the desk: its settings, the key and what it may do, the
// webhook endpoint, the clock, the database and what waits in it. It changes
// nothing, at Stripe or here.
func (e *Engine) Doctor(ctx context.Context) []vezne.Diagnosis {
	keys := e.secrets.Load().Keys
	return doctor.Examine(ctx, doctor.Config{
		Store: e.store, Stripe: e.stripe, Clock: e.cfg.clock(), Restricted: keyPrefix(keys.Secret.Reveal()) == "rk", Livemode: keys.Livemode(),
		Sandbox:   e.cfg.APIBase != "" && !strings.Contains(e.cfg.APIBase, "api.stripe.com"),
		PublicURL: e.cfg.PublicURL, Secrets: len(keys.Webhook), Tolerance: e.cfg.WebhookTolerance, Encrypted: len(e.cfg.BodyKey) > 0, Retention: e.cfg.Retention,
		Callback: e.cfg.Callback.URL != "" || e.hooks.any(), Seller: e.cfg.Seller, Limits: e.cfg.Policy.Limits,
	})
}
