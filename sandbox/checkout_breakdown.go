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
	for _, item := range items {
		for _, t := range item.List("_taxes") {
			tax, ok := t.(*stripeObject)
			if !ok {
				continue
			}
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
	at := slices.IndexFunc(session.List("discounts"), func(d any) bool { _, ok := d.(*stripeObject); return ok })
	if at < 0 {
		return shown
	}
	given := session.List("discounts")[at].(*stripeObject)
	discount := tx.NewHash("discount").Set("id", tx.NewID("di_1", 23)).Set("object", "discount").Set("checkout_session", session.ID()).
		Set("customer", session.Get("customer")).Set("promotion_code", given.Get("promotion_code")).Set("start", tx.Now()).
		Set("source", tx.NewHash("discount_source").Set("coupon", session.Str("_coupon")).Set("type", "coupon"))
	return shown.Set("discounts", []*stripeObject{tx.NewHash("line_items_discount_amount").Set("amount", off).Set("discount", discount)})
}
