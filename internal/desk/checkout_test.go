package desk_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/sandbox"
)

func TestAnOrderIsPaidOnStripesPage(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order(withCustomer, func(n *desk.NewOrder) { n.Locale = "tr" })
		c := s.checkout(id)
		if c.URL == "" || !strings.HasPrefix(c.URL, "http://stripe.example.com/") || !c.ClientSecret.IsZero() {
			s.Fatalf("checkout %+v", c)
		}
		o := s.get("/v1/checkout/sessions/" + string(c.SessionID))
		attempt := s.attempts(id)[0]
		metadata := fmt.Sprint(o["metadata"])
		if o["client_reference_id"] != string(id) || o["locale"] != "tr" || !strings.Contains(metadata, string(attempt.ID)) || o["success_url"] != "https://pay.example.com/pay/"+string(id)+"?landed=1" ||
			o["cancel_url"] != "https://pay.example.com/pay/"+string(id)+"?canceled=1" {
			s.Errorf("session %v", o)
		}
		s.buyer("checkout", map[string]any{"session": string(c.SessionID), "payment_method": "pm_card_visa"})
		s.is(id, vezne.OrderOpen)
		s.quiet()
		v := s.is(id, vezne.OrderPaid)
		if v.AmountPaid != 1999 || v.InvoiceNumber != "VZ-2026-000001" || v.PaidBy != attempt.ID {
			s.Errorf("order %+v", v)
		}
		intent := s.get("/v1/payment_intents/" + string(s.attempts(id)[0].PaymentIntentID))
		if !strings.Contains(fmt.Sprint(intent["metadata"]), string(attempt.ID)) {
			s.Errorf("the intent does not know its attempt: %v", intent["metadata"])
		}
	})
}

func TestADoubleClickGetsTheSameSession(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order(withCustomer)
		got := make([]desk.Checkout, 8)
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() {
				var err error
				if got[i], err = s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{}); err != nil {
					s.Error(err)
				}
			})
		}
		wg.Wait()
		for _, c := range got {
			if c != got[0] || c.URL == "" {
				s.Errorf("sessions %+v and %+v", got[0], c)
			}
		}
		if n := len(s.rows("/v1/checkout/sessions")); n != 1 || len(s.rows("/v1/customers")) != 1 {
			s.Errorf("%d sessions, %d customers at Stripe", n, len(s.rows("/v1/customers")))
		}
	})
}

func TestOneCustomerPerReferenceHoweverManyOrdersStart(t *testing.T) {
	each(t, func(s *shop) {
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				amount := int64(500)
				v, err := s.desk.CreateOrder(s.ctx, by, desk.NewOrder{Currency: "usd", Lines: []desk.NewLine{{Name: "Tea", UnitAmount: &amount, Quantity: 1}}, Customer: &desk.NewCustomer{Reference: "u1"}})
				if err != nil {
					s.Error(err)
					return
				}
				if _, err := s.desk.StartCheckout(s.ctx, by, v.ID, desk.CheckoutParams{}); err != nil {
					s.Error(err)
				}
			})
		}
		wg.Wait()
		if n := len(s.rows("/v1/customers")); n != 1 {
			s.Errorf("%d customers at Stripe", n)
		}
	})
}

func TestACustomerWhoWasDeletedAtStripeGetsANewOne(t *testing.T) {
	each(t, func(s *shop) {
		s.checkout(s.order(withCustomer))
		first := fmt.Sprint(s.rows("/v1/customers")[0]["id"])
		s.call("DELETE", "/v1/customers/"+first, nil)
		id := s.order(withCustomer)
		c := s.checkout(id)
		rows := s.rows("/v1/customers")
		if len(rows) != 1 || rows[0]["id"] == first || c.URL == "" {
			s.Errorf("customers %v, checkout %+v", rows, c)
		}
		if list := s.attempts(id); len(list) != 2 || list[0].State != vezne.AttemptUnpaid || list[1].State != vezne.AttemptActive {
			s.Errorf("attempts %+v", list)
		}
	})
}

func TestOtherParametersAreAnotherWay(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		first := s.checkout(id)
		_, err := s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{SuccessURL: "https://shop.example.com/thanks"})
		s.wants(vezne.CodeAttemptOpen, err)
		_, err = s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{UIMode: "embedded_page"})
		s.wants(vezne.CodeAttemptOpen, err)
		_, err = s.desk.StartPaymentIntent(s.ctx, by, id, desk.PaymentIntentParams{})
		s.wants(vezne.CodeAttemptOpen, err)
		second, err := s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{UIMode: "embedded_page", SuccessURL: "https://shop.example.com/thanks", Replace: true})
		s.must(err)
		if second.SessionID == first.SessionID || second.URL != "" || !strings.Contains(second.ClientSecret.Reveal(), "_secret_") {
			s.Errorf("checkout %+v", second)
		}
		if o := s.get("/v1/checkout/sessions/" + string(first.SessionID)); o["status"] != "expired" {
			s.Errorf("the former session is %v", o["status"])
		}
		again, err := s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{UIMode: "embedded_page"})
		s.must(err)
		if again.SessionID != second.SessionID || again.ClientSecret.Reveal() != second.ClientSecret.Reveal() {
			s.Error("asking again gives another session")
		}
		s.keepsOut("_secret_")
	})
}

func TestSwitchingToOurPageClosesStripesPage(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		c := s.checkout(id)
		i := s.intent(id, desk.PaymentIntentParams{Replace: true})
		if i.Status != "requires_payment_method" || i.ClientSecret.IsZero() {
			s.Fatalf("intent %+v", i)
		}
		if o := s.get("/v1/checkout/sessions/" + string(c.SessionID)); o["status"] != "expired" {
			s.Errorf("the session is %v", o["status"])
		}
		back, err := s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{Replace: true})
		s.must(err)
		if o := s.get("/v1/payment_intents/" + string(i.ID)); o["status"] != "canceled" || back.SessionID == c.SessionID {
			s.Errorf("the intent is %v, the session %s", o["status"], back.SessionID)
		}
	})
}

func TestSwitchingAfterPayingSaysPaid(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		c := s.checkout(id)
		s.buyer("checkout", map[string]any{"session": string(c.SessionID), "payment_method": "pm_card_visa"})
		// No event has come: only Stripe knows.
		_, err := s.desk.StartPaymentIntent(s.ctx, by, id, desk.PaymentIntentParams{Replace: true})
		s.wants(vezne.CodeOrderPaid, err)
		s.is(id, vezne.OrderPaid)
		_, err = s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{})
		s.wants(vezne.CodeOrderPaid, err)
		if n := len(s.rows("/v1/payment_intents")); n != 1 {
			s.Errorf("%d intents at Stripe", n)
		}
	})
}

func TestASessionThatExpiredIsFollowedByANewOne(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		first := s.checkout(id)
		s.call("POST", "/v1/checkout/sessions/"+string(first.SessionID)+"/expire", nil)
		second := s.checkout(id)
		if first.SessionID == second.SessionID || len(s.attempts(id)) != 2 {
			s.Errorf("sessions %s and %s", first.SessionID, second.SessionID)
		}
	})
}

// debits is Stripe with bank debits switched on in its dashboard: a session that
// names no methods takes them too.
type debits struct{ next http.RoundTripper }

// RoundTrip adds what the dashboard would.
func (d debits) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost && r.URL.Path == "/v1/checkout/sessions" {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		form := string(body) + "&payment_method_types[0]=card&payment_method_types[1]=us_bank_account"
		r = r.Clone(r.Context())
		r.Body, r.ContentLength, r.GetBody = io.NopCloser(strings.NewReader(form)), int64(len(form)), nil
	}
	return d.next.RoundTrip(r)
}

func TestADelayedPaymentIsCheckedThenPaidOrOpenAgain(t *testing.T) {
	for result, want := range map[string]vezne.OrderStatus{"succeeded": vezne.OrderPaid, "failed": vezne.OrderOpen} {
		t.Run(result, func(t *testing.T) {
			each(t, func(s *shop) {
				s.http.Transport = debits{s.http.Transport}
				s.start()
				id := s.order()
				c := s.checkout(id)
				s.buyer("checkout", map[string]any{"session": string(c.SessionID), "payment_method": "pm_usBankAccount_processing"})
				s.quiet()
				s.is(id, vezne.OrderProcessing)
				_, err := s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{})
				s.wants(vezne.CodeAttemptOpen, err)
				_, err = s.desk.StartPaymentIntent(s.ctx, by, id, desk.PaymentIntentParams{Replace: true})
				s.wants(vezne.CodeAttemptOpen, err)
				s.buyer("async_payment", map[string]any{"intent": string(s.attempts(id)[0].PaymentIntentID), "result": result})
				s.quiet()
				s.is(id, want)
				if want == vezne.OrderOpen {
					s.checkout(id)
				}
			})
		})
	}
}

func TestCheckoutRefusesWrongAddresses(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		for field, p := range map[string]desk.CheckoutParams{
			"success_url": {SuccessURL: "/thanks"},
			"cancel_url":  {CancelURL: "javascript:alert(1)"},
			"ui_mode":     {UIMode: "popup"},
		} {
			_, err := s.desk.StartCheckout(s.ctx, by, id, p)
			s.wants(vezne.CodeInvalidRequest, err)
			if e := fields(err); len(e) != 1 || e[0] != field {
				s.Errorf("fields %v, want %s", e, field)
			}
		}
		_, err := s.desk.StartCheckout(s.ctx, by, "ord_other", desk.CheckoutParams{})
		s.wants(vezne.CodeNotFound, err)
	})
}

func TestWhatStripeRefusesIsToldAndFreesTheOrder(t *testing.T) {
	each(t, func(s *shop) {
		id := s.order()
		s.fault(sandbox.Fault{Method: "POST", Path: "/v1/checkout/sessions", Effect: "status", Status: 400, Code: "parameter_unknown"})
		_, err := s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{})
		s.wants(vezne.CodeStripeRefused, err)
		s.fault(sandbox.Fault{Method: "POST", Path: "/v1/checkout/sessions", Effect: "status", Status: 403})
		_, err = s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{})
		s.wants(vezne.CodeStripeKeyRefused, err)
		s.fault(sandbox.Fault{Method: "POST", Path: "/v1/checkout/sessions", Effect: "rate_limit"})
		_, err = s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{})
		s.wants(vezne.CodeRateLimited, err)
		s.checkout(id)
		if list := s.attempts(id); len(list) != 3 || !list[2].Open() {
			s.Errorf("attempts %+v", list)
		}
	})
}

func TestALineByPriceIsSoldByThatPrice(t *testing.T) {
	each(t, func(s *shop) {
		price := s.call("POST", "/v1/prices", url.Values{"currency": {"usd"}, "unit_amount": {"1250"}, "product_data[name]": {"Coffee"}})
		id := s.order(func(n *desk.NewOrder) {
			n.Lines = append(n.Lines, desk.NewLine{Price: vezne.ObjectID(fmt.Sprint(price["id"])), Quantity: 2})
		})
		v := s.view(id)
		if v.AmountTotal != 1999+2*1250 || v.Lines[1].Name != "Coffee" || v.Lines[1].Amount != 2500 {
			s.Errorf("order %+v", v)
		}
		c := s.checkout(id)
		s.buyer("checkout", map[string]any{"session": string(c.SessionID), "payment_method": "pm_card_visa"})
		s.quiet()
		if v := s.is(id, vezne.OrderPaid); v.AmountPaid != v.AmountTotal {
			s.Errorf("paid %d of %d", v.AmountPaid, v.AmountTotal)
		}
	})
}
