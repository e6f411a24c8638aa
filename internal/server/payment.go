package server

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/internal/text"
)

type startCheckout struct {
	OrderPath
	Body struct {
		SuccessURL string `json:"success_url,omitempty" format:"uri" maxLength:"2048" doc:"Where the buyer goes after paying; the order's page when empty. {CHECKOUT_SESSION_ID} is replaced"`
		CancelURL  string `json:"cancel_url,omitempty" format:"uri" maxLength:"2048" doc:"Where the buyer goes when giving up; the order's page when empty"`
		UIMode     string `json:"ui_mode,omitempty" enum:"hosted_page,embedded_page,elements" default:"hosted_page"`
		Client     string `json:"client,omitempty" maxLength:"200" doc:"Who pays: the buyer's address, or your own id of the visitor. Limits on tries are counted by it"`
		Replace    bool   `json:"replace,omitempty" doc:"Close an open attempt of another kind first"`
	}
}

type checkoutAnswer struct {
	Body struct {
		SessionID    vezne.ObjectID `json:"session_id"`
		URL          *string        `json:"url" doc:"Send the buyer there with 303; null when embedded"`
		ClientSecret *string        `json:"client_secret" doc:"For embedded_page and elements; null for hosted_page"`
	}
}

type startPaymentIntent struct {
	OrderPath
	Body struct {
		PaymentMethod    string `json:"payment_method,omitempty" maxLength:"255" doc:"pm_…, to be used by this payment"`
		Confirm          bool   `json:"confirm,omitempty" doc:"Pay now; needs payment_method"`
		CaptureMethod    string `json:"capture_method,omitempty" enum:"automatic,manual" default:"automatic" doc:"manual holds the money until it is captured"`
		OffSession       bool   `json:"off_session,omitempty" doc:"The buyer is not there to authenticate; needs a saved method of the order's customer"`
		SetupFutureUsage string `json:"setup_future_usage,omitempty" enum:"on_session,off_session" doc:"Save the method for the order's customer"`
		ReturnURL        string `json:"return_url,omitempty" format:"uri" maxLength:"2048" doc:"Where authentication leads back to; the order's page when empty"`
		Client           string `json:"client,omitempty" maxLength:"200" doc:"Who pays: the buyer's address, or your own id of the visitor. Limits on tries are counted by it"`
		Replace          bool   `json:"replace,omitempty" doc:"Close an open attempt of another kind first"`
	}
}

type nextAction struct {
	Type string          `json:"type" doc:"redirect_to_url or use_stripe_sdk"`
	URL  string          `json:"url,omitempty" doc:"Where to send the buyer"`
	Raw  json.RawMessage `json:"stripe,omitempty" doc:"Stripe's next_action as it is"`
}

type paymentError struct {
	Code       string `json:"code" doc:"Stripe's error code, such as card_declined"`
	Message    string `json:"message" doc:"A sentence for the buyer, in the order's language"`
	MessageKey string `json:"message_key" doc:"The sentence's key; equal for declines that must not be told apart"`
	Param      string `json:"param,omitempty" doc:"The card field that it concerns"`
}

type paymentIntentAnswer struct {
	Body struct {
		PaymentIntentID vezne.ObjectID `json:"payment_intent_id"`
		ClientSecret    string         `json:"client_secret" doc:"For the page that pays, and nothing else"`
		Status          string         `json:"status" doc:"Stripe's status of the intent"`
		NextAction      *nextAction    `json:"next_action"`
		Error           *paymentError  `json:"error" doc:"Why the last try failed; another method can be used on the same intent"`
	}
}

type captureOrder struct {
	OrderPath
	Body struct {
		Amount *int64 `json:"amount,omitempty" minimum:"1" doc:"In the minor unit; the whole when empty. The rest is released"`
	}
}

type refundOrder struct {
	OrderPath
	Body struct {
		Amount *int64 `json:"amount,omitempty" minimum:"1" doc:"In the minor unit; all that is left when empty"`
		Reason string `json:"reason,omitempty" enum:"duplicate,fraudulent,requested_by_customer"`
	}
}

type refundAnswer struct {
	Body struct {
		ID     vezne.RefundID  `json:"id"`
		Object string          `json:"object"`
		Amount int64           `json:"amount" doc:"In the minor unit"`
		Reason string          `json:"reason"`
		Status string          `json:"status" doc:"pending, requires_action, succeeded, failed, canceled or refused"`
		Stripe vezne.ObjectID  `json:"stripe_refund_id" doc:"re_…, empty until Stripe answered"`
		Order  vezne.OrderJSON `json:"order"`
	}
}

func (s *server) payments() {
	const tag = "Payments"
	handle(s, route{id: "start-checkout", method: http.MethodPost, path: "/v1/orders/{id}/checkout", summary: "Pay by Checkout: make, or get, the open session", tag: tag}, s.startCheckout)
	handle(s, route{id: "start-payment-intent", method: http.MethodPost, path: "/v1/orders/{id}/payment-intent", summary: "Pay by a PaymentIntent: make, or get, the open one, and confirm it if asked",
		description: "A decline is an answer, not an error: status is requires_payment_method and error says why. Send another payment_method with confirm to try again on the same intent.", tag: tag}, s.startPaymentIntent)
	handle(s, route{id: "capture-order", method: http.MethodPost, path: "/v1/orders/{id}/capture", summary: "Capture held money, whole or in part", tag: tag},
		func(ctx context.Context, in *captureOrder) (*orderAnswer, error) {
			return answerOrder(s.Desk.Capture(ctx, actor(ctx), in.ID, in.Body.Amount))
		})
	handle(s, route{id: "refund-order", method: http.MethodPost, path: "/v1/orders/{id}/refunds", summary: "Refund a paid order, whole or in part", tag: tag, status: http.StatusCreated},
		func(ctx context.Context, in *refundOrder) (*refundAnswer, error) {
			r, v, err := s.Desk.Refund(ctx, actor(ctx), in.ID, in.Body.Amount, in.Body.Reason)
			if err != nil {
				return nil, err
			}
			out := &refundAnswer{}
			out.Body.ID, out.Body.Object, out.Body.Amount, out.Body.Reason = r.ID, "refund", r.Amount, r.Reason
			out.Body.Status, out.Body.Stripe, out.Body.Order = r.State, r.StripeRefundID, v.JSON()
			return out, nil
		})
}

func (s *server) startCheckout(ctx context.Context, in *startCheckout) (*checkoutAnswer, error) {
	c, err := s.Desk.StartCheckout(ctx, actor(ctx), in.ID, desk.CheckoutParams{
		SuccessURL: in.Body.SuccessURL, CancelURL: in.Body.CancelURL, UIMode: in.Body.UIMode, Client: in.Body.Client, Replace: in.Body.Replace,
	})
	if err != nil {
		return nil, err
	}
	out := &checkoutAnswer{}
	out.Body.SessionID = c.SessionID
	if c.URL != "" {
		out.Body.URL = &c.URL
	}
	if !c.ClientSecret.IsZero() {
		secret := c.ClientSecret.Reveal()
		out.Body.ClientSecret = &secret
	}
	return out, nil
}

func (s *server) startPaymentIntent(ctx context.Context, in *startPaymentIntent) (*paymentIntentAnswer, error) {
	if in.Body.Confirm && in.Body.PaymentMethod == "" {
		return nil, vezne.E(vezne.CodeInvalidRequest, "server.startPaymentIntent", "").WithField("payment_method", "To confirm, say which payment method to use.")
	}
	v, err := s.Desk.Order(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	p, err := s.Desk.StartPaymentIntent(ctx, actor(ctx), in.ID, desk.PaymentIntentParams{
		PaymentMethod: in.Body.PaymentMethod, Confirm: in.Body.Confirm, CaptureMethod: in.Body.CaptureMethod, OffSession: in.Body.OffSession,
		SetupFutureUsage: in.Body.SetupFutureUsage, ReturnURL: in.Body.ReturnURL, Client: in.Body.Client, Replace: in.Body.Replace,
	})
	if err != nil {
		return nil, err
	}
	out := &paymentIntentAnswer{}
	out.Body.PaymentIntentID, out.Body.ClientSecret, out.Body.Status = p.ID, p.ClientSecret.Reveal(), p.Status
	out.Body.NextAction, out.Body.Error = toNextAction(p.NextAction), toPaymentError(text.Choose(v.Locale), p.Error)
	return out, nil
}

func toNextAction(n *desk.NextAction) *nextAction {
	if n == nil {
		return nil
	}
	return &nextAction{Type: n.Type, URL: n.URL, Raw: n.Raw}
}

func toPaymentError(lang text.Lang, e *desk.PaymentError) *paymentError {
	if e == nil {
		return nil
	}
	return &paymentError{Code: e.Code, Message: text.Say(lang, e.MessageKey), MessageKey: e.MessageKey, Param: e.Param}
}
