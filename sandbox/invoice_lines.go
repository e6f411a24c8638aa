package sandbox

import (
	"slices"
	"strconv"
)

func init() {
	behave("GET /v1/invoices/{invoice}/lines", listInvoiceLines)
	behave("POST /v1/invoices/{invoice}/lines/{line_item_id}", updateInvoiceLine)
	behave("POST /v1/invoices/{invoice}/add_lines", addInvoiceLines)
	behave("POST /v1/invoices/{invoice}/update_lines", updateInvoiceLines)
	behave("POST /v1/invoices/{invoice}/remove_lines", removeInvoiceLines)
}

func listInvoiceLines(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	inv, err := findInvoice(tx, r)
	if err != nil {
		return nil, err
	}
	return tx.ListObjects(r, invoiceLines(inv))
}

// addItems puts invoice items on a draft, behind the lines that it has.
func (tx *accountTx) addItems(inv *stripeObject, items []*stripeObject) error {
	inv = inv.Edit()
	lines := invoiceLines(inv)
	for _, item := range items {
		lines = append(lines, tx.newItemLine(inv, item))
	}
	setInvoiceLines(inv, lines)
	if err := tx.retotal(inv); err != nil {
		return err
	}
	for _, line := range invoiceLines(inv) {
		tx.billItem(line, inv)
	}
	tx.Put(inv, "invoice.updated")
	return nil
}

// dropLines takes lines off a draft.
func (tx *accountTx) dropLines(inv *stripeObject, ids []string) error {
	inv = inv.Edit()
	setInvoiceLines(inv, slices.DeleteFunc(invoiceLines(inv), func(line *stripeObject) bool { return slices.Contains(ids, line.ID()) }))
	if err := tx.retotal(inv); err != nil {
		return err
	}
	tx.Put(inv, "invoice.updated")
	return nil
}

// findDraft finds the draft that a call changes the lines of, with the metadata that the call gives it.
func findDraft(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	inv, err := findInvoice(tx, r)
	if err != nil {
		return nil, err
	}
	if err := editable(inv); err != nil {
		return nil, err
	}
	if n := r.Params().find("invoice_metadata"); n != nil {
		inv = inv.Edit()
		inv.Set("metadata", mergeMetadata(inv.Hash("metadata"), n))
		tx.Put(inv)
	}
	return inv, nil
}

// lineParam is the name of a parameter of a line in a call about several.
func lineParam(i int) string { return "lines[" + strconv.Itoa(i) + "]" }

func addInvoiceLines(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	inv, err := findDraft(tx, r)
	if err != nil {
		return nil, err
	}
	customer, err := findCustomer(tx, inv.Str("customer"), "customer", 400)
	if err != nil {
		return nil, err
	}
	var items []*stripeObject
	for i, given := range r.Params().List("lines") {
		item, err := tx.itemToAdd(customer, inv, given, lineParam(i))
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	if err := tx.addItems(inv, items); err != nil {
		return nil, err
	}
	return tx.Get("invoice", inv.ID()), nil
}

// itemToAdd is the pending invoice item that a line names, or a new one.
func (tx *accountTx) itemToAdd(customer, inv *stripeObject, given formParams, at string) (*stripeObject, error) {
	id := given.Str("invoice_item")
	if id == "" {
		item, err := tx.itemFromParams(customer, inv, given, at)
		if err != nil {
			return nil, err
		}
		if err := tx.setTaxAmounts(item, given, at); err != nil {
			return nil, err
		}
		tx.Put(item, "invoiceitem.created")
		return item, nil
	}
	item := tx.Get("invoiceitem", id)
	switch {
	case item == nil:
		return nil, missing("invoiceitem", id, under(at, "invoice_item"), 400)
	case item.Has("invoice"):
		return nil, invalid(under(at, "invoice_item"), "", "The invoice item %s is already on an invoice.", id)
	case item.Str("customer") != inv.Str("customer"):
		return nil, invalid(under(at, "invoice_item"), "", "The invoice item %s does not belong to the customer %s.", id, inv.Str("customer"))
	case item.Str("currency") != inv.Str("currency"):
		return nil, invalid(under(at, "invoice_item"), "", "The invoice's currency is %s; an item in %s cannot be added to it.", inv.Str("currency"), item.Str("currency"))
	}
	return item, nil
}

func updateInvoiceLine(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	inv, err := findDraft(tx, r)
	if err != nil {
		return nil, err
	}
	id := r.Path("line_item_id")
	if inv, err = tx.changeLine(inv, id, r.Params(), ""); err != nil {
		return nil, err
	}
	if err := tx.retotal(inv); err != nil {
		return nil, err
	}
	tx.Put(inv, "invoice.updated")
	lines := invoiceLines(inv)
	return lines[slices.IndexFunc(lines, func(line *stripeObject) bool { return line.ID() == id })], nil
}

func updateInvoiceLines(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	inv, err := findDraft(tx, r)
	if err != nil {
		return nil, err
	}
	for i, given := range r.Params().List("lines") {
		if inv, err = tx.changeLine(inv, given.Str("id"), given, lineParam(i)); err != nil {
			return nil, err
		}
	}
	if err := tx.retotal(inv); err != nil {
		return nil, err
	}
	tx.Put(inv, "invoice.updated")
	return inv, nil
}

// subscriptionLineParams are what may be changed of a line that bills a subscription.
var subscriptionLineParams = []string{"id", "description", "discountable", "discounts", "expand", "invoice_metadata", "metadata", "period", "tax_amounts", "tax_rates"}

// changeLine changes a line of a draft, and the invoice item that it bills.
func (tx *accountTx) changeLine(inv *stripeObject, id string, p formParams, at string) (*stripeObject, error) {
	inv = inv.Edit()
	lines := invoiceLines(inv)
	i := slices.IndexFunc(lines, func(line *stripeObject) bool { return line.ID() == id })
	if i < 0 {
		return nil, missing("line_item", id, orElse(at, "line_item_id"), 404)
	}
	if item := tx.itemOfLine(lines[i]); item != nil {
		if err := tx.checkItem(item, p); err != nil {
			return nil, err
		}
		item = item.Edit()
		if err := tx.setItem(item, p, at); err != nil {
			return nil, err
		}
		if err := tx.setTaxAmounts(item, p, at); err != nil {
			return nil, err
		}
		tx.Put(item)
		lines[i] = tx.newItemLine(inv, item).Set("id", id)
	} else {
		for _, key := range p.Keys() {
			if !slices.Contains(subscriptionLineParams, key) {
				return nil, invalid(under(at, key), "", "The %s of a line that bills a subscription cannot be changed.", key)
			}
		}
		line := lines[i].Edit()
		if err := tx.setLine(line, inv, p, at); err != nil {
			return nil, err
		}
		lines[i] = line
	}
	setInvoiceLines(inv, lines)
	return inv, nil
}

// setLine changes a line that bills a subscription.
func (tx *accountTx) setLine(line, inv *stripeObject, p formParams, at string) error {
	applyParams(tx, line, p, "discounts", "tax_rates", "tax_amounts", "id")
	if p.Has("tax_rates") {
		rates, err := findRates(tx, p.Strs("tax_rates"), under(at, "tax_rates"))
		if err != nil {
			return err
		}
		line.Set(hiddenRates, objectIDs(rates))
	}
	if p.Has("discounts") {
		discounts, err := tx.discountsFrom(p, under(at, "discounts"), "invoice", inv.ID(), inv.Str("customer"))
		if err != nil {
			return err
		}
		line.Set("discounts", objectIDs(discounts))
	}
	return tx.setTaxAmounts(line, p, at)
}

// hiddenTaxAmounts are, of an invoice item or a line, taxes that the caller computed.
const hiddenTaxAmounts = "_tax_amounts"

// setTaxAmounts keeps taxes that the caller computed: each has a tax rate that is made for it.
func (tx *accountTx) setTaxAmounts(o *stripeObject, p formParams, at string) error {
	if !p.Has("tax_amounts") {
		return nil
	}
	var amounts []any
	for i, given := range p.List("tax_amounts") {
		data, ok := given.Hash("tax_rate_data")
		if !ok {
			return invalid(under(at, "tax_amounts["+strconv.Itoa(i)+"][tax_rate_data]"), "parameter_missing", "Missing required param: tax_amounts[%d][tax_rate_data].", i)
		}
		rate := tx.New("tax_rate").Set("active", false).Set("rate_type", "percentage")
		applyParams(tx, rate, data)
		rate.Set("effective_percentage", rate.Float("percentage"))
		tx.Put(rate)
		amounts = append(amounts, hash("amount", given.Int("amount"), "taxable_amount", given.Int("taxable_amount"), "rate", rate.ID(),
			"inclusive", rate.Bool("inclusive"), "reason", orElse(given.Str("taxability_reason"), "not_available")))
	}
	o.Set(hiddenTaxAmounts, amounts)
	return nil
}

func removeInvoiceLines(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	inv, err := findDraft(tx, r)
	if err != nil {
		return nil, err
	}
	lines := invoiceLines(inv)
	var ids []string
	for i, given := range r.Params().List("lines") {
		id := given.Str("id")
		at := slices.IndexFunc(lines, func(line *stripeObject) bool { return line.ID() == id })
		if at < 0 {
			return nil, missing("line_item", id, lineParam(i)+"[id]", 400)
		}
		item := tx.itemOfLine(lines[at])
		switch {
		case item == nil:
			return nil, invalid(lineParam(i)+"[id]", "", "The line %s bills a subscription and cannot be removed.", id)
		case given.Str("behavior") == "unassign":
			tx.Put(item.Edit().Set("invoice", nil).Set(hiddenLineOf, nil))
		default:
			tx.Delete(item, "invoiceitem.deleted")
		}
		ids = append(ids, id)
	}
	if err := tx.dropLines(inv, ids); err != nil {
		return nil, err
	}
	return tx.Get("invoice", inv.ID()), nil
}
