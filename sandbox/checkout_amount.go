package sandbox

import "slices"

// The hidden slots of what is expanded: the taxes of a line item or of shipping, and the discounts of a line item.
const (
	hiddenTaxes = "_taxes"
	hiddenOff   = "_discounts"
)

func subtotal(session *stripeObject) int64 {
	var sum int64
	for _, item := range sessionItems(nil, session) {
		sum += itemCost(item)
	}
	return sum
}

// addUp computes a session's amounts from its items, discount, taxes and shipping. Discounts come before taxes; taxes are
// rounded per line. What a subscription costs at its beginning is asked of billing.
func addUp(tx *accountTx, session *stripeObject) error {
	items := sessionItems(tx, session)
	lines := make([]int64, len(items))
	for i, item := range items {
		lines[i] = itemCost(item)
	}
	discounts := discountLines(items, lines, tx.Get("coupon", session.Str(hiddenCoupon)))
	rules := taxRulesOf(tx, session)
	var sub, off, taxes, total int64
	summed := make([]*stripeObject, len(items))
	for i, item := range items {
		t := rules.line(tx, item, lines[i]-discounts[i])
		item = item.Edit().Set("amount_subtotal", lines[i]).Set("amount_discount", discounts[i]).Set("amount_tax", t.tax).
			Set("amount_total", lines[i]-discounts[i]+t.added).Set(hiddenTaxes, t.shown).Set(hiddenOff, itemDiscounts(tx, session, discounts[i]))
		summed[i] = item
		sub, off, taxes, total = sub+lines[i], off+discounts[i], taxes+t.tax, total+item.Int("amount_total")
	}
	shipping := addUpShipping(tx, session, rules)
	taxes += session.Int("shipping_cost.amount_tax")
	session.Set(hiddenItems, summed).Set("amount_subtotal", sub).Set("amount_total", total+session.Int("shipping_cost.amount_total")).
		Set("total_details", tx.NewHash("payment_pages_checkout_session_total_details").
			Set("amount_discount", off).Set("amount_shipping", shipping).Set("amount_tax", taxes))
	session.Set("total_details."+hiddenBreakdown, breakdown(tx, session, summed, off))
	if session.Str("mode") == "subscription" {
		return addUpFirst(tx, session)
	}
	return nil
}

// addUpShipping computes the cost of shipping with its tax and answers it without.
func addUpShipping(tx *accountTx, session *stripeObject, rules taxRules) int64 {
	cost := session.Hash("shipping_cost")
	if cost == nil {
		return 0
	}
	amount := cost.Int("amount_subtotal")
	t := rules.shipping(tx, cost.Str("shipping_rate"), amount)
	session.Set("shipping_cost", cost.Edit().Set("amount_tax", t.tax).Set("amount_total", amount+t.added).Set(hiddenTaxes, t.shown))
	return amount
}

// itemDiscounts is what an item shows of a session's discount.
func itemDiscounts(tx *accountTx, session *stripeObject, amount int64) []*stripeObject {
	discount := session.Hash(hiddenDiscount)
	if discount == nil || amount == 0 {
		return nil
	}
	return []*stripeObject{tx.NewHash("line_items_discount_amount").Set("amount", amount).Set("discount", discount)}
}

// discountLines spreads a coupon over the lines that it applies to. The rest of rounding an amount falls on the last line.
func discountLines(items []*stripeObject, lines []int64, coupon *stripeObject) []int64 {
	discounts := make([]int64, len(lines))
	if coupon == nil {
		return discounts
	}
	var eligible []int
	var sum int64
	for i, item := range items {
		if couponTakes(coupon, item) {
			eligible = append(eligible, i)
			sum += lines[i]
		}
	}
	if coupon.Has("percent_off") {
		for _, i := range eligible {
			discounts[i] = share(lines[i], coupon.Float("percent_off"))
		}
		return discounts
	}
	left := min(coupon.Int("amount_off"), sum)
	for n, i := range eligible {
		part := left
		if n < len(eligible)-1 && sum > 0 {
			part = rounded(left*lines[i], sum)
		}
		discounts[i] = part
		left, sum = left-part, sum-lines[i]
	}
	return discounts
}

// exempt are the words of tax_exempt with which nothing is taxed.
var exempt = []string{"exempt", "reverse"}

// taxRules say how a session is taxed.
type taxRules struct {
	// exempt says that the customer pays no tax; what is inside a price is taken out of it.
	exempt bool
	// automatic says that the rate which the account declared for the buyer's place is used; place is empty while nobody
	// knows it.
	automatic bool
	place     *stripeObject
}

func taxRulesOf(tx *accountTx, session *stripeObject) taxRules {
	rules := taxRules{automatic: session.Bool("automatic_tax.enabled")}
	if customer := tx.Get("customer", session.Str("customer")); customer != nil {
		rules.exempt = slices.Contains(exempt, customer.Str("tax_exempt"))
	}
	if rules.automatic {
		rules.place = taxAddress(tx, session)
	}
	return rules
}

// lineTax is the tax of an amount: all of it, what comes on top of the price, and what an expanded list shows.
type lineTax struct {
	tax, added int64
	shown      []*stripeObject
}

// line taxes a line item by its own rates, or by the declared one.
func (r taxRules) line(tx *accountTx, item *stripeObject, amount int64) lineTax {
	rates := hashes(item.List(hiddenItemRates))
	if r.automatic {
		rates = r.declared(tx, item.Str("price.tax_behavior"))
	}
	return r.taxed(tx, amount, rates)
}

// shipping taxes a shipping rate: by the declared rate only, since shipping has no rates of its own.
func (r taxRules) shipping(tx *accountTx, id string, amount int64) lineTax {
	rate := tx.Get("shipping_rate", id)
	if !r.automatic || rate == nil {
		return lineTax{}
	}
	return r.taxed(tx, amount, r.declared(tx, rate.Str("tax_behavior")))
}

// declared is the account's rate of the buyer's place, inside or on top as the price says; none where none is declared.
func (r taxRules) declared(tx *accountTx, behaviour string) []*stripeObject {
	if r.place.Str("country") == "" {
		return nil
	}
	if rate := tx.automaticTaxRate(r.place.Str("country"), r.place.Str("state"), behaviour); rate != nil {
		return []*stripeObject{rate}
	}
	return nil
}

// taxed computes the tax of an amount. Inclusive rates share the amount by their sum; exclusive ones come on top of what
// those leave (docs.stripe.com/billing/taxes/tax-rates).
func (r taxRules) taxed(tx *accountTx, amount int64, rates []*stripeObject) lineTax {
	var inside int64 // the sum of all inclusive percentages, in 10,000ths
	for _, rate := range rates {
		if rate.Bool("inclusive") {
			inside += tenThousandths(rate)
		}
	}
	var t lineTax
	net := amount
	parts := make([]int64, len(rates))
	for i, rate := range rates {
		if rate.Bool("inclusive") {
			parts[i] = rounded(amount*tenThousandths(rate), 1_000_000+inside)
			net -= parts[i]
		}
	}
	for i, rate := range rates {
		if !rate.Bool("inclusive") {
			parts[i] = share(net, rate.Float("percentage"))
		}
		reason := "standard_rated"
		switch {
		case r.exempt && rate.Bool("inclusive"):
			t.added -= parts[i]
		case r.exempt:
		case rate.Bool("inclusive"):
			t.tax += parts[i]
		default:
			t.tax, t.added = t.tax+parts[i], t.added+parts[i]
		}
		if r.exempt {
			parts[i], reason = 0, "customer_exempt"
		}
		shown := tx.NewHash("line_items_tax_amount").Set("amount", parts[i]).Set("rate", rate).Set("taxable_amount", net)
		if r.automatic {
			shown.Set("taxability_reason", reason)
		}
		t.shown = append(t.shown, shown)
	}
	return t
}

func tenThousandths(rate *stripeObject) int64 { return int64(rate.Float("percentage")*10_000 + 0.5) }
