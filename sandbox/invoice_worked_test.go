package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// wants holds fields of an answer, by dotted path, against what they should be.
func wants(t *testing.T, got reply, want map[string]any) {
	t.Helper()
	for path, v := range want {
		if n, ok := v.(int); ok {
			v = float64(n)
		}
		if is := got.at(path); is != v {
			t.Errorf("%s is %v, want %v", path, is, v)
		}
	}
}

// R6. 2500 with 10 % forever: 250 off, 2250.
func TestAPercentageForeverOverHTTP(t *testing.T) {
	t.Parallel()
	b := subscribed(t, instant(t, "2026-04-01 00:00:00"), "2500 month", "")
	must(t, b.sb, "POST", "/v1/coupons", "id=TEN&percent_off=10&duration=forever")
	preview := must(t, b.sb, "POST", "/v1/invoices/create_preview", "customer="+b.customer+"&subscription_details[items][0][price]="+b.price+"&discounts[0][coupon]=TEN")
	b.id = must(t, b.sb, "POST", "/v1/subscriptions", "customer="+b.customer+"&items[0][price]="+b.price+"&discounts[0][coupon]=TEN").str("id")
	for _, inv := range []reply{preview, b.latest()} {
		wants(t, inv, map[string]any{"subtotal": 2500, "total_discount_amounts.0.amount": 250, "total": 2250, "amount_due": 2250, "lines.data.0.amount": 2500, "lines.data.0.discount_amounts.0.amount": 250})
	}
}

// R7. 15 days of trial from 1774905677: 1774905677 + 15*86400 = 1776201677 is its end and the anchor. The first invoice is 0
// and paid.
func TestATrialIsAnchoredAtItsEndOverHTTP(t *testing.T) {
	t.Parallel()
	b := subscribed(t, 1774905677, "2500 month", "trial_period_days=15")
	wants(t, must(t, b.sb, "GET", "/v1/subscriptions/"+b.id, ""), map[string]any{
		"status": "trialing", "trial_start": 1774905677, "trial_end": 1776201677, "billing_cycle_anchor": 1776201677, "items.data.0.current_period_end": 1776201677,
	})
	wants(t, b.latest(), map[string]any{
		"status": "paid", "total": 0, "attempted": true, "attempt_count": 0, "billing_reason": "subscription_create", "lines.data.0.description": "Free trial for 1 × Pro",
		"lines.data.0.period.start": 1774905677, "lines.data.0.period.end": 1776201677,
	})
}

// R8. 2.9 % and 30: 2500 → 72.5 + 30 = 102.5, 103; 22500 → 682.5, 683; 2900 → 114.1, 114; 1000 → 59.
func TestFeesAreRoundedHalfUpOverHTTP(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	for amount, fee := range map[int]int{2500: 103, 22500: 683, 2900: 114, 1000: 59} {
		got := must(t, sb, "POST", "/v1/payment_intents", fmt.Sprintf("amount=%d&currency=usd&confirm=true&payment_method=pm_card_visa&payment_method_types[]=card&capture_method=automatic&expand[]=latest_charge.balance_transaction", amount))
		wants(t, got, map[string]any{"latest_charge.balance_transaction.fee": fee, "latest_charge.balance_transaction.net": amount - fee})
	}
}

// R9. 2000 less 10 % once, and 5 % on it: 1800 + 90 = 1890; without the coupon 3000 + 150 = 3150.
func TestTaxFollowsTheDiscountOverHTTP(t *testing.T) {
	t.Parallel()
	b := subscribed(t, instant(t, "2026-04-01 00:00:00"), "2000 month", "")
	must(t, b.sb, "POST", "/v1/coupons", "id=TEN&percent_off=10&duration=once")
	rate := must(t, b.sb, "POST", "/v1/tax_rates", "display_name=VAT&percentage=5&inclusive=false").str("id")
	b.id = must(t, b.sb, "POST", "/v1/subscriptions", "customer="+b.customer+"&items[0][price]="+b.price+"&discounts[0][coupon]=TEN&default_tax_rates[0]="+rate).str("id")
	wants(t, b.latest(), map[string]any{"subtotal": 2000, "total_discount_amounts.0.amount": 200, "total_taxes.0.amount": 90, "total_taxes.0.taxable_amount": 1800, "total": 1890, "total_excluding_tax": 1800, "status": "paid"})
	if discounts := must(t, b.sb, "GET", "/v1/subscriptions/"+b.id, "").at("discounts"); len(elements(discounts)) != 0 {
		t.Errorf("the coupon is used up, and the subscription has %v", discounts)
	}
	b.id = must(t, b.sb, "POST", "/v1/subscriptions", "customer="+b.customer+"&items[0][price]="+b.newPrice("3000 month")+"&default_tax_rates[0]="+rate).str("id")
	wants(t, b.latest(), map[string]any{"subtotal": 3000, "total_taxes.0.amount": 150, "total": 3150})
}

// R10. 10000 on 1 May, 20000 from the exact half of the month, 1,339,200 of 2,678,400 s: −5000 + 10000 + 20000 = 25000 on
// 1 June.
func TestTheDocumentedUpgradeInHalvesOverHTTP(t *testing.T) {
	t.Parallel()
	from := instant(t, "2026-05-01 00:00:00")
	b := subscribed(t, from, "10000 month", "")
	b.advance(from + 1339200)
	must(t, b.sb, "POST", "/v1/subscriptions/"+b.id, b.filled("items[0][id]={item}&items[0][price]={20000 month}"))
	b.advance(instant(t, "2026-06-01 02:00:00"))
	wants(t, b.latest(), map[string]any{"total": 25000, "status": "paid"})
	if got := lineAmounts(b.latest()); !slices.Equal(got, []int64{-5000, 10000, 20000}) {
		t.Errorf("lines %v", got)
	}
}

// E5. 14 days of trial from 10 February 09:00:00: 0; said to end three days before; 1500 for 24 February to 24 March,
// charged an hour after the draft. Ended by hand on 15 February 12:00:00: 1500 at once, until 15 March.
func TestTrialToPaidOverHTTP(t *testing.T) {
	t.Parallel()
	from := instant(t, "2026-02-10 09:00:00")
	told := func(b billed) int {
		return len(elements(must(t, b.sb, "GET", "/v1/events?type=customer.subscription.trial_will_end", "").at("data")))
	}
	b := subscribed(t, from, "1500 month", "trial_period_days=14")
	wants(t, b.latest(), map[string]any{"total": 0, "status": "paid", "billing_reason": "subscription_create"})
	b.advance(instant(t, "2026-02-21 08:59:59"))
	if n := told(b); n != 0 {
		t.Errorf("told %d times that the trial will end, three days and a second before", n)
	}
	b.advance(instant(t, "2026-02-21 09:00:00"))
	if n := told(b); n != 1 {
		t.Errorf("told %d times that the trial will end, three days before", n)
	}
	preview := must(t, b.sb, "POST", "/v1/invoices/create_preview", "subscription="+b.id)
	b.advance(instant(t, "2026-02-24 09:00:00"))
	for _, inv := range []reply{preview, b.latest()} {
		wants(t, inv, map[string]any{"total": 1500, "lines.data.0.period.start": int(instant(t, "2026-02-24 09:00:00")), "lines.data.0.period.end": int(instant(t, "2026-03-24 09:00:00"))})
	}
	wants(t, b.latest(), map[string]any{"status": "draft", "billing_reason": "subscription_cycle", "automatically_finalizes_at": int(instant(t, "2026-02-24 10:00:01"))})
	b.advance(instant(t, "2026-02-24 10:00:01"))
	wants(t, b.latest(), map[string]any{"status": "paid", "attempt_count": 1})

	b = subscribed(t, from, "1500 month", "trial_period_days=14")
	b.advance(instant(t, "2026-02-15 12:00:00"))
	must(t, b.sb, "POST", "/v1/subscriptions/"+b.id, "trial_end=now")
	wants(t, b.latest(), map[string]any{"total": 1500, "status": "paid", "billing_reason": "subscription_update", "lines.data.0.period.start": int(instant(t, "2026-02-15 12:00:00")), "lines.data.0.period.end": int(instant(t, "2026-03-15 12:00:00"))})
}

// E7. Years from 29 February 2028 08:00:00: 28 February in common years, 29 February in 2032.
func TestLeapDayOverHTTP(t *testing.T) {
	t.Parallel()
	b := subscribed(t, 1835424000, "12000 year", "")
	for _, at := range []int64{1866960000, 1898496000, 1930032000, 1961654400} {
		b.advance(at)
		wants(t, b.latest(), map[string]any{"created": int(at), "total": 12000})
	}
}

// E11. 1999 with 25 % for three months from 15 January: 499.75 is 500; 1499 three times, 1999 on 15 April. A year of 20000
// is discounted once as a whole: 15000.
func TestCouponForThreeMonthsOverHTTP(t *testing.T) {
	t.Parallel()
	b := subscribed(t, instant(t, "2026-01-15 00:00:00"), "1999 month", "")
	must(t, b.sb, "POST", "/v1/coupons", "id=Q&percent_off=25&duration=repeating&duration_in_months=3")
	got := must(t, b.sb, "POST", "/v1/subscriptions", "customer="+b.customer+"&items[0][price]="+b.price+"&discounts[0][coupon]=Q&expand[]=discounts")
	wants(t, got, map[string]any{"discounts.0.end": int(instant(t, "2026-04-15 00:00:00"))})
	b.id = got.str("id")
	wants(t, b.latest(), map[string]any{"total": 1499})
	for _, tc := range []struct {
		at    string
		total int
	}{{"2026-02-15 00:00:00", 1499}, {"2026-03-15 00:00:00", 1499}, {"2026-04-15 00:00:00", 1999}} {
		preview := must(t, b.sb, "POST", "/v1/invoices/create_preview", "subscription="+b.id)
		b.advance(instant(t, tc.at))
		wants(t, preview, map[string]any{"total": tc.total})
		wants(t, b.latest(), map[string]any{"total": tc.total, "created": int(instant(t, tc.at))})
	}
	b.id = must(t, b.sb, "POST", "/v1/subscriptions", "customer="+b.customer+"&items[0][price]="+b.newPrice("20000 year")+"&discounts[0][coupon]=Q").str("id")
	wants(t, b.latest(), map[string]any{"total": 15000})
}

// E12. 500 off 1000 + 2000 is 166 + 334, 2500. 10000 with 20 % then 500 off: 8000 − 500 = 7500; 500 then 20 %: 9500 − 1900 =
// 7600.
func TestCouponsOverLinesAndStackedOverHTTP(t *testing.T) {
	t.Parallel()
	b := subscribed(t, instant(t, "2026-04-01 00:00:00"), "1000 month", "")
	must(t, b.sb, "POST", "/v1/coupons", "id=AMOUNT&amount_off=500&currency=usd&duration=forever")
	must(t, b.sb, "POST", "/v1/coupons", "id=PERCENT&percent_off=20&duration=forever")
	b.id = must(t, b.sb, "POST", "/v1/subscriptions", "customer="+b.customer+"&discounts[0][coupon]=AMOUNT&items[0][price]="+b.price+"&items[1][price]="+b.newPrice("2000 month")).str("id")
	shares := map[any]any{}
	for _, v := range elements(b.latest().at("lines.data")) {
		shares[members(v)["amount"]] = members(elements(members(v)["discount_amounts"])[0])["amount"]
	}
	if shares[1000.0] != 166.0 || shares[2000.0] != 334.0 || b.latest().at("total") != 2500.0 {
		t.Errorf("shares %v, total %v", shares, b.latest().at("total"))
	}
	large := b.newPrice("10000 month")
	for order, total := range map[string]int{"discounts[0][coupon]=PERCENT&discounts[1][coupon]=AMOUNT": 7500, "discounts[0][coupon]=AMOUNT&discounts[1][coupon]=PERCENT": 7600} {
		b.id = must(t, b.sb, "POST", "/v1/subscriptions", "customer="+b.customer+"&items[0][price]="+large+"&"+order).str("id")
		wants(t, b.latest(), map[string]any{"total": total})
		must(t, b.sb, "DELETE", "/v1/subscriptions/"+b.id, "")
	}
}

// E14. To 10 at 1000, to 20 at 800, the rest at 500. 25 graduated: 10000 + 8000 + 2500 = 20500; by volume 25·500 = 12500.
// 10: 10000 both. 11: 10800 and 8800. With flat amounts 0, 300, 700: 25 are 21500 and 13200.
func TestTiersOverHTTP(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	customer := must(t, sb, "POST", "/v1/customers", "").str("id")
	for _, tc := range []struct {
		mode, flats     string
		quantity, total int
	}{
		{"graduated", "", 25, 20500},
		{"volume", "", 25, 12500},
		{"graduated", "", 10, 10000},
		{"volume", "", 10, 10000},
		{"graduated", "", 11, 10800},
		{"volume", "", 11, 8800},
		{"graduated", "&tiers[0][flat_amount]=0&tiers[1][flat_amount]=300&tiers[2][flat_amount]=700", 25, 21500},
		{"volume", "&tiers[0][flat_amount]=0&tiers[1][flat_amount]=300&tiers[2][flat_amount]=700", 25, 13200},
	} {
		price := must(t, sb, "POST", "/v1/prices", "currency=usd&recurring[interval]=month&product_data[name]=Seats&billing_scheme=tiered&tiers_mode="+tc.mode+
			"&tiers[0][up_to]=10&tiers[0][unit_amount]=1000&tiers[1][up_to]=20&tiers[1][unit_amount]=800&tiers[2][up_to]=inf&tiers[2][unit_amount]=500"+tc.flats).str("id")
		got := must(t, sb, "POST", "/v1/invoices/create_preview", fmt.Sprintf("customer=%s&subscription_details[items][0][price]=%s&subscription_details[items][0][quantity]=%d", customer, price, tc.quantity))
		if got.at("total") != float64(tc.total) {
			t.Errorf("%d %s%s: %v, want %d", tc.quantity, tc.mode, tc.flats, got.at("total"), tc.total)
		}
	}
}

// E15. By 5, up, at 1000: 7 are 2 packages, 2000; 5 are one, 1000. By 1000, down, at 10: 2999 are 2, 20.
func TestPackagesOverHTTP(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	customer := must(t, sb, "POST", "/v1/customers", "").str("id")
	for _, tc := range []struct {
		form            string
		quantity, total int
	}{
		{"unit_amount=1000&transform_quantity[divide_by]=5&transform_quantity[round]=up", 7, 2000},
		{"unit_amount=1000&transform_quantity[divide_by]=5&transform_quantity[round]=up", 5, 1000},
		{"unit_amount=10&transform_quantity[divide_by]=1000&transform_quantity[round]=down", 2999, 20},
	} {
		price := must(t, sb, "POST", "/v1/prices", "currency=usd&recurring[interval]=month&product_data[name]=Boxes&"+tc.form).str("id")
		got := must(t, sb, "POST", "/v1/invoices/create_preview", fmt.Sprintf("customer=%s&subscription_details[items][0][price]=%s&subscription_details[items][0][quantity]=%d", customer, price, tc.quantity))
		wants(t, got, map[string]any{"total": tc.total, "lines.data.0.quantity": tc.quantity})
	}
}

// E16. 10000 + 20 % = 12000; 12000 with 20 % in it: 12000·20/120 = 2000; 1999 + 8.875 %: 177.411, 177, 2176; 1999 with it:
// 1999·8.875/108.875 = 162.949, 163, 1836 without; 10000 − 20 % = 8000, + 19 % = 1520, 9520.
func TestTaxOverHTTP(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	customer := must(t, sb, "POST", "/v1/customers", "").str("id")
	must(t, sb, "POST", "/v1/coupons", "id=FIFTH&percent_off=20&duration=forever")
	for _, tc := range []struct {
		amount                int
		percent               string
		inclusive             bool
		more                  string
		tax, total, excluding int
	}{
		{10000, "20", false, "", 2000, 12000, 10000},
		{12000, "20", true, "", 2000, 12000, 10000},
		{1999, "8.875", false, "", 177, 2176, 1999},
		{1999, "8.875", true, "", 163, 1999, 1836},
		{10000, "19", false, "&discounts[0][coupon]=FIFTH", 1520, 9520, 8000},
	} {
		rate := must(t, sb, "POST", "/v1/tax_rates", fmt.Sprintf("display_name=VAT&percentage=%s&inclusive=%t", tc.percent, tc.inclusive)).str("id")
		price := must(t, sb, "POST", "/v1/prices", fmt.Sprintf("currency=usd&unit_amount=%d&recurring[interval]=month&product_data[name]=Pro", tc.amount)).str("id")
		got := must(t, sb, "POST", "/v1/invoices/create_preview", "customer="+customer+"&subscription_details[items][0][price]="+price+"&subscription_details[default_tax_rates][0]="+rate+tc.more)
		wants(t, got, map[string]any{"total_taxes.0.amount": tc.tax, "total": tc.total, "total_excluding_tax": tc.excluding})
	}
}

// E17. A credit of 1000: 400 leaves 600, and of 2500 are 1900 due. 500 owed and 1000 are 1500.
func TestBalanceOverHTTP(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	pays := func(balance string, amounts ...int) (invoices []reply) {
		customer := must(t, sb, "POST", "/v1/customers", "payment_method=pm_card_visa&invoice_settings[default_payment_method]=pm_card_visa&balance="+balance).str("id")
		for _, amount := range amounts {
			must(t, sb, "POST", "/v1/invoiceitems", fmt.Sprintf("customer=%s&currency=usd&amount=%d", customer, amount))
			inv := must(t, sb, "POST", "/v1/invoices", "pending_invoice_items_behavior=include&customer="+customer).str("id")
			if got := must(t, sb, "POST", "/v1/invoices/"+inv+"/finalize", ""); got.str("status") == "open" {
				must(t, sb, "POST", "/v1/invoices/"+inv+"/pay", "")
			}
			invoices = append(invoices, must(t, sb, "GET", "/v1/invoices/"+inv, ""))
		}
		return invoices
	}
	credit := pays("-1000", 400, 2500)
	wants(t, credit[0], map[string]any{"starting_balance": -1000, "total": 400, "amount_due": 0, "ending_balance": -600, "status": "paid"})
	wants(t, credit[1], map[string]any{"starting_balance": -600, "total": 2500, "amount_due": 1900, "amount_paid": 1900, "ending_balance": 0, "status": "paid"})
	wants(t, pays("500", 1000)[0], map[string]any{"starting_balance": 500, "total": 1000, "amount_due": 1500, "ending_balance": 0})
}

// Every recorded case and every worked example stands in the table of the docs, with the test of its arithmetic and the one
// that talks HTTP; both are there.
func TestEveryWorkedCaseIsFound(t *testing.T) {
	t.Parallel()
	tests := ""
	for _, pattern := range []string{"*_test.go", "internal/billing/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			tests += string(text)
		}
	}
	_, table, found := strings.Cut(readText(t, "../docs/reference/sandbox-billing.md"), "\n## Cases\n")
	if !found {
		t.Fatal("the docs have no section Cases")
	}
	var cases []string
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 6 || strings.Contains(cells[1], "---") || strings.TrimSpace(cells[1]) == "case" {
			continue
		}
		cases = append(cases, strings.TrimSpace(cells[1]))
		for _, cell := range cells[3:5] {
			name := strings.Trim(strings.TrimSpace(cell), "`")
			function, sub, _ := strings.Cut(name, "/")
			if !strings.Contains(tests, "func "+function+"(t *testing.T)") || sub != "" && !strings.Contains(tests, `{"`+sub+" ") && !strings.Contains(tests, `t.Run("`+sub+" ") {
				t.Errorf("%s names %q, and there is no such test", cases[len(cases)-1], name)
			}
		}
	}
	var want []string
	for n := 1; n <= 11; n++ {
		want = append(want, fmt.Sprint("R", n))
	}
	for n := 1; n <= 18; n++ {
		want = append(want, fmt.Sprint("E", n))
	}
	if !slices.Equal(cases, want) {
		t.Errorf("the docs list %v, want %v", cases, want)
	}
}
