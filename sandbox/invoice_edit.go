package sandbox

import (
	"slices"
	"strings"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func init() {
	behave("POST /v1/invoices", createInvoice)
	behave("POST /v1/invoices/{invoice}", updateInvoice)
	behave("GET /v1/invoices", listInvoices)
}

// invoiceParams are parameters of an invoice that are no fields of it, or need care.
var invoiceParams = []string{
	"customer", "currency", "subscription", "collection_method", "days_until_due", "due_date", "auto_advance", "automatically_finalizes_at", "pending_invoice_items_behavior",
	"default_tax_rates", "default_payment_method", "default_source", "discounts", "automatic_tax", "number", "from_invoice", "shipping_cost", "application_fee_amount", "transfer_data", "effective_at",
	"account_tax_ids", "custom_fields",
}

func createInvoice(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	if id := p.Str("from_invoice.invoice"); id != "" {
		return tx.reviseInvoice(id, p)
	}
	d := invoiceDraft{reason: "manual", currency: strings.ToLower(p.Str("currency")), collection: p.Str("collection_method"), daysUntilDue: p.Int("days_until_due"),
		dueDate: p.Int("due_date"), taxRates: p.Strs("default_tax_rates"), advances: p.Bool("auto_advance"), pending: p.Str("pending_invoice_items_behavior") == "include"}
	id := p.Str("customer")
	if sub := p.Str("subscription"); sub != "" {
		if d.subscription = tx.Get("subscription", sub); d.subscription == nil {
			return nil, missing("subscription", sub, "subscription", 400)
		}
		id, d.pending = orElse(id, d.subscription.Str("customer")), p.Str("pending_invoice_items_behavior") != "exclude"
	}
	if id == "" {
		return nil, invalid("customer", "parameter_missing", "Missing required param: customer.")
	}
	var err error
	if d.customer, err = findCustomer(tx, id, "customer", 400); err != nil {
		return nil, err
	}
	if d.currency != "" {
		if err := checkCurrency(d.currency, "currency"); err != nil {
			return nil, err
		}
	}
	if err := checkDue(tx, p, orElse(d.collection, chargeAutomatically)); err != nil {
		return nil, err
	}
	if _, err := findRates(tx, d.taxRates, "default_tax_rates"); err != nil {
		return nil, err
	}
	inv, _, err := tx.makeInvoice(d)
	if err != nil {
		return nil, err
	}
	if discount := d.customer.Hash("discount"); discount != nil && !p.Has("discounts") && (!discount.Has("end") || discount.Int("end") > tx.Now()) {
		inv.Set("discounts", []string{discount.ID()})
	}
	if err := tx.setInvoice(inv, p); err != nil {
		return nil, err
	}
	tx.putDraft(inv)
	tx.stampCurrency(d.customer.ID(), inv.Str("currency"))
	return inv, nil
}

// checkDue refuses what the collection method does not go with, in Stripe's recorded words.
func checkDue(tx *accountTx, p formParams, collection string) error {
	named := p.Has("days_until_due") || p.Has("due_date")
	switch {
	case collection == sendInvoice && !named:
		return invalid("", "", "If invoice collection method is 'send_invoice', you must specify 'due_date' or 'days_until_due'.")
	case collection != sendInvoice && named:
		return invalid("", "", "You can only specify 'due_date' or 'days_until_due' if invoice collection method is 'send_invoice'.")
	case p.Has("days_until_due") && p.Has("due_date"):
		return invalid("", "parameters_exclusive", "You may only specify one of these parameters: due_date, days_until_due.")
	case p.Has("days_until_due") && p.Int("days_until_due") < 0:
		return invalid("days_until_due", "parameter_invalid_integer", "Invalid non-negative integer")
	case p.Has("due_date") && p.Int("due_date") < tx.Now():
		return invalid("due_date", "", "The due date must be in the future.")
	}
	return nil
}

// setInvoice writes what both calls may say about a draft, and adds it up.
func (tx *accountTx) setInvoice(inv *stripeObject, p formParams) error {
	if text := p.Str("statement_descriptor"); len(text) > 22 {
		return invalid("statement_descriptor", "", "The statement descriptor must be at most 22 characters.")
	}
	if err := tx.checkTemplate(p); err != nil {
		return err
	}
	applyParams(tx, inv, p, invoiceParams...)
	if template := tx.Get(templateType, p.Str("rendering.template")); template != nil && !p.Has("rendering.template_version") {
		inv.Set("rendering.template_version", template.Int("version"))
	}
	for _, key := range []string{"description", "footer", "statement_descriptor"} {
		if inv.Str(key) == "" {
			inv.Set(key, nil)
		}
	}
	if err := tx.setInvoiceMethods(inv, p); err != nil {
		return err
	}
	if p.Has("custom_fields") {
		inv.Set("custom_fields", nil)
		if fields := p.List("custom_fields"); len(fields) > 0 {
			list := make([]*stripeObject, len(fields))
			for i, f := range fields {
				list[i] = tx.NewHash("invoice_setting_custom_field").Set("name", f.Str("name")).Set("value", f.Str("value"))
			}
			inv.Set("custom_fields", list)
		}
	}
	if p.Has("account_tax_ids") {
		inv.Set("account_tax_ids", nil)
		if ids := p.Strs("account_tax_ids"); len(ids) > 0 {
			inv.Set("account_tax_ids", ids)
		}
	}
	if p.Has("default_tax_rates") {
		rates, err := findRates(tx, p.Strs("default_tax_rates"), "default_tax_rates")
		if err != nil {
			return err
		}
		inv.Set("default_tax_rates", rates)
	}
	if p.Has("discounts") {
		discounts, err := tx.discountsFrom(p, "discounts", "invoice", inv.ID(), inv.Str("customer"))
		if err != nil {
			return err
		}
		inv.Set("discounts", objectIDs(discounts))
	}
	if err := tx.setNumber(inv, p); err != nil {
		return err
	}
	if p.Has("effective_at") {
		inv.Set("effective_at", paramValue(p, "effective_at"))
	}
	if p.Has("automatic_tax.enabled") {
		inv.Set("automatic_tax.enabled", p.Bool("automatic_tax.enabled"))
		inv.Set("automatic_tax.liability", nil)
		if p.Bool("automatic_tax.enabled") {
			inv.Set("automatic_tax.liability", tx.NewHash("connect_account_reference").Set("type", "self"))
		}
	}
	if err := tx.setShippingCost(inv, p); err != nil {
		return err
	}
	if p.Has("automatically_finalizes_at") {
		if !inv.Bool("auto_advance") {
			return invalid("automatically_finalizes_at", "", "`automatically_finalizes_at` needs `auto_advance` to be true.")
		}
		if p.Int("automatically_finalizes_at") <= tx.Now() {
			return invalid("automatically_finalizes_at", "", "`automatically_finalizes_at` must be a time in the future.")
		}
		inv.Set("automatically_finalizes_at", p.Int("automatically_finalizes_at"))
		if inv.Str("collection_method") == chargeAutomatically {
			inv.Set("next_payment_attempt", p.Int("automatically_finalizes_at"))
		}
	}
	if err := tx.retotal(inv); err != nil || len(invoiceLines(inv)) == 0 {
		return err
	}
	return tx.checkMinimums(p, purchase{inv.Str("customer"), inv.Str("currency"), inv.Int("subtotal")})
}

// setInvoiceMethods writes the methods that pay by default. They must be the customer's.
func (tx *accountTx) setInvoiceMethods(inv *stripeObject, p formParams) error {
	for _, key := range []string{"default_payment_method", "default_source"} {
		switch id := p.Str(key); {
		case p.Null(key):
			inv.Set(key, nil)
		case id != "":
			method := tx.Get("payment_method", id)
			if method == nil {
				return missingMethod(id, key, 400)
			}
			if method.Str("customer") != inv.Str("customer") {
				return invalid(key, "resource_missing", "The customer does not have a payment method with the ID %s. The payment method must be attached to the customer.", id)
			}
			inv.Set(key, id)
		}
	}
	return nil
}

// setNumber gives an invoice a number of the caller's choice, which no other may have.
func (tx *accountTx) setNumber(inv *stripeObject, p formParams) error {
	switch number := p.Str("number"); {
	case p.Null("number"):
		inv.Set("number", nil)
	case number != "":
		if other := tx.invoiceNumbered(number); other != nil && other.ID() != inv.ID() {
			return invalid("number", "", "The invoice number %s is already in use.", number)
		}
		inv.Set("number", number)
	}
	return nil
}

// setShippingCost writes what shipping costs on an invoice.
func (tx *accountTx) setShippingCost(inv *stripeObject, p formParams) error {
	given, ok := p.Hash("shipping_cost")
	if !ok {
		if p.Null("shipping_cost") {
			inv.Set("shipping_cost", nil).Set("amount_shipping", 0)
		}
		return nil
	}
	rate := tx.Get("shipping_rate", given.Str("shipping_rate"))
	if data, ok := given.Hash("shipping_rate_data"); ok {
		rate = tx.New("shipping_rate").Set("active", true).Set("type", "fixed_amount").Set("display_name", data.Str("display_name")).
			Set("tax_behavior", orElse(data.Str("tax_behavior"), "unspecified")).
			Set("fixed_amount", tx.NewHash("shipping_rate_fixed_amount").Set("amount", data.Int("fixed_amount.amount")).Set("currency", strings.ToLower(data.Str("fixed_amount.currency"))))
		tx.Put(rate)
	}
	switch {
	case rate == nil:
		return missing("shipping rate", given.Str("shipping_rate"), "shipping_cost[shipping_rate]", 400)
	case rate.Str("fixed_amount.currency") != inv.Str("currency"):
		return invalid("shipping_cost", "", "The shipping rate %s is in %s, but the invoice is in %s.", rate.ID(), rate.Str("fixed_amount.currency"), inv.Str("currency"))
	}
	amount := rate.Int("fixed_amount.amount")
	inv.Set("amount_shipping", amount).Set("shipping_cost", tx.NewHash("invoices_resource_shipping_cost").
		Set("amount_subtotal", amount).Set("amount_tax", 0).Set("amount_total", amount).Set("shipping_rate", rate.ID()))
	return nil
}

// openParams are what may be changed of an invoice that is finalised.
var openParams = []string{"metadata", "auto_advance", "default_payment_method", "default_source", "payment_settings", "expand"}

func updateInvoice(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	inv, err := findInvoice(tx, r)
	if err != nil {
		return nil, err
	}
	if inv.Str("status") != invoiceDraftStatus {
		return tx.updateFinalized(inv, p)
	}
	was := inv
	inv = inv.Edit()
	collection := orElse(p.Str("collection_method"), inv.Str("collection_method"))
	switch {
	case p.Has("days_until_due"), p.Has("due_date"), collection == sendInvoice && inv.Str("collection_method") != sendInvoice:
		if err := checkDue(tx, p, collection); err != nil {
			return nil, err
		}
		inv.Set("due_date", p.Int("due_date"))
		if p.Has("days_until_due") {
			inv.Set("due_date", int64(billing.DueDate(billing.Instant(inv.Int("created")), p.Int("days_until_due"))))
		}
	case collection != sendInvoice:
		inv.Set("due_date", nil)
	}
	advances := inv.Bool("auto_advance")
	if p.Has("auto_advance") {
		advances = p.Bool("auto_advance")
	}
	if advances != inv.Bool("auto_advance") || collection != inv.Str("collection_method") {
		tx.advance(inv.Set("auto_advance", advances).Set("collection_method", collection))
	}
	if err := tx.setInvoice(inv, p); err != nil {
		return nil, err
	}
	if equalObjects(was, inv) {
		return was, nil
	}
	tx.Put(inv, "invoice.updated")
	tx.planFinalization(inv)
	return inv, nil
}

// updateFinalized changes what is not money of an invoice that is finalised.
func (tx *accountTx) updateFinalized(inv *stripeObject, p formParams) (*stripeObject, error) {
	for _, key := range p.Keys() {
		if !slices.Contains(openParams, key) {
			return nil, invalid("", "", "Finalized invoices can't be updated in this way")
		}
	}
	was := inv
	inv = inv.Edit()
	if err := tx.setInvoiceMethods(inv, p); err != nil {
		return nil, err
	}
	applyParams(tx, inv, p, invoiceParams...)
	if p.Has("auto_advance") && inv.Str("status") == invoiceOpen && p.Bool("auto_advance") != inv.Bool("auto_advance") {
		inv.Set("auto_advance", p.Bool("auto_advance")).Set("next_payment_attempt", nil)
		if inv.Bool("auto_advance") && inv.Str("collection_method") == chargeAutomatically {
			inv.Set("next_payment_attempt", tx.Now()+finalizedSeconds)
			tx.Due(tx.Now()+finalizedSeconds, "invoice.collect", inv.ID())
		}
	}
	if equalObjects(was, inv) {
		return was, nil
	}
	tx.Put(inv, "invoice.updated")
	return inv, nil
}

// listInvoices lists invoices by customer, status, subscription, collection method and due date.
func listInvoices(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	due := rangeOf(p, "due_date")
	match := func(inv *stripeObject) bool {
		return (!p.Has("status") || inv.Str("status") == p.Str("status")) &&
			(!p.Has("collection_method") || inv.Str("collection_method") == p.Str("collection_method")) &&
			(!p.Has("subscription") || inv.Str("parent.subscription_details.subscription") == p.Str("subscription")) &&
			(!due.sent || inv.Has("due_date") && due.includes(inv.Int("due_date"))) &&
			(p.Has("customer") || p.Has("subscription") || !inv.Has("test_clock"))
	}
	if id := p.Str("customer"); id != "" {
		return tx.ListOf(r, "invoice", "customer", id, match)
	}
	return tx.List(r, "invoice", match)
}

// reviseInvoice makes a draft that takes the place of an invoice which is open once it is finalised.
func (tx *accountTx) reviseInvoice(id string, p formParams) (*stripeObject, error) {
	from := tx.Get("invoice", id)
	switch {
	case from == nil:
		return nil, missing("invoice", id, "from_invoice[invoice]", 400)
	case from.Str("status") != invoiceOpen && from.Str("status") != invoiceUncollectible:
		return nil, invalid("from_invoice[invoice]", "", "You can only revise open or uncollectible invoices.")
	}
	inv := tx.New("invoice").Set("from_invoice", tx.NewHash("invoices_resource_from_invoice").Set("action", "revision").Set("invoice", id))
	kept := inv.Keys()
	for _, key := range []string{
		"account_country", "account_name", "account_tax_ids", "collection_method", "currency", "custom_fields", "customer", "customer_address", "customer_email", "customer_name",
		"customer_phone", "customer_shipping", "customer_tax_exempt", "customer_tax_ids", "default_payment_method", "default_source", "default_tax_rates", "description", "discounts",
		"footer", "issuer", "metadata", "payment_settings", "period_end", "period_start", "rendering", "shipping_cost", "amount_shipping", "shipping_details", "statement_descriptor", "test_clock",
	} {
		if slices.Contains(kept, key) && from.Get(key) != nil {
			inv.Set(key, from.Get(key))
		}
	}
	inv.Set("status", invoiceDraftStatus).Set("billing_reason", "manual").Set("webhooks_delivered_at", tx.Now())
	if due := from.Int("due_date"); due != 0 {
		inv.Set("due_date", max(due, tx.Now()))
	}
	var lines []*stripeObject
	for _, line := range invoiceLines(from) {
		item := tx.itemOfLine(line)
		if item == nil {
			item = tx.newItem(tx.Get("customer", inv.Str("customer")), inv.Str("currency"))
			for _, key := range []string{"amount", "description", "discountable", "metadata", "period", "pricing", "quantity", "quantity_decimal"} {
				item.Set(key, line.Get(key))
			}
		} else {
			item = item.Edit()
		}
		item.Set("id", tx.NewID("ii_1", 23)).Set("invoice", inv.ID()).Set("date", tx.Now())
		line := tx.newItemLine(inv, item)
		tx.Put(item.Set(hiddenLineOf, line.ID()))
		lines = append(lines, line)
	}
	setInvoiceLines(inv, lines)
	if err := tx.setInvoice(inv, p); err != nil {
		return nil, err
	}
	tx.Put(inv, "invoice.created")
	return inv, nil
}
