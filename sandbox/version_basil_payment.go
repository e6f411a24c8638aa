package sandbox

// Before basil an invoice was paid by one payment, and the payment named it.
func init() {
	invoice := func(schema string) shapeChange {
		return shapeChange{
			schema: schema, edit: []nodeEdit{with("invoice", nullable(referenceTo("invoice")))},
			fill: func(t *translation, from, to *stripeObject) { to.Set("invoice", textOrNull(paidInvoice(t.tx, from))) },
		}
	}
	registerChange(versionChange{
		since:  "2025-03-31.basil",
		what:   "Charges and PaymentIntents have no `invoice`; before it was the id of the invoice that they pay, or null.",
		source: "docs.stripe.com/changelog/basil/2025-03-31/add-support-for-multiple-partial-payments-on-invoices",
		shapes: []shapeChange{invoice("charge"), invoice("payment_intent")},
	})
}

// paidInvoice is the id of the invoice that a charge or PaymentIntent pays, "" for none: the invoice_payment tells.
func paidInvoice(tx *accountTx, payment *stripeObject) (invoice string) {
	intent, charge := payment.Str("payment_intent"), ""
	if payment.Type() == "payment_intent" {
		intent = payment.ID()
	} else {
		charge = payment.ID()
	}
	tx.Each("invoice_payment", func(o *stripeObject) bool {
		if intent != "" && o.Str("payment.payment_intent") == intent || charge != "" && o.Str("payment.charge") == charge {
			invoice = o.Str("invoice")
		}
		return invoice == ""
	})
	return invoice
}

// defaultPayment is the payment of an invoice that versions before basil show, nil for none: the default one, else the
// newest that was not canceled.
func defaultPayment(tx *accountTx, invoice string) (found *stripeObject) {
	tx.EachOf("invoice_payment", "invoice", invoice, func(o *stripeObject) bool {
		if o.Str("status") == "canceled" {
			return true
		}
		if found == nil || o.Bool("is_default") {
			found = o
		}
		return !o.Bool("is_default")
	})
	return found
}
