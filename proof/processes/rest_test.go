package processes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/vezne/vezne"
)

// rest lets everything come to rest and collects the evidence. First nobody
// helps. What waits for the lease of a process that died, or for its next try,
// is then given the time: the processes end, and every instant of the database
// moves back, as if they had been down for long.
func (h *house) rest() (evidence, error) {
	if err := h.idle(); err != nil {
		return evidence{}, err
	}
	for _, d := range h.desks {
		if err := d.deserted(); err != nil {
			return evidence{}, err
		}
	}
	if err := h.probe("last"); err != nil {
		return evidence{}, err
	}
	still, gone, err := h.settled(quickly)
	h.notes = append(h.notes, "at first: "+still)
	for n := 0; err == nil && still != "" && !gone && n < nights; n++ {
		if err = h.night(); err == nil {
			still, gone, err = h.settled(slowly)
			h.notes = append(h.notes, "after a night: "+still)
		}
	}
	if err != nil {
		return evidence{}, err
	}
	if still != "" {
		h.violate("it does not come to rest: %s", still)
	}
	return h.evidence()
}

const (
	// quickly and slowly are how long rest is waited for before and after nights
	// pass, of which there are no more than some.
	quickly = 2 * time.Second
	slowly  = 20 * time.Second
	nights  = 4
	// nightTime is longer than every lease and most pauses.
	nightTime = 45 * time.Minute
)

// night passes: the processes end, time goes by, and they start again.
func (h *house) night() error {
	ctx, cancel := context.WithTimeout(h.running, patience)
	defer cancel()
	for _, d := range h.desks {
		if err := d.end(ctx); err != nil {
			return err
		}
	}
	if err := h.age(ctx); err != nil {
		return err
	}
	for _, d := range h.desks {
		if err := d.start(); err != nil {
			return err
		}
		if err := d.await(ctx); err != nil {
			return err
		}
	}
	return nil
}

// age moves what waits for an instant nearer to it.
func (h *house) age(ctx context.Context) error {
	db, err := h.store.open()
	if err != nil {
		return err
	}
	defer db.Close()
	statements := []string{
		"UPDATE vezne_marks SET due_at = due_at - $1, lease_until = lease_until - $1 WHERE NOT dead",
		"UPDATE vezne_calls SET next_at = next_at - $1, lease_until = lease_until - $1, first_sent_at = first_sent_at - $1",
		"UPDATE vezne_effects SET next_at = next_at - $1 WHERE sent_at IS NULL",
		"UPDATE vezne_idempotency_keys SET begun_at = begun_at - $1",
	}
	if _, isFile := h.store.(sqliteStore); !isFile {
		// The process that led the others in periodic work may have been killed.
		statements = append(statements, "UPDATE vezne_jobs.river_leader SET expires_at = expires_at - $1 * interval '1 microsecond'")
	}
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement, nightTime.Microseconds()); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// settled waits until nothing is outstanding, no longer than d, and returns
// what still is; it does not wait for what is gone for good.
func (h *house) settled(d time.Duration) (still string, gone bool, err error) {
	ctx, cancel := context.WithTimeout(h.running, d)
	defer cancel()
	tick := time.NewTicker(2 * again)
	defer tick.Stop()
	for {
		if still, gone, err = h.outstanding(); still == "" || gone || err != nil {
			return still, gone, err
		}
		select {
		case <-ctx.Done():
			return still, gone, context.Cause(h.running)
		case <-tick.C:
		}
	}
}

// outstanding says what is still to come, empty if nothing is.
func (h *house) outstanding() (still string, gone bool, err error) {
	ctx, cancel := context.WithTimeout(h.running, time.Second)
	defer cancel()
	if h.stripe.Idle(ctx) != nil {
		return "Stripe has events that were not taken", false, context.Cause(h.running)
	}
	e, err := h.evidence()
	if err != nil {
		return "", false, err
	}
	v := judge(e)
	if len(v.Lost) == 0 {
		var waiting struct{ Data []json.RawMessage }
		if err := h.ask("/v1/events?state=received&limit=1", &waiting); err != nil || len(waiting.Data) == 0 {
			return "", false, err
		}
		return "events wait: " + string(waiting.Data[0]), false, nil
	}
	return v.Lost[0], v.Gone, nil
}

// ask asks the first process.
func (h *house) ask(path string, into any) error {
	c := customer{rng: rand.New(rand.NewPCG(1, 1)), desks: h.desks[:1], patience: patience}
	return h.insist(h.running, c, http.MethodGet, path, "", "", into)
}

// evidence collects what everybody says.
func (h *house) evidence() (evidence, error) {
	e := evidence{Acks: map[string]int{}, Events: map[string]told{}, Stripe: map[string]money{}, Effects: map[string]int{}, Refunds: map[string]bool{}}
	// What was acknowledged first: what comes in between is more than that.
	h.witness.mu.Lock()
	for id, n := range h.witness.acks {
		e.Acks[id] = n
	}
	h.witness.mu.Unlock()
	for after, more := "", true; more; {
		var page struct {
			Data []struct {
				ID string
				told
			}
			HasMore bool `json:"has_more"`
			Next    string
		}
		if err := h.ask("/v1/events?limit=100"+following(after), &page); err != nil {
			return e, err
		}
		for _, x := range page.Data {
			e.Events[x.ID] = x.told
		}
		after, more = page.Next, page.HasMore
	}
	for after, more := "", true; more; {
		var page struct {
			Data    []order
			HasMore bool `json:"has_more"`
			Next    string
		}
		if err := h.ask("/v1/orders?limit=100"+following(after), &page); err != nil {
			return e, err
		}
		e.Orders = append(e.Orders, page.Data...)
		after, more = page.Next, page.HasMore
	}
	if err := h.count(&e); err != nil {
		return e, err
	}
	h.app.mu.Lock()
	for id, effects := range h.app.paid {
		e.Effects[id] = len(effects)
	}
	h.app.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	for id := range h.refunds {
		e.Refunds[id] = true
	}
	return e, nil
}

func following(after string) string {
	if after == "" {
		return ""
	}
	return "&after=" + after
}

// count adds up what Stripe has, by order.
func (h *house) count(e *evidence) error {
	orders := map[string]string{}
	for after, more := "", true; more; {
		var page struct {
			Data []struct {
				ID, Status string
				Received   int64 `json:"amount_received"`
				Metadata   map[string]string
			}
			HasMore bool `json:"has_more"`
		}
		if err := h.list("/v1/payment_intents", after, &page); err != nil {
			return err
		}
		for _, i := range page.Data {
			after = i.ID
			id := i.Metadata[vezne.MetadataOrder]
			orders[i.ID] = id
			m := e.Stripe[id]
			if i.Status == "succeeded" {
				m.Payments++
				m.Paid += i.Received
			}
			e.Stripe[id] = m
		}
		more = page.HasMore
	}
	for after, more := "", true; more; {
		var page struct {
			Data []struct {
				ID, Status string
				Amount     int64
				Intent     string `json:"payment_intent"`
			}
			HasMore bool `json:"has_more"`
		}
		if err := h.list("/v1/refunds", after, &page); err != nil {
			return err
		}
		for _, r := range page.Data {
			after = r.ID
			m := e.Stripe[orders[r.Intent]]
			m.Refunds++
			m.GivenBack += r.Amount
			e.Stripe[orders[r.Intent]] = m
		}
		more = page.HasMore
	}
	return nil
}

func (h *house) list(path, after string, into any) error {
	query := url.Values{"limit": {"100"}}
	if after != "" {
		query.Set("starting_after", after)
	}
	return h.askStripe(h.running, http.MethodGet, path+"?"+query.Encode(), nil, into)
}
