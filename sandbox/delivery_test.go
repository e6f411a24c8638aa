package sandbox_test

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/vezne/vezne/sandbox"
)

func TestDeliveryIsWhatStripeSends(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t)
	e := b.endpoint(r)
	customer := b.customer()
	b.idle()
	got := r.all()
	if len(got) != 1 {
		t.Fatalf("%d deliveries, want 1", len(got))
	}
	event, err := verify(got[0], e.Secret)
	if err != nil {
		t.Fatalf("stripe-go refuses the delivery: %v\n%s", err, got[0].body)
	}
	if event.Type != "customer.created" || event.Object != "event" || event.PendingWebhooks != 1 || event.Livemode || event.Data.Object["id"] != customer ||
		event.Request == nil || !strings.HasPrefix(event.Request.ID, "req_") {
		t.Errorf("the event is %s", got[0].body)
	}
	for name, want := range map[string]string{"Content-Type": "application/json; charset=utf-8", "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)"} {
		if v := got[0].header.Get(name); v != want {
			t.Errorf("%s: %s, want %s", name, v, want)
		}
	}
	if read := b.must("GET", "/v1/events/"+event.ID, ""); read.at("pending_webhooks") != 0.0 {
		t.Errorf("after the delivery pending_webhooks = %v", read.at("pending_webhooks"))
	}
	sent := check1(b.account.Deliveries(sandbox.DeliveryFilter{Event: event.ID}))(t)
	if len(sent) != 1 || sent[0].Status != "succeeded" || len(sent[0].Attempts) != 1 || !sent[0].Attempts[0].Succeeded() || sent[0].Attempts[0].Body != "OK" {
		t.Errorf("deliveries: %+v", sent)
	}
}

func TestFailedDeliveriesAreRetriedByTheAccountsClock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t)
	r.set(http.StatusInternalServerError)
	e := b.endpoint(r)
	clock := check1(b.account.Freeze(t.Context()))(t)
	b.customer()
	b.idle()
	if n := len(r.all()); n != 1 {
		t.Fatalf("%d attempts at a frozen clock, want 1", n)
	}
	for i, step := range []struct {
		by   time.Duration
		want int
	}{{10*time.Minute - time.Second, 1}, {time.Second, 2}, {time.Hour, 3}, {3 * time.Hour, 4}, {72 * time.Hour, 4}} {
		check1(b.account.Advance(t.Context(), step.by))(t)
		if n := len(r.all()); n != step.want {
			t.Errorf("step %d: %d attempts after %s, want %d", i, n, step.by, step.want)
		}
	}
	got := r.all()
	for i, one := range got {
		if !bytes.Equal(one.body, got[0].body) {
			t.Errorf("attempt %d has another body", i+1)
		}
		if _, err := verify(one, e.Secret); err != nil {
			t.Errorf("attempt %d: %v", i+1, err)
		}
	}
	d := check1(b.account.Deliveries(sandbox.DeliveryFilter{}))(t)[0]
	if d.Status != "failed" || d.NextAttemptAt != nil {
		t.Errorf("after the last attempt it is %s, next at %v", d.Status, d.NextAttemptAt)
	}
	var at []int64
	for _, a := range d.Attempts {
		at = append(at, a.At-clock.Now)
		if a.Status != 500 || !a.Automatic || a.Body != "Internal Server Error" {
			t.Errorf("an attempt: %+v", a)
		}
	}
	if diff := cmp.Diff([]int64{0, 600, 4200, 15000}, at); diff != "" {
		t.Errorf("instants of the attempts: %s", diff)
	}
	if list := b.must("GET", "/v1/events?delivery_success=false", "").list("data"); len(list) != 1 {
		t.Errorf("%d events failed, want 1", len(list))
	}

	r.set(http.StatusNoContent)
	resent := b.must("POST", "/_sandbox/deliveries/"+d.ID+"/resend", "")
	if resent.str("id") != d.ID {
		t.Errorf("resend: %s", resent.text)
	}
	b.idle()
	d = check1(b.account.Delivery(d.ID))(t)
	if last := d.Attempts[len(d.Attempts)-1]; d.Status != "succeeded" || last.Automatic || last.Status != 204 {
		t.Errorf("after the resend: %+v", d)
	}
	if list := b.must("GET", "/v1/events?delivery_success=true", "").list("data"); len(list) != 1 {
		t.Errorf("%d events succeeded, want 1", len(list))
	}
}

func TestOneAdvanceRunsAllRetriesAtTheirInstants(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t)
	r.answer = func(w http.ResponseWriter, _ *http.Request, n int) {
		if n < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	b.endpoint(r)
	clock := check1(b.account.Freeze(t.Context()))(t)
	b.customer()
	after := b.must("POST", "/_sandbox/clock", `{"advance_seconds": 86400}`)
	if after.at("now") != float64(clock.Now+86400) || after.at("frozen") != true {
		t.Errorf("clock: %s", after.text)
	}
	d := check1(b.account.Deliveries(sandbox.DeliveryFilter{}))(t)[0]
	if len(d.Attempts) != 3 || d.Status != "succeeded" || d.Attempts[2].At != clock.Now+4200 {
		t.Errorf("the delivery: %+v", d)
	}
}

func TestOnly2xxIsSuccess(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	for name, tc := range map[string]struct {
		answer    func(w http.ResponseWriter, r *http.Request, n int)
		status    int
		err       string
		succeeded bool
	}{
		"200": {func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(200) }, 200, "", true},
		"299": {func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(299) }, 299, "", true},
		"a redirect": {func(w http.ResponseWriter, r *http.Request, _ int) {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}, 302, "", false},
		"400": {func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(400) }, 400, "", false},
		"no answer in time": {func(_ http.ResponseWriter, r *http.Request, _ int) {
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		}, 0, "no answer within 50ms", false},
		"a cut connection": {func(http.ResponseWriter, *http.Request, int) { panic(http.ErrAbortHandler) }, 0, "EOF", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.must("POST", "/_sandbox/settings", `{"delivery_timeout_ms": 60000, "delivery_retries": []}`)
			late := name == "no answer in time"
			if late {
				b.must("POST", "/_sandbox/settings", `{"delivery_timeout_ms": 50}`)
			}
			r := newReceiver(t)
			r.answer = tc.answer
			b.endpoint(r)
			b.customer()
			b.idle()
			d := check1(b.account.Deliveries(sandbox.DeliveryFilter{}))(t)[0]
			if len(d.Attempts) != 1 || len(r.all()) != 1 && !late { // a machine under load may be late itself
				t.Fatalf("%d attempts, %d arrived: want one each", len(d.Attempts), len(r.all()))
			}
			a := d.Attempts[0]
			if a.Succeeded() != tc.succeeded || a.Status != tc.status || !strings.Contains(a.Error, tc.err) || (tc.err == "") != (a.Error == "") {
				t.Errorf("the attempt: %+v", a)
			}
			if want := map[bool]string{true: "succeeded", false: "failed"}[tc.succeeded]; d.Status != want {
				t.Errorf("the delivery is %s, want %s", d.Status, want)
			}
		})
	}
}

func TestDisabledEndpointStopsRetriesUntilItIsEnabled(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t)
	r.set(http.StatusBadGateway)
	e := b.endpoint(r)
	check1(b.account.Freeze(t.Context()))(t)
	b.customer()
	b.idle()
	b.must("POST", "/v1/webhook_endpoints/"+e.ID, "disabled=true")
	check1(b.account.Advance(t.Context(), 5*time.Minute))(t)
	b.must("POST", "/v1/webhook_endpoints/"+e.ID, "disabled=false")
	check1(b.account.Advance(t.Context(), 5*time.Minute))(t)
	if n := len(r.all()); n != 2 {
		t.Fatalf("%d attempts: enabled again before the retry it goes on, want 2", n)
	}
	b.must("POST", "/v1/webhook_endpoints/"+e.ID, "disabled=true")
	check1(b.account.Advance(t.Context(), 72*time.Hour))(t)
	b.must("POST", "/v1/webhook_endpoints/"+e.ID, "disabled=false")
	check1(b.account.Advance(t.Context(), 72*time.Hour))(t)
	d := check1(b.account.Deliveries(sandbox.DeliveryFilter{Endpoint: e.ID}))(t)[0]
	if len(r.all()) != 2 || d.Status != "canceled" {
		t.Errorf("%d attempts, the delivery is %s: a retry that finds the endpoint disabled is the last", len(r.all()), d.Status)
	}
	b.must("DELETE", "/v1/webhook_endpoints/"+e.ID, "")
	if a := b.call("POST", "/_sandbox/deliveries/"+d.ID+"/resend", ""); a.status != 400 {
		t.Errorf("a resend to a deleted endpoint: %d %s", a.status, a.text)
	}
}

func TestEventRetrySendsAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := newReceiver(t)
	b.endpoint(first)
	b.customer()
	b.idle()
	id := first.all()[0].id
	late := newReceiver(t)
	e := b.endpoint(late)
	again := b.must("POST", "/v1/events/"+id+"/retry", "webhook_endpoint="+e.ID)
	b.idle()
	if again.str("id") != id || again.str("object") != "event" || !cmp.Equal(late.types(), []string{"customer.created"}) || len(first.all()) != 1 {
		t.Errorf("to one endpoint: %s; the late one got %v, the first %v", again.text, late.types(), first.types())
	}
	b.must("POST", "/v1/events/"+id+"/retry", "for_stripecli=true")
	b.idle()
	if len(late.all()) != 2 || len(first.all()) != 2 {
		t.Errorf("to all: the late one got %d, the first %d", len(late.all()), len(first.all()))
	}
	if a := b.call("POST", "/v1/events/evt_nothing/retry", ""); a.status != 404 || a.str("error.code") != "resource_missing" {
		t.Errorf("an unknown event: %d %s", a.status, a.text)
	}
}

func TestEventsAreListedByNameAndForThirtyDays(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	check1(b.account.Freeze(t.Context()))(t)
	customer := b.customer()
	b.must("POST", "/v1/customers/"+customer, "name=Grace")
	b.must("POST", "/v1/products", "name=Kahve")
	names := func(query string) []string {
		got := []string{}
		for _, e := range b.must("GET", "/v1/events?"+query, "").list("data") {
			got = append(got, e["type"].(string))
		}
		return got
	}
	for query, want := range map[string][]string{
		"":                     {"product.created", "customer.updated", "customer.created"},
		"type=customer.*":      {"customer.updated", "customer.created"},
		"type=product.created": {"product.created"},
		"types[]=product.created&types[]=customer.created": {"product.created", "customer.created"},
		"type=*&limit=1":         {"product.created"},
		"created[gt]=4000000000": {},
		"delivery_success=false": {},
	} {
		if diff := cmp.Diff(want, names(query)); diff != "" {
			t.Errorf("?%s: %s", query, diff)
		}
	}
	if a := b.call("GET", "/v1/events?type=a&types[]=b", ""); a.status != 400 || a.str("error.code") != "parameters_exclusive" {
		t.Errorf("type and types: %d %s", a.status, a.text)
	}
	id := b.must("GET", "/v1/events?limit=1", "").list("data")[0]["id"].(string)
	b.must("GET", "/v1/events/"+id, "")
	check1(b.account.Advance(t.Context(), 30*24*time.Hour))(t)
	if a := b.call("GET", "/v1/events/"+id, ""); a.status != 404 {
		t.Errorf("after 30 days the event answers %d", a.status)
	}
	if got := names(""); len(got) != 0 {
		t.Errorf("after 30 days the list has %v", got)
	}
}

func TestEndpointsHearTheirOwnAPIVersion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	old, newest := newReceiver(t), newReceiver(t)
	made := b.must("POST", "/v1/webhook_endpoints", form("url", old.url, "enabled_events[]", "*", "api_version", "2025-09-30.clover"))
	b.endpoint(newest)
	b.customer()
	b.idle()
	_, err := verify(old.all()[0], made.str("secret"))
	if err == nil || !strings.Contains(err.Error(), "2025-09-30.clover") {
		t.Errorf("stripe-go takes an event of another train: %v", err)
	}
	if !bytes.Contains(newest.all()[0].body, []byte(`"api_version": "2026-08-26.dahlia"`)) {
		t.Errorf("without a version the account's is used: %s", newest.all()[0].body)
	}
}

func TestAnswersAreKeptMasked(t *testing.T) {
	t.Parallel()
	for sent, kept := range map[string]string{
		"card 4242424242424242, thanks":        "card ************4242, thanks",
		"card 4242 4242-4242 4242":             "card ***************4242",
		"order 4242424242424243 of 2026-11-24": "order 4242424242424243 of 2026-11-24",
		"sk_test_abc123 and whsec_xyz789":      "sk_test_… and whsec_…",
		"rk_live_abc123 pi_1_secret_xyz789":    "rk_live_… pi_1_secret_…",
		"pk_test_abc123 pi_123":                "pk_test_abc123 pi_123",
		strings.Repeat("ş", 3000):              strings.Repeat("ş", 2048),
		"\xff\xfe":                             "\uFFFD",
	} {
		t.Run(kept[:min(len(kept), 30)], func(t *testing.T) {
			t.Parallel()
			r := &receiver{answer: func(w http.ResponseWriter, _ *http.Request, _ int) { _, _ = w.Write([]byte(sent)) }}
			b := newBench(t, func(o *sandbox.Options) { o.Transport = handlerTransport{r} })
			check1(b.account.AddEndpoint("https://shop.example/hook"))(t)
			b.customer()
			b.idle()
			if got := check1(b.account.Deliveries(sandbox.DeliveryFilter{}))(t)[0].Attempts[0].Body; got != kept {
				t.Errorf("kept %q, want %q", got, kept)
			}
		})
	}
}

// TestInsideSynctest shows that a sandbox needs no network and no real time: calls, deliveries and hours of retries.
func TestInsideSynctest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{status: http.StatusInternalServerError}
		sb, err := sandbox.New(sandbox.Options{Seed: 7, Transport: handlerTransport{r}})
		if err != nil {
			t.Fatal(err)
		}
		account := sb.Account("sk_test_bubble")
		e := check1(account.AddEndpoint("https://shop.example/hook"))(t)
		client := &http.Client{Transport: sb.Transport()}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://api.stripe.example/v1/customers", strings.NewReader("name=Ada"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer sk_test_bubble")
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != 200 {
			t.Fatalf("the call answers %d", response.StatusCode)
		}
		began := time.Now()
		time.Sleep(24 * time.Hour) // the bubble's: nothing waits
		synctest.Wait()
		if n := len(r.all()); n != 4 {
			t.Errorf("%d attempts in a day, want 4", n)
		}
		if _, err := verify(r.all()[3], e.Secret); err == nil || !strings.Contains(err.Error(), "tolerance") {
			t.Errorf("a signature of yesterday: %v", err)
		}
		d := check1(account.Deliveries(sandbox.DeliveryFilter{}))(t)[0]
		if got := d.Attempts[3].SentAt - began.Unix(); got < 15000 || got > 15003 {
			t.Errorf("the last attempt came after %d seconds of the bubble", got)
		}
		if err := sb.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// handlerTransport carries deliveries to a handler without a network.
type handlerTransport struct{ handler http.Handler }

func (h handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	sb := memoryWriter{header: http.Header{}, status: 200}
	h.handler.ServeHTTP(&sb, r)
	return sb.response(r), nil
}

func TestCloseLeavesNoGoroutine(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	arrived := make(chan struct{})
	hold := make(chan struct{})
	r := &receiver{answer: func(_ http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			close(arrived)
		}
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}}
	sb, err := sandbox.New(sandbox.Options{Transport: handlerTransport{r}})
	if err != nil {
		t.Fatal(err)
	}
	account := sb.Account("sk_test_leak")
	check1(account.AddEndpoint("https://shop.example/hook"))(t)
	check1(account.AddDeliveryFault(sandbox.DeliveryFault{Effect: "reorder", Types: []string{"product.created"}}))(t)
	client := &http.Client{Transport: sb.Transport()}
	for _, path := range []string{"/v1/customers", "/v1/products"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://sandbox"+path, strings.NewReader("name=Ada"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer sk_test_leak")
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	<-arrived // one delivery is under way, one is kept back
	if err := sb.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	close(hold)
}

// strictOrder makes a sandbox in the strict world, does the same calls, and gives what arrived.
func strictOrder(t *testing.T, seed uint64) []string {
	var order []string
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{status: 200}
		sb, err := sandbox.New(sandbox.Options{Seed: seed, StrictWorld: true, Transport: handlerTransport{r}})
		if err != nil {
			t.Fatal(err)
		}
		account := sb.Account("sk_test_strict")
		check1(account.AddEndpoint("https://shop.example/hook"))(t)
		client := &http.Client{Transport: sb.Transport()}
		for i := range 40 {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://sandbox/v1/customers", strings.NewReader("name="+strconv.Itoa(i)))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Authorization", "Bearer sk_test_strict")
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
		}
		if err := account.Idle(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, got := range r.all() {
			order = append(order, got.object)
		}
		if err := sb.Close(); err != nil {
			t.Fatal(err)
		}
	})
	return order
}

func TestStrictWorldIsSeeded(t *testing.T) {
	t.Parallel()
	first := strictOrder(t, 11)
	if again := strictOrder(t, 11); !slices.Equal(first, again) {
		t.Errorf("the same seed gave\n%v\nand\n%v", first, again)
	}
	seen := map[string]int{}
	for _, id := range first {
		seen[id]++
	}
	if len(seen) != 40 {
		t.Errorf("%d of 40 facts arrived: the strict world loses nothing", len(seen))
	}
	if len(first) == len(seen) {
		t.Error("nothing came twice")
	}
	if positions := func(order []string) []int {
		at := map[string]int{}
		var list []int
		for _, id := range order {
			if _, ok := at[id]; !ok {
				at[id] = len(at)
			}
			list = append(list, at[id])
		}
		return list
	}; slices.Equal(positions(first), positions(strictOrder(t, 12))) {
		t.Error("another seed gave the same world")
	}
}
