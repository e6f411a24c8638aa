package sandbox

import "github.com/vezne/vezne/sandbox/internal/description"

// Before basil an invoice named its one payment, its subscription, its discount and its tax itself.
func init() {
	registerChange(versionChange{
		since: "2025-03-31.basil",
		what: "An invoice has `parent`, `payments`, `confirmation_secret`, `amount_overpaid` and `total_taxes`; before it had `payment_intent`, `charge`, `paid`, `paid_out_of_band`, `subscription`, " +
			"`subscription_details`, `subscription_proration_date`, `quote`, `discount`, `tax`, `total_tax_amounts`, `application_fee_amount` and `transfer_data`. `amount_paid` did not count what was paid elsewhere.",
		source: "docs.stripe.com/changelog/basil/2025-03-31/add-support-for-multiple-partial-payments-on-invoices, …/adds-new-parent-field-to-invoicing-objects; the types of stripe-node 17.7.0 beside those of 18.5.0",
		limits: "`payment_intent` and `charge` are those of the invoice's default payment (object `invoice_payment`); `application_fee_amount` and `transfer_data` are null.",
		shapes: []shapeChange{{
			schema: "invoice",
			edit: []nodeEdit{
				without("parent", "payments", "confirmation_secret", "amount_overpaid", "total_taxes"),
				with("application_fee_amount", nullable(aNumber())), with("charge", nullable(referenceTo("charge"))), with("discount", nullable(whole("discount"))),
				with("paid", aFlag()), with("paid_out_of_band", aFlag()), with("payment_intent", nullable(referenceTo("payment_intent"))), with("quote", nullable(referenceTo("quote"))),
				with("subscription", nullable(referenceTo("subscription"))),
				with("subscription_details", nullable(hashOf(prop("metadata", nullable(anyHash()))))), withOptional("subscription_proration_date", aTime()),
				with("tax", nullable(aNumber())), with("total_tax_amounts", arrayOf(taxAmount())), with("transfer_data", nullable(anyHash())),
			},
			fill: fillOldInvoice,
		}},
	})
}

func fillOldInvoice(t *translation, from, to *stripeObject) {
	to.Set("paid", from.Str("status") == "paid")
	if payment := defaultPayment(t.tx, from.ID()); payment != nil {
		intent := payment.Str("payment.payment_intent")
		charge := payment.Str("payment.charge")
		if pi := t.tx.Get("payment_intent", intent); pi != nil && (from.Bool("attempted") || from.Str("status") == invoicePaidStatus) {
			charge = pi.Str("latest_charge")
		}
		to.Set("payment_intent", textOrNull(intent)).Set("charge", textOrNull(charge))
	}
	elsewhere := from.Int("amount_paid_off_stripe")
	to.Set("paid_out_of_band", from.Str("status") == "paid" && elsewhere > 0).Set("amount_paid", from.Int("amount_paid")-elsewhere)
	details := from.Hash("parent.subscription_details")
	to.Set("subscription_details", hash("metadata", details.get("metadata")))
	to.Set("subscription", textOrNull(from.Str("parent.subscription_details.subscription"))).Set("quote", textOrNull(from.Str("parent.quote_details.quote")))
	if details.get("subscription_proration_date") != nil {
		to.Set("subscription_proration_date", details.Int("subscription_proration_date"))
	}
	to.Set("discount", onlyDiscount(t, from))
	if taxes := from.List("total_taxes"); len(taxes) > 0 {
		to.Set("tax", sumOf(taxes)).Set("total_tax_amounts", taxAmounts(taxes))
	}
}

// get is Get of a hash that may be missing.
func (o *stripeObject) get(key string) any {
	if o == nil {
		return nil
	}
	return o.Get(key)
}

// onlyDiscount is the discount of an object that has one; before several could be stacked it was shown whole.
func onlyDiscount(t *translation, o *stripeObject) *stripeObject {
	discounts := o.List("discounts")
	if len(discounts) != 1 {
		return nil
	}
	id, _ := discounts[0].(string)
	if found := t.tx.Get("discount", id); found != nil {
		return t.object(found)
	}
	return nil
}

// taxAmount is how versions before basil tell a tax.
func taxAmount() *description.Node {
	return hashOf(prop("amount", aNumber()), prop("inclusive", aFlag()), prop("tax_rate", referenceTo("tax_rate")),
		prop("taxability_reason", nullable(aText())), prop("taxable_amount", nullable(aNumber())))
}

// taxAmounts tells taxes as versions before basil do.
func taxAmounts(taxes []any) []any {
	amounts := make([]any, 0, len(taxes))
	s := shapeOf(taxAmountNode)
	for _, v := range taxes {
		tax, ok := v.(*stripeObject)
		if !ok {
			continue
		}
		amounts = append(amounts, s.newHash().Set("amount", tax.Int("amount")).Set("inclusive", tax.Str("tax_behavior") == "inclusive").
			Set("tax_rate", tax.Str("tax_rate_details.tax_rate")).Set("taxability_reason", tax.Get("taxability_reason")).Set("taxable_amount", tax.Get("taxable_amount")))
	}
	return amounts
}

// taxAmountNode is the one node of all tax amounts, so that they have one shape.
var taxAmountNode = taxAmount()

// sumOf adds the amounts of a list of hashes.
func sumOf(list []any) (sum int64) {
	for _, v := range list {
		if o, ok := v.(*stripeObject); ok {
			sum += o.Int("amount")
		}
	}
	return sum
}
