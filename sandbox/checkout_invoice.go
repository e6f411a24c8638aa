package sandbox

import (
	"slices"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// invoicePaidSession makes the invoice of an order that is paid, where the session asked for one: it is made, finalised and
// paid at once by the session's PaymentIntent (docs.stripe.com/payments/checkout/receipts). Its sums are the session's.
func (tx *accountTx) invoicePaidSession(session, pi *stripeObject) {
	customer := tx.Get("customer", orElse(session.Str("customer"), session.Str(hiddenCustomer)))
	if !session.Bool("invoice_creation.enabled") || session.Has("invoice") || customer == nil {
		return
	}
	inv := tx.newInvoice(invoiceDraft{customer: customer, reason: "manual", currency: session.Str("currency")})
	if data := session.Hash("invoice_creation.invoice_data"); data != nil {
		applyParams(tx, inv, formParams{nodeOf(data)}, "issuer", "rendering_options")
	}
	tx.setSessionLines(inv, session)
	tx.Put(inv, "invoice.created")

	inv = inv.Edit().Set("status", invoiceOpen).Set("number", tx.nextNumber(customer)).Set("effective_at", tx.Now()).Set("status_transitions.finalized_at", tx.Now()).
		Set("hosted_invoice_url", tx.URL("/i/"+inv.ID())).Set("invoice_pdf", tx.URL("/i/"+inv.ID()+"/pdf")).Set("ending_balance", 0)
	tx.Publish(inv.ID())
	tx.Put(inv, "invoice.finalized")

	total := session.Int("amount_total")
	inv = inv.Edit().Set("status", invoicePaidStatus).Set("status_transitions.paid_at", tx.Now()).Set("attempted", true).Set("attempt_count", 1).
		Set("amount_paid", total).Set("amount_remaining", 0)
	tx.Put(inv, "invoice.paid", "invoice.payment_succeeded")
	payment := tx.New("invoice_payment").Set("amount_requested", total).Set("amount_paid", total).Set("currency", inv.Str("currency")).Set("invoice", inv.ID()).
		Set("is_default", true).Set("status", "paid").Set("status_transitions.paid_at", tx.Now()).
		Set("payment", tx.NewHash("invoices_payments_invoice_payment_associated_payment").Set("type", "payment_intent").Set("payment_intent", pi.ID()))
	tx.Put(payment, "invoice_payment.paid")
	session.Set("invoice", inv.ID())
}

// setSessionLines writes a session's items and sums into its invoice.
func (tx *accountTx) setSessionLines(inv, session *stripeObject) {
	var lines []*stripeObject
	var taxes []billing.TaxAmount
	var inside int64
	for _, item := range sessionItems(tx, session) {
		of := taxAmountsOf(item)
		taxes = append(taxes, of...)
		for _, tax := range of {
			if tax.Inclusive {
				inside += int64(tax.Amount)
			}
		}
		price, amount := item.Hash("price"), item.Int("amount_subtotal")
		line := tx.New("line_item").Set("invoice", inv.ID()).Set("currency", inv.Str("currency")).Set("description", item.Get("description")).
			Set("amount", amount).Set("subtotal", amount).Set("discountable", true).Set("quantity", item.Int("quantity")).
			Set("period", linePeriod(tx, billing.Period{Start: billing.Instant(tx.Now()), End: billing.Instant(tx.Now())})).
			Set("pricing", tx.linePricing(billing.Line{Price: price.ID(), Product: price.Str("product")})).
			Set("discounts", []any{}).Set("discount_amounts", tx.sessionDiscount(session, item.Int("amount_discount"))).
			Set("taxes", tx.taxAmounts(of, false)).Set("pretax_credit_amounts", []any{}).Set("metadata", hash()).
			Set("parent", tx.NewHash("billing_bill_resource_invoicing_lines_parents_invoice_line_item_parent").Set("type", "invoice_item_details").
				Set("invoice_item_details", tx.NewHash("billing_bill_resource_invoicing_lines_parents_invoice_line_item_invoice_item_parent").
					Set("invoice_item", tx.NewID("ii_1", 23)).Set("proration", false)))
		lines = append(lines, line)
	}
	setInvoiceLines(inv, lines)
	if cost := session.Hash("shipping_cost"); cost != nil {
		taxes = append(taxes, taxAmountsOf(cost)...)
	}
	details, total := session.Hash("total_details"), session.Int("amount_total")
	inv.Set("subtotal", session.Int("amount_subtotal")).Set("subtotal_excluding_tax", session.Int("amount_subtotal")-inside).Set("total", total).
		Set("total_excluding_tax", total-details.Int("amount_tax")).Set("total_taxes", tx.taxAmounts(byRate(taxes), false)).
		Set("total_discount_amounts", tx.sessionDiscount(session, details.Int("amount_discount"))).
		Set("amount_due", total).Set("amount_remaining", total).Set("amount_shipping", details.Int("amount_shipping")).Set("starting_balance", 0)
	if session.Bool("automatic_tax.enabled") {
		inv.Set("automatic_tax.enabled", true).Set("automatic_tax.status", "complete").Set("automatic_tax.provider", "stripe")
	}
}

// sessionDiscount is what a session's discount took, as invoices show it.
func (tx *accountTx) sessionDiscount(session *stripeObject, amount int64) []*stripeObject {
	discount := session.Hash(hiddenDiscount)
	if discount == nil || amount == 0 {
		return nil
	}
	return []*stripeObject{tx.NewHash("discounts_resource_discount_amount").Set("amount", amount).Set("discount", discount.Str("id"))}
}

// taxAmountsOf are the taxes of an item, or of shipping, as invoices count them.
func taxAmountsOf(o *stripeObject) []billing.TaxAmount {
	var amounts []billing.TaxAmount
	for _, tax := range hashes(o.List(hiddenTaxes)) {
		amounts = append(amounts, billing.TaxAmount{Rate: tax.Str("rate.id"), Inclusive: tax.Bool("rate.inclusive"), Amount: billing.Amount(tax.Int("amount")), Taxable: billing.Amount(tax.Int("taxable_amount"))})
	}
	return amounts
}

// byRate adds up the taxes of one rate.
func byRate(taxes []billing.TaxAmount) []billing.TaxAmount {
	var sums []billing.TaxAmount
	for _, tax := range taxes {
		i := slices.IndexFunc(sums, func(sum billing.TaxAmount) bool { return sum.Rate == tax.Rate })
		if i < 0 {
			sums = append(sums, tax)
			continue
		}
		sums[i].Amount += tax.Amount
		sums[i].Taxable += tax.Taxable
	}
	return sums
}
