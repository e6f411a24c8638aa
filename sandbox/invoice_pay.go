package sandbox

import (
	"errors"
	"slices"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func init() {
	behave("POST /v1/invoices/{invoice}/pay", payByHand)
}

// invoicePaying is how an invoice is paid.
type invoicePaying struct {
	// method is what pays, "" for the default: the invoice's, the subscription's, the customer's. A card of old is a
	// method of the same id.
	method  string
	mandate string
	// offSession says that the buyer is not there.
	offSession bool
	// outside says that the money came another way: paid_out_of_band.
	outside bool
	// automatic says that the sandbox tries by itself: such attempts alone are counted after the first.
	automatic bool
}

// noMethod is the refusal of a payment that has nothing to pay with, as recorded.
const noMethod = "This customer has no attached payment source or default payment method. Please consider adding a default payment method. " +
	"For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority."

// payByHand pays an invoice now. A payment that waits for the buyer is a refusal, whose changes stay.
func payByHand(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	inv, err := findInvoice(tx, r)
	if err != nil {
		return nil, err
	}
	if p.Has("payment_method") && p.Has("source") {
		return nil, invalid("", "parameters_exclusive", "You may only specify one of these parameters: payment_method, source.")
	}
	by := invoicePaying{method: orElse(p.Str("payment_method"), p.Str("source")), mandate: p.Str("mandate"), outside: p.Bool("paid_out_of_band"),
		offSession: !p.Has("off_session") || p.Bool("off_session")}
	inv, err = tx.payInvoice(inv, by)
	if err != nil {
		return nil, err
	}
	if pi := tx.intentOf(inv); inv.Str("status") == invoiceOpen && pi.str("status") == requiresAction {
		return nil, actionRequired(pi)
	}
	return inv, nil
}

// actionRequired is the answer to a payment that the buyer must go on with. What happened stays.
func actionRequired(pi *stripeObject) *Error {
	return &Error{Status: 402, Type: "card_error", Code: "invoice_payment_intent_requires_action", keepChanges: true,
		Message: "This payment requires additional user action before it can be completed successfully. Payment can be completed using the PaymentIntent associated with the invoice. " +
			"For more details see: https://stripe.com/docs/billing/subscriptions/overview#requires-action",
		extra: map[string]*stripeObject{"payment_intent": pi}}
}

// payInvoice makes one attempt to pay an invoice; a draft is finalised first. A decline is an *Error that keeps what
// happened; a payment that waits for the buyer or the bank leaves the invoice open. It answers the version that is stored.
func (tx *accountTx) payInvoice(inv *stripeObject, by invoicePaying) (*stripeObject, error) {
	var err error
	switch inv.Str("status") {
	case invoicePaidStatus:
		return nil, invalid("", "", "Invoice is already paid")
	case invoiceVoid:
		return nil, invalid("", "", "You can only pass in open invoices. This invoice isn't open.")
	case invoiceDraftStatus:
		if inv, err = tx.finalizeInvoice(inv); err != nil || inv.Str("status") == invoicePaidStatus {
			return inv, err
		}
	}
	if by.outside {
		return tx.payOutside(inv)
	}
	method, err := tx.payingMethod(inv, by.method)
	if err != nil {
		return nil, err
	}
	if method == nil && !by.automatic {
		return nil, invalid("", "resource_missing", "%s", noMethod)
	}
	pi := tx.intentOf(inv)
	if pi == nil {
		return nil, invalid("", "", "This invoice has no payment to make: its amount remaining is %d.", inv.Int("amount_remaining"))
	}
	if method == nil || by.automatic && tx.refusedBefore(inv, method) {
		return tx.failWithoutTry(inv, pi, method)
	}
	return tx.tryPayment(inv, pi, method, by)
}

// tryPayment confirms the invoice's PaymentIntent with a method. What becomes of the invoice follows from the intent.
func (tx *accountTx) tryPayment(inv, pi, method *stripeObject, by invoicePaying) (*stripeObject, error) {
	pi = pi.Edit()
	if types := texts(pi.List("payment_method_types")); !slices.Contains(types, method.Str("type")) && len(texts(inv.List("payment_settings.payment_method_types"))) == 0 {
		pi.Set("payment_method_types", append(types, method.Str("type")))
		setMethodOptions(tx, pi, formParams{})
	}
	if err := checkMethod(pi, method); err != nil {
		return nil, err
	}
	c := confirmation{method: method, offSession: by.offSession, sdk: true, automatic: by.automatic, waits: true}
	if err := c.checkMandate(tx, pi); err != nil {
		return nil, err
	}
	err := tx.inRealTime(func() error {
		_, err := confirmPayment(tx, pi, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return tx.Get("invoice", inv.ID()), nil
}

// payingMethod is the method that pays an invoice: the one that is named, or the default, nil when there is none.
func (tx *accountTx) payingMethod(inv *stripeObject, id string) (*stripeObject, error) {
	if id == "" {
		return tx.invoiceMethod(inv), nil
	}
	method, err := findMethod(tx, id, "payment_method", 400)
	if err != nil {
		return nil, err
	}
	if method.ID() != id {
		tx.Put(method) // a test method that this call made
	}
	return method, nil
}

// invoiceMethod is the method that an invoice is charged to by default: the invoice's own, the subscription's, the
// customer's for invoices, the customer's first card of old (docs.stripe.com/billing/subscriptions/payment-methods-setting).
func (tx *accountTx) invoiceMethod(inv *stripeObject) *stripeObject {
	sub, customer := tx.Get("subscription", inv.Str("parent.subscription_details.subscription")), tx.Get("customer", inv.Str("customer"))
	for _, id := range []string{
		inv.Str("default_payment_method"), inv.Str("default_source"), sub.str("default_payment_method"), sub.str("default_source"),
		customer.str("invoice_settings.default_payment_method"), customer.str("default_source"),
	} {
		if method := tx.Get("payment_method", id); method != nil && method.Str("customer") == inv.Str("customer") {
			return method
		}
	}
	return nil
}

// hiddenRefused is, of an invoice, the method after whose refusal no retry reaches the bank until there is another one.
const hiddenRefused = "_refused"

// refusedBefore says whether a retry with this method would not reach the bank.
func (tx *accountTx) refusedBefore(inv, method *stripeObject) bool {
	return inv.Str(hiddenRefused) == method.ID()
}

// failWithoutTry is an attempt by itself that has nothing to charge, or may not: it counts, and no bank hears of it.
func (tx *accountTx) failWithoutTry(inv, pi, method *stripeObject) (*stripeObject, error) {
	if method == nil {
		err := tx.inRealTime(func() error {
			d := decline{code: "resource_missing", message: noMethod}
			pi = pi.Edit().Set("last_payment_error", tx.NewHash("api_errors").Set("type", "invalid_request_error").Set("code", d.code).Set("message", d.message).Set("doc_url", docURL(d.code)))
			tx.Put(pi, "payment_intent.payment_failed")
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	cause := &Error{Status: 402, Type: "card_error", Code: "card_declined", Message: noMethod, keepChanges: true}
	if err := tx.invoiceFailed(inv, pi, true, true, cause); err != nil {
		return nil, err
	}
	return nil, cause
}

// payOutside marks an invoice as paid by money that Stripe did not see. It was not attempted.
func (tx *accountTx) payOutside(inv *stripeObject) (*stripeObject, error) {
	if err := tx.endPayments(inv, "void_invoice"); err != nil {
		return nil, err
	}
	inv = tx.Get("invoice", inv.ID()).Edit()
	rest := inv.Int("amount_remaining")
	inv.Set("status", invoicePaidStatus).Set("status_transitions.paid_at", tx.Now()).Set("amount_paid", inv.Int("amount_paid")+rest).
		Set("amount_paid_off_stripe", inv.Int("amount_paid_off_stripe")+rest).Set("amount_remaining", 0).Set("auto_advance", false).Set("next_payment_attempt", nil)
	tx.Put(inv, "invoice.paid")
	return tx.afterPaid(inv)
}

// endPayments cancels the payments of an invoice that are still open.
func (tx *accountTx) endPayments(inv *stripeObject, reason string) error {
	return tx.inRealTime(func() error {
		for _, payment := range ofField(tx, "invoice_payment", "invoice", inv.ID()) {
			if payment.Str("status") != "open" {
				continue
			}
			tx.Put(payment.Edit().Set("status", "canceled").Set("status_transitions.canceled_at", tx.Now()))
			if pi := tx.Get("payment_intent", payment.Str("payment.payment_intent")); pi != nil && pi.Str("status") != canceled && pi.Str("status") != succeeded {
				cancelIntent(tx, pi, reason)
			}
		}
		return nil
	})
}

// collectInvoice goes on with an invoice that was finalised by itself: it is charged, or sent. A payment that fails is no
// failure of the job.
func (tx *accountTx) collectInvoice(inv *stripeObject) error {
	if inv.Str("status") != invoiceOpen {
		return nil
	}
	if done, err := tx.pausedInvoice(inv); done || err != nil {
		return err
	}
	if inv.Str("collection_method") == sendInvoice {
		tx.Put(inv.Edit(), "invoice.sent")
		return nil
	}
	_, err := tx.payInvoice(inv, invoicePaying{automatic: true, offSession: true})
	if e := (*Error)(nil); errors.As(err, &e) && (e.keepChanges || e.Type == "invalid_request_error") {
		return nil
	}
	return err
}

// pausedInvoice does what pause_collection says of an invoice that is collected now: it gives it up or voids it.
func (tx *accountTx) pausedInvoice(inv *stripeObject) (bool, error) {
	sub := tx.Get("subscription", inv.Str("parent.subscription_details.subscription"))
	if sub == nil || sub.Has("pause_collection.resumes_at") && sub.Int("pause_collection.resumes_at") <= inv.Int("created") {
		return false, nil
	}
	var err error
	switch sub.Str("pause_collection.behavior") {
	case "mark_uncollectible":
		_, err = tx.giveUpInvoice(inv)
	case "void":
		_, err = tx.voidInvoice(inv)
	default:
		return false, nil
	}
	return true, err
}

// firstAttempt is when an invoice was tried first; retries are counted from it.
func firstAttempt(inv *stripeObject, now int64) billing.Instant {
	if at := inv.Int(hiddenFirstAttempt); at != 0 {
		return billing.Instant(at)
	}
	return billing.Instant(now)
}
