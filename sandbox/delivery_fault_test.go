package sandbox_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/sandbox"
)

// three makes three facts of different names, in order.
func (b *bench) three() {
	b.t.Helper()
	b.customer()
	b.must("POST", "/v1/products", "name=Kahve")
	b.must("POST", "/v1/coupons", "percent_off=10&duration=once")
}

var threeTypes = []string{"customer.created", "product.created", "coupon.created"}

func (b *bench) deliveries(f sandbox.DeliveryFilter) []sandbox.Delivery {
	b.t.Helper()
	return check1(b.account.Deliveries(f))(b.t)
}

func TestDropLosesADelivery(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t)
	b.endpoint(r)
	check1(b.account.Freeze(t.Context()))(t)
	fault := b.call("POST", "/_sandbox/delivery-faults", `{"effect":"drop","types":["product.*"]}`)
	if fault.status != 201 || fault.at("hits") != 0.0 || fault.at("rate") != 1.0 {
		t.Fatalf("planting: %d %s", fault.status, fault.text)
	}
	b.three()
	check1(b.account.Advance(t.Context(), 72*time.Hour))(t)
	arrived := r.types()
	slices.Sort(arrived) // several are under way at once
	if diff := cmp.Diff([]string{"coupon.created", "customer.created"}, arrived); diff != "" {
		t.Error(diff)
	}
	lost := b.deliveries(sandbox.DeliveryFilter{Status: "dropped"})
	if len(lost) != 1 || lost[0].Type != "product.created" || lost[0].Fault != "drop" || len(lost[0].Attempts) != 0 {
		t.Fatalf("dropped: %+v", lost)
	}
	if e := b.must("GET", "/v1/events/"+lost[0].Event, ""); e.at("pending_webhooks") != 1.0 {
		t.Errorf("the event can be found, with pending_webhooks %v", e.at("pending_webhooks"))
	}
	if list := b.must("GET", "/_sandbox/delivery-faults", "").list("data"); list[0]["hits"] != 1.0 {
		t.Errorf("faults: %v", list)
	}
	b.must("POST", "/_sandbox/deliveries/"+lost[0].ID+"/resend", "")
	b.idle()
	if n := len(r.all()); n != 3 {
		t.Errorf("%d arrived after the resend, want 3", n)
	}
}

func TestDelayByTheAccountsClock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t)
	b.endpoint(r)
	check1(b.account.Freeze(t.Context()))(t)
	b.must("POST", "/_sandbox/delivery-faults", `{"effect":"delay","types":["customer.created"],"delay_seconds":30}`)
	b.three()
	b.idle()
	if got := r.types(); len(got) != 2 {
		t.Errorf("at once came %v", got)
	}
	check1(b.account.Advance(t.Context(), 29*time.Second))(t)
	if got := r.types(); len(got) != 2 {
		t.Errorf("too early: %v", got)
	}
	check1(b.account.Advance(t.Context(), time.Second))(t)
	if got := r.types(); len(got) != 3 || got[2] != "customer.created" {
		t.Errorf("in the end came %v", got)
	}
}

func TestDuplicateAndTwin(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t)
	e := b.endpoint(r)
	b.must("POST", "/_sandbox/delivery-faults", `{"effect":"duplicate","types":["customer.created"]}`)
	b.must("POST", "/_sandbox/delivery-faults", `{"effect":"twin","types":["product.created"]}`)
	b.three()
	b.idle()
	ids := map[string]map[string]int{}
	objects := map[string]map[string]int{}
	for _, got := range r.all() {
		if _, err := verify(got, e.Secret); err != nil {
			t.Error(err)
		}
		if ids[got.typ] == nil {
			ids[got.typ], objects[got.typ] = map[string]int{}, map[string]int{}
		}
		ids[got.typ][got.id]++
		objects[got.typ][got.object]++
	}
	if len(ids["customer.created"]) != 1 || len(r.all()) != 5 {
		t.Errorf("a duplicate is the same event twice: %v of %v", ids["customer.created"], r.types())
	}
	if len(ids["product.created"]) != 2 || len(objects["product.created"]) != 1 {
		t.Errorf("a twin is another event of the same object: %v %v", ids["product.created"], objects["product.created"])
	}
	if list := b.must("GET", "/v1/events?type=product.created", "").list("data"); len(list) != 2 {
		t.Errorf("%d events of the product are listed, want the twins", len(list))
	}
	for _, event := range b.must("GET", "/v1/events", "").list("data") {
		if event["pending_webhooks"] != 0.0 {
			t.Errorf("%s has %v pending", event["type"], event["pending_webhooks"])
		}
	}
}

func TestReorderLetsLaterDeliveriesOvertake(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		types string
		want  []string
	}{
		"one":       {`["customer.created"]`, []string{"product.created", "customer.created", "coupon.created"}},
		"all":       {`[]`, []string{"coupon.created", "product.created", "customer.created"}},
		"the last":  {`["coupon.created"]`, threeTypes},
		"the first": {`["customer.*","product.*"]`, []string{"coupon.created", "product.created", "customer.created"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := &receiver{status: 200}
				sb := check1(sandbox.New(sandbox.Options{Transport: handlerTransport{r}}))(t)
				account := sb.Account("sk_test_reorder")
				check1(account.AddEndpoint("https://shop.example/hook"))(t)
				b := &bench{t: t, account: account, url: "http://sandbox", key: "sk_test_reorder", client: sb.Transport()}
				b.must("POST", "/_sandbox/delivery-faults", `{"effect":"reorder","types":`+tc.types+`}`)
				b.customer()
				synctest.Wait() // what can leave has left
				b.must("POST", "/v1/products", "name=Kahve")
				synctest.Wait()
				b.must("POST", "/v1/coupons", "percent_off=10&duration=once")
				b.idle()
				if diff := cmp.Diff(tc.want, r.types()); diff != "" {
					t.Error(diff)
				}
				noError(t, sb.Close())
			})
		})
	}
}

func TestHoldAndRelease(t *testing.T) {
	t.Parallel()
	for order, want := range map[string][]string{
		`{}`:                            threeTypes,
		`{"order":"reverse"}`:           {"coupon.created", "product.created", "customer.created"},
		`{"types":["product.created"]}`: {"product.created"},
	} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			r := newReceiver(t)
			b.endpoint(r)
			b.must("POST", "/_sandbox/delivery-faults", `{"effect":"hold"}`)
			b.three()
			b.idle() // what is held is not outstanding
			if got := r.types(); len(got) != 0 {
				t.Fatalf("held, and yet came %v", got)
			}
			left := b.must("POST", "/_sandbox/deliveries/release", order).list("data")
			if len(left) != len(want) {
				t.Errorf("%d were let go, want %d", len(left), len(want))
			}
			b.idle()
			if diff := cmp.Diff(want, r.types()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReleaseByID(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t)
	b.endpoint(r)
	check1(b.account.AddDeliveryFault(sandbox.DeliveryFault{Effect: "hold"}))(t)
	b.three()
	held := b.deliveries(sandbox.DeliveryFilter{Status: "held"}) // the newest first
	check1(b.account.Release(sandbox.Release{IDs: []string{held[1].ID, held[0].ID}}))(t)
	b.idle()
	if diff := cmp.Diff([]string{"product.created", "coupon.created"}, r.types()); diff != "" {
		t.Error(diff)
	}
	for body, status := range map[string]int{
		`{"ids":["` + held[1].ID + `"]}`: 400, // gone already
		`{"ids":["del_nothing"]}`:        404,
		`{"order":"upwards"}`:            400,
	} {
		if a := b.call("POST", "/_sandbox/deliveries/release", body); a.status != status {
			t.Errorf("%s: %d %s", body, a.status, a.text)
		}
	}
}

func TestDeliveryFaultsAreSeeded(t *testing.T) {
	t.Parallel()
	world := func(seed uint64) []string {
		b := newBench(t)
		r := newReceiver(t)
		e := b.endpoint(r)
		check1(b.account.AddDeliveryFault(sandbox.DeliveryFault{Effect: "drop", Endpoint: e.ID, Rate: 0.5, Seed: seed}))(t)
		for range 20 {
			b.customer()
		}
		b.idle()
		var states []string
		for _, d := range b.deliveries(sandbox.DeliveryFilter{}) {
			states = append(states, d.Status)
		}
		return states
	}
	first := world(5)
	if diff := cmp.Diff(first, world(5)); diff != "" {
		t.Errorf("the same seed met others: %s", diff)
	}
	if cmp.Equal(first, world(6)) {
		t.Error("another seed met the same")
	}
	if n := strings.Count(strings.Join(first, " "), "dropped"); n < 4 || n > 16 {
		t.Errorf("%d of 20 were dropped at a rate of a half", n)
	}
}

func TestDeliveryFaultsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for body, want := range map[string]struct {
		status int
		param  string
	}{
		`{}`:                                                {400, "effect"},
		`{"effect":"lose"}`:                                 {400, "effect"},
		`{"effect":"drop","rate":1.5}`:                      {400, "rate"},
		`{"effect":"drop","rate":-1}`:                       {400, "rate"},
		`{"effect":"drop","count":-2}`:                      {400, "count"},
		`{"effect":"drop","delay_seconds":5}`:               {400, "delay_seconds"},
		`{"effect":"delay","delay_seconds":-5}`:             {400, "delay_seconds"},
		`{"effect":"delay","delay_seconds":5,"delay_ms":5}`: {400, "delay_ms"},
		`{"effect":"drop","endpoint":"we_nobody"}`:          {404, "webhook_endpoint"},
		`{"effect":"drop","types":"charge.succeeded"}`:      {400, "types"},
	} {
		if a := b.call("POST", "/_sandbox/delivery-faults", body); a.status != want.status || a.str("error.param") != want.param || len(a.str("error.message")) < 15 {
			t.Errorf("%s: %d %s", body, a.status, a.text)
		}
	}
}

func TestCountEndsADeliveryFault(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t)
	b.endpoint(r)
	check1(b.account.AddDeliveryFault(sandbox.DeliveryFault{Effect: "drop", Count: 1}))(t)
	b.three()
	b.idle()
	if n := len(b.deliveries(sandbox.DeliveryFilter{Status: "dropped"})); n != 1 {
		t.Errorf("%d dropped, want 1", n)
	}
	if n := len(r.all()); n != 2 {
		t.Errorf("%d arrived, want 2", n)
	}
}

func TestIdleWaitsForWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	arrived, proceed := make(chan struct{}), make(chan struct{})
	r := newReceiver(t)
	r.answer = func(http.ResponseWriter, *http.Request, int) {
		close(arrived)
		<-proceed
	}
	b.endpoint(r)
	b.must("GET", "/_sandbox/idle", "")
	b.customer()
	<-arrived
	if a := b.call("GET", "/_sandbox/idle?timeout_seconds=0", ""); a.status != 504 || !strings.Contains(a.str("error.message"), "customer.created") {
		t.Errorf("while a delivery is under way: %d %s", a.status, a.text)
	}
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- b.account.Idle(ctx) }()
	cancel()
	if err := <-over; !errors.Is(err, context.Canceled) {
		t.Errorf("Idle of a context that ended: %v", err)
	}
	go func() { over <- b.account.Idle(t.Context()) }()
	close(proceed)
	if err := <-over; err != nil {
		t.Errorf("Idle: %v", err)
	}
	if a := b.must("GET", "/_sandbox/idle?timeout_seconds=1", ""); a.at("idle") != true {
		t.Errorf("idle: %s", a.text)
	}
	for _, query := range []string{"timeout_seconds=soon", "timeout_seconds=-1", "timeout_seconds=601"} {
		if a := b.call("GET", "/_sandbox/idle?"+query, ""); a.status != 400 || a.str("error.param") != "timeout_seconds" {
			t.Errorf("%s: %d %s", query, a.status, a.text)
		}
	}
}
