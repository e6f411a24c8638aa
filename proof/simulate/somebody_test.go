package simulate_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/vezne/vezne"
)

// somebody does what people do: a customer who buys, an operator at the desk, a
// bank, an operator at Stripe. What one of them does not get, because the desk
// is away or Stripe fails, is tried again a few times and then given up, as
// people do.
type somebody struct {
	world *world
	who   int
	rng   *rand.Rand
	ctx   context.Context
}

var (
	buyer    = vezne.Actor{Kind: vezne.ActorAPI, Name: "shop"}
	operator = vezne.Actor{Kind: vezne.ActorOperator, Name: "ada"}
)

func newSomebody(w *world, who int, rng *rand.Rand) *somebody {
	return &somebody{world: w, who: who, rng: rng}
}

func (s *somebody) reference() string { return fmt.Sprintf("customer-%d", s.who) }

func (s *somebody) do(ctx context.Context, kind string) {
	s.ctx = ctx
	switch kind {
	case "buy":
		s.buy()
	case "pay again":
		if id, ok := s.order("paid_at IS NULL AND canceled_at IS NULL AND cancel_requested_at IS NULL"); ok {
			s.pay(id, s.way())
		}
	case "land":
		if id, ok := s.order("TRUE"); ok {
			s.land(id)
		}
	case "cancel":
		if id, ok := s.order("paid_at IS NULL"); ok {
			s.cancel(id)
		}
	case "refund":
		if id, ok := s.order("paid_at IS NOT NULL"); ok {
			s.refund(id)
		}
	case "capture":
		if id, ok := s.order("amount_authorized > 0"); ok {
			s.capture(id)
		}
	case "clash":
		s.clash()
	case "save a card":
		s.saveCard()
	case "buy with a saved card":
		s.buySaved()
	case "detach a card":
		s.detach()
	case "pay an old page":
		s.payOldPage()
	case "check":
		if id, ok := s.order("TRUE"); ok {
			_ = s.desk("check "+string(id), func(p *process) error {
				_, err := p.Check(s.ctx, operator, id)
				return err
			})
		}
	default:
		s.elsewhere(kind)
	}
}

// think lets somebody think. Some are quick.
func (s *somebody) think(limit time.Duration) {
	if s.rng.IntN(3) == 0 {
		limit /= 40
	}
	pause(s.ctx, time.Duration(s.rng.Int64N(int64(limit))))
	s.world.sched.step(s.ctx, "thought")
}

// order picks one of the customer's orders, as the desk has them.
func (s *somebody) order(where string) (vezne.OrderID, bool) {
	s.world.sched.step(s.ctx, "looks for an order")
	ids := texts(s.world, "SELECT id FROM vezne_orders WHERE search LIKE $1 AND "+where+" ORDER BY number DESC LIMIT 12", "%x"+s.reference()+"x%")
	if len(ids) == 0 {
		return "", false
	}
	return vezne.OrderID(ids[s.rng.IntN(len(ids))]), true
}

func texts(w *world, query string, args ...any) []string {
	rows, err := w.asks(query).rows(args...)
	if err != nil {
		w.violate("look: %v", err)
		return nil
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			w.violate("look: %v", err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		w.violate("look: %v", err)
	}
	return list
}

// desk does something at the desk, again while it is away.
func (s *somebody) desk(what string, do func(p *process) error) error {
	w := s.world
	var err error
	for try := range 4 {
		if try > 0 {
			s.think(2 * time.Minute)
		}
		w.sched.step(s.ctx, "comes to the desk: "+what)
		p, ok := w.desk()
		if !ok {
			err = errGone
			continue
		}
		err = do(p)
		if p.life.isDead() {
			// Nobody heard how it ended.
			w.note("%s: the desk died meanwhile", what)
			err = errGone
			continue
		}
		w.note("%s: %v", what, err)
		s.judge(what, err)
		switch vezne.KindOf(err) {
		case vezne.KindUnavailable, vezne.KindRateLimited:
			continue
		}
		return err
	}
	return err
}

// judge says whether an error is one that people must expect here.
func (s *somebody) judge(what string, err error) {
	switch vezne.KindOf(err) {
	case "", vezne.KindConflict, vezne.KindDeclined, vezne.KindUnavailable, vezne.KindRateLimited, vezne.KindNotFound:
		return
	}
	switch vezne.CodeOf(err) {
	case vezne.CodeStripeRefused, vezne.CodeRefundTooLarge, vezne.CodeCaptureTooLarge, vezne.CodeStripeKeyRefused:
		return
	}
	s.world.violate("%s: %v", what, err)
}

// both has the same person do something else at the same time.
func (s *somebody) both(name string, do func(o *somebody)) {
	seed := s.rng.Uint64()
	s.world.strand(name, func(ctx context.Context) {
		do(&somebody{world: s.world, who: s.who, rng: rand.New(rand.NewPCG(seed, 2)), ctx: ctx})
	})
}
