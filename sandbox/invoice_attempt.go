package sandbox

import (
	"github.com/vezne/vezne/sandbox/internal/billing"
)

func init() {
	onDue("invoice.collect", collectDue)
}

const (
	// hiddenAutomatic says that a PaymentIntent was confirmed by the sandbox itself.
	hiddenAutomatic = "_automatic"
	// hiddenTryCounted says that the present attempt of a PaymentIntent was counted when it began to wait: what becomes of it is
	// no other attempt.
	hiddenTryCounted = "_try_counted"
	// hiddenFirstAttempt is when an invoice was tried first.
	hiddenFirstAttempt = "_first_attempt"
)

// invoiceFollows lets the invoice of a PaymentIntent follow what became of the intent, whoever confirmed it: the sandbox,
// the server, or the buyer's browser. cause is why a payment failed.
func (tx *accountTx) invoiceFollows(pi *stripeObject, cause *Error) error {
	inv := tx.Get("invoice", pi.Str(hiddenInvoice))
	if inv == nil {
		return nil
	}
	clock, frozen := tx.clock, tx.frozen
	tx.onClock(inv.Str("test_clock"))
	defer func() { tx.clock, tx.frozen = clock, frozen }()
	automatic := pi.Bool(hiddenAutomatic)
	counts := !pi.Bool(hiddenTryCounted) && (automatic || inv.Int("attempt_count") == 0)
	switch pi.Str("status") {
	case succeeded:
		return tx.invoicePaid(inv, pi, counts)
	case requiresPaymentMethod:
		return tx.invoiceFailed(inv, pi, automatic, counts, cause)
	case requiresAction, processing:
		if automatic {
			tx.Put(pi.Edit().Set(hiddenTryCounted, true))
		}
		if pi.Str("status") == requiresAction {
			return tx.invoiceWaits(inv, pi, automatic)
		}
		tx.Put(tx.attempt(inv, counts), "invoice.updated")
	}
	return nil
}

// attempt writes that an invoice was tried. counts says whether it is counted: the first attempt of any kind is, then only
// automatic ones, each of them once (API reference, invoice.attempt_count).
func (tx *accountTx) attempt(inv *stripeObject, counts bool) *stripeObject {
	inv = inv.Edit().Set("attempted", true)
	if inv.Int(hiddenFirstAttempt) == 0 {
		inv.Set(hiddenFirstAttempt, tx.Now())
	}
	if counts {
		inv.Set("attempt_count", inv.Int("attempt_count")+1)
	}
	return inv
}

// invoicePaid takes a payment in. Payments together may be more than is due: the rest is the customer's.
func (tx *accountTx) invoicePaid(inv, pi *stripeObject, counts bool) error {
	payment := tx.paymentOf(inv, pi)
	received := pi.Int("amount_received")
	taken := min(received, inv.Int("amount_remaining"))
	inv = tx.attempt(inv, counts)
	inv.Set("amount_paid", inv.Int("amount_paid")+received).Set("amount_remaining", inv.Int("amount_remaining")-taken).
		Set("amount_overpaid", inv.Int("amount_overpaid")+received-taken)
	payment = payment.Edit().Set("status", "paid").Set("amount_paid", received).Set("status_transitions.paid_at", tx.Now())
	if inv.Int("amount_remaining") > 0 {
		tx.Put(inv, "invoice.updated")
		tx.Put(payment, "invoice_payment.paid")
		return tx.requestRest(inv)
	}
	inv.Set("status", invoicePaidStatus).Set("status_transitions.paid_at", tx.Now()).Set("auto_advance", false).Set("next_payment_attempt", nil).Set(hiddenRefused, nil)
	tx.Put(inv, "invoice.paid", "invoice.payment_succeeded")
	tx.Put(payment, "invoice_payment.paid")
	if received > taken {
		tx.Put(inv.Edit(), "invoice.overpaid")
		tx.tellBalance(inv.Str("customer"), balanceMove{typ: "invoice_overpaid", currency: inv.Str("currency"), amount: taken - received, invoice: inv.ID()})
	}
	if err := tx.endPayments(inv, "void_invoice"); err != nil {
		return err
	}
	_, err := tx.afterPaid(inv)
	return err
}

// afterPaid tells the subscription and the customer that an invoice was paid.
func (tx *accountTx) afterPaid(inv *stripeObject) (*stripeObject, error) {
	if err := tx.subscriptionInvoicePaid(inv); err != nil {
		return nil, err
	}
	tx.tellCustomer(inv, false)
	tx.setDelinquent(inv.Str("customer"), false)
	return tx.Get("invoice", inv.ID()), nil
}

// setDelinquent says whether the newest payment of a customer's invoices failed.
func (tx *accountTx) setDelinquent(id string, delinquent bool) {
	if customer := tx.Get("customer", id); customer != nil && customer.Bool("delinquent") != delinquent {
		tx.Put(customer.Edit().Set("delinquent", delinquent), "customer.updated")
	}
}

// invoiceFailed is an attempt that failed. The next one is planned by the account's policy; after the last one the
// subscription takes its end.
func (tx *accountTx) invoiceFailed(inv, pi *stripeObject, automatic, counts bool, cause *Error) error {
	inv = tx.attempt(inv, counts)
	if code := pi.Str("last_payment_error.decline_code"); billing.NeedsNewMethod(code) {
		inv.Set(hiddenRefused, textOrNull(pi.Str("last_payment_error.payment_method.id")))
	}
	ended := tx.planRetry(inv, automatic)
	tx.Put(inv, "invoice.payment_failed", "invoice.updated")
	if err := tx.subscriptionInvoiceFailed(inv, cause); err != nil {
		return err
	}
	tx.setDelinquent(inv.Str("customer"), true)
	if !ended {
		return nil
	}
	return tx.subscriptionDunningEnded(inv)
}

// invoiceWaits is an attempt that needs the buyer. Where the buyer is not there, it is a failed attempt as well.
func (tx *accountTx) invoiceWaits(inv, pi *stripeObject, automatic bool) error {
	inv = tx.attempt(inv, automatic)
	cause := actionRequired(pi)
	if !automatic {
		tx.Put(inv, "invoice.payment_action_required")
		return tx.subscriptionInvoiceFailed(inv, cause)
	}
	ended := tx.planRetry(inv, true)
	tx.Put(inv, "invoice.payment_action_required", "invoice.payment_failed", "invoice.updated")
	if err := tx.subscriptionInvoiceFailed(inv, cause); err != nil {
		return err
	}
	tx.setDelinquent(inv.Str("customer"), true)
	if !ended {
		return nil
	}
	return tx.subscriptionDunningEnded(inv)
}

// planRetry plans the next attempt of an invoice that is collected by itself. It says whether the last one has failed. The
// first invoice of a subscription is not retried: it has 23 hours.
func (tx *accountTx) planRetry(inv *stripeObject, automatic bool) (ended bool) {
	inv.Set("next_payment_attempt", nil)
	if !inv.Bool("auto_advance") || inv.Str("collection_method") != chargeAutomatically || inv.Str("billing_reason") == "subscription_create" {
		return false
	}
	at, more := tx.invoiceRetries().Next(firstAttempt(inv, tx.Now()), int(inv.Int("attempt_count")))
	if !more {
		return automatic
	}
	inv.Set("next_payment_attempt", int64(max(at, billing.Instant(tx.Now()))))
	tx.Due(inv.Int("next_payment_attempt"), "invoice.collect", inv.ID())
	return false
}

// collectDue makes the attempt that is due, unless another one was planned since.
func collectDue(tx *accountTx, id string) error {
	inv := tx.Get("invoice", id)
	if inv == nil || inv.Str("status") != invoiceOpen || !inv.Bool("auto_advance") {
		return nil
	}
	if inv.Str("collection_method") == chargeAutomatically && (!inv.Has("next_payment_attempt") || inv.Int("next_payment_attempt") > tx.Now()) {
		return nil
	}
	return tx.collectInvoice(inv)
}
