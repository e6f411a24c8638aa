package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/apply"
	"github.com/vezne/vezne/internal/store"
)

type keyOf struct{}

// WithKey says under which key of the caller's the use case runs. A refund with
// a key that was used for the order before is that refund, and not a second
// one, whatever happened to the answer.
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyOf{}, key)
}

// Key returns what WithKey said, empty when nothing was.
func Key(ctx context.Context) string {
	key, ok := ctx.Value(keyOf{}).(string)
	if !ok {
		return ""
	}
	return key
}

// refundKey is the key of a refund's call, empty when the caller gave none.
func refundKey(ctx context.Context, id vezne.OrderID) string {
	key := Key(ctx)
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(key))
	return string(id) + ":refund:" + hex.EncodeToString(sum[:16])
}

// Refund gives money of a paid order back: an amount, or all that is left. Too
// much is refused before Stripe is asked; what is on its way counts as given.
// While Stripe has not answered, the refund is pending, which is no error. Codes,
// beside the store's: CodeNotFound, CodeInvalidRequest, CodeAmountInvalid,
// CodeOrderNotPaid, CodeOrderDisputed, CodeRefundTooLarge, CodeStripeRefused,
// CodeStripeKeyRefused.
func (d *Desk) Refund(ctx context.Context, by vezne.Actor, id vezne.OrderID, amount *int64, reason string) (vezne.RefundRequest, vezne.OrderView, error) {
	const op = "desk.Refund"
	if err := d.writable(op); err != nil {
		return vezne.RefundRequest{}, vezne.OrderView{}, err
	}
	wrong := &problems{}
	wrong.oneOf("reason", reason, "", "duplicate", "fraudulent", "requested_by_customer")
	if amount != nil && *amount <= 0 {
		wrong.add(vezne.CodeAmountInvalid, "amount", "It must be greater than 0.")
	}
	if err := wrong.err(op); err != nil {
		return vezne.RefundRequest{}, vezne.OrderView{}, err
	}
	var request vezne.RefundRequest
	var call vezne.CallID
	_, err := d.Settler.Order(ctx, id, vezne.Cause{Actor: by}, func(tx *store.Tx, f *vezne.Facts) ([]vezne.Entry, error) {
		request, call = vezne.RefundRequest{}, ""
		c, lines, err := d.planRefund(ctx, tx, f, amount, reason, by)
		call, request.ID = c.ID, c.RefundID
		return lines, err
	})
	if err = d.written(ctx, err, call); err != nil {
		return vezne.RefundRequest{}, vezne.OrderView{}, err
	}
	r, sendErr := d.Sender.Do(ctx, call)
	if sendErr != nil {
		d.Log.WarnContext(ctx, "a refund has no answer yet", "order", string(id), "refund", string(request.ID), "err", sendErr)
	}
	list, err := d.Store.RefundRequests(context.WithoutCancel(ctx), id)
	if err != nil {
		return vezne.RefundRequest{}, vezne.OrderView{}, err
	}
	for _, known := range list {
		if known.ID == request.ID {
			request = known
		}
	}
	view, err := d.Order(context.WithoutCancel(ctx), id)
	if err != nil {
		return request, view, err
	}
	if sendErr == nil && r.Call.State == vezne.CallRefused {
		return request, view, refundRefusal(r.Call)
	}
	return request, view, nil
}

func refundRefusal(c vezne.Call) error {
	const op = "desk.Refund"
	if c.Refusal != nil {
		switch c.Refusal.Code {
		case "charge_disputed":
			return vezne.E(vezne.CodeOrderDisputed, op, "")
		case "charge_already_refunded":
			return vezne.E(vezne.CodeRefundTooLarge, op, "")
		}
	}
	return refusal(op, c)
}

// planRefund writes a refund and its call down.
// Source: docs.stripe.com/api/refunds/create.
func (d *Desk) planRefund(ctx context.Context, tx *store.Tx, f *vezne.Facts, amount *int64, reason string, by vezne.Actor) (vezne.Call, []vezne.Entry, error) {
	const op = "desk.Refund"
	key := refundKey(ctx, f.Order.ID)
	for _, c := range f.Calls {
		if key != "" && c.Key == key {
			return c, nil, nil
		}
	}
	if f.Order.PaidAt == nil {
		return vezne.Call{}, nil, vezne.E(vezne.CodeOrderNotPaid, op, "")
	}
	if f.Order.AmountDisputed > 0 {
		return vezne.Call{}, nil, vezne.E(vezne.CodeOrderDisputed, op, "")
	}
	left := apply.Refundable(*f)
	asked := left
	if amount != nil {
		asked = *amount
	}
	if asked > left || left == 0 {
		return vezne.Call{}, nil, vezne.E(vezne.CodeRefundTooLarge, op, "The amount is more than the "+vezne.Money{Amount: left, Currency: f.Order.Currency}.String()+" that are left to refund.").
			WithField("amount", "It is more than what is left to refund.")
	}
	id, err := newID[vezne.RefundID](vezne.RefundPrefix)
	if err != nil {
		return vezne.Call{}, nil, err
	}
	intent := vezne.ObjectID("")
	for _, a := range f.Attempts {
		if a.ID == f.Order.PaidBy {
			intent = a.PaymentIntentID
		}
	}
	request := vezne.RefundRequest{ID: id, OrderID: f.Order.ID, Amount: asked, Reason: reason, Actor: by, State: apply.RefundPending, CreatedAt: tx.Now()}
	if err := tx.InsertRefundRequest(ctx, request); err != nil {
		return vezne.Call{}, nil, err
	}
	form := [][2]string{{"payment_intent", string(intent)}, {"amount", strconv.FormatInt(asked, 10)}}
	if reason != "" {
		form = append(form, [2]string{"reason", reason})
	}
	form = append(form, [2]string{"metadata[" + vezne.MetadataOrder + "]", string(f.Order.ID)}, [2]string{"metadata[" + vezne.MetadataRefund + "]", string(id)}, [2]string{"expand[]", "charge"})
	c, err := d.write(ctx, tx, plan{root: orderRoot(f.Order.ID), purpose: vezne.CallCreateRefund, path: "/v1/refunds", form: form, refund: id, key: key, by: by})
	if err != nil {
		return vezne.Call{}, nil, err
	}
	f.Refunds, f.Calls = append(f.Refunds, request), append(f.Calls, c)
	return c, []vezne.Entry{{Action: "refund.requested", Object: intent, After: map[string]any{"refund": string(id), "amount": asked, "reason": reason}}}, nil
}

// Refunds lists the refunds that were asked for here, oldest first.
// CodeNotFound.
func (d *Desk) Refunds(ctx context.Context, id vezne.OrderID) ([]vezne.RefundRequest, error) {
	if _, err := d.Store.Order(ctx, id); err != nil {
		return nil, err
	}
	return d.Store.RefundRequests(ctx, id)
}
