package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// What does not answer is cut off while there is time left to write that down.
func TestTheCutComesBeforeTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		cut, free := cutting(ctx)
		defer free()
		<-cut.Done()
		if used := time.Since(began); used != 15*time.Second {
			t.Errorf("cut off after %s of 20s, want 15s", used)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cut, free := cutting(ctx)
		defer free()
		<-time.After(time.Hour)
		if cut.Err() != nil {
			t.Error("a context without a limit was cut by time")
		}
		cancel()
		synctest.Wait()
		if cut.Err() == nil {
			t.Error("it was not cut when the context ended")
		}
	})
}
