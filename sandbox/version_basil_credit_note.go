package sandbox

// Before basil a credit note had one refund.
func init() {
	registerChange(versionChange{
		since: "2025-03-31.basil",
		what: "A credit note has `refunds` and `total_taxes`, its lines `taxes`; before it had `refund` and `tax_amounts`, its lines `tax_amounts`, `amount_excluding_tax` and `unit_amount_excluding_tax`. " +
			"Calls take `refunds`; before they took `refund`.",
		source: "docs.stripe.com/changelog/basil/2025-03-31/add-support-for-multiple-partial-payments-on-invoices; the types of stripe-node 17.7.0 beside those of 18.5.0",
		shapes: []shapeChange{
			{
				schema: "credit_note", edit: []nodeEdit{without("refunds", "total_taxes"), with("refund", nullable(referenceTo("refund"))), with("tax_amounts", arrayOf(taxAmountNode))},
				fill: func(_ *translation, from, to *stripeObject) {
					if refunds := from.List("refunds"); len(refunds) > 0 {
						first, _ := refunds[0].(*stripeObject)
						id, _ := first.get("refund").(string)
						to.Set("refund", textOrNull(id))
					}
					to.Set("tax_amounts", taxAmounts(from.List("total_taxes")))
				},
			},
			{
				schema: "credit_note_line_item",
				edit:   []nodeEdit{without("taxes"), with("amount_excluding_tax", nullable(aNumber())), with("tax_amounts", arrayOf(taxAmountNode)), with("unit_amount_excluding_tax", nullable(aText()))},
				fill: func(_ *translation, from, to *stripeObject) {
					taxes := from.List("taxes")
					to.Set("tax_amounts", taxAmounts(taxes))
					fillExcludingTax(from, to, taxes, from.Int("quantity"), from.Str("unit_amount_decimal"))
				},
			},
		},
		calls: []callChange{{
			ops: []string{"POST /v1/credit_notes", "GET /v1/credit_notes/preview", "GET /v1/credit_notes/preview/lines"}, edit: []nodeEdit{without("refunds"), withOptional("refund", aText())},
			up: func(_ *accountTx, p *paramNode) error {
				if refund := p.take("refund"); refund != nil {
					p.put("refunds", listOfNodes(branchOf("refund", refund)))
				}
				return nil
			},
			names: map[string]string{"refunds[0][refund]": "refund"},
		}},
	})
}
