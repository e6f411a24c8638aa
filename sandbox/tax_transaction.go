package sandbox

import (
	"net/http"
	"strconv"
)

func init() {
	behave("POST /v1/tax/transactions/create_from_calculation", recordTax)
	behave("POST /v1/tax/transactions/create_reversal", reverseTax)
	onExpand("tax.transaction", "line_items", calculatedLines)
	behave("GET /v1/tax/transactions/{transaction}/line_items", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		o := tx.Get("tax.transaction", r.Path("transaction"))
		if o == nil {
			return nil, missing("tax transaction", r.Path("transaction"), "transaction", http.StatusNotFound)
		}
		return tx.ListObjects(r, calculatedLines(tx, o))
	})
	begin("tax.registration", beginRegistration)
}

// checkReference refuses a reference that another tax transaction has.
func checkReference(tx *accountTx, reference string) (err error) {
	tx.Each("tax.transaction", func(o *stripeObject) bool {
		if o.Str("reference") == reference {
			err = invalid("reference", "", "A tax transaction with the reference %s already exists: %s.", reference, o.ID())
		}
		return err == nil
	})
	return err
}

// recordTax makes a calculation a transaction, once.
func recordTax(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	from, err := findCalculation(tx, p.Str("calculation"), "calculation", http.StatusBadRequest)
	if err != nil {
		return nil, err
	}
	if err := checkReference(tx, p.Str("reference")); err != nil {
		return nil, err
	}
	o := tx.New("tax.transaction").Set("type", "transaction").Set("reference", p.Str("reference")).Set("reversal", nil).
		Set("posted_at", tx.Now()).Set("shipping_cost", taxedShipping(tx, from, 1))
	if p.Has("posted_at") {
		o.Set("posted_at", p.Int("posted_at"))
	}
	for _, key := range []string{"currency", "customer", "customer_details", "ship_from_details", "tax_date"} {
		o.Set(key, from.Get(key))
	}
	var lines []*stripeObject
	for _, line := range calculatedLines(tx, from) {
		lines = append(lines, taxLine(tx, line, "transaction", 1))
	}
	applyMetadata(tx, o, p)
	tx.Put(o.Set(hiddenTaxLines, lines))
	return o, nil
}

// taxLine is a line of a transaction that repeats another one, or takes it back with sign -1.
func taxLine(tx *accountTx, of *stripeObject, typ string, sign int64) *stripeObject {
	line := tx.New("tax.transaction_line_item").Set("type", typ).Set("reversal", nil)
	for _, key := range []string{"metadata", "product", "quantity", "reference", "tax_behavior", "tax_code"} {
		line.Set(key, of.Get(key))
	}
	return line.Set("amount", sign*of.Int("amount")).Set("amount_tax", sign*of.Int("amount_tax"))
}

func taxedShipping(tx *accountTx, of *stripeObject, sign int64) any {
	cost := of.Hash("shipping_cost")
	if cost == nil {
		return nil
	}
	shown := tx.NewHash("tax_product_resource_tax_transaction_shipping_cost").Set("amount", sign*cost.Int("amount")).Set("amount_tax", sign*cost.Int("amount_tax")).
		Set("tax_behavior", cost.Get("tax_behavior")).Set("tax_code", cost.Get("tax_code"))
	if cost.Has("shipping_rate") {
		shown.Set("shipping_rate", cost.Get("shipping_rate"))
	}
	return shown
}

// reverseTax takes a transaction back: the whole of it, an amount that is spread over its lines, or certain lines.
func reverseTax(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	of := tx.Get("tax.transaction", p.Str("original_transaction"))
	switch {
	case of == nil:
		return nil, missing("tax transaction", p.Str("original_transaction"), "original_transaction", http.StatusBadRequest)
	case of.Str("type") == "reversal":
		return nil, invalid("original_transaction", "", "A reversal cannot be reversed.")
	case fullyReversed(tx, of):
		return nil, invalid("original_transaction", "", "The transaction %s is already fully reversed.", of.ID())
	}
	if err := checkReference(tx, p.Str("reference")); err != nil {
		return nil, err
	}
	o := tx.New("tax.transaction").Set("type", "reversal").Set("reference", p.Str("reference")).Set("posted_at", tx.Now()).
		Set("reversal", tx.NewHash("tax_product_resource_tax_transaction_resource_reversal").Set("original_transaction", of.ID()))
	for _, key := range []string{"currency", "customer", "customer_details", "ship_from_details", "tax_date"} {
		o.Set(key, of.Get(key))
	}
	o.Set("shipping_cost", nil)
	lines, err := reversedLines(tx, of, p)
	if err != nil {
		return nil, err
	}
	switch cost, ok := p.Hash("shipping_cost"); {
	case p.Str("mode") == "full":
		o.Set("shipping_cost", taxedShipping(tx, of, -1)).Set(hiddenFullReversal, true)
	case ok && !of.Has("shipping_cost"):
		return nil, invalid("shipping_cost", "", "The original transaction has no shipping cost.")
	case ok:
		shown := taxedShipping(tx, of, -1).(*stripeObject)
		o.Set("shipping_cost", shown.Set("amount", cost.Int("amount")).Set("amount_tax", cost.Int("amount_tax")))
	}
	applyMetadata(tx, o, p)
	tx.Put(o.Set(hiddenTaxLines, lines))
	return o, nil
}

// hiddenFullReversal says that a reversal took everything.
const hiddenFullReversal = "_full"

func fullyReversed(tx *accountTx, of *stripeObject) (full bool) {
	tx.Each("tax.transaction", func(o *stripeObject) bool {
		full = full || o.Str("reversal.original_transaction") == of.ID() && o.Bool(hiddenFullReversal)
		return !full
	})
	return full
}

// reversedLines are the lines of a reversal. Their amounts are below zero, as the call has to say them.
func reversedLines(tx *accountTx, of *stripeObject, p formParams) ([]*stripeObject, error) {
	lines := calculatedLines(tx, of)
	back := func(line *stripeObject, amount, tax int64) *stripeObject {
		return taxLine(tx, line, "reversal", -1).Set("amount", amount).Set("amount_tax", tax).
			Set("reversal", tx.NewHash("tax_product_resource_tax_transaction_line_item_resource_reversal").Set("original_line_item", line.ID()))
	}
	var made []*stripeObject
	switch {
	case p.Str("mode") == "full":
		for _, line := range lines {
			made = append(made, back(line, -line.Int("amount"), -line.Int("amount_tax")))
		}
	case p.Has("flat_amount"):
		return spreadReversal(lines, p.Int("flat_amount"), back)
	case len(p.List("line_items")) == 0:
		return nil, invalid("line_items", "", "A partial reversal needs line_items or a flat_amount.")
	}
	for i, given := range p.List("line_items") {
		at := "line_items[" + strconv.Itoa(i) + "]"
		n := indexOfItem(lines, given.Str("original_line_item"))
		switch {
		case n < 0:
			return nil, missing("line item", given.Str("original_line_item"), at+"[original_line_item]", http.StatusBadRequest)
		case given.Int("amount") > 0 || given.Int("amount") < -lines[n].Int("amount"):
			return nil, invalid(at+"[amount]", "", "The amount of a reversal is negative, and at most that of the original line.")
		}
		line := back(lines[n], given.Int("amount"), given.Int("amount_tax")).Set("reference", given.Str("reference"))
		if given.Has("quantity") {
			line.Set("quantity", given.Int("quantity"))
		}
		applyMetadata(tx, line, onlyMetadata(given))
		made = append(made, line)
	}
	return made, nil
}

// spreadReversal shares an amount with its tax, below zero, over the lines in proportion to what they cost with tax; the last
// one takes what rounding left.
func spreadReversal(lines []*stripeObject, flat int64, back func(line *stripeObject, amount, tax int64) *stripeObject) ([]*stripeObject, error) {
	gross := func(line *stripeObject) int64 {
		if line.Str("tax_behavior") == "inclusive" {
			return line.Int("amount")
		}
		return line.Int("amount") + line.Int("amount_tax")
	}
	var whole int64
	for _, line := range lines {
		whole += gross(line)
	}
	if flat >= 0 || -flat > whole {
		return nil, invalid("flat_amount", "", "The flat_amount is negative, and at most the total of the original transaction.")
	}
	var made []*stripeObject
	left := flat
	for i, line := range lines {
		part := flat * gross(line) / whole
		if i == len(lines)-1 {
			part = left
		}
		left -= part
		var tax int64
		if g := gross(line); g > 0 {
			tax = part * line.Int("amount_tax") / g
		}
		amount := part
		if line.Str("tax_behavior") != "inclusive" {
			amount -= tax
		}
		made = append(made, back(line, amount, tax))
	}
	return made, nil
}

// beginRegistration says since and until when a registration holds: active_from is an instant or the word now.
func beginRegistration(tx *accountTx, o *stripeObject, p formParams) error {
	from := tx.Now()
	if at, err := strconv.ParseInt(p.Str("active_from"), 10, 64); err == nil {
		from = at
	}
	o.Set("active_from", from).Set("status", "active")
	switch {
	case from > tx.Now():
		o.Set("status", "scheduled")
	case o.Has("expires_at") && o.Int("expires_at") <= tx.Now():
		o.Set("status", "expired")
	}
	return nil
}
