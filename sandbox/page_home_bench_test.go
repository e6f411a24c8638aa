package sandbox

import (
	"net/http"
	"testing"
)

// BenchmarkHome draws the pages of an account with 100,000 objects and as many events and deliveries.
func BenchmarkHome(b *testing.B) {
	rc := &receiver{status: 200}
	sb := newTest(b, Options{Transport: rc})
	a := sb.account("core")
	fillHome(b, a, 100_000)
	// The endpoint takes the later half of the story: every list is long.
	must(b, sb, "POST", "/v1/webhook_endpoints", "url=http://shop.example/&enabled_events[]=*")
	if _, err := sb.Account("sk_test_core").AddDeliveryFault(DeliveryFault{Effect: effectHold}); err != nil {
		b.Fatal(err)
	}
	fillHome(b, a, 100_000)
	_, intent := payAndChange(b, sb)
	var oldest, event string
	a.locked(func() {
		oldest, event = a.store.list("customer")[0].id, a.store.list("event")[0].id
	})
	for _, page := range []struct{ name, path string }{
		{"overview", ""}, {"objects", "/objects/customer"}, {"filtered", "/objects/customer?id=nowhere"}, {"object", "/objects/customer/" + oldest}, {"intent", "/objects/payment_intent/" + intent},
		{"events", "/events"}, {"filtered_events", "/events?type=nothing.*"}, {"event", "/events/" + event}, {"deliveries", "/deliveries"}, {"held", "/deliveries?status=failed"},
		{"requests", "/requests"}, {"clock", "/clock"}, {"faults", "/faults"}, {"settings", "/settings"}, {"search", "/search?q=nobody@nowhere.example"}, {"pulse", "/pulse"},
	} {
		b.Run(page.name, func(b *testing.B) {
			for b.Loop() {
				if w := homeVisit(sb, coreHome+page.path); w.Code != http.StatusOK && w.Code != http.StatusNotFound {
					b.Fatalf("%s: %d", page.path, w.Code)
				}
			}
		})
	}
}
