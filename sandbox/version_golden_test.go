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

// find gives an event as it came to an endpoint.
func (m *mailboxes) find(t *testing.T, path, id string) []byte {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, body := range m.got[path] {
		var event struct{ ID string }
		if err := json.Unmarshal(body, &event); err != nil {
			t.Fatal(err)
		}
		if event.ID == id {
			return body
		}
	}
	t.Errorf("the event %s did not come to %s", id, path)
	return nil
}

// newest is the id of the newest event of a name about an object. Deliveries come in any order.
func (w *world) newest(name, id string) string {
	w.t.Helper()
	for _, event := range w.must("GET", "/v1/events?limit=100&type="+name, "").list("data") {
		if data, ok := event["data"].(map[string]any); ok && data["object"].(map[string]any)["id"] == id {
			return event["id"].(string)
		}
	}
	w.t.Errorf("there is no %s of %s", name, id)
	return ""
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
	{"tax_rate", "/v1/tax_rates/", "tax_rate.created"},
	{"plan", "/v1/plans/", "plan.updated"},
	{"subscription", "/v1/subscriptions/", "customer.subscription.updated"},
	{"subscription with a pending update", "/v1/subscriptions/", "customer.subscription.updated"},
	{"subscription discount", "", "customer.discount.created"},
	{"subscription_item", "/v1/subscription_items/", ""},
	{"invoice", "/v1/invoices/", "invoice.paid"},
	{"invoice of a change", "/v1/invoices/", "invoice.payment_succeeded"},
	{"invoice of a renewal", "/v1/invoices/", "invoice.paid"},
	{"invoice paid elsewhere", "/v1/invoices/", "invoice.paid"},
	{"invoice payment_intent", "/v1/payment_intents/", "payment_intent.succeeded"},
	{"invoiceitem", "/v1/invoiceitems/", "invoiceitem.created"},
	{"invoiceitem of a change", "/v1/invoiceitems/", "invoiceitem.created"},
	{"invoice_payment", "/v1/invoice_payments/", "invoice_payment.paid"},
	{"credit_note", "/v1/credit_notes/", "credit_note.created"},
	{"quote", "/v1/quotes/", "quote.accepted"},
	{"subscription_schedule", "/v1/subscription_schedules/", "subscription_schedule.updated"},
	{"checkout.session of a subscription", "/v1/checkout/sessions/", "checkout.session.completed"},
}

// asked are calls whose answers the golden files show, in words that each version knows.
func (w *world) asked(version string) map[string]answer {
	w.t.Helper()
	asked := map[string]answer{}
	preview := []string{"subscription", w.ids["subscription"], "subscription_details[items][0][id]", w.ids["subscription_item"], "subscription_details[items][0][quantity]", "5"}
	asked["preview"] = w.ok(version, "POST", "/v1/invoices/create_preview", preview...)
	asked["lines"] = w.ok(version, "GET", "/v1/invoices/"+w.ids["invoice of a change"]+"/lines")
	made := []string{"customer", w.ids["subscriber"], "items[0][price]", w.ids["price"], "payment_behavior", "default_incomplete"}
	if strings.HasSuffix(version, ".acacia") {
		made = append(made, "coupon", "TENTH", "expand[]", "latest_invoice.payment_intent")
	} else {
		made = append(made, "discounts[0][coupon]", "TENTH", "expand[]", "latest_invoice.confirmation_secret", "expand[]", "latest_invoice.payments", "expand[]", "discounts")
	}
	asked["new subscription"] = w.ok(version, "POST", "/v1/subscriptions", made...)
	return asked
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
					text.Write(w.mail.find(t, "/"+version, w.newest(resource.event, id)))
					text.WriteString("\n")
				}
				golden(t, filepath.Join("testdata", "versions", train, strings.ReplaceAll(resource.name, " ", "_")+".txt"), nameless(text.String()))
			})
		}
		for name, got := range w.asked(version) {
			t.Run(train+"/"+name, func(t *testing.T) {
				golden(t, filepath.Join("testdata", "versions", train, strings.ReplaceAll(name, " ", "_")+".txt"), nameless(got.text))
			})
		}
	}
}

var (
	idToken     = regexp.MustCompile(`\b[a-z]+_[A-Za-z0-9_]{14,}\b`)
	idMarks     = regexp.MustCompile(`[A-Z0-9]`)
	otherRandom = regexp.MustCompile(`("(?:fingerprint|invoice_prefix|network_transaction_id|reference|acquirer_reference_number)": )"[A-Za-z0-9]+"`)
	numbers     = regexp.MustCompile(`("number": )"[A-Z0-9]+-`)
)

// nameless puts numbers in the place of ids, so that golden files do not change with what came before.
func nameless(text string) string {
	names := map[string]string{}
	counts := map[string]int{}
	text = numbers.ReplaceAllString(otherRandom.ReplaceAllString(text, `$1"…"`), `$1"…-`)
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
