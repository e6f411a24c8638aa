package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

// farAway opens a store whose connections go over a road.
func farAway(t *testing.T) (*store.Store, *storetest.Road) {
	t.Helper()
	address, road := roadTo(t)
	return storetest.Open(t, store.Config{URL: address}), road
}

// roadTo returns the address of a new database at the end of a road.
func roadTo(t *testing.T) (string, *storetest.Road) {
	t.Helper()
	road, err := storetest.NewRoad()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := road.Close(); err != nil {
			t.Error(err)
		}
	})
	address, dir, _ := strings.Cut(storetest.Postgres(t), "?host=")
	road.Lead("unix", dir+"/.s.PGSQL.5432")
	return strings.Replace(address, "@/", "@"+road.Address()+"/", 1) + "?sslmode=disable", road
}

// A connection whose other end is gone tells nobody. Transactions on it end
// soon after PostgreSQL can be reached again, long before their own deadline,
// and later ones find connections that work.
func TestAConnectionThatIsDeadIsCut(t *testing.T) {
	t.Parallel()
	s, road := farAway(t)
	if err := touch(s); err != nil {
		t.Fatal(err)
	}
	err := s.InTx(ctx, func(tx *store.Tx) error {
		// What is open now is dead from here on; what is opened later is not.
		road.Become(storetest.Weather{Half: true})
		road.Become(storetest.Weather{})
		_, err := tx.NextNumber(ctx)
		return err
	})
	if vezne.CodeOf(err) != vezne.CodeStorageUnavailable || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err = %v", err)
	}
	if err := touch(s); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// The other end of a dead connection is ended too: it would keep its locks.
func TestADeadConnectionKeepsNoLock(t *testing.T) {
	t.Parallel()
	s, road := farAway(t)
	if err := touch(s); err != nil {
		t.Fatal(err)
	}
	err := s.InTx(ctx, func(tx *store.Tx) error {
		if _, err := tx.SQL().ExecContext(ctx, "UPDATE vezne_settings SET value = 'locked'"); err != nil {
			return err
		}
		road.Become(storetest.Weather{Half: true})
		road.Become(storetest.Weather{})
		_, err := tx.NextNumber(ctx)
		return err
	})
	if vezne.CodeOf(err) != vezne.CodeStorageUnavailable {
		t.Fatalf("err = %v", err)
	}
	if err := touch(s); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if value, _, err := s.Setting(ctx, "touched"); err != nil || value != "yes" {
		t.Errorf("%q, %v: what was cut off was committed", value, err)
	}
}

// While nothing comes through, connections that are being made are dead too.
func TestAConnectionThatNeverBecameReadyIsCut(t *testing.T) {
	t.Parallel()
	s, road := farAway(t)
	road.Become(storetest.Weather{Half: true})
	failed := make(chan error)
	go func() { failed <- touch(s) }()
	<-road.Deaf()
	road.Become(storetest.Weather{})
	if err := <-failed; errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err = %v", err)
	}
	if err := touch(s); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// Who waits for such a connection gets the next one, and need not ask again.
func TestAConnectionThatIsCutWhileItIsMadeIsMadeAgain(t *testing.T) {
	t.Parallel()
	address, road := roadTo(t)
	road.Become(storetest.Weather{Half: true})
	type opening struct {
		s   *store.Store
		err error
	}
	opened := make(chan opening)
	go func() {
		s, err := store.Open(ctx, store.Config{URL: address, Scope: storetest.Scope})
		opened <- opening{s, err}
	}()
	<-road.Deaf()
	road.Become(storetest.Weather{})
	o := <-opened
	if o.err != nil {
		t.Fatal(o.err)
	}
	if err := errors.Join(touch(o.s), o.s.Close()); err != nil {
		t.Error(err)
	}
}

// What PostgreSQL works on is waited for, however long that takes.
func TestASlowStatementIsLeftAlone(t *testing.T) {
	t.Parallel()
	s, _ := farAway(t)
	err := s.InTx(ctx, func(tx *store.Tx) error {
		_, err := tx.SQL().ExecContext(ctx, "SELECT pg_sleep(1.5)")
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
