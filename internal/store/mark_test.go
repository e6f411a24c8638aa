package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

func setMark(t *testing.T, s *store.Store, m vezne.Mark) {
	t.Helper()
	in(t, s, func(tx *store.Tx) error {
		if m.Type == "" {
			m.Type = vezne.TypePaymentIntent
		}
		if m.DueAt.IsZero() {
			m.DueAt = tx.Now()
		}
		return tx.SetMark(ctx, m)
	})
}

func markIDs(list []vezne.Mark) []vezne.ObjectID {
	out := []vezne.ObjectID{}
	for _, m := range list {
		out = append(out, m.ID)
	}
	return out
}

const lease = time.Minute

func TestAMarkIsClearedOnlyByAReadThatBeganAfterIt(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		setMark(t, s, vezne.Mark{ID: "pi_1", Number: 10})
		for _, tt := range []struct {
			begin int64
			want  bool
		}{{9, false}, {10, false}, {11, true}, {12, false}} {
			in(t, s, func(tx *store.Tx) error {
				cleared, err := tx.ClearMark(ctx, "pi_1", tt.begin)
				if cleared != tt.want {
					t.Errorf("a read that began with %d: cleared %v, want %v", tt.begin, cleared, tt.want)
				}
				return err
			})
		}
		_, err := s.Mark(ctx, "pi_1")
		wantCode(t, "the cleared mark", err, vezne.CodeNotFound)
	})
}

func TestOfTwoMarksTheStricterStays(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		clock := storetest.NewClock()
		s := open(store.Config{Clock: clock})
		now := clock.Now()
		webhook, system := vezne.Actor{Kind: vezne.ActorWebhook}, vezne.Actor{Kind: vezne.ActorSystem}
		setMark(t, s, vezne.Mark{ID: "pi_1", Number: 10, Priority: 20, DueAt: now, Actor: webhook, EventID: "evt_1"})
		// A recheck that was planned before and is due later takes nothing away.
		setMark(t, s, vezne.Mark{ID: "pi_1", Number: 7, Priority: 40, DueAt: now.Add(time.Hour), Actor: system})
		want := vezne.Mark{ID: "pi_1", Type: vezne.TypePaymentIntent, Number: 10, Priority: 20, DueAt: now, Actor: webhook, EventID: "evt_1", CreatedAt: now}
		if d := cmp.Diff(want, must[vezne.Mark](t)(s.Mark(ctx, "pi_1"))); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
		// A newer event that is more urgent takes over.
		setMark(t, s, vezne.Mark{ID: "pi_1", Number: 12, Priority: 0, DueAt: now.Add(-time.Hour), Actor: webhook, EventID: "evt_2"})
		want.Number, want.Priority, want.DueAt, want.EventID = 12, 0, now.Add(-time.Hour), "evt_2"
		if d := cmp.Diff(want, must[vezne.Mark](t)(s.Mark(ctx, "pi_1"))); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
	})
}

func TestMarksAreClaimedByPriorityAndNumber(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		clock := storetest.NewClock()
		s := open(store.Config{Clock: clock})
		for i, m := range []vezne.Mark{
			{ID: "pi_late", Priority: 0, DueAt: clock.Now().Add(time.Second)},
			{ID: "pi_recheck", Priority: 40}, {ID: "pi_b", Priority: 10}, {ID: "pi_a", Priority: 10}, {ID: "pi_landing", Priority: 0}, {ID: "re_1", Priority: 20},
		} {
			m.Number = int64(i + 1)
			setMark(t, s, m)
		}
		claim := func(owner string, limit int) []vezne.ObjectID {
			return markIDs(must[[]vezne.Mark](t)(s.ClaimMarks(ctx, owner, limit, lease)))
		}
		if d := cmp.Diff([]vezne.ObjectID{"pi_landing", "pi_b", "pi_a"}, claim("p1", 3)); d != "" {
			t.Errorf("the first claim (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]vezne.ObjectID{"re_1", "pi_recheck"}, claim("p2", 9)); d != "" {
			t.Errorf("another process gets the rest (-want +got):\n%s", d)
		}
		if got := claim("p1", 9); len(got) != 0 {
			t.Errorf("leased marks were given again, or one before its time: %v", got)
		}
		clock.Advance(lease + time.Second)
		if d := cmp.Diff([]vezne.ObjectID{"pi_late", "pi_landing", "pi_b", "pi_a", "re_1", "pi_recheck"}, claim("p3", 9)); d != "" {
			t.Errorf("after the leases ended (-want +got):\n%s", d)
		}
	})
}

func TestEachMarkIsClaimedByOneOfManyProcesses(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		const marks = 30
		for i := range marks {
			setMark(t, s, vezne.Mark{ID: vezne.ObjectID(fmt.Sprintf("pi_%02d", i)), Number: int64(i + 1)})
		}
		var mu sync.Mutex
		seen := map[vezne.ObjectID]string{}
		var group sync.WaitGroup
		for p := range 5 {
			owner := fmt.Sprint("process ", p)
			group.Go(func() {
				for {
					list, err := s.ClaimMarks(ctx, owner, 4, time.Hour)
					if err != nil {
						t.Error(err)
						return
					}
					if len(list) > 4 {
						t.Errorf("claimed %d marks, asked for 4", len(list))
					}
					if len(list) == 0 {
						return
					}
					mu.Lock()
					for _, m := range list {
						if other, twice := seen[m.ID]; twice {
							t.Errorf("%s was claimed by %s and by %s", m.ID, other, owner)
						}
						seen[m.ID] = owner
					}
					mu.Unlock()
				}
			})
		}
		group.Wait()
		// A process that met another may have left with nothing; what is left is
		// still there for the next sweep.
		rest := must[[]vezne.Mark](t)(s.ClaimMarks(ctx, "last", marks, time.Hour))
		for _, m := range rest {
			if other, twice := seen[m.ID]; twice {
				t.Errorf("%s was claimed by %s and by the last", m.ID, other)
			}
			seen[m.ID] = "last"
		}
		if len(seen) != marks {
			t.Errorf("%d marks were claimed, want %d", len(seen), marks)
		}
	})
}

func TestAReleasedMarkIsDueAgainWhenItsReleaseSays(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		clock := storetest.NewClock()
		s := open(store.Config{Clock: clock})
		setMark(t, s, vezne.Mark{ID: "pi_1", Number: 1})
		claim := func() []vezne.Mark { return must[[]vezne.Mark](t)(s.ClaimMarks(ctx, "p1", 9, lease)) }
		m := claim()[0]
		release := func(owner string, r store.MarkRelease) {
			t.Helper()
			r.Number = m.Number
			if err := s.ReleaseMark(ctx, "pi_1", owner, r); err != nil {
				t.Fatal(err)
			}
		}
		release("another", store.MarkRelease{DueAt: clock.Now()})
		if got := claim(); len(got) != 0 {
			t.Error("a process released the lease of another")
		}
		release("p1", store.MarkRelease{DueAt: clock.Now().Add(time.Second), Tries: 3, Err: "429"})
		if got := claim(); len(got) != 0 {
			t.Error("the mark was given before it is due")
		}
		clock.Advance(time.Second)
		got := claim()
		if len(got) != 1 || got[0].Tries != 3 || got[0].LastError != "429" {
			t.Fatalf("%+v, want the mark with its tries and its failure", got)
		}
		release("p1", store.MarkRelease{DueAt: clock.Now(), Tries: 8, Err: "unreadable", Dead: true})
		clock.Advance(24 * time.Hour)
		if got := claim(); len(got) != 0 {
			t.Error("a dead mark was given")
		}
		waiting, _, err := s.MarkStats(ctx)
		if err != nil || waiting != 0 {
			t.Errorf("%d wait, %v: a dead mark waits for nobody", waiting, err)
		}
		// A new reason to read revives it.
		setMark(t, s, vezne.Mark{ID: "pi_1", Number: 9})
		if got := claim(); len(got) != 1 || got[0].Number != 9 {
			t.Errorf("%+v, want the revived mark", got)
		}
	})
}

func TestANewReasonToReadIsNotLostByTheReleaseOfAnOlderRead(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		for _, dead := range []bool{false, true} {
			clock := storetest.NewClock()
			s := open(store.Config{Clock: clock})
			setMark(t, s, vezne.Mark{ID: "pi_1", Number: 1})
			m := must[[]vezne.Mark](t)(s.ClaimMarks(ctx, "p1", 9, lease))[0]
			// While it is read, an event comes; then the read ends badly.
			setMark(t, s, vezne.Mark{ID: "pi_1", Number: 5, EventID: "evt_2"})
			err := s.ReleaseMark(ctx, "pi_1", "p1", store.MarkRelease{Number: m.Number, DueAt: clock.Now().Add(time.Hour), Tries: 8, Err: "unreadable", Dead: dead})
			if err != nil {
				t.Fatal(err)
			}
			got := must[[]vezne.Mark](t)(s.ClaimMarks(ctx, "p1", 9, lease))
			if len(got) != 1 || got[0].Number != 5 {
				t.Errorf("dead %v: %+v, want the mark of the event, due now", dead, got)
			}
			in(t, s, func(tx *store.Tx) error { _, err := tx.ClearMark(ctx, "pi_1", 6); return err })
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestAnUnlinkedMarkRestsUntilThereIsANewReason(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		setMark(t, s, vezne.Mark{ID: "ch_1", Type: vezne.TypeCharge, Number: 5})
		claim := func() []vezne.ObjectID { return markIDs(must[[]vezne.Mark](t)(s.ClaimMarks(ctx, "p", 9, lease))) }
		in(t, s, func(tx *store.Tx) error { return tx.SetUnlinked(ctx, "ch_1", 5) })
		if d := cmp.Diff([]vezne.ObjectID{"ch_1"}, claim()); d != "" {
			t.Errorf("a read that began before the mark unlinked it:\n%s", d)
		}
		in(t, s, func(tx *store.Tx) error { return tx.SetUnlinked(ctx, "ch_1", 6) })
		if got := claim(); len(got) != 0 {
			t.Errorf("%v was given though nothing new is known", got)
		}
		if m := must[vezne.Mark](t)(s.Mark(ctx, "ch_1")); !m.Unlinked {
			t.Errorf("%+v, want it unlinked", m)
		}
		setMark(t, s, vezne.Mark{ID: "ch_1", Type: vezne.TypeCharge, Number: 7})
		if d := cmp.Diff([]vezne.ObjectID{"ch_1"}, claim()); d != "" {
			t.Errorf("the new reason (-want +got):\n%s", d)
		}
	})
}

func TestRechecksMarkWhatIsDueOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		clock := storetest.NewClock()
		s := open(store.Config{Clock: clock})
		o := insertOrder(t, s, nil)
		at := func(d time.Duration) *time.Time { return new(clock.Now().Add(d)) }
		in(t, s, func(tx *store.Tx) error {
			for _, snap := range []vezne.Snapshot{{ID: "pi_now", RecheckAt: at(0)}, {ID: "pi_soon", RecheckAt: at(time.Minute)}, {ID: "pi_never"}} {
				snap.Type, snap.Body, snap.Root = vezne.TypePaymentIntent, []byte(`{}`), root(o)
				if err := tx.SaveSnapshot(ctx, snap); err != nil {
					return err
				}
			}
			return nil
		})
		before := must[int64](t)(s.NextNumber(ctx))
		if n := must[int](t)(s.MarkRechecks(ctx, 10)); n != 1 {
			t.Errorf("%d marked, want 1", n)
		}
		if n := must[int](t)(s.MarkRechecks(ctx, 10)); n != 0 {
			t.Errorf("%d marked again", n)
		}
		m := must[vezne.Mark](t)(s.Mark(ctx, "pi_now"))
		if m.Number <= before || m.Priority != vezne.PriorityRecheck || m.Actor.Kind != vezne.ActorSystem {
			t.Errorf("%+v: want a new number, the last priority, by the system", m)
		}
		clock.Advance(time.Minute)
		if n := must[int](t)(s.MarkRechecks(ctx, 10)); n != 1 {
			t.Errorf("a minute later: %d marked, want the next", n)
		}
		waiting, oldest, err := s.MarkStats(ctx)
		if err != nil || waiting != 2 || !oldest.Equal(m.CreatedAt) {
			t.Errorf("%d wait since %v, %v; want 2 since %v", waiting, oldest, err, m.CreatedAt)
		}
	})
}

func TestSnapshotsAreKeptByRoot(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		clock := storetest.NewClock()
		s := open(store.Config{Clock: clock})
		o := insertOrder(t, s, nil)
		parent := vezne.Root{Kind: vezne.RootParent, ID: "pi_1"}
		snap := vezne.Snapshot{ID: "ch_1", Type: vezne.TypeCharge, Root: parent, Body: []byte(`{"amount":1}`), Interval: vezne.Interval{Begin: 3, End: 4}, RecheckAt: new(clock.Now())}
		save := func() {
			in(t, s, func(tx *store.Tx) error { return tx.SaveSnapshot(ctx, snap) })
			if d := cmp.Diff(snap, must[vezne.Snapshot](t)(s.Snapshot(ctx, "ch_1"))); d != "" {
				t.Errorf("-saved +read:\n%s", d)
			}
		}
		save()
		snap.Root, snap.Body, snap.Terminal, snap.Deleted, snap.Interval, snap.RecheckAt = root(o), []byte(`{"amount":2}`), true, true, vezne.Interval{Begin: 5, End: 9}, nil
		save()
		if list := must[[]vezne.Snapshot](t)(s.Snapshots(ctx, parent)); len(list) != 0 {
			t.Errorf("%d objects under the former root", len(list))
		}
		if list := must[[]vezne.Snapshot](t)(s.Snapshots(ctx, root(o))); len(list) != 1 {
			t.Errorf("%d objects under the order, want 1", len(list))
		}
		_, err := s.Snapshot(ctx, "ch_none")
		wantCode(t, "an object that is not kept", err, vezne.CodeNotFound)
	})
}
