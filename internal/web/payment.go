package web

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/internal/text"
)

// checkout sends the buyer to Stripe's page. What forbids to pay is said on
// the order's own page.
func (s *site) checkout(r *http.Request) (*answer, error) {
	id := vezne.OrderID(r.PathValue("order"))
	c, err := s.Desk.StartCheckout(r.Context(), buyer, id, desk.CheckoutParams{Client: address(r), Replace: true})
	if err != nil {
		return s.refusedToPay(r, id, err)
	}
	return stripeAddress(c.URL)
}

// refusedToPay shows the order with the reason why it cannot be paid now. One
// that is paid or canceled says so itself.
func (s *site) refusedToPay(r *http.Request, id vezne.OrderID, err error) (*answer, error) {
	e, ok := errors.AsType[*vezne.Error](err)
	if !ok || e.Kind == vezne.KindNotFound || e.Kind == vezne.KindInternal {
		return nil, err
	}
	if e.Code == vezne.CodeOrderPaid || e.Code == vezne.CodeOrderCanceled {
		return seeOther(payAddress(id)), nil
	}
	status := e.HTTPStatus()
	if status >= http.StatusInternalServerError {
		s.failure(r, err) // for the log
	}
	order, lookErr := s.Desk.Order(r.Context(), id)
	if lookErr != nil {
		return nil, lookErr
	}
	v := visitOf(r)
	v.speak(order.Order)
	a, err := s.showOrder(r, id, status, text.Say(v.lang, payRefusal(e)))
	if err == nil {
		later(a, e)
	}
	return a, err
}

// payRefusal is the key of the sentence for a buyer about why paying did not
// begin. What Stripe refuses to us is no business of the buyer's.
func payRefusal(e *vezne.Error) string {
	switch e.Code {
	case vezne.CodePaymentDeclined:
		return text.Decline(e.Stripe)
	case vezne.CodeStripeRefused, vezne.CodeStripeKeyRefused:
		return "ours"
	}
	return "error." + string(e.Code)
}

// intentJSON is what the page's script needs to pay with Stripe's element. It
// is the only place where a client secret leaves, and goes to the page that
// pays with it.
type intentJSON struct {
	ClientSecret string `json:"client_secret"`
	Status       string `json:"status"`
}

// paymentIntent makes, or gets, the order's PaymentIntent for the element.
func (s *site) paymentIntent(r *http.Request) (*answer, error) {
	id := vezne.OrderID(r.PathValue("order"))
	order, err := s.Desk.Order(r.Context(), id)
	if err != nil {
		return nil, err
	}
	v := visitOf(r)
	v.speak(order.Order)
	intent, err := s.Desk.StartPaymentIntent(r.Context(), buyer, id, desk.PaymentIntentParams{Client: address(r), Replace: true})
	if err != nil {
		e, ok := errors.AsType[*vezne.Error](err)
		if !ok || e.Kind == vezne.KindNotFound || e.Kind == vezne.KindInternal {
			return nil, err
		}
		if e.HTTPStatus() >= http.StatusInternalServerError {
			s.failure(r, err) // for the log
		}
		a, err := jsonOf(e.HTTPStatus(), failureJSON{Message: text.Say(v.lang, payRefusal(e))})
		if err == nil {
			later(a, e)
		}
		return a, err
	}
	return jsonOf(http.StatusOK, intentJSON{ClientSecret: intent.ClientSecret.Reveal(), Status: intent.Status})
}

// invoice serves the receipt of a paid order.
func (s *site) invoice(r *http.Request) (*answer, error) {
	id := vezne.OrderID(r.PathValue("order"))
	inv, err := s.Desk.Invoice(r.Context(), id)
	if err != nil {
		return nil, err
	}
	b, err := s.Desk.InvoicePDF(r.Context(), id)
	if err != nil {
		return nil, err
	}
	a := bodyOf(http.StatusOK, "application/pdf", b)
	a.header.Set("Content-Disposition", fmt.Sprintf("inline; filename=%q", inv.Number+".pdf"))
	return a, nil
}
