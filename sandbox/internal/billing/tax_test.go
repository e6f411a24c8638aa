package billing_test

import (
	"testing"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// Recorded: 3 at 10294 with 21 % inclusive: 30882*21/121 = 5359.69, 5360 tax,
// 25522 without; and 21 % exclusive of -11000 and 19999 are -2310 and 4200.
func TestRecordedTaxes(t *testing.T) {
	t.Parallel()
	inclusive := []billing.TaxRate{{ID: "in", Percentage: billing.Whole(21), Inclusive: true}}
	inv := bill(t, billing.Draft{Lines: []billing.Line{{Amount: 30882}}, TaxRates: inclusive})
	same(t, "inclusive", inv.Taxes, []billing.TaxAmount{{Rate: "in", Inclusive: true, Amount: 5360, Taxable: 25522}})
	same(t, "excluding", inv.TotalExcludingTax, 25522)
	exclusive := []billing.TaxRate{{ID: "ex", Percentage: billing.Whole(21)}}
	inv = bill(t, billing.Draft{Lines: []billing.Line{{Amount: -11000}, {Amount: 19999}}, TaxRates: exclusive})
	same(t, "exclusive", []billing.Amount{inv.Lines[0].Taxes[0].Amount, inv.Lines[1].Taxes[0].Amount}, []billing.Amount{-2310, 4200})
}

// Stripe's documentation, tax rates, rounding: 100000 and 5000 with 10 %
// inclusive. By line 9090.91 is 9091 and 454.55 is 455, 9546; by invoice
// 105000*10/110 = 9545.45 is 9545.
func TestTaxIsRoundedByLineOrByInvoice(t *testing.T) {
	t.Parallel()
	d := billing.Draft{
		Lines:    []billing.Line{{Amount: 100000}, {Amount: 5000}},
		TaxRates: []billing.TaxRate{{ID: "txr_1", Percentage: billing.Whole(10), Inclusive: true}},
	}
	inv := bill(t, d)
	same(t, "by line", inv.Taxes[0].Amount, 9546)
	same(t, "without", inv.TotalExcludingTax, 95454)
	d.TaxRounding = billing.RoundPerInvoice
	inv = bill(t, d)
	same(t, "by invoice", inv.Taxes[0].Amount, 9545)
	same(t, "without", inv.TotalExcludingTax, 95455)
	same(t, "total", inv.Total, 105000)
}

// Stripe's documentation, tax rates, discounts: 500 and 1000 with 10 % off.
func TestDocumentedDiscountsAndTaxes(t *testing.T) {
	t.Parallel()
	five, seven := billing.Whole(5), billing.Whole(7)
	for _, tt := range []struct {
		name  string
		rates []billing.TaxRate
		taxes [2][]billing.Amount
		lines [2]billing.Amount
		total billing.Amount
	}{
		// 450*5% = 22.5, 23 (the half goes up); 900*5% = 45.
		{"exclusive", []billing.TaxRate{{ID: "a", Percentage: five}}, [2][]billing.Amount{{23}, {45}}, [2]billing.Amount{473, 945}, 1418},
		// 450*5/105 = 21.4; 900*5/105 = 42.9.
		{"inclusive", []billing.TaxRate{{ID: "a", Percentage: five, Inclusive: true}}, [2][]billing.Amount{{21}, {43}}, [2]billing.Amount{450, 900}, 1350},
		// (450-21)*7% = 30.03; (900-43)*7% = 59.99.
		{"both", []billing.TaxRate{{ID: "b", Percentage: seven}, {ID: "a", Percentage: five, Inclusive: true}},
			[2][]billing.Amount{{21, 30}, {43, 60}}, [2]billing.Amount{480, 960}, 1440},
	} {
		inv := bill(t, billing.Draft{
			Lines:     []billing.Line{{Amount: 500, Discountable: true}, {Amount: 1000, Discountable: true}},
			Discounts: []billing.Discount{{ID: "di_1", Coupon: billing.Coupon{PercentOff: billing.Whole(10), Duration: billing.Forever}}},
			TaxRates:  tt.rates,
		})
		for n, l := range inv.Lines {
			var taxes []billing.Amount
			for _, tax := range l.Taxes {
				taxes = append(taxes, tax.Amount)
			}
			same(t, tt.name, taxes, tt.taxes[n])
			same(t, tt.name, l.Total(), tt.lines[n])
		}
		same(t, tt.name, inv.Total, tt.total)
	}
}

// Stripe's documentation, tax rates, exemption: 10000 with 10 % inclusive is 9091
// for an exempt customer, with 10 % exclusive 10000.
func TestExemptCustomersPayNoTax(t *testing.T) {
	t.Parallel()
	for _, exempt := range []billing.TaxExempt{billing.Exempt, billing.ReverseCharge} {
		d := billing.Draft{Lines: []billing.Line{{Amount: 10000}}, TaxExempt: exempt, TaxRates: []billing.TaxRate{{ID: "a", Percentage: billing.Whole(10), Inclusive: true}}}
		inv := bill(t, d)
		same(t, "inclusive", inv.Total, 9091)
		same(t, "tax", inv.Taxes[0].Amount, 0)
		d.TaxRates[0].Inclusive = false
		same(t, "exclusive", bill(t, d).Total, 10000)
	}
}
