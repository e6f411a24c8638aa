package settle

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/ids"
	"github.com/vezne/vezne/internal/mirror"
	"github.com/vezne/vezne/internal/store"
)

// Person is who is to be erased.
type Person struct {
	Customers []vezne.CustomerID
	// Orders are those of guests; those of the customers are found.
	Orders []vezne.OrderID
	// Words are addresses and references by which answers that are kept are
	// known.
	Words []string
	// AtStripe has Stripe delete its customers too.
	AtStripe bool
	// DryRun says what would be erased, and erases nothing.
	DryRun bool
}

// Erase takes everything that tells of a person, in one transaction: of the
// records, the objects of Stripe, the calls, effects, audit lines and kept
// answers. Money, states, instants and invoices stay. Payloads of events are
// taken afterwards, by store.SweepErasure. CodeCustomerBusy, with the
// blockers, while something of the person is under way; CodeNotFound when there
// is nothing left to erase.
func (s *Settler) Erase(ctx context.Context, cause vezne.Cause, p Person) (vezne.Erasure, error) {
	const op = "settle.Erase"
	id, err := ids.New(vezne.ErasurePrefix)
	if err != nil {
		return vezne.Erasure{}, vezne.E(vezne.CodeInternal, op, "").Because(err)
	}
	var out vezne.Erasure
	err = s.Store.InTx(ctx, func(tx *store.Tx) error {
		e := &erasing{Settler: s, tx: tx, cause: cause, person: p, out: vezne.Erasure{ID: vezne.ErasureID(id), Actor: cause.Actor, DryRun: p.DryRun, CreatedAt: tx.Now()}}
		if err := e.run(ctx); err != nil {
			return err
		}
		out = e.out
		switch {
		case p.DryRun:
			out.ID = ""
			return errPreview
		case len(out.Blockers) > 0:
			return busy(op, out.Blockers)
		}
		return tx.InsertErasure(ctx, out, e.ids)
	})
	switch {
	case errors.Is(err, errPreview):
		return out, nil
	case err == nil && len(out.Calls) > 0:
		s.wake()
	}
	return out, err
}

func busy(op string, blockers []vezne.Blocker) error {
	e := vezne.E(vezne.CodeCustomerBusy, op, "").WithHint("Cancel open orders, answer disputes, and wait for what Stripe has not said yet.")
	for _, b := range blockers {
		e = e.WithField(b.What, b.Why)
	}
	return e
}

// erasing is one erasure under way, in its transaction.
type erasing struct {
	*Settler
	tx     *store.Tx
	cause  vezne.Cause
	person Person
	out    vezne.Erasure
	// ids tell that an event is about the person.
	ids []string
}

func (e *erasing) run(ctx context.Context) error {
	orders := map[vezne.OrderID]bool{}
	for _, id := range e.person.Orders {
		orders[id] = true
	}
	// Customers first: whoever makes an order locks its customer first, too.
	var customers []vezne.Customer
	for _, id := range sorted(e.person.Customers) {
		c, err := e.tx.LockCustomer(ctx, id)
		if err != nil {
			return err
		}
		if c.ErasedAt != nil {
			continue
		}
		list, err := e.tx.OrdersOfCustomer(ctx, c.Reference)
		if err != nil {
			return err
		}
		for _, o := range list {
			orders[o.ID] = true
		}
		customers = append(customers, c)
	}
	var locked []vezne.Order
	for id := range orders {
		e.out.Orders = append(e.out.Orders, id)
	}
	e.out.Orders = sorted(e.out.Orders)
	for _, id := range e.out.Orders {
		o, err := e.tx.LockOrder(ctx, id)
		if err != nil {
			return err
		}
		if o.ErasedAt == nil {
			locked = append(locked, o)
		}
	}
	e.out.Orders = nil
	if len(customers) == 0 && len(locked) == 0 {
		return vezne.E(vezne.CodeNotFound, "settle.Erase", "Nothing is left to erase.")
	}
	for _, o := range locked {
		if err := e.order(ctx, o); err != nil {
			return err
		}
	}
	for _, c := range customers {
		if err := e.customer(ctx, c); err != nil {
			return err
		}
	}
	return e.answers(ctx)
}

func sorted[T cmp.Ordered](list []T) []T { return slices.Compact(slices.Sorted(slices.Values(list))) }

func (e *erasing) order(ctx context.Context, o vezne.Order) error {
	root := vezne.Root{Kind: vezne.RootOrder, ID: string(o.ID)}
	w := &work{Settler: e.Settler, tx: e.tx, root: root}
	f, err := w.load(ctx, o)
	if err != nil {
		return err
	}
	e.out.Blockers = append(e.out.Blockers, blockers(f)...)
	inv, err := e.tx.Invoice(ctx, o.ID)
	if ok, err := known(err); err != nil {
		return err
	} else if ok {
		e.out.Invoices = append(e.out.Invoices, vezne.KeptInvoice{OrderID: o.ID, Number: inv.Number, IssuedAt: inv.IssuedAt})
	}
	for _, a := range f.Attempts {
		e.name(string(a.SessionID), string(a.PaymentIntentID))
	}
	if err := e.tx.EraseOrder(ctx, o); err != nil {
		return err
	}
	e.out.Orders, e.out.Counts.Orders = append(e.out.Orders, o.ID), e.out.Counts.Orders+1
	return e.root(ctx, root, vezne.Entry{Action: "order.erased"})
}

func (e *erasing) customer(ctx context.Context, c vezne.Customer) error {
	root := vezne.Root{Kind: vezne.RootCustomer, ID: string(c.ID)}
	calls, err := e.tx.Calls(ctx, root)
	if err != nil {
		return err
	}
	e.out.Blockers = append(e.out.Blockers, pending("customers."+string(c.ID), calls)...)
	methods, err := e.tx.AllPaymentMethods(ctx, c.ID)
	if err != nil {
		return err
	}
	for _, m := range methods {
		e.name(string(m.ID))
	}
	e.name(string(c.StripeCustomerID))
	n, err := e.tx.EraseCustomer(ctx, c.ID)
	if err != nil {
		return err
	}
	e.out.Counts.PaymentMethods += n
	e.out.Customers, e.out.Counts.Customers = append(e.out.Customers, c.ID), e.out.Counts.Customers+1
	if err := e.root(ctx, root, vezne.Entry{Action: "customer.erased", After: map[string]any{"orders": e.out.Counts.Orders}}); err != nil {
		return err
	}
	if !e.person.AtStripe || c.StripeCustomerID == "" {
		return nil
	}
	w := &work{Settler: e.Settler, tx: e.tx, root: root}
	id, err := w.write(ctx, vezne.PlannedCall{
		Key: root.ID + ":delete", Purpose: vezne.CallDeleteCustomer, Path: "/v1/customers/" + url.PathEscape(string(c.StripeCustomerID)),
	})
	e.out.Calls = append(e.out.Calls, id)
	return err
}

// root erases what hangs on a root, and writes the line that says so.
func (e *erasing) root(ctx context.Context, root vezne.Root, line vezne.Entry) error {
	e.name(root.ID)
	snapshots, err := e.tx.Snapshots(ctx, root)
	if err != nil {
		return err
	}
	for _, s := range snapshots {
		e.name(string(s.ID))
		if s, err = mirror.Impersonal(s); err != nil {
			return unreadable(err)
		}
		if err := e.tx.EraseSnapshot(ctx, s); err != nil {
			return err
		}
	}
	calls, err := e.tx.Calls(ctx, root)
	if err != nil {
		return err
	}
	for _, c := range calls {
		e.name(string(c.Object))
		if err := e.tx.EraseCall(ctx, c); err != nil {
			return err
		}
	}
	effects, err := e.tx.Effects(ctx, store.EffectFilter{Root: root, Limit: allOfRoot})
	if err != nil {
		return err
	}
	for _, f := range effects {
		if err := e.tx.EraseEffect(ctx, f); err != nil {
			return err
		}
	}
	entries, err := e.tx.EraseEntries(ctx, root)
	if err != nil {
		return err
	}
	n := &e.out.Counts
	n.Objects, n.Calls, n.Effects, n.Entries = n.Objects+int64(len(snapshots)), n.Calls+int64(len(calls)), n.Effects+int64(len(effects)), n.Entries+entries
	if line.After == nil {
		line.After = map[string]any{}
	}
	line.After["entries"] = entries
	return e.tx.AppendEntries(ctx, complete([]vezne.Entry{line}, root, e.cause, e.tx))
}

// allOfRoot is more than one root ever has of anything.
const allOfRoot = 1 << 20

// name notes ids by which an event is known to be about the person.
func (e *erasing) name(list ...string) {
	for _, id := range list {
		if id != "" && !slices.Contains(e.ids, id) {
			e.ids = append(e.ids, id)
		}
	}
}

// answers empties the answers under idempotency keys that tell of the person.
func (e *erasing) answers(ctx context.Context) error {
	list, err := e.tx.AnsweredKeys(ctx)
	if err != nil {
		return err
	}
	for _, a := range list {
		about := func(word string) bool { return word != "" && bytes.Contains(a.Body, quoted(word)) }
		if !slices.ContainsFunc(e.ids, about) && !slices.ContainsFunc(e.person.Words, about) {
			continue
		}
		if err := e.tx.EraseAnswer(ctx, a.Key); err != nil {
			return err
		}
		e.out.Counts.Answers++
	}
	return nil
}

// quoted is a text as it stands in JSON.
func quoted(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		return []byte(s)
	}
	return b
}

// underWay are the statuses in which an order is not at rest, and what brings it
// there.
var underWay = map[vezne.OrderStatus]string{
	vezne.OrderOpen:       "It can still be paid: cancel it.",
	vezne.OrderProcessing: "Its payment is being checked by the bank: wait for it.",
	vezne.OrderAuthorized: "Money is held for it: capture or cancel it.",
}

// inTheWay are the reasons for attention for which what is known of the person
// may still be needed.
var inTheWay = map[vezne.Attention]string{
	vezne.AttentionMismatch: "It was paid otherwise than it asked for: settle that first.",
	vezne.AttentionSurplus:  "Surplus money came in for it and was not returned yet.",
	vezne.AttentionDisputed: "A dispute is open: answer it and wait for its end.",
	vezne.AttentionInquiry:  "The bank asks about it: answer and wait for the end.",
	vezne.AttentionUnsure:   "Stripe has not said whether a request took effect.",
}

// blockers says what of an order is under way.
func blockers(f vezne.Facts) []vezne.Blocker {
	what := "orders." + string(f.Order.ID)
	list := pending(what, f.Calls)
	add := func(why string, args ...any) {
		list = append(list, vezne.Blocker{What: what, Why: fmt.Sprintf(why, args...)})
	}
	if why, ok := underWay[f.Order.Status()]; ok {
		add("%s", why)
	}
	for _, a := range f.Order.Attention {
		if why, ok := inTheWay[a]; ok {
			add("%s", why)
		}
	}
	for _, r := range f.Refunds {
		if r.State == "pending" {
			add("The refund %s is under way: wait for it.", r.ID)
		}
	}
	for _, d := range f.Disputes {
		if slices.Contains([]string{"needs_response", "under_review", "warning_needs_response", "warning_under_review"}, d.Status) && !f.Order.Has(vezne.AttentionDisputed) && !f.Order.Has(vezne.AttentionInquiry) {
			add("The dispute %s is open: wait for its end.", d.ID)
		}
	}
	return list
}

// pending says which requests have no conclusive answer.
func pending(what string, calls []vezne.Call) []vezne.Blocker {
	var list []vezne.Blocker
	for _, c := range calls {
		if c.State == vezne.CallPending || c.State == vezne.CallLooking {
			list = append(list, vezne.Blocker{What: what, Why: "Stripe has not answered the request " + string(c.Purpose) + " yet: wait for it."})
		}
	}
	return list
}
