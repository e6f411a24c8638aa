package store_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

func TestATimelineIsReadBackInItsOrder(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		clock := storetest.NewClock()
		s := open(store.Config{Clock: clock})
		o := insertOrder(t, s, nil)
		want := []vezne.Entry{
			{Root: root(o), Seq: 1, At: clock.Now(), Actor: vezne.Actor{Kind: vezne.ActorAPI, Name: "a:b"}, Action: "order.created", After: map[string]any{"status": "open"}},
			{Root: root(o), Seq: 2, At: clock.Now().Add(-time.Second), Actor: vezne.Actor{Kind: vezne.ActorWebhook}, Action: "order.processing", EventID: "evt_1", Object: "pi_1",
				Before: map[string]any{"status": "open"}, After: map[string]any{"status": "processing", "held": nil, "now": true}, Detail: map[string]any{"note": "çağrı"}},
		}
		in(t, s, func(tx *store.Tx) error {
			first := want[0]
			first.Seq, first.At = 0, time.Time{} // both are filled in
			return tx.AppendEntries(ctx, []vezne.Entry{first, want[1]})
		})
		if d := cmp.Diff(want, must[[]vezne.Entry](t)(s.Entries(ctx, root(o)))); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
	})
}

func TestAnOrderHasOnePaidEntry(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		o, other := insertOrder(t, s, nil), insertOrder(t, s, nil)
		for _, r := range []vezne.Root{root(o), root(other)} {
			if err := appendEntries(s, r, "order.created", "order.paid"); err != nil {
				t.Fatal(err)
			}
		}
		if err := appendEntries(s, root(o), "order.refunded", "order.paid"); !store.IsConstraint(err) {
			t.Errorf("a second order.paid: %v, want the schema's refusal", err)
		}
		if list := must[[]vezne.Entry](t)(s.Entries(ctx, root(o))); len(list) != 2 {
			t.Errorf("%d lines, want 2: the refused transaction left something", len(list))
		}
	})
}

func TestTheTimelineOfARootHasNoGapUnderConcurrency(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		o := insertOrder(t, s, nil)
		var group sync.WaitGroup
		for i := range 12 {
			group.Go(func() {
				err := s.InTx(ctx, func(tx *store.Tx) error {
					if _, err := tx.LockOrder(ctx, o.ID); err != nil {
						return err
					}
					if err := tx.AppendEntries(ctx, []vezne.Entry{{Root: root(o), Action: "a"}, {Root: root(o), Action: "b"}}); err != nil {
						return err
					}
					if i%3 == 0 {
						return errRollback
					}
					return nil
				})
				if err != nil && !errors.Is(err, errRollback) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		list := must[[]vezne.Entry](t)(s.Entries(ctx, root(o)))
		if len(list) != 16 {
			t.Errorf("%d lines, want 16", len(list))
		}
		for i, e := range list {
			if e.Seq != int64(i+1) {
				t.Fatalf("line %d has the number %d", i+1, e.Seq)
			}
		}
	})
}

// fill writes lines of several orders, some of them in transactions that are
// undone.
func fill(t *testing.T, s *store.Store, orders, lines int) {
	t.Helper()
	for range orders {
		o := insertOrder(t, s, nil)
		for i := range lines {
			if err := appendEntries(s, root(o), fmt.Sprint("line ", i)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func seal(t *testing.T, s *store.Store) {
	t.Helper()
	for must[int](t)(s.Seal(ctx, 5)) > 0 {
	}
}

func whole(t *testing.T, s *store.Store, entries int64) {
	t.Helper()
	report := must[store.AuditReport](t)(s.VerifyAudit(ctx))
	if report.Broken != "" || report.Entries != entries {
		t.Errorf("%+v, want %d entries and no break", report, entries)
	}
}

func TestTheChainIsSealedWithoutGapsBySealersAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		whole(t, s, 0)
		fill(t, s, 4, 5)
		var mu sync.Mutex
		total := 0
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				for range 12 {
					n, err := s.Seal(ctx, 3)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					total += n
					mu.Unlock()
				}
			})
		}
		// Somebody verifies meanwhile: a chain that grows is not broken.
		group.Go(func() {
			for range 12 {
				report, err := s.VerifyAudit(ctx)
				if err != nil || report.Broken != "" {
					t.Errorf("verified while it grows: %+v, %v", report, err)
				}
			}
		})
		group.Wait()
		seal(t, s)
		whole(t, s, 20)
		if total > 20 {
			t.Errorf("%d lines were sealed, there are 20", total)
		}
		lines := must[[]store.AuditLine](t)(s.AuditLines(ctx, 0, 100))
		for i, l := range lines {
			if l.ChainSeq != int64(i+1) {
				t.Fatalf("place %d is %d", i+1, l.ChainSeq)
			}
		}
	})
}

func TestALineThatCommitsLateIsSealedAllTheSame(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, store.Config{URL: storetest.Postgres(t)})
	early, late := insertOrder(t, s, nil), insertOrder(t, s, nil)
	// The first transaction writes its line before the second and commits after
	// the second was sealed.
	wrote, goOn := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- s.InTx(ctx, func(tx *store.Tx) error {
			if _, err := tx.LockOrder(ctx, early.ID); err != nil {
				return err
			}
			if err := tx.AppendEntries(ctx, []vezne.Entry{{Root: root(early), Action: "early"}}); err != nil {
				return err
			}
			close(wrote)
			<-goOn
			return nil
		})
	}()
	<-wrote
	if err := appendEntries(s, root(late), "late"); err != nil {
		t.Fatal(err)
	}
	seal(t, s)
	whole(t, s, 1)
	close(goOn)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	seal(t, s)
	whole(t, s, 2)
}

func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		for _, tt := range []struct {
			name, statement, want string
			at                    int64
		}{
			{"nothing", "", "", 0},
			{"a word is changed", "UPDATE vezne_entries SET content = '{\"after\":{\"action\":\"other\"}}' WHERE chain_seq = 4", "content", 4},
			{"who did it is changed", "UPDATE vezne_entries SET actor = 'operator:eve' WHERE chain_seq = 2", "content", 2},
			{"when is changed", "UPDATE vezne_entries SET at = at + 1 WHERE chain_seq = 1", "content", 1},
			{"the mode is changed", "UPDATE vezne_entries SET livemode = TRUE WHERE chain_seq = 3", "missing", 3},
			{"a line is removed", "DELETE FROM vezne_entries WHERE chain_seq = 3", "missing", 3},
			{"the last line is removed", "DELETE FROM vezne_entries WHERE chain_seq = 6", "ends at 5", 5},
			{"all lines are removed", "DELETE FROM vezne_entries", "ends at 0", 0},
			{"a digest is replaced", "UPDATE vezne_entries SET digest = hash WHERE chain_seq = 5", "content", 5},
			{"a hash is replaced", "UPDATE vezne_entries SET hash = digest WHERE chain_seq = 5", "hash", 5},
			{"the head is set back", "UPDATE vezne_chain_heads SET seq = 5", "head says 5", 5},
			{"the head's hash is replaced", "UPDATE vezne_chain_heads SET hash = 'x'", "head says 6", 6},
			{"the head is removed", "DELETE FROM vezne_chain_heads", "head of the chain is missing", 1},
			{"a line that is not sealed is changed", "UPDATE vezne_entries SET actor = 'operator:eve' WHERE chain_seq IS NULL", "", 0},
		} {
			s := open(store.Config{})
			fill(t, s, 2, 3)
			seal(t, s)
			fill(t, s, 1, 1)
			if tt.statement != "" {
				if _, err := s.DB().ExecContext(ctx, tt.statement); err != nil {
					t.Fatalf("%s: %v", tt.name, err)
				}
			}
			report := must[store.AuditReport](t)(s.VerifyAudit(ctx))
			if (report.Broken == "") != (tt.want == "") || !strings.Contains(report.Broken, tt.want) || (tt.want != "" && report.BrokenAt != tt.at) {
				t.Errorf("%s: %+v, want %q at %d", tt.name, report, tt.want, tt.at)
			}
			for _, table := range []string{"vezne_entries", "vezne_chain_heads"} {
				if _, err := s.DB().ExecContext(ctx, "DELETE FROM "+table); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestAnExportCanBeCheckedWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		fill(t, s, 2, 3)
		seal(t, s)
		lines := must[[]store.AuditLine](t)(s.AuditLines(ctx, 0, 100))
		check := func(list []store.AuditLine) store.AuditReport {
			i := 0
			return must[store.AuditReport](t)(store.VerifyLines(func() (store.AuditLine, error) {
				if i == len(list) {
					return store.AuditLine{}, io.EOF
				}
				i++
				return list[i-1], nil
			}))
		}
		online := must[store.AuditReport](t)(s.VerifyAudit(ctx))
		if d := cmp.Diff(online, check(lines)); d != "" {
			t.Errorf("-database +export:\n%s", d)
		}
		lines[2].Content = strings.Replace(lines[2].Content, "line", "lie", 1)
		if r := check(lines); r.BrokenAt != 3 {
			t.Errorf("%+v, want a break at 3", r)
		}
		if page := must[[]store.AuditLine](t)(s.AuditLines(ctx, 4, 1)); len(page) != 1 || page[0].ChainSeq != 5 {
			t.Errorf("%+v, want the fifth line", page)
		}
	})
}

func TestAuditTellsAStorageFaultFromABreak(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		fill(t, s, 1, 2)
		seal(t, s)
		if _, err := s.DB().ExecContext(ctx, "DROP TABLE vezne_chain_heads"); err != nil {
			t.Fatal(err)
		}
		report, err := s.VerifyAudit(ctx)
		wantCode(t, "a table that is gone", err, vezne.CodeInternal)
		if report.Broken != "" {
			t.Errorf("%+v: a fault of the storage was told as tampering", report)
		}
	})
}
