package desk

import (
	"context"
	"net/url"
	"slices"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// PaymentMethods lists the saved methods of a customer, newest first.
// CodeNotFound when nobody has the reference.
func (d *Desk) PaymentMethods(ctx context.Context, reference string) ([]vezne.PaymentMethod, error) {
	c, err := d.Store.CustomerByReference(ctx, reference)
	if err != nil {
		return nil, err
	}
	return d.Store.PaymentMethods(ctx, c.ID)
}

// DetachPaymentMethod removes a saved method for good. CodeNotFound when the
// customer has no such method; CodeStripeUnreachable and the other codes of a
// call.
func (d *Desk) DetachPaymentMethod(ctx context.Context, by vezne.Actor, reference string, id vezne.ObjectID) error {
	const op = "desk.DetachPaymentMethod"
	if err := d.writable(op); err != nil {
		return err
	}
	c, err := d.Store.CustomerByReference(ctx, reference)
	if err != nil {
		return err
	}
	var call vezne.Call
	_, err = d.Settler.Customer(ctx, c.ID, vezne.Cause{Actor: by}, func(tx *store.Tx, c *vezne.Customer) ([]vezne.Entry, error) {
		call = vezne.Call{}
		methods, err := tx.PaymentMethods(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(methods, func(m vezne.PaymentMethod) bool { return m.ID == id }) {
			return nil, vezne.E(vezne.CodeNotFound, op, "The customer has no such payment method.")
		}
		path := "/v1/payment_methods/" + url.PathEscape(string(id)) + "/detach"
		calls, err := tx.Calls(ctx, customerRoot(c.ID))
		if err != nil {
			return nil, err
		}
		for _, k := range calls {
			if k.Path == path && (k.State == vezne.CallPending || k.State == vezne.CallLooking) {
				call = k
				return nil, nil
			}
		}
		call, err = d.write(ctx, tx, plan{root: customerRoot(c.ID), purpose: vezne.CallDetachPaymentMethod, path: path, by: by})
		return []vezne.Entry{{Action: "payment_method.detach_requested", Object: id}}, err
	})
	if err = d.written(ctx, err, call.ID); err != nil {
		return err
	}
	r, err := d.Sender.Do(ctx, call.ID)
	if err != nil || r.Call.State == vezne.CallDone {
		return err
	}
	// Refused or lost: perhaps it is detached already.
	if err := d.Refresher.Read(ctx, id, vezne.TypePaymentMethod, vezne.Cause{Actor: by}, vezne.PriorityLandingPage); err != nil {
		return err
	}
	list, err := d.Store.PaymentMethods(ctx, c.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(list, func(m vezne.PaymentMethod) bool { return m.ID == id }) {
		return refusal(op, r.Call)
	}
	return nil
}
