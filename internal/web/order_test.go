package web_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/internal/text"
)

// attempt is a payment state with an open attempt of a kind.
func attempt(kind vezne.AttemptKind, status string) desk.PaymentState {
	p := desk.PaymentState{Open: true, Status: status, Attempt: vezne.Attempt{ID: "att_1", Kind: kind, State: vezne.AttemptActive}}
	if kind == vezne.AttemptCheckout {
		p.SessionURL = "http://127.0.0.1:12111/c/pay/cs_test_1"
	}
	return p
}

func TestTheOrderPageShowsTheTrueState(t *testing.T) {
	t.Parallel()
	at := noon
	failed := attempt(vezne.AttemptPaymentIntent, "requires_payment_method")
	failed.Error = &desk.PaymentError{Code: "card_declined", MessageKey: "funds"}
	expired := desk.PaymentState{Attempt: vezne.Attempt{Kind: vezne.AttemptCheckout, State: vezne.AttemptUnpaid}}
	for _, tt := range []struct {
		name     string
		order    func(*vezne.OrderView)
		payment  desk.PaymentState
		checking bool
		says     []string
		// pays is whether the page offers a way to pay, waits whether it looks
		// again by itself.
		pays, waits bool
	}{
		{"open", nil, desk.PaymentState{}, false, []string{"Nasıl ödemek istersiniz?", "₺2.345,00 öde", "Stripe&#39;ın sayfasında öde", "2 × ₺422,50"}, true, false},
		{"declined", nil, failed, false, []string{"Kartınızın bakiyesi veya limiti bu ödeme için yeterli değil."}, true, false},
		{"an open session", nil, attempt(vezne.AttemptCheckout, "open"), false, []string{"Stripe&#39;ın sayfasında devam et", "burada öderseniz o sayfa kapanır"}, true, false},
		{"a session that ran out", nil, expired, false, []string{"Bu ödeme sayfasının süresi doldu"}, true, false},
		{"the bank asks", nil, attempt(vezne.AttemptPaymentIntent, "requires_action"), false, []string{"Bankanız onayınızı istiyor", "Doğrulamaya devam et"}, true, false},
		{"paid", func(o *vezne.OrderView) { *o = paid(o.ID) }, desk.PaymentState{}, false, []string{"<title>Ödendi · Sipariş 1001</title>", ">Ödendi</h1>", "VZ-2026-000001", "/pay/ord_1/invoice.pdf", "03.02.2026 11:45 UTC"}, false, false},
		{"paid without a payment", func(o *vezne.OrderView) { *o = paid(o.ID); o.AmountPaid = 0 }, desk.PaymentState{}, false, []string{">Ödendi</h1>", "Ödenecek bir tutar yoktu"}, false, false},
		{"partly refunded", func(o *vezne.OrderView) { *o = paid(o.ID); o.AmountRefunded = 34_500 }, desk.PaymentState{}, false, []string{"Kısmen iade edildi", "₺345,00 iade edildi."}, false, false},
		{"refunded", func(o *vezne.OrderView) { *o = paid(o.ID); o.AmountRefunded = 234_500 }, desk.PaymentState{}, false, []string{">İade edildi</h1>"}, false, false},
		{"disputed", func(o *vezne.OrderView) { *o = paid(o.ID); o.AmountDisputed = 234_500 }, desk.PaymentState{}, false, []string{">İtiraz var</h1>"}, false, false},
		{"processing by the order", func(o *vezne.OrderView) { o.Processing = true }, desk.PaymentState{}, false, []string{"Ödemeniz kontrol ediliyor"}, false, true},
		{"processing by the intent", nil, attempt(vezne.AttemptPaymentIntent, "processing"), false, []string{"Ödemeniz kontrol ediliyor"}, false, true},
		{"Stripe has not answered", nil, attempt(vezne.AttemptCheckout, "open"), true, []string{"Ödemenizi kontrol ediyoruz"}, false, true},
		{"succeeded and not booked yet", nil, attempt(vezne.AttemptPaymentIntent, "succeeded"), false, []string{"Ödemenizi kontrol ediyoruz"}, false, true},
		{"held back by the application", func(o *vezne.OrderView) { o.Attention = []vezne.Attention{vezne.AttentionHeldByHook} }, desk.PaymentState{}, false, []string{"Ödemenizi kontrol ediyoruz"}, false, true},
		{"another amount came in", func(o *vezne.OrderView) { o.Attention = []vezne.Attention{vezne.AttentionMismatch} }, desk.PaymentState{}, false, []string{"Ödemenizi kontrol ediyoruz"}, false, true},
		{"reserved", func(o *vezne.OrderView) { o.AmountAuthorized = 200_000 }, desk.PaymentState{}, false, []string{"Tutar ayrıldı", "₺2.000,00 kartınızda ayrıldı."}, false, false},
		{"reserved and not booked yet", nil, attempt(vezne.AttemptPaymentIntent, "requires_capture"), false, []string{"₺2.345,00 kartınızda ayrıldı."}, false, false},
		{"canceled", func(o *vezne.OrderView) { o.CancelRequestedAt, o.CanceledAt = &at, &at }, desk.PaymentState{}, false, []string{"Bu sipariş iptal edildi"}, false, false},
		{"being canceled", func(o *vezne.OrderView) { o.CancelRequestedAt = &at }, attempt(vezne.AttemptCheckout, "open"), false, []string{"Bu sipariş iptal ediliyor"}, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			o := order("ord_1")
			if tt.order != nil {
				tt.order(&o)
			}
			o.Locale = "tr"
			b.desk.put(o)
			b.desk.payments[o.ID], b.desk.checking = tt.payment, tt.checking
			r := b.get("/pay/ord_1").is(t, http.StatusOK).says(t, tt.says...)
			if got := strings.Contains(r.body, `id="form"`) && strings.Contains(r.body, `action="/pay/ord_1/checkout"`); got != tt.pays {
				t.Errorf("offers to pay: %v, want %v", got, tt.pays)
			}
			if got := strings.Contains(r.body, `<noscript><meta http-equiv="refresh" content="10"></noscript>`); got != tt.waits {
				t.Errorf("looks again by itself: %v, want %v", got, tt.waits)
			}
			if got := strings.Contains(r.body, "/assets/pay.js"); got != (tt.pays || tt.waits) {
				t.Errorf("has the script: %v", got)
			}
			if !tt.pays && strings.Contains(r.body, "pk_test_1") {
				t.Error("the publishable key is on a page that pays nothing")
			}
			if paidWord := strings.Contains(r.body, ">Ödendi</h1>"); paidWord && o.PaidAt == nil {
				t.Error("the page says Paid")
			}
		})
	}
}

func TestWhatTheAddressSaysChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.desk.put(order("ord_1"))
	plain := b.get("/pay/ord_1").body
	nonce := regexp.MustCompile(`nonce="[^"]*"`)
	for _, query := range []string{"payment_intent=pi_other&redirect_status=succeeded", "session_id=cs_test_of_somebody_else", "redirect_status=failed&payment_intent_client_secret=pi_other_secret_x", "paid=1"} {
		r := b.get("/pay/ord_1?"+query).is(t, http.StatusOK).saysNot(t, "pi_other", "cs_test_of", ">Paid</h1>")
		if nonce.ReplaceAllString(r.body, "") != nonce.ReplaceAllString(plain, "") {
			t.Errorf("?%s changes the page", query)
		}
	}
	if n := b.desk.called("Landed ord_1"); n != 5 {
		t.Errorf("Stripe was asked %d times for 5 visits", n)
	}
}

func TestAPageDoesNotAskStripeWhatItsScriptHasJustAsked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.desk.put(order("ord_1"))
	b.post("/pay/ord_1/state", nil).says(t, `"stage":"pay"`)
	b.get("/pay/ord_1").is(t, http.StatusOK)
	if n := b.desk.called("Landed"); n != 1 {
		t.Errorf("Stripe was asked %d times", n)
	}
	b.desk.put(paid("ord_1"))
	b.get("/pay/ord_1").says(t, ">Paid</h1>")
	b.desk.put(order("ord_1"))
	b.clock.advance(2 * time.Second)
	b.get("/pay/ord_1")
	b.get("/pay/ord_1")
	b.post("/pay/ord_1/state", nil)
	b.get("/pay/ord_1?landed=1")
	if n := b.desk.called("Landed"); n != 5 {
		t.Errorf("Stripe was asked %d times, want 5", n)
	}
	// What Stripe did not answer is not remembered as an answer.
	b.clock.advance(2 * time.Second)
	b.desk.checking = true
	b.post("/pay/ord_1/state", nil).says(t, `"stage":"checking"`)
	b.get("/pay/ord_1").says(t, "We are checking your payment")
}

func TestAnUnknownOrderIsAPageToo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.header.Set("Accept-Language", "tr")
	b.get("/pay/ord_none").is(t, http.StatusNotFound).says(t, "Böyle bir sayfa yok")
	b.get("/pay/ord_none/invoice.pdf").is(t, http.StatusNotFound)
	b.post("/pay/ord_none/checkout", nil).is(t, http.StatusNotFound).says(t, "Böyle bir sayfa yok")
	b.post("/pay/ord_none/intent", nil).is(t, http.StatusNotFound).says(t, `{"message":"Aradığınız şey burada değil."}`)
	b.post("/pay/ord_none/state", nil).is(t, http.StatusNotFound)
}

func TestCardsThatMustNotBeToldApartGetTheSameBytes(t *testing.T) {
	t.Parallel()
	nonce := regexp.MustCompile(`nonce="[^"]*"`)
	for _, locale := range []string{"en", "tr"} {
		var wantState, wantPage string
		for _, code := range []string{"generic_decline", "lost_card", "stolen_card", "fraudulent", "highest_risk_level", "merchant_blacklist"} {
			b := newBench(t)
			o := order("ord_1")
			o.Locale = locale
			b.desk.put(o)
			p := attempt(vezne.AttemptPaymentIntent, "requires_payment_method")
			p.Error = &desk.PaymentError{Code: "card_declined", MessageKey: text.Decline(&vezne.StripeError{Type: "card_error", Code: "card_declined", DeclineCode: code, Status: 402})}
			b.desk.payments[o.ID] = p
			state := b.post("/pay/ord_1/state", nil).is(t, http.StatusOK).saysNot(t, code, "lost", "stolen").body
			page := nonce.ReplaceAllString(b.get("/pay/ord_1").is(t, http.StatusOK).saysNot(t, code, "stolen").body, "")
			if wantState == "" {
				wantState, wantPage = state, page
			}
			if state != wantState || page != wantPage {
				t.Errorf("%s, %s can be told from a generic decline: %s", locale, code, state)
			}
		}
	}
}

func TestTheScriptLearnsStageSentenceAndField(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.desk.put(order("ord_1"))
	p := attempt(vezne.AttemptPaymentIntent, "requires_payment_method")
	p.Error = &desk.PaymentError{Code: "incorrect_cvc", MessageKey: "cvc"}
	b.desk.payments["ord_1"] = p
	r := b.post("/pay/ord_1/state", nil).is(t, http.StatusOK)
	if r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("the media type is %q", r.Header.Get("Content-Type"))
	}
	if want := `{"stage":"pay","message":"The security code (CVC) is not correct. Please check it and try again.","field":"cvc"}` + "\n"; r.body != want {
		t.Errorf("the state is %s want %s", r.body, want)
	}
	o := paid("ord_1")
	b.desk.put(o)
	if want := `{"stage":"paid","message":"","field":""}` + "\n"; b.post("/pay/ord_1/state", nil).body != want {
		t.Error("a failed try is still told of an order that is paid")
	}
}

func TestThePageTellsTheScriptWhatItNeedsAndNoMore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := order("ord_1")
	o.CustomerName, o.CustomerEmail = "Ayşe", "ayse@example.com"
	b.desk.put(o)
	data := func(path string) map[string]any {
		m := regexp.MustCompile(`(?s)<script type="application/json" id="data"[^>]*>(.*?)</script>`).FindStringSubmatch(b.get(path).body)
		if m == nil {
			t.Fatalf("%s has no data", path)
		}
		var v map[string]any
		if err := json.Unmarshal([]byte(m[1]), &v); err != nil {
			t.Fatalf("%s: %v in %s", path, err, m[1])
		}
		return v
	}
	d := data("/pay/ord_1")
	for name, want := range map[string]any{
		"element": "payment", "amount": 234500.0, "currency": "try", "key": "pk_test_1", "existing": false, "script": "http://127.0.0.1:12111/endive/stripe.js", "intent": "/pay/ord_1/intent", "stage": "pay",
	} {
		if d[name] != want {
			t.Errorf("%s is %v, want %v", name, d[name], want)
		}
	}
	if d := data("/pay/ord_1?element=card"); d["element"] != "card" {
		t.Errorf("?element=card gives %v", d["element"])
	}
	b.desk.payments["ord_1"] = attempt(vezne.AttemptPaymentIntent, "requires_payment_method")
	if d := data("/pay/ord_1"); d["existing"] != true {
		t.Error("the page does not know of the intent that exists")
	}
	o.Processing = true
	b.desk.put(o)
	if d := data("/pay/ord_1"); d["key"] != "" || d["buyer"].(map[string]any)["email"] != nil {
		t.Errorf("a page that only waits tells %v", d)
	}
	if n := b.desk.called("StartPaymentIntent"); n != 0 {
		t.Errorf("looking at the page made %d intents", n)
	}
}

func TestPayingOnStripesPage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.desk.put(order("ord_1"))
	b.post("/pay/ord_1/checkout", nil).leadsTo(t, b.desk.checkoutURL)
	if n := b.desk.called("StartCheckout customer ord_1"); n != 1 {
		t.Errorf("the buyer started %d sessions", n)
	}
	b.desk.checkoutURL = "javascript:alert(1)"
	b.post("/pay/ord_1/checkout", nil).is(t, http.StatusInternalServerError)
}

func TestWhatForbidsToPayIsSaidOnTheOrdersPage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err    error
		status int
		says   string
	}{
		{vezne.E(vezne.CodeAttemptUnsure, "", ""), http.StatusConflict, "Stripe son denemenin sonucunu henüz bildirmedi."},
		{vezne.E(vezne.CodeStripeUnreachable, "", ""), http.StatusServiceUnavailable, "Stripe zamanında yanıt vermedi."},
		{vezne.E(vezne.CodeStripeKeyRefused, "", "rk_test_x lacks checkout_sessions:write"), http.StatusServiceUnavailable, "Bizim tarafımızda bir sorun oluştu ve ödeme başlatılamadı."},
		{&vezne.Error{Kind: vezne.KindInvalid, Code: vezne.CodeStripeRefused, Stripe: &vezne.StripeError{Message: "Amount must be at least ₺20"}}, http.StatusUnprocessableEntity, "ödeme başlatılamadı"},
		{&vezne.Error{Kind: vezne.KindDeclined, Code: vezne.CodePaymentDeclined, Stripe: &vezne.StripeError{Type: "card_error", DeclineCode: "stolen_card"}}, http.StatusPaymentRequired, "Kartınız reddedildi."},
	} {
		b := newBench(t)
		o := order("ord_1")
		o.Locale = "tr"
		b.desk.put(o)
		b.desk.fails["StartCheckout"], b.desk.fails["StartPaymentIntent"] = tt.err, tt.err
		b.post("/pay/ord_1/checkout", nil).is(t, tt.status).says(t, "Nasıl ödemek istersiniz?", tt.says).saysNot(t, "rk_test", "must be at least", "stolen")
		b.post("/pay/ord_1/intent", nil).is(t, tt.status).says(t, `{"message":`, tt.says).saysNot(t, "rk_test", "must be at least", "stolen")
	}
	b := newBench(t)
	b.desk.put(paid("ord_1"))
	b.desk.fails["StartCheckout"] = vezne.E(vezne.CodeOrderPaid, "", "")
	b.post("/pay/ord_1/checkout", nil).leadsTo(t, "/pay/ord_1")
}

func TestTheClientSecretGoesToThePageThatPaysAndNowhereElse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.desk.put(order("ord_1"))
	b.desk.payments["ord_1"] = attempt(vezne.AttemptPaymentIntent, "requires_payment_method")
	r := b.post("/pay/ord_1/intent", nil).is(t, http.StatusOK)
	if want := `{"client_secret":"pi_1_secret_abc","status":"requires_payment_method"}` + "\n"; r.body != want {
		t.Errorf("the intent is %s", r.body)
	}
	if got := r.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("it may be kept: %q", got)
	}
	b.get("/pay/ord_1").saysNot(t, "secret_abc")
	b.post("/pay/ord_1/state", nil).saysNot(t, "secret_abc")
	b.get("/pay/ord_1/intent").is(t, http.StatusMethodNotAllowed)
}

func TestTheReceiptIsAFileWithItsNumber(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.desk.put(paid("ord_1"))
	b.get("/pay/ord_1/invoice.pdf").is(t, http.StatusNotFound)
	b.desk.invoice = &vezne.Invoice{Number: "VZ-2026-000001", IssuedAt: noon.Add(time.Minute)}
	r := b.get("/pay/ord_1/invoice.pdf").is(t, http.StatusOK)
	if r.Header.Get("Content-Type") != "application/pdf" || r.Header.Get("Content-Disposition") != `inline; filename="VZ-2026-000001.pdf"` || !strings.HasPrefix(r.body, "%PDF-") {
		t.Errorf("the receipt is %v %q", r.Header, r.body)
	}
}
