package refresh

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/redact"
	"github.com/vezne/vezne/internal/store"
)

const (
	// batch is how many marks, and rechecks, a sweep takes at once.
	batch = 50
	// lease is longer than a read that ends in a time-out (stripeapi.ReadTimeout)
	// and the slowest transaction after it. Whoever waits longer for a turn reads
	// beside another process, which costs a read and nothing else.
	lease = 30 * time.Second
	// deadAfter is how many reads may end in a fault before the object is dead.
	deadAfter = 5
)

// Pauses between two reads of an object that end without an answer.
const (
	againFirst = 2 * time.Second
	againLast  = 5 * time.Minute
)

// Sweep marks what is due to be rechecked, reads what is marked and due, and
// returns how much that was. What becomes of each mark is written in it; an
// error means that the database could not be asked.
func (r *Refresher) Sweep(ctx context.Context) (int, error) {
	if r.cut.Came() {
		return 0, nil
	}
	if _, err := r.Store.MarkRechecks(ctx, batch); err != nil {
		return 0, err
	}
	owner := fmt.Sprintf("%s#%d", r.Owner, r.claims.Add(1))
	marks, err := r.Store.ClaimMarks(ctx, owner, batch, lease)
	if err != nil {
		return 0, err
	}
	reads := make([]*reading, len(marks))
	for i, m := range marks {
		reads[i] = r.join(ctx, m.ID, reading{
			kind: m.Type, cause: vezne.Cause{Actor: m.Actor, EventID: m.EventID}, priority: m.Priority, repeat: m.EventID != "",
		})
	}
	for i, m := range marks {
		<-reads[i].done
		if err := r.release(ctx, m, owner, reads[i].err); err != nil {
			return len(marks), err
		}
	}
	return len(marks), nil
}

// release gives a mark back that the answer did not clear. An outage is tried
// again for ever; a fault that no other try will mend is tried a few times, and
// then the object is dead until something new is heard of it.
func (r *Refresher) release(ctx context.Context, m vezne.Mark, owner string, failed error) error {
	ctx = context.WithoutCancel(ctx)
	now, err := r.Store.Now(ctx)
	if err != nil {
		return err
	}
	if failed == nil || vezne.CodeOf(failed) == vezne.CodeNotFound {
		// Read; if the mark is still there, it is newer than the read, and due when
		// it says: at once, or after the pause that settle gave it.
		return r.Store.ReleaseMark(ctx, m.ID, owner, store.MarkRelease{Number: m.Number, DueAt: now})
	}
	next := store.MarkRelease{Number: m.Number, Tries: m.Tries, Faults: m.Faults, Err: redact.Secrets(failed.Error())}
	switch {
	case isFault(failed):
		next.Faults++
		next.Dead = next.Faults >= deadAfter
		r.Log.ErrorContext(ctx, "an object cannot be applied", "object", string(m.ID), "fault", next.Faults, "dead", next.Dead, "err", failed)
	default:
		next.Tries++
	}
	next.DueAt = now.Add(pause(m.ID, next.Tries+next.Faults))
	if !next.Dead {
		return r.Store.ReleaseMark(ctx, m.ID, owner, next)
	}
	if err := r.Store.InTx(ctx, func(tx *store.Tx) error { return tx.SetEventsDead(ctx, m.ID, next.Err) }); err != nil {
		return err
	}
	return r.Store.ReleaseMark(ctx, m.ID, owner, next)
}

// isFault reports whether another try would end the same way: the answer cannot
// be read or applied, or the database refuses what follows from it. What is out
// of reach, busy, or needs another key, is no fault.
func isFault(err error) bool {
	switch vezne.CodeOf(err) {
	case vezne.CodeStripeUnreachable, vezne.CodeRateLimited, vezne.CodeStripeKeyRefused, vezne.CodeStorageUnavailable, vezne.CodeReadOnly, vezne.CodeOverloaded:
		return false
	}
	return true
}

// pause grows from try to try, and differs between objects, so that many that
// failed together are not tried together again.
func pause(id vezne.ObjectID, tries int) time.Duration {
	pause := againFirst
	for range min(max(tries-1, 0), 16) {
		pause *= 2
	}
	pause = min(pause, againLast)
	sum := fnv.New32a()
	sum.Write([]byte(id))
	return pause/2 + time.Duration(float64(pause/2)*float64(sum.Sum32())/(1<<32))
}

// Run sweeps each second and on Wake, until ctx ends; then it waits for what
// is being read.
func (r *Refresher) Run(ctx context.Context) {
	r.loop.Run(ctx)
	r.running.Wait()
}

// Wake makes Run sweep now.
func (r *Refresher) Wake() { r.loop.Wake() }
