package sandbox

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

// control is what an account has beside its objects: the way of its events to endpoints, its planted faults, the journal
// and the story of its calls.
type control struct {
	account        *account
	sender         *sender // under the account's lock
	faults         faults
	deliveryFaults deliveryFaults
	calls          callLog
	story          story
	rate           rate
	// current are the account's settings, for calls that do not hold its lock.
	current   atomic.Pointer[Settings]
	snapshots map[string]*savedState // under the account's lock
	// forward is the endpoint of Options.ForwardTo, which survives a reset; nil without one.
	forward *stripeObject
}

// newControl makes the control of an account that came into being.
func newControl(a *account) *control {
	c := &control{account: a, snapshots: map[string]*savedState{}}
	c.current.Store(&Settings{})
	if o := a.sandbox.options; o.StrictWorld {
		c.deliveryFaults.strict = newStrictWorld(o.Seed, a.name)
	}
	c.sender = newSender(c)
	return c
}

// attachControl hangs deliveries, faults and the control API on the core.
func (sb *Sandbox) attachControl() {
	sb.closing, sb.leave = context.WithCancel(context.Background())
	transport := sb.options.Transport
	sb.wired = transport == nil && sb.options.Dial == nil
	if transport == nil {
		// No proxy, since receivers live near by. A connection serves the deliveries that follow each other closely: to open
		// one for each costs more than all else. What Dial opens is used once, so that none is left behind.
		transport = &http.Transport{
			DialContext: sb.options.Dial, DisableKeepAlives: sb.options.Dial != nil, MaxIdleConnsPerHost: endpointWorkers, IdleConnTimeout: idleConnection,
		}
	}
	sb.webhooks = newWebhookClient(transport)
	sb.seams = seams{
		serve:      newControlHandler(sb),
		committing: func(tx *accountTx) { tx.account.control.plan(tx) },
		committed:  func(a *account, events []*event) { a.control.dispatch(events) },
		settled:    func(ctx context.Context, a *account) error { return a.control.settled(ctx) },
		before:     func(w http.ResponseWriter, r *apiRequest) bool { return r.account.control.before(w, r) },
		keeping:    keepFault,
		after:      func(w http.ResponseWriter, r *apiRequest, _ *answer) bool { return r.account.control.after(w, r) },
		answered:   func(r *apiRequest, an *answer, body []byte) { r.account.control.answered(r, an, body) },
		closing:    sb.stopControl,
	}
}

// begin does what a sandbox does at its start: it reads the settings of accounts that were kept, sends what was under way
// when it last ended, and registers the endpoint of Options.ForwardTo.
func (sb *Sandbox) begin() error {
	for _, a := range sb.everyAccount() {
		a.locked(func() { a.control.resume() })
	}
	return sb.beginForwarding()
}

// everyAccount lists the accounts that there are.
func (sb *Sandbox) everyAccount() []*account {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	list := make([]*account, 0, len(sb.accounts))
	for _, a := range sb.accounts {
		list = append(list, a)
	}
	return list
}

// stopControl ends planted time-outs and deliveries that are under way.
func (sb *Sandbox) stopControl() {
	sb.leave()
	for _, a := range sb.everyAccount() {
		a.locked(func() { a.control.sender.stop() })
	}
	sb.webhooks.CloseIdleConnections()
}

// seconds is the account's time in seconds.
func (a *account) seconds() (now int64) {
	a.locked(func() { now = a.now() })
	return now
}

// background runs a accountTx for a sender that is still the account's; what an old one did counts no more. It says whether
// what f did is stored.
func (c *control) background(s *sender, f func(tx *accountTx)) (stored bool) {
	err := c.account.do(func(tx *accountTx) error {
		if c.sender == s {
			f(tx)
		}
		return nil
	})
	if err != nil {
		c.account.sandbox.log.Error("A delivery could not be written down.", slog.String("account", c.account.name), slog.Any("error", err))
	}
	return err == nil
}

// dispatch queues what a accountTx sends. It runs under the account's lock and does not block.
func (c *control) dispatch(events []*event) {
	var parcels []addressed
	for _, ev := range events {
		parcels = append(parcels, ev.parcels...)
	}
	c.deliveryFaults.shuffle(parcels)
	for _, p := range parcels {
		c.sender.queue(p.endpoint, p.parcel)
	}
}

// settled waits until no delivery is queued or under way. It must not hold the account's lock.
func (c *control) settled(ctx context.Context) error {
	var s *sender
	c.account.locked(func() { s = c.sender })
	return s.settled(ctx)
}

// resume takes up an account's state, after a start, a restore or a reset: its settings, and what was queued or under way
// when it was kept. The caller holds the account's lock.
func (c *control) resume() {
	tx := &accountTx{account: c.account, now: c.account.now()}
	c.refresh(tx)
	var waiting []addressed
	tx.Each(deliveryType, func(d *stripeObject) bool {
		if d.Str("status") == deliveryPending && !d.Has("next_attempt_at") {
			waiting = append(waiting, addressed{d.Str("endpoint"), parcel{ids: []string{d.ID()}}})
		}
		return true
	})
	for i := range waiting {
		p := waiting[len(waiting)-1-i] // the oldest first
		c.sender.queue(p.endpoint, p.parcel)
	}
}

// refresh takes the account's settings to where calls read them.
func (c *control) refresh(tx *accountTx) {
	s := tx.settings()
	c.current.Store(&s)
	c.rate.set(s.RateLimit, s.EndpointRateLimit)
}

// wait pauses for real time, or until the context ends; it says whether the pause is over.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
