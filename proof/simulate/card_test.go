package simulate_test

import (
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
)

func (s *somebody) saveCard() {
	var i engine.SetupIntent
	err := s.desk("save a card", func(p *process) (err error) {
		i, err = p.CreateSetupIntent(s.ctx, buyer, engine.SetupIntentParams{
			CustomerReference: s.reference(), Name: "x" + s.reference() + "x", PaymentMethod: pickOne(s.rng, "pm_card_visa", "pm_card_mastercard", "pm_card_authenticationRequiredOnSetup"), Confirm: true,
		})
		return err
	})
	if err == nil && i.Status == "requires_action" {
		s.think(time.Minute)
		if result := pickOne(s.rng, "succeed", "succeed", "fail", ""); result != "" {
			s.world.stripe.simulate(s.ctx, "3ds", map[string]any{"intent": string(i.ID), "result": result})
		}
	}
}

// card picks one of the customer's saved cards, as the desk knows them.
func (s *somebody) card() (string, bool) {
	var found []vezne.PaymentMethod
	err := s.desk("list the cards", func(p *process) (err error) {
		found, err = p.PaymentMethods(s.ctx, s.reference())
		return err
	})
	if err != nil || len(found) == 0 {
		return "", false
	}
	return string(found[s.rng.IntN(len(found))].ID), true
}

func (s *somebody) buySaved() {
	card, ok := s.card()
	if !ok {
		s.saveCard()
		return
	}
	if id, ok := s.newOrder(true); ok {
		s.payServer(id, engine.PaymentIntentParams{PaymentMethod: card, Confirm: true, OffSession: s.rng.IntN(3) > 0})
	}
}

func (s *somebody) detach() {
	if card, ok := s.card(); ok {
		_ = s.desk("detach "+card, func(p *process) error {
			return p.DetachPaymentMethod(s.ctx, operator, s.reference(), vezne.ObjectID(card))
		})
	}
}
