package sandbox

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/vezne/vezne/sandbox/internal/description"
	"pgregory.net/rapid"
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
		got := call(t, sb, op.Method, target, form)
		if got.status >= 500 || got.json == nil {
			t.Fatalf("%s %s %q answered %d: %s", op.Method, target, form, got.status, got.body)
		}
		if strings.Contains(target+form, "expand") {
			return // an expanded list is shown beside what the shape lets be left out
		}
		for _, wrong := range w.faults(op, got) {
			t.Fatalf("%s %s %q: %s", op.Method, target, form, wrong)
		}
	})
}

// Calls with parameters that the description allows, drawn from the fuzzer's bytes, are answered in the described shape.
func FuzzOperations(f *testing.F) {
	f.Add([]byte("Kahve"))
	f.Add([]byte{0, 1, 2, 3, 250, 251, 252, 253, 254, 255, 17, 4, 99, 42})
	f.Add(bytes.Repeat([]byte{7, 131, 65, 200}, 400))
	w := newWalker(f)
	f.Fuzz(func(t *testing.T, drawn []byte) {
		rapid.MakeFuzz(w.atRandom(t, func(string) bool { return true }))(t, drawn)
	})
}

// Whatever method, path, content type and body come, the answer is one of Stripe's: JSON with a kind of error and a
// sentence, and never a fault of ours.
func FuzzRoutes(f *testing.F) {
	for _, bad := range brokenRequests {
		f.Add(bad.method, bad.path, bad.contentType, bad.body)
	}
	f.Add("POST", "/v1/files", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nb\r\n--x--")
	sb := newTest(f, Options{})
	f.Fuzz(func(t *testing.T, method, path, contentType, body string) {
		u, err := url.ParseRequestURI("/v1" + path)
		if err != nil || strings.HasPrefix(path, "/payment_pages") {
			return // no server gets such a line; pages answer HTML
		}
		r, err := http.NewRequestWithContext(t.Context(), method, "http://sandbox.example/", strings.NewReader(body))
		if err != nil {
			return // no method
		}
		r.URL.Path, r.URL.RawPath, r.URL.RawQuery = u.Path, u.RawPath, u.RawQuery
		r.Header.Set("Authorization", "Bearer sk_test_core")
		r.Header.Set("Content-Type", contentType)
		answer := httptest.NewRecorder()
		sb.ServeHTTP(answer, r)
		if method == http.MethodOptions && answer.Code == http.StatusNoContent {
			return
		}
		var got struct {
			Error *struct{ Type, Message string }
		}
		err = json.Unmarshal(answer.Body.Bytes(), &got)
		if answer.Code >= 500 || err != nil || answer.Code != http.StatusOK && (got.Error == nil || got.Error.Type == "" || got.Error.Message == "") {
			t.Fatalf("%s /v1%s as %s %q answered %d %v: %s", method, path, contentType, body, answer.Code, err, answer.Body)
		}
	})
}
