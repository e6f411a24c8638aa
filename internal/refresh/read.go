package refresh

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/mirror"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/stripeapi"
)

// read waits for its turn, takes its number, reads and settles. begin is called
// when the read begins: from then on nobody joins it.
func (r *Refresher) read(ctx context.Context, id vezne.ObjectID, n *reading, begin func()) ([]byte, error) {
	if err := r.budget.wait(ctx, n.turn); err != nil {
		return nil, unreachable(err)
	}
	path, query, ok := mirror.ReadPath(n.kind, id)
	if !ok {
		return nil, vezne.E(vezne.CodeInternal, "refresh.Read", "Objects of this type are not read.")
	}
	begin()
	// The number is committed before the read is sent: what is marked from now
	// on has a higher one, and is not cleared by this answer.
	number, err := r.Store.NextNumber(ctx)
	if err != nil {
		return nil, err
	}
	a, err := r.Stripe.Get(ctx, path, query)
	if err != nil {
		return nil, unreachable(err)
	}
	answer := settle.Answer{Begin: number, Cause: n.cause}
	if n.repeat {
		answer.Repeat = &vezne.ReadMove{ID: id, Type: n.kind}
	}
	failed := refused(a)
	switch {
	case vezne.CodeOf(failed) == vezne.CodeNotFound:
		answer.Gone = []vezne.ReadMove{{ID: id, Type: n.kind}}
	case failed != nil:
		return nil, failed
	default:
		answer.Body = a.Body
		if answer.Read, err = r.disputes(ctx, n, a.Body); err != nil {
			return nil, err
		}
	}
	if _, err := r.Settler.Answer(ctx, answer); err != nil {
		return nil, err
	}
	return answer.Body, failed
}

// disputes returns the disputes of a charge that was read, so that one whose
// events were all lost is found. Only the list names them.
// Source: docs.stripe.com/api/disputes/list.
func (r *Refresher) disputes(ctx context.Context, n *reading, body []byte) ([]vezne.ReadMove, error) {
	var charge struct {
		ID       vezne.ObjectID `json:"id"`
		Disputed bool           `json:"disputed"`
	}
	if n.kind != vezne.TypeCharge || json.Unmarshal(body, &charge) != nil || !charge.Disputed {
		return nil, nil
	}
	a, err := r.Stripe.Get(ctx, "/v1/disputes", url.Values{"charge": {string(charge.ID)}})
	if err != nil {
		return nil, unreachable(err)
	}
	if err := refused(a); err != nil {
		return nil, err
	}
	var list struct {
		Data []struct {
			ID vezne.ObjectID `json:"id"`
		} `json:"data"`
	}
	if err := json.Unmarshal(a.Body, &list); err != nil {
		return nil, unreachable(err)
	}
	var found []vezne.ReadMove
	for _, d := range list.Data {
		found = append(found, vezne.ReadMove{ID: d.ID, Type: vezne.TypeDispute})
	}
	return found, nil
}

func unreachable(cause error) error {
	return vezne.E(vezne.CodeStripeUnreachable, "refresh.Read", "Stripe did not answer in time.").Because(cause)
}

// refused turns an answer into an error, nil for success. What is no answer of
// Stripe, such as a proxy's page, is an outage.
func refused(a stripeapi.Answer) error {
	const op = "refresh.Read"
	fail := func(code vezne.Code, message string) error {
		e := vezne.E(code, op, message)
		e.Stripe = a.Refusal
		return e
	}
	switch {
	case a.OK() && json.Valid(a.Body):
		return nil
	case a.Refusal == nil || a.Refusal.Type == "" || a.Status >= 500 || a.Status == http.StatusConflict:
		return fail(vezne.CodeStripeUnreachable, "Stripe could not be asked.")
	case a.Status == http.StatusNotFound:
		return fail(vezne.CodeNotFound, "There is no such object at Stripe.")
	case a.Status == http.StatusTooManyRequests:
		return fail(vezne.CodeRateLimited, "Stripe gets too many requests from us.")
	case a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden:
		return fail(vezne.CodeStripeKeyRefused, "")
	}
	return fail(vezne.CodeStripeRefused, "")
}
