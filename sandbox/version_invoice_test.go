package sandbox

import (
	"strings"
	"testing"
)

// An invoice that bills a subscription and its events, in each release train: before basil the invoice names its payment, its
// subscription and its tax itself, and its lines have a type.
func TestInvoicesSpeakEachVersion(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2025-02-24.acacia", "2025-08-27.basil", "2026-02-25.clover", "2026-08-26.dahlia", "2026-10-28.endive"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			sb := newTest(t, Options{DefaultAPIVersion: version})
			old := train(version) == "acacia"
			customer := must(t, sb, "POST", "/v1/customers", "payment_method=pm_card_visa&invoice_settings[default_payment_method]=pm_card_visa").str("id")
			rate := must(t, sb, "POST", "/v1/tax_rates", "display_name=KDV&percentage=20&inclusive=false").str("id")
			price := must(t, sb, "POST", "/v1/prices", "currency=usd&unit_amount=2000&recurring[interval]=month&product_data[name]=Kahve").str("id")
			sub := must(t, sb, "POST", "/v1/subscriptions", "customer="+customer+"&items[0][price]="+price+"&default_tax_rates[0]="+rate)
			id := sub.str("latest_invoice")
			events, _ := must(t, sb, "GET", "/v1/events?type=invoice.paid", "").json["data"].([]any)
			if len(events) != 1 {
				t.Fatalf("%d events invoice.paid", len(events))
			}
			event, _ := events[0].(map[string]any)
			shown := reply{json: map[string]any{"told": event["data"].(map[string]any)["object"], "read": must(t, sb, "GET", "/v1/invoices/"+id, "").json}}
			for _, at := range []string{"told.", "read."} {
				if old {
					if !strings.HasPrefix(shown.str(at+"payment_intent"), "pi_") || !strings.HasPrefix(shown.str(at+"charge"), "ch_") || shown.at(at+"paid") != true ||
						shown.str(at+"subscription") != sub.str("id") || shown.at(at+"tax") != 400.0 || shown.at(at+"parent") != nil {
						t.Errorf("%s of acacia: %v", at, shown.json)
					}
				} else if shown.str(at+"parent.subscription_details.subscription") != sub.str("id") || shown.at(at+"payment_intent") != nil || shown.at(at+"total_taxes") == nil {
					t.Errorf("%s: %v", at, shown.json)
				}
				lines, _ := shown.at(at + "lines.data").([]any)
				line := reply{json: map[string]any{"line": lines[0]}}
				if old && (line.str("line.type") != "subscription" || line.str("line.price.id") != price || line.str("line.plan.id") != price) {
					t.Errorf("a line of acacia: %v", lines)
				}
				if !old && line.str("line.pricing.price_details.price") != price {
					t.Errorf("a line: %v", lines)
				}
			}
		})
	}
}
