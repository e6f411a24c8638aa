package sandbox

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// receiver is an endpoint in memory that answers with a status and counts what it got.
type receiver struct {
	mu     sync.Mutex
	status int
	got    int
}

func (rc *receiver) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.got++
	body := fmt.Sprintf("<answer %d>", rc.status)
	return &http.Response{StatusCode: rc.status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte(body))), Request: r}, nil
}

func (rc *receiver) answer(status int) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.status = status
}

func (rc *receiver) count() int {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return rc.got
}

// listeningAccount has an endpoint for all events.
func listeningAccount(t *testing.T, status int) (*Sandbox, *receiver, *Account) {
	t.Helper()
	rc := &receiver{status: status}
	sb := newTest(t, Options{Transport: rc})
	a := sb.Account("sk_test_core")
	ok1(a.AddEndpoint("http://shop.example/webhooks"))(t)
	return sb, rc, a
}

// done checks that a form was taken and leads to a page.
func done(t *testing.T, sb http.Handler, target string, form url.Values, want string) {
	t.Helper()
	w := submit(sb, target, form)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != want {
		t.Fatalf("%s answered %d to %q, want %q: %s", target, w.Code, w.Header().Get("Location"), want, w.Body)
	}
	visit(t, sb, http.StatusOK, want)
}

func TestHomeShowsDeliveriesAndResends(t *testing.T) {
	t.Parallel()
	sb, rc, a := listeningAccount(t, 500)
	must(t, sb, "POST", "/v1/customers", "name=Ada")
	ok0(t, a.Idle(t.Context()))
	id := ok1(a.Deliveries(DeliveryFilter{}))(t)[0].ID
	contains(t, visit(t, sb, 200, coreHome+"/deliveries"), "http://shop.example/webhooks", "pending", "customer.created", "500 · ", `action="/accounts/core/deliveries/`+id+`/resend"`)
	contains(t, visit(t, sb, 200, coreHome), "Deliveries that failed: 1")
	contains(t, visit(t, sb, 200, coreHome+"/deliveries/"+id), "✕ 500", "&lt;answer 500&gt;", "automatic", "Next attempt (UTC)")

	rc.answer(200)
	done(t, sb, coreHome+"/deliveries/"+id+"/resend?lang=tr", nil, coreHome+"/deliveries/"+id+"?lang=tr&done=resent")
	contains(t, visit(t, sb, 200, coreHome+"/deliveries/"+id+"?done=resent"), "✓ 200", "resent by hand", "The event was sent once more.")
	if rc.count() != 2 {
		t.Errorf("the endpoint got %d requests, want 2", rc.count())
	}
	event := ok1(a.Deliveries(DeliveryFilter{}))(t)[0].Event
	contains(t, visit(t, sb, 200, coreHome+"/events/"+event), "http://shop.example/webhooks", "Resend")
	if w := submit(sb, coreHome+"/deliveries/del_none/resend", nil); w.Code != http.StatusNotFound {
		t.Errorf("an unknown delivery: %d", w.Code)
	}
}

func TestHomeReleasesWhatIsHeld(t *testing.T) {
	t.Parallel()
	sb, rc, a := listeningAccount(t, 200)
	done(t, sb, coreHome+"/delivery-faults", url.Values{"on_the_way": {"hold"}, "types": {"customer.*, charge.*"}, "rate": {"1"}}, coreHome+"/faults?done=fault")
	for range 3 {
		must(t, sb, "POST", "/v1/customers", "")
	}
	held := ok1(a.Deliveries(DeliveryFilter{Status: "held"}))(t)
	if len(held) != 3 || rc.count() != 0 {
		t.Fatalf("%d are held, %d arrived", len(held), rc.count())
	}
	contains(t, visit(t, sb, 200, coreHome), "Deliveries that are held: 3", "Planted faults: 1")
	contains(t, visit(t, sb, 200, coreHome+"/faults"), "<code>hold</code>", "<code>customer.*</code>", "<code>charge.*</code>")
	done(t, sb, coreHome+"/deliveries/release", url.Values{"id": {held[0].ID}}, coreHome+"/deliveries/"+held[0].ID+"?done=released")
	if rc.count() != 1 {
		t.Errorf("%d arrived after one was released", rc.count())
	}
	done(t, sb, coreHome+"/deliveries/release", nil, coreHome+"/deliveries?done=released")
	if rc.count() != 3 {
		t.Errorf("%d arrived after all were released", rc.count())
	}
	fault := ok1(a.DeliveryFaults())(t)[0].ID
	done(t, sb, coreHome+"/delivery-faults/remove", url.Values{"id": {fault}}, coreHome+"/faults?done=removed")
	if left := ok1(a.DeliveryFaults())(t); len(left) != 0 {
		t.Errorf("%d faults are left", len(left))
	}
}

func TestHomePlantsFaultsAndKeepsARefusedForm(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	must(t, sb, "POST", "/v1/customers", "")
	form := url.Values{"effect": {"status"}, "method": {"POST"}, "path": {"/v1/customers"}, "nth": {"1"}, "count": {"2"}, "when": {"before"}, "status": {"503"}}
	done(t, sb, coreHome+"/faults", form, coreHome+"/faults?done=fault")
	if got := call(t, sb, "POST", "/v1/customers", ""); got.status != 503 {
		t.Errorf("the fault does not bite: %d", got.status)
	}
	contains(t, visit(t, sb, 200, coreHome+"/faults?done=fault"), "<code>status</code> 503", "The fault is planted.", "/accounts/core/requests/req_", "from call 1 on, 2 in all")

	for _, tc := range []struct{ name, field, value, says string }{
		{"an unknown effect", "effect", "explode", "Invalid effect"},
		{"no number", "nth", "often", "Invalid nth: often is no whole number"},
		{"a path without a slash", "path", "v1", "it begins with a slash"},
		{"a status that is no error", "status", "200", "a fault answers with 400 to 599"},
	} {
		wrong := url.Values{"code": {"lock_timeout"}}
		for key, values := range form {
			wrong[key] = values
		}
		wrong.Set(tc.field, tc.value)
		w := submit(sb, coreHome+"/faults", wrong)
		if w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", tc.name, w.Code)
		}
		contains(t, w.Body.String(), tc.says, `role="alert"`, `value="lock_timeout"`)
	}
	id := ok1(sb.Account("sk_test_core").Faults())(t)[0].ID
	done(t, sb, coreHome+"/faults/remove", url.Values{"id": {id}}, coreHome+"/faults?done=removed")
	if w := submit(sb, coreHome+"/faults/remove", url.Values{"id": {id}}); w.Code != http.StatusNotFound {
		t.Errorf("a fault that is gone: %d", w.Code)
	}
}

func TestHomeMovesTheClock(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	a := sb.Account("sk_test_core")
	must(t, sb, "POST", "/v1/checkout/sessions", "mode=payment&success_url=https://shop.example/&line_items[0][quantity]=1&line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=2000&line_items[0][price_data][product_data][name]=Tea")
	done(t, sb, coreHome+"/clock", url.Values{"frozen": {"true"}}, coreHome+"/clock?done=clock")
	before := ok1(a.Clock())(t)
	contains(t, visit(t, sb, 200, coreHome+"/clock"), "stands still", "Let the clock run", "checkout.session.expire", "Advance to it", "/accounts/core/objects/checkout.session/cs_test_")
	done(t, sb, coreHome+"/clock", url.Values{"advance_seconds": {"3600"}}, coreHome+"/clock?done=clock")
	if now := ok1(a.Clock())(t); now.Now != before.Now+3600 || !now.Frozen {
		t.Errorf("the clock stands at %+v, from %+v", now, before)
	}
	done(t, sb, coreHome+"/clock", url.Values{"now": {"2099-01-31 09:00:00"}}, coreHome+"/clock?done=clock")
	contains(t, visit(t, sb, 200, coreHome), "2099-01-31 09:00:00", "The clock stands still", "checkout.session.expired")
	for value, says := range map[string]string{"2001-01-01 00:00:00": "cannot go back", "soon": "soon is no time"} {
		w := submit(sb, coreHome+"/clock", url.Values{"now": {value}})
		if w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", value, w.Code)
		}
		contains(t, w.Body.String(), says, `value="`+value+`"`)
	}
	done(t, sb, coreHome+"/clock", url.Values{"frozen": {"false"}}, coreHome+"/clock?done=clock")
}

func TestHomeKeepsRestoresAndResetsOnlyWhenConfirmed(t *testing.T) {
	t.Parallel()
	sb, _, a := listeningAccount(t, 200)
	id := must(t, sb, "POST", "/v1/customers", "").str("id")
	done(t, sb, coreHome+"/snapshots", nil, coreHome+"/settings?done=snapshot")
	snapshot := ok1(a.Snapshots())(t)[0].ID
	settings := visit(t, sb, 200, coreHome+"/settings")
	contains(t, settings, snapshot, "sk_test_core", "pk_test_core", "fee_percent", "http://shop.example/webhooks")
	if !regexp.MustCompile(`<code data-copy>whsec_\w+</code>`).MatchString(settings) {
		t.Error("the signing secret is not there to copy")
	}
	for _, path := range []string{"/reset", "/snapshots/" + snapshot + "/restore"} {
		if w := submit(sb, coreHome+path, nil); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "tick the box") {
			t.Errorf("%s without confirmation: %d", path, w.Code)
		}
	}
	must(t, sb, "GET", "/v1/customers/"+id, "")
	yes := url.Values{"confirm": {"yes"}}
	done(t, sb, coreHome+"/reset", yes, coreHome+"/settings?done=reset")
	if got := call(t, sb, "GET", "/v1/customers/"+id, ""); got.status != 404 {
		t.Errorf("after a reset: %d", got.status)
	}
	done(t, sb, coreHome+"/snapshots/"+snapshot+"/restore", yes, coreHome+"/settings?done=restored")
	must(t, sb, "GET", "/v1/customers/"+id, "")
	contains(t, visit(t, sb, 200, coreHome+"/objects/customer/"+id), "customer.created")
	done(t, sb, coreHome+"/snapshots/"+snapshot+"/forget", nil, coreHome+"/settings?done=forgotten")
	if w := submit(sb, coreHome+"/snapshots/"+snapshot+"/restore", yes); w.Code != http.StatusNotFound {
		t.Errorf("a snapshot that is gone: %d", w.Code)
	}
}

func TestHomeTakesFormsFromItselfOnly(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	id := must(t, sb, "POST", "/v1/customers", "").str("id")
	for _, path := range []string{"/clock", "/faults", "/delivery-faults", "/faults/remove", "/delivery-faults/remove", "/deliveries/del_x/resend", "/deliveries/release", "/snapshots", "/snapshots/x/restore", "/snapshots/x/forget", "/reset"} {
		for _, header := range [][]string{
			{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Site", "", "Origin", "http://evil.example"}, {"Sec-Fetch-Site", "", "Origin", "null"},
		} {
			if w := submit(sb, coreHome+path, url.Values{"confirm": {"yes"}}, header...); w.Code != http.StatusForbidden {
				t.Errorf("%s with %v: %d", path, header, w.Code)
			}
		}
	}
	must(t, sb, "GET", "/v1/customers/"+id, "")
	if w := submit(sb, coreHome+"/events", nil); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("a form for a page without one: %d", w.Code)
	}
	if w := submit(sb, coreHome+"/faults", url.Values{"path": {strings.Repeat("x", homeFormLimit)}}); w.Code != http.StatusBadRequest {
		t.Errorf("a form that is too long: %d", w.Code)
	}
	// Without a browser's headers there is no other site.
	if w := submit(sb, coreHome+"/reset", url.Values{"confirm": {"yes"}}, "Sec-Fetch-Site", "", "Origin", "http://example.com"); w.Code != http.StatusSeeOther {
		t.Errorf("a form of the page itself: %d", w.Code)
	}
}

func TestHomeListsTheTestCards(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	must(t, sb, "GET", "/v1/customers", "")
	page := visit(t, sb, 200, coreHome+"/cards")
	for _, card := range testCards {
		if !strings.Contains(page, `data-copy="`+card.number+`"`) || !strings.Contains(page, "pm_card_"+card.name+"<") {
			t.Errorf("the page lacks %s", card.name)
		}
	}
	contains(t, page, "Insufficient funds")
}
