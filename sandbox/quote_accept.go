package sandbox

// upfrontItems are the items of a quote that are due when it is accepted: all of them, but during a trial the recurring ones.
func upfrontItems(quote *stripeObject) []*stripeObject {
	var items []*stripeObject
	for _, item := range sessionItems(nil, quote) {
		if item.Str("price.type") == "recurring" && quote.Int("subscription_data.trial_period_days") > 0 {
			continue
		}
		items = append(items, item)
	}
	return items
}

// computeQuote writes what a quote comes to: at once, and with each period. It accepts the quote and takes that back, so that
// what is offered and what is billed cannot differ.
func computeQuote(tx *accountTx, quote *stripeObject) error {
	sums := func(o *stripeObject) *stripeObject {
		var off, taxes int64
		for _, d := range hashes(o.List("total_discount_amounts")) {
			off += d.Int("amount")
		}
		for _, t := range hashes(o.List("total_taxes")) {
			taxes += t.Int("amount")
		}
		return hash("subtotal", o.Int("subtotal"), "total", o.Int("total"), "off", off, "taxes", taxes)
	}
	upfront, err := tx.rehearse(func() (*stripeObject, error) {
		inv, _, err := tx.beginQuote(tx.quoteOfSomebody(quote))
		if inv == nil || err != nil {
			return hash(), err
		}
		return sums(inv), nil
	})
	if err != nil {
		return err
	}
	recurring := (*stripeObject)(nil)
	if isRecurring(quote) {
		if recurring, err = tx.rehearse(func() (*stripeObject, error) {
			_, sub, err := tx.beginQuote(tx.quoteOfSomebody(quote))
			if err != nil || sub == nil {
				return hash(), err
			}
			draft, err := tx.nextInvoice(sub.ID())
			if err != nil {
				return nil, err
			}
			draft.pending = false
			inv, _, err := tx.makeInvoice(draft)
			if err != nil {
				return nil, err
			}
			return sums(inv), nil
		}); err != nil {
			return err
		}
	}
	details := func(schema string, o *stripeObject) *stripeObject {
		return embedded(tx, schema, "amount_discount", o.Int("off"), "amount_shipping", 0, "amount_tax", o.Int("taxes"))
	}
	const detailsSchema = "quotes_resource_total_details"
	quote.Set("amount_subtotal", upfront.Int("subtotal")).Set("amount_total", upfront.Int("total")).Set("total_details", details(detailsSchema, upfront)).
		Set("computed.upfront.amount_subtotal", upfront.Int("subtotal")).Set("computed.upfront.amount_total", upfront.Int("total")).
		Set("computed.upfront.total_details", details(detailsSchema, upfront)).Set("computed.recurring", nil)
	if recurring != nil {
		every := shortestItem(quote)
		quote.Set("computed.recurring", embedded(tx, "quotes_resource_recurring", "amount_subtotal", recurring.Int("subtotal"), "amount_total", recurring.Int("total"),
			"interval", every.Str("interval"), "interval_count", every.Int("interval_count"), "total_details", details(detailsSchema, recurring)))
	}
	return nil
}

// shortestItem is how often the first recurring item of a quote comes again.
func shortestItem(quote *stripeObject) *stripeObject {
	for _, item := range sessionItems(nil, quote) {
		if every := item.Hash("price.recurring"); every != nil {
			return every
		}
	}
	return hash()
}

// quoteOfSomebody is a quote that has a customer, for a rehearsal: a draft may have none yet.
func (tx *accountTx) quoteOfSomebody(quote *stripeObject) *stripeObject {
	if quote.Str("customer") != "" {
		return quote
	}
	somebody := newCustomer(tx)
	tx.Put(somebody)
	return quote.Edit().Set("customer", somebody.ID())
}

// acceptQuote turns an offer into what was offered: an invoice, a subscription, or a schedule when it begins later.
func acceptQuote(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	quote, err := findQuote(tx, r)
	if err != nil {
		return nil, err
	}
	if quote.Str("status") != quoteOpen {
		return nil, invalid("", "", "Quote %s is %s. Only open quotes can be accepted.", quote.ID(), quote.Str("status"))
	}
	inv, sub, err := tx.beginQuote(quote)
	if err != nil {
		return nil, err
	}
	quote = tx.Get("quote", quote.ID()).Edit().Set("status", quoteAccepted).Set("status_transitions.accepted_at", tx.Now())
	switch {
	case sub != nil && sub.Type() == "subscription_schedule":
		quote.Set("subscription_schedule", sub.ID())
	case sub != nil:
		quote.Set("subscription", sub.ID())
	case inv != nil:
		quote.Set("invoice", inv.ID())
	}
	tx.Put(quote, "quote.accepted")
	return quote, nil
}

// beginQuote begins what a quote offers and answers its first invoice, and its subscription or schedule, nil where there is
// none.
func (tx *accountTx) beginQuote(quote *stripeObject) (inv, sub *stripeObject, err error) {
	customer := tx.Get("customer", quote.Str("customer"))
	tx.onClock(customer.clockOfCustomer())
	if len(sessionItems(tx, quote)) == 0 {
		return nil, nil, nil
	}
	if !isRecurring(quote) {
		inv, err = tx.invoiceQuote(quote, customer)
		return inv, nil, err
	}
	p := tx.subscriptionOfQuote(quote)
	if at := quote.Int("subscription_data.effective_date"); at > tx.Now() {
		sub, err = tx.scheduleQuote(quote, p, at)
		return nil, sub, err
	}
	if sub, err = tx.createSubscription(p, customer.ID(), origin{}); err != nil {
		return nil, nil, err
	}
	return tx.Get("invoice", sub.Str("latest_invoice")), sub, nil
}

// subscriptionOfQuote are the parameters of the subscription that a quote offers.
func (tx *accountTx) subscriptionOfQuote(quote *stripeObject) formParams {
	data := quote.Hash(hiddenSubscriptionData)
	if data == nil {
		data = hash()
	}
	p := formParams{nodeOf(data)}.with("effective_date", nil)
	var items, once []*paramNode
	for _, item := range sessionItems(tx, quote) {
		n := itemNode(item)
		if item.Str("price.type") == "recurring" {
			items = append(items, n)
		} else {
			once = append(once, n)
		}
	}
	p = p.with("items", listOfNodes(items...)).with("collection_method", leafOf(quote.Str("collection_method"))).with("payment_behavior", leafOf("allow_incomplete"))
	if len(once) > 0 {
		p = p.with("add_invoice_items", listOfNodes(once...))
	}
	if quote.Str("collection_method") == sendInvoice {
		p = p.with("days_until_due", leafOf(quote.Int("invoice_settings.days_until_due"))).with("payment_behavior", nil)
	} else if tx.methodOfCustomer(quote.Str("customer")) == nil {
		// Nobody can be charged yet: the subscription waits for its first payment.
		p = p.with("payment_behavior", leafOf(waitIncomplete))
	}
	if rates := texts(quote.List("default_tax_rates")); len(rates) > 0 {
		p = p.with("default_tax_rates", nodeOf(anyTexts(rates)))
	}
	if given := quote.List(hiddenQuoteDiscounts); len(given) > 0 {
		p = p.with("discounts", nodeOf(given))
	}
	if quote.Bool("automatic_tax.enabled") {
		p = p.with("automatic_tax", branchOf("enabled", leafOf(true)))
	}
	return p
}

// itemNode is a line item as the parameters of a subscription's item, or of an added invoice item.
func itemNode(item *stripeObject) *paramNode {
	n := branchOf("price", leafOf(item.Str("price.id")))
	if item.Str("price.recurring.usage_type") != "metered" {
		n.put("quantity", leafOf(item.Int("quantity")))
	}
	if rates := objectIDs(hashes(item.List(hiddenItemRates))); len(rates) > 0 {
		n.put("tax_rates", nodeOf(anyTexts(rates)))
	}
	return n
}

// methodOfCustomer is what a customer's invoices are paid with by default, nil for none.
func (tx *accountTx) methodOfCustomer(customer string) *stripeObject {
	c := tx.Get("customer", customer)
	if m := tx.Get("payment_method", c.Str("invoice_settings.default_payment_method")); m != nil {
		return m
	}
	return tx.Get("card", c.Str("default_source"))
}

// invoiceQuote drafts the invoice of a quote for things that are bought once.
func (tx *accountTx) invoiceQuote(quote, customer *stripeObject) (*stripeObject, error) {
	for i, item := range sessionItems(tx, quote) {
		p := formParams{itemNode(item)}.with("currency", leafOf(quote.Str("currency")))
		made, err := tx.itemFromParams(customer, nil, p, itemParam(i, ""))
		if err != nil {
			return nil, err
		}
		tx.Put(made.Set(hiddenQuote, quote.ID()), "invoiceitem.created")
	}
	given := formParams{branchOf("discounts", nodeOf(quote.List(hiddenQuoteDiscounts)))}
	discounts, err := tx.discountsFrom(given, "discounts", "customer", customer.ID(), customer.ID())
	if err != nil {
		return nil, err
	}
	inv, _, err := tx.draftInvoice(invoiceDraft{
		customer: customer, reason: "manual", currency: quote.Str("currency"), collection: quote.Str("collection_method"),
		daysUntilDue: quote.Int("invoice_settings.days_until_due"), discounts: discounts, taxRates: texts(quote.List("default_tax_rates")), pending: true,
	})
	if err != nil {
		return nil, err
	}
	inv = inv.Edit().Set("parent", embedded(tx, "billing_bill_resource_invoicing_parents_invoice_parent", "type", "quote_details", "quote_details",
		embedded(tx, "billing_bill_resource_invoicing_parents_invoice_quote_parent", "quote", quote.ID())))
	tx.Put(inv)
	return inv, nil
}

// scheduleQuote begins later what a quote offers: a schedule of one phase that is released when it is over.
func (tx *accountTx) scheduleQuote(quote *stripeObject, p formParams, at int64) (*stripeObject, error) {
	phase := formParams{&paramNode{hash: map[string]*paramNode{}}}
	for _, key := range []string{"items", "add_invoice_items", "discounts", "default_tax_rates", "collection_method", "automatic_tax", "description", "metadata", "trial_period_days"} {
		if n := p.find(key); n != nil {
			phase = phase.with(key, n)
		}
	}
	if days := p.Int("trial_period_days"); days > 0 {
		phase = phase.with("trial_period_days", nil).with("trial_end", leafOf(at+days*day))
	}
	given := formParams{&paramNode{hash: map[string]*paramNode{}}}.with("start_date", leafOf(at)).with("phases", listOfNodes(phase.node))
	schedule, err := tx.newSchedule(tx.Get("customer", quote.Str("customer")), given)
	if err != nil {
		return nil, err
	}
	tx.Put(schedule, "subscription_schedule.created")
	tx.Due(at, scheduleStart, schedule.ID())
	return schedule, nil
}

// hiddenQuote is the quote that an invoice item comes from.
const hiddenQuote = "_quote"
