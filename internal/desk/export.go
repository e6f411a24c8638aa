package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/redact"
	"github.com/vezne/vezne/internal/store"
)

// ExportCustomer returns everything that is kept of a person. CodeInvalidRequest
// when it is not said who by one field, CodeNotFound.
func (d *Desk) ExportCustomer(ctx context.Context, who vezne.CustomerQuery) (vezne.CustomerExport, error) {
	found, err := d.find(ctx, who)
	if err != nil {
		return vezne.CustomerExport{}, err
	}
	now, err := d.Store.Now(ctx)
	if err != nil {
		return vezne.CustomerExport{}, err
	}
	scope := d.Store.Scope()
	x := vezne.CustomerExport{
		Object: "customer_export", Version: vezne.ExportVersion, ExportedAt: now, Account: scope.Account, Livemode: scope.Livemode,
		Customers: []vezne.ExportedCustomer{}, Orders: []vezne.ExportedOrder{}, Events: []vezne.ExportedEvent{}, Answers: []vezne.ExportedAnswer{},
	}
	for _, c := range found.customers {
		part, err := d.exportRecord(ctx, c)
		if err != nil {
			return x, err
		}
		x.Customers = append(x.Customers, part)
	}
	for _, o := range found.orders {
		part, err := d.exportOrder(ctx, o)
		if err != nil {
			return x, err
		}
		x.Orders = append(x.Orders, part)
	}
	ids, err := d.ids(ctx, found)
	if err != nil {
		return x, err
	}
	words, emails := found.words()
	err = d.Store.EventsAbout(ctx, time.Unix(0, 0), about(ids, emails), func(e vezne.Event) error {
		x.Events = append(x.Events, vezne.ExportedEvent{
			ID: e.ID, Type: e.Type, ObjectID: e.ObjectID, State: e.State, Created: e.Created, ReceivedAt: e.ReceivedAt, Payload: document(e.Body),
		})
		return nil
	})
	if err != nil {
		return x, err
	}
	x.Answers, err = d.exportAnswers(ctx, append(ids, words...))
	return x, err
}

// document returns a text as JSON, without secrets; one that is no JSON as a
// string.
func document(b []byte) json.RawMessage {
	if len(b) == 0 {
		return json.RawMessage("null")
	}
	masked := []byte(redact.Secrets(string(b)))
	if json.Valid(masked) {
		return bytes.TrimSpace(masked)
	}
	text, err := json.Marshal(string(masked))
	if err != nil {
		return json.RawMessage("null")
	}
	return text
}

func (d *Desk) exportRecord(ctx context.Context, c vezne.Customer) (vezne.ExportedCustomer, error) {
	out := vezne.ExportedCustomer{
		ID: c.ID, Reference: c.Reference, Email: c.Email, Name: c.Name, StripeCustomerID: c.StripeCustomerID, CreatedAt: c.CreatedAt,
		PaymentMethods: []vezne.ExportedPaymentMethod{},
	}
	methods, err := d.Store.AllPaymentMethods(ctx, c.ID)
	if err != nil {
		return out, err
	}
	for _, m := range methods {
		out.PaymentMethods = append(out.PaymentMethods, vezne.ExportedPaymentMethod{
			ID: m.ID, Type: m.Type, Brand: m.Brand, Last4: m.Last4, ExpMonth: m.ExpMonth, ExpYear: m.ExpYear, CreatedAt: m.CreatedAt, DetachedAt: m.DetachedAt,
		})
	}
	out.ExportedRoot, err = d.exportRoot(ctx, customerRoot(c.ID))
	return out, err
}

func (d *Desk) exportOrder(ctx context.Context, o vezne.Order) (vezne.ExportedOrder, error) {
	v, err := d.view(ctx, o)
	if err != nil {
		return vezne.ExportedOrder{}, err
	}
	out := vezne.ExportedOrder{Order: v.JSON(), Attempts: []vezne.ExportedAttempt{}, Refunds: []vezne.ExportedRefund{}}
	attempts, err := d.Store.Attempts(ctx, o.ID)
	if err != nil {
		return out, err
	}
	for _, a := range attempts {
		out.Attempts = append(out.Attempts, vezne.ExportedAttempt{
			ID: a.ID, Number: a.Number, Kind: string(a.Kind), State: string(a.State), Amount: a.Expected, Currency: a.Currency, SessionID: a.SessionID,
			PaymentIntentID: a.PaymentIntentID, CreatedAt: a.CreatedAt, ClosedAt: a.ClosedAt,
		})
	}
	refunds, err := d.Store.RefundRequests(ctx, o.ID)
	if err != nil {
		return out, err
	}
	for _, r := range refunds {
		out.Refunds = append(out.Refunds, vezne.ExportedRefund{ID: r.ID, Amount: r.Amount, Reason: r.Reason, State: r.State, StripeRefundID: r.StripeRefundID, CreatedAt: r.CreatedAt})
	}
	if o.PaidAt != nil {
		inv, err := d.Store.Invoice(ctx, o.ID)
		if err != nil {
			return out, err
		}
		out.Invoice = &vezne.ExportedInvoice{
			ID: inv.ID, Number: inv.Number, IssuedAt: inv.IssuedAt, Currency: inv.Currency,
			Lines: vezne.OrderView{Order: vezne.Order{Lines: inv.Lines}}.JSON().Lines, AmountTotal: inv.AmountTotal, AmountPaid: inv.AmountPaid,
			CustomerName: inv.CustomerName, CustomerEmail: inv.CustomerEmail, Card: inv.Card,
		}
	}
	out.ExportedRoot, err = d.exportRoot(ctx, orderRoot(o.ID))
	return out, err
}

// allOfRoot is more than one root ever has of anything.
const allOfRoot = 1 << 20

func (d *Desk) exportRoot(ctx context.Context, root vezne.Root) (vezne.ExportedRoot, error) {
	const op = "desk.ExportCustomer"
	out := vezne.ExportedRoot{Timeline: []vezne.ExportedEntry{}, Requests: []vezne.ExportedCall{}, Effects: []vezne.ExportedEffect{}, Objects: []vezne.ExportedObject{}}
	entries, err := d.Store.Entries(ctx, root)
	if err != nil {
		return out, err
	}
	for _, e := range entries {
		out.Timeline = append(out.Timeline, vezne.ExportedEntry{
			At: e.At, Actor: e.Actor.String(), Action: e.Action, Object: e.Object, Event: e.EventID, Before: e.Before, After: e.After, Detail: e.Detail,
		})
	}
	calls, err := d.Store.Calls(ctx, root)
	if err != nil {
		return out, err
	}
	for _, c := range calls {
		form, err := url.ParseQuery(c.Form)
		if err != nil {
			return out, vezne.E(vezne.CodeCorrupt, op, "").Because(err)
		}
		out.Requests = append(out.Requests, vezne.ExportedCall{ID: c.ID, Purpose: c.Purpose, Path: c.Path, Form: form, State: c.State, Object: c.Object, CreatedAt: c.CreatedAt})
	}
	effects, err := d.Store.Effects(ctx, store.EffectFilter{Root: root, Limit: allOfRoot})
	if err != nil {
		return out, err
	}
	for _, e := range effects {
		out.Effects = append(out.Effects, vezne.ExportedEffect{ID: e.ID, Kind: e.Kind, Topic: e.Topic, Payload: document(e.Payload), CreatedAt: e.CreatedAt, SentAt: e.SentAt})
	}
	objects, err := d.Store.Snapshots(ctx, root)
	for _, s := range objects {
		out.Objects = append(out.Objects, vezne.ExportedObject{ID: s.ID, Type: s.Type, Body: document(s.Body)})
	}
	return out, err
}

func (d *Desk) exportAnswers(ctx context.Context, words []string) ([]vezne.ExportedAnswer, error) {
	out := []vezne.ExportedAnswer{}
	kept, err := d.Store.AnsweredKeys(ctx)
	if err != nil {
		return out, err
	}
	tells := store.Naming(words)
	for _, a := range kept {
		if tells(a.Body) {
			out = append(out, vezne.ExportedAnswer{Route: a.Key.Route, Body: document(a.Body)})
		}
	}
	return out, nil
}
