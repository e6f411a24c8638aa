package sandbox

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestHomeShowsAnObjectWithItsHistory(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	customer, intent := payAndChange(t, sb)
	page := visit(t, sb, 200, coreHome+"/objects/payment_intent/"+intent)
	charge := must(t, sb, "GET", "/v1/payment_intents/"+intent, "").str("latest_charge")
	contains(t, page,
		`<a href="/accounts/core/objects/charge/`+charge+`" rel="noreferrer">&#34;`+charge+`&#34;</a>`,
		`<a href="/accounts/core/objects/customer/`+customer+`"`,
		"POST /v1/payment_intents/{intent}", "payment_intent.created", "payment_intent.succeeded",
		`<code>description</code> <del>null</del> <span aria-hidden="true">→</span> <ins>&#34;&lt;b&gt;kahve&lt;/b&gt;&#34;</ins>`,
		`<code>status</code>`, `>charge</span> <strong>1</strong>`)
	if strings.Contains(page, "<b>kahve") {
		t.Error("a description is not escaped")
	}
	// The requests that made the versions are links.
	ids := regexp.MustCompile(`href="/accounts/core/requests/(req_\w+)"`).FindAllStringSubmatch(page, -1)
	if len(ids) < 2 {
		t.Errorf("the history links to %d requests", len(ids))
	}
	steps := regexp.MustCompile(`\?version=(\d+)"`).FindAllStringSubmatch(page, -1)
	if len(steps) < 2 {
		t.Fatalf("the history has %d steps", len(steps))
	}
	first := visit(t, sb, 200, coreHome+"/objects/payment_intent/"+intent+"?version="+steps[len(steps)-1][1])
	contains(t, first, "Step 1 of its history", "requires_payment_method")
	newest := visit(t, sb, 200, coreHome+"/objects/payment_intent/"+intent+"?version="+steps[0][1])
	contains(t, newest, `<span class="key">&#34;description&#34;</span>: <ins>&#34;&lt;b&gt;kahve&lt;/b&gt;&#34;</ins> <del>null</del>`, "Changed values are marked", "Step 3 of its history")
	// What belongs to a customer is found by its index.
	contains(t, visit(t, sb, 200, coreHome+"/objects/customer/"+customer), "/accounts/core/objects/payment_intent?customer="+customer, "Related objects")
}

func TestHomeShowsWhatBecameOfADeletedObject(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	id := must(t, sb, "POST", "/v1/customers", "name=Ada").str("id")
	must(t, sb, "DELETE", "/v1/customers/"+id, "")
	contains(t, visit(t, sb, 200, coreHome+"/objects/customer/"+id), "deleted", "customer.deleted", "customer.created", "Ada")
	if w := homeVisit(sb, coreHome+"/search?q="+id); w.Code != http.StatusSeeOther {
		t.Errorf("the search for a deleted object answers %d", w.Code)
	}
}

func TestHistoryIsOfDueJobsTooAndBounded(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	session := must(t, sb, "POST", "/v1/checkout/sessions", "mode=payment&success_url=https://shop.example/&line_items[0][quantity]=1&line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=2000&line_items[0][price_data][product_data][name]=Tea").str("id")
	ok1(sb.Account("sk_test_core").Advance(t.Context(), 25*time.Hour))(t)
	contains(t, visit(t, sb, 200, coreHome+"/objects/checkout.session/"+session), "when it fell due:", "checkout.session.expire", "checkout.session.expired")

	id := must(t, sb, "POST", "/v1/customers", "name=Ada").str("id")
	for i := range 3 * maxHistory {
		must(t, sb, "POST", "/v1/customers/"+id, "name=Ada"+strconv.Itoa(i))
	}
	page := visit(t, sb, 200, coreHome+"/objects/customer/"+id)
	contains(t, page, "Earlier steps are no longer kept", "&#34;Ada"+strconv.Itoa(3*maxHistory-1)+"&#34;")
	steps := 0
	for step := sb.existing("core").store.record("customer", id).past; step != nil; step = step.before {
		steps++
	}
	if steps < maxHistory || steps > 2*maxHistory {
		t.Errorf("%d steps are kept", steps)
	}
}

func TestHistoryIsTakenBackWithTheChange(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	id := must(t, sb, "POST", "/v1/customers", "name=Ada").str("id")
	before := visit(t, sb, 200, coreHome+"/objects/customer/"+id)
	form := "name=Bob"
	for i := range 60 {
		form += "&metadata[k" + strconv.Itoa(i) + "]=v"
	}
	if got := call(t, sb, "POST", "/v1/customers/"+id, form); got.status != 400 {
		t.Fatalf("too much metadata: %d", got.status)
	}
	after := visit(t, sb, 200, coreHome+"/objects/customer/"+id)
	if a, b := strings.Count(before, "?version="), strings.Count(after, "?version="); a != b {
		t.Errorf("a refused change made %d steps of %d", b, a)
	}
}

func TestHistoryGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sb := ok1(New(Options{Data: dir}))(t)
	id := must(t, sb, "POST", "/v1/customers", "name=Ada").str("id")
	must(t, sb, "POST", "/v1/customers/"+id, "name=Grace")
	ok0(t, sb.Close())
	again := newTest(t, Options{Data: dir})
	must(t, again, "POST", "/v1/customers/"+id, "name=Mary")
	contains(t, visit(t, again, 200, coreHome+"/objects/customer/"+id), "customer.created", "customer.updated", `<del>&#34;Ada&#34;</del>`, `<del>&#34;Grace&#34;</del>`, `<ins>&#34;Mary&#34;</ins>`)
}
