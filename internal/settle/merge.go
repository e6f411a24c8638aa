package settle

import (
	"context"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/apply"
	"github.com/vezne/vezne/internal/mirror"
	"github.com/vezne/vezne/internal/store"
)

// belongs says which objects hang on which kind of root.
func belongs(kind vezne.RootKind, t vezne.ObjectType) bool {
	switch t {
	case vezne.TypeSetupIntent, vezne.TypePaymentMethod, vezne.TypeCustomer:
		return kind == vezne.RootCustomer
	}
	return kind == vezne.RootOrder
}

// merge brings the answer into the mirror, notes what it says of its call, and
// clears the marks that it answers.
func (w *work) merge(ctx context.Context) error {
	if w.answer.Call != nil {
		if err := w.saveCall(ctx, *w.answer.Call); err != nil {
			return err
		}
	}
	for _, s := range w.snapshots {
		if !belongs(w.root.Kind, s.Type) {
			continue
		}
		s.Root = w.root
		if w.erased {
			var err error
			if s, err = mirror.Impersonal(s); err != nil {
				return unreadable(err)
			}
		}
		// First the old mark, then a new one if the answer leaves a doubt.
		if err := w.answered(ctx, s.ID); err != nil {
			return err
		}
		if err := w.mergeOne(ctx, s); err != nil {
			return err
		}
		if s.Type == vezne.TypePaymentIntent {
			if err := w.adopt(ctx, s.ID); err != nil {
				return err
			}
		}
	}
	for _, g := range w.answer.Gone {
		if err := w.answered(ctx, g.ID); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) saveCall(ctx context.Context, c vezne.Call) error {
	if w.erased && c.Refusal != nil {
		codes := *c.Refusal
		codes.Message = ""
		c.Refusal = &codes
	}
	if err := w.tx.SaveCall(ctx, c); err != nil {
		return err
	}
	if c.State == vezne.CallRefused && c.Status != 402 && c.Refusal != nil {
		w.entries = append(w.entries, vezne.Entry{
			Action: string(c.Purpose) + ".refused", Object: c.Object, After: map[string]any{"status": c.Status},
			Detail: map[string]any{"code": c.Refusal.Code, "message": c.Refusal.Message, "param": c.Refusal.Param, "request_id": c.Refusal.RequestID},
		})
	}
	return nil
}

// answered clears the mark of an object if the answer began after it was set.
func (w *work) answered(ctx context.Context, id vezne.ObjectID) error {
	if _, err := w.tx.ClearMark(ctx, id, w.answer.Begin); err != nil {
		return err
	}
	return w.tx.SetEventsApplied(ctx, id, w.answer.Begin)
}

func (w *work) mergeOne(ctx context.Context, in vezne.Snapshot) error {
	end, err := w.tx.NextNumber(ctx)
	if err != nil {
		return err
	}
	in.Interval.End = end
	var kept *vezne.Snapshot
	found, err := w.tx.Snapshot(ctx, in.ID)
	if ok, err := known(err); err != nil {
		return err
	} else if ok {
		kept = &found
	}
	verdict := mirror.Decide(kept, in)
	switch {
	case verdict.Replace:
		lines, err := observe(kept, in)
		if err != nil {
			return unreadable(err)
		}
		w.entries = append(w.entries, lines...)
		if kept == nil || !mirror.Same(*kept, in) {
			w.changed[in.ID], w.outcome.Changed = true, true
		}
		if method := savedBy(kept, in); method != "" {
			if err := w.mark(ctx, vezne.ReadMove{ID: method, Type: vezne.TypePaymentMethod}, 0); err != nil {
				return err
			}
		}
		in.RecheckAt = w.recheck(in, kept)
		if err := w.keep(ctx, in); err != nil {
			return err
		}
	default:
		// What is kept stands; only when it is looked at next is new, and what it
		// hangs on if that was not known before.
		found.Root, found.RecheckAt = in.Root, w.recheck(found, kept)
		if err := w.keep(ctx, found); err != nil {
			return err
		}
	}
	if verdict.Alarm {
		w.regressed = true
		w.Log.ErrorContext(ctx, "an object left a final state", "object", string(in.ID))
	}
	if verdict.Again {
		w.outcome.Again = true
		return w.mark(ctx, vezne.ReadMove{ID: in.ID, Type: in.Type}, againAfter(verdict))
	}
	return nil
}

// keep saves a snapshot. What hangs on an intent that is not known is saved
// without a root's lock: somebody may link it at the same time.
func (w *work) keep(ctx context.Context, s vezne.Snapshot) error {
	if s.Root.Kind != vezne.RootParent {
		return w.tx.SaveSnapshot(ctx, s)
	}
	saved, err := w.tx.SaveUnlinked(ctx, s)
	w.linked = !saved
	return err
}

// A doubt is settled at once; an impossible answer is looked into more slowly,
// since it may stay.
const alarmPause = time.Minute

func againAfter(v mirror.Verdict) time.Duration {
	if v.Alarm {
		return alarmPause
	}
	return 0
}

// recheck returns when an object is looked at next, nil for never. One that came
// inside of another keeps its own look: only that one asks for what hangs on it,
// as the disputes of a charge do.
func (w *work) recheck(s vezne.Snapshot, kept *vezne.Snapshot) *time.Time {
	created := createdOf(s)
	after, ok := mirror.RecheckAfter(s, w.tx.Now().Sub(created))
	if !ok {
		return nil
	}
	at := w.tx.Now().Add(after)
	if kept != nil && kept.RecheckAt != nil && s.ID != w.snapshots[0].ID && kept.RecheckAt.Before(at) {
		return kept.RecheckAt
	}
	return &at
}

// createdOf returns when Stripe made an object, the zero time when it says not.
func createdOf(s vezne.Snapshot) time.Time {
	switch s.Type {
	case vezne.TypePaymentIntent:
		if o, err := mirror.PaymentIntent(s); err == nil {
			return o.Created
		}
	case vezne.TypeCheckoutSession:
		if o, err := mirror.CheckoutSession(s); err == nil {
			return o.Created
		}
	case vezne.TypeRefund:
		if o, err := mirror.Refund(s); err == nil {
			return o.Created
		}
	case vezne.TypeDispute:
		if o, err := mirror.Dispute(s); err == nil {
			return o.Created
		}
	case vezne.TypeSetupIntent:
		if o, err := mirror.SetupIntent(s); err == nil {
			return o.Created
		}
	case vezne.TypeCharge:
		if o, err := mirror.Charge(s); err == nil {
			return o.Created
		}
	}
	return time.Time{}
}

// mark asks for an object to be read after a pause.
func (w *work) mark(ctx context.Context, m vezne.ReadMove, pause time.Duration) error {
	n, err := w.tx.NextNumber(ctx)
	if err != nil {
		return err
	}
	w.wakes = true
	return w.tx.SetMark(ctx, vezne.Mark{
		ID: m.ID, Type: m.Type, Number: n, Priority: store.PriorityOf(m.Type), Actor: w.cause.Actor, EventID: w.cause.EventID, DueAt: w.tx.Now().Add(pause),
	})
}

// savedBy returns the method that a payment has just saved for its customer,
// which hangs on the customer and is read by itself.
func savedBy(kept *vezne.Snapshot, in vezne.Snapshot) vezne.ObjectID {
	if in.Type != vezne.TypePaymentIntent {
		return ""
	}
	p, err := mirror.PaymentIntent(in)
	if err != nil || p.SetupFutureUsage == "" || p.Customer == "" || (p.Status != "succeeded" && p.Status != "requires_capture") {
		return ""
	}
	if kept != nil {
		if was, err := mirror.PaymentIntent(*kept); err == nil && was.Status == p.Status && was.PaymentMethod == p.PaymentMethod {
			return ""
		}
	}
	return p.PaymentMethod
}

// adopt takes in what came before the intent that it hangs on was known.
func (w *work) adopt(ctx context.Context, intent vezne.ObjectID) error {
	children, err := w.tx.Snapshots(ctx, vezne.Root{Kind: vezne.RootParent, ID: string(intent)})
	if err != nil {
		return err
	}
	for _, c := range children {
		if w.erased {
			if c, err = mirror.Impersonal(c); err != nil {
				return unreadable(err)
			}
		}
		lines, err := observe(nil, c)
		if err != nil {
			return unreadable(err)
		}
		w.entries = append(w.entries, lines...)
		c.Root = w.root
		if err := w.tx.SaveSnapshot(ctx, c); err != nil {
			return err
		}
		// It was read before: its events are applied now. A newer mark stays.
		if _, err := w.tx.ClearMark(ctx, c.ID, c.Interval.Begin); err != nil {
			return err
		}
		if err := w.tx.SetEventsApplied(ctx, c.ID, c.Interval.Begin); err != nil {
			return err
		}
		w.outcome.Changed = true
	}
	// Somebody may have kept a mark of it aside while it was linked.
	return w.tx.ReviveMarks(ctx, w.root)
}

// observe compares what was kept with what is kept now, for the audit trail.
func observe(kept *vezne.Snapshot, in vezne.Snapshot) ([]vezne.Entry, error) {
	switch in.Type {
	case vezne.TypeCharge:
		return compare(kept, in, mirror.Charge, apply.ObserveCharge)
	case vezne.TypePaymentIntent:
		return compare(kept, in, mirror.PaymentIntent, apply.ObservePaymentIntent)
	case vezne.TypeDispute:
		return compare(kept, in, mirror.Dispute, apply.ObserveDispute)
	case vezne.TypeRefund:
		return compare(kept, in, mirror.Refund, apply.ObserveRefund)
	}
	return nil, nil
}

func compare[T any](kept *vezne.Snapshot, in vezne.Snapshot, read func(vezne.Snapshot) (T, error), see func(*T, T) []vezne.Entry) ([]vezne.Entry, error) {
	after, err := read(in)
	if err != nil {
		return nil, err
	}
	if kept == nil {
		return see(nil, after), nil
	}
	before, err := read(*kept)
	if err != nil {
		return nil, err
	}
	return see(&before, after), nil
}
