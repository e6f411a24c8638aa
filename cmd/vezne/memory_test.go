package main

import "testing"

func TestGarbageGathersUpToTheRoomOrToWhatIsKept(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{0: 6400, 4 << 20: 6400, 10 << 20: 2550, 32 << 20: 800, 64 << 20: 400, 256 << 20: 100, 1 << 30: 100} {
		if got := roomPercent(live); got != want {
			t.Errorf("with %d bytes kept: %d, want %d", live, got, want)
		}
	}
}

func TestMemoryIsGivenBackOnceWhenTheProgramComesToRest(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	r := rest{last: 10 * mib, given: 10 * mib}
	for i, look := range []struct {
		allocated uint64
		want      bool
	}{
		{10*mib + 100, false}, // it never did anything
		{300 * mib, false},    // it is busy
		{600 * mib, false},
		{600*mib + 5000, true}, // it rests
		{600*mib + 9000, false},
		{605 * mib, false}, // a little was done
		{605 * mib, false},
		{609 * mib, false},
		{609 * mib, true},
	} {
		if got := r.begins(look.allocated); got != look.want {
			t.Errorf("look %d: %v, want %v", i, got, look.want)
		}
	}
}
