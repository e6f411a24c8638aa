package doctor

import (
	"context"
	"strings"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

func (x *examination) database(ctx context.Context) {
	const check = "database"
	h, err := x.Store.Health(ctx)
	if err != nil {
		x.storage(check, err)
		return
	}
	if h.Migration < h.Newest {
		x.problem(check+".schema", "Run vezne migrate with a role that may change tables.", "The schema is at migration %d of %d.", h.Migration, h.Newest)
	} else {
		x.ok(check+".schema", "The schema is at migration %d.", h.Migration)
	}
	if len(h.Unsafe) > 0 {
		x.problem(check+".durability", "Turn them on: what was acknowledged could be lost with the power.", "The database runs with %s.", strings.Join(h.Unsafe, " and "))
	} else {
		x.ok(check+".durability", "A commit survives a power cut.")
	}
	if x.Store.Dialect() == store.SQLite && x.Livemode {
		x.ok(check+".backup", "One SQLite file holds everything: have vezne backup run each day, and keep the copies elsewhere.")
	}
}

// operators looks whether anybody may open the dashboard, where orders that need
// a person are seen to.
func (x *examination) operators(ctx context.Context) {
	const check = "operators"
	n, err := x.Store.Operators(ctx)
	switch {
	case err != nil:
		x.storage(check, err)
	case n == 0:
		x.warn(check, "Run vezne operator create NAME < password.txt.", "Nobody may sign in to the dashboard, where orders that need a person are seen to.")
	default:
		x.ok(check, "People who may sign in to the dashboard: %d.", n)
	}
}

// Ages at which something waits too long.
const (
	late     = 5 * time.Minute
	tooLate  = time.Hour
	uncovers = 10 * time.Minute
	lost     = 24 * time.Hour
)

// queues looks at what waits, and at what gave up.
func (x *examination) queues(ctx context.Context) {
	now, err := x.Store.Now(ctx)
	if err != nil {
		x.storage("queues", err)
		return
	}
	for _, q := range []struct {
		check, what, hint string
		stats             func(context.Context) (int64, time.Time, error)
	}{
		{"queues.marks", "objects to be read at Stripe", "Is Stripe reachable, and the service running?", x.Store.MarkStats},
		{"queues.calls", "requests to Stripe without a conclusive answer", "Is Stripe reachable, and the service running?", x.Store.CallStats},
		{"queues.effects", "call-backs that the application did not accept", "Does the call-back address answer with 2xx?", x.Store.EffectStats},
	} {
		n, oldest, err := q.stats(ctx)
		switch age := now.Sub(oldest); {
		case err != nil:
			x.storage(q.check, err)
		case n == 0:
			x.ok(q.check, "There are no %s.", q.what)
		case age > tooLate:
			x.problem(q.check, q.hint, "%d %s wait, the oldest for %s.", n, q.what, round(age))
		case age > late:
			x.warn(q.check, q.hint, "%d %s wait, the oldest for %s.", n, q.what, round(age))
		default:
			x.ok(q.check, "%d %s wait, the oldest for %s.", n, q.what, round(age))
		}
	}
	x.deadEvents(ctx)
	attention, err := x.Store.AttentionCount(ctx)
	switch {
	case err != nil:
		x.storage("orders.attention", err)
	case attention > 0:
		x.warn("orders.attention", "See /admin/orders?attention=1.", "%d orders need a person.", attention)
	default:
		x.ok("orders.attention", "No order needs a person.")
	}
}

func (x *examination) deadEvents(ctx context.Context) {
	const check = "events.dead"
	counts, err := x.Store.TroubledEvents(ctx)
	switch {
	case err != nil:
		x.storage(check, err)
	case counts[vezne.EventDead] > 0:
		x.problem(check, "See vezne events list --state dead; mend the cause, and apply them with vezne events replay.", "%d events could not be applied.", counts[vezne.EventDead])
	default:
		x.ok(check, "Every event could be applied.")
	}
	if n := counts[vezne.EventQuarantined]; n > 0 {
		x.warn("events.quarantined", "Does another account or mode send to this address? See vezne events list --state quarantined.", "%d events were of another account or mode.", n)
	}
}

// watch looks at the search for missed events.
func (x *examination) watch(ctx context.Context) {
	const check = "reconcile"
	w, err := x.Store.Watch(ctx)
	if vezne.CodeOf(err) == vezne.CodeNotFound {
		x.unknown(check, "Start the service.", "Nobody has looked for missed events yet.")
		return
	}
	now, clockErr := x.Store.Now(ctx)
	if err != nil || clockErr != nil {
		x.storage(check, err)
		return
	}
	switch age := now.Sub(w.CoveredUntil); {
	case age > lost:
		x.problem(check, "Start the service, or run vezne reconcile --since "+days(age)+".", "Missed events were looked for until %s ago. %s", round(age), w.LastError)
	case age > uncovers:
		x.warn(check, "Is the service running, and may the key read events?", "Missed events were looked for until %s ago. %s", round(age), w.LastError)
	default:
		x.ok(check, "Missed events were looked for until %s ago; %d were found since the beginning.", round(age), w.Missed)
	}
}

func round(d time.Duration) string { return max(d, 0).Round(time.Second).String() }

// days writes a time with a day to spare, as --since takes it.
func days(d time.Duration) string {
	return (time.Duration(d.Hours()/24+2) * 24 * time.Hour).Truncate(time.Hour).String()
}
