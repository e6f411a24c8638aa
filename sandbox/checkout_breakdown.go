package sandbox

import "slices"

func init() {
	onExpand("", "breakdown", func(_ *accountTx, details *stripeObject) []*stripeObject {
		if shown := details.Hash(hiddenBreakdown); shown != nil {
			return []*stripeObject{shown}
		}
		return nil
	})
}

// hiddenBreakdown is what total_details.breakdown shows when it is expanded.
const hiddenBreakdown = "_breakdown"

// breakdown tells of which discounts and taxes a session's sums are made; taxes of one rate are added up.
func breakdown(tx *accountTx, session *stripeObject, items []*stripeObject, off int64) *stripeObject {
	var rates []string
	sums := map[string]*stripeObject{}
	taxed := append(slices.Clone(items), shippingTaxes(session)...)
	for _, one := range taxed {
		for _, tax := range hashes(one.List(hiddenTaxes)) {
			id := tax.Str("rate.id")
			if sums[id] == nil {
				rates = append(rates, id)
				sums[id] = tax.Edit()
				continue
			}
			sum := sums[id]
			sum.Set("amount", sum.Int("amount")+tax.Int("amount")).Set("taxable_amount", sum.Int("taxable_amount")+tax.Int("taxable_amount"))
		}
	}
	taxes := make([]*stripeObject, 0, len(rates))
	for _, id := range rates {
		taxes = append(taxes, sums[id])
	}
	shown := tx.NewHash("payment_pages_checkout_session_total_details_resource_breakdown").Set("taxes", taxes)
	discount := session.Hash(hiddenDiscount)
	if discount == nil {
		return shown
	}
	return shown.Set("discounts", []*stripeObject{tx.NewHash("line_items_discount_amount").Set("amount", off).Set("discount", discount)})
}

// shippingTaxes is the cost of shipping, when there is one.
func shippingTaxes(session *stripeObject) []*stripeObject {
	if cost := session.Hash("shipping_cost"); cost != nil {
		return []*stripeObject{cost}
	}
	return nil
}
