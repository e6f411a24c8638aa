package sandbox

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// visit opens a page of home, which must answer the status.
func visit(t testing.TB, sb http.Handler, status int, target string, header ...string) string {
	t.Helper()
	w := homeVisit(sb, target, header...)
	if w.Code != status {
		t.Fatalf("%s answered %d, want %d: %s", target, w.Code, status, w.Body)
	}
	return w.Body.String()
}

func homeVisit(sb http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, http.NoBody)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	sb.ServeHTTP(w, r)
	return w
}

// submit sends a form as a browser on the page itself does.
func submit(sb http.Handler, target string, form url.Values, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	sb.ServeHTTP(w, r)
	return w
}

// contains checks that a page says all of it.
func contains(t *testing.T, page string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if t.Failed() {
		_, main, _ := strings.Cut(page, "<main")
		t.Log(main)
	}
}

const coreHome = "/accounts/core"

// payAndChange makes a customer, pays for it, and changes the payment.
func payAndChange(t testing.TB, sb *Sandbox) (customer, intent string) {
	t.Helper()
	customer = must(t, sb, "POST", "/v1/customers", "name=Ada&email=ada@shop.example").str("id")
	intent = must(t, sb, "POST", "/v1/payment_intents", "amount=234500&currency=try&customer="+customer+"&payment_method=pm_card_visa&payment_method_types[]=card&confirm=true", "Idempotency-Key", "order-17").str("id")
	must(t, sb, "POST", "/v1/payment_intents/"+intent, "description=%3Cb%3Ekahve%3C/b%3E")
	return customer, intent
}

func TestHomeBeginsWithTheFirstAccountAndItsKeys(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{Account: "shop"})
	page := visit(t, sb, 200, "/")
	contains(t, page, "<h1>shop</h1>", "sk_test_shop", "pk_test_shop", "curl http://example.com/v1/payment_intents -u sk_test_shop:", "Make the first call", accountID("shop"))
	contains(t, visit(t, sb, 200, "/?lang=tr"), `<html lang="tr">`, "İlk çağrıyı yapın", `href="/accounts/shop/objects?lang=tr"`)
	contains(t, visit(t, sb, 200, "/", "Accept-Language", "tr"), `<html lang="tr">`, `href="/accounts/shop/objects"`)
}

func TestHomeShowsWhatHappened(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	customer, intent := payAndChange(t, sb)
	call(t, sb, "POST", "/v1/payment_intents", "amount=1")
	overview := visit(t, sb, 200, coreHome)
	contains(t, overview, "payment_intent.succeeded", "POST /v1/payment_intents", intent, "Recent requests that were refused: 1", "Missing required param: currency.",
		"Nobody hears of these events", "<span>payment_intent</span> <strong>1</strong>")
	if strings.Contains(overview, "Make the first call") {
		t.Error("an account in use is told to make its first call")
	}
	contains(t, visit(t, sb, 200, coreHome+"?lang=tr"), "Reddedilen son istek: 1", "Genel bakış")
	contains(t, visit(t, sb, 200, coreHome+"/objects/payment_intent"), intent, "₺2,345.00", "succeeded", `href="/accounts/core/objects/customer/`+customer+`"`, `<th scope="col">`, "<caption")
	contains(t, visit(t, sb, 200, coreHome+"/objects/payment_intent?lang=tr"), "₺2.345,00")
	contains(t, visit(t, sb, 200, "/accounts"), `<a href="/accounts/core">core</a>`)
}

func TestHomeShowsEventsWithWhatChanged(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	id := must(t, sb, "POST", "/v1/customers", "name=Ada").str("id")
	must(t, sb, "POST", "/v1/customers/"+id, "name=Grace&address[city]=Ankara", "Idempotency-Key", "rename")
	list := visit(t, sb, 200, coreHome+"/events?type=customer.upd*")
	contains(t, list, "customer.updated", id)
	contains(t, list, `<option value="customer.created">`) // of the filter's suggestions
	if strings.Contains(list, ">customer.created</a>") {
		t.Error("the filter lets other events through")
	}
	event := regexp.MustCompile(`/accounts/core/events/(evt_\w+)"`).FindStringSubmatch(list)[1]
	contains(t, visit(t, sb, 200, coreHome+"/events/"+event), "previous_attributes", `<span class="key">&#34;name&#34;</span>: <ins>&#34;Grace&#34;</ins> <del>&#34;Ada&#34;</del>`, "rename",
		"/accounts/core/requests/req_", "No endpoint had selected this event")
	if page := visit(t, sb, 200, coreHome+"/events?object=cus_none"); !strings.Contains(page, "Nothing matches.") {
		t.Error("an unknown object has events")
	}
}

func TestHomeShowsRequestsWithParametersAndAnswersMasked(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	_, intent := payAndChange(t, sb)
	call(t, sb, "POST", "/v1/payment_methods", "type=card&card[number]=4242424242424242&card[exp_month]=1&card[exp_year]=2039&card[cvc]=123")
	call(t, sb, "POST", "/v1/payment_intents", "amount=2000&currency=usd&payment_method=pm_card_chargeDeclined&payment_method_types[]=card&confirm=true")
	list := visit(t, sb, 200, coreHome+"/requests")
	contains(t, list, "card_declined", "generic_decline", "order-17", " ms</td>", "✕ 402", "✓ 200")
	declined := visit(t, sb, 200, coreHome+"/requests?status=4xx&path=payment_intents")
	contains(t, declined, "✕ 402")
	if strings.Contains(declined, "✓ 200") {
		t.Error("the filter lets other answers through")
	}
	about := visit(t, sb, 200, coreHome+"/requests?object="+intent)
	if n := strings.Count(about, `<th scope="row"><a href="/accounts/core/requests/`); n != 2 {
		t.Errorf("%d requests are about the intent, want 2", n)
	}
	for _, tc := range []struct {
		query string
		wants []string
	}{
		{"status=402", []string{"pm_card_chargeDeclined", "Your card was declined.", "&#34;decline_code&#34;", "payment_intent.payment_failed"}},
		{"path=/v1/payment_methods", []string{"************4242", "***", "&#34;last4&#34;"}},
		{"object=" + intent + "&idempotency_key=order-17", []string{"order-17", "_secret_…", "&#34;amount&#34;</span>: &#34;234500&#34;", "payment_intent.succeeded", "charge.succeeded"}},
	} {
		found := regexp.MustCompile(`/requests/(req_\w+)"`).FindStringSubmatch(visit(t, sb, 200, coreHome+"/requests?"+tc.query))
		if found == nil {
			t.Fatalf("%s finds nothing", tc.query)
		}
		page := visit(t, sb, 200, coreHome+"/requests/"+found[1])
		contains(t, page, tc.wants...)
		if strings.Contains(page, "4242424242424242") || strings.Contains(page, "&#34;123&#34;") {
			t.Errorf("%s shows a card", tc.query)
		}
	}
	contains(t, visit(t, sb, 404, coreHome+"/requests/req_none"), "it keeps the last 1000")
}

func TestHomeJumpsToAnyID(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	customer, intent := payAndChange(t, sb)
	must(t, sb, "POST", "/v1/coupons", "id=YAZ25&percent_off=25&duration=once")
	event := must(t, sb, "GET", "/v1/events?limit=1", "").json["data"].([]any)[0].(map[string]any)["id"].(string)
	request := ok1(sb.Account("sk_test_core").Requests(CallFilter{}))(t)[0].ID
	for query, want := range map[string]string{
		customer:                         "/objects/customer/" + customer,
		intent + "_secret_x":             "/objects/payment_intent/" + intent,
		" YAZ25 ":                        "/objects/coupon/YAZ25",
		event:                            "/events/" + event,
		request:                          "/requests/" + request,
		"https://x.example/v1/" + intent: "/objects/payment_intent/" + intent,
	} {
		w := homeVisit(sb, coreHome+"/search?lang=tr&q="+url.QueryEscape(query))
		if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != coreHome+want+"?lang=tr" {
			t.Errorf("%q leads to %d %q, want %q", query, w.Code, got, want)
		}
	}
	contains(t, visit(t, sb, 200, coreHome+"/search?q=ADA@shop"), "Ada", customer)
	contains(t, visit(t, sb, 200, coreHome+"/search?q=order-17"), "/requests?idempotency_key=order-17")
	contains(t, visit(t, sb, 404, coreHome+"/search?q=<script>"), "&lt;script&gt;")
	must(t, sb, "GET", "/v1/customers", "", "Authorization", "Bearer sk_test_other")
	contains(t, visit(t, sb, 200, "/accounts/other/search?q="+customer), "In the account core", coreHome+"/objects/customer/"+customer)
}

func TestHomeSaysWhatItDoesNotHave(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	must(t, sb, "POST", "/v1/customers", "")
	for _, path := range []string{
		"/objects/customer/cus_none", "/objects/nothing", "/objects/event", "/events/evt_none", "/deliveries/del_none", "/requests/req_none", "/nothing",
		"/objects/customer/cus_none?version=7",
	} {
		if w := homeVisit(sb, coreHome+path); w.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", path, w.Code)
		}
	}
	contains(t, visit(t, sb, 404, "/accounts/stranger?lang=tr"), "stranger hesabını henüz kimse kullanmadı")
	if sb.existing("stranger") != nil {
		t.Error("a look made an account")
	}
	if w := submit(sb, "/accounts/stranger/reset", url.Values{"confirm": {"yes"}}); w.Code != http.StatusNotFound || sb.existing("stranger") != nil {
		t.Errorf("a form for an account that nobody used: %d", w.Code)
	}
	contains(t, visit(t, sb, 200, coreHome+"/objects/refund"), "Nothing here yet.")
	if w := homeVisit(sb, "/accounts?name=sk_test_shop"); w.Header().Get("Location") != "/accounts/shop" {
		t.Errorf("a key chooses %q", w.Header().Get("Location"))
	}
}

func TestHomePagesThroughLists(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	var ids []string
	for i := range 2*homeRows + 10 {
		ids = append(ids, must(t, sb, "POST", "/v1/customers", "name=n"+strconv.Itoa(i)).str("id"))
	}
	slices.Reverse(ids)
	shown := func(page string) []string {
		var found []string
		for _, m := range regexp.MustCompile(`<th scope="row"><a class="id" href="[^"]*">(cus_\w+)</a>`).FindAllStringSubmatch(page, -1) {
			found = append(found, m[1])
		}
		return found
	}
	follow := func(page, rel string) string {
		t.Helper()
		m := regexp.MustCompile(`<a href="([^"]*)" rel="` + rel + `">`).FindStringSubmatch(page)
		if m == nil {
			t.Fatalf("there is no %s page", rel)
		}
		return visit(t, sb, 200, strings.ReplaceAll(m[1], "&amp;", "&"))
	}
	first := visit(t, sb, 200, coreHome+"/objects/customer")
	second := follow(first, "next")
	third := follow(second, "next")
	if got := slices.Concat(shown(first), shown(second), shown(third)); !slices.Equal(got, ids) {
		t.Errorf("the pages show %d customers, want %d in order", len(got), len(ids))
	}
	if strings.Contains(third, `rel="next"`) || strings.Contains(first, `rel="prev"`) {
		t.Error("the ends of the list lead on")
	}
	if got := shown(follow(third, "prev")); !slices.Equal(got, shown(second)) {
		t.Errorf("back from the third page there are %d customers, not the second page", len(got))
	}
	if got := shown(visit(t, sb, 200, coreHome+"/objects/customer?id="+ids[70])); !slices.Equal(got, ids[70:71]) {
		t.Errorf("the filter by id finds %v", got)
	}
}

func TestHomeNeverWalksAWholeAccount(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	fillHome(t, sb.account("core"), homeBudget+100)
	page := visit(t, sb, 200, coreHome+"/objects/customer?id=nowhere")
	contains(t, page, "looked at "+strconv.Itoa(homeBudget)+" entries and stopped", `rel="next"`)
	page = visit(t, sb, 200, coreHome+"/events?type=nothing.*")
	contains(t, page, "looked at "+strconv.Itoa(homeBudget)+" entries and stopped")
}

// fillHome gives an account n customers and as many events.
func fillHome(t testing.TB, a *account, n int) {
	t.Helper()
	for done := 0; done < n; done += 1000 {
		err := a.do(func(tx *accountTx) error {
			for i := done; i < min(done+1000, n); i++ {
				tx.Put(tx.New("customer").Set("name", "Customer "+strconv.Itoa(i)), "customer.created")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestHomesPolicyAllowsItsOwnScriptOnlyAndNoFrame(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	customer, _ := payAndChange(t, sb)
	nonces := map[string]bool{}
	for _, target := range []string{"/", "/accounts", coreHome, coreHome + "/objects/customer/" + customer, coreHome + "/faults", coreHome + "/settings", coreHome + "/clock", "/accounts/none"} {
		w := homeVisit(sb, target)
		policy := w.Header().Get("Content-Security-Policy")
		nonce := regexp.MustCompile(`script-src 'nonce-([^']+)';`).FindStringSubmatch(policy)
		if nonce == nil || nonces[nonce[1]] || !strings.Contains(policy, "default-src 'none'") || !strings.HasSuffix(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", target, policy)
			continue
		}
		nonces[nonce[1]] = true
		body := w.Body.String()
		for _, tag := range regexp.MustCompile(`<(?:script|style)[^>]*>`).FindAllString(body, -1) {
			if !strings.Contains(tag, `nonce="`+nonce[1]+`"`) {
				t.Errorf("%s: %s has no nonce", target, tag)
			}
		}
		if m := regexp.MustCompile(`<[^>]*\s(style|on\w+)=`).FindString(body); m != "" {
			t.Errorf("%s: inline attribute in %q", target, m)
		}
		if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", target, w.Header())
		}
	}
}

func TestHomesPulseBeatsWithEveryChange(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	a := sb.Account("sk_test_core")
	pulse := visit(t, sb, 200, coreHome+"/pulse")
	for name, change := range map[string]func() error{
		"a call":  func() error { call(t, sb, "GET", "/v1/customers", ""); return nil },
		"a fault": func() error { _, err := a.AddFault(Fault{Path: "/v1/charges", Effect: "reset"}); return err },
		"a clock": func() error { _, err := a.Advance(t.Context(), time.Hour); return err },
	} {
		ok0(t, change())
		next := visit(t, sb, 200, coreHome+"/pulse")
		if next == pulse {
			t.Errorf("%s does not change the pulse %s", name, pulse)
		}
		pulse = next
	}
	if w := homeVisit(sb, "/accounts/none/pulse"); w.Code != http.StatusNotFound {
		t.Errorf("the pulse of nobody: %d", w.Code)
	}
}

func TestJSONOfHomeIsTheTextWithMarks(t *testing.T) {
	t.Parallel()
	p := &homePage{account: newTest(t, Options{}).account("core")}
	text := `{"a":{"b":[1,{"c":"<x>"},[]],"d":{}},"e":null,"f":1.5,"g":true,"h":"https://x.example/?a=1&b=2","i":"javascript:alert(1)"}`
	got := string(p.jsonHTML([]byte(text), map[string]string{"a.b[1].c": `"<y>"`, "e": "{}"}))
	contains(t, got, "<ins>&#34;&lt;x&gt;&#34;</ins> <del>&#34;&lt;y&gt;&#34;</del>", "<ins>null</ins> <del>{}</del>", `<a href="https://x.example/?a=1&amp;b=2" rel="noreferrer">`, "&#34;javascript:alert(1)&#34;")
	plain := regexp.MustCompile(`<del>.*?</del>|<[^>]*>`).ReplaceAllString(got, "")
	var was, is any
	ok0(t, json.Unmarshal([]byte(text), &was))
	ok0(t, json.Unmarshal([]byte(strings.NewReplacer("&#34;", `"`, "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(plain)), &is))
	if a, b := ok1(json.Marshal(was))(t), ok1(json.Marshal(is))(t); string(a) != string(b) {
		t.Errorf("the text became %s", b)
	}
	if got := string(p.jsonHTML([]byte("<no json"), nil)); got != "&lt;no json" {
		t.Errorf("what is no JSON became %q", got)
	}
	long := `["` + strings.Repeat(strings.Repeat("x", 1000)+`","`, 1000) + `"]`
	if got := string(p.jsonHTML([]byte(long), nil)); len(got) > homeJSONLimit+2000 || !strings.HasSuffix(got, "…") {
		t.Errorf("a long text became %d bytes", len(got))
	}
}

func ok0(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ok1[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		ok0(t, err)
		return v
	}
}
