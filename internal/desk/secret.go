package desk

import (
	"context"
	"encoding/json"

	"github.com/vezne/vezne"
)

// Secrets is what is never kept of an intent or a session: the address of a
// next action holds the client secret too.
type Secrets struct {
	// ClientSecret is zero for a hosted page, which needs none.
	ClientSecret vezne.Secret
	// NextAction is what the buyer must do now, nil when there is nothing.
	NextAction *NextAction
}

// Secrets fetches from Stripe what is never kept of an intent or a session of
// ours. Codes: CodeNotFound, and those of a read.
func (d *Desk) Secrets(ctx context.Context, id vezne.ObjectID) (Secrets, error) {
	const op = "desk.Secrets"
	kept, err := d.Store.Snapshot(ctx, id)
	if err != nil {
		return Secrets{}, err
	}
	switch kept.Type {
	case vezne.TypePaymentIntent, vezne.TypeSetupIntent, vezne.TypeCheckoutSession:
	default:
		return Secrets{}, vezne.E(vezne.CodeNotFound, op, "Objects of this type have no client secret.")
	}
	body, err := d.Refresher.Fetch(ctx, id, kept.Type, vezne.Cause{Actor: vezne.Actor{Kind: vezne.ActorSystem}}, vezne.PriorityLandingPage)
	if err != nil {
		return Secrets{}, err
	}
	var o struct {
		ClientSecret string          `json:"client_secret"`
		NextAction   json.RawMessage `json:"next_action"`
	}
	if err := json.Unmarshal(body, &o); err != nil {
		return Secrets{}, vezne.E(vezne.CodeCorrupt, op, "").Because(err)
	}
	next, err := readNextAction(o.NextAction)
	return Secrets{vezne.NewSecret(o.ClientSecret), next}, err
}
