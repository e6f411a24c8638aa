package server

import (
	"context"
	"net/http"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/internal/text"
)

type createSetupIntent struct {
	Body struct {
		Customer      newBuyer `json:"customer" doc:"Who saves the method; reference is needed"`
		PaymentMethod string   `json:"payment_method,omitempty" maxLength:"255"`
		Confirm       bool     `json:"confirm,omitempty" doc:"Save now; needs payment_method"`
		ReturnURL     string   `json:"return_url,omitempty" format:"uri" maxLength:"2048"`
		Client        string   `json:"client,omitempty" maxLength:"200" doc:"Who saves it: the person's address, or your own id of the visitor. Limits on tries are counted by it"`
	}
}

type setupIntentAnswer struct {
	Body struct {
		SetupIntentID vezne.ObjectID `json:"setup_intent_id"`
		ClientSecret  string         `json:"client_secret" doc:"For the page that saves the method, and nothing else"`
		Status        string         `json:"status" doc:"Stripe's status of the intent"`
		NextAction    *nextAction    `json:"next_action"`
		Error         *paymentError  `json:"error"`
	}
}

// CustomerPath is the path of a customer; exported like OrderPath.
type CustomerPath struct {
	Reference string `path:"reference" maxLength:"200" doc:"The application's own id of the person"`
}

type paymentMethodJSON struct {
	ID        vezne.ObjectID `json:"id" doc:"pm_…"`
	Object    string         `json:"object"`
	Type      string         `json:"type"`
	Brand     string         `json:"brand"`
	Last4     string         `json:"last4"`
	ExpMonth  int            `json:"exp_month"`
	ExpYear   int            `json:"exp_year"`
	CreatedAt time.Time      `json:"created_at"`
}

type paymentMethodList struct {
	Body struct {
		Data []paymentMethodJSON `json:"data"`
	}
}

type noContent struct{}

func (s *server) customers() {
	const tag = "Customers"
	handle(s, route{id: "create-setup-intent", method: http.MethodPost, path: "/v1/setup-intents", summary: "Save a payment method for later", tag: tag, status: http.StatusCreated}, s.createSetupIntent)
	handle(s, route{id: "list-payment-methods", method: http.MethodGet, path: "/v1/customers/{reference}/payment-methods", summary: "List a customer's saved payment methods", tag: tag},
		func(ctx context.Context, in *CustomerPath) (*paymentMethodList, error) {
			list, err := s.Desk.PaymentMethods(ctx, in.Reference)
			if err != nil {
				return nil, err
			}
			out := &paymentMethodList{}
			out.Body.Data = []paymentMethodJSON{}
			for _, m := range list {
				out.Body.Data = append(out.Body.Data, paymentMethodJSON{m.ID, "payment_method", m.Type, m.Brand, m.Last4, m.ExpMonth, m.ExpYear, m.CreatedAt})
			}
			return out, nil
		})
	handle(s, route{id: "detach-payment-method", method: http.MethodDelete, path: "/v1/customers/{reference}/payment-methods/{method}", summary: "Remove a saved payment method", tag: tag, status: http.StatusNoContent},
		func(ctx context.Context, in *struct {
			CustomerPath
			Method vezne.ObjectID `path:"method" maxLength:"255"`
		}) (*noContent, error) {
			return nil, s.Desk.DetachPaymentMethod(ctx, actor(ctx), in.Reference, in.Method)
		})
}

func (s *server) createSetupIntent(ctx context.Context, in *createSetupIntent) (*setupIntentAnswer, error) {
	const op = "server.createSetupIntent"
	if in.Body.Customer.Reference == "" {
		return nil, vezne.E(vezne.CodeInvalidRequest, op, "").WithField("customer.reference", "Say whose method it is.")
	}
	if in.Body.Confirm && in.Body.PaymentMethod == "" {
		return nil, vezne.E(vezne.CodeInvalidRequest, op, "").WithField("payment_method", "To confirm, say which payment method to save.")
	}
	p, err := s.Desk.CreateSetupIntent(ctx, actor(ctx), desk.SetupIntentParams{
		CustomerReference: in.Body.Customer.Reference, Email: in.Body.Customer.Email, Name: in.Body.Customer.Name,
		PaymentMethod: in.Body.PaymentMethod, Confirm: in.Body.Confirm, ReturnURL: in.Body.ReturnURL, Client: in.Body.Client,
	})
	if err != nil {
		return nil, err
	}
	out := &setupIntentAnswer{}
	out.Body.SetupIntentID, out.Body.ClientSecret, out.Body.Status = p.ID, p.ClientSecret.Reveal(), p.Status
	out.Body.NextAction, out.Body.Error = toNextAction(p.NextAction), toPaymentError(text.English, p.Error)
	return out, nil
}
