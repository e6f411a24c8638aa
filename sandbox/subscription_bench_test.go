package sandbox

import (
	"fmt"
	"testing"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// BenchmarkTwelveMonthlyAdvances is a year of a subscription under a test clock, each month by a call of its own: renewed,
// finalised, paid. One round of it takes far less than a second.
func BenchmarkTwelveMonthlyAdvances(b *testing.B) {
	sb := newTest(b, Options{})
	price := must(b, sb, "POST", "/v1/prices", "currency=usd&unit_amount=2000&recurring[interval]=month&product_data[name]=Basic").str("id")
	cycle := billing.Cycle{Anchor: 1800000000, Every: billing.Recurrence{Interval: billing.Monthly}}
	for b.Loop() {
		clock := must(b, sb, "POST", "/v1/test_helpers/test_clocks", "frozen_time=1800000000").str("id")
		customer := must(b, sb, "POST", "/v1/customers", "payment_method=pm_card_visa&invoice_settings[default_payment_method]=pm_card_visa&test_clock="+clock).str("id")
		sub := must(b, sb, "POST", "/v1/subscriptions", "customer="+customer+"&items[0][price]="+price).str("id")
		for month := range int64(12) {
			must(b, sb, "POST", "/v1/test_helpers/test_clocks/"+clock+"/advance", fmt.Sprint("frozen_time=", int64(cycle.Boundary(month+1))+3601))
			if err := sb.Account("sk_test_core").Idle(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		paid := must(b, sb, "GET", "/v1/invoices?limit=100&status=paid&subscription="+sub, "")
		if list, _ := paid.at("data").([]any); len(list) != 13 {
			b.Fatalf("%d invoices are paid, want 13", len(list))
		}
		must(b, sb, "DELETE", "/v1/test_helpers/test_clocks/"+clock, "")
	}
}
