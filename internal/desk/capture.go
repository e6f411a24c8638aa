package desk

import (
	"context"
	"net/url"
	"strconv"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// Capture collects held money: the whole without an amount, or a part, and the
// rest is released. Codes, beside the store's: CodeNotFound, CodeOrderPaid,
// CodeOrderCanceled, CodeNothingToCapture, CodeAmountInvalid,
// CodeCaptureTooLarge (before Stripe is asked), CodeAttemptUnsure while another
// capture is on its way, CodePaymentDeclined when the bank does not pay after
// all, and those of a call.
func (d *Desk) Capture(ctx context.Context, by vezne.Actor, id vezne.OrderID, amount *int64) (vezne.OrderView, error) {
	const op = "desk.Capture"
	if err := d.writable(op); err != nil {
		return vezne.OrderView{}, err
	}
	if amount != nil && *amount <= 0 {
		return vezne.OrderView{}, vezne.E(vezne.CodeAmountInvalid, op, "The amount must be greater than 0.").WithField("amount", "It must be greater than 0.")
	}
	var call vezne.CallID
	_, err := d.Settler.Order(ctx, id, vezne.Cause{Actor: by}, func(tx *store.Tx, f *vezne.Facts) ([]vezne.Entry, error) {
		call = ""
		c, line, err := d.planCapture(ctx, tx, f, amount, by)
		call = c.ID
		return line, err
	})
	if err = d.written(ctx, err, call); err != nil {
		return vezne.OrderView{}, err
	}
	r, err := d.Sender.Do(ctx, call)
	switch {
	case err != nil:
		return vezne.OrderView{}, err
	case r.Call.State == vezne.CallAbandoned:
		return vezne.OrderView{}, vezne.E(vezne.CodeAttemptUnsure, op, "The capture did not reach Stripe. Try again.")
	case r.Call.State == vezne.CallRefused && r.Call.Refusal != nil && r.Call.Refusal.Code == "payment_intent_unexpected_state":
		return vezne.OrderView{}, vezne.E(vezne.CodeNothingToCapture, op, "")
	case r.Call.State == vezne.CallRefused:
		return vezne.OrderView{}, refusal(op, r.Call)
	}
	return d.Order(ctx, id)
}

// planCapture writes the capture down. What it asks for is kept with the
// attempt in the same transaction: a part is right only if we asked for it.
func (d *Desk) planCapture(ctx context.Context, tx *store.Tx, f *vezne.Facts, amount *int64, by vezne.Actor) (vezne.Call, []vezne.Entry, error) {
	const op = "desk.Capture"
	switch {
	case f.Order.PaidAt != nil || f.Order.Has(vezne.AttentionHeldByHook):
		return vezne.Call{}, nil, vezne.E(vezne.CodeOrderPaid, op, "")
	case f.Order.CanceledAt != nil || f.Order.CancelRequestedAt != nil:
		return vezne.Call{}, nil, vezne.E(vezne.CodeOrderCanceled, op, "")
	}
	for i := range f.Attempts {
		a := &f.Attempts[i]
		p, held := heldBy(f, *a)
		if !held {
			continue
		}
		wanted := int64(0)
		if amount != nil && *amount != p.AmountCapturable {
			wanted = *amount
		}
		if wanted > p.AmountCapturable {
			return vezne.Call{}, nil, vezne.E(vezne.CodeCaptureTooLarge, op, "The amount is more than the "+vezne.Money{Amount: p.AmountCapturable, Currency: p.Currency}.String()+" that are held.").
				WithField("amount", "It is more than what is held.")
		}
		for _, c := range f.Calls {
			if c.Attempt != a.ID || c.Purpose != vezne.CallCapturePaymentIntent || (c.State != vezne.CallPending && c.State != vezne.CallLooking) {
				continue
			}
			if a.CapturedExpected != wanted {
				return vezne.Call{}, nil, vezne.E(vezne.CodeAttemptUnsure, op, "A capture of another amount is on its way. Try again in a minute.")
			}
			return c, nil, nil
		}
		a.CapturedExpected = wanted
		if err := tx.SaveAttempt(ctx, *a); err != nil {
			return vezne.Call{}, nil, err
		}
		form := [][2]string{{"expand[]", "latest_charge"}}
		if wanted > 0 {
			form = append([][2]string{{"amount_to_capture", strconv.FormatInt(wanted, 10)}}, form...)
		}
		c, err := d.write(ctx, tx, plan{
			root: orderRoot(f.Order.ID), purpose: vezne.CallCapturePaymentIntent, path: "/v1/payment_intents/" + url.PathEscape(string(p.ID)) + "/capture",
			form: form, attempt: a.ID, by: by,
		})
		if err != nil {
			return vezne.Call{}, nil, err
		}
		f.Calls = append(f.Calls, c)
		asked := p.AmountCapturable
		if wanted > 0 {
			asked = wanted
		}
		return c, []vezne.Entry{{Action: "capture.requested", Object: p.ID, After: map[string]any{"attempt": string(a.ID), "amount": asked}}}, nil
	}
	return vezne.Call{}, nil, vezne.E(vezne.CodeNothingToCapture, op, "")
}

// heldBy returns the intent of an attempt if it holds money.
func heldBy(f *vezne.Facts, a vezne.Attempt) (vezne.PaymentIntent, bool) {
	for _, p := range f.PaymentIntents {
		if p.ID == a.PaymentIntentID && p.Status == "requires_capture" {
			return p, true
		}
	}
	return vezne.PaymentIntent{}, false
}
