package sandbox_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/sandbox"
)

const (
	acacia = "2024-09-30.acacia"
	basil  = "2025-03-31.basil"
	clover = "2025-09-30.clover"
	dahlia = "2026-03-25.dahlia"
	endive = "2026-09-30.endive"
)

// in asks in an API version.
func (b *bench) in(version, method, path string, pairs ...string) answer {
	b.t.Helper()
	if method == "GET" && len(pairs) > 0 {
		return b.call(method, path+"?"+form(pairs...), "", "Stripe-Version", version)
	}
	return b.call(method, path, form(pairs...), "Stripe-Version", version)
}

// ok is in for a call that must be good.
func (b *bench) ok(version, method, path string, pairs ...string) answer {
	b.t.Helper()
	got := b.in(version, method, path, pairs...)
	if got.status != http.StatusOK {
		b.t.Fatalf("%s %s %v in %s: %d %s", method, path, pairs, version, got.status, got.text)
	}
	return got
}

// Each refusal that depends on the version of the call. Sources are with the changes themselves.
func TestVersionsRefuseWhatTheyDoNotHave(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	customer := b.customer()
	b.must("POST", "/v1/coupons", "id=TEN&percent_off=10&duration=once")
	intent := b.must("POST", "/v1/payment_intents", "amount=2000&currency=eur").str("id")
	setup := b.must("POST", "/v1/setup_intents", "").str("id")
	const gone = "payment_method_types_no_longer_supported"
	for _, tc := range []struct {
		version, method, path string
		pairs                 []string
		param, code, message  string
	}{
		{clover, "POST", "/v1/checkout/sessions", []string{"ui_mode", "embedded_page"}, "ui_mode", "", "Invalid ui_mode: must be one of custom, embedded, or hosted"},
		{dahlia, "POST", "/v1/checkout/sessions", []string{"ui_mode", "hosted"}, "ui_mode", "", "Invalid ui_mode: must be one of elements, embedded_page, or hosted_page"},
		{acacia, "POST", "/v1/checkout/sessions", []string{"mode", "setup", "currency", "eur", "ui_mode", "embedded", "return_url", "https://shop.example", "success_url", "https://shop.example"}, "success_url", "",
			"You can not pass `success_url` when `ui_mode` is `embedded`."},

		{basil, "POST", "/v1/promotion_codes", []string{"promotion[type]", "coupon", "promotion[coupon]", "TEN"}, "promotion", "parameter_unknown", "Received unknown parameter: promotion"},
		{basil, "POST", "/v1/promotion_codes", nil, "coupon", "parameter_missing", "Missing required param: coupon."},
		{basil, "POST", "/v1/promotion_codes", []string{"coupon", "NONE"}, "coupon", "resource_missing", "No such coupon: 'NONE'"},
		{clover, "POST", "/v1/promotion_codes", []string{"coupon", "TEN"}, "coupon", "parameter_unknown", "Received unknown parameter: coupon"},
		{clover, "POST", "/v1/promotion_codes", []string{"promotion[type]", "coupon", "promotion[coupon]", "NONE"}, "promotion[coupon]", "resource_missing", "No such coupon: 'NONE'"},
		{basil, "POST", "/v1/customers/" + customer, []string{"coupon", "TEN"}, "coupon", "parameter_unknown", "Received unknown parameter: coupon"},
		{acacia, "POST", "/v1/customers/" + customer, []string{"coupon", "NONE"}, "coupon", "resource_missing", "No such coupon: 'NONE'"},
		{acacia, "POST", "/v1/customers/" + customer, []string{"promotion_code", "promo_x"}, "promotion_code", "resource_missing", "No such promotion code: 'promo_x'"},
		{basil, "POST", "/v1/subscriptions", []string{"customer", customer, "promotion_code", "promo_x"}, "promotion_code", "parameter_unknown", "Received unknown parameter: promotion_code"},
		{basil, "POST", "/v1/invoiceitems", []string{"customer", customer, "price", "price_x"}, "price", "parameter_unknown", ""},
		{acacia, "POST", "/v1/invoiceitems", []string{"customer", customer, "pricing[price]", "price_x"}, "pricing", "parameter_unknown", ""},
		{basil, "POST", "/v1/credit_notes", []string{"invoice", "in_x", "refund", "re_x"}, "refund", "parameter_unknown", ""},
		{basil, "POST", "/v1/prices", []string{"currency", "eur", "recurring[interval]", "month", "recurring[aggregate_usage]", "sum"}, "recurring[aggregate_usage]", "parameter_unknown", ""},
		{clover, "POST", "/v1/subscription_schedules", []string{"phases[0][iterations]", "2"}, "phases[0][iterations]", "parameter_unknown", ""},
		{basil, "GET", "/v1/invoices/upcoming", []string{"customer", customer}, "customer", "parameter_unknown", ""},
		{basil, "GET", "/v1/invoices/upcoming", nil, "invoice", "resource_missing", "No such invoice: 'upcoming'"},

		{basil, "GET", "/v1/customers", []string{"expand[]", "total_count"}, "expand", "property_forbidden", ""},
		{dahlia, "GET", "/v1/customers", []string{"expand[]", "total_count"}, "expand", "property_forbidden", ""},
		{dahlia, "GET", "/v1/customers", []string{"include[]", "total_count"}, "include", "parameter_unknown", "Received unknown parameter: include"},
		{basil, "GET", "/v1/payment_intents/" + intent, []string{"expand[]", "invoice"}, "", "", "This property cannot be expanded (invoice)."},
		{acacia, "GET", "/v1/promotion_codes", []string{"expand[]", "data.promotion.coupon"}, "", "", "This property cannot be expanded (data.promotion.coupon)."},
		{acacia, "GET", "/v1/invoices", []string{"expand[]", "data.payments"}, "", "", "This property cannot be expanded (data.payments)."},
		{basil, "GET", "/v1/invoices", []string{"expand[]", "payment_intent"}, "", "", "This property cannot be expanded (payment_intent)."},

		{endive, "POST", "/v1/payment_intents", []string{"amount", "2000", "currency", "eur", "payment_method_types[]", "card"}, "payment_method_types", gone, ""},
		{endive, "POST", "/v1/payment_intents/" + intent, []string{"payment_method_types[]", "card"}, "payment_method_types", gone, ""},
		{endive, "POST", "/v1/payment_intents/" + intent + "/confirm", []string{"payment_method_types[]", "card"}, "payment_method_types", gone, ""},
		{endive, "POST", "/v1/setup_intents", []string{"payment_method_types[]", "card"}, "payment_method_types", gone, ""},
		{endive, "POST", "/v1/setup_intents/" + setup, []string{"payment_method_types[]", "card"}, "payment_method_types", gone, ""},
		{endive, "POST", "/v1/checkout/sessions", []string{"mode", "setup", "payment_method_types[]", "card"}, "payment_method_types", gone, ""},
		{dahlia, "POST", "/v1/checkout/sessions", []string{"mode", "setup", "allowed_payment_method_types[]", "card"}, "allowed_payment_method_types", "parameter_unknown", ""},
		{endive, "POST", "/v1/subscriptions/sub_x", []string{"billing_cycle_anchor", "now"}, "billing_cycle_anchor", "", "Invalid object"},
		{dahlia, "POST", "/v1/subscriptions/sub_x", []string{"billing_cycle_anchor[type]", "now"}, "billing_cycle_anchor", "", ""},
		{endive, "POST", "/v1/invoices/create_preview", []string{"customer", customer, "subscription_details[billing_cycle_anchor][type]", "timestamp"}, "subscription_details[billing_cycle_anchor][timestamp]", "parameter_missing", ""},
		{endive, "POST", "/v1/invoices/create_preview", []string{"customer", customer, "subscription_details[billing_cycle_anchor][type]", "now", "subscription_details[billing_cycle_anchor][timestamp]", "1796205600"}, "subscription_details[billing_cycle_anchor][timestamp]", "", ""},

		{acacia, "POST", "/v1/webhook_endpoints", []string{"url", "https://shop.example", "enabled_events[]", "*", "api_version", "2023-10-16"}, "api_version", "", "Invalid Stripe API version: 2023-10-16. This sandbox speaks the versions from 2024-09-30.acacia on."},
		{acacia, "POST", "/v1/webhook_endpoints", []string{"url", "https://shop.example", "enabled_events[]", "*", "api_version", "2026-01-01"}, "api_version", "", ""},
	} {
		t.Run(tc.version+tc.path+" "+strings.Join(tc.pairs, " "), func(t *testing.T) {
			t.Parallel()
			got := b.in(tc.version, tc.method, tc.path, tc.pairs...)
			if got.status < 400 || got.status >= 500 || got.str("error.param") != tc.param || got.str("error.code") != tc.code || tc.message != "" && got.str("error.message") != tc.message {
				t.Errorf("answered %d %s", got.status, got.text)
			}
		})
	}
}

func TestVersionsTakeTheirParameters(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	customer := b.customer()
	b.must("POST", "/v1/coupons", "id=TEN&percent_off=10&duration=once")
	price := b.must("POST", "/v1/prices", "currency=eur&unit_amount=900&recurring[interval]=week&recurring[interval_count]=2&product_data[name]=Kahve").str("id")
	code := b.ok(basil, "POST", "/v1/promotion_codes", "coupon", "TEN", "code", "OLD")
	if code.str("coupon.id") != "TEN" || code.at("promotion") != nil {
		t.Errorf("a promotion code in basil: %s", code.text)
	}
	if again := b.ok(clover, "GET", "/v1/promotion_codes/"+code.str("id")); again.str("promotion.coupon") != "TEN" || again.str("promotion.type") != "coupon" || again.at("coupon") != nil {
		t.Errorf("the same in clover: %s", again.text)
	}
	session := []string{"mode", "payment", "line_items[0][price_data][currency]", "eur", "line_items[0][price_data][unit_amount]", "900", "line_items[0][price_data][product_data][name]", "Kahve", "line_items[0][quantity]", "1"}
	for _, tc := range []struct{ version, mode, shown, newest string }{
		{acacia, "", "hosted", "hosted_page"}, {acacia, "hosted", "hosted", "hosted_page"}, {basil, "custom", "custom", "elements"}, {clover, "embedded", "embedded", "embedded_page"},
		{dahlia, "embedded_page", "embedded_page", "embedded_page"}, {endive, "elements", "elements", "elements"},
	} {
		pairs := append([]string{"success_url", "https://shop.example"}, session...)
		if tc.newest != "hosted_page" {
			pairs = append([]string{"return_url", "https://shop.example"}, session...)
		}
		if tc.mode != "" {
			pairs = append(pairs, "ui_mode", tc.mode)
		}
		made := b.ok(tc.version, "POST", "/v1/checkout/sessions", pairs...)
		if read := b.must("GET", "/v1/checkout/sessions/"+made.str("id"), ""); made.str("ui_mode") != tc.shown || read.str("ui_mode") != tc.newest {
			t.Errorf("ui_mode %q in %s is %q, and %q now; want %q, %q", tc.mode, tc.version, made.str("ui_mode"), read.str("ui_mode"), tc.shown, tc.newest)
		}
	}
	for version, want := range map[string]string{acacia: "classic", basil: "classic", clover: "flexible", dahlia: "flexible", endive: "flexible"} {
		if got := b.ok(version, "POST", "/v1/subscriptions", "customer", customer, "items[0][price]", price, "collection_method", "send_invoice", "days_until_due", "7").str("billing_mode.type"); got != want {
			t.Errorf("a subscription made in %s is %s, want %s", version, got, want)
		}
		if got := b.ok(version, "POST", "/v1/subscriptions", "customer", customer, "items[0][price]", price, "billing_mode[type]", "flexible", "collection_method", "send_invoice", "days_until_due", "7").str("billing_mode.type"); got != "flexible" {
			t.Errorf("a subscription made flexible in %s is %s", version, got)
		}
	}
	once := b.ok(acacia, "POST", "/v1/prices", "currency", "eur", "unit_amount", "700", "product_data[name]", "Bardak").str("id")
	for _, good := range [][]string{
		{acacia, "POST", "/v1/subscriptions", "customer", customer, "items[0][price]", price, "collection_method", "send_invoice", "days_until_due", "7", "coupon", "TEN"},
		{acacia, "POST", "/v1/subscriptions", "customer", customer, "items[0][price]", price, "collection_method", "send_invoice", "days_until_due", "7", "promotion_code", code.str("id")},
		{acacia, "POST", "/v1/invoiceitems", "customer", customer, "price", once},
		{acacia, "POST", "/v1/invoiceitems", "customer", customer, "currency", "eur", "unit_amount", "300"},
		{acacia, "POST", "/v1/subscription_schedules", "customer", customer, "phases[0][items][0][price]", price, "phases[0][iterations]", "3", "phases[0][coupon]", "TEN"},
		{basil, "POST", "/v1/subscription_schedules", "customer", customer, "phases[0][items][0][price]", price, "phases[0][iterations]", "3"},
		{acacia, "POST", "/v1/prices", "currency", "eur", "unit_amount", "900", "product_data[name]", "Çay", "recurring[interval]", "month", "recurring[aggregate_usage]", "sum"},
		{acacia, "GET", "/v1/payment_intents", "include[]", "total_count"},
		{acacia, "GET", "/v1/invoices/upcoming/lines", "customer", customer, "subscription_items[0][price]", price, "limit", "3"},
	} {
		b.ok(good[0], good[1], good[2], good[3:]...)
	}
	preview := b.ok(acacia, "GET", "/v1/invoices/upcoming", "customer", customer, "subscription_items[0][price]", price, "subscription_proration_behavior", "none", "coupon", "TEN", "expand[]", "subscription")
	if _, shown := preview.body["id"]; preview.str("object") != "invoice" || shown || preview.at("paid") != false {
		t.Errorf("the next invoice: %s", preview.text)
	}
}

// Before basil a preview was of whatever of a customer is billed next; since then a call says of what.
func TestPreviewsOfACustomerAreOld(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	customer := b.customer()
	price := b.must("POST", "/v1/prices", "currency=eur&unit_amount=900&recurring[interval]=month&product_data[name]=Kahve").str("id")
	subscription := b.must("POST", "/v1/subscriptions", form("customer", customer, "items[0][price]", price, "collection_method", "send_invoice", "days_until_due", "7")).str("id")
	for _, ask := range [][2]string{{"POST", "/v1/invoices/create_preview"}, {"GET", "/v1/invoices/upcoming"}} {
		if old := b.ok(acacia, ask[0], ask[1], "customer", customer); old.str("subscription") != subscription || old.at("total") != 900.0 {
			t.Errorf("%s %s in acacia: %s", ask[0], ask[1], old.text)
		}
	}
	for _, pairs := range [][]string{{"customer", customer}, {"customer", customer, "subscription_details[proration_behavior]", "none"}} {
		if now := b.in(basil, "POST", "/v1/invoices/create_preview", pairs...); now.status != 400 || now.str("error.code") != "parameter_missing" {
			t.Errorf("%v in basil: %s", pairs, now.text)
		}
	}
	if now := b.ok(basil, "POST", "/v1/invoices/create_preview", "subscription", subscription); now.at("total") != 900.0 {
		t.Errorf("of the subscription: %s", now.text)
	}
}

// Before basil the discount of a customer is set with the customer.
func TestCustomersWereGivenCoupons(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t)
	b.endpoint(r, "customer.discount.created", "customer.discount.updated", "customer.discount.deleted")
	b.must("POST", "/v1/coupons", "id=TEN&percent_off=10&duration=once")
	b.must("POST", "/v1/coupons", "id=FIVE&percent_off=5&duration=forever&max_redemptions=1")
	code := b.must("POST", "/v1/promotion_codes", "promotion[type]=coupon&promotion[coupon]=FIVE").str("id")
	customer := b.ok(acacia, "POST", "/v1/customers", "coupon", "TEN")
	id := customer.str("id")
	if customer.str("discount.coupon.id") != "TEN" || customer.str("discount.customer") != id || customer.at("discount.end") != nil {
		t.Errorf("made with a coupon: %s", customer.text)
	}
	if changed := b.ok(acacia, "POST", "/v1/customers/"+id, "promotion_code", code); changed.str("discount.coupon.id") != "FIVE" || changed.str("discount.promotion_code") != code || changed.at("discount.coupon.times_redeemed") != 1.0 {
		t.Errorf("changed by a promotion code: %s", changed.text)
	}
	if refused := b.in(acacia, "POST", "/v1/customers", "coupon", "FIVE"); refused.status != 400 || refused.str("error.code") != "coupon_expired" {
		t.Errorf("a coupon that is used up: %s", refused.text)
	}
	if refused := b.in(acacia, "POST", "/v1/customers", "promotion_code", code); refused.status != 400 {
		b.t.Errorf("a promotion code that is used up: %s", refused.text)
	}
	if read := b.ok(dahlia, "GET", "/v1/customers/"+id); read.str("discount.source.coupon") != "FIVE" || read.at("discount.coupon") != nil {
		t.Errorf("as dahlia reads it: %s", read.text)
	}
	if without := b.ok(acacia, "POST", "/v1/customers/"+id, "coupon", ""); without.at("discount") != nil {
		t.Errorf("taken away: %s", without.text)
	}
	b.idle()
	if diff := cmp.Diff([]string{"customer.discount.created", "customer.discount.deleted", "customer.discount.updated"}, slices.Sorted(slices.Values(r.types()))); diff != "" {
		t.Errorf("events: %s", diff)
	}
}

func TestListsWereCounted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 4 {
		b.customer()
	}
	for _, param := range []string{"expand[]", "include[]"} {
		got := b.ok(acacia, "GET", "/v1/customers", "limit", "2", param, "total_count")
		if got.at("total_count") != 4.0 || len(got.list("data")) != 2 || got.at("has_more") != true || strings.Index(got.text, "total_count") < strings.Index(got.text, "has_more") {
			t.Errorf("%s=total_count: %s", param, got.text)
		}
	}
	if got := b.ok(acacia, "GET", "/v1/customers"); got.at("total_count") != nil {
		t.Errorf("not asked for: %s", got.text)
	}
	if got := b.ok(dahlia, "GET", "/v1/customers/search", "query", "created>0", "expand[]", "total_count"); got.at("total_count") != 4.0 {
		t.Errorf("searches tell: %s", got.text)
	}
}

// What an expansion finds is in the caller's version too, and what only an older version points to can be expanded in it.
func TestExpansionsAreInTheCallersVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	invoice, subscription := w.ids["invoice"], w.ids["subscription"]
	old := w.ok(acacia, "GET", "/v1/invoices/"+invoice, "expand[]", "payment_intent.latest_charge", "expand[]", "charge", "expand[]", "subscription.latest_invoice")
	if old.str("payment_intent.id") != w.ids["invoice payment_intent"] || old.str("payment_intent.invoice") != invoice || old.str("payment_intent.latest_charge.invoice") != invoice ||
		old.str("charge.id") != w.ids["invoice charge"] || old.at("subscription.current_period_end") != 1798884000.0 || old.at("subscription.latest_invoice.paid") != true {
		t.Errorf("an invoice in acacia: %s", old.text)
	}
	list := w.ok(acacia, "GET", "/v1/subscriptions", "customer", w.ids["customer of a clock"], "expand[]", "data.latest_invoice.payment_intent").list("data")
	if len(list) != 1 || list[0]["latest_invoice"].(map[string]any)["payment_intent"].(map[string]any)["invoice"] != w.ids["invoice of a renewal"] {
		t.Errorf("a list in acacia: %v", list)
	}
	now := w.ok(dahlia, "GET", "/v1/subscriptions/"+subscription, "expand[]", "latest_invoice", "expand[]", "discounts.source.coupon")
	if now.at("latest_invoice.paid") != nil || now.str("latest_invoice.parent.type") != "subscription_details" || now.at("current_period_end") != nil {
		t.Errorf("a subscription in dahlia: %s", now.text)
	}
	discounts := w.ok(basil, "GET", "/v1/subscriptions/"+subscription, "expand[]", "discounts").at("discounts").([]any)
	if coupon := discounts[0].(map[string]any)["coupon"].(map[string]any); coupon["id"] != "WELCOME" {
		t.Errorf("an expanded discount in basil: %v", discounts)
	}
	if w.ok(endive, "GET", "/v1/charges/"+w.ids["charge"], "expand[]", "payment_method_details.card.mandate").at("payment_method_details.card.mandate") != nil {
		t.Error("a card payment without a mandate has one")
	}
	if refused := w.in(dahlia, "GET", "/v1/charges/"+w.ids["charge"], "expand[]", "payment_method_details.card.mandate"); refused.status != 400 {
		t.Errorf("in dahlia the mandate is an id: %s", refused.text)
	}
	refunds := w.ok(acacia, "GET", "/v1/charges/"+w.ids["invoice charge"], "expand[]", "refunds.data.charge").list("refunds.data")
	if len(refunds) != 1 || refunds[0]["charge"].(map[string]any)["invoice"] != invoice {
		t.Errorf("what only an expansion shows: %v", refunds)
	}
}

// Before basil what was paid elsewhere was no amount paid.
func TestInvoicesPaidElsewhere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	customer := b.customer()
	noError(t, sandbox.Keep(b.sandbox, b.key, "invoice", "", `{"id":"in_1MkElsewhere","customer":"`+customer+`","status":"paid","total":900,"amount_due":900,"amount_paid":900,"amount_paid_off_stripe":900,"lines":{"object":"list","data":[],"has_more":false,"url":""}}`))
	old := b.ok(acacia, "GET", "/v1/invoices/in_1MkElsewhere")
	if old.at("paid") != true || old.at("paid_out_of_band") != true || old.at("amount_paid") != 0.0 || old.at("payment_intent") != nil || old.at("charge") != nil || old.at("subscription") != nil || old.at("tax") != nil {
		t.Errorf("in acacia: %s", old.text)
	}
	if now := b.ok(basil, "GET", "/v1/invoices/in_1MkElsewhere"); now.at("amount_paid") != 900.0 || now.at("paid_out_of_band") != nil {
		t.Errorf("in basil: %s", now.text)
	}
}

// Errors carry objects, and those are in the caller's version.
func TestErrorsCarryObjectsOfTheCallersVersion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	pay := []string{"amount", "2000", "currency", "eur", "payment_method", "pm_card_visa_chargeDeclined", "confirm", "true", "payment_method_types[]", "card"}
	old := b.in(acacia, "POST", "/v1/payment_intents", pay...)
	if invoice, shown := old.at("error.payment_intent").(map[string]any)["invoice"]; old.status != 402 || !shown || invoice != nil {
		t.Errorf("in acacia: %s", old.text)
	}
	pay = append(pay[:8], "automatic_payment_methods[enabled]", "true", "automatic_payment_methods[allow_redirects]", "never")
	if now := b.in(endive, "POST", "/v1/payment_intents", pay...); now.status != 402 || now.str("error.payment_intent.last_payment_error.payment_method_type") != "card" {
		t.Errorf("in endive: %s", now.text)
	}
}

func TestAllowedPaymentMethodTypesNarrow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	intent := b.ok(endive, "POST", "/v1/payment_intents", "amount", "2000", "currency", "eur", "allowed_payment_method_types[]", "card", "allowed_payment_method_types[]", "us_bank_account", "allowed_payment_method_types[]", "ideal", "allowed_payment_method_types[]", "sepa_debit")
	if diff := cmp.Diff([]any{"card", "sepa_debit"}, intent.at("payment_method_types")); diff != "" {
		t.Errorf("methods: %s", diff)
	}
	if changed := b.ok(endive, "POST", "/v1/payment_intents/"+intent.str("id"), "allowed_payment_method_types[]", "card"); !cmp.Equal(changed.at("payment_method_types"), []any{"card"}) {
		t.Errorf("narrowed: %s", changed.text)
	}
	for _, tc := range [][]string{
		{"allowed_payment_method_types[]", "ideal"},
		{"allowed_payment_method_types[]", "card", "automatic_payment_methods[enabled]", "true"},
		{"allowed_payment_method_types[]", "card", "excluded_payment_method_types[]", "ideal"},
	} {
		if refused := b.in(endive, "POST", "/v1/payment_intents", append([]string{"amount", "2000", "currency", "eur"}, tc...)...); refused.status != 400 || refused.str("error.param") != "allowed_payment_method_types" {
			t.Errorf("%v: %s", tc, refused.text)
		}
	}
	session := b.ok(endive, "POST", "/v1/checkout/sessions", "mode", "payment", "success_url", "https://shop.example", "line_items[0][price_data][currency]", "eur", "line_items[0][price_data][unit_amount]", "900",
		"line_items[0][price_data][product_data][name]", "Kahve", "line_items[0][quantity]", "1", "allowed_payment_method_types[]", "us_bank_account", "allowed_payment_method_types[]", "card")
	if !cmp.Equal(session.at("payment_method_types"), []any{"card"}) || !cmp.Equal(session.at("allowed_payment_method_types"), []any{"us_bank_account", "card"}) {
		t.Errorf("a session: %s", session.text)
	}
	if read := b.ok(dahlia, "GET", "/v1/checkout/sessions/"+session.str("id")); strings.Contains(read.text, "allowed_payment_method_types") {
		t.Errorf("dahlia shows %s", read.text)
	}
}
