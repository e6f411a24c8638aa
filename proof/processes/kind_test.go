package processes_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// kind is one way in which everything breaks.
type kind struct {
	name string
	// about is what is done in one cycle.
	about string
	// cycles is how many a life has.
	cycles int
	// shared is true where lives of several kinds share a server.
	shared bool
	plan   func(t *testing.T) plan
	// cycle breaks something and mends it, and returns how long the first
	// acknowledgement took after that.
	cycle func(h *house) (time.Duration, error)
}

// bound is within what the first acknowledgement comes once the store is back.
// A machine that has too much to do lets everybody wait: by how much the
// witness's own clock ticked late in the meantime, it may be later by late times
// that, one for each hand that an event goes through. The ledger has the time as
// it was.
const (
	bound = time.Second
	late  = 5
)

// kinds are all of them, as this machine can do them.
func kinds(t *testing.T) []kind {
	t.Helper()
	onFile := func(*testing.T) plan { return plan{processes: 1, store: newSQLite} }
	shared := &server{t: t}
	list := []kind{
		{name: "kill-sqlite", about: "the process is killed and started again", cycles: 50, plan: onFile, cycle: killOne},
		{shared: true, name: "kill-postgres", about: "the process is killed and started again", cycles: 50, plan: onServer(shared, false), cycle: killOne},
		{shared: true, name: "stop-postgres", about: "PostgreSQL crashes and is started again", cycles: 10, plan: onServer(shared, false), cycle: stopPostgres(shared)},
		{shared: true, name: "read-only", about: "PostgreSQL takes no writes", cycles: 10, plan: onServer(shared, false), cycle: freezePostgres(shared)},
		{name: "file-limit", about: "no file of the SQLite database can be written (EFBIG)", cycles: 20, plan: onFile, cycle: limitFiles},
		{shared: true, name: "network", about: "one way between Stripe, service, PostgreSQL and application is slow, narrow, cut, closed or half-open", cycles: 10, plan: onServer(shared, true), cycle: befall},
		{name: "failover", about: "three processes; the primary crashes, the synchronous standby is promoted; the service knows both, or one address that is turned", cycles: 5, cycle: failOver, plan: func(t *testing.T) plan {
			return plan{processes: 3, store: func(h *house) (store, error) { return newPair(t, h) }}
		}},
	}
	if canForbid(t) {
		list = append(list, kind{name: "read-only-files", about: "the files of the SQLite database may not be changed (EPERM)", cycles: 20, plan: onFile, cycle: forbidFiles})
	}
	if canMount(t) {
		list = append(list, kind{name: "disk-full", about: "the disk under SQLite is full (ENOSPC)", cycles: 20, cycle: fillDisk, plan: func(*testing.T) plan { return plan{processes: 1, store: newDisk} }})
	}
	return list
}

// sum is what came of lives.
type sum struct {
	Cycles, Acks, Effects, Lost, Doubled, Broken int
	// First is the longest time to a first acknowledgement.
	First time.Duration
}

func (s *sum) add(o sum) {
	s.Cycles += o.Cycles
	s.Acks += o.Acks
	s.Effects += o.Effects
	s.Lost += o.Lost
	s.Doubled += o.Doubled
	s.Broken += o.Broken
	s.First = max(s.First, o.First)
}

// live lives one life of a kind and reports everything that did not hold. An
// error means that it could not be lived.
func live(t *testing.T, k kind, seed uint64, cycles int) (s sum, findings []string, err error) {
	t.Helper()
	h, err := openHouse(t.Context(), seed, k.plan(t))
	defer func() { err = errors.Join(err, h.close()) }()
	if err != nil {
		return s, nil, err
	}
	h.busy()
	h.knock()
	for ; s.Cycles < cycles; s.Cycles++ {
		took, err := k.cycle(h)
		if err != nil {
			return s, nil, fmt.Errorf("cycle %d: %s: %w", s.Cycles+1, strings.Join(h.notes, "; "), err)
		}
		s.First = max(s.First, took)
	}
	h.quiet()
	e, err := h.rest()
	if err != nil {
		return s, nil, err
	}
	v := judge(e)
	h.witness.mu.Lock()
	if h.witness.wrongly > 0 {
		h.violate("%d events were acknowledged while the store was gone", h.witness.wrongly)
	}
	for _, n := range h.witness.acks {
		s.Acks += n
	}
	h.witness.mu.Unlock()
	for _, n := range e.Effects {
		s.Effects += n
	}
	for _, d := range h.desks {
		ctx, cancel := context.WithTimeout(h.running, patience)
		if ending := d.end(ctx); ending != nil {
			h.violate("%v", ending)
		}
		cancel()
	}
	if _, err := h.command(h.running, "audit", "verify"); err != nil {
		h.violate("%v", err)
	}
	s.Lost, s.Doubled, s.Broken = len(v.Lost), len(v.Doubled), len(h.broken)
	t.Logf("%s, seed %d: %d cycles, %d orders bought, %d acknowledgements, %d effects, first acknowledgement within %s", k.name, seed, s.Cycles, h.bought, s.Acks, s.Effects, s.First.Round(time.Millisecond))
	findings = append(append(v.Lost, v.Doubled...), h.broken...)
	if len(findings) > 0 {
		for i, note := range h.notes {
			t.Logf("cycle %d: %s", i+1, note)
		}
		for _, d := range h.desks {
			t.Logf("%s said at last:\n%s", d.name, d.said())
		}
	}
	return s, findings, nil
}

// killOne kills a process at a random moment, once in a while before it answers
// at all, and starts it again.
func killOne(h *house) (time.Duration, error) {
	d := h.desks[h.rng.IntN(len(h.desks))]
	if err := d.deserted(); err != nil {
		return 0, err
	}
	if err := d.kill(); err != nil {
		return 0, err
	}
	if h.rng.IntN(6) == 0 {
		if err := d.start(); err != nil {
			return 0, err
		}
		if err := h.pause(h.between(0, 60*time.Millisecond)); err != nil {
			return 0, err
		}
		if err := d.kill(); err != nil {
			return 0, err
		}
	}
	if err := d.start(); err != nil {
		return 0, err
	}
	if err := d.await(h.running); err != nil {
		return 0, err
	}
	h.witness.up(time.Now())
	took, err := h.witness.firsts(h.running, d)
	if err != nil {
		return took, err
	}
	return took, h.pause(h.between(0, 100*time.Millisecond))
}
