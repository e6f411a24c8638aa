package sandbox

// Before basil calls named the price of an invoice's item or line directly.
func init() {
	bring := func(p *paramNode) {
		if price := p.take("price"); price != nil {
			p.branch("pricing").put("price", price)
		}
		if unit := p.take("unit_amount"); unit != nil {
			p.put("unit_amount_decimal", leafOf(formParams{unit}.Str("")))
		}
	}
	edits := []nodeEdit{without("pricing"), withOptional("price", aText()), withOptional("unit_amount", aNumber())}
	registerChange(versionChange{
		since:  "2025-03-31.basil",
		what:   "Invoice items and lines take `pricing[price]` and `unit_amount_decimal`; before they took `price` and `unit_amount`.",
		source: "docs.stripe.com/changelog/basil/2025-03-31/invoice-pricing-configurations; stripe-node 18.0.0, CHANGELOG.md",
		calls: []callChange{
			{
				ops: []string{"POST /v1/invoiceitems", "POST /v1/invoiceitems/{invoiceitem}", "POST /v1/invoices/{invoice}/lines/{line_item_id}"}, edit: edits,
				up: func(_ *accountTx, p *paramNode) error {
					bring(p)
					return nil
				},
				names: map[string]string{"pricing[price]": "price"},
			},
			{
				ops: []string{"POST /v1/invoices/{invoice}/add_lines", "POST /v1/invoices/{invoice}/update_lines"}, edit: []nodeEdit{at("lines", edits...)},
				up: func(_ *accountTx, p *paramNode) error {
					p.each([]string{"lines"}, bring)
					return nil
				},
			},
		},
	})
}
