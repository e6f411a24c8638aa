package billing_test

import (
	"errors"
	"math"
	"testing"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func percentOff(id string, percent int64) billing.Discount {
	return billing.Discount{ID: id, Coupon: billing.Coupon{PercentOff: billing.Whole(percent), Duration: billing.Forever}}
}

// A coupon for one product leaves the others: 30 % of 1000.
func TestACouponForOneProduct(t *testing.T) {
	t.Parallel()
	d := percentOff("di_1", 30)
	d.Coupon.Products = []string{"prod_a"}
	inv := bill(t, billing.Draft{Lines: []billing.Line{{Product: "prod_a", Amount: 1000, Discountable: true}, {Product: "prod_b", Amount: 5000, Discountable: true}}, Discounts: []billing.Discount{d}})
	same(t, "total", inv.Total, 5700)
	same(t, "the other line", len(inv.Lines[1].DiscountAmounts), 0)
}

// A line's own discount applies before the invoice's, and lowers the subtotal:
// 1000 - 10 % = 900, - 50 % = 450.
func TestALinesOwnDiscountComesFirst(t *testing.T) {
	t.Parallel()
	inv := bill(t, billing.Draft{
		Lines:     []billing.Line{{Amount: 1000, Discountable: true, Discounts: []billing.Discount{percentOff("di_line", 10)}}},
		Discounts: []billing.Discount{percentOff("di_invoice", 50)},
	})
	same(t, "subtotal", inv.Subtotal, 900)
	same(t, "total", inv.Total, 450)
	same(t, "discounts", inv.DiscountAmounts, []billing.DiscountAmount{{Discount: "di_line", Amount: 100}, {Discount: "di_invoice", Amount: 450}})
}

// An amount off in another currency is ignored, unless the coupon has an amount in
// the invoice's.
func TestAnAmountOffInAnotherCurrency(t *testing.T) {
	t.Parallel()
	d := billing.Discount{ID: "di_1", Coupon: billing.Coupon{AmountOff: 500, Currency: "usd", Duration: billing.Forever}}
	draft := billing.Draft{Currency: "eur", Lines: []billing.Line{{Amount: 2000, Discountable: true}}, Discounts: []billing.Discount{d}}
	same(t, "without an option", bill(t, draft).Total, 2000)
	draft.Discounts[0].Coupon.Options = map[billing.Currency]billing.Amount{"eur": 400}
	same(t, "with an option", bill(t, draft).Total, 1600)
}

// Half a unit: 50 % of 999 is 499.5, which goes up, so 499 is left.
func TestHalfAUnitOff(t *testing.T) {
	t.Parallel()
	same(t, "total", bill(t, billing.Draft{Lines: []billing.Line{{Amount: 999, Discountable: true}}, Discounts: []billing.Discount{percentOff("di_1", 50)}}).Total, 499)
}

// What the last line cannot bear goes to those before it: 3 off four lines of 1.
// Each share is 0.75, cut to 0; the last takes 1, then the third and the second.
func TestTheRestOfAnAmountOff(t *testing.T) {
	t.Parallel()
	line := billing.Line{Amount: 1, Discountable: true}
	inv := bill(t, billing.Draft{Lines: []billing.Line{line, line, line, line}, Discounts: []billing.Discount{{ID: "di_1", Coupon: billing.Coupon{AmountOff: 3, Currency: "usd", Duration: billing.Forever}}}})
	var nets []billing.Amount
	for _, l := range inv.Lines {
		nets = append(nets, l.Net())
	}
	same(t, "lines", nets, []billing.Amount{1, 0, 0, 0})
}

func TestCouponsContradictThemselves(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]billing.Coupon{
		"nothing off":        {Duration: billing.Once},
		"both":               {PercentOff: billing.Whole(10), AmountOff: 100},
		"more than all":      {PercentOff: dec(t, "100.1")},
		"negative":           {AmountOff: -1},
		"repeating for ever": {PercentOff: billing.Whole(10), Duration: billing.Repeating},
	} {
		if err := c.Check(); !errors.Is(err, billing.ErrCoupon) {
			t.Errorf("%s: %v", name, err)
		}
		_, err := billing.Bill(billing.Draft{Lines: []billing.Line{{Amount: 100, Discountable: true}}, Discounts: []billing.Discount{{Coupon: c, Start: math.MaxInt32}}})
		if !errors.Is(err, billing.ErrCoupon) && name != "repeating for ever" {
			t.Errorf("%s: bill: %v", name, err)
		}
	}
}

func TestWhatCannotBeAddedUp(t *testing.T) {
	t.Parallel()
	rate := func(percent string) []billing.TaxRate {
		return []billing.TaxRate{{ID: "txr_1", Percentage: dec(t, percent)}}
	}
	for _, tt := range []struct {
		name  string
		draft billing.Draft
		want  error
	}{
		{"two huge lines", billing.Draft{Lines: []billing.Line{{Amount: math.MaxInt64}, {Amount: 1}}}, billing.ErrAmount},
		{"a huge balance", billing.Draft{Lines: []billing.Line{{Amount: 1}}, StartingBalance: math.MaxInt64}, billing.ErrAmount},
		{"two huge credits", billing.Draft{Lines: []billing.Line{{Amount: math.MinInt64}, {Amount: -1}}}, billing.ErrAmount},
		{"a negative tax", billing.Draft{Lines: []billing.Line{{Amount: 100}}, TaxRates: rate("-1")}, billing.ErrTaxRate},
		{"more tax than all", billing.Draft{Lines: []billing.Line{{Amount: 100}}, TaxRates: rate("100.01")}, billing.ErrTaxRate},
	} {
		if _, err := billing.Bill(tt.draft); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// Two rates on one line, as in Quebec: 5 % and 9.975 % of 10000 are 500 and 997.5,
// which goes up; of -10000 the same back.
func TestTwoRatesAndTheirMirror(t *testing.T) {
	t.Parallel()
	rates := []billing.TaxRate{{ID: "gst", Percentage: billing.Whole(5)}, {ID: "qst", Percentage: dec(t, "9.975")}}
	inv := bill(t, billing.Draft{Lines: []billing.Line{{Amount: 10000}, {Amount: -10000}}, TaxRates: rates})
	same(t, "charge", inv.Lines[0].Taxes, []billing.TaxAmount{{Rate: "gst", Amount: 500, Taxable: 10000}, {Rate: "qst", Amount: 998, Taxable: 10000}})
	same(t, "credit", inv.Lines[1].Taxes, []billing.TaxAmount{{Rate: "gst", Amount: -500, Taxable: -10000}, {Rate: "qst", Amount: -998, Taxable: -10000}})
	same(t, "total", inv.Total, 0)
}

// A line's own rates replace the default ones, also by none.
func TestALinesOwnRates(t *testing.T) {
	t.Parallel()
	inv := bill(t, billing.Draft{
		Lines:    []billing.Line{{Amount: 1000}, {Amount: 1000, TaxRates: []billing.TaxRate{{ID: "own", Percentage: billing.Whole(10)}}}, {Amount: 1000, TaxRates: []billing.TaxRate{}}},
		TaxRates: []billing.TaxRate{{ID: "default", Percentage: billing.Whole(20)}},
	})
	same(t, "taxes", inv.Taxes, []billing.TaxAmount{{Rate: "default", Amount: 200, Taxable: 1000}, {Rate: "own", Amount: 100, Taxable: 1000}})
	same(t, "total", inv.Total, 3300)
}

// 49 are below the minimum of 50 and wait in the balance; 50 are charged; 49 with
// 1 owed are charged.
func TestMinimumCharge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		amount, balance, due, ending billing.Amount
		below                        bool
	}{{49, 0, 0, 49, true}, {50, 0, 50, 0, false}, {49, 1, 50, 0, false}, {1000, -960, 0, 40, true}, {0, 0, 0, 0, false}} {
		inv := bill(t, billing.Draft{Lines: []billing.Line{{Amount: tt.amount}}, StartingBalance: tt.balance, MinimumCharge: 50})
		same(t, "due", inv.AmountDue, tt.due)
		same(t, "balance", inv.EndingBalance, tt.ending)
		same(t, "below", inv.BelowMinimum, tt.below)
	}
}

// 3000 with 10 % off and 20 % tax: 2700, 540, 3240. A third of it is credited: 1000
// less 100, tax 180, 1080.
func TestACreditNoteByLine(t *testing.T) {
	t.Parallel()
	inv := bill(t, billing.Draft{
		Lines:     []billing.Line{{Amount: 3000, Quantity: billing.Whole(3), Discountable: true}},
		Discounts: []billing.Discount{percentOff("di_1", 10)}, TaxRates: []billing.TaxRate{{ID: "vat", Percentage: billing.Whole(20)}},
	})
	same(t, "invoice", inv.Total, 3240)
	amount, err := inv.Lines[0].CreditQuantity(billing.Whole(1))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "one of three", amount, 1000)
	note, err := inv.CreditLines(nil, []billing.CreditRequest{{Index: 0, Amount: amount}})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "subtotal", note.Subtotal, 1000)
	same(t, "discounts", note.DiscountAmounts, []billing.DiscountAmount{{Discount: "di_1", Amount: 100}})
	same(t, "taxes", note.Taxes, []billing.TaxAmount{{Rate: "vat", Amount: 180, Taxable: 900}})
	same(t, "total", note.Total, 1080)
	same(t, "excluding tax", note.TotalExcludingTax, 900)
	for name, requests := range map[string][]billing.CreditRequest{
		"more than is left": {{Index: 0, Amount: 2001}}, "no such line": {{Index: 1, Amount: 1}}, "the wrong sign": {{Index: 0, Amount: -1}},
		"twice": {{Index: 0, Amount: 1}, {Index: 0, Amount: 1}}, "nothing": {{Index: 0}},
	} {
		if _, err := inv.CreditLines([]billing.CreditNote{note}, requests); !errors.Is(err, billing.ErrCredit) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, quantity := range []string{"0", "-1", "3.5"} {
		if _, err := inv.Lines[0].CreditQuantity(dec(t, quantity)); !errors.Is(err, billing.ErrCredit) {
			t.Errorf("%s of 3: %v", quantity, err)
		}
	}
}

// 1100 of an invoice of 1000 + 10 % and 2000 + 10 %: a third of each, 367 and 733
// with tax; of the 367 are 33 tax, of the 733 are 67.
func TestACreditNoteByTotal(t *testing.T) {
	t.Parallel()
	inv := bill(t, billing.Draft{Lines: []billing.Line{{Amount: 1000}, {Amount: 2000}}, TaxRates: []billing.TaxRate{{ID: "vat", Percentage: billing.Whole(10)}}})
	note, err := inv.CreditTotal(nil, 1100)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "totals", []billing.Amount{note.Lines[0].Total(), note.Lines[1].Total()}, []billing.Amount{367, 733})
	same(t, "taxes", []billing.Amount{note.Lines[0].Taxes[0].Amount, note.Lines[1].Taxes[0].Amount}, []billing.Amount{33, 67})
	same(t, "subtotal", note.Subtotal, 1000)
	for _, total := range []billing.Amount{0, -1, 2201} {
		if _, err := inv.CreditTotal([]billing.CreditNote{note}, total); !errors.Is(err, billing.ErrCredit) {
			t.Errorf("%d: %v", total, err)
		}
	}
}

// What is still to be paid is lowered first; the rest goes back, and never more
// than was paid.
func TestACreditNoteBeforeAndAfterPayment(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                   string
		total, remaining, paid billing.Amount
		pre, post              billing.Amount
		want                   error
	}{
		{"open", 300, 1000, 0, 300, 0, nil},
		{"paid", 300, 0, 1000, 0, 300, nil},
		{"mixed", 300, 100, 900, 100, 200, nil},
		{"more than was paid", 300, 100, 199, 0, 0, billing.ErrCredit},
		{"nothing", 0, 100, 100, 0, 0, billing.ErrCredit},
	} {
		pre, post, err := billing.SplitCredit(tt.total, tt.remaining, tt.paid)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
		same(t, tt.name, []billing.Amount{pre, post}, []billing.Amount{tt.pre, tt.post})
	}
}
