package server

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
)

// OrderPath is the path of an order. It is exported because the framework reads
// embedded fields of exported types only.
type OrderPath struct {
	ID vezne.OrderID `path:"id" doc:"Order: ord_…"`
}

type orderAnswer struct {
	Body vezne.OrderJSON
}

func answerOrder(v vezne.OrderView, err error) (*orderAnswer, error) {
	if err != nil {
		return nil, err
	}
	return &orderAnswer{v.JSON()}, nil
}

type newLine struct {
	Name       string         `json:"name,omitempty" maxLength:"250" doc:"What is bought; needed without price"`
	UnitAmount *int64         `json:"unit_amount,omitempty" doc:"In the minor unit; needed without price"`
	Price      vezne.ObjectID `json:"price,omitempty" maxLength:"255" doc:"Stripe's price (price_…) instead of name and unit_amount"`
	Quantity   *int64         `json:"quantity,omitempty" minimum:"1" maximum:"999999" default:"1"`
}

type newBuyer struct {
	Reference string `json:"reference,omitempty" maxLength:"200" doc:"The application's own id of the person; makes a customer with saved cards possible"`
	Email     string `json:"email,omitempty" maxLength:"512"`
	Name      string `json:"name,omitempty" maxLength:"250"`
}

type createOrder struct {
	Body struct {
		Currency vezne.Currency    `json:"currency" doc:"Lower-case ISO 4217 code"`
		Lines    []newLine         `json:"lines" minItems:"1" maxItems:"100"`
		Customer *newBuyer         `json:"customer,omitempty"`
		Locale   string            `json:"locale,omitempty" enum:"tr,en" doc:"Language of pages and documents; decided per visitor when empty"`
		Metadata map[string]string `json:"metadata,omitempty" maxProperties:"50" doc:"Up to 50 pairs of your own; keys up to 40, values up to 500 characters"`
	}
}

type listOrders struct {
	Status        []string       `query:"status,explode" enum:"open,processing,authorized,paid,partially_refunded,refunded,disputed,canceled"`
	Customer      string         `query:"customer" maxLength:"200" doc:"The customer's reference"`
	Query         string         `query:"q" maxLength:"200" doc:"Number, identifier, or a part of name or e-mail"`
	PaymentIntent vezne.ObjectID `query:"payment_intent" maxLength:"255"`
	CreatedAfter  time.Time      `query:"created_after"`
	CreatedBefore time.Time      `query:"created_before"`
	After         vezne.OrderID  `query:"after" maxLength:"64" doc:"The next of the former page"`
	Limit         int            `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

type orderList struct {
	Body struct {
		Data    []vezne.OrderJSON `json:"data"`
		HasMore bool              `json:"has_more"`
		Next    vezne.OrderID     `json:"next,omitempty" doc:"Send it as after to get the next page"`
	}
}

type timelineEntry struct {
	Seq     int64          `json:"seq" doc:"Counts from 1"`
	At      time.Time      `json:"at"`
	Actor   string         `json:"actor" doc:"kind, or kind:name"`
	Action  string         `json:"action"`
	EventID vezne.EventID  `json:"event_id" doc:"The event that made us look; empty when none did"`
	Object  vezne.ObjectID `json:"object" doc:"The object at Stripe, if it is about one"`
	Before  map[string]any `json:"before"`
	After   map[string]any `json:"after"`
	Detail  map[string]any `json:"detail,omitempty" doc:"For operators, such as the true decline code: never show it to a buyer"`
}

type timeline struct {
	Body struct {
		Data []timelineEntry `json:"data"`
	}
}

type invoiceAnswer struct {
	Body invoiceJSON
}

type invoiceJSON struct {
	ID             vezne.InvoiceID       `json:"id"`
	Object         string                `json:"object"`
	Number         string                `json:"number"`
	Order          vezne.OrderID         `json:"order"`
	OrderNumber    int64                 `json:"order_number"`
	Locale         string                `json:"locale"`
	Currency       vezne.Currency        `json:"currency"`
	Lines          []vezne.OrderLineJSON `json:"lines"`
	AmountTotal    int64                 `json:"amount_total" doc:"Sum of the lines, in the minor unit"`
	AmountDiscount int64                 `json:"amount_discount"`
	AmountShipping int64                 `json:"amount_shipping"`
	AmountTax      int64                 `json:"amount_tax"`
	AmountPaid     int64                 `json:"amount_paid"`
	CustomerName   string                `json:"customer_name"`
	CustomerEmail  string                `json:"customer_email"`
	Fiscal         bool                  `json:"fiscal" doc:"Always false: it confirms a payment and is no fiscal invoice"`
	IssuedAt       time.Time             `json:"issued_at"`
	PDFURL         string                `json:"pdf_url"`
}

type invoicePDF struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Body               []byte
}

func (s *server) orders() {
	const tag = "Orders"
	handle(s, route{id: "create-order", method: http.MethodPost, path: "/v1/orders", summary: "Create an order", tag: tag, status: http.StatusCreated},
		func(ctx context.Context, in *createOrder) (*orderAnswer, error) {
			return answerOrder(s.Desk.CreateOrder(ctx, actor(ctx), newOrder(in)))
		})
	handle(s, route{id: "list-orders", method: http.MethodGet, path: "/v1/orders", summary: "List orders, newest first", tag: tag}, s.listOrders)
	handle(s, route{id: "get-order", method: http.MethodGet, path: "/v1/orders/{id}", summary: "Get an order", tag: tag},
		func(ctx context.Context, in *OrderPath) (*orderAnswer, error) {
			return answerOrder(s.Desk.Order(ctx, in.ID))
		})
	handle(s, route{id: "cancel-order", method: http.MethodPost, path: "/v1/orders/{id}/cancel", summary: "Cancel an order that is not paid",
		description: "Open attempts are closed at Stripe and held money is released. The order is canceled once every attempt has been read terminal and unpaid.", tag: tag},
		func(ctx context.Context, in *struct {
			OrderPath
			Body emptyBody
		}) (*orderAnswer, error) {
			return answerOrder(s.Desk.Cancel(ctx, actor(ctx), in.ID))
		})
	handle(s, route{id: "check-order", method: http.MethodPost, path: "/v1/orders/{id}/check", summary: "Ask Stripe about everything that is known of an order", tag: tag},
		func(ctx context.Context, in *OrderPath) (*orderAnswer, error) {
			return answerOrder(s.Desk.Check(ctx, actor(ctx), in.ID))
		})
	handle(s, route{id: "get-timeline", method: http.MethodGet, path: "/v1/orders/{id}/timeline", summary: "Get what happened to an order, oldest first", tag: tag}, s.timeline)
	handle(s, route{id: "get-invoice", method: http.MethodGet, path: "/v1/orders/{id}/invoice", summary: "Get the invoice of a paid order", tag: tag}, s.invoice)
	handle(s, route{id: "get-invoice-pdf", method: http.MethodGet, path: "/v1/orders/{id}/invoice.pdf", summary: "Get the invoice as a PDF", tag: tag},
		func(ctx context.Context, in *OrderPath) (*invoicePDF, error) {
			inv, err := s.Desk.Invoice(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			b, err := s.Desk.InvoicePDF(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return &invoicePDF{"application/pdf", fmt.Sprintf(`inline; filename="%s.pdf"`, inv.Number), b}, nil
		})
}

// emptyBody is the body of a POST that needs none.
type emptyBody struct{}

func newOrder(in *createOrder) desk.NewOrder {
	n := desk.NewOrder{Currency: in.Body.Currency, Locale: in.Body.Locale, Metadata: in.Body.Metadata}
	for _, l := range in.Body.Lines {
		line := desk.NewLine{Name: l.Name, UnitAmount: l.UnitAmount, Price: l.Price, Quantity: 1}
		if l.Quantity != nil {
			line.Quantity = *l.Quantity
		}
		n.Lines = append(n.Lines, line)
	}
	if c := in.Body.Customer; c != nil {
		n.Customer = &desk.NewCustomer{Reference: c.Reference, Email: c.Email, Name: c.Name}
	}
	return n
}

func (s *server) listOrders(ctx context.Context, in *listOrders) (*orderList, error) {
	f := desk.OrderFilter{
		CustomerReference: in.Customer, Query: in.Query, PaymentIntentID: in.PaymentIntent,
		CreatedAfter: in.CreatedAfter, CreatedBefore: in.CreatedBefore, After: in.After, Limit: in.Limit + 1,
	}
	for _, st := range in.Status {
		f.Statuses = append(f.Statuses, vezne.OrderStatus(st))
	}
	list, err := s.Desk.Orders(ctx, f)
	if err != nil {
		return nil, err
	}
	out := &orderList{}
	out.Body.Data = []vezne.OrderJSON{}
	if out.Body.HasMore = len(list) > in.Limit; out.Body.HasMore {
		list = list[:in.Limit]
		out.Body.Next = list[len(list)-1].ID
	}
	for _, v := range list {
		out.Body.Data = append(out.Body.Data, v.JSON())
	}
	return out, nil
}

func (s *server) timeline(ctx context.Context, in *OrderPath) (*timeline, error) {
	list, err := s.Desk.Timeline(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &timeline{}
	out.Body.Data = []timelineEntry{}
	for _, e := range list {
		out.Body.Data = append(out.Body.Data, toTimelineEntry(e))
	}
	return out, nil
}

func toTimelineEntry(e vezne.Entry) timelineEntry {
	return timelineEntry{
		Seq: e.Seq, At: e.At, Actor: e.Actor.String(), Action: e.Action, EventID: e.EventID, Object: e.Object,
		Before: orEmpty(e.Before), After: orEmpty(e.After), Detail: e.Detail,
	}
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

func (s *server) invoice(ctx context.Context, in *OrderPath) (*invoiceAnswer, error) {
	inv, err := s.Desk.Invoice(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &invoiceAnswer{invoiceJSON{
		ID: inv.ID, Object: "invoice", Number: inv.Number, Order: inv.OrderID, OrderNumber: inv.OrderNumber, Locale: inv.Locale, Currency: inv.Currency,
		Lines: []vezne.OrderLineJSON{}, AmountTotal: inv.AmountTotal, AmountDiscount: inv.AmountDiscount, AmountShipping: inv.AmountShipping,
		AmountTax: inv.AmountTax, AmountPaid: inv.AmountPaid, CustomerName: inv.CustomerName, CustomerEmail: inv.CustomerEmail,
		IssuedAt: inv.IssuedAt, PDFURL: strings.TrimRight(s.PublicURL, "/") + "/v1/orders/" + string(inv.OrderID) + "/invoice.pdf",
	}}
	for _, l := range inv.Lines {
		out.Body.Lines = append(out.Body.Lines, vezne.OrderLineJSON{Name: l.Name, Price: l.PriceID, UnitAmount: l.UnitAmount, Quantity: l.Quantity, Amount: l.Amount})
	}
	return out, nil
}
