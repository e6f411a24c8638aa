package sandbox

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// A call waits only while deliveries are far behind: until some were carried, or not for long.
func TestCallsGiveWayToDeliveriesThatAreFarBehind(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		// closing says that the sandbox ends.
		closing bool
		// told is how long ago deliveries said that they are behind, negative for never; carried is how many leave after a
		// millisecond.
		told     time.Duration
		carried  int64
		from, to time.Duration
	}{
		"nothing is behind":      {false, -1, 0, 0, 0},
		"they caught up":         {false, wayCrowded, 0, 0, 0},
		"none is carried":        {false, 0, 0, wayHeld, wayHeld + wayPause},
		"too few are carried":    {false, 0, wayPassed - 1, wayHeld, wayHeld + wayPause},
		"some are carried":       {false, 0, wayPassed, time.Millisecond, time.Millisecond + wayPause},
		"the sandbox is closing": {true, 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var traffic callTraffic
				if tc.told >= 0 {
					traffic.crowd(time.Now().Add(-tc.told))
				}
				time.AfterFunc(time.Millisecond, func() { traffic.carried.Add(tc.carried) })
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				if tc.closing {
					leave()
				}
				began := time.Now()
				traffic.begin(ctx)
				if took := time.Since(began); took < tc.from || took > tc.to {
					t.Errorf("the call waited for %s", took)
				}
				traffic.end()
			})
		})
	}
}

// A worker carries on while what waits is far behind. It asks calls for room unless the endpoint itself is slow.
func TestDeliveriesThatAreFarBehindAreCarriedOn(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	s := sb.account("behind").control.sender
	now := time.Now()
	for _, tc := range []struct {
		name              string
		turn, waited      time.Duration
		took              int64
		givesWay, crowded bool
	}{
		{"within its turn", 0, time.Hour, 1, false, false},
		{"after its turn", wayTurn, 0, 1, true, false},
		{"far behind", wayTurn, wayBehind, 1, false, true},
		{"behind a slow endpoint", wayTurn, wayBehind, wayQuick, false, false},
	} {
		sb.traffic.crowded.Store(0)
		began := now.Add(-tc.turn)
		if tc.turn == 0 {
			began = now.Add(time.Hour)
		}
		q := &endpointQueue{waiting: []parcel{{ids: []string{"del_1"}, since: now.Add(-tc.waited)}}}
		if got := s.turnOver(q, began, Attempt{DurationMS: tc.took}); got != tc.givesWay {
			t.Errorf("%s: it gives way: %v", tc.name, got)
		}
		if got := sb.traffic.crowded.Load() != 0; got != tc.crowded {
			t.Errorf("%s: calls are asked for room: %v", tc.name, got)
		}
	}
}
