package sweep_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vezne/vezne/internal/sweep"
)

// start runs a loop in the bubble until the test ends.
func start(t *testing.T, batch int, log *bytes.Buffer, f func(context.Context) (int, error)) *sweep.Loop {
	t.Helper()
	l := sweep.New("apples", batch, f, slog.New(slog.NewTextHandler(log, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	synctest.Wait()
	return l
}

func TestFullBatchesAreFollowedAtOnceAndTheRestEachSecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		due, sweeps := 25, 0
		start(t, 10, &bytes.Buffer{}, func(context.Context) (int, error) {
			sweeps++
			n := min(due, 10)
			due -= n
			return n, nil
		})
		if due != 0 || sweeps != 3 {
			t.Fatalf("%d are left after %d sweeps", due, sweeps)
		}
		time.Sleep(3500 * time.Millisecond)
		synctest.Wait()
		if sweeps != 6 {
			t.Fatalf("%d sweeps after three seconds", sweeps)
		}
	})
}

func TestWhoeverWakesIsSweptForAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sweeps := 0
		l := start(t, 10, &bytes.Buffer{}, func(context.Context) (int, error) { sweeps++; return 0, nil })
		l.Wake()
		synctest.Wait()
		if sweeps != 2 {
			t.Fatalf("%d sweeps after the call", sweeps)
		}
	})
}

func TestASlowSweepDoesNotHoldUpTheOthersAndIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, ended := 0, 0
		l := sweep.New("apples", 10, func(context.Context) (int, error) {
			began++
			time.Sleep(time.Hour)
			ended++
			return 0, nil
		}, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		l.Run(ctx)
		if began != 4 || ended != 4 {
			t.Fatalf("%d began and %d ended", began, ended)
		}
	})
}

func TestAFailedSweepIsSaidAndTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		sweeps := 0
		start(t, 10, &log, func(context.Context) (int, error) {
			sweeps++
			if sweeps == 1 {
				return 10, errors.New("the disk is gone")
			}
			return 0, nil
		})
		if sweeps != 1 || !strings.Contains(log.String(), "apples cannot be swept") || !strings.Contains(log.String(), "the disk is gone") {
			t.Fatalf("%d sweeps, log %q", sweeps, &log)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if sweeps != 2 {
			t.Fatalf("%d sweeps a second later", sweeps)
		}
	})
}
