package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store/db"
)

// EraseOrder takes from an order what tells who bought. Lines keep their names
// where they are of Stripe's catalogue.
func (tx *Tx) EraseOrder(ctx context.Context, o vezne.Order) error {
	lines, err := encode(erasedLines(o.Lines))
	if err != nil {
		return err
	}
	n, err := tx.q.EraseOrder(ctx, db.EraseOrderParams{
		Lines: lines, ErasedAt: ptr(micros(tx.now)), Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(o.ID),
	})
	return oneRow("store.EraseOrder", "order", n, err)
}

// Erased stands where a text was that may have told of a person.
const Erased = "[erased]"

func erasedLines(lines []vezne.OrderLine) []vezne.OrderLine {
	out := make([]vezne.OrderLine, len(lines))
	for i, l := range lines {
		if l.PriceID == "" {
			l.Name = Erased
		}
		out[i] = l
	}
	return out
}

// EraseCustomer takes from a customer what tells who it is, deletes its saved
// methods and returns how many those were. The reference is free again.
func (tx *Tx) EraseCustomer(ctx context.Context, id vezne.CustomerID) (int64, error) {
	const op = "store.EraseCustomer"
	n, err := tx.q.EraseCustomer(ctx, db.EraseCustomerParams{ErasedAt: ptr(micros(tx.now)), Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(id)})
	if err := oneRow(op, "customer", n, err); err != nil {
		return 0, err
	}
	n, err = tx.q.DeletePaymentMethods(ctx, db.DeletePaymentMethodsParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, CustomerID: string(id)})
	return n, storageError(op, err)
}

// EraseSnapshot keeps another body of an object, from which what tells of a
// person was taken.
func (tx *Tx) EraseSnapshot(ctx context.Context, s vezne.Snapshot) error {
	err := tx.q.EraseSnapshot(ctx, db.EraseSnapshotParams{Body: string(s.Body), Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(s.ID)})
	if err == nil {
		err = tx.q.EraseMark(ctx, db.EraseMarkParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(s.ID)})
	}
	return storageError("store.EraseSnapshot", err)
}

// EraseCall takes the form of a call that has ended, and Stripe's words.
func (tx *Tx) EraseCall(ctx context.Context, c vezne.Call) error {
	refusal := ""
	if c.Refusal != nil {
		words := *c.Refusal
		words.Message = ""
		var err error
		if refusal, err = encode(words); err != nil {
			return err
		}
	}
	return storageError("store.EraseCall", tx.q.EraseCall(ctx, db.EraseCallParams{Refusal: refusal, Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(c.ID)}))
}

// EraseEffect takes the payload of an effect that was sent, and of another one
// what tells of a person: it is still to be delivered.
func (tx *Tx) EraseEffect(ctx context.Context, e vezne.Effect) error {
	const op = "store.EraseEffect"
	payload := ""
	if e.SentAt == nil {
		var o map[string]any
		if err := decode(op, string(e.Payload), &o); err != nil {
			return err
		}
		o["customer"], o["metadata"] = nil, map[string]string{}
		if lines, ok := o["lines"].([]any); ok {
			for _, l := range lines {
				if line, ok := l.(map[string]any); ok && line["price"] == nil {
					line["name"] = Erased
				}
			}
		}
		var err error
		if payload, err = encode(o); err != nil {
			return err
		}
	}
	return storageError(op, tx.q.EraseEffect(ctx, db.EraseEffectParams{Payload: payload, Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: e.ID}))
}

// impersonalContent are the keys of an entry's content that tell nothing of a
// person.
var impersonalContent = map[string]bool{
	"status": true, "state": true, "amount": true, "amount_total": true, "currency": true, "attempt": true, "number": true, "kind": true, "refund": true,
	"attention": true, "cancel_requested": true, "payment_intent": true, "next_action": true, "code": true, "decline_code": true, "advice_code": true,
	"amount_paid": true, "amount_authorized": true, "amount_refunded": true, "amount_disputed": true, "paid_at": true, "canceled_at": true, "processing": true,
	"evidence_due_by": true, "again_after_seconds": true, "request_id": true, "invoice": true, "orders": true, "customers": true, "entries": true,
}

// personal reports whether an entry's content may tell of a person: whether it
// has a key that is not known to tell nothing.
func (c entryContent) personal() bool {
	for _, part := range []map[string]any{c.Before, c.After, c.Detail} {
		for key := range part {
			if !impersonalContent[key] {
				return true
			}
		}
	}
	return false
}

// EraseEntries takes the content of those entries of a root that may tell of a
// person, and returns how many. Their digests stay, over which the chain was
// made.
func (tx *Tx) EraseEntries(ctx context.Context, root vezne.Root) (int64, error) {
	const op = "store.EraseEntries"
	entries, err := tx.Entries(ctx, root)
	if err != nil {
		return 0, err
	}
	var erased int64
	for _, e := range entries {
		if !(entryContent{e.Before, e.After, e.Detail}).personal() {
			continue
		}
		n, err := tx.q.EraseEntry(ctx, db.EraseEntryParams{
			ErasedAt: ptr(micros(tx.now)), Account: tx.scope.Account, Livemode: tx.scope.Livemode, RootKind: string(root.Kind), RootID: root.ID, Seq: e.Seq,
		})
		if err != nil {
			return 0, storageError(op, err)
		}
		erased += n
	}
	return erased, nil
}

// AnsweredKey is an answer that is kept under a caller's idempotency key.
type AnsweredKey struct {
	Key  IdempotencyKey
	Body []byte
}

// AnsweredKeys lists the answers that are kept under idempotency keys: those of
// a day.
func (q queries) AnsweredKeys(ctx context.Context) ([]AnsweredKey, error) {
	rows, err := q.q.AnsweredKeys(ctx, db.AnsweredKeysParams{Account: q.scope.Account, Livemode: q.scope.Livemode})
	if err != nil {
		return nil, storageError("store.AnsweredKeys", err)
	}
	list := make([]AnsweredKey, len(rows))
	for i, r := range rows {
		list[i] = AnsweredKey{IdempotencyKey{r.TokenID, r.Route, r.Key}, r.Answer}
	}
	return list, nil
}

// erasedAnswer is what a request is answered whose answer was erased.
const erasedAnswer = `{"object":"erased"}` + "\n"

// EraseAnswer empties the answer under a key. The key stays taken, so that a
// request that is sent again is not done again.
func (tx *Tx) EraseAnswer(ctx context.Context, k IdempotencyKey) error {
	return storageError("store.EraseAnswer", tx.q.EraseAnswer(ctx, db.EraseAnswerParams{
		Answer: []byte(erasedAnswer), Account: tx.scope.Account, Livemode: tx.scope.Livemode, TokenID: k.TokenID, Route: k.Route, Key: k.Key,
	}))
}

// InsertErasure writes an erasure down, with the ids that tell that an event is
// about it.
func (tx *Tx) InsertErasure(ctx context.Context, e vezne.Erasure, ids []string) error {
	const op = "store.InsertErasure"
	p := db.InsertErasureParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(e.ID), Actor: e.Actor.String(), CreatedAt: micros(tx.now)}
	var errs [4]error
	p.Customers, errs[0] = encode(e.Customers)
	p.Orders, errs[1] = encode(e.Orders)
	p.Counts, errs[2] = encode(e.Counts)
	p.Calls, errs[3] = encode(e.Calls)
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	if err := tx.q.InsertErasure(ctx, p); err != nil {
		return storageError(op, err)
	}
	for _, id := range ids {
		if _, err := tx.q.InsertTombstone(ctx, db.InsertTombstoneParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: id, ErasureID: string(e.ID)}); err != nil {
			return storageError(op, err)
		}
	}
	return nil
}

// Erasure returns an erasure. CodeNotFound.
func (q queries) Erasure(ctx context.Context, id vezne.ErasureID) (vezne.Erasure, error) {
	r, err := q.q.GetErasure(ctx, db.GetErasureParams{Account: q.scope.Account, Livemode: q.scope.Livemode, ID: string(id)})
	if err != nil {
		return vezne.Erasure{}, notFound("store.Erasure", "erasure", err)
	}
	return q.toErasure(ctx, r)
}

// Erasures lists erasures, newest first.
func (q queries) Erasures(ctx context.Context, limit int) ([]vezne.Erasure, error) {
	rows, err := q.q.ListErasures(ctx, db.ListErasuresParams{Account: q.scope.Account, Livemode: q.scope.Livemode, RowLimit: rowLimit(limit)})
	if err != nil {
		return nil, storageError("store.Erasures", err)
	}
	return collect(rows, func(r db.Erasure) (vezne.Erasure, error) { return q.toErasure(ctx, r) })
}

func (q queries) toErasure(ctx context.Context, r db.Erasure) (vezne.Erasure, error) {
	const op = "store.Erasure"
	e := vezne.Erasure{ID: vezne.ErasureID(r.ID), Actor: vezne.ParseActor(r.Actor), CreatedAt: instant(r.CreatedAt), CompletedAt: instantPtr(r.CompletedAt)}
	for _, part := range []struct {
		text string
		into any
	}{{r.Customers, &e.Customers}, {r.Orders, &e.Orders}, {r.Counts, &e.Counts}, {r.Calls, &e.Calls}} {
		if err := json.Unmarshal([]byte(part.text), part.into); err != nil {
			return e, vezne.E(vezne.CodeCorrupt, op, "").Because(err)
		}
	}
	for _, id := range e.Orders {
		inv, err := q.Invoice(ctx, id)
		if vezne.CodeOf(err) == vezne.CodeNotFound {
			continue
		}
		if err != nil {
			return e, err
		}
		e.Invoices = append(e.Invoices, vezne.KeptInvoice{OrderID: id, Number: inv.Number, IssuedAt: inv.IssuedAt})
	}
	return e, nil
}

// sweepMargin is how far an event's time may lie before the end of the
// transaction that stored it: as long as a transaction may take, and more.
const sweepMargin = 3 * txTimeout

// SweepErasure takes the payload of every event that names one of the ids of
// any erasure, or that also says is about this one, and counts them in the
// erasure. Once nothing can arrive any more that was on its way while the ids
// were written down, the erasure is complete. It goes on where it stopped.
func (s *Store) SweepErasure(ctx context.Context, id vezne.ErasureID, also func(body []byte) bool) (vezne.Erasure, error) {
	e, err := s.Erasure(ctx, id)
	if err != nil || e.CompletedAt != nil {
		return e, err
	}
	row, err := s.q.GetErasure(ctx, db.GetErasureParams{Account: s.scope.Account, Livemode: s.scope.Livemode, ID: string(id)})
	if err != nil {
		return e, notFound("store.SweepErasure", "erasure", err)
	}
	known, err := s.knownTombstones(ctx, s.queries)
	if err != nil {
		return e, err
	}
	about := func(body []byte) bool { return known.names(body) || also != nil && also(body) }
	began, err := s.Now(ctx)
	if err != nil {
		return e, err
	}
	from := max(0, row.SweptUntil-sweepMargin.Microseconds())
	removed, err := s.removeBodies(ctx, from, about)
	if err != nil {
		return e, err
	}
	e.Counts.Events += removed
	if !began.Before(e.CreatedAt.Add(sweepMargin)) {
		e.CompletedAt = &began
	}
	counts, err := encode(e.Counts)
	if err != nil {
		return e, err
	}
	return e, s.InTx(ctx, func(tx *Tx) error {
		n, err := tx.q.SaveErasure(ctx, db.SaveErasureParams{
			Counts: counts, SweptUntil: micros(began), CompletedAt: microsPtr(e.CompletedAt), Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(id),
		})
		return oneRow("store.SweepErasure", "erasure", n, err)
	})
}

// FinishErasures looks once more, after a while, for what erasures that are not
// complete concern: an event that was being stored at that time, or all of them
// if a process died.
func (s *Store) FinishErasures(ctx context.Context) error {
	now, err := s.Now(ctx)
	if err != nil {
		return err
	}
	rows, err := s.q.UnfinishedErasures(ctx, db.UnfinishedErasuresParams{Account: s.scope.Account, Livemode: s.scope.Livemode})
	if err != nil {
		return storageError("store.FinishErasures", err)
	}
	for _, r := range rows {
		if now.Before(instant(r.CreatedAt).Add(sweepMargin)) {
			continue
		}
		if _, err := s.SweepErasure(ctx, vezne.ErasureID(r.ID), nil); err != nil {
			return err
		}
	}
	return nil
}

// eventBatch is how many events are looked through at once.
const eventBatch = 200

// EventsAbout calls found for every event whose payload is kept and is about
// something, oldest first, from an instant on.
func (s *Store) EventsAbout(ctx context.Context, from time.Time, about func(body []byte) bool, found func(vezne.Event) error) error {
	return s.eachEvent(ctx, micros(from), func(e vezne.Event) error {
		if !about(e.Body) {
			return nil
		}
		return found(e)
	})
}

func (s *Store) eachEvent(ctx context.Context, from int64, do func(vezne.Event) error) error {
	p := db.EventsFromParams{Account: s.scope.Account, Livemode: s.scope.Livemode, AfterAt: from - 1, RowLimit: eventBatch}
	for {
		rows, err := s.q.EventsFrom(ctx, p)
		if err != nil {
			return storageError("store.EventsAbout", err)
		}
		for _, r := range rows {
			p.AfterAt, p.AfterID = r.ReceivedAt, r.ID
			if r.Body == nil {
				continue
			}
			e, err := s.openEvent(r)
			if err != nil {
				return err
			}
			if err := do(e); err != nil {
				return err
			}
		}
		if len(rows) < eventBatch {
			return ctx.Err()
		}
	}
}

// removeBodies takes the payloads that are about something and returns how many.
func (s *Store) removeBodies(ctx context.Context, from int64, about func(body []byte) bool) (int64, error) {
	var removed int64
	err := s.eachEvent(ctx, from, func(e vezne.Event) error {
		if !about(e.Body) {
			return nil
		}
		return s.InTx(ctx, func(tx *Tx) error {
			n, err := tx.removeBody(ctx, e.ID, e.Body)
			if err == nil {
				err = tx.q.ForgetReason(ctx, db.ForgetReasonParams{Reason: Erased, Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(e.ID)})
			}
			removed += n
			return err
		})
	})
	return removed, err
}
