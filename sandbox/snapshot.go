package sandbox

import (
	"maps"
	"slices"
)

// accountState is an account as it was. Versions never change, so that it holds references to them.
type accountState struct {
	store     *store
	clock     accountClock
	jobs      dueHeap
	clocks    map[string]*dueHeap
	lastJob   int64
	lastEvent int64
	keys      map[string]*issuedKey
	calls     map[string]*idempotentCall
}

// snapshot keeps the account as it is. The caller holds the lock.
func (a *account) snapshot() *accountState {
	s := &accountState{store: a.store.clone(), clock: a.clock, jobs: slices.Clone(a.jobs), clocks: cloneHeaps(a.clocks), lastJob: a.lastJob, lastEvent: a.lastEvent}
	s.keys, s.calls = maps.Clone(a.keys), map[string]*idempotentCall{}
	for key, c := range a.calls {
		if c.answer != nil {
			s.calls[key] = c
		}
	}
	return s
}

func cloneHeaps(heaps map[string]*dueHeap) map[string]*dueHeap {
	c := make(map[string]*dueHeap, len(heaps))
	for id, h := range heaps {
		clone := slices.Clone(*h)
		c[id] = &clone
	}
	return c
}

// restore brings the account back to a snapshot, the clock too. Keys that were issued since are known no more. The caller
// holds the lock; durable tells when it is stored.
func (a *account) restore(s *accountState) {
	a.forgetKeys()
	a.store, a.clock, a.jobs, a.clocks = s.store.clone(), s.clock, slices.Clone(s.jobs), cloneHeaps(s.clocks)
	a.lastJob, a.lastEvent = s.lastJob, s.lastEvent
	a.keys, a.calls = maps.Clone(s.keys), maps.Clone(s.calls)
	for key := range a.keys {
		a.sandbox.keyOwners.Store(key, a)
	}
	a.recordAll()
	a.arm()
}

// reset empties the account; its clock tells the real time again. The caller holds the lock; durable tells when it is
// stored.
func (a *account) reset() {
	a.forgetKeys()
	a.sandbox.owners.Range(func(id, held any) bool {
		if held.(owner).account == a {
			a.sandbox.owners.Delete(id)
		}
		return true
	})
	a.clear()
	tx := &accountTx{account: a, now: a.now()}
	tx.Put(newAccountObject(tx, a.sandbox.options.DisplayName))
	a.recordAll()
	a.arm()
}

func (a *account) forgetKeys() {
	for key := range a.keys {
		a.sandbox.keyOwners.Delete(key)
	}
}
