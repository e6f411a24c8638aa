package desk_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
)

func confirm(method string) desk.PaymentIntentParams {
	return desk.PaymentIntentParams{PaymentMethod: method, Confirm: true}
}

func TestAnOrderIsPaidOnTheServer(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order(withCustomer)
		i := s.pay(id)
		v := s.is(id, vezne.OrderPaid)
		if i.ID == "" || i.ClientSecret.IsZero() || i.NextAction != nil || i.Error != nil || v.AmountPaid != 1999 {
			s.Errorf("intent %+v, order %+v", i, v)
		}
		o := s.get("/v1/payment_intents/" + string(i.ID))
		if !strings.Contains(fmt.Sprint(o["metadata"]), string(id)) || o["description"] != fmt.Sprintf("Order %d", v.Number) || o["customer"] == nil {
			s.Errorf("intent at Stripe %v", o)
		}
		_, err := s.desk.StartPaymentIntent(s.ctx, by, id, confirm("pm_card_visa"))
		s.wants(vezne.CodeOrderPaid, err)
		s.quiet()
		s.keepsOut("_secret_")
		if n := len(s.rows("/v1/charges")); n != 1 {
			s.Errorf("%d charges at Stripe", n)
		}
	})
}

func TestADoubleClickOnPayChargesOnce(t *testing.T) {
	each(t, func(s *shop) {
		for name, before := range map[string]func(vezne.OrderID){
			"at once":           func(vezne.OrderID) {},
			"on an open intent": func(id vezne.OrderID) { s.intent(id, desk.PaymentIntentParams{}) },
		} {
			id := s.order()
			before(id)
			var wg sync.WaitGroup
			var mu sync.Mutex
			ids := map[vezne.ObjectID]bool{}
			for range 6 {
				wg.Go(func() {
					i, err := s.desk.StartPaymentIntent(s.ctx, by, id, confirm("pm_card_visa"))
					if err != nil && vezne.CodeOf(err) != vezne.CodeOrderPaid {
						s.Errorf("%s: %v", name, err)
					}
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						ids[i.ID] = i.Status == "succeeded"
					}
				})
			}
			wg.Wait()
			if len(ids) != 1 {
				s.Errorf("%s: intents %v", name, ids)
			}
			s.is(id, vezne.OrderPaid)
		}
		if n := len(s.rows("/v1/charges")); n != 2 {
			s.Errorf("%d charges for two orders", n)
		}
	})
}

func TestAfterADeclineAnotherCardWorksOnTheSameIntent(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		first := s.intent(id, confirm("pm_card_visa_chargeDeclinedInsufficientFunds"))
		if first.Status != "requires_payment_method" || first.Error == nil || first.Error.MessageKey != "funds" || first.ClientSecret.IsZero() {
			s.Fatalf("intent %+v, error %+v", first, first.Error)
		}
		state, err := s.desk.Payment(s.ctx, id)
		s.must(err)
		if !state.Open || state.Error == nil || state.Error.MessageKey != "funds" || state.Status != "requires_payment_method" {
			s.Errorf("payment %+v", state)
		}
		again := s.intent(id, confirm("pm_card_visa_chargeDeclined"))
		if again.ID != first.ID || again.Error == nil || again.Error.MessageKey != "generic" {
			s.Fatalf("intent %+v", again)
		}
		paid := s.pay(id)
		s.quiet()
		if paid.ID != first.ID || len(s.attempts(id)) != 1 {
			s.Errorf("intents %s and %s", first.ID, paid.ID)
		}
		s.is(id, vezne.OrderPaid)
		list, err := s.desk.Timeline(s.ctx, id)
		s.must(err)
		var codes []any
		for _, e := range list {
			if e.Action == "payment.failed" {
				codes = append(codes, e.Detail["decline_code"])
			}
		}
		if !reflect.DeepEqual(codes, []any{"insufficient_funds", "generic_decline"}) {
			s.Errorf("the timeline tells %v", codes)
		}
	})
}

func TestDeclinesThatMustNotBeToldApartAreTheSameToTheByte(t *testing.T) {
	each(t, func(s *shop) {
		var want []byte
		for _, card := range []string{"pm_card_visa_chargeDeclined", "pm_card_visa_chargeDeclinedLostCard", "pm_card_visa_chargeDeclinedStolenCard", "pm_card_radarBlock"} {
			id := s.order()
			i := s.intent(id, confirm(card))
			state, err := s.desk.Payment(s.ctx, id)
			s.must(err)
			got, err := json.Marshal([]any{i.Status, i.NextAction, i.Error, state.Error, state.Status})
			s.must(err)
			if want == nil {
				want = got
			}
			if string(got) != string(want) {
				s.Errorf("%s is told as %s, a plain decline as %s", card, got, want)
			}
		}
	})
}

func TestAuthenticationIsATypedAnswer(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		i := s.intent(id, confirm("pm_card_authenticationRequired"))
		if i.Status != "requires_action" || i.NextAction == nil || i.NextAction.Type != "redirect_to_url" || !strings.HasPrefix(i.NextAction.URL, "http") || i.Error != nil {
			s.Fatalf("intent %+v, next %+v", i, i.NextAction)
		}
		s.is(id, vezne.OrderOpen)
		// Asking again returns the same intent, still waiting.
		if again := s.intent(id, desk.PaymentIntentParams{}); again.ID != i.ID || again.Status != "requires_action" {
			s.Errorf("asked again: %+v", again)
		}
		s.buyer("3ds", map[string]any{"intent": string(i.ID), "result": "succeed"})
		l, err := s.desk.Landed(s.ctx, id)
		s.must(err)
		if l.Order.Status() != vezne.OrderPaid || l.Checking {
			s.Errorf("landing %+v", l)
		}
		s.keepsOut("_secret_")
	})
}

func TestAfterFailedAuthenticationAnotherCardWorks(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		i := s.intent(id, confirm("pm_card_authenticationRequired"))
		s.buyer("3ds", map[string]any{"intent": string(i.ID), "result": "fail"})
		s.quiet()
		state, err := s.desk.Payment(s.ctx, id)
		s.must(err)
		if state.Error == nil || state.Error.MessageKey != "authfail" || !state.Open {
			s.Errorf("payment %+v, %+v", state, state.Error)
		}
		if paid := s.pay(id); paid.ID != i.ID {
			s.Errorf("another intent: %s", paid.ID)
		}
		if !slices.Contains(s.actions(id), "payment.requires_action") || !slices.Contains(s.actions(id), "payment.failed") {
			s.Errorf("timeline %v", s.actions(id))
		}
	})
}

func TestWithoutTheBuyerAuthenticationIsADeclineThatTheBuyerCanMend(t *testing.T) {
	each(t, func(s *shop) {
		setup, err := s.desk.CreateSetupIntent(s.ctx, by, desk.SetupIntentParams{CustomerReference: "u1", PaymentMethod: "pm_card_authenticationRequired", Confirm: true})
		s.must(err)
		if setup.Status != "requires_action" || setup.NextAction == nil {
			s.Fatalf("setup %+v", setup)
		}
		s.buyer("3ds", map[string]any{"intent": string(setup.ID), "result": "succeed"})
		s.quiet()
		methods, err := s.desk.PaymentMethods(s.ctx, "u1")
		s.must(err)
		if len(methods) != 1 {
			s.Fatalf("methods %+v", methods)
		}
		saved := string(methods[0].ID)
		id := s.order(withCustomer)
		i := s.intent(id, desk.PaymentIntentParams{PaymentMethod: saved, Confirm: true, OffSession: true})
		if i.Status != "requires_payment_method" || i.Error == nil || i.Error.Code != "authentication_required" {
			s.Fatalf("intent %+v, error %+v", i, i.Error)
		}
		// Later, with the buyer, on the same intent.
		again := s.intent(id, confirm(saved))
		if again.ID != i.ID || again.Status != "requires_action" {
			s.Fatalf("intent %+v", again)
		}
		s.buyer("3ds", map[string]any{"intent": string(i.ID), "result": "succeed"})
		s.quiet()
		s.is(id, vezne.OrderPaid)
		if n := len(s.rows("/v1/charges")); n != 1 {
			s.Errorf("%d charges at Stripe", n)
		}
	})
}

func TestIntentsRefuseWhatCannotBe(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		for _, tt := range []struct {
			p     desk.PaymentIntentParams
			field string
		}{
			{desk.PaymentIntentParams{Confirm: true}, "payment_method"},
			{desk.PaymentIntentParams{PaymentMethod: "tok visa"}, "payment_method"},
			{desk.PaymentIntentParams{CaptureMethod: "later"}, "capture_method"},
			{desk.PaymentIntentParams{SetupFutureUsage: "always"}, "setup_future_usage"},
			{desk.PaymentIntentParams{SetupFutureUsage: "off_session"}, "setup_future_usage"},
			{desk.PaymentIntentParams{PaymentMethod: "pm_1", OffSession: true, Confirm: true}, "off_session"},
			{desk.PaymentIntentParams{ReturnURL: "ftp://x"}, "return_url"},
		} {
			_, err := s.desk.StartPaymentIntent(s.ctx, by, id, tt.p)
			if vezne.CodeOf(err) != vezne.CodeInvalidRequest || !slices.Contains(fields(err), tt.field) {
				s.Errorf("%+v: %v %v", tt.p, err, fields(err))
			}
		}
		_, err := s.desk.StartPaymentIntent(s.ctx, by, id, confirm("pm_nobody"))
		s.wants(vezne.CodeStripeRefused, err)
		s.pay(id)
	})
}

func TestASavedCardIsListedOnceItPaid(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order(withCustomer)
		s.intent(id, desk.PaymentIntentParams{PaymentMethod: "pm_card_visa", Confirm: true, SetupFutureUsage: "off_session"})
		// No event comes; the payment itself says that the card was saved.
		for range 3 {
			_, err := s.reader.Sweep(s.ctx)
			s.must(err)
		}
		methods, err := s.desk.PaymentMethods(s.ctx, "u1")
		s.must(err)
		if len(methods) != 1 || methods[0].Last4 != "4242" || methods[0].Brand != "visa" {
			s.Fatalf("methods %+v", methods)
		}
		next := s.order(withCustomer)
		i := s.intent(next, desk.PaymentIntentParams{PaymentMethod: string(methods[0].ID), Confirm: true, OffSession: true})
		if i.Status != "succeeded" {
			s.Errorf("intent %+v", i)
		}
		s.is(next, vezne.OrderPaid)
	})
}

func TestASavedCardIsDetachedForGood(t *testing.T) {
	each(t, func(s *shop) {
		setup, err := s.desk.CreateSetupIntent(s.ctx, by, desk.SetupIntentParams{CustomerReference: "u1", Email: "a@example.com", PaymentMethod: "pm_card_visa", Confirm: true})
		s.must(err)
		methods, err := s.desk.PaymentMethods(s.ctx, "u1")
		s.must(err)
		if setup.Status != "succeeded" || setup.ClientSecret.IsZero() || len(methods) != 1 {
			s.Fatalf("setup %+v, methods %+v", setup, methods)
		}
		s.wants(vezne.CodeNotFound, s.desk.DetachPaymentMethod(s.ctx, by, "u1", "pm_other"))
		s.must(s.desk.DetachPaymentMethod(s.ctx, by, "u1", methods[0].ID))
		left, err := s.desk.PaymentMethods(s.ctx, "u1")
		s.must(err)
		if o := s.get("/v1/payment_methods/" + string(methods[0].ID)); len(left) != 0 || o["customer"] != nil {
			s.Errorf("methods %+v, at Stripe %v", left, o["customer"])
		}
		s.wants(vezne.CodeNotFound, s.desk.DetachPaymentMethod(s.ctx, by, "u1", methods[0].ID))
		secrets, err := s.desk.Secrets(s.ctx, setup.ID)
		s.must(err)
		if secrets.ClientSecret.Reveal() != setup.ClientSecret.Reveal() {
			s.Error("the client secret is another one")
		}
		declined, err := s.desk.CreateSetupIntent(s.ctx, by, desk.SetupIntentParams{CustomerReference: "u1", PaymentMethod: "pm_card_visa_chargeDeclinedLostCard", Confirm: true})
		s.must(err)
		if declined.Error == nil || declined.Error.MessageKey != "generic" || declined.Error.Code != "card_declined" {
			s.Errorf("setup %+v, %+v", declined, declined.Error)
		}
		s.quiet()
		s.keepsOut("_secret_")
	})
}
