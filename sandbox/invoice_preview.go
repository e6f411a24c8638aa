package sandbox

import (
	"slices"
	"strconv"
	"strings"
)

func init() {
	behave("POST /v1/invoices/create_preview", previewInvoice)
}

// previewInvoice answers the invoice that would come next, after the changes that the call asks for. They are made and taken
// back: a preview and an invoice are made by the same steps.
func previewInvoice(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	return tx.rehearse(func() (*stripeObject, error) { return tx.previewFor(r.Params()) })
}

// hiddenWholeCustomer is the parameter that callers of before basil send unseen: they may ask for whatever of a customer is
// billed next.
const hiddenWholeCustomer = "_whole_customer"

// previewSubjects are what a preview can be of. Source: docs.stripe.com/changelog/basil/2025-03-31/invoice-preview-api-deprecations.
var previewSubjects = []string{"subscription", "subscription_details.items", "schedule", "schedule_details.phases", "invoice_items", hiddenWholeCustomer}

func (tx *accountTx) previewFor(p formParams) (*stripeObject, error) {
	customer, err := tx.previewCustomer(p)
	if err == nil && !slices.ContainsFunc(previewSubjects, p.Has) {
		err = invalid("", "parameter_missing", "You must specify one of `subscription`, `subscription_details[items]`, `schedule`, `schedule_details[phases]` or `invoice_items`.")
	}
	if err != nil {
		return nil, err
	}
	if err := tx.previewItems(customer, p); err != nil {
		return nil, err
	}
	d := invoiceDraft{customer: customer, pending: true, advances: true}
	discounted := p.Has("discounts")
	if tx.previewsSubscription(customer, p) {
		p = withParam(p, "customer", customer.ID())
		if d, err = tx.subscriptionPreview(p); err != nil {
			return nil, err
		}
		discounted = discounted && (p.Has("schedule") || p.Has("schedule_details"))
	} else if len(tx.itemsFor(d, tx.newInvoice(d))) == 0 {
		return nil, noUpcoming(customer.ID())
	}
	if currency := strings.ToLower(p.Str("currency")); currency != "" {
		d.currency = currency
	}
	if discounted {
		if d.discounts, err = tx.discountsFrom(p, "discounts", "invoice", "", customer.ID()); err != nil {
			return nil, err
		}
	}
	d.reason = "upcoming"
	inv, billed, err := tx.makeInvoice(d)
	if err != nil {
		return nil, err
	}
	if p.Has("automatic_tax.enabled") {
		inv.Set("automatic_tax.enabled", p.Bool("automatic_tax.enabled"))
		if billed, err = tx.totalInvoice(inv); err != nil {
			return nil, err
		}
	}
	if date := p.Int("subscription_details.proration_date"); date != 0 && inv.Has("parent.subscription_details") {
		inv.Set("parent.subscription_details.subscription_proration_date", date)
	}
	inv.Set("id", "upcoming_"+inv.ID()).Set("webhooks_delivered_at", nil).Set("ending_balance", int64(billed.EndingBalance)).
		Set("lines.url", "/v1/invoices/upcoming_"+strings.TrimPrefix(inv.ID(), "upcoming_")+"/lines")
	lines := invoiceLines(inv)
	for i, line := range lines {
		lines[i] = line.Edit().Set("id", "il_tmp_"+strings.TrimPrefix(line.ID(), "il_")).Set("invoice", inv.ID())
	}
	setInvoiceLines(inv, lines)
	return inv, nil
}

// previewCustomer is the customer of a preview: the one that is named, the subscription's, or one that only
// customer_details describe.
func (tx *accountTx) previewCustomer(p formParams) (*stripeObject, error) {
	id := p.Str("customer")
	for _, key := range []string{"subscription", "schedule"} {
		if given := p.Str(key); given != "" {
			typ := map[string]string{"subscription": "subscription", "schedule": "subscription_schedule"}[key]
			o := tx.Get(typ, given)
			if o == nil {
				return nil, missing(key, given, key, 404)
			}
			id = orElse(id, o.Str("customer"))
		}
	}
	details, described := p.Hash("customer_details")
	var customer *stripeObject
	switch {
	case id != "":
		found, err := findCustomer(tx, id, "customer", 404)
		if err != nil {
			return nil, err
		}
		customer = found.Edit()
	case described:
		customer = newCustomer(tx)
	default:
		return nil, invalid("", "parameter_missing", "You must specify `customer`, `customer_details`, `subscription` or `schedule`.")
	}
	if described {
		applyParams(tx, customer, details, "tax", "tax_ids", "shipping")
		setShipping(tx, customer, details)
	}
	tx.Put(customer)
	return customer, nil
}

// previewItems makes the invoice items of a preview, and changes those that are named.
func (tx *accountTx) previewItems(customer *stripeObject, p formParams) error {
	for i, given := range p.List("invoice_items") {
		at := "invoice_items[" + strconv.Itoa(i) + "]"
		if id := given.Str("invoiceitem"); id != "" {
			item := tx.Get("invoiceitem", id)
			if item == nil {
				return missing("invoiceitem", id, at+"[invoiceitem]", 400)
			}
			item = item.Edit()
			if err := tx.setItem(item, given, at); err != nil {
				return err
			}
			tx.Put(item)
			continue
		}
		if sub := p.Str("subscription"); sub != "" && !given.Has("subscription") {
			given = withParam(given, "subscription", sub)
		}
		item, err := tx.itemFromParams(customer, nil, given, at)
		if err != nil {
			return err
		}
		tx.Put(item)
	}
	return nil
}

// withParam is a hash of parameters with one more, or another value of one.
func withParam(p formParams, key, value string) formParams {
	n := &paramNode{hash: map[string]*paramNode{}}
	for _, k := range p.Keys() {
		n.keys = append(n.keys, k)
		n.hash[k] = p.node.hash[k]
	}
	if n.hash[key] == nil {
		n.keys = append(n.keys, key)
	}
	n.hash[key] = &paramNode{value: value}
	return formParams{n}
}

// previewsSubscription says whether a preview is of a subscription: one that is named or described, or any that the
// customer has.
func (tx *accountTx) previewsSubscription(customer *stripeObject, p formParams) bool {
	for _, key := range []string{"subscription", "subscription_details", "schedule", "schedule_details"} {
		if p.Has(key) {
			return true
		}
	}
	living := false
	tx.EachOf("subscription", "customer", customer.ID(), func(sub *stripeObject) bool {
		switch sub.Str("status") {
		case "canceled", "incomplete_expired", "":
		default:
			living = true
		}
		return !living
	})
	return living
}
