package simulate_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// happen is an entry of the plan that comes true.
func (w *world) happen(e entry) {
	rng := rand.New(rand.NewPCG(e.seed, 0xe2))
	w.happened++
	w.note("— %d: %s (customer %d)", e.id, e.kind, e.who)
	if e.who >= 0 {
		w.strand(fmt.Sprintf("%d %s", e.id, e.kind), func(ctx context.Context) {
			newSomebody(w, e.who, rng).do(ctx, e.kind)
		})
		return
	}
	w.befall(e, rng)
}

// befall is something that happens to the world.
func (w *world) befall(e entry, rng *rand.Rand) {
	p := w.now
	living := func(change func(l *life)) {
		if p == nil {
			return
		}
		p.life.mu.Lock()
		defer p.life.mu.Unlock()
		change(p.life)
	}
	span := time.Duration(1+rng.IntN(600)) * time.Second
	if rng.IntN(6) == 0 {
		span = time.Duration(1+rng.IntN(8)) * time.Hour
	}
	switch e.kind {
	case "crash":
		living(func(l *life) { l.fuse = 1 + rng.IntN(120) })
	case "database refuses":
		living(func(l *life) { l.refuse = 1 + rng.IntN(12) })
	case "commit unanswered":
		living(func(l *life) { l.lose = true })
	case "network":
		s := spell{until: time.Now().Add(span), rate: pickOne(rng, 0.1, 0.3, 0.6, 1), fates: fates}
		if rng.IntN(2) == 0 {
			s.fates = []fate{pickOne(rng, fates...), pickOne(rng, fates...)}
		}
		w.weather.network = append(w.weather.network, s)
	case "post":
		s := spell{until: time.Now().Add(4 * span), rate: pickOne(rng, 0.2, 0.5, 1), ways: []string{"days", "hours", "again", "twin", "drop"}}
		if rng.IntN(2) == 0 {
			s.ways = []string{pickOne(rng, s.ways...)}
		}
		w.weather.mail = append(w.weather.mail, s)
	case "clock":
		w.clock.move(time.Duration(rng.Int64N(int64(20*time.Minute))) - 10*time.Minute)
		w.stale()
	case "secret":
		w.roll(rng)
	case "build":
		w.rebuild(rng)
	case "forged":
		pick := rng.IntN(1 << 20)
		w.strand("forger", func(ctx context.Context) { w.post.forge(ctx, pick) })
	case "hook refuses":
		w.app.hookRefuses = time.Now().Add(span)
	case "app refuses":
		w.app.refuses = time.Now().Add(span)
	case "stop":
		w.stop(span)
	case "prune":
		if d, ok := w.desk(); ok {
			w.strand("prune", func(ctx context.Context) { _ = d.Prune(ctx) })
		}
	case "key refused":
		w.refuseKey(span)
	case "backup":
		if w.weather.climate.restores {
			w.keep()
		}
	case "restore":
		if w.weather.climate.restores {
			w.restore()
		}
	case "reload":
		if d, ok := w.desk(); ok {
			w.strand("reload", func(ctx context.Context) {
				if err := d.Reload(ctx); err != nil {
					w.violate("secrets cannot be loaded anew: %v", err)
				}
			})
		}
	case "reconcile":
		w.reconcile(time.Duration(1+rng.IntN(72))*time.Hour, rng.IntN(4) == 0)
	}
}

// roll gives the endpoint a new signing secret; the old one signs beside it for
// a day, and the desk learns the new one at its next start.
func (w *world) roll(rng *rand.Rand) {
	text := fmt.Sprintf("whsec_%032d", rng.IntN(1<<30))
	for i := range w.stripe.secrets {
		if w.stripe.secrets[i].ends.IsZero() {
			w.stripe.secrets[i].ends = time.Now().Add(day)
		}
	}
	w.stripe.secrets = append(w.stripe.secrets, secret{text: text})
	w.build.secrets = append(w.build.secrets, text)
	w.later(time.Duration(rng.IntN(20))*time.Hour, func() {
		if p, ok := w.desk(); ok {
			w.note("the desk starts with the new secret")
			p.life.mu.Lock()
			p.life.dead = true
			p.life.mu.Unlock()
		}
	})
}

// rebuild starts a newer build, whose requests have other parameters.
func (w *world) rebuild(rng *rand.Rand) {
	w.build.publicURL = fmt.Sprintf("https://desk%d.test", rng.IntN(1000))
	w.build.seller = fmt.Sprintf("Kahve %d", rng.IntN(1000))
	w.stop(0)
}

// stop ends the desk as an operator does, and starts it again.
func (w *world) stop(away time.Duration) {
	p, ok := w.desk()
	if !ok {
		return
	}
	w.strand("stop", func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		w.note("the desk is stopped")
		p.opened = false
		err := p.Close(ctx)
		w.note("the desk is closed: %v", err)
		if w.now == p {
			p.life.mu.Lock()
			p.life.dead = true
			p.life.mu.Unlock()
			_ = away
		}
	})
}
