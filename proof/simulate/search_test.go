package simulate_test

import (
	"context"
	"slices"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
)

// watchPause is how often the continuous search is called: in a real desk it is
// each few seconds, which days of virtual time cannot afford.
const watchPause = 3 * time.Hour

// watch has the desk look for events that never arrived, again and again.
func (w *world) watch() {
	w.later(watchPause/2+w.weather.pause(watchPause), w.watch)
	w.search()
}

// suspect has the desk look when an event was just lost: before it stands in
// Stripe's list for certain, and when it does.
func (w *world) suspect() {
	if w.weather.climate.watches && !w.over && w.weather.rng.IntN(3) == 0 {
		w.later(time.Minute+w.weather.pause(listed-2*time.Minute), w.search)
		w.later(2*listed+w.weather.pause(listed), w.search)
	}
}

func (w *world) search() {
	p, ok := w.desk()
	if !ok {
		return
	}
	w.strand("watch", func(ctx context.Context) {
		if _, err := p.Watch(ctx); err != nil && vezne.KindOf(err) != vezne.KindUnavailable && !p.life.isDead() {
			w.violate("the search for missed events: %v", err)
		}
		// What was covered is no longer unknown, as soon as it was read.
		for _, at := range numbersOf(w, "SELECT covered_until FROM vezne_watches") {
			w.post.found(time.UnixMicro(at).Add(-listed - time.Minute))
		}
	})
}

// reconcile is an operator who asks what was missed.
func (w *world) reconcile(since time.Duration, dry bool) {
	p, ok := w.desk()
	if !ok || p.CatchingUp() {
		return
	}
	w.strand("reconcile", func(ctx context.Context) {
		began := time.Now()
		r, err := p.Reconcile(ctx, operator, engine.ReconcileParams{Since: w.clock.Now().Add(-since), DryRun: dry})
		w.note("reconcile: %s, %d found, %v", r.State, r.Found, err)
		switch {
		case p.life.isDead() || vezne.KindOf(err) == vezne.KindUnavailable || vezne.KindOf(err) == vezne.KindRateLimited || vezne.CodeOf(err) == vezne.CodeStripeKeyRefused:
			return
		case err != nil:
			w.violate("reconcile: %v", err)
			return
		}
		if !dry && r.State == vezne.ReconciliationComplete {
			w.post.lost = slices.DeleteFunc(w.post.lost, func(l letter) bool {
				return l.created.After(began.Add(-since+furthest)) && l.created.Before(began.Add(-listed-2*time.Minute))
			})
		}
	})
}

func numbersOf(w *world, query string) []int64 {
	rows, err := w.asks(query).rows()
	if err != nil {
		w.violate("look: %v", err)
		return nil
	}
	defer rows.Close()
	var list []int64
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			w.violate("look: %v", err)
		}
		list = append(list, n)
	}
	if err := rows.Err(); err != nil {
		w.violate("look: %v", err)
	}
	return list
}
