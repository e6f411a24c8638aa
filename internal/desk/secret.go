package desk

import (
	"context"
	"encoding/json"

	"github.com/vezne/vezne"
)

// ClientSecret fetches the client secret of an intent or a session of ours from
// Stripe: it is never kept. It is zero for a hosted page, which needs none.
// Codes: CodeNotFound, and those of a read.
func (d *Desk) ClientSecret(ctx context.Context, id vezne.ObjectID) (vezne.Secret, error) {
	const op = "desk.ClientSecret"
	kept, err := d.Store.Snapshot(ctx, id)
	if err != nil {
		return vezne.Secret{}, err
	}
	switch kept.Type {
	case vezne.TypePaymentIntent, vezne.TypeSetupIntent, vezne.TypeCheckoutSession:
	default:
		return vezne.Secret{}, vezne.E(vezne.CodeNotFound, op, "Objects of this type have no client secret.")
	}
	body, err := d.Refresher.Fetch(ctx, id, kept.Type, vezne.Cause{Actor: vezne.Actor{Kind: vezne.ActorSystem}}, vezne.PriorityLandingPage)
	if err != nil {
		return vezne.Secret{}, err
	}
	var o struct {
		ClientSecret string `json:"client_secret"`
	}
	if err := json.Unmarshal(body, &o); err != nil {
		return vezne.Secret{}, vezne.E(vezne.CodeCorrupt, op, "").Because(err)
	}
	return vezne.NewSecret(o.ClientSecret), nil
}
