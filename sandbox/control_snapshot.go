package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// Snapshot is an account as it was at an instant.
type Snapshot struct {
	ID string `json:"id"`
	// Created is the account's clock in seconds.
	Created int64 `json:"created"`
}

// savedState is what a snapshot keeps. Objects are immutable, so it holds references and no copies.
type savedState struct {
	Snapshot
	account        *accountState
	faults         []Fault
	deliveryFaults []DeliveryFault
	journal        []loggedCall
	story          []step
}

// Snapshot keeps the account as it is: objects, events, deliveries, keys, settings, clock, planted faults and journal.
// Snapshots live as long as the sandbox.
func (a *Account) Snapshot() (Snapshot, error) {
	c, err := a.control()
	if err != nil {
		return Snapshot{}, err
	}
	id, err := c.newControlID("snap_")
	if err != nil {
		return Snapshot{}, err
	}
	saved := &savedState{Snapshot: Snapshot{ID: id}, faults: c.faults.list(), deliveryFaults: c.deliveryFaults.list(), journal: c.calls.list()}
	c.account.locked(func() {
		saved.story = c.story.list()
		saved.account = c.account.snapshot()
		saved.Created = c.account.now()
		c.snapshots[id] = saved
	})
	return saved.Snapshot, nil
}

// Snapshots lists what was kept, the oldest first.
func (a *Account) Snapshots() ([]Snapshot, error) {
	c, err := a.control()
	if err != nil {
		return nil, err
	}
	list := []Snapshot{}
	c.account.locked(func() {
		for _, saved := range c.snapshots {
			list = append(list, saved.Snapshot)
		}
	})
	slices.SortFunc(list, func(a, b Snapshot) int {
		if a.Created != b.Created {
			return int(a.Created - b.Created)
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list, nil
}

// Restore brings the account back to a snapshot, the clock too. What was under way to endpoints is given up; what was
// under way when the snapshot was taken is sent again. It returns an *Error for an unknown id.
func (a *Account) Restore(id string) error {
	c, err := a.control()
	if err != nil {
		return err
	}
	return c.replace(func() error {
		saved := c.snapshots[id]
		if saved == nil {
			return noSuch("snapshot", id)
		}
		c.story.replace(saved.story)
		c.account.restore(saved.account)
		c.faults.replace(saved.faults)
		c.deliveryFaults.replace(saved.deliveryFaults)
		c.calls.replace(saved.journal)
		return nil
	})
}

// ForgetSnapshot gives a snapshot's memory back. It returns an *Error for an unknown id.
func (a *Account) ForgetSnapshot(id string) error {
	c, err := a.control()
	if err != nil {
		return err
	}
	c.account.locked(func() {
		if c.snapshots[id] == nil {
			err = noSuch("snapshot", id)
		}
		delete(c.snapshots, id)
	})
	return err
}

// Reset empties the account: objects, events, deliveries, keys, settings, planted faults and journal; its clock tells the
// real time again. Snapshots stay, and so does the endpoint that Options.ForwardTo registered, with its secret.
func (a *Account) Reset() error {
	c, err := a.control()
	if err != nil {
		return err
	}
	return c.replace(func() error {
		c.keepForward()
		c.story.replace(nil)
		c.account.reset()
		c.beginAnew()
		c.faults.replace(nil)
		c.deliveryFaults.replace(nil)
		c.calls.replace(nil)
		return nil
	})
}

// replace puts another state in the account's place, under its lock, and begins its deliveries anew.
func (c *control) replace(state func() error) (err error) {
	c.account.advancing.Lock() // a clock that is on its way arrives first
	defer c.account.advancing.Unlock()
	since, err := c.account.sandbox.journal.enter()
	if err != nil {
		return err
	}
	c.account.locked(func() {
		if err = c.account.sandbox.journal.failure(); err != nil {
			return
		}
		if err = state(); err != nil {
			return
		}
		c.sender.stop()
		c.sender = newSender(c)
		c.resume()
	})
	if err != nil {
		return err
	}
	return c.account.durable(since)
}

func getSnapshots(a *Account, _ *http.Request) (any, error) {
	list, err := a.Snapshots()
	return controlList(list), err
}

func postSnapshot(a *Account, _ *http.Request) (any, error) { return a.Snapshot() }

func postRestore(a *Account, r *http.Request) (any, error) {
	if err := a.Restore(r.PathValue("id")); err != nil {
		return nil, err
	}
	return a.Clock()
}

func deleteSnapshot(a *Account, r *http.Request) (any, error) {
	return removed{r.PathValue("id"), true}, a.ForgetSnapshot(r.PathValue("id"))
}

func postReset(a *Account, _ *http.Request) (any, error) {
	if err := a.Reset(); err != nil {
		return nil, err
	}
	return a.Clock()
}
