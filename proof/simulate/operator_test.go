package simulate_test

import (
	"fmt"
	"net/http"

	"github.com/vezne/vezne"
)

func (s *somebody) cancel(id vezne.OrderID) {
	_ = s.desk("cancel "+string(id), func(p *process) error {
		_, err := p.Cancel(s.ctx, operator, id)
		return err
	})
}

func (s *somebody) capture(id vezne.OrderID) {
	var amount *int64
	if s.rng.IntN(3) == 0 {
		part := int64(1 + s.rng.IntN(600))
		amount = &part
	}
	_ = s.desk("capture "+string(id), func(p *process) error {
		_, err := p.Capture(s.ctx, operator, id, amount)
		return err
	})
}

// refund asks for a refund over REST with one key, as an application does that
// hears no answer: it is one refund.
func (s *somebody) refund(id vezne.OrderID) {
	body, key := `{}`, s.rng.Uint64()
	if s.rng.IntN(3) > 0 {
		body = fmt.Sprintf(`{"amount":%d}`, 1+s.rng.IntN(900))
	}
	if s.rng.IntN(4) == 0 {
		s.both("the same refund again", func(o *somebody) { o.sendRefund(id, body, key) })
	}
	s.sendRefund(id, body, key)
}

func (s *somebody) sendRefund(id vezne.OrderID, body string, key uint64) {
	var answer struct {
		ID string `json:"id"`
	}
	s.world.mu.Lock()
	if s.world.seen.asked[string(id)] == nil {
		s.world.seen.asked[string(id)] = map[uint64]bool{}
	}
	s.world.seen.asked[string(id)][key] = true
	s.world.mu.Unlock()
	if _, ok := s.rest("refund "+string(id)+" "+body, http.MethodPost, "/v1/orders/"+string(id)+"/refunds", body, key, &answer); !ok {
		return
	}
	w := s.world
	w.mu.Lock()
	former, other := w.seen.refunds[key], w.seen.refundKeys[answer.ID]
	w.seen.refunds[key], w.seen.refundKeys[answer.ID] = answer.ID, key
	w.mu.Unlock()
	if former != "" && former != answer.ID && !w.restored {
		w.violate("one key made the refunds %s and %s", former, answer.ID)
	}
	if other != 0 && other != key {
		w.violate("the refund %s is the answer to two keys", answer.ID)
	}
}

// clash is two who do different things to one order at the same instant.
func (s *somebody) clash() {
	id, ok := s.order("TRUE")
	if !ok {
		return
	}
	deeds := []func(o *somebody){
		func(o *somebody) { o.cancel(id) }, func(o *somebody) { o.refund(id) }, func(o *somebody) { o.capture(id) }, func(o *somebody) { o.land(id) },
		func(o *somebody) { o.pay(id, o.way()) }, func(o *somebody) { o.pay(id, o.way()) },
	}
	a, b := s.rng.IntN(len(deeds)), s.rng.IntN(len(deeds))
	s.both("the other one", deeds[a])
	deeds[b](s)
}
