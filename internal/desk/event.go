package desk

import (
	"context"
	"time"

	"github.com/vezne/vezne"
)

// Events lists the events of the inbox, newest first. CodeNotFound when After
// names none.
func (d *Desk) Events(ctx context.Context, f EventFilter) ([]vezne.Event, error) {
	return d.Store.Events(ctx, f)
}

// Event returns an event with its body. CodeNotFound.
func (d *Desk) Event(ctx context.Context, id vezne.EventID) (vezne.Event, error) {
	return d.Store.Event(ctx, id)
}

// Overview is the state of the desk for operators.
type Overview struct {
	// Orders counts orders by status.
	Orders map[vezne.OrderStatus]int64
	// Attention counts orders that a person should look at.
	Attention int64
	// Events counts events of the inbox by state.
	Events map[vezne.EventState]int64
	// MarksWaiting counts objects that wait to be read, OldestMark says since
	// when the oldest does; it is zero when none does.
	MarksWaiting int64
	OldestMark   time.Time
	// CallsWaiting counts requests to Stripe without a conclusive answer,
	// OldestCall says since when the oldest has none.
	CallsWaiting int64
	OldestCall   time.Time
}

// Overview returns the state of the desk for operators.
func (d *Desk) Overview(ctx context.Context) (Overview, error) {
	var v Overview
	var err error
	if v.Orders, err = d.Store.OrderCounts(ctx); err != nil {
		return v, err
	}
	if v.Attention, err = d.Store.AttentionCount(ctx); err != nil {
		return v, err
	}
	if v.Events, err = d.Store.EventCounts(ctx); err != nil {
		return v, err
	}
	if v.MarksWaiting, v.OldestMark, err = d.Store.MarkStats(ctx); err != nil {
		return v, err
	}
	if v.CallsWaiting, v.OldestCall, err = d.Store.CallStats(ctx); err != nil {
		return v, err
	}
	// The store says 1970 when nothing waits.
	if v.MarksWaiting == 0 {
		v.OldestMark = time.Time{}
	}
	if v.CallsWaiting == 0 {
		v.OldestCall = time.Time{}
	}
	return v, nil
}
