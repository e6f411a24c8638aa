package web

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/text"
)

// askPage asks an operator whether something is really meant, and is the form
// that does it. Its key makes it act once.
type askPage struct {
	adminPage
	Question, Lead, Do string
	Action, Back       string
	Key                string
	Danger             bool
	Fields             []pair
}

// operation is what an operator does with an order.
type operation struct {
	// name is refund, capture or cancel.
	name   string
	danger bool
	// fields are what the confirmed form must send again.
	fields []pair
	// figures are put into the sentences.
	figures []any
	do      func(ctx context.Context, by vezne.Actor, id vezne.OrderID) error
}

// operate asks first, and acts once when that is confirmed.
func (s *site) operate(r *http.Request, o vezne.OrderView, op operation) (*answer, error) {
	v := visitOf(r)
	back := adminAddress(o.ID)
	if r.PostForm.Get("confirm") != "yes" {
		say := func(part string) string {
			return text.Say(v.lang, "admin."+op.name+"."+part, append(op.figures, "number", o.Number)...)
		}
		p := askPage{
			adminPage: s.newAdminPage(r, "orders", say("ask")), Question: say("ask"), Lead: say("ask.lead"), Do: say("do"),
			Action: back + "/" + op.name, Back: back, Key: rand.Text(), Danger: op.danger, Fields: op.fields,
		}
		return s.render(http.StatusOK, "ask.html", p)
	}
	location, err := s.once(r.Context(), "admin."+op.name, submissionKey(string(o.ID), r.PostForm.Get("key")), back+"?said=unsure", func(ctx context.Context) (string, error) {
		return back + "?said=" + op.name, op.do(ctx, operatorOf(r.Context()), o.ID)
	})
	if err != nil {
		return s.refusedToAct(r, err)
	}
	return seeOther(location), nil
}

// refusedToAct shows the order with the reason why nothing was done.
func (s *site) refusedToAct(r *http.Request, err error) (*answer, error) {
	e, ok := errors.AsType[*vezne.Error](err)
	if !ok || e.Kind == vezne.KindInternal || e.Kind == vezne.KindNotFound {
		return nil, err
	}
	status := e.HTTPStatus()
	if status >= http.StatusInternalServerError {
		s.failure(r, err) // for the log
	}
	p := adminOrderPage{Alert: text.Say(visitOf(r).lang, "error."+string(e.Code))}
	if e.Stripe != nil {
		p.AlertDetail = e.Stripe.Message
	}
	return s.showAdminOrder(r, status, p)
}

// orderToActOn returns the order of an operator's form.
func (s *site) orderToActOn(r *http.Request) (vezne.OrderView, error) {
	return s.Desk.Order(r.Context(), vezne.OrderID(r.PathValue("order")))
}

// amountOf reads the amount of a form. most bounds it before anybody is asked;
// the desk has the last word.
func (s *site) amountOf(r *http.Request, o vezne.OrderView, most int64, tooMuch vezne.Code) (int64, error) {
	const op = "web.amountOf"
	n, ok := parseAmount(visitOf(r).lang, r.PostForm.Get("amount"), o.Currency)
	if !ok || n <= 0 {
		return 0, vezne.E(vezne.CodeAmountInvalid, op, "")
	}
	if n > most {
		return 0, vezne.E(tooMuch, op, "")
	}
	return n, nil
}

// wrongAmount shows the order again, with what was typed.
func (s *site) wrongAmount(r *http.Request, o vezne.OrderView, p adminOrderPage, err error) (*answer, error) {
	e, ok := errors.AsType[*vezne.Error](err)
	if !ok {
		return nil, err
	}
	lang := visitOf(r).lang
	p.Alert = text.Say(lang, "error."+string(e.Code), "example", plainAmount(lang, exampleAmount, o.Currency))
	return s.showAdminOrder(r, e.HTTPStatus(), p)
}

// exampleAmount is shown where an amount cannot be read, in the minor unit.
const exampleAmount = 123456

// refund gives money back.
func (s *site) refund(r *http.Request) (*answer, error) {
	o, err := s.orderToActOn(r)
	if err != nil {
		return nil, err
	}
	reason := r.PostForm.Get("reason")
	if !slices.Contains(refundReasons, reason) {
		return nil, vezne.E(vezne.CodeInvalidRequest, "web.refund", "")
	}
	// The confirmed form is judged by the desk alone: what is left to refund
	// may have changed by its own first click.
	most := o.Refundable()
	if r.PostForm.Get("confirm") == "yes" {
		most = o.AmountPaid
	}
	amount, err := s.amountOf(r, o, most, vezne.CodeRefundTooLarge)
	if err != nil {
		return s.wrongAmount(r, o, adminOrderPage{RefundAmount: r.PostForm.Get("amount")}, err)
	}
	return s.operate(r, o, operation{
		name: "refund", danger: true,
		fields:  []pair{{"amount", r.PostForm.Get("amount")}, {"reason", reason}},
		figures: []any{"amount", text.Money(visitOf(r).lang, vezne.Money{Amount: amount, Currency: o.Currency})},
		do: func(ctx context.Context, by vezne.Actor, id vezne.OrderID) error {
			_, _, err := s.Desk.Refund(ctx, by, id, &amount, reason)
			return err
		},
	})
}

// capture collects what is reserved.
func (s *site) capture(r *http.Request) (*answer, error) {
	o, err := s.orderToActOn(r)
	if err != nil {
		return nil, err
	}
	most := o.AmountAuthorized
	if r.PostForm.Get("confirm") == "yes" {
		most = o.AmountTotal
	} else if most == 0 {
		return s.refusedToAct(r, vezne.E(vezne.CodeNothingToCapture, "web.capture", ""))
	}
	amount, err := s.amountOf(r, o, most, vezne.CodeCaptureTooLarge)
	if err != nil {
		return s.wrongAmount(r, o, adminOrderPage{CaptureAmount: r.PostForm.Get("amount")}, err)
	}
	return s.operate(r, o, operation{
		name:    "capture",
		fields:  []pair{{"amount", r.PostForm.Get("amount")}},
		figures: []any{"amount", text.Money(visitOf(r).lang, vezne.Money{Amount: amount, Currency: o.Currency})},
		do: func(ctx context.Context, by vezne.Actor, id vezne.OrderID) error {
			_, err := s.Desk.Capture(ctx, by, id, &amount)
			return err
		},
	})
}

// cancel cancels an order that is not paid.
func (s *site) cancel(r *http.Request) (*answer, error) {
	o, err := s.orderToActOn(r)
	if err != nil {
		return nil, err
	}
	return s.operate(r, o, operation{
		name: "cancel", danger: true,
		do: func(ctx context.Context, by vezne.Actor, id vezne.OrderID) error {
			_, err := s.Desk.Cancel(ctx, by, id)
			return err
		},
	})
}
