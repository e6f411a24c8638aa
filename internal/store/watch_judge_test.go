package store

import (
	"slices"
	"testing"
	"time"
)

// began is when the look of these tests begins.
var began = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// oneLine is a watch over one line that waits since some time before the look
// began. cuts counts how often the line is cut.
func oneLine(waited time.Duration) (w *watch, l *line, cuts *int) {
	cuts = new(int)
	l = &line{ready: true, asking: true, other: backend{pid: 7, start: 1}, reading: began.Add(-waited), hang: func() { *cuts++ }}
	return &watch{lines: map[*line]bool{l: true}}, l, cuts
}

// idle is what PostgreSQL says of a process that works on nothing.
var idle = map[backend]bool{{pid: 7, start: 1}: false}

// A connection counts as dead the later the longer a look takes: on a machine
// that is busy every answer is late.
func TestPatienceGrowsWithTheTimeThatALookTakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		waited, took time.Duration
		cut          bool
	}{
		{"a second on a machine that is quick", 1100 * time.Millisecond, 5 * time.Millisecond, true},
		{"a second, while a look takes a third of one", 1100 * time.Millisecond, 330 * time.Millisecond, false},
		{"a second and a half, while a look takes a third of one", 1500 * time.Millisecond, 330 * time.Millisecond, true},
		{"seven seconds, while a look takes almost two", 7 * time.Second, 1900 * time.Millisecond, false},
		{"eight seconds, while a look takes almost two", 8 * time.Second, 1900 * time.Millisecond, true},
		{"as long as patience has it", patience * 400 * time.Millisecond, 400 * time.Millisecond, false},
		{"a moment longer", patience*400*time.Millisecond + 1, 400 * time.Millisecond, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, _, cuts := oneLine(c.waited)
			suspects, _ := w.suspects(began)
			if len(suspects) != 1 {
				t.Fatalf("%d suspects, want the one that waits", len(suspects))
			}
			dead, ends := w.judge(suspects, idle, began, began.Add(c.took))
			for _, hang := range dead {
				hang()
			}
			if (*cuts == 1) != c.cut || len(ends) != *cuts {
				t.Errorf("cut %d times, %d ends ended; want it cut: %t", *cuts, len(ends), c.cut)
			}
			// Where nothing is dead, it is let alone for a while, and then looked at again.
			quiet, _ := w.suspects(began.Add(c.took + busyEvery/2))
			later, _ := w.suspects(began.Add(c.took + busyEvery))
			if !c.cut && len(quiet) != 0 || len(later) != 1 {
				t.Errorf("%d suspects soon after, %d later", len(quiet), len(later))
			}
		})
	}
}

// Time alone cuts nothing that lives.
func TestWhatLivesIsLeftAloneHoweverLongItWaits(t *testing.T) {
	t.Parallel()
	const waited, took = time.Hour, 10 * time.Millisecond
	for _, c := range []struct {
		name   string
		busy   map[backend]bool
		change func(w *watch, l *line)
		cut    bool
		ends   int
	}{
		{name: "it is dead, and PostgreSQL keeps its other end", busy: idle, cut: true, ends: 1},
		{name: "it is dead, and its other end is gone", busy: nil, cut: true},
		{name: "PostgreSQL has another process of that number", busy: map[backend]bool{{pid: 7, start: 2}: true}, cut: true},
		{name: "PostgreSQL works on it", busy: map[backend]bool{{pid: 7, start: 1}: true}},
		{name: "it was answered while PostgreSQL was asked", busy: idle, change: func(_ *watch, l *line) { l.reading = time.Time{} }},
		{name: "it waits for another answer by now", busy: idle, change: func(_ *watch, l *line) { l.reading = began.Add(-time.Minute) }},
		{name: "it was closed", busy: idle, change: func(w *watch, l *line) { delete(w.lines, l) }},
		{name: "a pooler is in between", busy: idle, change: func(_ *watch, l *line) { l.other = backend{} }},
		{name: "it never became ready", busy: idle, change: func(_ *watch, l *line) { l.ready, l.other = false, backend{} }, cut: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, l, _ := oneLine(waited)
			suspects, _ := w.suspects(began)
			if c.change != nil {
				c.change(w, l)
			}
			dead, ends := w.judge(suspects, c.busy, began, began.Add(took))
			if (len(dead) == 1) != c.cut || len(ends) != c.ends {
				t.Errorf("%d cut, %d ends ended; want it cut: %t, and %d", len(dead), len(ends), c.cut, c.ends)
			}
		})
	}
}

func TestWhoIsSuspected(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(l *line)
		want   bool
	}{
		{"who asked and waits", func(*line) {}, true},
		{"who is being connected", func(l *line) { l.ready, l.asking = false, false }, true},
		{"who listens for notifications", func(l *line) { l.asking = false }, false},
		{"who asked a moment ago", func(l *line) { l.reading = began.Add(-suspectAfter) }, false},
		{"who does not wait", func(l *line) { l.reading = time.Time{} }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, l, _ := oneLine(time.Minute)
			c.change(l)
			if suspects, _ := w.suspects(began); (len(suspects) == 1) != c.want {
				t.Errorf("%d suspects, want it suspected: %t", len(suspects), c.want)
			}
		})
	}
}

// The other ends of statements that were given up are ended once they rest, and
// remembered while they work.
func TestEndsThatWereLeftAreEnded(t *testing.T) {
	t.Parallel()
	rests, works, gone := backend{1, 1}, backend{2, 1}, backend{3, 1}
	w := &watch{lines: map[*line]bool{}, left: []backend{rests, works, gone}}
	if _, left := w.suspects(began); left != 3 {
		t.Fatalf("%d left, want 3", left)
	}
	_, ends := w.judge(nil, map[backend]bool{rests: false, works: true}, began, began)
	if !slices.Equal(ends, []backend{rests}) || !slices.Equal(w.left, []backend{works}) {
		t.Errorf("ended %v, remembered %v", ends, w.left)
	}
}
