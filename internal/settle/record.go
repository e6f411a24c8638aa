package settle

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/ids"
	"github.com/vezne/vezne/internal/invoice"
)

// readPause keeps a read that facts ask for from being asked for in a circle.
const readPause = 2 * time.Second

// record writes the moves. The hook runs after everything that it may look at
// is written, and the invoice's number is drawn after the hook, so that a series
// is held for the shortest time and a refusal leaves no gap.
func (w *work) record(ctx context.Context, f vezne.Facts, m vezne.Moves) error {
	order := m.Order
	for _, a := range m.Attempts {
		if err := w.tx.SaveAttempt(ctx, a); err != nil {
			return err
		}
	}
	for _, r := range m.Refunds {
		if err := w.tx.SaveRefundRequest(ctx, r); err != nil {
			return err
		}
	}
	for _, c := range m.Calls {
		if err := w.plan(ctx, c); err != nil {
			return err
		}
	}
	for _, r := range m.Read {
		if err := w.mark(ctx, r, readPause); err != nil {
			return err
		}
	}
	if err := w.tx.SaveOrder(ctx, order); err != nil {
		return err
	}
	w.entries = append(w.entries, m.Entries...)
	if err := w.tx.AppendEntries(ctx, complete(w.entries, w.root, w.cause, w.tx)); err != nil {
		return err
	}
	number, err := w.paid(ctx, order, m.Paid)
	if err != nil {
		return err
	}
	if number == "" && order.PaidAt != nil {
		inv, err := w.tx.Invoice(ctx, order.ID)
		if err != nil {
			return err
		}
		number = inv.Number
	}
	w.view = w.View(order, number)
	w.outcome.Changed = w.outcome.Changed || m.Changed
	return w.effects(ctx, m.Effects)
}

// paid runs the hook and draws the invoice, if this transaction makes the
// order Paid. It returns the invoice's number.
func (w *work) paid(ctx context.Context, order vezne.Order, m *vezne.PaidMove) (string, error) {
	if m == nil {
		return "", nil
	}
	if err := w.countPaid(ctx, order.ID); err != nil {
		return "", err
	}
	if err := w.runHook(ctx, order); err != nil {
		return "", err
	}
	series := invoice.Series(w.tx.Now())
	seq, err := w.tx.NextInvoiceSeq(ctx, series)
	if err != nil {
		return "", err
	}
	id, err := ids.New(vezne.InvoicePrefix)
	if err != nil {
		return "", vezne.E(vezne.CodeInternal, "settle.paid", "").Because(err)
	}
	locale := order.Locale
	if locale == "" {
		locale = "en"
	}
	inv := vezne.Invoice{
		ID: vezne.InvoiceID(id), OrderID: order.ID, Series: series, Seq: seq, Number: invoice.Number(series, seq), Locale: locale, Currency: order.Currency,
		Lines: order.Lines, AmountTotal: order.AmountTotal, AmountDiscount: m.AmountDiscount, AmountShipping: m.AmountShipping, AmountTax: m.AmountTax,
		AmountPaid: m.AmountPaid, CustomerName: order.CustomerName, CustomerEmail: order.CustomerEmail, Seller: w.Seller, OrderNumber: order.Number,
		PaymentIntentID: m.PaymentIntent, IssuedAt: w.tx.Now(),
	}
	if c := m.Charge; c != nil && c.CardLast4 != "" {
		inv.Card = c.CardBrand + " •••• " + c.CardLast4
	}
	return inv.Number, w.tx.InsertInvoice(ctx, inv)
}

// plan writes down a request to Stripe that follows from the facts.
func (w *work) plan(ctx context.Context, p vezne.PlannedCall) error {
	_, err := w.write(ctx, p)
	return err
}

func (w *work) write(ctx context.Context, p vezne.PlannedCall) (vezne.CallID, error) {
	id, err := ids.New(vezne.CallPrefix)
	if err != nil {
		return "", vezne.E(vezne.CodeInternal, "settle.plan", "").Because(err)
	}
	n, err := w.tx.NextNumber(ctx)
	if err != nil {
		return "", err
	}
	w.wakes = true
	_, err = w.tx.InsertCall(ctx, vezne.Call{
		ID: vezne.CallID(id), Root: w.root, Attempt: p.Attempt, Purpose: p.Purpose, Path: p.Path, Form: Form(p.Form), Key: p.Key, APIVersion: w.APIVersion,
		Number: n, State: vezne.CallPending, Actor: vezne.Actor{Kind: vezne.ActorSystem}, CreatedAt: w.tx.Now(), NextAt: w.tx.Now(),
	}, p.Key)
	return vezne.CallID(id), err
}

// Form encodes parameters in their order, as application/x-www-form-urlencoded.
func Form(pairs [][2]string) string {
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p[0]) + "=" + url.QueryEscape(p[1]))
	}
	return b.String()
}

// effects writes the outbox rows, one for each who hears of them, with the
// payload frozen.
func (w *work) effects(ctx context.Context, list []vezne.Effect) error {
	if len(list) == 0 {
		return nil
	}
	payload, err := w.view.MarshalJSON()
	if err != nil {
		return vezne.E(vezne.CodeInternal, "settle.effects", "").Because(err)
	}
	var rows []vezne.Effect
	for _, e := range list {
		e.Payload = payload
		if w.HasAfterHook && e.Topic == "order.paid" {
			rows = append(rows, as(e, vezne.EffectHook))
		}
		if w.HasCallback {
			rows = append(rows, as(e, vezne.EffectCallback))
		}
	}
	inserted, err := w.tx.InsertEffects(ctx, rows)
	if err != nil || len(inserted) == 0 || w.Enqueue == nil {
		return err
	}
	return w.Enqueue(ctx, w.tx, inserted)
}

func as(e vezne.Effect, kind vezne.EffectKind) vezne.Effect {
	e.Kind = kind
	e.Key = string(kind) + ":" + e.Key
	return e
}

// View is an order with what is shown beside it.
func (s *Settler) View(o vezne.Order, invoiceNumber string) vezne.OrderView {
	return vezne.OrderView{Order: o, InvoiceNumber: invoiceNumber, PayURL: s.PublicURL + "/pay/" + string(o.ID), Livemode: s.Store.Scope().Livemode}
}
