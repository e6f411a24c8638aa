package desk

import (
	"context"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/settle"
)

// EraseParams say how a person is to be erased.
type EraseParams struct {
	// AtStripe has Stripe delete its customers too.
	AtStripe bool
	// DryRun says what would be erased, and erases nothing.
	DryRun bool
}

// EraseCustomer erases everything that tells of a person: it cannot be taken
// back. Money, states and instants stay, and so do invoices, which the law has
// kept. What Stripe says of the person later does not bring it back. Codes,
// beside the store's: CodeInvalidRequest, CodeNotFound, and CodeCustomerBusy
// with what is under way. What Stripe answers to AtStripe is no error: the
// request is written down and sent until there is an answer.
func (d *Desk) EraseCustomer(ctx context.Context, by vezne.Actor, who vezne.CustomerQuery, p EraseParams) (vezne.Erasure, error) {
	const op = "desk.EraseCustomer"
	if err := d.writable(op); err != nil {
		return vezne.Erasure{}, err
	}
	found, err := d.find(ctx, who)
	if err != nil {
		return vezne.Erasure{}, err
	}
	words, emails := found.words()
	person := settle.Person{Words: words, AtStripe: p.AtStripe, DryRun: p.DryRun}
	for _, c := range found.customers {
		person.Customers = append(person.Customers, c.ID)
	}
	for _, o := range found.orders {
		person.Orders = append(person.Orders, o.ID)
	}
	ids, err := d.ids(ctx, found)
	if err != nil {
		return vezne.Erasure{}, err
	}
	// Lines that are not sealed yet have no digest to leave.
	if _, err := d.Store.SealAll(ctx); err != nil {
		return vezne.Erasure{}, err
	}
	e, err := d.Settler.Erase(ctx, vezne.Cause{Actor: by}, person)
	if err != nil {
		return e, err
	}
	tells := about(ids, emails)
	if p.DryRun {
		err := d.Store.EventsAbout(ctx, time.Unix(0, 0), tells, func(vezne.Event) error { e.Counts.Events++; return nil })
		return e, err
	}
	for _, id := range e.Calls {
		if _, err := d.Sender.Do(ctx, id); err != nil {
			d.Log.WarnContext(ctx, "Stripe has not deleted a customer yet", "erasure", string(e.ID), "err", err)
		}
	}
	// What was begun is brought to its end, also when the caller leaves.
	return d.Store.SweepErasure(context.WithoutCancel(ctx), e.ID, tells)
}

// Erasure returns an erasure. CodeNotFound.
func (d *Desk) Erasure(ctx context.Context, id vezne.ErasureID) (vezne.Erasure, error) {
	return d.Store.Erasure(ctx, id)
}

// Erasures lists erasures, newest first.
func (d *Desk) Erasures(ctx context.Context, limit int) ([]vezne.Erasure, error) {
	return d.Store.Erasures(ctx, limit)
}
