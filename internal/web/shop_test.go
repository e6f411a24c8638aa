package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/internal/web"
)

// fill puts two coffees and a pot into the cart and returns the cart's id.
func fill(b *bench) string {
	b.t.Helper()
	b.post("/shop/cart", url.Values{"product": {"kahve"}, "change": {"2"}}).leadsTo(b.t, "/shop?added=kahve")
	b.post("/shop/cart", url.Values{"product": {"cezve"}, "change": {"1"}, "from": {"cart"}}).leadsTo(b.t, "/shop/cart")
	return cartID(b)
}

func cartID(b *bench) string {
	b.t.Helper()
	m := regexp.MustCompile(`name="cart" value="([A-Z2-7]+)"`).FindStringSubmatch(b.get("/shop/cart").body)
	if m == nil {
		b.t.Fatal("the cart has no id")
	}
	return m[1]
}

func placing(cart, way string, more ...string) url.Values {
	v := url.Values{"cart": {cart}, "way": {way}, "name": {"Ayşe Yılmaz"}, "email": {"ayse@example.com"}}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

func TestTheCartCountsAndSums(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.header.Set("Accept-Language", "tr")
	b.get("/shop").says(t, "Türk kahvesi, 250 g", "₺185,00", "Bakır cezve")
	b.get("/shop/cart").says(t, "Sepetiniz boş.")
	fill(b)
	b.get("/shop?added=kahve").says(t, "Türk kahvesi, 250 g sepetinizde.", `<span class="count">3</span>`)
	b.get("/shop/cart").says(t, "₺1.019,00", "Siparişi ver · ₺1.019,00")
	b.post("/shop/cart", url.Values{"product": {"kahve"}, "change": {"-1"}, "from": {"cart"}})
	b.get("/shop/cart").says(t, "₺834,00")
	b.post("/shop/cart", url.Values{"product": {"kahve"}, "change": {"99"}, "from": {"cart"}})
	b.get("/shop/cart").says(t, "adedi: </span>99</span>", "₺18.964,00")
	b.post("/shop/cart", url.Values{"product": {"kahve"}, "change": {"remove"}, "from": {"cart"}})
	b.get("/shop/cart").says(t, "₺649,00").saysNot(t, "Türk kahvesi")
	for _, wrong := range []url.Values{{"product": {"none"}, "change": {"1"}}, {"product": {"kahve"}, "change": {"0"}}, {"product": {"kahve"}, "change": {"1.5"}}, {"product": {"kahve"}, "change": {"1000"}}, {}} {
		b.post("/shop/cart", wrong).is(t, http.StatusUnprocessableEntity)
	}
}

func TestEachWayOfPayingLeadsToItsPlace(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, way, method string
		desk              func(*fakeDesk)
		leadsTo           string
		asked             string
	}{
		{"Checkout", "checkout", "", nil, "http://127.0.0.1:12111/c/pay/cs_test_1", "StartCheckout api:demo shop ord_new0"},
		{"Elements", "elements", "", nil, "/pay/ord_new0", ""},
		{"Payment Intents API", "intents", "pm_card_visa", func(d *fakeDesk) { d.intent.Status = "succeeded" }, "/pay/ord_new0", "StartPaymentIntent api:demo shop ord_new0 pm_card_visa"},
		{"Payment Intents API with 3-D Secure", "intents", "pm_card_authenticationRequired", func(d *fakeDesk) {
			d.intent.Status, d.intent.NextAction = "requires_action", &desk.NextAction{Type: "redirect_to_url", URL: "http://127.0.0.1:12111/3ds/x"}
		}, "http://127.0.0.1:12111/3ds/x", "StartPaymentIntent"},
		{"Payment Intents API declined as an error", "intents", "pm_card_visa_chargeDeclined", func(d *fakeDesk) { d.fails["StartPaymentIntent"] = vezne.E(vezne.CodePaymentDeclined, "", "") }, "/pay/ord_new0", "StartPaymentIntent"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.header.Set("Accept-Language", "tr")
			if tt.desk != nil {
				tt.desk(b.desk)
			}
			b.post("/shop/orders", placing(fill(b), tt.way, "method", tt.method)).leadsTo(t, tt.leadsTo)
			if tt.asked != "" && b.desk.called(tt.asked) != 1 {
				t.Errorf("asked for %q, want %q once", b.desk.calls, tt.asked)
			}
			o, err := b.desk.find("ord_new0")
			if err != nil {
				t.Fatal(err)
			}
			if o.AmountTotal != 101_900 || o.Currency != "try" || o.Locale != "tr" || len(o.Lines) != 2 || o.Lines[0].Name != "Türk kahvesi, 250 g" || o.CustomerEmail != "ayse@example.com" {
				t.Errorf("the order is %+v", o.Order)
			}
			b.get("/shop/cart").says(t, "Sepetiniz boş.")
		})
	}
}

func TestACartMakesOneOrderHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	form := placing(fill(b), "elements")
	b.desk.mu.Lock()
	b.desk.hold = make(chan struct{})
	b.desk.mu.Unlock()
	locations := make([]string, 4)
	var wg sync.WaitGroup
	for i := range locations {
		wg.Go(func() { locations[i] = b.post("/shop/orders", form).Header.Get("Location") })
	}
	close(b.desk.hold)
	wg.Wait()
	for _, l := range locations {
		if l != "/pay/ord_new0" {
			t.Errorf("a click leads to %q", l)
		}
	}
	// The browser asks to send the form again, after the cart has been emptied.
	b.post("/shop/orders", form).leadsTo(t, "/pay/ord_new0")
	if n := b.desk.called("CreateOrder"); n != 1 {
		t.Errorf("%d orders were made", n)
	}
	// The same things bought once more are another order.
	b.post("/shop/orders", placing(fill(b), "elements")).leadsTo(t, "/pay/ord_new1")
}

func TestAServersConfirmationIsSentOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	form := placing(fill(b), "intents", "method", "pm_card_visa")
	for range 3 {
		b.post("/shop/orders", form).leadsTo(t, "/pay/ord_new0")
	}
	if n := b.desk.called("StartPaymentIntent"); n != 1 {
		t.Errorf("the payment was confirmed %d times", n)
	}
}

func TestACartThatChangedIsShownAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	old := fill(b)
	b.post("/shop/cart", url.Values{"product": {"cini"}, "change": {"1"}})
	b.post("/shop/orders", placing(old, "elements")).is(t, http.StatusConflict).says(t, "Your cart has changed", "Tile bowl", `value="Ayşe Yılmaz"`)
	if n := b.desk.called("CreateOrder"); n != 0 {
		t.Errorf("%d orders were made of what was not seen", n)
	}
	b.post("/shop/orders", placing("", "elements")).is(t, http.StatusConflict)
	b.post("/shop/orders", placing(cartID(b), "elements")).leadsTo(t, "/pay/ord_new0")
}

func TestWhatIsWrongInTheFormIsSaidAtItsField(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := fill(b)
	b.header.Set("Accept-Language", "tr")
	r := b.post("/shop/orders", placing(id, "intents", "email", "ayse@", "name", strings.Repeat("ş", 251), "method", "pm_card_somebody_elses")).is(t, http.StatusUnprocessableEntity)
	r.says(t, `aria-describedby="email-error"`, `id="email-error"`, "Lütfen ad@example.com gibi", `aria-describedby="name-error"`, "en çok 250 karakter", `aria-describedby="method-error"`, `value="ayse@"`, `id="way-intents" value="intents" aria-describedby="way-intents-note" checked`)
	b.post("/shop/orders", placing(id, "cash")).is(t, http.StatusUnprocessableEntity).says(t, "Lütfen nasıl ödeneceğini seçin.")
	for _, good := range []string{"", "ayse@example.com", "çağrı@örnek.example"} {
		b.post("/shop/orders", placing(id, "cash", "email", good)).saysNot(t, `id="email-error"`)
	}
	for _, bad := range []string{"ayse", "Ayşe <ayse@example.com>", "a@b", "a b@example.com", "a@example.com, b@example.com"} {
		b.post("/shop/orders", placing(id, "cash", "email", bad)).says(t, `id="email-error"`)
	}
	if n := b.desk.called("CreateOrder"); n != 0 {
		t.Errorf("%d orders were made", n)
	}
}

func TestWhatGoesWrongAfterTheOrderIsMadeIsSaidOnItsPage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.desk.fails["StartCheckout"] = vezne.E(vezne.CodeStripeUnreachable, "", "")
	b.post("/shop/orders", placing(fill(b), "checkout")).is(t, http.StatusServiceUnavailable).says(t, "Stripe did not answer in time.", "Order 1001")
	b.desk.fails["CreateOrder"] = vezne.E(vezne.CodeStorageUnavailable, "", "")
	form := placing(fill(b), "elements")
	b.post("/shop/orders", form).is(t, http.StatusServiceUnavailable)
	delete(b.desk.fails, "CreateOrder")
	b.post("/shop/orders", form).leadsTo(t, "/pay/ord_new1")
}

func TestWithRealMoneyTheShopConfirmsNoTestMethod(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *web.Config) { c.Livemode = true })
	id := fill(b)
	b.get("/shop/cart").saysNot(t, "pm_card_")
	b.post("/shop/orders", placing(id, "intents", "method", "pm_card_visa")).is(t, http.StatusUnprocessableEntity)
}
