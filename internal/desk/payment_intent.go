package desk

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// StartPaymentIntent makes, or gets, the order's open PaymentIntent, and
// confirms it if asked. A decline is an answer, not an error: another method
// can be tried on the same intent. Its codes are those of StartCheckout.
func (d *Desk) StartPaymentIntent(ctx context.Context, by vezne.Actor, id vezne.OrderID, p PaymentIntentParams) (PaymentIntent, error) {
	const op = "desk.StartPaymentIntent"
	if err := d.writable(op); err != nil {
		return PaymentIntent{}, err
	}
	client, err := d.checkIntent(ctx, id, p)
	if err != nil {
		return PaymentIntent{}, err
	}
	card, err := d.cardOf(ctx, by, p.PaymentMethod)
	if err != nil {
		return PaymentIntent{}, err
	}
	if p.ReturnURL == "" {
		p.ReturnURL = d.page(id, "landed=1")
	}
	w := way{
		kind: vezne.AttemptPaymentIntent, purpose: vezne.CallCreatePaymentIntent, path: "/v1/payment_intents",
		attempt: vezne.Attempt{ManualCapture: p.CaptureMethod == "manual", OffSession: p.OffSession}, replace: p.Replace, client: client, card: card,
		form: func(o vezne.Order, a vezne.Attempt, customer vezne.ObjectID) [][2]string {
			return intentForm(o, a, customer, p)
		},
		fits: func(form url.Values) bool {
			return (p.CaptureMethod == "" || (p.CaptureMethod == "manual") == (form.Get("capture_method") == "manual")) &&
				(p.SetupFutureUsage == "" || form.Get("setup_future_usage") == p.SetupFutureUsage)
		},
	}
	for range openTries {
		got, err := d.open(ctx, by, id, w)
		if err != nil {
			return PaymentIntent{}, d.heldBack(ctx, by, id, err)
		}
		done := got.made && got.form.Get("confirm") == "true" && got.form.Get("payment_method") == p.PaymentMethod
		if !p.Confirm || done {
			return readIntent(got.body)
		}
		body, again, err := d.confirm(ctx, by, got.attempt, w, p)
		if err != nil {
			return PaymentIntent{}, d.heldBack(ctx, by, id, err)
		}
		if !again {
			return readIntent(body)
		}
	}
	return PaymentIntent{}, vezne.E(vezne.CodeAttemptUnsure, op, "The order is being changed by others. Try again.")
}

// checkIntent checks what was asked for, and returns who asks.
func (d *Desk) checkIntent(ctx context.Context, id vezne.OrderID, p PaymentIntentParams) (string, error) {
	wrong := &problems{}
	client := wrong.client("client", p.Client)
	if p.PaymentMethod != "" {
		wrong.id("payment_method", p.PaymentMethod, "pm_", "card_", "src_")
	}
	if p.Confirm && p.PaymentMethod == "" {
		wrong.wrong("payment_method", "To confirm, say which payment method to use.")
	}
	if p.OffSession && !p.Confirm {
		wrong.wrong("off_session", "Without the buyer, the payment must be confirmed now: send confirm and a saved payment_method.")
	}
	wrong.oneOf("capture_method", p.CaptureMethod, "", "automatic", "manual")
	wrong.oneOf("setup_future_usage", p.SetupFutureUsage, "", "on_session", "off_session")
	wrong.address("return_url", p.ReturnURL)
	if p.OffSession || p.SetupFutureUsage != "" {
		o, err := d.Store.Order(ctx, id)
		if err != nil {
			return "", err
		}
		if o.CustomerID == "" {
			field := "setup_future_usage"
			if p.OffSession {
				field = "off_session"
			}
			wrong.wrong(field, "The order has no customer with a reference, whose method it could be.")
		}
	}
	return client, wrong.err("desk.StartPaymentIntent")
}

// intentForm is the body that makes an intent; with a method to confirm, it
// pays in the same call. Source: docs.stripe.com/api/payment_intents/create.
func intentForm(o vezne.Order, a vezne.Attempt, customer vezne.ObjectID, p PaymentIntentParams) [][2]string {
	form := [][2]string{
		{"amount", strconv.FormatInt(a.Expected, 10)}, {"currency", string(a.Currency)}, {"automatic_payment_methods[enabled]", "true"}, {"description", description(o)},
	}
	if customer != "" {
		form = append(form, [2]string{"customer", string(customer)})
	}
	if a.ManualCapture {
		form = append(form, [2]string{"capture_method", "manual"})
	}
	if p.SetupFutureUsage != "" {
		form = append(form, [2]string{"setup_future_usage", p.SetupFutureUsage})
	}
	if p.PaymentMethod != "" {
		form = append(form, [2]string{"payment_method", p.PaymentMethod})
	}
	if p.Confirm {
		form = append(form, [2]string{"confirm", "true"}, [2]string{"return_url", p.ReturnURL})
		if p.OffSession {
			form = append(form, [2]string{"off_session", "true"})
		}
	}
	for _, m := range metadata(o, a) {
		form = append(form, [2]string{"metadata[" + m[0] + "]", m[1]})
	}
	return append(form, [2]string{"expand[]", "latest_charge"})
}

// confirm confirms an open intent with a method, or joins a confirmation with
// the same method that is on its way. again is true when the order must be
// looked at anew.
func (d *Desk) confirm(ctx context.Context, by vezne.Actor, a vezne.Attempt, w way, p PaymentIntentParams) (body []byte, again bool, err error) {
	const op = "desk.confirm"
	id := a.OrderID
	form := [][2]string{{"payment_method", p.PaymentMethod}, {"return_url", p.ReturnURL}}
	if p.OffSession {
		form = append(form, [2]string{"off_session", "true"})
	}
	form = append(form, [2]string{"expand[]", "latest_charge"})
	var call vezne.Call
	_, err = d.Settler.Order(ctx, id, vezne.Cause{Actor: by}, func(tx *store.Tx, f *vezne.Facts) ([]vezne.Entry, error) {
		call = vezne.Call{}
		if err := payable(&f.Order); err != nil {
			return nil, err
		}
		for _, c := range f.Calls {
			if c.Attempt == a.ID && c.Purpose == vezne.CallConfirmPaymentIntent && (c.State == vezne.CallPending || c.State == vezne.CallLooking) {
				call = c
				return nil, nil
			}
		}
		var err error
		if !confirmable(f, a) {
			return nil, nil
		}
		if err := d.begin(ctx, tx, w.subject(id)); err != nil {
			return nil, err
		}
		call, err = d.write(ctx, tx, plan{
			root: orderRoot(id), purpose: vezne.CallConfirmPaymentIntent, path: "/v1/payment_intents/" + url.PathEscape(string(a.PaymentIntentID)) + "/confirm",
			form: form, attempt: a.ID, by: by,
		})
		return nil, err
	})
	if err = d.written(ctx, err, call.ID); err != nil {
		return nil, false, err
	}
	if call.ID == "" {
		body, err := d.Refresher.Fetch(ctx, a.PaymentIntentID, vezne.TypePaymentIntent, vezne.Cause{Actor: by}, vezne.PriorityLandingPage)
		return body, false, err
	}
	sent, parseErr := url.ParseQuery(call.Form)
	if parseErr != nil {
		return nil, false, vezne.E(vezne.CodeCorrupt, op, "A request cannot be read.").Because(parseErr)
	}
	r, err := d.Sender.Do(ctx, call.ID)
	switch {
	case err != nil && r.Call.State == vezne.CallLooking:
		return nil, false, vezne.E(vezne.CodeAttemptUnsure, op, "").Because(err)
	case err != nil:
		return nil, false, err
	case sent.Get("payment_method") != p.PaymentMethod, r.Call.State == vezne.CallAbandoned, r.Body == nil:
		return nil, true, nil
	case r.Call.State == vezne.CallRefused && r.Call.Refusal.Code == "payment_intent_unexpected_state":
		// It moved on without us, and the answer says to where.
		return nil, true, nil
	case r.Call.State == vezne.CallRefused && r.Call.Refusal.Status != 402:
		return nil, false, refusal(op, r.Call)
	}
	return r.Body, false, nil
}

// confirmable reports whether an attempt's intent waits for a method.
func confirmable(f *vezne.Facts, a vezne.Attempt) bool {
	for _, p := range f.PaymentIntents {
		if p.ID == a.PaymentIntentID {
			return p.Status == "requires_payment_method" || p.Status == "requires_confirmation" || p.Status == "requires_action"
		}
	}
	return false
}

// rawIntent is what is read of an intent, or of an error that carries one,
// beyond what is kept.
type rawIntent struct {
	ID           vezne.ObjectID     `json:"id"`
	Status       string             `json:"status"`
	ClientSecret string             `json:"client_secret"`
	NextAction   json.RawMessage    `json:"next_action"`
	PaymentError *vezne.StripeError `json:"-"`
}

// readIntent reads an answer about a PaymentIntent, of success or of a decline.
func readIntent(body []byte) (PaymentIntent, error) {
	raw, err := readRaw(body)
	if err != nil {
		return PaymentIntent{}, err
	}
	next, err := readNextAction(raw.NextAction)
	return PaymentIntent{ID: raw.ID, ClientSecret: vezne.NewSecret(raw.ClientSecret), Status: raw.Status, NextAction: next, Error: declined(raw.PaymentError)}, err
}

// readRaw finds the intent of an answer and why its last try failed, if it
// waits for another.
func readRaw(body []byte) (rawIntent, error) {
	const op = "desk.readRaw"
	type object struct {
		rawIntent
		LastPayment *wireError `json:"last_payment_error"`
		LastSetup   *wireError `json:"last_setup_error"`
	}
	var o struct {
		object
		Error *struct {
			wireError
			PaymentIntent *object `json:"payment_intent"`
			SetupIntent   *object `json:"setup_intent"`
		} `json:"error"`
	}
	if err := json.Unmarshal(body, &o); err != nil {
		return rawIntent{}, vezne.E(vezne.CodeCorrupt, op, "An intent of Stripe cannot be read.").Because(err)
	}
	found, why := o.object, (*wireError)(nil)
	if e := o.Error; e != nil {
		why = &e.wireError
		if e.PaymentIntent != nil {
			found = *e.PaymentIntent
		} else if e.SetupIntent != nil {
			found = *e.SetupIntent
		}
	}
	if found.ID == "" {
		return rawIntent{}, vezne.E(vezne.CodeCorrupt, op, "An answer of Stripe holds no intent.")
	}
	if why == nil && found.Status == "requires_payment_method" {
		if why = found.LastPayment; why == nil {
			why = found.LastSetup
		}
	}
	found.PaymentError = why.error()
	return found.rawIntent, nil
}

// wireError is Stripe's error as it writes it.
type wireError struct {
	Type        string `json:"type"`
	Code        string `json:"code"`
	DeclineCode string `json:"decline_code"`
	Message     string `json:"message"`
}

func (e *wireError) error() *vezne.StripeError {
	if e == nil {
		return nil
	}
	return &vezne.StripeError{Type: e.Type, Code: e.Code, DeclineCode: e.DeclineCode, Message: e.Message}
}

// readNextAction reads what the buyer must do, nil when there is nothing.
func readNextAction(raw json.RawMessage) (*NextAction, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var n struct {
		Type     string `json:"type"`
		Redirect *struct {
			URL string `json:"url"`
		} `json:"redirect_to_url"`
	}
	if err := json.Unmarshal(raw, &n); err != nil {
		return nil, vezne.E(vezne.CodeCorrupt, "desk.readNextAction", "").Because(err)
	}
	next := &NextAction{Type: n.Type, Raw: raw}
	if n.Redirect != nil {
		next.URL = n.Redirect.URL
	}
	return next, nil
}
