package sandbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/sandbox"
)

// trains are the newest version of each release train.
var trains = []string{"2025-02-24.acacia", "2025-08-27.basil", "2026-02-25.clover", "2026-08-26.dahlia", "2026-10-28.endive"}

// mailboxes keeps what came to each endpoint.
type mailboxes struct {
	mu  sync.Mutex
	got map[string][][]byte
}

func (m *mailboxes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body bytes.Buffer
	_, err := body.ReadFrom(r.Body)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.got[r.URL.Path] = append(m.got[r.URL.Path], body.Bytes())
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
	}
}

// find gives the newest event of a name about an object that came to an endpoint.
func (m *mailboxes) find(t *testing.T, path, name, id string) []byte {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []byte
	for _, body := range m.got[path] {
		var event struct {
			Type string
			Data struct{ Object struct{ ID string } }
		}
		if err := json.Unmarshal(body, &event); err != nil {
			t.Fatal(err)
		}
		if event.Type == name && event.Data.Object.ID == id {
			found = body
		}
	}
	if found == nil {
		t.Errorf("no %s of %s came to %s", name, id, path)
	}
	return found
}

// world is a sandbox with one object of each resource, and an endpoint for each train.
type world struct {
	*bench
	mail *mailboxes
	ids  map[string]string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	mail := &mailboxes{got: map[string][][]byte{}}
	w := &world{mail: mail, ids: map[string]string{}}
	w.bench = newBench(t, func(o *sandbox.Options) {
		o.Clock = func() time.Time { return time.Unix(start, 0) }
		o.Transport = handlerTransport{mail}
		o.PublicURL = "https://sandbox.example"
		o.DisplayName = "Çınar Kahve"
	})
	for _, version := range trains {
		w.must("POST", "/v1/webhook_endpoints", form("url", "https://shop.example/"+version, "enabled_events[]", "*", "api_version", version))
	}
	w.payments()
	w.billing()
	w.idle()
	return w
}

// make posts and remembers the id of what was made.
func (w *world) make(as, path string, pairs ...string) string {
	w.t.Helper()
	id := w.must("POST", path, form(pairs...)).str("id")
	w.ids[as] = id
	return id
}

func (w *world) payments() {
	product := w.make("product", "/v1/products", "name", "Türk kahvesi", "metadata[roast]", "dark")
	w.must("POST", "/v1/products/"+product, form("description", "250 g"))
	price := w.make("price", "/v1/prices", "product", product, "unit_amount", "2500", "currency", "eur", "recurring[interval]", "month", "lookup_key", "monthly")
	w.must("POST", "/v1/prices/"+price, form("nickname", "every month"))
	w.make("coupon", "/v1/coupons", "id", "WELCOME", "percent_off", "10", "duration", "repeating", "duration_in_months", "3", "name", "Welcome")
	code := w.make("promotion_code", "/v1/promotion_codes", "promotion[type]", "coupon", "promotion[coupon]", "WELCOME", "code", "HELLO")
	w.must("POST", "/v1/promotion_codes/"+code, form("metadata[campaign]", "autumn"))
	customer := w.make("customer", "/v1/customers", "email", "ayse@shop.example", "name", "Ayşe")
	w.must("POST", "/v1/customers/"+customer, form("coupon", "WELCOME", "name", "Ayşe Yılmaz"), "Stripe-Version", trains[0])
	w.ids["discount"] = w.must("GET", "/v1/customers/"+customer, "").str("discount.id")

	w.make("setup_intent", "/v1/setup_intents", "customer", customer, "payment_method", "pm_card_visa", "confirm", "true", "automatic_payment_methods[enabled]", "true", "automatic_payment_methods[allow_redirects]", "never")
	w.ids["payment_method"] = w.must("GET", "/v1/setup_intents/"+w.ids["setup_intent"], "").str("payment_method")
	intent := w.make("payment_intent", "/v1/payment_intents", "amount", "2500", "currency", "eur", "customer", customer, "payment_method", w.ids["payment_method"], "confirm", "true", "off_session", "true", "metadata[order]", "7")
	w.ids["charge"] = w.must("GET", "/v1/payment_intents/"+intent, "").str("latest_charge")
	w.make("refund", "/v1/refunds", "payment_intent", intent, "amount", "500", "reason", "requested_by_customer")
	disputed := w.must("POST", "/v1/payment_intents", form("amount", "1800", "currency", "eur", "payment_method", "pm_card_createDispute", "confirm", "true", "payment_method_types[]", "card"))
	w.ids["dispute"] = w.must("GET", "/v1/disputes?payment_intent="+disputed.str("id"), "").list("data")[0]["id"].(string)
	if declined := w.call("POST", "/v1/payment_intents", form("amount", "900", "currency", "eur", "payment_method", "pm_card_visa_chargeDeclined", "confirm", "true", "payment_method_types[]", "card")); declined.status != 402 {
		w.t.Errorf("a declined card: %s", declined.text)
	} else {
		w.ids["declined payment_intent"] = declined.str("error.payment_intent.id")
	}
	session := w.make("checkout.session", "/v1/checkout/sessions", "mode", "payment", "success_url", "https://shop.example/thanks", "line_items[0][price_data][currency]", "eur",
		"line_items[0][price_data][unit_amount]", "2500", "line_items[0][price_data][product_data][name]", "Türk kahvesi", "line_items[0][quantity]", "2",
		"discounts[0][promotion_code]", code, "shipping_address_collection[allowed_countries][]", "TR")
	w.must("POST", "/_sandbox/simulate", fmt.Sprintf(`{"type":"checkout","session":%q,"payment_method":"pm_card_visa"}`, session))
}

// keep stores what no call makes yet.
func (w *world) keep(as, typ, former, text string, events ...string) {
	w.t.Helper()
	if err := sandbox.Keep(w.sandbox, w.key, typ, former, text, events...); err != nil {
		w.t.Fatal(err)
	}
	var o struct{ ID string }
	noError(w.t, json.Unmarshal([]byte(text), &o))
	w.ids[as] = o.ID
}

// billing makes objects of billing as the newest version has them.
func (w *world) billing() {
	fill := func(text string) string {
		for name, id := range w.ids {
			text = strings.ReplaceAll(text, "{"+name+"}", id)
		}
		return text
	}
	period := `"current_period_start":1793613600,"current_period_end":1796205600`
	item := `{"id":"si_1MkGoldenItem","object":"subscription_item","billing_thresholds":null,"created":1793613600,` + period + `,"discounts":[],"metadata":{},"plan":%s,"price":%s,"quantity":1,"subscription":"sub_1MkGolden","tax_rates":[]}`
	plan := w.must("GET", "/v1/plans/"+w.ids["price"], "").text
	item = fmt.Sprintf(item, plan, w.must("GET", "/v1/prices/"+w.ids["price"], "").text)
	w.keep("tax_rate", "tax_rate", "", `{"id":"txr_1MkGolden","display_name":"KDV","inclusive":true,"percentage":20.0,"country":"TR","created":1793613600}`)
	subscription := `{"id":"sub_1MkGolden","customer":"{customer}","status":"%s","currency":"eur","discounts":["{discount}"],"latest_invoice":"in_1MkGolden","cancel_at_period_end":false,"plan":` + plan + `,"quantity":1,
		"items":{"object":"list","data":[` + item + `],"has_more":false,"total_count":1,"url":"/v1/subscription_items?subscription=sub_1MkGolden"}}`
	before := strings.Replace(fmt.Sprintf(subscription, "trialing"), period, `"current_period_start":1791021600,"current_period_end":1793613600`, 1)
	w.keep("subscription", "subscription", fill(before), fill(fmt.Sprintf(subscription, "active")), "customer.subscription.updated")
	w.keep("subscription_item", "subscription_item", "", item)
	taxes := `[{"amount":417,"tax_behavior":"inclusive","tax_rate_details":{"tax_rate":"txr_1MkGolden"},"taxability_reason":"standard_rated","taxable_amount":2083,"type":"tax_rate_details"}]`
	line := `{"id":"il_1MkGoldenLine","object":"line_item","amount":2500,"currency":"eur","description":"1 × Türk kahvesi (at €25.00 / month)","discount_amounts":[],"discountable":true,"discounts":[],"invoice":"in_1MkGolden",
		"livemode":false,"metadata":{},"parent":{"subscription_item_details":{"invoice_item":null,"proration":false,"proration_details":{"credited_items":null},"subscription":"sub_1MkGolden","subscription_item":"si_1MkGoldenItem"},"type":"subscription_item_details"},
		"period":{"start":1793613600,"end":1796205600},"pretax_credit_amounts":[],"pricing":{"price_details":{"price":"{price}","product":"{product}"},"type":"price_details","unit_amount_decimal":"2500"},
		"quantity":1,"quantity_decimal":"1","subscription":"sub_1MkGolden","subtotal":2500,"taxes":` + taxes + `}`
	invoice := `{"id":"in_1MkGolden","customer":"{customer}","currency":"eur","status":"%s","amount_due":2250,"amount_paid":%d,"amount_remaining":%d,"subtotal":2500,"total":2250,"total_taxes":` + taxes + `,
		"discounts":["{discount}"],"billing_reason":"subscription_create","number":"ABCD-0001","lines":{"object":"list","data":[` + line + `],"has_more":false,"url":"/v1/invoices/in_1MkGolden/lines"},
		"parent":{"quote_details":null,"subscription_details":{"metadata":{"plan":"gold"},"subscription":"sub_1MkGolden"},"type":"subscription_details"}}`
	w.keep("invoice_payment", "invoice_payment", "", fill(`{"id":"inpay_1MkGolden","amount_paid":2250,"amount_requested":2250,"created":1793613600,"currency":"eur","invoice":"in_1MkGolden","is_default":true,
		"payment":{"payment_intent":"{payment_intent}","type":"payment_intent"},"status":"paid"}`))
	w.keep("another try", "invoice_payment", "", fill(`{"id":"inpay_1MkGoldenSecond","amount_paid":null,"amount_requested":2250,"created":1793613600,"currency":"eur","invoice":"in_1MkGolden","is_default":false,
		"payment":{"payment_intent":"{declined payment_intent}","type":"payment_intent"},"status":"open"}`))
	w.keep("invoice", "invoice", fill(fmt.Sprintf(invoice, "open", 0, 2250)), fill(fmt.Sprintf(invoice, "paid", 2250, 0)), "invoice.paid", "invoice.updated")
	w.keep("invoiceitem", "invoiceitem", "", fill(`{"id":"ii_1MkGolden","customer":"{customer}","amount":700,"currency":"eur","date":1793613600,"description":"Cup","invoice":"in_1MkGolden",
		"parent":{"subscription_details":{"subscription":"sub_1MkGolden","subscription_item":"si_1MkGoldenItem"},"type":"subscription_details"},
		"pricing":{"price_details":{"price":"{price}","product":"{product}"},"type":"price_details","unit_amount_decimal":"700"},"period":{"start":1793613600,"end":1793613600},"quantity":1,"quantity_decimal":"1"}`), "invoiceitem.created")
	w.keep("credit_note", "credit_note", "", fill(`{"id":"cn_1MkGolden","customer":"{customer}","invoice":"in_1MkGolden","amount":500,"total":500,"subtotal":500,"currency":"eur","number":"ABCD-0001-CN-01","status":"issued","type":"post_payment",
		"refunds":[{"amount_refunded":500,"refund":"{refund}","type":"refund"}],"total_taxes":`+taxes+`,
		"lines":{"object":"list","data":[{"id":"cnli_1MkGoldenLine","object":"credit_note_line_item","amount":500,"description":"Cup","discount_amount":0,"discount_amounts":[],"invoice_line_item":"il_1MkGoldenLine","livemode":false,
		"metadata":{},"pretax_credit_amounts":[],"quantity":2,"tax_rates":[],"taxes":`+taxes+`,"type":"invoice_line_item","unit_amount":250,"unit_amount_decimal":"250"}],"has_more":false,"url":"/v1/credit_notes/cn_1MkGolden/lines"}}`), "credit_note.created")
	w.keep("subscription_schedule", "subscription_schedule", "", fill(`{"id":"sub_sched_1MkGolden","customer":"{customer}","subscription":"sub_1MkGolden","status":"active","current_phase":{"start_date":1793613600,"end_date":1796205600},
		"phases":[{"add_invoice_items":[],"currency":"eur","discounts":[{"coupon":"WELCOME","discount":null,"promotion_code":null}],"end_date":1796205600,"items":[{"billing_thresholds":null,"discounts":[],"metadata":{},"price":"{price}","quantity":1,"tax_rates":[]}],
		"metadata":{},"proration_behavior":"create_prorations","start_date":1793613600}]}`), "subscription_schedule.updated")
}

// resources are what the golden files show: where it is read, and the event that tells of it.
var resources = []struct{ name, path, event string }{
	{"product", "/v1/products/", "product.updated"},
	{"price", "/v1/prices/", "price.updated"},
	{"coupon", "/v1/coupons/", "coupon.created"},
	{"promotion_code", "/v1/promotion_codes/", "promotion_code.updated"},
	{"customer", "/v1/customers/", "customer.updated"},
	{"discount", "", "customer.discount.created"},
	{"payment_method", "/v1/payment_methods/", "payment_method.attached"},
	{"setup_intent", "/v1/setup_intents/", "setup_intent.succeeded"},
	{"payment_intent", "/v1/payment_intents/", "payment_intent.succeeded"},
	{"declined payment_intent", "/v1/payment_intents/", "payment_intent.payment_failed"},
	{"charge", "/v1/charges/", "charge.refunded"},
	{"refund", "/v1/refunds/", "refund.created"},
	{"dispute", "/v1/disputes/", "charge.dispute.created"},
	{"checkout.session", "/v1/checkout/sessions/", "checkout.session.completed"},
	{"subscription", "/v1/subscriptions/", "customer.subscription.updated"},
	{"subscription_item", "/v1/subscription_items/", ""},
	{"invoice", "/v1/invoices/", "invoice.updated"},
	{"invoiceitem", "/v1/invoiceitems/", "invoiceitem.created"},
	{"credit_note", "/v1/credit_notes/", "credit_note.created"},
	{"subscription_schedule", "/v1/subscription_schedules/", "subscription_schedule.updated"},
}

// TestVersionsAreRecorded compares each resource in each release train, as it is read and as its event tells it, with a
// file in testdata/versions. Run it with -update to write them.
func TestVersionsAreRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, version := range trains {
		_, train, _ := strings.Cut(version, ".")
		for _, resource := range resources {
			t.Run(train+"/"+resource.name, func(t *testing.T) {
				id := w.ids[resource.name]
				var text bytes.Buffer
				if resource.path != "" {
					text.WriteString("GET " + resource.path + "{id}\nStripe-Version: " + version + "\n\n")
					text.WriteString(w.must("GET", resource.path+id, "", "Stripe-Version", version).text)
				}
				if resource.event != "" {
					text.WriteString("\nevent " + resource.event + " to an endpoint of " + version + "\n\n")
					text.Write(w.mail.find(t, "/"+version, resource.event, id))
					text.WriteString("\n")
				}
				golden(t, filepath.Join("testdata", "versions", train, strings.ReplaceAll(resource.name, " ", "_")+".txt"), nameless(text.String()))
			})
		}
	}
}

var (
	idToken     = regexp.MustCompile(`\b[a-z]+_[A-Za-z0-9_]{14,}\b`)
	idMarks     = regexp.MustCompile(`[A-Z0-9]`)
	otherRandom = regexp.MustCompile(`("(?:fingerprint|invoice_prefix|network_transaction_id|reference|acquirer_reference_number)": )"[A-Za-z0-9]+"`)
)

// nameless puts numbers in the place of ids, so that golden files do not change with what came before.
func nameless(text string) string {
	names := map[string]string{}
	counts := map[string]int{}
	text = otherRandom.ReplaceAllString(text, `$1"…"`)
	return idToken.ReplaceAllStringFunc(text, func(id string) string {
		if !idMarks.MatchString(id) {
			return id // a word
		}
		if names[id] == "" {
			prefix, _, _ := strings.Cut(id, "_")
			counts[prefix]++
			names[id] = fmt.Sprintf("%s_%d", prefix, counts[prefix])
		}
		return names[id]
	})
}

// golden compares a text with a file.
func golden(t *testing.T, path, text string) {
	t.Helper()
	if *sandbox.Update {
		noError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		noError(t, os.WriteFile(path, []byte(text), 0o600))
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != text {
		t.Errorf("%s differs; go test ./sandbox -run TestVersionsAreRecorded -update writes it anew.\n%s", path, firstDifference(string(want), text))
	}
}

// firstDifference shows the first line that two texts do not share.
func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d\n- %s\n+ %s", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(b), len(a))
}
