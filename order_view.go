package vezne

import (
	"encoding/json"
	"time"
)

// OrderView is an order with what is shown beside it: the form in which hooks,
// call-backs, the REST API and pages get it.
type OrderView struct {
	Order
	// InvoiceNumber is empty until the order is Paid.
	InvoiceNumber string
	// PayURL is the absolute address of the order's page for its buyer.
	PayURL string
	// Livemode is true for real money.
	Livemode bool
}

// OrderJSON is the JSON form of an order. It only grows.
type OrderJSON struct {
	ID       OrderID     `json:"id" doc:"Identifier: ord_…"`
	Object   string      `json:"object" doc:"Always \"order\""`
	Number   int64       `json:"number" doc:"Number for people, counted up per account and mode"`
	Status   OrderStatus `json:"status" enum:"open,processing,authorized,paid,partially_refunded,refunded,disputed,canceled" doc:"Computed from the facts below"`
	Livemode bool        `json:"livemode"`
	Currency Currency    `json:"currency" doc:"Lower-case ISO 4217 code"`
	// Amounts are in the currency's minor unit.
	AmountTotal      int64             `json:"amount_total" doc:"Sum of the lines, in the minor unit"`
	AmountAuthorized int64             `json:"amount_authorized" doc:"Held and waiting to be captured, in the minor unit"`
	AmountPaid       int64             `json:"amount_paid" doc:"Collected, in the minor unit"`
	AmountRefunded   int64             `json:"amount_refunded" doc:"Given back, pending refunds included, in the minor unit"`
	AmountDisputed   int64             `json:"amount_disputed" doc:"Under dispute or lost by one, in the minor unit"`
	Attention        []Attention       `json:"attention" doc:"Reasons why a person should look; empty when there is none"`
	Lines            []OrderLineJSON   `json:"lines"`
	Customer         *OrderBuyerJSON   `json:"customer" doc:"As given with the order"`
	Locale           string            `json:"locale" doc:"\"tr\", \"en\" or empty"`
	Metadata         map[string]string `json:"metadata"`
	InvoiceNumber    string            `json:"invoice_number" doc:"Empty until the order is paid"`
	PayURL           string            `json:"pay_url" format:"uri" doc:"Page on which the buyer pays"`
	Revision         int64             `json:"revision" doc:"Counts the transactions that changed the order"`
	CreatedAt        time.Time         `json:"created_at"`
	PaidAt           *time.Time        `json:"paid_at" doc:"When Stripe's word that it is paid was recorded; null until then"`
	CanceledAt       *time.Time        `json:"canceled_at" doc:"When no attempt could be paid any more; null until then"`
	ErasedAt         *time.Time        `json:"erased_at" doc:"When what tells who bought was erased; null for never"`
}

// OrderLineJSON is the JSON form of a line.
type OrderLineJSON struct {
	Name       string   `json:"name"`
	Price      ObjectID `json:"price,omitempty" doc:"Stripe's price, when the line was given by one"`
	UnitAmount int64    `json:"unit_amount" doc:"In the minor unit"`
	Quantity   int64    `json:"quantity"`
	Amount     int64    `json:"amount" doc:"unit_amount times quantity"`
}

// OrderBuyerJSON is the JSON form of who buys.
type OrderBuyerJSON struct {
	Reference string `json:"reference" doc:"The application's own id of the person"`
	Email     string `json:"email"`
	Name      string `json:"name"`
}

// JSON returns the JSON form.
func (v OrderView) JSON() OrderJSON {
	o := OrderJSON{
		ID: v.ID, Object: "order", Number: v.Number, Status: v.Status(), Livemode: v.Livemode, Currency: v.Currency,
		AmountTotal: v.AmountTotal, AmountAuthorized: v.AmountAuthorized, AmountPaid: v.AmountPaid,
		AmountRefunded: v.AmountRefunded, AmountDisputed: v.AmountDisputed,
		Attention: append([]Attention{}, v.Attention...), Lines: []OrderLineJSON{}, Locale: v.Locale, Metadata: map[string]string{},
		InvoiceNumber: v.InvoiceNumber, PayURL: v.PayURL, Revision: v.Revision,
		CreatedAt: v.CreatedAt, PaidAt: v.PaidAt, CanceledAt: v.CanceledAt, ErasedAt: v.ErasedAt,
	}
	for _, l := range v.Lines {
		o.Lines = append(o.Lines, OrderLineJSON{Name: l.Name, Price: l.PriceID, UnitAmount: l.UnitAmount, Quantity: l.Quantity, Amount: l.Amount})
	}
	if v.CustomerReference != "" || v.CustomerEmail != "" || v.CustomerName != "" {
		o.Customer = &OrderBuyerJSON{Reference: v.CustomerReference, Email: v.CustomerEmail, Name: v.CustomerName}
	}
	for k, s := range v.Metadata {
		o.Metadata[k] = s
	}
	return o
}

// MarshalJSON writes the JSON form.
func (v OrderView) MarshalJSON() ([]byte, error) { return json.Marshal(v.JSON()) }
