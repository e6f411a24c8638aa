package sandbox_test

import (
	"strconv"
	"testing"
	"time"
)

// A subscription ends at the time that was set for it while a change waits for its payment and usage is still to be billed:
// each event tells all that it changed.
func TestAnEndInTimeTellsWhatBecameOfTheChangeThatWaited(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	price := func(pairs ...string) string {
		return s.post("/v1/prices", append([]string{"currency", "usd", "recurring[interval]", "month", "product_data[name]", "Calls"}, pairs...)...).str("id")
	}
	meter := s.post("/v1/billing/meters", "display_name", "Calls", "event_name", "calls", "default_aggregation[formula]", "sum").str("id")
	basic, pro := price("unit_amount", "1000"), price("unit_amount", "90000")
	used := price("unit_amount", "7", "recurring[usage_type]", "metered", "recurring[meter]", meter)
	customer := s.post("/v1/customers", "payment_method", "pm_card_visa", "invoice_settings[default_payment_method]", "pm_card_visa").str("id")
	sub := s.post("/v1/subscriptions", "customer", customer, "items[0][price]", basic, "items[1][price]", used)
	path := "/v1/subscriptions/" + sub.str("id")
	s.wait(time.Minute)
	s.post("/v1/billing/meter_events", "event_name", "calls", "payload[stripe_customer_id]", customer, "payload[value]", "10")
	s.post(path, "cancel_at", strconv.FormatInt(s.now.Load()+20*3600, 10), "proration_behavior", "none")
	card := s.post("/v1/payment_methods/pm_card_threeDSecure2Required/attach", "customer", customer).str("id")
	s.post("/v1/customers/"+customer, "invoice_settings[default_payment_method]", card)
	waiting := s.post(path, "items[0][id]", sub.str("items.data.0.id"), "items[0][price]", pro, "proration_behavior", "always_invoice", "payment_behavior", "pending_if_incomplete")
	if waiting.at("pending_update") == nil {
		t.Fatalf("nothing waits: the latest invoice is %s", waiting.str("latest_invoice"))
	}
	s.events()
	s.wait(21 * time.Hour)
	ended := s.get(path)
	ended.want(t, "status", "canceled", "pending_update", nil)
	if ended.str("latest_invoice") == waiting.str("latest_invoice") {
		t.Error("the usage was not billed")
	}
	former := waiting.str("latest_invoice")
	for _, e := range s.happened() {
		if e.str("data.object.id") != sub.str("id") {
			continue
		}
		if is := e.str("data.object.latest_invoice"); is != former && e.str("type") == "customer.subscription.updated" && e.str("data.previous_attributes.latest_invoice") != former {
			t.Errorf("%s does not say that the latest invoice was %s: %v", e.str("type"), former, e.at("data.previous_attributes"))
		}
		former = e.str("data.object.latest_invoice")
	}
}
