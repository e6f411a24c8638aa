package billing

import "slices"

// Grant is credit of a customer that pays usage of meters. Source:
// docs.stripe.com/billing/subscriptions/usage-based/billing-credits.
type Grant struct {
	ID string
	// Left is what it can still pay, in minor units.
	Left Amount
	// Prices are the ids of the prices that it pays; nil is every metered one.
	Prices []string
}

// GrantAmount is what a grant pays, in minor units.
type GrantAmount struct {
	Grant  string
	Amount Amount
}

func (g Grant) pays(l InvoiceLine) bool {
	return l.Metered && (g.Prices == nil || slices.Contains(g.Prices, l.Price))
}

// grantLines lets the grants pay what is left of the lines, in the order of both.
func (d Draft) grantLines(lines []InvoiceLine) {
	for _, g := range d.Grants {
		for i := range lines {
			part := min(g.Left, lines[i].Net())
			if part <= 0 || !g.pays(lines[i]) {
				continue
			}
			g.Left -= part
			lines[i].Grants = append(lines[i].Grants, GrantAmount{g.ID, part})
		}
	}
}

func (inv *Invoice) addGrant(a GrantAmount) {
	for i := range inv.Grants {
		if inv.Grants[i].Grant == a.Grant {
			inv.Grants[i].Amount += a.Amount
			return
		}
	}
	inv.Grants = append(inv.Grants, a)
}
