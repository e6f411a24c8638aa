package desk

import (
	"context"
	"net/url"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/throttle"
)

// CreateSetupIntent begins to save a payment method of a customer, or saves it
// at once with confirm. Codes, beside wrong fields and the store's:
// CodeStripeUnreachable, CodeRateLimited, CodeStripeRefused,
// CodeStripeKeyRefused.
func (d *Desk) CreateSetupIntent(ctx context.Context, by vezne.Actor, p SetupIntentParams) (SetupIntent, error) {
	const op = "desk.CreateSetupIntent"
	if err := d.writable(op); err != nil {
		return SetupIntent{}, err
	}
	wrong := &problems{}
	reference := wrong.exact("customer.reference", p.CustomerReference, maxReference)
	if reference == "" {
		wrong.wrong("customer.reference", "Say whose method it is.")
	}
	email, name := wrong.email("customer.email", p.Email), wrong.text("customer.name", p.Name, maxName)
	if p.PaymentMethod != "" {
		wrong.id("payment_method", p.PaymentMethod, "pm_", "card_", "src_")
	}
	if p.Confirm && p.PaymentMethod == "" {
		wrong.wrong("payment_method", "To confirm, say which payment method to save.")
	}
	wrong.address("return_url", p.ReturnURL)
	client := wrong.client("client", p.Client)
	if err := wrong.err(op); err != nil {
		return SetupIntent{}, err
	}
	if p.ReturnURL == "" {
		p.ReturnURL = d.PublicURL + "/"
	}
	c, err := d.Settler.NewCustomer(ctx, reference, email, name)
	if err != nil {
		return SetupIntent{}, err
	}
	card, err := d.cardOf(ctx, by, p.PaymentMethod)
	if err != nil {
		return SetupIntent{}, err
	}
	for range openTries {
		stripe, err := d.stripeCustomer(ctx, by, c.ID)
		if err != nil {
			return SetupIntent{}, err
		}
		call, err := d.planSetupIntent(ctx, by, throttle.Subject{Root: string(c.ID), Client: client, Card: card}, stripe, p)
		if err != nil {
			return SetupIntent{}, d.heldBack(ctx, by, "", err)
		}
		r, err := d.Sender.Do(ctx, call.ID)
		if err != nil {
			return SetupIntent{}, err
		}
		body := r.Body
		switch {
		case r.Call.Object == "":
			form, err := url.ParseQuery(call.Form)
			if err != nil {
				return SetupIntent{}, vezne.E(vezne.CodeCorrupt, op, "").Because(err)
			}
			if gone, err := d.customerGone(ctx, by, r.Call, form); err != nil {
				return SetupIntent{}, err
			} else if gone {
				continue
			}
			return SetupIntent{}, refusal(op, r.Call)
		case body == nil:
			if body, err = d.Refresher.Fetch(ctx, r.Call.Object, vezne.TypeSetupIntent, vezne.Cause{Actor: by}, vezne.PriorityLandingPage); err != nil {
				return SetupIntent{}, err
			}
		}
		raw, err := readRaw(body)
		if err != nil {
			return SetupIntent{}, err
		}
		next, err := readNextAction(raw.NextAction)
		return SetupIntent{ID: raw.ID, ClientSecret: vezne.NewSecret(raw.ClientSecret), Status: raw.Status, NextAction: next, Error: declined(raw.PaymentError)}, err
	}
	return SetupIntent{}, vezne.E(vezne.CodeAttemptUnsure, op, "The customer is being changed by others. Try again.")
}

// planSetupIntent writes down the request that makes a SetupIntent.
// Source: docs.stripe.com/api/setup_intents/create.
func (d *Desk) planSetupIntent(ctx context.Context, by vezne.Actor, who throttle.Subject, stripe vezne.ObjectID, p SetupIntentParams) (vezne.Call, error) {
	id := vezne.CustomerID(who.Root)
	callID, err := newID[vezne.CallID](vezne.CallPrefix)
	if err != nil {
		return vezne.Call{}, err
	}
	form := [][2]string{{"customer", string(stripe)}, {"automatic_payment_methods[enabled]", "true"}, {"usage", "off_session"}}
	if p.PaymentMethod != "" {
		form = append(form, [2]string{"payment_method", p.PaymentMethod})
	}
	if p.Confirm {
		form = append(form, [2]string{"confirm", "true"}, [2]string{"return_url", p.ReturnURL})
	}
	form = append(form, [2]string{"metadata[" + vezne.MetadataCustomer + "]", string(id)}, [2]string{"metadata[" + vezne.MetadataCall + "]", string(callID)},
		[2]string{"expand[]", "payment_method"})
	call := vezne.Call{ID: callID}
	_, err = d.Settler.Customer(ctx, id, vezne.Cause{Actor: by}, func(tx *store.Tx, _ *vezne.Customer) ([]vezne.Entry, error) {
		if err := d.begin(ctx, tx, who); err != nil {
			return nil, err
		}
		var err error
		call, err = d.write(ctx, tx, plan{id: callID, root: customerRoot(id), purpose: vezne.CallCreateSetupIntent, path: "/v1/setup_intents", form: form, by: by})
		return nil, err
	})
	return call, d.written(ctx, err, callID)
}
