package desk

import (
	"context"
	"errors"
	"slices"

	"github.com/vezne/vezne"
)

// Replay is an event that is applied again, or what that would change.
type Replay struct {
	Event vezne.Event
	// OrderID is the order that it concerns, empty for none.
	OrderID vezne.OrderID
	// Before and After are the order's status.
	Before, After vezne.OrderStatus
	// Entries are the lines that the timeline got, or would get.
	Entries []vezne.Entry
}

// replayable refuses events that have nothing to be read.
func replayable(e vezne.Event) error {
	const op = "desk.Replay"
	handled := slices.ContainsFunc(vezne.HandledEvents(), func(h vezne.HandledEvent) bool { return h.Type == e.Type })
	switch {
	case e.State == vezne.EventQuarantined:
		return vezne.E(vezne.CodeInvalidRequest, op, "The event is of another account or mode.").WithHint("Replay it where that account is served.")
	case !handled || e.ObjectID == "":
		return vezne.E(vezne.CodeInvalidRequest, op, "Events of this type change nothing here.")
	}
	return nil
}

// PreviewReplay reads an event's object and says what applying the event again
// would change; nothing is. CodeNotFound for an unknown event,
// CodeInvalidRequest for one that changes nothing by its nature; else the codes
// of refresh.Read.
func (d *Desk) PreviewReplay(ctx context.Context, by vezne.Actor, id vezne.EventID) (Replay, error) {
	e, err := d.Store.Event(ctx, id)
	if err == nil {
		err = replayable(e)
	}
	if err != nil {
		return Replay{}, err
	}
	p, err := d.Refresher.Preview(ctx, e.ObjectID, e.ObjectType, vezne.Cause{Actor: by, EventID: e.ID})
	if err != nil {
		return Replay{Event: e}, err
	}
	r := Replay{Event: e, Before: p.Before, After: p.After, Entries: p.Entries}
	if p.Root.Kind == vezne.RootOrder {
		r.OrderID = vezne.OrderID(p.Root.ID)
	}
	return r, nil
}

// Replay applies an event again: its object is read anew and settled, whatever
// became of the event before. The codes are those of PreviewReplay; when the
// read fails, the event waits for the next one.
func (d *Desk) Replay(ctx context.Context, by vezne.Actor, id vezne.EventID) (Replay, error) {
	r, err := d.PreviewReplay(ctx, by, id)
	if err != nil && r.Event.ID == "" {
		return r, err
	}
	var before int
	if r.OrderID != "" {
		lines, err := d.Store.Entries(ctx, orderRoot(r.OrderID))
		if err != nil {
			return r, err
		}
		before = len(lines)
	}
	if err := d.Store.ReplayEvent(ctx, r.Event, by); err != nil {
		return r, err
	}
	read := d.Refresher.Read(ctx, r.Event.ObjectID, r.Event.ObjectType, vezne.Cause{Actor: by, EventID: id}, vezne.PriorityOrder)
	if r.Event, err = d.Store.Event(ctx, id); err != nil || read != nil {
		return r, errors.Join(err, read)
	}
	if r.OrderID == "" {
		return r, nil
	}
	lines, err := d.Store.Entries(ctx, orderRoot(r.OrderID))
	if err != nil {
		return r, err
	}
	r.Entries = lines[before:]
	o, err := d.Store.Order(ctx, r.OrderID)
	r.After = o.Status()
	return r, err
}

// Check asks Stripe about everything that is known of an order, and returns the
// order as it is then. The codes are those of refresh.Read.
func (d *Desk) Check(ctx context.Context, by vezne.Actor, id vezne.OrderID) (vezne.OrderView, error) {
	snapshots, err := d.Store.Snapshots(ctx, orderRoot(id))
	if err != nil {
		return vezne.OrderView{}, err
	}
	for _, s := range snapshots {
		if s.Deleted {
			continue
		}
		err := d.Refresher.Read(ctx, s.ID, s.Type, vezne.Cause{Actor: by}, vezne.PriorityOrder)
		if err != nil && vezne.CodeOf(err) != vezne.CodeNotFound {
			return vezne.OrderView{}, err
		}
	}
	return d.Order(ctx, id)
}
