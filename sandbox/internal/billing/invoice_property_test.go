package billing_test

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func drawPercent(t *rapid.T, label string, most int64) billing.Decimal {
	whole := rapid.Int64Range(0, most-1).Draw(t, label)
	fraction := rapid.SampledFrom([]string{"", ".5", ".25", ".875", ".3333", ".01"}).Draw(t, label+" fraction")
	return dec(t, fmt.Sprintf("%d%s", whole, fraction))
}

func drawDiscounts(t *rapid.T, label string) []billing.Discount {
	var list []billing.Discount
	for n := range rapid.IntRange(0, 3).Draw(t, label) {
		c := billing.Coupon{Duration: billing.Forever, Currency: "usd"}
		if rapid.Bool().Draw(t, "percent") {
			c.PercentOff = drawPercent(t, "percent off", 100)
		}
		if c.PercentOff.Sign() == 0 {
			c.AmountOff = billing.Amount(rapid.Int64Range(1, 5000).Draw(t, "amount off"))
		}
		if rapid.Bool().Draw(t, "limited") {
			c.Products = []string{"prod_a"}
		}
		list = append(list, billing.Discount{ID: fmt.Sprintf("di_%s_%d", label, n), Coupon: c})
	}
	return list
}

func drawRates(t *rapid.T, label string) []billing.TaxRate {
	var list []billing.TaxRate
	for n := range rapid.IntRange(0, 3).Draw(t, label) {
		list = append(list, billing.TaxRate{ID: fmt.Sprintf("txr_%s_%d", label, n), Percentage: drawPercent(t, "percentage", 40), Inclusive: rapid.Bool().Draw(t, "inclusive")})
	}
	return list
}

func drawDraft(t *rapid.T) billing.Draft {
	d := billing.Draft{
		Currency: "usd", Discounts: drawDiscounts(t, "invoice"), TaxRates: drawRates(t, "default"),
		TaxRounding:     rapid.SampledFrom([]billing.TaxRounding{"", billing.RoundPerLine, billing.RoundPerInvoice}).Draw(t, "rounding"),
		StartingBalance: billing.Amount(rapid.Int64Range(-5000, 5000).Draw(t, "balance")),
		MinimumCharge:   billing.Amount(rapid.SampledFrom([]int64{0, 50}).Draw(t, "minimum")),
	}
	for n := range rapid.IntRange(1, 6).Draw(t, "lines") {
		l := billing.Line{
			ID: fmt.Sprintf("il_%d", n), Product: rapid.SampledFrom([]string{"prod_a", "prod_b"}).Draw(t, "product"),
			Amount: billing.Amount(rapid.Int64Range(-2000, 20000).Draw(t, "amount")), Quantity: billing.Whole(rapid.Int64Range(1, 9).Draw(t, "quantity")),
		}
		l.Discountable = rapid.Bool().Draw(t, "discountable")
		if rapid.Bool().Draw(t, "own discounts") {
			l.Discounts = drawDiscounts(t, "line")
		}
		if rapid.Bool().Draw(t, "own rates") {
			l.TaxRates = drawRates(t, "line")
		}
		d.Lines = append(d.Lines, l)
	}
	return d
}

// An invoice is the sum of its lines, to the last minor unit, and what is owed is
// either due or in the balance.
func TestLinesAddUpToTotals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := drawDraft(t)
		inv := bill(t, d)
		var total, excluding, net billing.Amount
		discounts, taxes := map[string]billing.Amount{}, map[string]billing.Amount{}
		var allTax billing.Amount
		for n, l := range inv.Lines {
			total, excluding, net = total+l.Total(), excluding+l.ExcludingTax(), net+l.Net()
			var off billing.Amount
			for _, a := range l.DiscountAmounts {
				if a.Amount < 0 {
					t.Fatalf("line %d: a discount adds %d", n, -a.Amount)
				}
				off += a.Amount
				discounts[a.Discount] += a.Amount
			}
			if off > max(l.Amount, 0) {
				t.Fatalf("line %d: %d off %d", n, off, l.Amount)
			}
			if off > 0 && !l.Discountable {
				t.Fatalf("line %d is not discountable", n)
			}
			for _, x := range l.Taxes {
				taxes[x.Rate] += x.Amount
				allTax += x.Amount
			}
		}
		if total != inv.Total || excluding != inv.TotalExcludingTax {
			t.Fatalf("lines make %d and %d without tax, the invoice %d and %d", total, excluding, inv.Total, inv.TotalExcludingTax)
		}
		if inv.TotalExcludingTax+allTax != inv.Total {
			t.Fatalf("%d and %d tax are not %d", inv.TotalExcludingTax, allTax, inv.Total)
		}
		for _, a := range inv.DiscountAmounts {
			if discounts[a.Discount] != a.Amount {
				t.Fatalf("%s: lines have %d, the invoice %d", a.Discount, discounts[a.Discount], a.Amount)
			}
			delete(discounts, a.Discount)
		}
		for _, x := range inv.Taxes {
			if taxes[x.Rate] != x.Amount {
				t.Fatalf("%s: lines have %d, the invoice %d", x.Rate, taxes[x.Rate], x.Amount)
			}
			delete(taxes, x.Rate)
		}
		if len(discounts)+len(taxes) != 0 {
			t.Fatalf("the invoice misses %v %v", discounts, taxes)
		}
		if inv.AmountDue < 0 || inv.Total+d.StartingBalance != inv.AmountDue+inv.EndingBalance {
			t.Fatalf("%d with a balance of %d: due %d, balance %d", inv.Total, d.StartingBalance, inv.AmountDue, inv.EndingBalance)
		}
		if inv.AmountDue > 0 && inv.AmountDue < d.MinimumCharge {
			t.Fatalf("%d is below the minimum of %d", inv.AmountDue, d.MinimumCharge)
		}
		if diff := cmp.Diff(inv, bill(t, d), cmp.AllowUnexported(billing.Decimal{})); diff != "" {
			t.Fatalf("a preview is not the invoice:\n%s", diff)
		}
	})
}

// An amount off is given out whole: the least of the coupon and what the lines
// that it covers have.
func TestAnAmountOffIsGivenOutWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		off := billing.Amount(rapid.Int64Range(1, 400).Draw(t, "off"))
		var lines []billing.Line
		var covered billing.Amount
		for range rapid.IntRange(1, 12).Draw(t, "lines") {
			l := billing.Line{Amount: billing.Amount(rapid.Int64Range(0, 40).Draw(t, "amount")), Discountable: true}
			covered += l.Amount
			lines = append(lines, l)
		}
		inv := bill(t, billing.Draft{Lines: lines, Discounts: []billing.Discount{{ID: "di_1", Coupon: billing.Coupon{AmountOff: off, Currency: "usd", Duration: billing.Forever}}}})
		if want := min(off, covered); inv.Subtotal-inv.Total != want {
			t.Fatalf("%d off, want %d", inv.Subtotal-inv.Total, want)
		}
		for n, l := range inv.Lines {
			if l.Net() < 0 {
				t.Fatalf("line %d has %d", n, l.Net())
			}
		}
	})
}

// Rounded by invoice, a rate's tax is the rounded sum of the exact taxes.
func TestTaxByInvoiceIsTheRoundedSum(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rate := billing.TaxRate{ID: "txr_1", Percentage: drawPercent(t, "percentage", 40), Inclusive: rapid.Bool().Draw(t, "inclusive")}
		var lines []billing.Line
		var net int64
		for range rapid.IntRange(1, 8).Draw(t, "lines") {
			amount := rapid.Int64Range(-500, 5000).Draw(t, "amount")
			net += amount
			lines = append(lines, billing.Line{Amount: billing.Amount(amount)})
		}
		inv := bill(t, billing.Draft{Lines: lines, TaxRates: []billing.TaxRate{rate}, TaxRounding: billing.RoundPerInvoice})
		divisor := big.NewRat(100, 1)
		if rate.Inclusive {
			divisor.Add(divisor, rate.Percentage.Rat())
		}
		exact := new(big.Rat).Quo(new(big.Rat).Mul(big.NewRat(net, 1), rate.Percentage.Rat()), divisor)
		// Half away from zero: the nearest integer as FloatString rounds it.
		if want := exact.FloatString(0); fmt.Sprint(int64(inv.Taxes[0].Amount)) != want && want != "-0" {
			t.Fatalf("%d, want %s", inv.Taxes[0].Amount, want)
		}
		for n, l := range inv.Lines {
			share := new(big.Rat).Quo(new(big.Rat).Mul(big.NewRat(int64(l.Amount), 1), rate.Percentage.Rat()), divisor)
			far := share.Sub(share, big.NewRat(int64(l.Taxes[0].Amount), 1))
			if far.Abs(far).Cmp(big.NewRat(1, 1)) > 0 {
				t.Fatalf("line %d: the tax %d is more than a unit from its own", n, l.Taxes[0].Amount)
			}
		}
	})
}

// Credit notes that together credit an invoice credit exactly its discounts and
// taxes, in whatever parts.
func TestCreditNotesAddUpToTheInvoice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := drawDraft(t)
		d.TaxExempt = rapid.SampledFrom([]billing.TaxExempt{billing.NotExempt, billing.Exempt}).Draw(t, "exempt")
		inv := bill(t, d)
		var notes []billing.CreditNote
		left := make([]billing.Amount, len(inv.Lines))
		for n, l := range inv.Lines {
			left[n] = l.Amount
		}
		for round := range 4 {
			var requests []billing.CreditRequest
			for n := range left {
				amount := left[n]
				if round < 3 {
					amount = billing.Amount(rapid.Int64Range(min(0, int64(left[n])), max(0, int64(left[n]))).Draw(t, "amount"))
				}
				if amount != 0 {
					requests = append(requests, billing.CreditRequest{Index: n, Amount: amount})
					left[n] -= amount
				}
			}
			note, err := inv.CreditLines(notes, requests)
			if err != nil {
				t.Fatalf("%v", err)
			}
			notes = append(notes, note)
		}
		checkCredited(t, inv, notes)
	})
}

// The same by totals: each note credits exactly its total, no line more than what
// is left of it. (A line that comes to 0 has no part in a total, so no discounts.)
func TestCreditNotesByTotalAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := drawDraft(t)
		for n := range d.Lines {
			d.Lines[n].Discountable = false
		}
		d.Lines[0].Amount = 20000
		inv := bill(t, d)
		for _, l := range inv.Lines {
			if l.Total() == 0 {
				return
			}
		}
		rest := make([]billing.Amount, len(inv.Lines))
		for n, l := range inv.Lines {
			rest[n] = l.Total()
		}
		var notes []billing.CreditNote
		left := inv.Total
		for left > 0 {
			total := left
			if len(notes) < 3 {
				total = billing.Amount(rapid.Int64Range(1, int64(left)).Draw(t, "total"))
			}
			note, err := inv.CreditTotal(notes, total)
			if err != nil {
				t.Fatalf("%v", err)
			}
			if note.Total != total {
				t.Fatalf("a note of %d credits %d", total, note.Total)
			}
			for _, l := range note.Lines {
				if over := rest[l.Index] - l.Total(); over != 0 && (over < 0) != (inv.Lines[l.Index].Total() < 0) {
					t.Fatalf("line %d is credited by %d of %d", l.Index, l.Total(), rest[l.Index])
				}
				rest[l.Index] -= l.Total()
			}
			notes = append(notes, note)
			left -= total
		}
		checkCredited(t, inv, notes)
	})
}

func checkCredited(t *rapid.T, inv billing.Invoice, notes []billing.CreditNote) {
	t.Helper()
	var total, excluding billing.Amount
	taxes, discounts := map[string]billing.Amount{}, map[string]billing.Amount{}
	for _, note := range notes {
		total, excluding = total+note.Total, excluding+note.TotalExcludingTax
		for _, x := range note.Taxes {
			taxes[x.Rate] += x.Amount
		}
		for _, a := range note.DiscountAmounts {
			discounts[a.Discount] += a.Amount
		}
	}
	if total != inv.Total || excluding != inv.TotalExcludingTax {
		t.Fatalf("the notes credit %d (%d without tax) of %d (%d)", total, excluding, inv.Total, inv.TotalExcludingTax)
	}
	for _, x := range inv.Taxes {
		if taxes[x.Rate] != x.Amount {
			t.Fatalf("%s: %d of %d", x.Rate, taxes[x.Rate], x.Amount)
		}
	}
	for _, a := range inv.DiscountAmounts {
		if discounts[a.Discount] != a.Amount {
			t.Fatalf("%s: %d of %d", a.Discount, discounts[a.Discount], a.Amount)
		}
	}
}
