package store_test

import (
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

func TestAnIDIsFoundWhereItStandsAlone(t *testing.T) {
	t.Parallel()
	named := store.Naming([]string{"cus_1", "pi_2"})
	for body, want := range map[string]bool{
		`{"customer":"cus_1"}`:                      true,
		`{"a":{"cus_1":null}}`:                      true,
		`["x","pi_2"]`:                              true,
		`{"text":"he said \"hello\"","id":"cus_1"}`: true,
		`{"text":"one quote: \"","id" : "cus_1"}`:   true,
		`{"id":"cus_10"}`:                           false,
		`{"id":"xcus_1"}`:                           false,
		`{"url":"https://example.com/cus_1/x"}`:     false,
		`cus_1`:                                     false,
		`"cus_1`:                                    false,
		``:                                          false,
		`{"":"","id":"cus_1"}`:                      true,
	} {
		if got := named([]byte(body)); got != want {
			t.Errorf("%s: %v, want %v", body, got, want)
		}
	}
	if store.Naming(nil)([]byte(`{"":""}`)) {
		t.Error("no id is found")
	}
}

// erase writes an erasure down that concerns some ids.
func erase(t *testing.T, s *store.Store, id vezne.ErasureID, ids ...string) {
	t.Helper()
	in(t, s, func(tx *store.Tx) error {
		return tx.InsertErasure(ctx, vezne.Erasure{ID: id, Actor: vezne.Actor{Kind: vezne.ActorSystem}}, ids)
	})
}

func about(id vezne.EventID, object string) vezne.Event {
	e := event(string(id), vezne.ObjectID(object))
	e.Body = []byte(`{"data":{"object":{"id":"` + object + `","email":"ayse@example.com"}}}`)
	return e
}

func TestEveryProcessKnowsWhoWasErased(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	url := storetest.Postgres(t)
	here, there := storetest.Open(t, store.Config{URL: url, Clock: clock}), storetest.Open(t, store.Config{URL: url, Clock: clock})
	for i, id := range []string{"pi_1", "pi_2"} {
		before, after := vezne.EventID("evt_before_"+id), vezne.EventID("evt_after_"+id)
		if _, err := there.StoreEvents(ctx, []vezne.Event{about(before, id)}); err != nil {
			t.Fatal(err)
		}
		erase(t, here, vezne.ErasureID("ers_"+id), id)
		stored := must[[]store.Stored](t)(there.StoreEvents(ctx, []vezne.Event{about(after, id), about("evt_other_"+vezne.EventID(id), "pi_9")}))
		if !stored[0].New || !stored[1].New {
			t.Errorf("round %d: stored %+v", i, stored)
		}
		if e := must[vezne.Event](t)(there.Event(ctx, after)); e.Body != nil || len(e.Digest) != 64 || e.RemovedAt == nil || e.State != vezne.EventReceived {
			t.Errorf("an event about somebody who was erased is kept as %+v", e)
		}
		if e := must[vezne.Event](t)(there.Event(ctx, "evt_other_"+vezne.EventID(id))); e.Body == nil || e.RemovedAt != nil {
			t.Errorf("an event about somebody else is kept as %+v", e)
		}
		found := must[[]vezne.Event](t)(there.FindEvents(ctx, []vezne.Event{about("evt_found_"+vezne.EventID(id), id)}))
		if e := must[vezne.Event](t)(there.Event(ctx, found[0].ID)); e.Body != nil || e.Digest == "" {
			t.Errorf("an event that was found is kept as %+v", e)
		}
	}
}

func TestWhatWasBeingStoredDuringAnErasureIsFound(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		clock := storetest.NewClock()
		s := open(store.Config{Clock: clock})
		if _, err := s.StoreEvents(ctx, []vezne.Event{about("evt_1", "pi_1"), about("evt_2", "pi_2")}); err != nil {
			t.Fatal(err)
		}
		erase(t, s, "ers_1", "pi_1")
		e := must[vezne.Erasure](t)(s.SweepErasure(ctx, "ers_1", nil))
		if e.Counts.Events != 1 || e.CompletedAt != nil {
			t.Errorf("the first look: %+v", e)
		}
		// It began before the ids were written down, and commits only now.
		late := clock.Now()
		clock.Advance(time.Second)
		if _, err := s.StoreEvents(ctx, []vezne.Event{about("evt_late", "pi_3")}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.DB().ExecContext(ctx, "UPDATE vezne_events SET received_at = $1, body = $2 WHERE id = 'evt_late'", late.UnixMicro(), append([]byte{0}, about("", "pi_1").Body...)); err != nil {
			t.Fatal(err)
		}
		finish := func() vezne.Erasure {
			t.Helper()
			if err := s.FinishErasures(ctx); err != nil {
				t.Fatal(err)
			}
			return must[vezne.Erasure](t)(s.Erasure(ctx, "ers_1"))
		}
		if e := finish(); e.CompletedAt != nil || e.Counts.Events != 1 {
			t.Errorf("too early it is complete: %+v", e)
		}
		clock.Advance(2 * time.Minute)
		if e := finish(); e.CompletedAt == nil || e.Counts.Events != 2 {
			t.Errorf("the last look: %+v", e)
		}
		for id, kept := range map[vezne.EventID]bool{"evt_1": false, "evt_late": false, "evt_2": true} {
			if e := must[vezne.Event](t)(s.Event(ctx, id)); (e.Body != nil) != kept {
				t.Errorf("%s is kept as %+v", id, e)
			}
		}
		if e := finish(); e.Counts.Events != 2 {
			t.Errorf("what is complete was looked through again: %+v", e)
		}
	})
}

func TestAnErasedLineThatSaysSomethingBreaksTheChain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		o := insertOrder(t, s, nil)
		in(t, s, func(tx *store.Tx) error {
			return tx.AppendEntries(ctx, []vezne.Entry{
				{Root: root(o), Action: "order.created", After: map[string]any{"status": "open", "amount_total": 1999}},
				{Root: root(o), Action: "payment.failed", Detail: map[string]any{"message": "Ayse's card was declined."}},
			})
		})
		if _, err := s.SealAll(ctx); err != nil {
			t.Fatal(err)
		}
		for _, want := range []int64{1, 0} {
			in(t, s, func(tx *store.Tx) error {
				n, err := tx.EraseEntries(ctx, root(o))
				if n != want {
					t.Errorf("%d lines erased, want %d", n, want)
				}
				return err
			})
		}
		if r := must[store.AuditReport](t)(s.VerifyAudit(ctx)); r.Broken != "" || r.Entries != 2 || r.Erased != 1 {
			t.Errorf("the chain: %+v", r)
		}
		lines := must[[]vezne.Entry](t)(s.Entries(ctx, root(o)))
		if lines[0].ErasedAt != nil || lines[0].After["status"] != "open" || lines[1].ErasedAt == nil || lines[1].Detail != nil || lines[1].Action != "payment.failed" {
			t.Errorf("lines %+v", lines)
		}
		for _, step := range []struct {
			change string
			broken bool
		}{
			{"UPDATE vezne_entries SET content = '{}' WHERE erased_at IS NOT NULL", true},
			{"UPDATE vezne_entries SET content = '' WHERE erased_at IS NOT NULL", false},
			{"UPDATE vezne_entries SET digest = salt WHERE erased_at IS NOT NULL", true},
		} {
			if _, err := s.DB().ExecContext(ctx, step.change); err != nil {
				t.Fatal(err)
			}
			if r := must[store.AuditReport](t)(s.VerifyAudit(ctx)); (r.Broken != "") != step.broken {
				t.Errorf("after %q: %+v", step.change, r)
			}
		}
	})
}
