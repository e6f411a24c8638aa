package sandbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// ran has the function that notes what a job of a test does, by the account's name; these tests run one after the other.
var ran sync.Map

func init() {
	onDue("test.note", func(tx *accountTx, id string) error {
		notes, _ := ran.Load(tx.account.name)
		notes.(func(tx *accountTx, id string))(tx, id)
		switch id {
		case "again":
			tx.Due(tx.Now()+10, "test.note", "later")
		case "fails":
			tx.Put(tx.New("customer"))
			return errors.New("on purpose")
		case "panics":
			tx.Put(tx.New("customer"))
			panic("on purpose")
		}
		return nil
	})
}

// notes gives the list of the test's jobs with the seconds since start at which each ran.
func notes(a *account, start int64) func() []string {
	var mu sync.Mutex
	var list []string
	ran.Store(a.name, func(tx *accountTx, id string) {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, fmt.Sprintf("%s@%d", id, tx.Now()-start))
	})
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(list)
	}
}

func plan(t *testing.T, a *account, at int64, ids ...string) {
	t.Helper()
	err := a.do(func(tx *accountTx) error {
		for _, id := range ids {
			tx.Due(tx.Now()+at, "test.note", id)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestJobsRunByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sb := newTest(t, Options{})
		a := sb.account("core")
		list := notes(a, time.Now().Unix())
		plan(t, a, 30, "third")
		plan(t, a, 5, "first", "second")
		plan(t, a, 0, "now")
		synctest.Wait()
		if got := list(); !slices.Equal(got, []string{"now@0"}) {
			t.Errorf("at once %v", got)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := list(); !slices.Equal(got, []string{"now@0", "first@5", "second@5"}) {
			t.Errorf("after ten seconds %v", got)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if got := list(); len(got) != 4 || got[3] != "third@30" {
			t.Errorf("after half a minute %v", got)
		}
	})
}

func TestAFrozenClockWaitsToBeAdvanced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sb := newTest(t, Options{})
		a := sb.account("core")
		start := time.Now().Unix()
		list := notes(a, start)
		if err := a.freeze(true); err != nil {
			t.Fatal(err)
		}
		plan(t, a, 60, "b")
		plan(t, a, 20, "again", "a")
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := list(); len(got) != 0 || must(t, sb, "POST", "/v1/customers", "").json["created"] != float64(start) {
			t.Errorf("a frozen clock went on: %v", got)
		}
		if err := a.advance(t.Context(), start+45); err != nil {
			t.Fatal(err)
		}
		if got := list(); !slices.Equal(got, []string{"again@20", "a@20", "later@30"}) {
			t.Errorf("on the way ran %v", got)
		}
		if got := must(t, sb, "POST", "/v1/customers", "").json["created"]; got != float64(start+45) {
			t.Errorf("the clock stands at %v, want %d", got, start+45)
		}
		if err := a.advance(t.Context(), start+10); err == nil {
			t.Error("the clock goes back")
		}
		if err := a.freeze(false); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if got := list(); len(got) != 4 || got[3] != "b@60" {
			t.Errorf("let go, the clock ran %v", got)
		}
	})
}

func TestAdvanceOfARunningClockKeepsItsOffset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sb := newTest(t, Options{})
		a := sb.account("core")
		start := time.Now().Unix()
		rests := 0
		sb.seams.settled = func(context.Context, *account) error {
			rests++
			if !a.mu.TryLock() {
				t.Error("deliveries come to rest under the account's lock")
			} else {
				a.mu.Unlock()
			}
			return nil
		}
		list := notes(a, start)
		plan(t, a, 100, "x")
		plan(t, a, 200, "y")
		if err := a.advance(t.Context(), start+86400); err != nil {
			t.Fatal(err)
		}
		if got := list(); !slices.Equal(got, []string{"x@100", "y@200"}) || rests != 3 {
			t.Errorf("ran %v, %d rests", got, rests)
		}
		time.Sleep(7 * time.Second)
		if got := must(t, sb, "POST", "/v1/customers", "").json["created"]; got != float64(start+86407) {
			t.Errorf("a day and seven seconds later it is %v", got)
		}
	})
}

func TestAdvanceStopsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sb := newTest(t, Options{})
		a := sb.account("core")
		start := time.Now().Unix()
		ctx, cancel := context.WithCancel(t.Context())
		list := notes(a, start)
		sb.seams.settled = func(ctx context.Context, _ *account) error {
			cancel()
			return ctx.Err()
		}
		plan(t, a, 100, "x")
		plan(t, a, 200, "y")
		if err := a.advance(ctx, start+300); !errors.Is(err, context.Canceled) {
			t.Errorf("the error is %v", err)
		}
		if got := list(); !slices.Equal(got, []string{"x@100"}) || a.now() != start+100 {
			t.Errorf("ran %v, the clock stands at %d", got, a.now()-start)
		}
	})
}

func TestJobsThatFailChangeNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sb := newTest(t, Options{})
		a := sb.account("core")
		list := notes(a, time.Now().Unix())
		plan(t, a, 1, "fails", "panics", "good")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := list(); !slices.Equal(got, []string{"fails@1", "panics@1", "good@1"}) {
			t.Errorf("ran %v", got)
		}
		if n := len(idsOf(must(t, sb, "GET", "/v1/customers", ""))); n != 0 {
			t.Errorf("%d customers are left of jobs that failed", n)
		}
	})
}

// A bubble ends only when no goroutine is left in it: Close stops all timers, and nothing runs afterwards.
func TestCloseLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sb, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		a := sb.account("core")
		list := notes(a, time.Now().Unix())
		plan(t, a, 3600, "never")
		if err := sb.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if got := list(); len(got) != 0 {
			t.Errorf("after Close ran %v", got)
		}
	})
}

// Timers that fire while others are set are all accounted for: Close, at the end of the test, waits for each.
func TestManyJobsAtOnce(t *testing.T) {
	sb := newTest(t, Options{})
	a := sb.account("core")
	list := notes(a, 0)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				plan(t, a, 0, "now")
				plan(t, a, 86400, "tomorrow")
			}
		})
	}
	wg.Wait()
	if err := a.runDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(list()); n != 400 {
		t.Errorf("%d jobs ran, want 400", n)
	}
}
