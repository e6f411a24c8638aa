package desk

import (
	"context"
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/throttle"
)

// maxClient is the longest name of a client, in characters.
const maxClient = 200

// overLimit is why a payment must wait.
type overLimit struct{ throttle.Verdict }

// Error names the limit, for the log.
func (o *overLimit) Error() string { return "the limit by " + string(o.By) + " is reached" }

// allowed turns a verdict into an error of CodePaymentThrottled, nil when the
// payment may be tried.
func allowed(v throttle.Verdict) error {
	if v.Allowed() {
		return nil
	}
	e := vezne.E(vezne.CodePaymentThrottled, "desk.limit", "").Because(&overLimit{v})
	// A second more, so that nobody comes back too early by a fraction.
	e.RetryAfter = v.Wait.Truncate(time.Second) + time.Second
	return e
}

// mayPay refuses whoever has met too many declines.
func (d *Desk) mayPay(ctx context.Context, tx *store.Tx, s throttle.Subject) error {
	v, err := throttle.Check(ctx, tx, d.Limits, tx.Now(), s, false)
	if err != nil {
		return err
	}
	return allowed(v)
}

// begin counts a payment that is begun, or refuses it.
func (d *Desk) begin(ctx context.Context, tx *store.Tx, s throttle.Subject) error {
	id, err := newID[string]("try_")
	if err != nil {
		return err
	}
	v, err := throttle.Take(ctx, tx, d.Limits, s, id)
	if err != nil {
		return err
	}
	return allowed(v)
}

// heldBack notes in the metrics, and once in a window in the order's audit
// trail, that a payment was refused because of a limit. It returns the refusal.
func (d *Desk) heldBack(ctx context.Context, by vezne.Actor, id vezne.OrderID, refused error) error {
	over, ok := errors.AsType[*overLimit](refused)
	if !ok {
		return refused
	}
	if d.Throttled != nil {
		d.Throttled(over.By)
	}
	d.Log.WarnContext(ctx, "a payment was held back", "order", string(id), "by", string(over.By), "wait", over.Wait)
	if id == "" {
		return refused
	}
	_, err := d.Settler.Order(ctx, id, vezne.Cause{Actor: by}, func(tx *store.Tx, _ *vezne.Facts) ([]vezne.Entry, error) {
		first, err := tx.NoteTry(ctx, store.NewTry{
			Kind: store.TryRefused, ID: string(id) + ":" + string(over.By), Root: string(id), Stale: tx.Now().Add(-d.Limits.Window),
		})
		if err != nil || !first {
			return nil, err
		}
		return []vezne.Entry{{Action: "payment.throttled", After: map[string]any{"by": string(over.By)}, Detail: map[string]any{"wait_seconds": int64(over.Wait / time.Second)}}}, nil
	})
	if err != nil {
		return err
	}
	return refused
}

// cardOf returns the fingerprint of a card that is about to be used. Stripe is
// asked only while some card has met too many declines: in peace no payment
// waits for it. A card that cannot be read is let through to Stripe, which
// judges it.
func (d *Desk) cardOf(ctx context.Context, by vezne.Actor, method string) (string, error) {
	if method == "" || d.Limits.CardDeclines <= 0 {
		return "", nil
	}
	now, err := d.Store.Now(ctx)
	if err != nil {
		return "", err
	}
	hot, err := d.Store.HotCards(ctx, d.Limits.CardDeclines, now.Add(-d.Limits.Window))
	if err != nil || hot == 0 {
		return "", err
	}
	body, err := d.Refresher.Fetch(ctx, vezne.ObjectID(method), vezne.TypePaymentMethod, vezne.Cause{Actor: by}, vezne.PriorityLandingPage)
	if err != nil {
		d.Log.WarnContext(ctx, "a card cannot be looked at before it is used", "err", err)
		return "", nil
	}
	var m struct {
		Card struct {
			Fingerprint string `json:"fingerprint"`
		} `json:"card"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return "", vezne.E(vezne.CodeCorrupt, "desk.cardOf", "A payment method of Stripe cannot be read.").Because(err)
	}
	return m.Card.Fingerprint, nil
}

// client checks what a caller says of who pays.
func (p *problems) client(field, name string) string {
	if utf8.RuneCountInString(name) > maxClient {
		p.wrong(field, "It has more than %d characters.", maxClient)
	}
	return throttle.Client(name)
}
