package sandbox

import (
	"net/url"
	"strings"
	"testing"
)

// What people remember of an object finds it: a word of it, a number, a value of its metadata.
func TestHomeFindsObjectsByTheirWords(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	customer := must(t, sb, "POST", "/v1/customers", "name=Ada&phone=%2B905551234567&metadata[crm]=K-4711").str("id")
	intent := must(t, sb, "POST", "/v1/payment_intents", "amount=2000&currency=usd&payment_method_types[]=card&description=Order+7&metadata[cart]=basket-9").str("id")
	product := must(t, sb, "POST", "/v1/products", "name=Bakır+cezve").str("id")
	session := must(t, sb, "POST", "/v1/checkout/sessions", "mode=payment&success_url=https://shop.example&client_reference_id=order-42&line_items[0][quantity]=1"+
		"&line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=2000&line_items[0][price_data][product_data][name]=Poster").str("id")
	for query, id := range map[string]string{"k-4711": customer, "5551234567": customer, "order 7": intent, "BASKET": intent, "cezve": product, "order-42": session} {
		contains(t, visit(t, sb, 200, coreHome+"/search?q="+url.QueryEscape(query)), coreHome+"/objects/"+map[string]string{customer: "customer", intent: "payment_intent", product: "product", session: "checkout.session"}[id]+"/"+id)
	}
	if page := visit(t, sb, 404, coreHome+"/search?q=nothing-of-it"); strings.Contains(page, customer) {
		t.Error("a search for nothing found something")
	}
}

// An instant in seconds is followed by what people call it; other numbers are not.
func TestHomeSaysInstantsInWords(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	id := must(t, sb, "POST", "/v1/test_helpers/test_clocks", "frozen_time=1796000000").str("id")
	contains(t, visit(t, sb, 200, coreHome+"/objects/test_helpers.test_clock/"+id), `1796000000 <span class="time">2026-11-30 00:53:20</span>`)
	price := must(t, sb, "POST", "/v1/prices", "currency=usd&unit_amount=1796000000&product_data[name]=Ship").str("id")
	if page := visit(t, sb, 200, coreHome+"/objects/price/"+price); strings.Contains(page, `1796000000 <span`) {
		t.Error("an amount is taken for an instant")
	}
}

// Test clocks are listed with what falls due on them, and advanced by a button.
func TestHomeAdvancesTestClocks(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	must(t, sb, "POST", "/v1/customers", "name=Ada")
	contains(t, visit(t, sb, 200, coreHome+"/clock"), "No test clock.")
	clock := must(t, sb, "POST", "/v1/test_helpers/test_clocks", "frozen_time=1796000000&name=Renewals").str("id")
	customer := must(t, sb, "POST", "/v1/customers", "test_clock="+clock).str("id")
	method := must(t, sb, "POST", "/v1/payment_methods/pm_card_visa/attach", "customer="+customer).str("id")
	price := must(t, sb, "POST", "/v1/prices", "currency=usd&unit_amount=2000&recurring[interval]=month&product_data[name]=Plan").str("id")
	sub := must(t, sb, "POST", "/v1/subscriptions", "customer="+customer+"&items[0][price]="+price+"&default_payment_method="+method).str("id")
	contains(t, visit(t, sb, 200, coreHome+"/clock"), "Renewals", clock, customer, "2026-11-30 00:53:20", sub, `action="/accounts/core/clocks/`+clock+`"`)

	done(t, sb, coreHome+"/clocks/"+clock, url.Values{"advance_seconds": {"86400"}}, coreHome+"/clock?done=test_clock")
	contains(t, visit(t, sb, 200, coreHome+"/clock?done=test_clock"), "2026-12-01 00:53:20", "The test clock was advanced.")
	if got := must(t, sb, "GET", "/v1/test_helpers/test_clocks/"+clock, "").at("frozen_time"); got != float64(1796086400) {
		t.Errorf("the clock stands at %v", got)
	}
	for target, form := range map[string]url.Values{
		coreHome + "/clocks/" + clock:     {"advance_seconds": {"0"}},
		coreHome + "/clocks/clock_nobody": {"advance_seconds": {"60"}},
	} {
		if w := submit(sb, target, form); w.Code < 400 || w.Code > 404 {
			t.Errorf("%s %v: %d", target, form, w.Code)
		}
	}
}
