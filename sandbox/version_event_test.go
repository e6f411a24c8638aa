package sandbox_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/vezne/vezne/sandbox"
)

// A replayed answer is the first one, whatever version asks again.
func TestReplaysKeepTheirVersion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must("POST", "/v1/coupons", "id=TEN&percent_off=10&duration=once")
	first := b.call("POST", "/v1/promotion_codes", "coupon=TEN", "Stripe-Version", acacia, "Idempotency-Key", "k")
	again := b.call("POST", "/v1/promotion_codes", "coupon=TEN", "Stripe-Version", basil, "Idempotency-Key", "k")
	if first.status != 200 || again.text != first.text || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %s\nagain %s", first.text, again.text)
	}
}

// A call and an event without a version are in the account's; an event stays in the one it was made in.
func TestEventsKeepTheVersionTheyWereMadeIn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := newBench(t, func(o *sandbox.Options) { o.Data = dir })
	b.must("POST", "/_sandbox/settings", `{"default_api_version":"`+basil+`"}`)
	b.must("POST", "/v1/coupons", "id=TEN&percent_off=10&duration=once&name=Ten")
	id := b.must("POST", "/v1/promotion_codes", "coupon=TEN").str("id")
	b.must("POST", "/_sandbox/settings", `{"default_api_version":"`+dahlia+`"}`)
	b.must("POST", "/v1/coupons/TEN", "name=Changed")
	b.must("POST", "/v1/promotion_codes/"+id, "active=false")
	made := b.must("GET", "/v1/events?type=promotion_code.created", "").list("data")[0]
	event := b.must("GET", "/v1/events/"+made["id"].(string), "")
	if event.str("api_version") != basil || event.str("data.object.coupon.name") != "Ten" || event.at("data.object.promotion") != nil {
		t.Errorf("made in basil: %s", event.text)
	}
	if in := b.ok(acacia, "GET", "/v1/events/"+made["id"].(string)); in.text != event.text {
		t.Errorf("asked for in acacia it is another: %s", in.text)
	}
	later := b.must("GET", "/v1/events?type=promotion_code.updated", "").list("data")[0]
	if later["api_version"] != dahlia || later["data"].(map[string]any)["object"].(map[string]any)["promotion"] == nil {
		t.Errorf("made in dahlia: %v", later)
	}
	copied := t.TempDir()
	noError(t, os.CopyFS(copied, os.DirFS(dir)))
	again, err := sandbox.New(sandbox.Options{Data: copied})
	noError(t, err)
	t.Cleanup(func() { noError(t, again.Close()) })
	s := shopOf(t, again)
	s.key = b.key
	status, read := s.call("GET", "/v1/events/"+made["id"].(string))
	text, err := json.Marshal(read)
	noError(t, err)
	want, err := json.Marshal(event.body)
	noError(t, err)
	if status != 200 || string(text) != string(want) {
		t.Errorf("after a restart: %s\nwant %s", text, want)
	}
}

// An endpoint of no version gets what the account's default is when an event is made.
func TestEndpointsOfNoVersionFollowTheAccount(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t)
	b.endpoint(r, "promotion_code.created")
	b.must("POST", "/_sandbox/settings", `{"default_api_version":"`+basil+`"}`)
	b.must("POST", "/v1/coupons", "id=TEN&percent_off=10&duration=once&name=Ten")
	b.must("POST", "/v1/promotion_codes", "coupon=TEN")
	b.idle()
	var sent answer
	noError(t, json.Unmarshal(r.all()[0].body, &sent.body))
	if sent.str("api_version") != basil || sent.str("data.object.coupon.name") != "Ten" {
		t.Errorf("the endpoint got %s", r.all()[0].body)
	}
}

// An endpoint that comes later gets an event in its own version when the event is sent again.
func TestEventsAreResentInTheVersionOfALaterEndpoint(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must("POST", "/v1/coupons", "id=TEN&percent_off=10&duration=once")
	id := b.must("POST", "/v1/promotion_codes", "promotion[type]=coupon&promotion[coupon]=TEN").str("id")
	b.must("POST", "/v1/promotion_codes/"+id, "active=false")
	event := b.must("GET", "/v1/events?type=promotion_code.updated", "").list("data")[0]["id"].(string)
	r := newReceiver(t)
	endpoint := b.must("POST", "/v1/webhook_endpoints", form("url", r.url, "enabled_events[]", "*", "api_version", acacia)).str("id")
	for range 2 {
		b.must("POST", "/v1/events/"+event+"/retry", "webhook_endpoint="+endpoint)
		b.idle()
	}
	got := r.all()
	if len(got) != 2 || string(got[0].body) != string(got[1].body) {
		t.Fatalf("%d deliveries came", len(got))
	}
	var sent answer
	noError(t, json.Unmarshal(got[0].body, &sent.body))
	if sent.str("api_version") != acacia || sent.str("data.object.coupon.id") != "TEN" || sent.at("data.previous_attributes.active") != true {
		t.Errorf("sent again: %s", got[0].body)
	}
}
