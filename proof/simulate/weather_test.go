package simulate_test

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// weather says what goes wrong between Stripe and the desk, and when. There is
// a little of everything always, and spells of much.
type weather struct {
	world *world
	rng   *rand.Rand
	// disk decides which steps at the database take time.
	disk *rand.Rand
	// network and mail are spells; clear ends all of them for good.
	network, mail []spell
	clear         bool
	// unauthorized is until when Stripe refuses the desk's key.
	unauthorized time.Time
	climate      climate
	// silent is the instant of which no event is ever delivered.
	silent time.Time
}

// climate is what can happen in a world at all. Some things hide others: where
// money may come in twice, nobody can say that it must not; where events are
// lost for good, nobody can say what the desk should know by now. So that
// everything is seen, each world leaves some of it out.
type climate struct {
	// later: Stripe does things long after it said that they failed.
	later bool
	// restores: the database is lost, and restored from a backup.
	restores bool
	// drops: events are lost for good.
	drops bool
	// watches: the desk's continuous search for missed events runs.
	watches bool
	// haste: as soon as Stripe did something for the desk, somebody does something
	// else to it, before the desk has heard.
	haste bool
	// deaf are the beginnings of event types that the endpoint does not get at all:
	// somebody left them out at Stripe.
	deaf []string
	// slow: steps at the database take time.
	slow bool
}

// families are event types that are left out together.
var families = [][]string{
	{"charge.dispute."}, {"charge."}, {"refund.", "charge.refund"}, {"payment_intent."}, {"checkout.session."},
	{"charge.", "refund.", "payment_intent.", "checkout.session.", "setup_intent."},
}

func newClimate(seed uint64) climate {
	rng := rand.New(rand.NewPCG(seed, 0xc117a7e))
	one := func(of int) bool { return rng.IntN(of) == 0 }
	c := climate{later: one(8), restores: one(6), drops: one(2), watches: one(3), haste: one(2)}
	if one(6) {
		c.drops, c.deaf = true, pickOne(rng, families...)
	}
	c.slow = one(3)
	return c
}

// spell is a time of bad weather.
type spell struct {
	until time.Time
	// rate is the share that it meets.
	rate float64
	// fates are what happens to requests in it.
	fates []fate
	// ways are what happens to events in it.
	ways []string
}

func newWeather(w *world, seed uint64) *weather {
	return &weather{world: w, rng: rand.New(rand.NewPCG(seed, 0x3ea7)), disk: rand.New(rand.NewPCG(seed, 0xd15c)), climate: newClimate(seed)}
}

// usual is the share of requests and events that something happens to on a
// fine day.
const usual = 0.01

// usualPost is the share of the requests that change something.
const usualPost = 0.03

// fate decides about a request.
func (w *weather) fate(req *http.Request) fate {
	if w.clear {
		return fine
	}
	rate, choice := usual, fates
	if req.Method == http.MethodPost {
		rate = usualPost
	}
	if w.world.without["network"] {
		rate = 0
	}
	for _, s := range w.network {
		if time.Now().Before(s.until) {
			rate, choice = s.rate, s.fates
		}
	}
	if w.rng.Float64() >= rate {
		return fine
	}
	f := choice[w.rng.IntN(len(choice))]
	if f == brokenLater && !w.climate.later {
		f = brokenLate
	}
	if req.Method == http.MethodGet && (f == late || f == brokenAfter || f == broken || f == brokenLate || f == brokenLater) {
		f = hiccup
	}
	return f
}

// latency is how long a request is on its way on a fine day.
func (w *weather) latency() time.Duration {
	return time.Duration(30+w.rng.IntN(400))*time.Millisecond + time.Duration(w.rng.IntN(1_000_000))
}

// wayBack is how long an answer is on its way on a fine day: mostly as long as
// the request, at times so long that much happens meanwhile.
func (w *weather) wayBack() time.Duration {
	if w.rng.IntN(8) == 0 || w.climate.haste && w.rng.IntN(4) == 0 {
		return w.pause(4 * time.Second)
	}
	return w.latency()
}

// pause is a random time up to a limit.
func (w *weather) pause(limit time.Duration) time.Duration {
	return time.Duration(w.rng.Int64N(int64(limit)))
}

// way is what becomes of an event.
type way struct {
	delay, again time.Duration
	drop, twin   bool
}

// kept are events that the post never loses for good: what they tell of is not
// read again by itself, and the events page says so.
func kept(kind string) bool {
	return strings.HasPrefix(kind, "payment_method.") || strings.HasPrefix(kind, "customer.")
}

func (w *weather) way(kind string) way {
	out := way{delay: 100*time.Millisecond + w.pause(4*time.Second)}
	for _, family := range w.climate.deaf {
		if strings.HasPrefix(kind, family) {
			out.drop = true
			return out
		}
	}
	if w.clear {
		return out
	}
	if w.silent.Equal(time.Now()) && w.climate.drops {
		out.drop = !kept(kind)
		return out
	}
	if w.rng.IntN(10) == 0 {
		out.delay += w.pause(time.Minute)
	}
	rate, choice := usual, []string{"days", "again", "twin", "drop", "hours"}
	if w.world.without["post"] {
		rate = 0
	}
	for _, s := range w.mail {
		if time.Now().Before(s.until) {
			rate, choice = s.rate, s.ways
		}
	}
	if w.rng.Float64() >= rate {
		return out
	}
	switch choice[w.rng.IntN(len(choice))] {
	case "days":
		out.delay = w.pause(72 * time.Hour)
	case "hours":
		out.delay = w.pause(3 * time.Hour)
	case "again":
		out.again = w.pause(48 * time.Hour)
	case "twin":
		out.twin = true
	case "drop":
		out.drop = !kept(kind) && w.climate.drops
	}
	return out
}
