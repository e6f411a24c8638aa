package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/internal/text"
)

// stage is what a buyer can do with an order now.
type stage string

// The stages of a buyer's page.
const (
	// stagePay: it waits to be paid.
	stagePay stage = "pay"
	// stageAction: the bank waits for the buyer's confirmation.
	stageAction stage = "action"
	// stageProcessing: a delayed payment method is being checked.
	stageProcessing stage = "processing"
	// stageChecking: how the payment ended is not known yet.
	stageChecking stage = "checking"
	// stageHeld: the amount is reserved and not yet collected.
	stageHeld stage = "held"
	// stagePaid: Stripe, asked directly, said so.
	stagePaid stage = "paid"
	// stageCanceling and stageCanceled: nobody should pay it any more.
	stageCanceling stage = "canceling"
	stageCanceled  stage = "canceled"
)

// stageOf says what a buyer can do. Where the result of a payment is not
// known, or money came in that cannot be booked, nothing invites to pay again.
func stageOf(l desk.Landing, p desk.PaymentState) stage {
	o := l.Order
	switch {
	case o.PaidAt != nil:
		return stagePaid
	case o.CanceledAt != nil:
		return stageCanceled
	case o.CancelRequestedAt != nil:
		return stageCanceling
	case o.AmountAuthorized > 0 || p.Status == "requires_capture":
		return stageHeld
	case o.Processing || p.Processing || p.Status == "processing":
		return stageProcessing
	case l.Checking || p.Status == "succeeded" || o.Has(vezne.AttentionMismatch) || o.Has(vezne.AttentionHeldByHook):
		return stageChecking
	case p.Open && p.Status == "requires_action":
		return stageAction
	}
	return stagePay
}

// waits reports whether the page should look again by itself.
func (g stage) waits() bool {
	return g == stageProcessing || g == stageChecking || g == stageCanceling
}

// refreshSeconds is after how long a browser without script looks again.
const refreshSeconds = 10

// orderPage is the buyer's page of an order.
type orderPage struct {
	page
	Order vezne.OrderView
	Stage stage
	// Element is the kind of Stripe's element: payment or card.
	Element string
	// CheckoutOpen is true while a payment on Stripe's page can be continued.
	CheckoutOpen bool
	// Alert is why the last try failed, or why this request did.
	Alert string
	// Data is what the page's script reads.
	Data *payData
}

// payData is what the script of a pay page reads.
type payData struct {
	Stage   stage  `json:"stage"`
	Element string `json:"element"`
	Lang    string `json:"lang"`
	// Page, Intent and State are our own addresses.
	Page   string `json:"page"`
	Intent string `json:"intent"`
	State  string `json:"state"`
	// Script is Stripe.js.
	Script   string `json:"script"`
	Key      string `json:"key"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	// Existing is true when an intent exists and the element must show it.
	Existing bool              `json:"existing"`
	Buyer    payBuyer          `json:"buyer"`
	Text     map[string]string `json:"text"`
}

// payBuyer is what the form can be filled with.
type payBuyer struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
}

// Paid reports whether the order was paid, whatever came after.
func (p orderPage) Paid() bool { return p.Stage == stagePaid }

// CanPay reports whether the page offers ways to pay.
func (p orderPage) CanPay() bool { return p.Stage == stagePay || p.Stage == stageAction }

// Waits reports whether the page looks again by itself.
func (p orderPage) Waits() bool { return p.Stage.waits() }

// Reached returns the order's status.
func (p orderPage) Reached() vezne.OrderStatus { return p.Order.Status() }

// Held returns the amount that is reserved, in the minor unit.
func (p orderPage) Held() int64 {
	if p.Order.AmountAuthorized > 0 {
		return p.Order.AmountAuthorized
	}
	return p.Order.AmountTotal
}

// cameBack are what Stripe, and we, put into the address of a buyer who comes
// back. They are anybody's words: all they do is have Stripe asked.
var cameBack = []string{"landed", "session_id", "payment_intent", "redirect_status"}

// order serves the page of an order. It asks Stripe first, whatever the
// address says.
func (s *site) order(r *http.Request) (*answer, error) {
	id := vezne.OrderID(r.PathValue("order"))
	return s.showOrder(r, id, http.StatusOK, "")
}

// look asks Stripe how an order stands.
func (s *site) look(ctx context.Context, id vezne.OrderID) (desk.Landing, desk.PaymentState, error) {
	landing, err := s.Desk.Landed(ctx, id)
	if err != nil {
		return landing, desk.PaymentState{}, err
	}
	payment, err := s.Desk.Payment(ctx, id)
	return landing, payment, err
}

// glance shows how an order stands by what Stripe has just said.
func (s *site) glance(ctx context.Context, id vezne.OrderID) (desk.Landing, desk.PaymentState, error) {
	order, err := s.Desk.Order(ctx, id)
	if err != nil {
		return desk.Landing{}, desk.PaymentState{}, err
	}
	payment, err := s.Desk.Payment(ctx, id)
	return desk.Landing{Order: order}, payment, err
}

// showOrder makes the page of an order, with an alert where a request failed.
func (s *site) showOrder(r *http.Request, id vezne.OrderID, status int, alert string) (*answer, error) {
	look, query := s.look, r.URL.Query()
	if s.looked.fresh(id, s.Clock.Now()) && !slices.ContainsFunc(cameBack, query.Has) {
		look = s.glance
	}
	landing, payment, err := look(r.Context(), id)
	if err != nil {
		return nil, err
	}
	v := visitOf(r)
	v.speak(landing.Order.Order)
	p := orderPage{page: s.newPage(r, "pay", ""), Order: landing.Order, Stage: stageOf(landing, payment), Alert: alert, Element: "payment"}
	if query.Get("element") == "card" {
		p.Element = "card"
	}
	p.Title = p.T("pay.title", "status", p.heading(), "number", p.Order.Number)
	if p.Stage.waits() {
		p.Refresh, p.Script = refreshSeconds, "pay.js"
	}
	if p.CanPay() {
		p.Script, v.stripe, v.toStripe = "pay.js", true, true
		p.CheckoutOpen = payment.Open && payment.SessionURL != ""
		if p.Alert == "" {
			p.Alert = failedTry(v.lang, payment)
		}
	}
	p.Data = s.payData(p, payment)
	return s.render(status, "order.html", p)
}

// heading is the shortest word for how the order stands.
func (p orderPage) heading() string {
	switch p.Stage {
	case stageAction:
		return p.T("pay.action.title")
	case stageChecking:
		return p.T("pay.checking.title")
	case stageCanceling:
		return p.T("pay.canceling.title")
	case stageHeld:
		return p.T("pay.held.title")
	}
	return p.Status(p.Order.Status())
}

// failedTry is the sentence about the last try that failed. A session that ran
// out is no failure of the buyer's.
func failedTry(lang text.Lang, p desk.PaymentState) string {
	switch {
	case p.Error != nil:
		return text.Say(lang, p.Error.MessageKey)
	case !p.Open && p.Attempt.Kind == vezne.AttemptCheckout && p.Attempt.State == vezne.AttemptUnpaid:
		return text.Say(lang, "sessexp")
	}
	return ""
}

// scriptTexts are the sentences that the script says by itself.
var scriptTexts = []string{"pay.busy", "pay.check", "formblocked", "again", "pending", "cancelled_by_customer"}

// elementCodes are Stripe's codes for what its element finds before anything is
// sent.
var elementCodes = []string{
	"incomplete_number", "invalid_number", "incomplete_expiry", "invalid_expiry_month", "invalid_expiry_month_past", "invalid_expiry_year",
	"invalid_expiry_year_past", "incomplete_cvc", "invalid_cvc", "incomplete_zip", "incomplete_name", "incomplete_email", "invalid_email",
	"incomplete_iban", "invalid_iban", "incomplete_payment_details", "test_mode_live_card",
}

func (s *site) payData(p orderPage, payment desk.PaymentState) *payData {
	if p.Script == "" {
		return nil
	}
	address := "/pay/" + url.PathEscape(string(p.Order.ID))
	d := &payData{
		Stage: p.Stage, Element: p.Element, Lang: string(p.Lang()), Page: address, Intent: address + "/intent", State: address + "/state",
		Text: map[string]string{},
	}
	if !p.CanPay() {
		return d
	}
	d.Script, d.Key, d.Amount, d.Currency = s.StripeJS, s.PublishableKey, p.Order.AmountTotal, string(p.Order.Currency)
	d.Existing = payment.Open && payment.Attempt.Kind == vezne.AttemptPaymentIntent && payment.Attempt.State == vezne.AttemptActive
	d.Buyer = payBuyer{Name: p.Order.CustomerName, Email: p.Order.CustomerEmail}
	for _, key := range scriptTexts {
		d.Text[key] = p.T(key)
	}
	for _, code := range elementCodes {
		d.Text["card."+code] = p.T("card." + code)
	}
	return d
}

// stateJSON is what the script of a pay page learns when it asks.
type stateJSON struct {
	Stage stage `json:"stage"`
	// Message is the sentence about the last try, empty when it did not fail.
	// Cards that must not be told apart get the same bytes.
	Message string `json:"message"`
	// Field is the part of the card form that it concerns, if any.
	Field string `json:"field"`
}

// state tells the page's script how the order stands, after asking Stripe.
func (s *site) state(r *http.Request) (*answer, error) {
	id, now := vezne.OrderID(r.PathValue("order")), s.Clock.Now()
	landing, payment, err := s.look(r.Context(), id)
	if err != nil {
		return nil, err
	}
	if !landing.Checking {
		s.looked.note(id, now)
	}
	v := visitOf(r)
	v.speak(landing.Order.Order)
	out := stateJSON{Stage: stageOf(landing, payment)}
	if out.Stage == stagePay || out.Stage == stageAction {
		out.Message = failedTry(v.lang, payment)
		if payment.Error != nil {
			out.Field = text.Field(payment.Error.MessageKey)
		}
	}
	return jsonOf(http.StatusOK, out)
}

// buyer is the actor of what is done on a buyer's page.
var buyer = vezne.Actor{Kind: vezne.ActorCustomer}

// payAddress is the page of an order on this site.
func payAddress(id vezne.OrderID) string { return "/pay/" + url.PathEscape(string(id)) }

// stripeAddress refuses to send anybody anywhere but to a web page.
func stripeAddress(address string) (*answer, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || !strings.HasPrefix(u.Scheme, "http") {
		return nil, vezne.E(vezne.CodeInternal, "web.stripeAddress", "")
	}
	return seeOther(address), nil
}
