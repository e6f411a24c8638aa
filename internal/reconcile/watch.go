package reconcile

import (
	"context"
	"slices"
	"time"

	"github.com/vezne/vezne"
)

// watch looks at one window of Stripe's events if it is time, and reports
// whether it did.
func (r *Reconciler) watch(ctx context.Context) (bool, error) {
	owner := r.owner()
	w, err := r.Store.ClaimWatch(ctx, owner, lease)
	if err != nil || w == nil {
		return false, err
	}
	return true, r.window(ctx, owner, *w)
}

// with sets what is to be added to the count.
func with(w vezne.Watch, missed int64) vezne.Watch {
	w.Missed = missed
	return w
}

// window walks the events of a window, page by page. Only its end counts as
// covered: a window that breaks off is gone on with, by whoever comes next. The
// end is Stripe's time, not ours: with a clock that is ahead, events would come to
// lie before what counts as covered, and with one that is behind they would be
// looked at late.
func (r *Reconciler) window(ctx context.Context, owner string, w vezne.Watch) error {
	for {
		page, err := r.page(ctx, list{path: "/v1/events", endpoint: "events", from: w.CoveredUntil.Add(-overlap), cursor: w.Cursor})
		now, clockErr := r.Store.Now(ctx)
		if clockErr != nil {
			return clockErr
		}
		if err != nil {
			return r.brokeOff(ctx, owner, w, now, err)
		}
		if w.Until.IsZero() {
			w.Until = page.asOf(now).Add(-grace)
			if err := r.gap(ctx, &w); err != nil {
				return err
			}
		}
		missing, err := r.keep(ctx, page.Data, w.Until)
		if err != nil {
			return err
		}
		w.LastError = ""
		if page.last() {
			w.CoveredUntil, w.Until, w.Cursor = w.Until, time.Time{}, ""
			_, err := r.Store.SaveWatch(ctx, owner, with(w, int64(len(missing))), now.Add(watchEvery), 0)
			return err
		}
		w.Cursor = page.cursor()
		mine, err := r.Store.SaveWatch(ctx, owner, with(w, int64(len(missing))), now, lease)
		if err != nil || !mine || ctx.Err() != nil {
			return err
		}
	}
}

// brokeOff gives the window back to be gone on with later. A cursor that Stripe
// does not know any more is dropped: the window begins anew.
func (r *Reconciler) brokeOff(ctx context.Context, owner string, w vezne.Watch, now time.Time, failed error) error {
	if w.Cursor != "" && refusedForGood(failed) {
		w.Cursor = ""
	}
	w.LastError = cause(failed)
	r.Log.WarnContext(ctx, "Stripe's events could not be listed", "covered_until", w.CoveredUntil, "err", failed)
	_, err := r.Store.SaveWatch(context.WithoutCancel(ctx), owner, with(w, 0), now.Add(watchEvery), 0)
	return err
}

// keep keeps the events of a page that never arrived. Those younger than the
// window's end are left to their delivery and to the next window.
func (r *Reconciler) keep(ctx context.Context, rows []row, until time.Time) ([]vezne.Event, error) {
	events := slices.DeleteFunc(r.sort(ctx, rows), func(e vezne.Event) bool { return e.Created.After(until) })
	if len(events) == 0 {
		return nil, nil
	}
	missing, err := r.Inbox.Find(ctx, events)
	for _, e := range missing {
		r.Log.WarnContext(ctx, "an event was missed and found", "event", string(e.ID), "type", e.Type, "object", string(e.ObjectID), "created", e.Created)
	}
	return missing, err
}

// sort returns the events of a page that change something here.
func (r *Reconciler) sort(ctx context.Context, rows []row) []vezne.Event {
	var events []vezne.Event
	for _, raw := range rows {
		e, err := r.Inbox.Sort(raw.body)
		switch {
		case err != nil:
			// What cannot be read cannot be applied either; its object is met in the
			// lists of objects.
			r.Log.ErrorContext(ctx, "an event in Stripe's list cannot be read", "event", raw.id, "err", err)
		case e.State == vezne.EventReceived:
			events = append(events, e)
		}
	}
	return events
}

// gap raises the alarm when a window is longer than Stripe keeps events, and asks
// for a comparison of objects, which needs none. The window then begins where
// Stripe's list does.
func (r *Reconciler) gap(ctx context.Context, w *vezne.Watch) error {
	if w.Until.Sub(w.CoveredUntil) <= kept {
		return nil
	}
	r.Log.ErrorContext(ctx, "nobody looked for longer than Stripe keeps events; objects are compared instead", "covered_until", w.CoveredUntil)
	ask := vezne.Reconciliation{Since: w.CoveredUntil.Add(-overlap), Until: w.Until.Add(grace), Actor: vezne.Actor{Kind: vezne.ActorSystem}}
	if _, err := r.begin(ctx, ask); err != nil {
		return err
	}
	w.CoveredUntil = w.Until.Add(-kept)
	return nil
}
