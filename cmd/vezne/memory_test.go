package main

import "testing"

func TestGarbageGathersUpToTheRoomOrToWhatIsKept(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{0: 1600, 4 << 20: 1600, 10 << 20: 600, 32 << 20: 200, 64 << 20: 100, 1 << 30: 100} {
		if got := roomPercent(live); got != want {
			t.Errorf("with %d bytes kept: %d, want %d", live, got, want)
		}
	}
}
