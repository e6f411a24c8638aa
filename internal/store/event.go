package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"math"
	"slices"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store/db"
)

// Stored says what became of an event that was handed to StoreEvents.
type Stored struct {
	// New is false when it was there already.
	New bool
}

// StoreEvents keeps a group of events in one transaction: each once, counting
// its deliveries, and a mark for each new one that is to be applied. It
// returns after the commit. An event of state received gets the number that
// orders its mark.
func (s *Store) StoreEvents(ctx context.Context, events []vezne.Event) ([]Stored, error) {
	out := make([]Stored, len(events))
	// Rows are locked in one order, so that two groups cannot wait for each other.
	order := make([]int, len(events))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(events[a].ID, events[b].ID) })
	err := s.InTx(ctx, func(tx *Tx) error {
		// All of the group was received before, so that one question for all
		// numbers is early enough.
		numbers, err := tx.nextNumbers(ctx, count(events, vezne.EventReceived))
		if err != nil {
			return err
		}
		erased, err := s.knownTombstones(ctx, tx.queries)
		if err != nil {
			return err
		}
		group := make([]db.StoreEventParams, len(order))
		for place, i := range order {
			e := events[i]
			if e.State == vezne.EventReceived {
				e.Number, numbers = numbers[0], numbers[1:]
			}
			if group[place], err = tx.eventParams(e, erased); err != nil {
				return err
			}
		}
		rows, err := tx.storeEvents(ctx, group)
		if err != nil {
			return err
		}
		marks := map[vezne.ObjectID]vezne.Mark{}
		for place, i := range order {
			e, kept := events[i], rows[place]
			out[i] = Stored{New: kept.Deliveries == 1 && kept.Number == group[place].Number}
			if out[i].New && e.State == vezne.EventReceived {
				marks[e.ObjectID] = vezne.Mark{
					ID: e.ObjectID, Type: e.ObjectType, Number: max(kept.Number, marks[e.ObjectID].Number), Priority: PriorityOf(e.ObjectType),
					Actor: vezne.Actor{Kind: vezne.ActorWebhook}, EventID: e.ID, DueAt: tx.now,
				}
			}
		}
		list := make([]db.SetMarkParams, 0, len(marks))
		for _, id := range slices.Sorted(maps.Keys(marks)) {
			list = append(list, tx.markParams(marks[id]))
		}
		return tx.setMarks(ctx, list)
	})
	return out, err
}

func count(events []vezne.Event, state vezne.EventState) int {
	n := 0
	for _, e := range events {
		if e.State == state {
			n++
		}
	}
	return n
}

func (tx *Tx) eventParams(e vezne.Event, erased *tombstones) (db.StoreEventParams, error) {
	kept, err := tx.sealBody(e.Body, erased)
	return db.StoreEventParams{
		Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(e.ID), ItsAccount: e.Account, ItsLivemode: e.Livemode, Type: e.Type,
		ObjectID: string(e.ObjectID), ObjectType: string(e.ObjectType), ApiVersion: e.APIVersion, Created: micros(e.Created), ReceivedAt: micros(tx.now),
		State: string(e.State), Reason: e.Reason, Number: e.Number, Body: kept.body, Digest: kept.digest, RemovedAt: kept.removedAt,
	}, err
}

// keptBody is what is kept of a payload: the payload, sealed, or its digest.
type keptBody struct {
	body      []byte
	digest    string
	removedAt *int64
}

// sealBody says what is kept of a payload: only its digest, where it tells of
// somebody who was erased.
func (tx *Tx) sealBody(body []byte, erased *tombstones) (keptBody, error) {
	if erased.names(body) {
		return keptBody{digest: digestBody(body), removedAt: ptr(micros(tx.now))}, nil
	}
	sealed, err := tx.seal.seal(body)
	if err != nil {
		return keptBody{}, vezne.E(vezne.CodeInternal, "store.sealBody", "").Because(err)
	}
	return keptBody{body: sealed}, nil
}

func digestBody(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// removeBody takes a payload and leaves its digest; it returns 1, or 0 when it
// was gone already.
func (tx *Tx) removeBody(ctx context.Context, id vezne.EventID, body []byte) (int64, error) {
	return tx.q.RemoveBody(ctx, db.RemoveBodyParams{
		Digest: digestBody(body), RemovedAt: ptr(micros(tx.now)), Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(id),
	})
}

// FindEvents keeps events that Stripe lists and that never arrived, and marks
// their objects; those that are here already are left as they are. It returns
// which of them were missing.
func (s *Store) FindEvents(ctx context.Context, events []vezne.Event) ([]vezne.Event, error) {
	var missing []vezne.Event
	err := s.InTx(ctx, func(tx *Tx) error {
		missing = nil
		erased, err := s.knownTombstones(ctx, tx.queries)
		if err != nil {
			return err
		}
		for _, e := range events {
			had, err := tx.HasEvent(ctx, e.ID)
			if err != nil {
				return err
			}
			if !had {
				missing = append(missing, e)
			}
		}
		// In one order, so that two processes cannot wait for each other.
		slices.SortFunc(missing, func(a, b vezne.Event) int { return cmp.Compare(a.ObjectID, b.ObjectID) })
		for _, e := range missing {
			if err := tx.findEvent(ctx, e, erased); err != nil {
				return err
			}
		}
		return nil
	})
	return missing, err
}

func (tx *Tx) findEvent(ctx context.Context, e vezne.Event, erased *tombstones) error {
	kept, err := tx.sealBody(e.Body, erased)
	if err != nil {
		return err
	}
	number, err := tx.NextNumber(ctx)
	if err != nil {
		return err
	}
	_, err = tx.q.FindEvent(ctx, db.FindEventParams{
		Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(e.ID), ItsAccount: e.Account, ItsLivemode: e.Livemode, Type: e.Type,
		ObjectID: string(e.ObjectID), ObjectType: string(e.ObjectType), ApiVersion: e.APIVersion, Created: micros(e.Created), ReceivedAt: micros(tx.now),
		State: string(e.State), Reason: e.Reason, Number: number, Body: kept.body, Digest: kept.digest, RemovedAt: kept.removedAt,
	})
	if err != nil {
		return err
	}
	return tx.SetMark(ctx, vezne.Mark{
		ID: e.ObjectID, Type: e.ObjectType, Number: number, Priority: PriorityOf(e.ObjectType), Actor: vezne.Actor{Kind: vezne.ActorReconcile}, EventID: e.ID, DueAt: tx.now,
	})
}

// HasEvent reports whether an event is in the inbox.
func (q queries) HasEvent(ctx context.Context, id vezne.EventID) (bool, error) {
	n, err := q.q.HasEvent(ctx, db.HasEventParams{Account: q.scope.Account, Livemode: q.scope.Livemode, ID: string(id)})
	return n > 0, storageError("store.HasEvent", err)
}

// PriorityOf returns how soon objects of a type are read.
func PriorityOf(t vezne.ObjectType) int {
	switch t {
	case vezne.TypePaymentIntent, vezne.TypeCheckoutSession:
		return vezne.PriorityOrder
	case vezne.TypeCustomer, vezne.TypePaymentMethod, vezne.TypeSetupIntent:
		return vezne.PriorityCustomer
	}
	return vezne.PriorityRefund
}

// EventFilter says which events to list; zero values do not filter.
type EventFilter struct {
	State    vezne.EventState
	Type     string
	ObjectID vezne.ObjectID
	// After is the last event of the former page.
	After vezne.EventID
	// Limit is how many; 0 means 20.
	Limit int
}

// Event returns an event with its body. CodeNotFound.
func (q queries) Event(ctx context.Context, id vezne.EventID) (vezne.Event, error) {
	const op = "store.Event"
	r, err := q.q.GetEvent(ctx, db.GetEventParams{Account: q.scope.Account, Livemode: q.scope.Livemode, ID: string(id)})
	if err != nil {
		return vezne.Event{}, notFound(op, "event", err)
	}
	return q.openEvent(r)
}

// openEvent reads an event with its payload.
func (q queries) openEvent(r db.Event) (vezne.Event, error) {
	e := toEvent(db.ListEventsRow{
		ID: r.ID, ItsAccount: r.ItsAccount, ItsLivemode: r.ItsLivemode, Type: r.Type, ObjectID: r.ObjectID, ObjectType: r.ObjectType, ApiVersion: r.ApiVersion,
		Created: r.Created, ReceivedAt: r.ReceivedAt, State: r.State, Reason: r.Reason, AppliedAt: r.AppliedAt, Deliveries: r.Deliveries, Number: r.Number,
		Digest: r.Digest, RemovedAt: r.RemovedAt,
	})
	var err error
	if e.Body, err = q.seal.open(r.Body); err != nil {
		return e, vezne.E(vezne.CodeCorrupt, "store.Event", "The event's body cannot be decrypted.").Because(err).WithHint("Was VEZNE_BODY_KEY changed?")
	}
	return e, nil
}

// Events lists events without their bodies, newest first.
func (q queries) Events(ctx context.Context, f EventFilter) ([]vezne.Event, error) {
	const op = "store.Events"
	p := db.ListEventsParams{
		Account: q.scope.Account, Livemode: q.scope.Livemode, State: string(f.State), Type: f.Type, ObjectID: string(f.ObjectID),
		BeforeAt: math.MaxInt64, RowLimit: rowLimit(f.Limit),
	}
	if f.After != "" {
		r, err := q.q.GetEvent(ctx, db.GetEventParams{Account: q.scope.Account, Livemode: q.scope.Livemode, ID: string(f.After)})
		if err != nil {
			return nil, notFound(op, "event", err)
		}
		p.BeforeAt, p.BeforeID = r.ReceivedAt, r.ID
	}
	rows, err := q.q.ListEvents(ctx, p)
	if err != nil {
		return nil, storageError(op, err)
	}
	list := make([]vezne.Event, len(rows))
	for i, r := range rows {
		list[i] = toEvent(r)
	}
	return list, nil
}

// EventCounts counts the events by state.
func (q queries) EventCounts(ctx context.Context) (map[vezne.EventState]int64, error) {
	rows, err := q.q.CountEvents(ctx, db.CountEventsParams{Account: q.scope.Account, Livemode: q.scope.Livemode})
	if err != nil {
		return nil, storageError("store.EventCounts", err)
	}
	counts := map[vezne.EventState]int64{}
	for _, r := range rows {
		counts[vezne.EventState(r.State)] = r.Number
	}
	return counts, nil
}

// SetEventsApplied notes that a read which began with the number has brought
// what the events of an object announced.
func (tx *Tx) SetEventsApplied(ctx context.Context, id vezne.ObjectID, begin int64) error {
	return storageError("store.SetEventsApplied", tx.q.SetEventsApplied(ctx, db.SetEventsAppliedParams{
		AppliedAt: ptr(micros(tx.now)), Account: tx.scope.Account, Livemode: tx.scope.Livemode, ObjectID: string(id), NumberBegin: begin,
	}))
}

// SetEventsDead notes that the events of an object cannot be applied.
func (tx *Tx) SetEventsDead(ctx context.Context, id vezne.ObjectID, reason string) error {
	return storageError("store.SetEventsDead", tx.q.SetEventsDead(ctx, db.SetEventsDeadParams{
		Reason: reason, Account: tx.scope.Account, Livemode: tx.scope.Livemode, ObjectID: string(id),
	}))
}

// SetEventsIgnored notes that the object of events which came before a read
// belongs to nothing here.
func (tx *Tx) SetEventsIgnored(ctx context.Context, id vezne.ObjectID, begin int64, reason string) error {
	return storageError("store.SetEventsIgnored", tx.q.SetEventsIgnored(ctx, db.SetEventsIgnoredParams{
		Reason: reason, Account: tx.scope.Account, Livemode: tx.scope.Livemode, ObjectID: string(id), NumberBegin: begin,
	}))
}

// ReplayEvent has an event wait again, and marks its object. CodeNotFound when
// there is no such event, or it is quarantined.
func (s *Store) ReplayEvent(ctx context.Context, e vezne.Event, by vezne.Actor) error {
	return s.InTx(ctx, func(tx *Tx) error {
		number, err := tx.NextNumber(ctx)
		if err != nil {
			return err
		}
		n, err := tx.q.ReplayEvent(ctx, db.ReplayEventParams{Number: number, Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(e.ID)})
		if err != nil {
			return err
		}
		if n == 0 {
			return vezne.E(vezne.CodeNotFound, "store.ReplayEvent", "There is no such event to replay.")
		}
		return tx.SetMark(ctx, vezne.Mark{
			ID: e.ObjectID, Type: e.ObjectType, Number: number, Priority: PriorityOf(e.ObjectType), Actor: by, EventID: e.ID, DueAt: tx.now,
		})
	})
}

func toEvent(r db.ListEventsRow) vezne.Event {
	return vezne.Event{
		ID: vezne.EventID(r.ID), Account: r.ItsAccount, Livemode: r.ItsLivemode, Type: r.Type, ObjectID: vezne.ObjectID(r.ObjectID),
		ObjectType: vezne.ObjectType(r.ObjectType), APIVersion: r.ApiVersion, Created: instant(r.Created), ReceivedAt: instant(r.ReceivedAt),
		State: vezne.EventState(r.State), Reason: r.Reason, AppliedAt: instantPtr(r.AppliedAt), Deliveries: int(r.Deliveries), Number: r.Number,
		Digest: r.Digest, RemovedAt: instantPtr(r.RemovedAt),
	}
}
