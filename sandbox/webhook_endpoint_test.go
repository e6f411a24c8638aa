package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEndpointShowsItsSecretOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	made := b.must("POST", "/v1/webhook_endpoints", form("url", "https://shop.example/hook", "enabled_events[]", "charge.succeeded", "enabled_events[]", "charge.failed",
		"description", "Shop", "metadata[team]", "money", "api_version", "2026-08-26.dahlia"))
	if secret := made.str("secret"); !strings.HasPrefix(secret, "whsec_") || len(secret) < 30 {
		t.Errorf("secret = %q", secret)
	}
	id := made.str("id")
	if !strings.HasPrefix(id, "we_") || made.str("status") != "enabled" || made.str("api_version") != "2026-08-26.dahlia" || made.str("metadata.team") != "money" || made.str("description") != "Shop" {
		t.Errorf("the new endpoint is %s", made.text)
	}
	if got := made.at("enabled_events"); !cmp.Equal(got, []any{"charge.succeeded", "charge.failed"}) {
		t.Errorf("enabled_events = %v", got)
	}
	for name, later := range map[string]answer{
		"read":   b.must("GET", "/v1/webhook_endpoints/"+id, ""),
		"list":   b.must("GET", "/v1/webhook_endpoints", ""),
		"update": b.must("POST", "/v1/webhook_endpoints/"+id, "disabled=true&url=https://shop.example/other&enabled_events[]=*"),
	} {
		if strings.Contains(later.text, "whsec_") || strings.Contains(later.text, "_secrets") {
			t.Errorf("%s shows a secret: %s", name, later.text)
		}
	}
	now := b.must("GET", "/v1/webhook_endpoints/"+id, "")
	if now.str("status") != "disabled" || now.str("url") != "https://shop.example/other" || !cmp.Equal(now.at("enabled_events"), []any{"*"}) {
		t.Errorf("after the update it is %s", now.text)
	}
	gone := b.must("DELETE", "/v1/webhook_endpoints/"+id, "")
	if gone.at("deleted") != true || gone.str("id") != id {
		t.Errorf("deleted: %s", gone.text)
	}
	if again := b.call("GET", "/v1/webhook_endpoints/"+id, ""); again.status != 404 || again.str("error.code") != "resource_missing" {
		t.Errorf("a deleted endpoint answers %d %s", again.status, again.text)
	}
}

func TestEndpointRefusals(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, tc := range []struct{ name, body, code, param string }{
		{"no url", "enabled_events[]=*", "parameter_missing", "url"},
		{"no events", "url=https://a.example", "parameter_missing", "enabled_events"},
		{"a url without a scheme", "url=shop.example/hook&enabled_events[]=*", "url_invalid", "url"},
		{"a url without a host", "url=https:///hook&enabled_events[]=*", "url_invalid", "url"},
		{"another scheme", "url=ftp://shop.example&enabled_events[]=*", "url_invalid", "url"},
		{"an unknown event", "url=https://a.example&enabled_events[]=charge.exploded", "", "enabled_events[0]"},
		{"a beginning with a star", "url=https://a.example&enabled_events[]=charge.*", "", "enabled_events[0]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := b.call("POST", "/v1/webhook_endpoints", tc.body)
			if a.status != 400 || a.str("error.code") != tc.code || a.str("error.param") != tc.param {
				t.Errorf("%d %s", a.status, a.text)
			}
		})
	}
	for i := range 16 {
		b.must("POST", "/v1/webhook_endpoints", form("url", fmt.Sprintf("https://shop.example/%d", i), "enabled_events[]", "*"))
	}
	if a := b.call("POST", "/v1/webhook_endpoints", form("url", "https://shop.example/17", "enabled_events[]", "*")); a.status != 400 || !strings.Contains(a.str("error.message"), "maximum of 16") {
		t.Errorf("the 17th: %d %s", a.status, a.text)
	}
}

func TestEndpointsGetWhatTheySelected(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	all, some, none, start := newReceiver(t), newReceiver(t), newReceiver(t), newReceiver(t)
	b.endpoint(all)
	b.endpoint(some, "customer.deleted", "product.created")
	b.endpoint(start, "customer.*")
	off := b.endpoint(none)
	b.must("POST", "/v1/webhook_endpoints/"+off.ID, "disabled=true")
	id := b.customer()
	b.must("DELETE", "/v1/customers/"+id, "")
	b.must("POST", "/v1/products", "name=Kahve")
	b.idle()
	count := func(r *receiver) map[string]int {
		m := map[string]int{}
		for _, typ := range r.types() {
			m[typ]++
		}
		return m
	}
	for name, tc := range map[string]struct {
		r    *receiver
		want map[string]int
	}{
		"a star":          {all, map[string]int{"customer.created": 1, "customer.deleted": 1, "product.created": 1}},
		"names":           {some, map[string]int{"customer.deleted": 1, "product.created": 1}},
		"a beginning":     {start, map[string]int{"customer.created": 1, "customer.deleted": 1}},
		"a disabled one ": {none, map[string]int{}},
	} {
		if diff := cmp.Diff(tc.want, count(tc.r)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestRolledSecretSignsBesideTheNewOne(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t)
	e := b.endpoint(r)
	noError(t, errOf(b.account.Freeze(t.Context())))
	rolled := b.must("POST", "/_sandbox/webhook_endpoints/"+e.ID+"/roll", `{"expires_in": 3600}`)
	fresh := rolled.str("secret")
	if fresh == e.Secret || !strings.HasPrefix(fresh, "whsec_") {
		t.Fatalf("the roll answered %s", rolled.text)
	}
	last := func() received {
		b.customer()
		b.idle()
		got := r.all()
		return got[len(got)-1]
	}
	accepted := func(got received, secret string) bool {
		_, err := verify(got, secret)
		return err == nil
	}
	got := last()
	if !accepted(got, e.Secret) || !accepted(got, fresh) || strings.Count(got.header.Get("Stripe-Signature"), "v1=") != 2 {
		t.Errorf("while both live: %s", got.header.Get("Stripe-Signature"))
	}
	if accepted(got, "whsec_wrong") {
		t.Error("a wrong secret is accepted")
	}
	noError(t, errOf(b.account.Advance(t.Context(), time.Hour)))
	got = last()
	if accepted(got, e.Secret) || !accepted(got, fresh) {
		t.Errorf("after the old one's end: %s", got.header.Get("Stripe-Signature"))
	}
	now, err := b.account.Roll(e.ID, 0)
	check(t, now, err)
	got = last()
	if accepted(got, fresh) || !accepted(got, now) {
		t.Error("a roll without expires_in leaves the old secret alive")
	}
	for body, want := range map[string]int{`{"expires_in": 86401}`: 400, `{"expires_in": -1}`: 400, `{"expires_in": "soon"}`: 400, `{"expires_in": 86400}`: 200} {
		if a := b.call("POST", "/_sandbox/webhook_endpoints/"+e.ID+"/roll", body); a.status != want {
			t.Errorf("roll %s: %d %s", body, a.status, a.text)
		}
	}
	if a := b.call("POST", "/_sandbox/webhook_endpoints/we_nobody/roll", ""); a.status != http.StatusNotFound {
		t.Errorf("an unknown endpoint: %d %s", a.status, a.text)
	}
}

// errOf leaves the error of a pair.
func errOf[T any](_ T, err error) error { return err }
