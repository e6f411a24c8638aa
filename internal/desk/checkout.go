package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"

	"github.com/vezne/vezne"
)

// hostedPage is Checkout on Stripe's own page.
// Source: docs.stripe.com/api/checkout/sessions/object, ui_mode.
const hostedPage = "hosted_page"

// StartCheckout makes, or gets, the order's open Checkout Session. Its codes,
// beside wrong fields and the store's: CodeNotFound, CodeOrderPaid,
// CodeOrderCanceled; CodeAttemptOpen when another way to pay is open, or its
// payment is being checked; CodeAttemptUnsure and CodeStripeUnreachable while
// Stripe has not said whether the attempt exists, which stays and goes on;
// CodePaymentThrottled when too many payments were tried or declined;
// CodeRateLimited, CodeStripeRefused, CodeStripeKeyRefused.
func (d *Desk) StartCheckout(ctx context.Context, by vezne.Actor, id vezne.OrderID, p CheckoutParams) (Checkout, error) {
	const op = "desk.StartCheckout"
	if err := d.writable(op); err != nil {
		return Checkout{}, err
	}
	if p.UIMode == "" {
		p.UIMode = hostedPage
	}
	wrong := &problems{}
	wrong.oneOf("ui_mode", p.UIMode, "", hostedPage, "embedded_page", "elements")
	wrong.address("success_url", p.SuccessURL)
	wrong.address("cancel_url", p.CancelURL)
	client := wrong.client("client", p.Client)
	if err := wrong.err(op); err != nil {
		return Checkout{}, err
	}
	got, err := d.open(ctx, by, id, way{
		kind: vezne.AttemptCheckout, purpose: vezne.CallCreateSession, path: "/v1/checkout/sessions", attempt: vezne.Attempt{UIMode: p.UIMode}, replace: p.Replace, client: client,
		form: func(o vezne.Order, a vezne.Attempt, customer vezne.ObjectID) [][2]string {
			return d.sessionForm(o, a, customer, p)
		},
		fits: func(form url.Values) bool {
			return form.Get("ui_mode") == p.UIMode && (p.SuccessURL == "" || form.Get(successField(p.UIMode)) == p.SuccessURL) &&
				(p.CancelURL == "" || form.Get("cancel_url") == p.CancelURL)
		},
	})
	if err != nil {
		return Checkout{}, d.heldBack(ctx, by, id, err)
	}
	var s struct {
		ID           vezne.ObjectID `json:"id"`
		Status       string         `json:"status"`
		URL          string         `json:"url"`
		ClientSecret string         `json:"client_secret"`
	}
	if err := json.Unmarshal(got.body, &s); err != nil {
		return Checkout{}, vezne.E(vezne.CodeCorrupt, op, "A session of Stripe cannot be read.").Because(err)
	}
	if s.Status != "open" {
		return Checkout{}, vezne.E(vezne.CodeAttemptOpen, op, "The buyer has finished Stripe's page; the payment is being checked.")
	}
	c := Checkout{SessionID: s.ID, URL: s.URL}
	if s.ClientSecret != "" && p.UIMode != hostedPage {
		c.ClientSecret = vezne.NewSecret(s.ClientSecret)
	}
	return c, nil
}

// successField is the parameter that says where to go after paying.
func successField(uiMode string) string {
	if uiMode == hostedPage {
		return "success_url"
	}
	return "return_url"
}

// sessionForm is the body that makes a session. The ids of order and attempt
// travel with the session and with the intent that it makes.
// Source: docs.stripe.com/api/checkout/sessions/create.
func (d *Desk) sessionForm(o vezne.Order, a vezne.Attempt, customer vezne.ObjectID, p CheckoutParams) [][2]string {
	success, cancel := p.SuccessURL, p.CancelURL
	if success == "" {
		success = d.page(o.ID, "landed=1")
	}
	if cancel == "" {
		cancel = d.page(o.ID, "canceled=1")
	}
	form := [][2]string{{"mode", "payment"}, {"ui_mode", p.UIMode}, {successField(p.UIMode), success}}
	if p.UIMode == hostedPage {
		form = append(form, [2]string{"cancel_url", cancel})
	}
	form = append(form, [2]string{"client_reference_id", string(o.ID)})
	switch {
	case customer != "":
		form = append(form, [2]string{"customer", string(customer)})
	case o.CustomerEmail != "":
		form = append(form, [2]string{"customer_email", o.CustomerEmail})
	}
	if o.Locale != "" {
		form = append(form, [2]string{"locale", o.Locale})
	}
	for i, l := range o.Lines {
		at := fmt.Sprintf("line_items[%d]", i)
		if l.PriceID != "" {
			form = append(form, [2]string{at + "[price]", string(l.PriceID)})
		} else {
			form = append(form, [2]string{at + "[price_data][currency]", string(o.Currency)},
				[2]string{at + "[price_data][unit_amount]", strconv.FormatInt(l.UnitAmount, 10)}, [2]string{at + "[price_data][product_data][name]", l.Name})
		}
		form = append(form, [2]string{at + "[quantity]", strconv.FormatInt(l.Quantity, 10)})
	}
	form = append(form, [2]string{"payment_intent_data[description]", description(o)})
	for _, m := range metadata(o, a) {
		form = append(form, [2]string{"metadata[" + m[0] + "]", m[1]}, [2]string{"payment_intent_data[metadata][" + m[0] + "]", m[1]})
	}
	return append(form, [2]string{"expand[]", "payment_intent"})
}

// metadata is what our objects at Stripe carry, so that each finds its order.
func metadata(o vezne.Order, a vezne.Attempt) [][2]string {
	return [][2]string{{vezne.MetadataOrder, string(o.ID)}, {vezne.MetadataAttempt, string(a.ID)}}
}

// description is what Stripe's dashboard shows of a payment.
func description(o vezne.Order) string { return fmt.Sprintf("Order %d", o.Number) }
