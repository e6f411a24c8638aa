package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/internal/web"
)

func TestSettingsThatAreNoAddressesAreRefused(t *testing.T) {
	t.Parallel()
	good := web.Config{StripeJS: "https://js.stripe.com/dahlia/stripe.js", PublicURL: "https://pay.example.com", Clock: &clock{now: noon}}
	if _, err := web.New(good); err != nil {
		t.Fatalf("good settings: %v", err)
	}
	for name, change := range map[string]func(*web.Config){
		"Stripe.js is a path":          func(c *web.Config) { c.StripeJS = "/stripe.js" },
		"Stripe.js is a script":        func(c *web.Config) { c.StripeJS = "javascript:alert(1)" },
		"the public URL is a host":     func(c *web.Config) { c.PublicURL = "pay.example.com" },
		"an origin adds a directive":   func(c *web.Config) { c.StripeOrigins = []string{"https://x.example; script-src *"} },
		"an origin is only a wildcard": func(c *web.Config) { c.StripeOrigins = []string{"*"} },
	} {
		cfg := good
		change(&cfg)
		if _, err := web.New(cfg); vezne.CodeOf(err) != vezne.CodeConfigInvalid {
			t.Errorf("%s: %v, want %s", name, err, vezne.CodeConfigInvalid)
		}
	}
}

// everyPage are pages of all kinds, for rules that hold on each.
func everyPage(b *bench) []string {
	b.desk.put(order("ord_open"))
	b.desk.put(paid("ord_paid"))
	b.desk.events = []vezne.Event{{ID: "evt_1", Type: "payment_intent.succeeded", ObjectID: "pi_1", ObjectType: vezne.TypePaymentIntent, State: vezne.EventApplied, Created: noon, ReceivedAt: noon, Body: []byte(`{"id":"evt_1"}`)}}
	b.signIn()
	b.post("/shop/cart", url.Values{"product": {"kahve"}, "change": {"2"}}).leadsTo(b.t, "/shop?added=kahve")
	return []string{
		"/pay/ord_open", "/pay/ord_open?element=card", "/pay/ord_paid", "/pay/none", "/shop", "/shop?added=kahve", "/shop/cart", "/admin", "/admin/orders", "/admin/orders?q=x&status=paid",
		"/admin/orders/ord_paid", "/admin/orders/ord_open", "/admin/events", "/admin/events/evt_1", "/nowhere",
	}
}

var (
	nonceOf   = regexp.MustCompile(`'nonce-([A-Z2-7]{26})'`)
	tagScript = regexp.MustCompile(`<(?:script|style)\b[^>]*>`)
	tagSheet  = regexp.MustCompile(`<link\b[^>]*rel="stylesheet"[^>]*>`)
	inline    = regexp.MustCompile(`(?i)\son[a-z]+\s*=|javascript:|\sstyle\s*=`)
)

func TestEveryPageHasAStrictPolicyOfItsOwn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seen := map[string]bool{}
	for _, path := range everyPage(b) {
		r := b.get(path)
		policy := r.Header.Get("Content-Security-Policy")
		m := nonceOf.FindStringSubmatch(policy)
		if m == nil {
			t.Fatalf("%s: no nonce in %q", path, policy)
		}
		if seen[m[1]] {
			t.Errorf("%s: the nonce was used before", path)
		}
		seen[m[1]] = true
		for _, part := range []string{"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy lacks %s: %s", path, part, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, " *") {
			t.Errorf("%s: the policy is not strict: %s", path, policy)
		}
		for _, tag := range append(tagScript.FindAllString(r.body, -1), tagSheet.FindAllString(r.body, -1)...) {
			if !strings.Contains(tag, `nonce="`+m[1]+`"`) {
				t.Errorf("%s: %s has not the nonce", path, tag)
			}
		}
		if found := inline.FindString(r.body); found != "" {
			t.Errorf("%s: inline %q", path, found)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "strict-origin-when-cross-origin", "Cache-Control": "no-store",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
}

func TestStripesOriginIsAllowedOnlyWhereItIsNeeded(t *testing.T) {
	t.Parallel()
	const origin = "http://127.0.0.1:12111"
	b := newBench(t)
	for _, path := range everyPage(b) {
		policy := b.get(path).Header.Get("Content-Security-Policy")
		script := strings.Contains(strings.SplitN(policy, "style-src", 2)[0], origin)
		if want := strings.HasPrefix(path, "/pay/ord_open"); script != want {
			t.Errorf("%s: Stripe's script allowed is %v, want %v: %s", path, script, want, policy)
		}
		form := strings.Contains(policy[strings.Index(policy, "form-action"):], origin)
		if want := strings.HasPrefix(path, "/pay/ord_open") || path == "/shop/cart"; form != want {
			t.Errorf("%s: forms to Stripe allowed is %v, want %v: %s", path, form, want, policy)
		}
	}
}

func TestRealStripeGetsItsDocumentedOrigins(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *web.Config) {
		c.StripeJS, c.Livemode, c.PublicURL = "https://js.stripe.com/dahlia/stripe.js", true, "https://pay.example.com"
		c.StripeOrigins = []string{"https://checkout.example.com"}
	})
	b.desk.put(order("ord_1"))
	policy := b.get("/pay/ord_1").says(t, "https://js.stripe.com/dahlia/stripe.js").saysNot(t, "ribbon").Header.Get("Content-Security-Policy")
	for _, part := range []string{
		"https://js.stripe.com https://*.js.stripe.com https://checkout.example.com; style-src", "connect-src 'self' https://api.stripe.com", "https://hooks.stripe.com",
		"form-action 'self' https://checkout.stripe.com",
	} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy lacks %q: %s", part, policy)
		}
	}
	if strings.Contains(policy, "127.0.0.1") {
		t.Errorf("the policy names the sandbox: %s", policy)
	}
}

func TestCookiesAreBoundToTheHostOverHTTPS(t *testing.T) {
	t.Parallel()
	form := url.Values{"product": {"kahve"}, "change": {"1"}}
	plain := newBench(t).post("/shop/cart", form).Header.Get("Set-Cookie")
	if !strings.HasPrefix(plain, "vezne-cart=") || strings.Contains(plain, "Secure") {
		t.Errorf("over http: %q", plain)
	}
	b := newBench(t, func(c *web.Config) { c.PublicURL = "https://pay.example.com" })
	r := b.post("/shop/cart", form)
	for _, part := range []string{"__Host-vezne-cart=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(r.Header.Get("Set-Cookie"), part) {
			t.Errorf("over https the cookie lacks %s: %q", part, r.Header.Get("Set-Cookie"))
		}
	}
	if got := r.Header.Get("Strict-Transport-Security"); got == "" {
		t.Error("over https there is no Strict-Transport-Security")
	}
	if got := b.get("/shop?lang=tr").Header.Get("Set-Cookie"); !strings.HasPrefix(got, "__Host-vezne-lang=tr") {
		t.Errorf("the language cookie is %q", got)
	}
}

func TestAddressesAndMethodsThatDoNotExist(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.header.Set("Accept-Language", "tr")
	b.get("/nowhere").is(t, http.StatusNotFound).says(t, "Böyle bir sayfa yok", `lang="tr"`)
	r := b.send(http.MethodDelete, "/shop", nil).is(t, http.StatusMethodNotAllowed)
	if got := r.Header.Get("Allow"); got != "GET, HEAD" {
		t.Errorf("Allow is %q", got)
	}
	if got := b.send(http.MethodPut, "/admin/sign-in", nil).is(t, http.StatusMethodNotAllowed).Header.Get("Allow"); got != "GET, HEAD, POST" {
		t.Errorf("Allow is %q", got)
	}
	if got := b.get("/shop/").is(t, http.StatusMovedPermanently).Header.Get("Location"); got != "/shop" {
		t.Errorf("/shop/ leads to %q", got)
	}
	b.get("/").leadsTo(t, "/shop")
	newBench(t, func(c *web.Config) { c.Shop = false }).get("/").leadsTo(t, "/admin")
	newBench(t, func(c *web.Config) { c.Shop = false }).get("/shop").is(t, http.StatusNotFound)
}

func TestFormsFromElsewhereAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.desk.put(order("ord_1"))
	b.signIn()
	for _, path := range []string{"/pay/ord_1/checkout", "/pay/ord_1/intent", "/pay/ord_1/state", "/shop/cart", "/shop/orders", "/admin/sign-in", "/admin/sign-out", "/admin/orders/ord_1/cancel"} {
		r := b.post(path, nil, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example").is(t, http.StatusForbidden)
		if strings.HasSuffix(path, "/intent") || strings.HasSuffix(path, "/state") {
			r.says(t, `"message":`)
		}
		b.post(path, nil, "Origin", "https://evil.example").is(t, http.StatusForbidden)
	}
	for _, asked := range []string{"StartCheckout", "StartPaymentIntent", "Cancel", "Landed"} {
		if n := b.desk.called(asked); n != 0 {
			t.Errorf("%s was asked for %d times", asked, n)
		}
	}
	b.get("/admin").is(t, http.StatusOK)
}

func TestAFormThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.header.Set("Accept-Language", "tr-TR,tr;q=0.9")
	b.post("/shop/orders", url.Values{"name": {strings.Repeat("a", 70_000)}}).is(t, http.StatusRequestEntityTooLarge).says(t, "Bir kerede çok fazla gönderildi")
}

func TestFaultsOfOursTellNothingOfTheirCause(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.desk.put(order("ord_1"))
	b.desk.fails["Landed"] = vezne.E(vezne.CodeStorageUnavailable, "store.Order", "").Because(errSecret)
	r := b.get("/pay/ord_1", "Accept-Language", "tr").is(t, http.StatusServiceUnavailable).says(t, "Şu anda yanıt veremiyoruz", "Veritabanımıza ulaşılamıyor.").saysNot(t, "hunter2", "store.Order")
	if r.Header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	b.desk.fails["Landed"] = errSecret
	b.get("/pay/ord_1").is(t, http.StatusInternalServerError).says(t, "Something went wrong on our side").saysNot(t, "hunter2")
	b.post("/pay/ord_1/state", nil).is(t, http.StatusInternalServerError).says(t, `{"message":"The page could not be made."}`).saysNot(t, "hunter2")
}

type secretError string

func (e secretError) Error() string { return string(e) }

const errSecret = secretError("password hunter2 refused by 10.0.0.7")

func TestASessionStoreThatIsGoneIsAnOutage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.memory.broken = vezne.E(vezne.CodeStorageUnavailable, "store", "")
	b.post("/shop/cart", url.Values{"product": {"kahve"}, "change": {"1"}}).is(t, http.StatusServiceUnavailable)
	b.client.Jar = nil
	b.get("/shop", "Cookie", "vezne-cart=x").is(t, http.StatusServiceUnavailable)
}

func TestASessionThatCannotBeReadBeginsAnew(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.memory.sessions["x"] = []byte("not a session")
	b.client.Jar = nil
	b.get("/shop", "Cookie", "vezne-cart=x").is(t, http.StatusOK)
	b.get("/admin", "Cookie", "vezne-operator=x").leadsTo(t, "/admin/sign-in")
}

func TestWhatPeopleTypeIsEscaped(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script>`
	b := newBench(t, func(c *web.Config) { c.Seller = vezne.Seller{Name: evil, Address: evil, Email: evil} })
	o := paid("ord_1")
	o.CustomerName, o.CustomerEmail, o.CustomerReference = evil, evil, evil
	o.Lines[0].Name = evil
	o.Metadata = map[string]string{evil: evil}
	o.Attention = []vezne.Attention{vezne.AttentionSurplus}
	b.desk.put(o)
	open := order("ord_2")
	open.CustomerName, open.CustomerEmail = evil+"</script>", evil
	b.desk.put(open)
	b.desk.entries = []vezne.Entry{{At: noon, Actor: vezne.Actor{Kind: vezne.ActorOperator, Name: evil}, Action: evil, Object: evil, EventID: evil, After: map[string]any{evil: evil}, Detail: map[string]any{evil: evil}}}
	b.desk.methods = []vezne.PaymentMethod{{Brand: evil, Last4: evil, Type: evil}}
	b.desk.events = []vezne.Event{{ID: "evt_1", Type: evil, ObjectID: evil, Reason: evil, State: vezne.EventDead, Body: []byte(`{"x":"` + "<script>" + `"}`)}}
	b.signIn()
	for _, path := range []string{"/pay/ord_1", "/pay/ord_2", "/admin", "/admin/orders?q=" + url.QueryEscape(evil), "/admin/orders/ord_1", "/admin/events?type=" + url.QueryEscape(evil), "/admin/events/evt_1"} {
		b.get(path).is(t, http.StatusOK).saysNot(t, "<script>alert", "alert(1)</script>")
	}
	b.post("/shop/orders", url.Values{"name": {evil}, "email": {evil}, "way": {evil}}).is(t, http.StatusUnprocessableEntity).saysNot(t, "<script>alert")
	b.post("/admin/sign-out", nil)
	b.post("/admin/sign-in", url.Values{"name": {evil}, "next": {evil}}).is(t, http.StatusUnauthorized).saysNot(t, "<script>alert")
}

func TestAssetsAreKeptByTheirContent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	page := b.get("/shop").body
	for _, name := range []string{"vezne.css", "form.js", "icon.svg"} {
		m := regexp.MustCompile(`/assets/` + regexp.QuoteMeta(name) + `\?v=[A-Za-z0-9_-]{16}`).FindString(page)
		if m == "" {
			t.Fatalf("the page does not name %s", name)
		}
		r := b.get(m).is(t, http.StatusOK)
		if got := r.Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("%s: Cache-Control is %q", m, got)
		}
		again := b.get("/assets/"+name, "If-None-Match", r.Header.Get("Etag")).is(t, http.StatusNotModified)
		if again.body != "" || again.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s again: %q, %q", name, again.body, again.Header.Get("Cache-Control"))
		}
	}
	b.get("/assets/none.js").is(t, http.StatusNotFound)
	if r := b.send(http.MethodHead, "/shop", nil).is(t, http.StatusOK); r.body != "" || r.Header.Get("Content-Length") == "0" {
		t.Errorf("HEAD has the body %q and the length %s", r.body, r.Header.Get("Content-Length"))
	}
}

func TestTheLanguageIsTheOrdersThenTheAddressesThenTheCookiesThenTheBrowsers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.desk.put(order("ord_any"))
	turkish, english := order("ord_tr"), order("ord_en")
	turkish.Locale, english.Locale = "tr", "en"
	b.desk.put(turkish)
	b.desk.put(english)
	tr, en := `<html lang="tr">`, `<html lang="en">`
	b.get("/pay/ord_any").says(t, en)
	b.get("/pay/ord_any", "Accept-Language", "tr-TR,tr;q=0.9,en;q=0.8").says(t, tr, "₺2.345,00")
	b.get("/pay/ord_any", "Accept-Language", "tr;q=0.4").says(t, tr)
	b.get("/pay/ord_any", "Accept-Language", "de,en;q=0.5").says(t, en, "₺2,345.00")
	b.get("/pay/ord_any?lang=tr").says(t, tr)
	b.get("/pay/ord_any", "Accept-Language", "en").says(t, tr) // the cookie
	b.get("/pay/ord_any?lang=en").says(t, en)
	b.get("/pay/ord_any?lang=xx").says(t, en)
	b.get("/pay/ord_tr?lang=en", "Accept-Language", "en").says(t, tr).saysNot(t, `class="languages"`)
	b.get("/pay/ord_en?lang=tr").says(t, en)
	b.desk.payments["ord_tr"] = desk.PaymentState{Open: true, Error: &desk.PaymentError{MessageKey: "funds"}}
	b.post("/pay/ord_tr/state", nil).says(t, "Kartınızın bakiyesi")
}

func TestTheLanguageSwitchKeepsThePlaceAndDropsWhatStripeAdded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.desk.put(order("ord_1"))
	b.get("/pay/ord_1?element=card&payment_intent=pi_1&payment_intent_client_secret=pi_1_secret_x&redirect_status=succeeded").
		says(t, `href="/pay/ord_1?element=card&amp;lang=tr"`, `href="/pay/ord_1?element=card&amp;lang=en"`).saysNot(t, "pi_1_secret")
	b.get("/admin/sign-in?next=%2Fadmin%2Forders").says(t, `lang=tr&amp;next=%2Fadmin%2Forders`)
}
