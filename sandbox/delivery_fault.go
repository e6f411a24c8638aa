package sandbox

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
)

// The effects of a delivery fault.
const (
	// effectDrop loses the delivery: no attempt is made until somebody resends it.
	effectDrop = "drop"
	// effectDelay makes it late.
	effectDelay = "delay"
	// effectDuplicate sends the same event twice.
	effectDuplicate = "duplicate"
	// effectTwin makes a second Event object, with an id of its own, for the same fact.
	effectTwin = "twin"
	// effectReorder lets later deliveries overtake it.
	effectReorder = "reorder"
	// effectHold keeps it until a release.
	effectHold = "hold"
)

var deliveryEffects = []string{effectDrop, effectDelay, effectDuplicate, effectTwin, effectReorder, effectHold}

// defaultDelay is how late a delayed delivery is, in seconds of the account's clock.
const defaultDelay = 60

// DeliveryFault is a planted fault on the way of events to endpoints. It meets first attempts, not retries or resends.
type DeliveryFault struct {
	ID string `json:"id"`
	// Endpoint is a webhook endpoint's id, "" for all of them.
	Endpoint string `json:"endpoint,omitempty"`
	// Types are event names, which may end with a star; none are all.
	Types []string `json:"types,omitempty"`
	// Effect is drop, delay, duplicate, twin, reorder or hold.
	Effect string `json:"effect"`
	// Rate is the share of the deliveries that it meets, above 0 and up to 1; 0 is taken as 1. Which of them is decided
	// by Seed: the same calls meet the same faults.
	Rate float64 `json:"rate"`
	Seed uint64  `json:"seed"`
	// Count ends the fault after so many hits; 0 is never.
	Count int `json:"count,omitempty"`
	// DelaySeconds is the delay by the account's clock: a minute when DelayMS is 0 too. With a frozen clock the delivery
	// leaves when the clock is advanced.
	DelaySeconds int64 `json:"delay_seconds,omitempty"`
	// DelayMS is a delay in milliseconds of real time; Idle waits for its end.
	DelayMS int64 `json:"delay_ms,omitempty"`
	// Hits counts the deliveries that it met.
	Hits int `json:"hits"`
}

// check says in a sentence what is wrong, and fills in what was left out.
func (f *DeliveryFault) check() error {
	switch {
	case !slices.Contains(deliveryEffects, f.Effect):
		return invalid("effect", "", "Invalid effect: must be one of %s", orList(deliveryEffects))
	case f.Rate < 0 || f.Rate > 1:
		return invalid("rate", "", "Invalid rate: it is the share of the deliveries that the fault meets, above 0 and up to 1")
	case f.Count < 0:
		return invalid("count", "", "Invalid count: it is how many deliveries the fault meets, 0 for all of them")
	case f.DelayMS < 0 || f.DelaySeconds < 0:
		return invalid("delay_seconds", "", "A delay cannot be negative")
	case f.Effect != effectDelay && (f.DelayMS != 0 || f.DelaySeconds != 0):
		return invalid("delay_seconds", "", "Only the effect delay takes delay_seconds and delay_ms")
	case f.DelayMS != 0 && f.DelaySeconds != 0:
		return invalid("delay_ms", "", "Give delay_seconds, by the account's clock, or delay_ms, in real time: not both")
	}
	if f.Rate == 0 {
		f.Rate = 1
	}
	if f.Effect == effectDelay && f.DelayMS == 0 && f.DelaySeconds == 0 {
		f.DelaySeconds = defaultDelay
	}
	f.Hits = 0
	return nil
}

// plantedDelivery is a fault with its source of chance.
type plantedDelivery struct {
	DeliveryFault
	chance *rand.Rand
}

// deliveryFaults are an account's faults on the way to endpoints, asked in the order in which they were planted.
type deliveryFaults struct {
	mu      sync.Mutex
	planted []*plantedDelivery
	strict  *strictWorld
}

// decide finds the fault that meets a delivery, nil when none does. Each fault draws from its own source for each
// delivery that it could meet, so that what one meets does not depend on the others.
func (f *deliveryFaults) decide(endpoint, name string) *DeliveryFault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var hit *plantedDelivery
	for _, p := range f.planted {
		if p.Endpoint != "" && p.Endpoint != endpoint || !matchesAny(p.Types, name) || p.Count > 0 && p.Hits >= p.Count {
			continue
		}
		if p.chance.Float64() < p.Rate && hit == nil {
			hit = p
		}
	}
	if hit != nil {
		hit.Hits++
		effect := hit.DeliveryFault
		return &effect
	}
	if f.strict != nil {
		return f.strict.decide()
	}
	return nil
}

func (f *deliveryFaults) add(fault DeliveryFault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.planted = append(f.planted, &plantedDelivery{fault, rand.New(rand.NewPCG(fault.Seed, uint64(len(fault.Effect))))})
}

// remove takes a fault out; it says false when there is none of this id.
func (f *deliveryFaults) remove(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := len(f.planted)
	f.planted = slices.DeleteFunc(f.planted, func(p *plantedDelivery) bool { return p.ID == id })
	return len(f.planted) < before
}

func (f *deliveryFaults) list() []DeliveryFault {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]DeliveryFault, len(f.planted))
	for i, p := range f.planted {
		list[i] = p.DeliveryFault
	}
	return list
}

// replace puts back a list that was taken before; the sources of chance begin anew.
func (f *deliveryFaults) replace(list []DeliveryFault) {
	f.mu.Lock()
	f.planted = nil
	f.mu.Unlock()
	for _, fault := range list {
		f.add(fault)
	}
}

// matchesAny says whether one of the patterns matches; no pattern matches everything.
func matchesAny(patterns []string, name string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool { return matchesEvent(p, name) })
}

// orList writes choices as Stripe's errors do: "a, b, or c".
func orList(choices []string) string {
	last := len(choices) - 1
	return strings.Join(choices[:last], ", ") + ", or " + choices[last]
}

// strictWorld is what Options.StrictWorld does to every delivery: nothing that Stripe does not warn of. Events come late,
// twice, as twins and in any order; none is lost.
type strictWorld struct{ chance *rand.Rand }

// newStrictWorld makes the world of one account: the same seed and calls meet the same faults.
func newStrictWorld(seed uint64, account string) *strictWorld {
	var mix uint64 = 14695981039346656037 // FNV-1a, so that accounts differ
	for i := range len(account) {
		mix = (mix ^ uint64(account[i])) * 1099511628211
	}
	return &strictWorld{rand.New(rand.NewPCG(seed, mix))}
}

// decide gives four deliveries in ten nothing, the others one of the faults.
func (s *strictWorld) decide() *DeliveryFault {
	draw, delay := s.chance.Float64(), 1+s.chance.Int64N(20)
	switch {
	case draw < 0.4:
		return nil
	case draw < 0.6:
		return &DeliveryFault{Effect: effectDelay, DelayMS: delay}
	case draw < 0.8:
		return &DeliveryFault{Effect: effectReorder}
	case draw < 0.95:
		return &DeliveryFault{Effect: effectDuplicate}
	}
	return &DeliveryFault{Effect: effectTwin}
}

// shuffle mixes what one call or job sends, in the strict world.
func (f *deliveryFaults) shuffle(parcels []addressed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.strict == nil {
		return
	}
	f.strict.chance.Shuffle(len(parcels), func(i, j int) { parcels[i], parcels[j] = parcels[j], parcels[i] })
}
