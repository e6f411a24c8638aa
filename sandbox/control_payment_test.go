package sandbox_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/sandbox"
)

func TestFaultDeclinesAGoodCard(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t)
	b.endpoint(r, "charge.failed", "payment_intent.payment_failed", "payment_intent.succeeded", "setup_intent.setup_failed")
	b.plant(`{"method":"POST","path":"/v1/payment_intents/{intent}/confirm","effect":"decline","decline_code":"insufficient_funds"}`)
	intent := b.must("POST", "/v1/payment_intents", "amount=2000&currency=usd&payment_method=pm_card_visa&payment_method_types[]=card").str("id")
	a := b.call("POST", "/v1/payment_intents/"+intent+"/confirm", "")
	if a.status != 402 || a.str("error.code") != "card_declined" || a.str("error.decline_code") != "insufficient_funds" || a.str("error.payment_intent.status") != "requires_payment_method" {
		t.Errorf("%d %s", a.status, a.text)
	}
	if again := b.must("POST", "/v1/payment_intents/"+intent+"/confirm", "payment_method=pm_card_visa"); again.str("status") != "succeeded" {
		t.Errorf("the next try: %s", again.text)
	}
	b.plant(`{"path":"/v1/setup_intents*","effect":"decline","decline_code":"lost_card"}`)
	setup := b.call("POST", "/v1/setup_intents", "payment_method=pm_card_visa&payment_method_types[]=card&confirm=true")
	if setup.status != 402 || setup.str("error.decline_code") != "lost_card" {
		t.Errorf("a SetupIntent: %d %s", setup.status, setup.text)
	}
	b.idle()
	seen := map[string]int{}
	for _, typ := range r.types() {
		seen[typ]++
	}
	if diff := cmp.Diff(map[string]int{"charge.failed": 1, "payment_intent.payment_failed": 1, "payment_intent.succeeded": 1, "setup_intent.setup_failed": 1}, seen); diff != "" {
		t.Error(diff)
	}
}

// TestLostAnswerOfAPayment is the hazard that the sandbox is for: the money moved and the answer never came.
func TestLostAnswerOfAPayment(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.plant(`{"method":"POST","path":"/v1/payment_intents","when":"after","effect":"reset"}`)
	body := "amount=2000&currency=usd&payment_method=pm_card_visa&payment_method_types[]=card&confirm=true"
	if _, err := b.try(t.Context(), "POST", "/v1/payment_intents", body, "Idempotency-Key", "order-1"); err == nil {
		t.Fatal("the answer came")
	}
	if a := b.must("POST", "/v1/payment_intents", body, "Idempotency-Key", "order-1"); a.str("status") != "succeeded" {
		t.Errorf("the same key: %s", a.text)
	}
	if list := b.must("GET", "/v1/payment_intents", "").list("data"); len(list) != 1 {
		t.Errorf("%d payments, want 1", len(list))
	}
}

func TestSimulatedAuthentication(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	intent := b.must("POST", "/v1/payment_intents", "amount=2000&currency=usd&payment_method=pm_card_authenticationRequired&payment_method_types[]=card&confirm=true&return_url=https://shop.example")
	if intent.str("status") != "requires_action" {
		t.Fatalf("the intent: %s", intent.text)
	}
	done := b.must("POST", "/_sandbox/simulate", `{"type":"3ds","intent":"`+intent.str("id")+`","result":"succeeded"}`)
	if now := b.must("GET", "/v1/payment_intents/"+intent.str("id"), ""); now.str("status") != "succeeded" {
		t.Errorf("afterwards: %s; the simulation answered %s", now.text, done.text)
	}
	if a := b.call("POST", "/_sandbox/simulate", `{"type":"3ds","intent":"pi_nothing","result":"succeeded"}`); a.status < 400 || a.status > 404 || a.str("error.message") == "" {
		t.Errorf("an unknown intent: %d %s", a.status, a.text)
	}
	if a := b.call("POST", "/_sandbox/simulate", `{"type":"weather"}`); a.status != 400 || !strings.Contains(a.str("error.message"), "3ds") {
		t.Errorf("an unknown simulation: %d %s", a.status, a.text)
	}
}

// TestExportedPayments replays payments whose cards came as numbers: the file has their tokens.
func TestExportedPayments(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	customer := b.must("POST", "/v1/customers", "name=Ada").str("id")
	method := b.must("POST", "/v1/payment_methods", form("type", "card", "card[number]", "4000056655665556", "card[exp_month]", "12", "card[exp_year]", "2034", "card[cvc]", "987")).str("id")
	b.must("POST", "/v1/payment_methods/"+method+"/attach", "customer="+customer)
	intent := b.must("POST", "/v1/payment_intents", form("amount", "2000", "currency", "usd", "customer", customer, "payment_method", method, "payment_method_types[]", "card", "confirm", "true"))
	b.must("POST", "/v1/refunds", form("charge", intent.str("latest_charge"), "amount", "500"))
	b.call("POST", "/v1/payment_intents", "amount=900&currency=usd&payment_method=pm_card_visa_chargeDeclined&payment_method_types[]=card&confirm=true")
	text := check1(b.account.Export())(t)
	for _, secret := range []string{"4000056655665556", "987", customer, method, intent.str("id"), intent.str("latest_charge")} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the export has %s:\n%s", secret, text)
		}
	}
	if !strings.Contains(string(text), "${payment_intent:latest_charge}") || !strings.Contains(string(text), "tok_visa_debit") {
		t.Errorf("the export:\n%s", text)
	}
	other := b.sandbox.Account("sk_test_other")
	noError(t, other.RunFixtures(t.Context(), text))
	b.key = "sk_test_other"
	charges := b.must("GET", "/v1/charges", "").list("data")
	if len(charges) != 2 || charges[0]["status"] != "failed" || charges[1]["amount_refunded"] != 500.0 {
		got, err := json.Marshal(charges)
		t.Errorf("the copy has %s (%v)", got, err)
	}
}

// TestRestartSendsWhatWasUnderWay ends a sandbox with deliveries in every state and starts it again over its data.
func TestRestartSendsWhatWasUnderWay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	forward := newReceiver(t)
	arrived, hold := make(chan struct{}, 9), make(chan struct{})
	t.Cleanup(func() { close(hold) })
	slow := &receiver{answer: func(_ http.ResponseWriter, r *http.Request, _ int) {
		arrived <- struct{}{}
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}}
	begin := func(transport http.RoundTripper) (*bench, *sandbox.Sandbox) {
		sb := check1(sandbox.New(sandbox.Options{Data: dir, ForwardTo: forward.url, Account: "kept", Transport: transport, StrictKeys: true}))(t)
		return &bench{t: t, sandbox: sb, account: sb.Account("sk_test_kept"), url: "http://sandbox", key: "sk_test_kept", client: sb.Transport()}, sb
	}
	b, sb := begin(handlerTransport{slow})
	before := check1(sb.Ready(nil))(t)
	b.must("POST", "/_sandbox/clock", `{"frozen":true}`)
	b.must("POST", "/_sandbox/settings", `{"display_name":"Çınar Kahve","rate_limit":1000}`)
	key := check1(b.account.AddKey(map[string]string{"customers": "read"}))(t)
	none := check1(b.account.AddKey(nil))(t)
	b.customer()
	<-arrived // under way when the sandbox ends
	b.must("POST", "/_sandbox/delivery-faults", `{"effect":"delay","delay_seconds":60}`)
	b.must("POST", "/v1/products", "name=Kahve")
	noError(t, sb.Close())

	b, sb = begin(nil)
	b.idle()
	if diff := cmp.Diff([]string{"customer.created"}, forward.types()); diff != "" {
		t.Errorf("after the start: %s", diff)
	}
	b.must("POST", "/_sandbox/clock", `{"advance_seconds":60}`)
	if diff := cmp.Diff([]string{"customer.created", "product.created"}, forward.types()); diff != "" {
		t.Errorf("after the delay: %s", diff)
	}
	after := check1(sb.Ready(nil))(t)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the ready file changed: %s", diff)
	}
	if _, err := verify(forward.all()[0], before.WebhookSecret); err != nil {
		t.Errorf("the signing secret: %v", err)
	}
	if s := check1(b.account.Settings())(t); s.DisplayName != "Çınar Kahve" || s.RateLimit != 1000 {
		t.Errorf("settings: %+v", s)
	}
	for name, want := range map[string]int{key.Key: 200, none.Key: 403, "sk_test_stranger": 401} {
		if a := b.call("GET", "/v1/customers", "", "Authorization", "Bearer "+name); a.status != want {
			t.Errorf("%s: %d, want %d", name, a.status, want)
		}
	}
	noError(t, sb.Close())
}

// TestNoCardNumberIsKept pays in every way that takes a number and looks for it in all that the sandbox keeps or shows.
func TestNoCardNumberIsKept(t *testing.T) {
	t.Parallel()
	const number = "4000056655665556"
	dir := t.TempDir()
	sb := check1(sandbox.New(sandbox.Options{Data: dir}))(t)
	b := &bench{t: t, sandbox: sb, account: sb.Account("sk_test_card"), url: "http://sandbox", key: "sk_test_card", client: sb.Transport()}
	card := func(at string) string {
		return form(at+"[number]", number, at+"[exp_month]", "12", at+"[exp_year]", "2034", at+"[cvc]", "987")
	}
	b.must("POST", "/v1/payment_methods", "type=card&"+card("card"))
	b.must("POST", "/v1/tokens", card("card"))
	b.must("POST", "/v1/payment_intents", "amount=2000&currency=usd&confirm=true&payment_method_types[]=card&payment_method_data[type]=card&"+card("payment_method_data[card]"), "Idempotency-Key", "card")
	b.call("POST", "/v1/payment_methods", "type=card&"+strings.Replace(card("card"), "2034", "1999", 1), "Idempotency-Key", "old")
	kept := b.must("GET", "/_sandbox/requests", "").text + string(check1(b.account.Export())(t))
	noError(t, sb.Close())
	for _, file := range check1(os.ReadDir(dir))(t) {
		kept += string(check1(os.ReadFile(filepath.Join(dir, file.Name())))(t))
	}
	if strings.Contains(kept, number) {
		t.Errorf("the number is kept:\n%s", kept)
	}
}

// TestNumbersInOddPlaces puts a number where none belongs: the store keeps what it is given, as Stripe does, and what
// people read of calls shows none.
func TestNumbersInOddPlaces(t *testing.T) {
	t.Parallel()
	const number = "4000056655665556"
	b := newBench(t)
	b.must("POST", "/v1/customers", form("name", "Ada "+number, "metadata[note]", number), "Idempotency-Key", "card-"+number)
	b.call("POST", "/v1/payment_intents/"+number, "")
	b.call("GET", "/v1/customers?email="+number, "")
	for name, shown := range map[string]string{"journal": b.must("GET", "/_sandbox/requests", "").text, "export": string(check1(b.account.Export())(t))} {
		if strings.Contains(shown, number) {
			t.Errorf("the %s shows the number: %s", name, shown)
		}
	}
}
