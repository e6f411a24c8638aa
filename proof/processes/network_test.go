package processes_test

import (
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/store/storetest"
)

// storm is weather on one way between two parts.
type storm struct {
	way func(r roads) *storetest.Road
	// isStore is true on the way to the database.
	isStore bool
	name    string
}

// storms are all ways that have weather.
var storms = []storm{
	{name: "Stripe to service", way: func(r roads) *storetest.Road { return r.hook }},
	{name: "service to Stripe", way: func(r roads) *storetest.Road { return r.stripe }},
	{name: "service to PostgreSQL", way: func(r roads) *storetest.Road { return r.database }, isStore: true},
	{name: "service to application", way: func(r roads) *storetest.Road { return r.app }},
}

// weathers are what befalls a way; a reset is one moment.
var weathers = []struct {
	name  string
	reset bool
	draw  func(h *house) storetest.Weather
}{
	{name: "latency", draw: func(h *house) storetest.Weather {
		return storetest.Weather{Latency: h.between(5*time.Millisecond, 150*time.Millisecond)}
	}},
	{name: "bandwidth", draw: func(h *house) storetest.Weather { return storetest.Weather{Rate: 2_000 + h.rng.IntN(40_000)} }},
	{name: "reset", reset: true, draw: func(*house) storetest.Weather { return storetest.Weather{} }},
	{name: "down", draw: func(*house) storetest.Weather { return storetest.Weather{Down: true} }},
	{name: "half-open", draw: func(*house) storetest.Weather { return storetest.Weather{Half: true} }},
}

// befall lets one way between two parts be slow, narrow, cut, closed or deaf
// for a while.
func befall(h *house) (time.Duration, error) {
	s, w := storms[h.rng.IntN(len(storms))], weathers[h.rng.IntN(len(weathers))]
	way, today := s.way(h.roads), w.draw(h)
	h.notes = append(h.notes, fmt.Sprintf("%s: %s %+v", s.name, w.name, today))
	way.Become(today)
	if w.reset {
		way.Reset()
	}
	gone := s.isStore && (today.Down || today.Half)
	if gone {
		h.witness.down()
	}
	if err := h.pause(h.between(50*time.Millisecond, 600*time.Millisecond)); err != nil {
		return 0, err
	}
	h.witness.coming()
	way.Become(storetest.Weather{})
	return h.back(time.Now())
}
