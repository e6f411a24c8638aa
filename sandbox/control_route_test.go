package sandbox_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/sandbox"
)

func TestControlNeedsASecretKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if a := b.must("GET", "/_sandbox/health", "", "Authorization", ""); a.status != 200 {
		t.Errorf("health: %d", a.status)
	}
	for _, key := range []string{"", "Bearer sk_live_abcdefgh", "Bearer pk_test_bench", "Bearer nonsense", "Bearer sk_test_x"} {
		if a := b.call("GET", "/_sandbox/clock", "", "Authorization", key); a.status != 401 || a.str("error.type") != "invalid_request_error" {
			t.Errorf("%q: %d %s", key, a.status, a.text)
		}
	}
	if _, err := b.sandbox.Account("sk_live_abcdefgh").Clock(); err == nil || !strings.Contains(err.Error(), "live") {
		t.Errorf("a live key: %v", err)
	}
	var refused *sandbox.Error
	if err := b.sandbox.Account("nonsense").Idle(t.Context()); !errors.As(err, &refused) || refused.Status != 401 {
		t.Errorf("a malformed key: %v", err)
	}
}

func TestControlRoutes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if a := b.call("GET", "/_sandbox/nowhere", ""); a.status != 404 || !strings.Contains(a.str("error.message"), "/_sandbox/nowhere") {
		t.Errorf("an unknown route: %d %s", a.status, a.text)
	}
	if a := b.call("DELETE", "/_sandbox/clock", ""); a.status != 405 || a.header.Get("Allow") != "GET, POST" || a.str("error.message") == "" {
		t.Errorf("a wrong method: %d %q %s", a.status, a.header.Get("Allow"), a.text)
	}
	if a := b.call("POST", "/_sandbox/clock", `{"advance_seconds":`+strings.Repeat(" ", 4<<20)+`1}`); a.status != 413 {
		t.Errorf("an endless body: %d", a.status)
	}
	if a := b.call("GET", "/_sandbox/clock", ""); a.header.Get("Content-Type") != "application/json" {
		t.Errorf("clock: %s", a.header.Get("Content-Type"))
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *sandbox.Options) { o.Clock = func() time.Time { return time.Unix(1_800_000_000, 0) } })
	if c := b.must("POST", "/_sandbox/clock", `{"frozen":true,"now":1900000000}`); c.at("now") != 1.9e9 || c.at("frozen") != true {
		t.Errorf("set and frozen: %s", c.text)
	}
	if c := b.must("POST", "/_sandbox/clock", `{"advance_seconds":60}`); c.at("now") != 1.9e9+60 || c.at("frozen") != true {
		t.Errorf("advanced: %s", c.text)
	}
	id := b.customer()
	if made := b.must("GET", "/v1/customers/"+id, ""); made.at("created") != 1.9e9+60 {
		t.Errorf("created = %v", made.at("created"))
	}
	if c := b.must("POST", "/_sandbox/clock", `{"frozen":false}`); c.at("now") != 1.9e9+60 || c.at("frozen") != false {
		t.Errorf("let go: %s", c.text)
	}
	frozen := check1(b.account.Freeze(t.Context()))(t)
	if let := check1(b.account.Unfreeze(t.Context()))(t); !frozen.Frozen || let.Frozen || let.Now != 1.9e9+60 {
		t.Errorf("by the methods: %+v, %+v", frozen, let)
	}
	for body, param := range map[string]string{
		`{"now":1800000000}`:             "now",
		`{"advance_seconds":-1}`:         "advance_seconds",
		`{"now":1,"advance_seconds":1}`:  "now",
		`{"advance_seconds":1.5}`:        "advance_seconds",
		`{"advance_seconds":"tomorrow"}`: "advance_seconds",
		`{"frozen":"yes"}`:               "frozen",
		`{"speed":2}`:                    "speed",
	} {
		if a := b.call("POST", "/_sandbox/clock", body); a.status != 400 || a.str("error.param") != param || len(a.str("error.message")) < 15 {
			t.Errorf("%s: %d %s", body, a.status, a.text)
		}
	}
	other := b.must("GET", "/_sandbox/clock", "", "Authorization", "Bearer sk_test_other")
	if other.at("now") != 1.8e9 {
		t.Errorf("another account's clock: %s", other.text)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	before := b.must("GET", "/_sandbox/settings", "")
	if !cmp.Equal(before.at("delivery_retries"), []any{600.0, 3600.0, 10800.0}) || before.at("rate_limit") != 0.0 || before.str("default_api_version") == "" {
		t.Errorf("at first: %s", before.text)
	}
	after := b.must("POST", "/_sandbox/settings", `{"display_name":"Çınar Kahve","delivery_retries":[5],"fee_percent":1.5,"fee_fixed":25}`)
	if after.str("display_name") != "Çınar Kahve" || !cmp.Equal(after.at("delivery_retries"), []any{5.0}) || after.at("delivery_timeout_ms") != before.at("delivery_timeout_ms") {
		t.Errorf("after: %s", after.text)
	}
	if again := b.must("GET", "/_sandbox/settings", ""); again.text != after.text {
		t.Errorf("read again: %s", again.text)
	}
	if a := b.must("GET", "/v1/account", ""); a.str("settings.dashboard.display_name") != "Çınar Kahve" {
		t.Errorf("the account is called %q", a.str("settings.dashboard.display_name"))
	}
	version := b.must("POST", "/_sandbox/settings", `{"default_api_version":"2026-03-25.dahlia"}`)
	if a := b.must("GET", "/v1/customers", ""); version.str("default_api_version") != "2026-03-25.dahlia" || a.header.Get("Stripe-Version") != "2026-03-25.dahlia" {
		t.Errorf("a call without a version is answered in %s", a.header.Get("Stripe-Version"))
	}
	for body, param := range map[string]string{
		`{"display_name":""}`:                "display_name",
		`{"default_api_version":"tomorrow"}`: "default_api_version",
		`{"delivery_retries":[0]}`:           "delivery_retries",
		`{"delivery_retries":"often"}`:       "delivery_retries",
		`{"delivery_timeout_ms":0}`:          "delivery_timeout_ms",
		`{"fee_percent":101}`:                "fee_percent",
		`{"fee_fixed":-1}`:                   "fee_fixed",
		`{"rate_limit":-1}`:                  "rate_limit",
		`{"colour":"red"}`:                   "colour",
		`{"retries":{"after_days":[2,2]}}`:   "retries[after_days]",
		`{"retries":{"after_days":[0]}}`:     "retries[after_days]",
		`{"retries":{"end":"gone"}}`:         "retries[end]",
		`{"tax_rates":[{"country":"de"}]}`:   "tax_rates",
		`{"tax_rates":[{"state":"CA"}]}`:     "tax_rates",
		`{"tax_rates":[{"percentage":101}]}`: "tax_rates",
		`{"tax_rates":[{"tax_type":"tea"}]}`: "tax_rates",
		`{"tax_rates":[{},{}]}`:              "tax_rates",
	} {
		if a := b.call("POST", "/_sandbox/settings", body); a.status != 400 || a.str("error.param") != param {
			t.Errorf("%s: %d %s", body, a.status, a.text)
		}
	}
}

func TestForgedEvents(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t)
	e := b.endpoint(r)
	r.set(http.StatusAccepted)
	simulate := func(body string) (answer, received) {
		t.Helper()
		a := b.must("POST", "/_sandbox/simulate", body)
		got := r.all()
		return a, got[len(got)-1]
	}
	a, got := simulate(`{"type":"event","event":{"id":"evt_forged","object":"event","type":"charge.succeeded"}}`)
	if string(got.body) != `{"id":"evt_forged","object":"event","type":"charge.succeeded"}` || a.at("status") != 202.0 || a.str("body") != "Accepted" || a.str("endpoint") != e.ID {
		t.Errorf("%s arrived, the answer is %s", got.body, a.text)
	}
	signedBy := func(got received, secret string) bool {
		return validate(got, secret) == nil
	}
	if !signedBy(got, e.Secret) {
		t.Error("a forged event is signed with the endpoint's secret unless something else is asked for")
	}
	if _, got = simulate(`{"type":"event","event":{},"secret":"whsec_wrong"}`); signedBy(got, e.Secret) || !signedBy(got, "whsec_wrong") {
		t.Error("a wrong secret was asked for")
	}
	if _, got = simulate(`{"type":"event","event":{},"age_seconds":600}`); signedBy(got, e.Secret) || !strings.Contains(validate(got, e.Secret).Error(), "tolerance") {
		t.Error("an old signature was asked for")
	}
	if _, got = simulate(`{"type":"event","body":"not json","signature":""}`); string(got.body) != "not json" || got.header.Get("Stripe-Signature") != "" {
		t.Errorf("%q arrived, signed %q", got.body, got.header.Get("Stripe-Signature"))
	}
	if list := b.must("GET", "/v1/events", "").list("data"); len(list) != 0 {
		t.Errorf("forged events are on the list: %v", list)
	}
	for body, param := range map[string]string{
		`{"type":"event"}`:                             "event",
		`{"type":"event","event":{},"body":""}`:        "event",
		`{"type":"event","event":{},"endpoint":"we_"}`: "webhook_endpoint",
		`{"type":"earthquake"}`:                        "type",
		`{}`:                                           "type",
	} {
		if a := b.call("POST", "/_sandbox/simulate", body); a.status < 400 || a.status > 404 || a.str("error.param") != param {
			t.Errorf("%s: %d %s", body, a.status, a.text)
		}
	}
}

func TestRestrictedKeys(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.customer()
	made := b.call("POST", "/_sandbox/keys", `{"permissions":{"customers":"read","products":"write"}}`)
	key := made.str("key")
	if made.status != 201 || !strings.HasPrefix(key, "rk_test_") {
		t.Fatalf("%d %s", made.status, made.text)
	}
	as := func(method, path, body string) int {
		return b.call(method, path, body, "Authorization", "Bearer "+key).status
	}
	for name, tc := range map[string]struct{ got, want int }{
		"reads what it may read":            {as("GET", "/v1/customers/"+id, ""), 200},
		"does not write what it may read":   {as("POST", "/v1/customers", "name=Ada"), 403},
		"writes what it may write":          {as("POST", "/v1/products", "name=Kahve"), 200},
		"reads what it may write":           {as("GET", "/v1/products", ""), 200},
		"does not read what it has no word": {as("GET", "/v1/events", ""), 403},
		"does not control the sandbox":      {as("POST", "/_sandbox/reset", ""), 403},
	} {
		if tc.got != tc.want {
			t.Errorf("it %s: %d, want %d", name, tc.got, tc.want)
		}
	}
	for body, param := range map[string]string{
		`{"permissions":{"customers":"all"}}`: "permissions[customers]",
		`{"permissions":{"castles":"read"}}`:  "permissions[castles]",
		`{"permissions":["customers"]}`:       "permissions",
	} {
		if a := b.call("POST", "/_sandbox/keys", body); a.status != 400 || a.str("error.param") != param {
			t.Errorf("%s: %d %s", body, a.status, a.text)
		}
	}
	if list := b.must("GET", "/_sandbox/keys", "").list("data"); len(list) != 1 || list[0]["key"] != key {
		t.Errorf("keys: %v", list)
	}
}

func TestSnapshotAndRestore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t)
	r.set(http.StatusInternalServerError)
	b.endpoint(r)
	check1(b.account.Freeze(t.Context()))(t)
	kept := b.customer()
	b.idle()
	snapshot := b.call("POST", "/_sandbox/snapshots", "")
	if snapshot.status != 201 {
		t.Fatalf("%d %s", snapshot.status, snapshot.text)
	}
	b.must("POST", "/_sandbox/faults", `{"effect":"status","path":"/v1/prices"}`)
	b.must("POST", "/_sandbox/settings", `{"delivery_retries":[]}`)
	b.must("POST", "/v1/customers/"+kept, "name=Grace")
	lost := b.customer()
	later := check1(b.account.Advance(t.Context(), time.Hour))(t)
	back := b.must("POST", "/_sandbox/snapshots/"+snapshot.str("id")+"/restore", "")
	if back.at("now") != float64(later.Now-3600) {
		t.Errorf("the clock stands at %v", back.at("now"))
	}
	if a := b.must("GET", "/v1/customers/"+kept, ""); a.str("name") != "Ada" {
		t.Errorf("the customer is called %q", a.str("name"))
	}
	if a := b.call("GET", "/v1/customers/"+lost, ""); a.status != 404 {
		t.Errorf("a later customer answers %d", a.status)
	}
	if list := b.must("GET", "/v1/events", "").list("data"); len(list) != 1 {
		t.Errorf("%d events, want 1", len(list))
	}
	if list := check1(b.account.Faults())(t); len(list) != 0 {
		t.Errorf("a later fault is still planted: %v", list)
	}
	if s := check1(b.account.Settings())(t); len(s.DeliveryRetries) != 3 {
		t.Errorf("the settings are %+v", s)
	}
	n := len(r.all())
	check1(b.account.Advance(t.Context(), 10*time.Minute))(t)
	if got := r.all()[n:]; len(got) != 1 || got[0].object != kept {
		t.Errorf("after the restore the planned retry is made: %v", got)
	}
	if list := b.must("GET", "/_sandbox/snapshots", "").list("data"); len(list) != 1 {
		t.Errorf("snapshots: %v", list)
	}
	b.must("DELETE", "/_sandbox/snapshots/"+snapshot.str("id"), "")
	if a := b.call("POST", "/_sandbox/snapshots/"+snapshot.str("id")+"/restore", ""); a.status != 404 {
		t.Errorf("a forgotten snapshot: %d", a.status)
	}
}

func TestRestoreSendsWhatWasUnderWay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	arrived, proceed := make(chan struct{}, 2), make(chan struct{})
	r := newReceiver(t)
	r.answer = func(http.ResponseWriter, *http.Request, int) {
		arrived <- struct{}{}
		<-proceed
	}
	b.endpoint(r)
	b.customer()
	<-arrived
	snapshot := check1(b.account.Snapshot())(t)
	noError(t, b.account.Restore(snapshot.ID))
	<-arrived // sent again
	close(proceed)
	b.idle()
	d := b.deliveries(sandbox.DeliveryFilter{})
	if len(d) != 1 || d[0].Status != "succeeded" || len(d[0].Attempts) != 1 {
		t.Errorf("what the old attempt says counts no more: %+v", d)
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	forward := newReceiver(t)
	b := newBench(t, func(o *sandbox.Options) { o.ForwardTo = forward.url; o.Account = "bench" })
	ready := check1(b.sandbox.Ready(nil))(t)
	if ready.SecretKey != b.key || ready.PublishableKey != "pk_test_bench" || !strings.HasPrefix(ready.WebhookSecret, "whsec_") || !strings.HasPrefix(ready.Account, "acct_") {
		t.Fatalf("ready: %+v", ready)
	}
	b.must("POST", "/_sandbox/clock", `{"frozen":true,"advance_seconds":100000}`)
	b.must("POST", "/_sandbox/faults", `{"effect":"status","path":"/v1/prices"}`)
	b.must("POST", "/_sandbox/delivery-faults", `{"effect":"drop"}`)
	b.must("POST", "/_sandbox/settings", `{"display_name":"Other"}`)
	key := check1(b.account.AddKey(nil))(t)
	id := b.customer()
	clock := b.must("POST", "/_sandbox/reset", "")
	if clock.at("frozen") != false || clock.at("now").(float64) > float64(time.Now().Unix()+5) {
		t.Errorf("the clock after a reset: %s", clock.text)
	}
	if a := b.call("GET", "/v1/customers/"+id, ""); a.status != 404 {
		t.Errorf("a customer from before answers %d", a.status)
	}
	for _, path := range []string{"/v1/events", "/_sandbox/faults", "/_sandbox/delivery-faults", "/_sandbox/deliveries", "/_sandbox/keys"} {
		if list := b.must("GET", path, "").list("data"); len(list) != 0 {
			t.Errorf("%s: %v", path, list)
		}
	}
	if s := check1(b.account.Settings())(t); s.DisplayName == "Other" {
		t.Error("the settings survived")
	}
	if a := b.call("GET", "/v1/customers", "", "Authorization", "Bearer "+key.Key); a.header.Get("Stripe-Account") == ready.Account {
		t.Error("the key survived")
	}
	b.customer()
	b.idle()
	got := forward.all()
	if len(got) != 1 {
		t.Fatalf("%d arrived at the forwarding address, want 1", len(got))
	}
	if _, err := verify(got[0], ready.WebhookSecret); err != nil {
		t.Errorf("its secret survives a reset: %v", err)
	}
	if calls := check1(b.account.Requests(sandbox.CallFilter{Method: "POST"}))(t); len(calls) != 1 {
		t.Errorf("%d calls in the journal, want 1", len(calls))
	}
}

func TestJournal(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.must("POST", "/v1/customers", "name=Ada&metadata[card]=4242 4242 4242 4242&metadata[key]=sk_test_abcdefgh", "Idempotency-Key", "k1", "Stripe-Version", "2026-08-26.dahlia").str("id")
	b.must("POST", "/v1/customers", "name=Ada&metadata[card]=4242 4242 4242 4242&metadata[key]=sk_test_abcdefgh", "Idempotency-Key", "k1", "Stripe-Version", "2026-08-26.dahlia")
	b.must("POST", "/v1/payment_methods", form("type", "card", "card[number]", "4242424242424242", "card[exp_month]", "12", "card[exp_year]", "2034", "card[cvc]", "987"))
	b.call("GET", "/v1/customers/cus_nobody", "")
	b.plant(`{"effect":"status","path":"/v1/products"}`)
	b.call("GET", "/v1/products", "")
	list := b.must("GET", "/_sandbox/requests", "")
	for _, secret := range []string{"4242424242424242", "4242 4242 4242 4242", `"987"`, "abcdefgh"} {
		if strings.Contains(list.text, secret) {
			t.Errorf("the journal shows %s", secret)
		}
	}
	calls := check1(b.account.Requests(sandbox.CallFilter{}))(t)
	if len(calls) != 5 {
		t.Fatalf("%d calls, want 5: %s", len(calls), list.text)
	}
	first := calls[0]
	want := sandbox.Call{ID: first.ID, Created: first.Created, Method: "POST", Path: "/v1/customers", Route: "/v1/customers",
		Params: map[string]any{"name": "Ada", "metadata": map[string]any{"card": "***************4242", "key": "sk_test_…"}},
		Key:    first.Key, APIVersion: "2026-08-26.dahlia", IdempotencyKey: "k1", UserAgent: first.UserAgent, Status: 200, Object: id, DurationMS: first.DurationMS}
	if diff := cmp.Diff(want, first); diff != "" || !strings.HasPrefix(first.ID, "req_") {
		t.Error(diff)
	}
	if !calls[1].Replayed || calls[2].Replayed {
		t.Error("the second call is a replay, the third is none")
	}
	if number := calls[2].Params["card"].(map[string]any)["number"]; number != "************4242" {
		t.Errorf("the number is kept as %v", number)
	}
	if e := calls[3].Error; e == nil || e.Code != "resource_missing" || calls[3].Status != 404 || calls[3].Route != "/v1/customers/{customer}" {
		t.Errorf("a refused call: %+v", calls[3])
	}
	if calls[4].Fault == "" || calls[4].Status != 500 {
		t.Errorf("a call that a fault met: %+v", calls[4])
	}
	for query, n := range map[string]int{"method=POST": 3, "path=/v1/customers/{customer}": 1, "status=404": 1, "object=" + id: 2, "idempotency_key=k1": 2} {
		if list := b.must("GET", "/_sandbox/requests?"+query, "").list("data"); len(list) != n {
			t.Errorf("?%s: %d calls, want %d", query, len(list), n)
		}
	}
	b.must("DELETE", "/_sandbox/requests", "")
	if list := b.must("GET", "/_sandbox/requests", "").list("data"); len(list) != 0 {
		t.Errorf("after DELETE: %v", list)
	}
}

func TestJournalIsBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	client := b.sandbox.Transport()
	b.client = client
	for range 1005 {
		b.must("GET", "/v1/customers", "")
	}
	last := b.must("GET", "/v1/products", "").header.Get("Request-Id")
	calls := check1(b.account.Requests(sandbox.CallFilter{}))(t)
	if len(calls) != 1000 || calls[999].ID != last {
		t.Errorf("%d calls, the last %v", len(calls), calls[len(calls)-1])
	}
}

// TestExportReplays writes what one account did as a fixture file and runs it on another.
func TestExportReplays(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	customer := b.must("POST", "/v1/customers", "name=Ada&metadata[a]=1").str("id")
	b.must("POST", "/v1/customers/"+customer, "name=Grace&preferred_locales[]=tr")
	product := b.must("POST", "/v1/products", "name=Kahve&default_price_data[currency]=try&default_price_data[unit_amount]=4500")
	b.must("POST", "/v1/prices", form("product", product.str("id"), "currency", "try", "unit_amount", "9000"))
	b.call("POST", "/v1/customers/cus_nobody", "name=Nobody") // refused: not part of the story
	b.must("GET", "/v1/customers", "")
	b.must("POST", "/v1/coupons", "percent_off=12.5&duration=once&name=Bahar")
	text := check1(b.account.Export())(t)
	var file struct {
		Meta     map[string]any `json:"_meta"`
		Fixtures []struct {
			Name   string
			Path   string
			Method string
			Params map[string]any
		} `json:"fixtures"`
	}
	noError(t, json.Unmarshal(text, &file))
	if _, ok := file.Meta["template_version"]; !ok || len(file.Fixtures) != 5 {
		t.Fatalf("the export is %s", text)
	}
	if strings.Contains(string(text), customer) || strings.Contains(string(text), product.str("id")) {
		t.Errorf("the export names an id that only this account has: %s", text)
	}
	if second := file.Fixtures[1]; second.Path != "/v1/customers/${customer:id}" || second.Method != "post" {
		t.Errorf("the second call: %+v", second)
	}

	other := &bench{t: t, sandbox: b.sandbox, account: b.sandbox.Account("sk_test_other"), url: b.url, key: "sk_test_other", client: b.client}
	noError(t, other.account.RunFixtures(t.Context(), text))
	if again := check1(other.account.Export())(t); string(again) != string(text) {
		t.Errorf("the replay exports\n%s\nthe original\n%s", again, text)
	}
	copied := other.must("GET", "/v1/customers", "").list("data")
	if len(copied) != 1 || copied[0]["name"] != "Grace" || copied[0]["metadata"].(map[string]any)["a"] != "1" {
		t.Errorf("the copy: %v", copied)
	}
	types := func(b *bench) (names []string) {
		for _, e := range b.must("GET", "/v1/events", "").list("data") {
			names = append(names, e["type"].(string))
		}
		slices.Sort(names)
		return names
	}
	if diff := cmp.Diff(types(b), types(other)); diff != "" {
		t.Errorf("events: %s", diff)
	}
}

func TestFixturesSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for file, want := range map[string]string{
		`nonsense`: "is not JSON",
		`{"fixtures":[{"name":"a","path":"/v1/customers","method":"post","params":{"name":"${b:id}"}}]}`:                      `fixture 1, "a": ${b:id} points to nothing`,
		`{"fixtures":[{"name":"a","path":"/v1/customers/cus_1","method":"get"}]}`:                                             "No such customer",
		`{"fixtures":[{"name":"a","path":"/v1/customers","method":"post","expected_error_type":"card_error"}]}`:               `expected "card_error"`,
		`{"fixtures":[{"name":"a","path":"/v1/customers","method":"post"},{"name":"b","path":"/v1/castles","method":"get"}]}`: `fixture 2, "b"`,
	} {
		if err := b.account.RunFixtures(t.Context(), []byte(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", file, err, want)
		}
	}
	noError(t, b.account.RunFixtures(t.Context(), []byte(`{"fixtures":[
		{"name":"c","path":"/v1/customers","method":"post","params":{"name":"${.env:NO_SUCH_VARIABLE|Ada}","preferred_locales":["tr","en"],"metadata":{"n":7}}},
		{"name":"r","path":"/v1/customers/${c:id}","method":"get"},
		{"name":"p","path":"/v1/products","method":"post","params":{"name":"${r:name} ${r:preferred_locales.1} ${r:metadata.n}"}},
		{"name":"x","path":"/v1/customers/cus_1","method":"get","expected_error_type":"invalid_request_error"}]}`)))
	if list := b.must("GET", "/v1/products", "").list("data"); len(list) != 1 || list[0]["name"] != "Ada en 7" {
		t.Errorf("products: %v", list)
	}
}
