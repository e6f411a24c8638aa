package mirror

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/vezne/vezne"
)

// reference is a field that holds an id, or the object itself when expanded.
type reference string

// UnmarshalJSON takes both forms; null is empty.
func (r *reference) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		var o struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(b, &o); err != nil {
			return err
		}
		*r = reference(o.ID)
		return nil
	}
	var s *string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	if s != nil {
		*r = reference(*s)
	}
	return nil
}

type stripeError struct {
	Type        string `json:"type"`
	Code        string `json:"code"`
	DeclineCode string `json:"decline_code"`
	AdviceCode  string `json:"advice_code"`
	Param       string `json:"param"`
	Message     string `json:"message"`
}

func (e *stripeError) fact() *vezne.StripeError {
	if e == nil {
		return nil
	}
	return &vezne.StripeError{Type: e.Type, Code: e.Code, DeclineCode: e.DeclineCode, AdviceCode: e.AdviceCode, Param: e.Param, Message: e.Message}
}

type nextAction struct {
	Type          string `json:"type"`
	RedirectToURL *struct {
		URL string `json:"url"`
	} `json:"redirect_to_url"`
}

func (n *nextAction) fact() (kind, url string) {
	if n == nil {
		return "", ""
	}
	if n.RedirectToURL != nil {
		return n.Type, n.RedirectToURL.URL
	}
	return n.Type, ""
}

func read(s vezne.Snapshot, into any) error {
	if err := json.Unmarshal(s.Body, into); err != nil {
		return fmt.Errorf("mirror: read %s %s: %w", s.Type, s.ID, err)
	}
	return nil
}

func seconds(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}

// PaymentIntent reads the facts of a PaymentIntent.
func PaymentIntent(s vezne.Snapshot) (vezne.PaymentIntent, error) {
	return remember(s, readPaymentIntent)
}

func readPaymentIntent(s vezne.Snapshot) (vezne.PaymentIntent, error) {
	var o struct {
		Status           string            `json:"status"`
		Livemode         bool              `json:"livemode"`
		Currency         string            `json:"currency"`
		Amount           int64             `json:"amount"`
		AmountReceived   int64             `json:"amount_received"`
		AmountCapturable int64             `json:"amount_capturable"`
		CaptureMethod    string            `json:"capture_method"`
		SetupFutureUsage string            `json:"setup_future_usage"`
		PaymentMethod    reference         `json:"payment_method"`
		LatestCharge     reference         `json:"latest_charge"`
		Customer         reference         `json:"customer"`
		Metadata         map[string]string `json:"metadata"`
		LastError        *stripeError      `json:"last_payment_error"`
		NextAction       *nextAction       `json:"next_action"`
		Created          int64             `json:"created"`
	}
	if err := read(s, &o); err != nil {
		return vezne.PaymentIntent{}, err
	}
	p := vezne.PaymentIntent{
		ID: s.ID, Status: o.Status, Livemode: o.Livemode, Currency: vezne.Currency(o.Currency), Amount: o.Amount, AmountReceived: o.AmountReceived,
		AmountCapturable: o.AmountCapturable, CaptureMethod: o.CaptureMethod, SetupFutureUsage: o.SetupFutureUsage, PaymentMethod: vezne.ObjectID(o.PaymentMethod),
		LatestCharge: vezne.ObjectID(o.LatestCharge), Customer: vezne.ObjectID(o.Customer), Attempt: vezne.AttemptID(o.Metadata[vezne.MetadataAttempt]),
		Order: vezne.OrderID(o.Metadata[vezne.MetadataOrder]), LastError: o.LastError.fact(), Created: seconds(o.Created),
	}
	p.NextActionType, p.NextActionURL = o.NextAction.fact()
	return p, nil
}

// CheckoutSession reads the facts of a Checkout Session.
func CheckoutSession(s vezne.Snapshot) (vezne.CheckoutSession, error) {
	return remember(s, readCheckoutSession)
}

func readCheckoutSession(s vezne.Snapshot) (vezne.CheckoutSession, error) {
	var o struct {
		Livemode       bool   `json:"livemode"`
		Mode           string `json:"mode"`
		Status         string `json:"status"`
		PaymentStatus  string `json:"payment_status"`
		Currency       string `json:"currency"`
		AmountSubtotal int64  `json:"amount_subtotal"`
		AmountTotal    int64  `json:"amount_total"`
		TotalDetails   *struct {
			Discount int64 `json:"amount_discount"`
			Shipping int64 `json:"amount_shipping"`
			Tax      int64 `json:"amount_tax"`
		} `json:"total_details"`
		PaymentIntent reference         `json:"payment_intent"`
		SetupIntent   reference         `json:"setup_intent"`
		Customer      reference         `json:"customer"`
		Metadata      map[string]string `json:"metadata"`
		URL           string            `json:"url"`
		Created       int64             `json:"created"`
	}
	if err := read(s, &o); err != nil {
		return vezne.CheckoutSession{}, err
	}
	c := vezne.CheckoutSession{
		ID: s.ID, Livemode: o.Livemode, Mode: o.Mode, Status: o.Status, PaymentStatus: o.PaymentStatus, Currency: vezne.Currency(o.Currency),
		AmountSubtotal: o.AmountSubtotal, AmountTotal: o.AmountTotal, PaymentIntent: vezne.ObjectID(o.PaymentIntent), SetupIntent: vezne.ObjectID(o.SetupIntent),
		Customer: vezne.ObjectID(o.Customer), Attempt: vezne.AttemptID(o.Metadata[vezne.MetadataAttempt]), Order: vezne.OrderID(o.Metadata[vezne.MetadataOrder]),
		URL: o.URL, Created: seconds(o.Created),
	}
	if d := o.TotalDetails; d != nil {
		c.AmountDiscount, c.AmountShipping, c.AmountTax = d.Discount, d.Shipping, d.Tax
	}
	return c, nil
}

// Charge reads the facts of a charge.
func Charge(s vezne.Snapshot) (vezne.Charge, error) { return remember(s, readCharge) }

func readCharge(s vezne.Snapshot) (vezne.Charge, error) {
	var o struct {
		PaymentIntent  reference `json:"payment_intent"`
		Status         string    `json:"status"`
		Livemode       bool      `json:"livemode"`
		Currency       string    `json:"currency"`
		Amount         int64     `json:"amount"`
		AmountCaptured int64     `json:"amount_captured"`
		AmountRefunded int64     `json:"amount_refunded"`
		Captured       bool      `json:"captured"`
		Disputed       bool      `json:"disputed"`
		FailureCode    string    `json:"failure_code"`
		FailureMessage string    `json:"failure_message"`
		Outcome        *struct {
			Type   string `json:"type"`
			Reason string `json:"reason"`
		} `json:"outcome"`
		Details *struct {
			Card *struct {
				Brand       string `json:"brand"`
				Last4       string `json:"last4"`
				Fingerprint string `json:"fingerprint"`
			} `json:"card"`
		} `json:"payment_method_details"`
		Created int64 `json:"created"`
	}
	if err := read(s, &o); err != nil {
		return vezne.Charge{}, err
	}
	c := vezne.Charge{
		ID: s.ID, PaymentIntent: vezne.ObjectID(o.PaymentIntent), Status: o.Status, Livemode: o.Livemode, Currency: vezne.Currency(o.Currency), Amount: o.Amount,
		AmountCaptured: o.AmountCaptured, AmountRefunded: o.AmountRefunded, Captured: o.Captured, Disputed: o.Disputed, Created: seconds(o.Created),
	}
	if o.Details != nil && o.Details.Card != nil {
		c.CardBrand, c.CardLast4, c.CardFingerprint = o.Details.Card.Brand, o.Details.Card.Last4, o.Details.Card.Fingerprint
	}
	if o.Status == "failed" {
		c.Failure = &vezne.StripeError{Type: "card_error", Code: o.FailureCode, Message: o.FailureMessage}
		if o.Outcome != nil {
			c.Failure.DeclineCode = o.Outcome.Reason
		}
	}
	return c, nil
}

// Refund reads the facts of a refund.
func Refund(s vezne.Snapshot) (vezne.Refund, error) { return remember(s, readRefund) }

func readRefund(s vezne.Snapshot) (vezne.Refund, error) {
	var o struct {
		Charge        reference         `json:"charge"`
		PaymentIntent reference         `json:"payment_intent"`
		Status        string            `json:"status"`
		Currency      string            `json:"currency"`
		Amount        int64             `json:"amount"`
		Reason        string            `json:"reason"`
		FailureReason string            `json:"failure_reason"`
		Metadata      map[string]string `json:"metadata"`
		Created       int64             `json:"created"`
	}
	if err := read(s, &o); err != nil {
		return vezne.Refund{}, err
	}
	return vezne.Refund{
		ID: s.ID, Charge: vezne.ObjectID(o.Charge), PaymentIntent: vezne.ObjectID(o.PaymentIntent), Status: o.Status, Currency: vezne.Currency(o.Currency),
		Amount: o.Amount, Reason: o.Reason, FailureReason: o.FailureReason, RefundID: vezne.RefundID(o.Metadata[vezne.MetadataRefund]), Created: seconds(o.Created),
	}, nil
}

// Dispute reads the facts of a dispute.
func Dispute(s vezne.Snapshot) (vezne.Dispute, error) { return remember(s, readDispute) }

func readDispute(s vezne.Snapshot) (vezne.Dispute, error) {
	var o struct {
		Charge        reference `json:"charge"`
		PaymentIntent reference `json:"payment_intent"`
		Status        string    `json:"status"`
		Reason        string    `json:"reason"`
		Currency      string    `json:"currency"`
		Amount        int64     `json:"amount"`
		Evidence      *struct {
			DueBy int64 `json:"due_by"`
		} `json:"evidence_details"`
		Created int64 `json:"created"`
	}
	if err := read(s, &o); err != nil {
		return vezne.Dispute{}, err
	}
	d := vezne.Dispute{
		ID: s.ID, Charge: vezne.ObjectID(o.Charge), PaymentIntent: vezne.ObjectID(o.PaymentIntent), Status: o.Status, Reason: o.Reason,
		Currency: vezne.Currency(o.Currency), Amount: o.Amount, Created: seconds(o.Created),
	}
	if o.Evidence != nil {
		d.EvidenceDueBy = seconds(o.Evidence.DueBy)
	}
	return d, nil
}

// SetupIntent reads the facts of a SetupIntent.
func SetupIntent(s vezne.Snapshot) (vezne.SetupIntent, error) { return remember(s, readSetupIntent) }

func readSetupIntent(s vezne.Snapshot) (vezne.SetupIntent, error) {
	var o struct {
		Status        string            `json:"status"`
		Livemode      bool              `json:"livemode"`
		Customer      reference         `json:"customer"`
		PaymentMethod reference         `json:"payment_method"`
		Metadata      map[string]string `json:"metadata"`
		LastError     *stripeError      `json:"last_setup_error"`
		NextAction    *nextAction       `json:"next_action"`
		Created       int64             `json:"created"`
	}
	if err := read(s, &o); err != nil {
		return vezne.SetupIntent{}, err
	}
	i := vezne.SetupIntent{
		ID: s.ID, Status: o.Status, Livemode: o.Livemode, Customer: vezne.ObjectID(o.Customer), PaymentMethod: vezne.ObjectID(o.PaymentMethod),
		CustomerID: vezne.CustomerID(o.Metadata[vezne.MetadataCustomer]), LastError: o.LastError.fact(), Created: seconds(o.Created),
	}
	i.NextActionType, i.NextActionURL = o.NextAction.fact()
	return i, nil
}

// PaymentMethodFacts are the facts of a payment method at Stripe.
type PaymentMethodFacts struct {
	ID       vezne.ObjectID
	Customer vezne.ObjectID
	Type     string
	Brand    string
	Last4    string
	ExpMonth int
	ExpYear  int
	Created  time.Time
}

// PaymentMethod reads the facts of a payment method.
func PaymentMethod(s vezne.Snapshot) (PaymentMethodFacts, error) {
	return remember(s, readPaymentMethod)
}

func readPaymentMethod(s vezne.Snapshot) (PaymentMethodFacts, error) {
	type numbered struct {
		Brand    string `json:"brand"`
		Last4    string `json:"last4"`
		ExpMonth int    `json:"exp_month"`
		ExpYear  int    `json:"exp_year"`
	}
	var o struct {
		Customer reference `json:"customer"`
		Type     string    `json:"type"`
		Card     numbered  `json:"card"`
		SEPA     numbered  `json:"sepa_debit"`
		Bank     numbered  `json:"us_bank_account"`
		Created  int64     `json:"created"`
	}
	if err := read(s, &o); err != nil {
		return PaymentMethodFacts{}, err
	}
	last4 := o.Card.Last4 + o.SEPA.Last4 + o.Bank.Last4
	return PaymentMethodFacts{
		ID: s.ID, Customer: vezne.ObjectID(o.Customer), Type: o.Type, Brand: o.Card.Brand, Last4: last4, ExpMonth: o.Card.ExpMonth, ExpYear: o.Card.ExpYear,
		Created: seconds(o.Created),
	}, nil
}

// CustomerFacts are the facts of a customer at Stripe.
type CustomerFacts struct {
	ID         vezne.ObjectID
	CustomerID vezne.CustomerID
	Email      string
	Name       string
	Created    time.Time
}

// Customer reads the facts of a customer.
func Customer(s vezne.Snapshot) (CustomerFacts, error) { return remember(s, readCustomer) }

func readCustomer(s vezne.Snapshot) (CustomerFacts, error) {
	var o struct {
		Email    string            `json:"email"`
		Name     string            `json:"name"`
		Metadata map[string]string `json:"metadata"`
		Created  int64             `json:"created"`
	}
	if err := read(s, &o); err != nil {
		return CustomerFacts{}, err
	}
	return CustomerFacts{ID: s.ID, CustomerID: vezne.CustomerID(o.Metadata[vezne.MetadataCustomer]), Email: o.Email, Name: o.Name, Created: seconds(o.Created)}, nil
}
