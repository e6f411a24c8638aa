package sandbox

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// newTest makes a sandbox that ends with the test.
func newTest(t testing.TB, o Options) *Sandbox {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	sb, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	return sb
}

// reply is an answer of the sandbox.
type reply struct {
	status int
	header http.Header
	body   string
	json   map[string]any
}

// str reads a text at a dotted path.
func (r reply) str(path string) string {
	s, _ := r.at(path).(string)
	return s
}

func (r reply) at(path string) any {
	var v any = r.json
	for key := range strings.SplitSeq(path, ".") {
		if list, ok := v.([]any); ok {
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(list) {
				return nil
			}
			v = list[i]
			continue
		}
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

// must asks and fails the test unless the answer is 200.
func must(t testing.TB, h http.Handler, method, target, form string, header ...string) reply {
	t.Helper()
	got := call(t, h, method, target, form, header...)
	if got.status != http.StatusOK {
		t.Fatalf("%s %s %s answered %d: %s", method, target, form, got.status, got.body)
	}
	return got
}

// call asks a sandbox as sk_test_core does. Pairs of header may follow the form.
func call(t testing.TB, h http.Handler, method, target, form string, header ...string) reply {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(form))
	r.Header.Set("Authorization", "Bearer sk_test_core")
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i+1] == "" {
			r.Header.Del(header[i])
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	got := reply{status: w.Code, header: w.Header(), body: w.Body.String()}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(w.Body.Bytes(), &got.json); err != nil {
			t.Fatalf("%s %s answered no JSON: %v\n%s", method, target, err, w.Body)
		}
	}
	return got
}

func TestErrorsReadAsStripes(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	cus := must(t, sb, "POST", "/v1/customers", "").str("id")
	long := strings.Repeat("x", 600)
	for _, tc := range []struct {
		name, method, target, form string
		status                     int
		code, param, message       string
	}{
		{"an unknown id", "GET", "/v1/customers/cus_x", "", 404, "resource_missing", "id", "No such customer: 'cus_x'"},
		{"an unknown id of a tax rate", "GET", "/v1/tax_rates/txr_x", "", 404, "resource_missing", "tax_rate", "No such tax_rate: 'txr_x'"},
		{"an unknown intent", "GET", "/v1/setup_intents/seti_x", "", 404, "resource_missing", "intent", "No such setupintent: 'seti_x'"},
		{"an unknown parameter", "POST", "/v1/customers", "foo=1", 400, "parameter_unknown", "foo", "Received unknown parameter: foo"},
		{"a near miss", "POST", "/v1/customers", "emial=a@b.example", 400, "parameter_unknown", "emial", "Received unknown parameter: emial. Did you mean email?"},
		{"an unknown nested parameter", "POST", "/v1/customers/" + cus, "invoice_settings[nope]=1", 400, "parameter_unknown", "invoice_settings[nope]", "Received unknown parameter: invoice_settings[nope]"},
		{"several unknown parameters", "POST", "/v1/customers", "foo=1&bar=2", 400, "parameter_unknown", "foo", "Received unknown parameters: foo, bar"},
		{"a missing parameter", "POST", "/v1/tax_rates", "display_name=KDV&percentage=20", 400, "parameter_missing", "inclusive", "Missing required param: inclusive."},
		{"a missing nested parameter", "POST", "/v1/subscriptions", "items[0][quantity]=1&add_invoice_items[0][price_data][currency]=usd", 400, "parameter_missing", "add_invoice_items[0][price_data][product]", "Missing required param: add_invoice_items[0][price_data][product]."},
		{"no integer", "GET", "/v1/customers?limit=abc", "", 400, "parameter_invalid_integer", "limit", "Invalid integer: abc"},
		{"an integer that is too large", "POST", "/v1/customers", "balance=99999999999999999999", 400, "parameter_invalid_integer", "balance", "Invalid integer: ****************9999"},
		{"an array for a text", "POST", "/v1/customers", "name[]=wrong&name[]=thing", 400, "", "name", `Invalid string: {"0":"wrong","1":"thing"}`},
		{"a text for an array", "POST", "/v1/webhook_endpoints", "url=https://shop.example&enabled_events=all", 400, "", "enabled_events", "Invalid array"},
		{"a text for a hash", "POST", "/v1/customers", "shipping=here", 400, "", "shipping", "Invalid object"},
		{"no flag", "POST", "/v1/tax_rates", "display_name=KDV&percentage=20&inclusive=ja", 400, "", "inclusive", "Invalid boolean: ja"},
		{"no number", "POST", "/v1/tax_rates", "display_name=KDV&percentage=viel&inclusive=true", 400, "", "percentage", "Invalid decimal: viel"},
		{"infinity for a number", "POST", "/v1/tax_rates", "display_name=KDV&percentage=Inf&inclusive=true", 400, "", "percentage", "Invalid decimal: Inf"},
		{"a number beyond all numbers", "POST", "/v1/tax_rates", "display_name=KDV&percentage=1e999&inclusive=true", 400, "", "percentage", "Invalid decimal: 1e999"},
		{"a bad choice", "POST", "/v1/customers", "tax_exempt=maybe", 400, "", "tax_exempt", "Invalid tax_exempt: must be one of none, reverse, or exempt"},
		{"a bad choice of two", "POST", "/v1/tax_rates", "display_name=KDV&percentage=20&inclusive=true&tax_type=tithe&active=true&country=TR&state=x&jurisdiction=" + long[:10], 400, "", "tax_type", ""},
		{"an empty text", "POST", "/v1/tax_rates", "display_name=&percentage=20&inclusive=true", 400, "parameter_invalid_empty", "display_name", "You passed an empty string for 'display_name'. We assume empty values are an attempt to unset a parameter; however 'display_name' cannot be unset. You should remove 'display_name' from your request or supply a non-empty value."},
		{"a text that is too long", "POST", "/v1/tax_rates", "percentage=20&inclusive=true&display_name=" + long, 400, "", "display_name", "Invalid string: xxxxxxxxxx...xxxxxxxxxx; must be at most 50 characters"},
		{"a key of metadata that is too long", "POST", "/v1/customers", "metadata[" + long[:41] + "]=1", 400, "", "metadata", "Metadata keys can have up to 40 characters, but you passed in a key that is 41 characters. Invalid key: " + long[:41]},
		{"a value of metadata that is too long", "POST", "/v1/customers", "metadata[k]=" + long, 400, "", "metadata[k]", "Metadata values can have up to 500 characters, but you passed in a value that is 600 characters. Invalid value: " + long},
		{"a property that cannot be expanded", "GET", "/v1/customers/" + cus + "?expand[]=foo", "", 400, "", "", "This property cannot be expanded (foo)."},
		{"a list without data.", "GET", "/v1/customers?expand[]=default_source", "", 400, "", "", "This property cannot be expanded (default_source). You may want to try expanding 'data.default_source' instead."},
		{"expanding too deep", "GET", "/v1/customers/" + cus + "?expand[]=a.b.c.d.e", "", 400, "", "", "You cannot expand more than 4 levels of a property. Property: a.b.c.d.e"},
		{"an unknown route", "GET", "/v1/foo", "", 404, "", "", "Unrecognized request URL (GET: /v1/foo). Please see https://stripe.com/docs or we can help at https://support.stripe.com/."},
		{"a method that a route does not have", "PUT", "/v1/customers", "", 404, "", "", "Unrecognized request URL (PUT: /v1/customers). Please see https://stripe.com/docs or we can help at https://support.stripe.com/."},
		{"a form that is none", "POST", "/v1/customers", "name=%zz", 400, "", "", "Invalid request: 'name' is not form-encoded"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := call(t, sb, tc.method, tc.target, tc.form)
			if got.status != tc.status || got.str("error.code") != tc.code || got.str("error.param") != tc.param {
				t.Errorf("status %d, code %q, param %q; want %d, %q, %q\n%s", got.status, got.str("error.code"), got.str("error.param"), tc.status, tc.code, tc.param, got.body)
			}
			if tc.message != "" && got.str("error.message") != tc.message {
				t.Errorf("the message is\n%s\nwant\n%s", got.str("error.message"), tc.message)
			}
			if want := "https://stripe.com/docs/error-codes/" + strings.ReplaceAll(tc.code, "_", "-"); tc.code != "" && got.str("error.doc_url") != want {
				t.Errorf("doc_url %q, want %q", got.str("error.doc_url"), want)
			}
			if got.str("error.type") != "invalid_request_error" {
				t.Errorf("type %q", got.str("error.type"))
			}
		})
	}
}

func TestBodiesThatAreNoForm(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	for _, tc := range []struct{ name, contentType, body, message string }{
		{"JSON", "application/json", `{"name":"x"}`, "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any questions, we can help at https://support.stripe.com/."},
		{"no name", "application/x-www-form-urlencoded", "a[b=1", "Invalid request: the parameter name 'a[b' cannot be read"},
		{"too many brackets", "application/x-www-form-urlencoded", "a" + strings.Repeat("[b]", 30) + "=1", "Invalid request: the parameter name 'a[b][b][b][b][b][b][b][b][b][b][b][b][b]…' cannot be read"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := call(t, sb, "POST", "/v1/customers", tc.body, "Content-Type", tc.contentType)
			if got.status != 400 || got.str("error.message") != tc.message {
				t.Errorf("%d %s, want 400 %s", got.status, got.str("error.message"), tc.message)
			}
		})
	}
	if got := call(t, sb, "POST", "/v1/customers", "name="+strings.Repeat("x", maxBody)); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body of more than %d bytes is answered with %d", maxBody, got.status)
	}
}

func TestHeadersOfAnswers(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	got := must(t, sb, "POST", "/v1/customers", "", "Idempotency-Key", "key-1", "Stripe-Version", "2026-03-25.dahlia")
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-cache, no-store", "Stripe-Version": "2026-03-25.dahlia",
		"Idempotency-Key": "key-1", "Original-Request": got.header.Get("Request-Id"), "Access-Control-Allow-Origin": "*",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.header.Get(name), want)
		}
	}
	if !strings.HasPrefix(got.header.Get("Request-Id"), "req_") {
		t.Errorf("Request-Id: %q", got.header.Get("Request-Id"))
	}
	if got := must(t, sb, "GET", "/v1/customers", ""); got.header.Get("Stripe-Version") != newestVersion() || got.header.Get("Idempotency-Key") != "" {
		t.Errorf("a plain read carries %v", got.header)
	}
	if got := call(t, sb, "GET", "/v1/customers/cus_x", ""); got.header.Get("Stripe-Should-Retry") != "false" {
		t.Errorf("a refusal says Stripe-Should-Retry: %q", got.header.Get("Stripe-Should-Retry"))
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{DefaultAPIVersion: "2025-10-29.clover"})
	if got := must(t, sb, "GET", "/v1/customers", ""); got.header.Get("Stripe-Version") != "2025-10-29.clover" {
		t.Errorf("without a header the version is %q", got.header.Get("Stripe-Version"))
	}
	for _, version := range []string{"2024-09-30.acacia", "2025-07-30.basil", "2026-08-26.dahlia", "2026-09-30.endive"} {
		must(t, sb, "GET", "/v1/customers", "", "Stripe-Version", version)
	}
	for version, message := range map[string]string{
		"not-a-real-version": "Invalid Stripe API version: not-a-real-version",
		"2020-08-27":         "Invalid Stripe API version: 2020-08-27. This sandbox speaks the versions from 2024-09-30.acacia on.",
	} {
		got := call(t, sb, "GET", "/v1/customers", "", "Stripe-Version", version)
		if got.status != 400 || got.str("error.message") != message || got.header.Get("Stripe-Version") != version {
			t.Errorf("%s is answered with %d %q, version %q", version, got.status, got.str("error.message"), got.header.Get("Stripe-Version"))
		}
	}
	if _, err := New(Options{DefaultAPIVersion: "tomorrow"}); err == nil {
		t.Error("a sandbox starts with a version that nobody has")
	}
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	got := call(t, sb, "OPTIONS", "/v1/payment_methods", "", "Authorization", "", "Access-Control-Request-Headers", "Authorization, Stripe-Version")
	if got.status != http.StatusNoContent || got.header.Get("Access-Control-Allow-Headers") != "authorization, stripe-version" || !strings.Contains(got.header.Get("Access-Control-Allow-Methods"), "POST") {
		t.Errorf("%d %v", got.status, got.header)
	}
}

func textLog(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
