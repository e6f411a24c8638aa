package sandbox

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// Whatever is sent in whatever version, the answer is JSON, a refusal or closed against the description of that version.
func FuzzCallInVersion(f *testing.F) {
	versions := []string{"2025-02-24.acacia", "2025-08-27.basil", "2026-02-25.clover", "2026-10-28.endive"}
	seeds := []string{
		"POST /v1/promotion_codes", "coupon=x&code=a", "POST /v1/customers", "coupon=x&promotion_code=", "POST /v1/checkout/sessions", "mode=setup&currency=eur&ui_mode=embedded&return_url=https://shop.example",
		"POST /v1/subscriptions", "customer=x&coupon=&promotion_code=a&discounts=", "POST /v1/subscription_schedules", "phases[0][iterations]=2&phases[0][coupon]=x&phases[0][items][0][price_data][recurring][interval]=week",
		"POST /v1/invoices/create_preview", "coupon=x&subscription_details[billing_cycle_anchor][type]=now&schedule_details[phases][0][iterations]=1", "POST /v1/invoiceitems", "price=x&unit_amount=5",
		"POST /v1/invoices/{invoice}/add_lines", "lines[0][price]=x&lines[0][unit_amount]=1", "POST /v1/credit_notes", "invoice=x&refund=y", "POST /v1/prices", "currency=eur&recurring[interval]=day&recurring[aggregate_usage]=max&product_data[name]=a",
		"POST /v1/payment_intents", "amount=500&currency=eur&allowed_payment_method_types[0]=card&payment_method_types[0]=card", "GET /v1/invoices/{invoice}", "expand[]=payment_intent.latest_charge&expand[]=subscription.discount.coupon",
		"GET /v1/charges", "include[]=total_count&expand[]=data.invoice&expand[]=total_count", "POST /v1/subscriptions/{subscription}/resume", "billing_cycle_anchor[type]=now",
	}
	for i := 0; i < len(seeds); i += 2 {
		for train := range versions {
			f.Add(byte(train), seeds[i], seeds[i+1])
		}
	}
	sb := newTest(f, Options{})
	w := &walker{t: f, sb: sb, ids: map[string][]string{"account": {accountID("core")}}}
	w.prepare()
	for _, op := range walkOrder() {
		if op.Method == "POST" && slices.ContainsFunc([]string{"/v1/invoices", "/v1/subscriptions", "/v1/invoiceitems"}, func(path string) bool { return op.Path == path }) {
			w.do(op)
		}
	}
	api := description.Load()
	f.Fuzz(func(t *testing.T, train byte, name, form string) {
		version := versions[int(train)%len(versions)]
		op := api.Find(name)
		if op == nil {
			op = &api.Operations[len(name)*31%len(api.Operations)]
		}
		target, ok := w.target(op)
		if !ok {
			return
		}
		if op.Method != "POST" {
			target, form = target+"?"+strings.ReplaceAll(url.PathEscape(form), "%5B", "["), ""
		}
		got := call(t, sb, op.Method, target, form, "Stripe-Version", version)
		if got.status >= 500 || got.json == nil {
			t.Fatalf("%s %s %q in %s answered %d: %s", op.Method, target, form, version, got.status, got.body)
		}
		if got.status != 200 {
			return
		}
		d := json.NewDecoder(strings.NewReader(got.body))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		for _, difference := range differencesIn(dialectOf(version), v, op.Answer, "") {
			if !strings.HasSuffix(difference, ".total_count: unknown") {
				t.Errorf("%s %q in %s answers %s", name, form, version, difference)
			}
		}
	})
}
