package sandbox

import (
	"net/http"
	"slices"
	"strconv"
)

func init() {
	begin("tax.calculation", beginCalculation)
	onExpand("tax.calculation", "line_items", calculatedLines)
	behave("GET /v1/tax/calculations/{calculation}/line_items", listCalculatedLines)
}

const (
	// hiddenTaxLines are the lines of a calculation or a tax transaction, which answers leave out.
	hiddenTaxLines = "_lines"
	// calculationLife is how long a calculation can become a transaction, in seconds: 90 days (docs.stripe.com/tax/custom).
	calculationLife = 90 * day
	// generalGoods is the code of a line that names none (docs.stripe.com/tax/tax-codes).
	generalGoods = "txcd_99999999"
)

func calculatedLines(_ *accountTx, o *stripeObject) []*stripeObject {
	return objectsIn(o.List(hiddenTaxLines))
}

// beginCalculation computes the tax of lines that the account's settings declare for the buyer's place; none is due where
// none is declared. Stripe knows the rates of the world, settings stand for them.
func beginCalculation(tx *accountTx, o *stripeObject, p formParams) error {
	place, err := taxedPlace(tx, o, p)
	if err != nil {
		return err
	}
	rules := taxRules{automatic: true, place: place, exempt: p.Str("customer_details.taxability_override") == "customer_exempt"}
	var total, inclusive, exclusive int64
	var lines []*stripeObject
	sums := taxSums{tx: tx, list: []*stripeObject{}}
	for i, given := range p.List("line_items") {
		at := "line_items[" + strconv.Itoa(i) + "]"
		if given.Int("amount") < 0 {
			return invalid(at+"[amount]", "parameter_invalid_integer", "Invalid non-negative integer")
		}
		behaviour := orElse(given.Str("tax_behavior"), "exclusive")
		tax := rules.taxed(tx, given.Int("amount"), rules.declared(tx, behaviour))
		line := tx.New("tax.calculation_line_item").Set("amount", given.Int("amount")).Set("amount_tax", tax.tax).Set("product", textOrNull(given.Str("product"))).
			Set("quantity", max(1, given.Int("quantity"))).Set("reference", orElse(given.Str("reference"), "L"+strconv.Itoa(i+1))).
			Set("tax_behavior", behaviour).Set("tax_code", orElse(given.Str("tax_code"), generalGoods)).Set("tax_breakdown", nil)
		applyMetadata(tx, line, onlyMetadata(given))
		lines = append(lines, closed(line))
		total += given.Int("amount") + tax.added
		exclusive, inclusive = exclusive+tax.added, inclusive+tax.tax-tax.added
		sums.add(tax)
	}
	if given, ok := p.Hash("shipping_cost"); ok {
		cost, tax, err := calculatedShipping(tx, rules, given)
		if err != nil {
			return err
		}
		o.Set("shipping_cost", cost)
		total += cost.Int("amount") + tax.added
		exclusive, inclusive = exclusive+tax.added, inclusive+tax.tax-tax.added
		sums.add(tax)
	}
	o.Set("amount_total", total).Set("tax_amount_exclusive", exclusive).Set("tax_amount_inclusive", inclusive).Set("tax_breakdown", sums.list).
		Set(hiddenTaxLines, lines).Set("expires_at", tx.Now()+calculationLife)
	if !p.Has("tax_date") {
		o.Set("tax_date", tx.Now())
	}
	return nil
}

// taxedPlace is where a buyer is: their details say it, or the customer's address.
func taxedPlace(tx *accountTx, o *stripeObject, p formParams) (*stripeObject, error) {
	if o.Str("customer_details.taxability_override") == "" {
		o.Set("customer_details.taxability_override", "none")
	}
	if id := p.Str("customer"); id != "" {
		customer, err := findCustomer(tx, id, "customer", http.StatusBadRequest)
		if err != nil {
			return nil, err
		}
		address, source := customer.Hash("shipping.address"), "shipping"
		if address == nil {
			address, source = customer.Hash("address"), "billing"
		}
		if address != nil && !p.Has("customer_details.address") {
			shown := tx.NewHash("tax_product_resource_postal_address")
			for _, key := range shown.Keys() {
				shown.Set(key, address.Get(key))
			}
			o.Set("customer_details.address", shown).Set("customer_details.address_source", source)
		}
	}
	place := o.Hash("customer_details.address")
	if place == nil || place.Str("country") == "" {
		if p.Str("customer_details.ip_address") != "" {
			return hash(), nil // nobody knows here where an address of the network is
		}
		return nil, invalid("customer_details[address]", "customer_tax_location_invalid", "We could not determine the customer's tax location. Provide customer_details[address] or a customer with an address.")
	}
	return place, nil
}

// calculatedShipping is the tax of a shipping cost: an amount, or a shipping rate's.
func calculatedShipping(tx *accountTx, rules taxRules, given formParams) (cost *stripeObject, tax lineTax, err error) {
	amount, behaviour, code := given.Int("amount"), given.Str("tax_behavior"), given.Str("tax_code")
	cost = tx.NewHash("tax_product_resource_tax_calculation_shipping_cost")
	if id := given.Str("shipping_rate"); id != "" {
		rate := tx.Get("shipping_rate", id)
		if rate == nil {
			return nil, lineTax{}, missing("shipping rate", id, "shipping_cost[shipping_rate]", http.StatusBadRequest)
		}
		amount, behaviour, code = rate.Int("fixed_amount.amount"), orElse(behaviour, rate.Str("tax_behavior")), orElse(code, rate.Str("tax_code"))
		cost.Set("shipping_rate", id)
	}
	if behaviour != "inclusive" {
		behaviour = "exclusive"
	}
	tax = rules.taxed(tx, amount, rules.declared(tx, behaviour))
	return cost.Set("amount", amount).Set("amount_tax", tax.tax).Set("tax_behavior", behaviour).Set("tax_code", orElse(code, "txcd_92010001")), tax, nil
}

// taxSums are the taxes of all lines, summed by rate, in the order in which the rates were met.
type taxSums struct {
	tx    *accountTx
	rates []string
	list  []*stripeObject
}

func (s *taxSums) add(tax lineTax) {
	for _, part := range tax.shown {
		rate := part.Hash("rate")
		n := slices.Index(s.rates, rate.ID())
		if n < 0 {
			details := s.tx.NewHash("tax_product_resource_tax_rate_details").Set("country", rate.Get("country")).Set("state", rate.Get("state")).
				Set("percentage_decimal", strconv.FormatFloat(rate.Float("percentage"), 'f', -1, 64)).Set("rate_type", "percentage").Set("tax_type", rate.Get("tax_type"))
			n = len(s.list)
			s.rates = append(s.rates, rate.ID())
			s.list = append(s.list, s.tx.NewHash("tax_product_resource_tax_breakdown").Set("inclusive", rate.Bool("inclusive")).Set("tax_rate_details", details).
				Set("taxability_reason", orElse(part.Str("taxability_reason"), "standard_rated")))
		}
		sum := s.list[n]
		sum.Set("amount", sum.Int("amount")+part.Int("amount")).Set("taxable_amount", sum.Int("taxable_amount")+part.Int("taxable_amount"))
	}
}

// findCalculation finds a calculation that has not expired.
func findCalculation(tx *accountTx, id, param string, status int) (*stripeObject, error) {
	o := tx.Get("tax.calculation", id)
	if o == nil || tx.Now() > o.Int("expires_at") {
		return nil, missing("tax calculation", id, param, status)
	}
	return o, nil
}

func listCalculatedLines(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o, err := findCalculation(tx, r.Path("calculation"), "calculation", http.StatusNotFound)
	if err != nil {
		return nil, err
	}
	return tx.ListObjects(r, calculatedLines(tx, o))
}
