package sandbox

import (
	"net/url"
	"slices"
	"testing"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// Whatever is sent to whatever operation, the answer is JSON, a success or a refusal, never a fault of ours.
func FuzzCall(f *testing.F) {
	names := make([]string, 0, len(walkForms))
	for name := range walkForms {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		f.Add(name, "x", walkForms[name])
	}
	f.Add("POST /v1/payment_intents", "", "amount=500&currency=try&confirm=true&payment_method=pm_card_visa&return_url=https://shop.example&payment_method_options[card][request_three_d_secure]=any")
	f.Add("POST /v1/payment_intents/{intent}/capture", "", "amount_to_capture=1&final_capture=true")
	f.Add("POST /v1/customers/{customer}", "", "address=&shipping[name]=x&invoice_settings[custom_fields][0][name]=a&preferred_locales[]=tr&metadata[]=1")
	f.Add("GET /v1/events", "", "types[0]=customer.created&created[gte]=1&limit=-1&expand[]=data.data")
	f.Add("GET /v1/customers/search", "", "query=metadata['a']:null OR -name~'abc'&page=")
	f.Add("POST /v1/invoices/create_preview", "", "subscription_details[items][0][price_data][recurring][interval]=month&customer_details[tax_ids][0][type]=eu_vat")

	sb := newTest(f, Options{})
	w := &walker{t: f, sb: sb, ids: map[string][]string{"account": {accountID("core")}}}
	w.prepare()
	api := description.Load()
	f.Fuzz(func(t *testing.T, name, id, form string) {
		op := api.Find(name)
		if op == nil {
			op = &api.Operations[len(name)*31%len(api.Operations)]
		}
		target, ok := w.target(op)
		if !ok || id != "" {
			target = op.Path
			for _, part := range pathNames(op.Path) {
				target = replaceOnce(target, part, url.PathEscape(id+"x"))
			}
		}
		if op.Method != "POST" {
			target, form = target+"?"+url.PathEscape(form), ""
		}
		if got := call(t, sb, op.Method, target, form); got.status >= 500 || got.json == nil {
			t.Fatalf("%s %s %q answered %d: %s", op.Method, target, form, got.status, got.body)
		}
	})
}
