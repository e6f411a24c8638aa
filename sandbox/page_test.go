package sandbox

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// answers is an API that says the same thing whenever a path is asked for; other paths are 404.
type answers map[string]string

func (a answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := a[r.URL.Path]
	if !ok {
		http.Error(w, `{"error":{"type":"invalid_request_error"}}`, http.StatusNotFound)
		return
	}
	_, _ = w.Write([]byte(body))
}

const openSession = `{
	"session": {"id": "cs_test_open", "status": "open", "mode": "payment", "currency": "try", "amount_subtotal": 234500, "amount_total": 211050,
		"total_details": {"amount_discount": 23450, "amount_shipping": 0, "amount_tax": 0}, "cancel_url": "https://shop.example/cart",
		"locale": %q, "customer_email": "ayse@example.com", "allow_promotion_codes": true},
	"line_items": [{"description": "Kahve <b>250 g</b>", "quantity": 2, "unit_amount": 42250, "currency": "try"}],
	"payment_method_types": %s, "publishable_key": "pk_test_pages", "account": {"display_name": "Çınar Kahve"}}`

func newTestPages(t *testing.T, api http.Handler) *pages {
	t.Helper()
	return newPages(api, []string{"4242424242424242"}, func(currency string) int {
		if currency == "jpy" {
			return 0
		}
		return 2
	})
}

func get(t *testing.T, h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, http.NoBody)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestCheckoutSpeaksTheVisitorsLanguage(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, locale, query, accept, want, total string }{
		{"English when nothing is said", "", "", "", "en", "₺2,110.50"},
		{"the session's locale", "tr", "", "en-US,en;q=0.9", "tr", "₺2.110,50"},
		{"a locale with a region", "tr-TR", "", "", "tr", "₺2.110,50"},
		{"the visitor's choice over the session's", "tr", "?lang=en", "", "en", "₺2,110.50"},
		{"the browser's when the session leaves it open", "auto", "", "de;q=0.9,tr;q=0.8,en;q=0.7", "tr", "₺2.110,50"},
		{"by weight, not by place", "", "", "en;q=0.4,tr", "tr", "₺2.110,50"},
		{"never a language of weight nothing", "", "", "tr;q=0,de", "en", "₺2,110.50"},
		{"an unknown choice is passed over", "", "?lang=xx", "tr", "tr", "₺2.110,50"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newTestPages(t, answers{"/v1/payment_pages/cs_test_open": fmt.Sprintf(openSession, tc.locale, `["card"]`)})
			w := get(t, p, "/c/pay/cs_test_open"+tc.query, "Accept-Language", tc.accept)
			body := w.Body.String()
			for _, want := range []string{`<html lang="` + tc.want + `">`, tc.total, "Kahve &lt;b&gt;250 g&lt;/b&gt;", `data-testid="hosted-payment-submit-button"`} {
				if !strings.Contains(body, want) {
					t.Errorf("the page lacks %q", want)
				}
			}
		})
	}
}

func TestCheckoutOffersTheMethodsItHasAFormFor(t *testing.T) {
	t.Parallel()
	p := newTestPages(t, answers{"/v1/payment_pages/cs_test_open": fmt.Sprintf(openSession, "en", `["klarna","sepa_debit","card"]`)})
	body := get(t, p, "/c/pay/cs_test_open").Body.String()
	for _, want := range []string{`id="payment-method-card"`, `id="payment-method-sepa_debit"`, `id="iban"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(body, "klarna") {
		t.Error("the page offers a method without a form")
	}
}

func TestCheckoutIsHonestAboutSessionsThatAreOver(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, session, want, link string
		status                    int
	}{
		{"complete", `{"session":{"status":"complete"},"redirect_url":"https://shop.example/thanks"}`, "This payment is complete", "https://shop.example/thanks", 200},
		{"expired", `{"session":{"status":"expired","cancel_url":"https://shop.example/cart"}}`, "This page has expired", "https://shop.example/cart", 200},
		{"unknown", "", "No such page", "", 404},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			api := answers{}
			if tc.session != "" {
				api["/v1/payment_pages/cs_test_over"] = tc.session
			}
			w := get(t, newTestPages(t, api), "/c/pay/cs_test_over")
			if w.Code != tc.status {
				t.Errorf("status %d, want %d", w.Code, tc.status)
			}
			body := w.Body.String()
			if !strings.Contains(body, tc.want) || !strings.Contains(body, tc.link) {
				t.Errorf("the page lacks %q or its link %q:\n%s", tc.want, tc.link, body)
			}
			if strings.Contains(body, "cardNumber") {
				t.Error("a page that takes no payment shows a card form")
			}
		})
	}
}

func TestPagesAllowNothingButTheirOwnScriptAndLoopbackFrames(t *testing.T) {
	t.Parallel()
	p := newTestPages(t, answers{
		"/v1/payment_pages/cs_test_open":  fmt.Sprintf(openSession, "en", `["card"]`),
		"/v1/3ds2/challenges/tds_test":    `{"amount":100,"currency":"usd","merchant":"Shop","status":"pending","card":{"brand":"visa","last4":"3184"}}`,
		"/v1/3ds2/challenges/tds_over":    `{"status":"failed"}`,
		"/v1/payment_pages/cs_test_other": `{"session":{"status":"expired"}}`,
	})
	nonces := map[string]bool{}
	for _, target := range []string{
		"/c/pay/cs_test_open", "/c/pay/cs_test_other", "/c/pay/cs_test_open/summary", "/c/pay/none", "/3ds/tds_test", "/3ds/tds_over",
		"/elements/frame?type=payment", "/elements/frame?type=card", "/elements/frame?type=cardCvc", "/elements/frame?type=address",
	} {
		w := get(t, p, target)
		policy := w.Header().Get("Content-Security-Policy")
		nonce := regexp.MustCompile(`script-src 'nonce-([^']+)';`).FindStringSubmatch(policy)
		if nonce == nil || nonces[nonce[1]] {
			t.Errorf("%s: no fresh nonce in %q", target, policy)
			continue
		}
		nonces[nonce[1]] = true
		for _, want := range []string{"default-src 'none'", "base-uri 'none'", "frame-ancestors 'self' http://localhost:* "} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: policy lacks %q: %s", target, want, policy)
			}
		}
		body := w.Body.String()
		for _, tag := range regexp.MustCompile(`<(?:script|style)[^>]*>`).FindAllString(body, -1) {
			if !strings.Contains(tag, `nonce="`+nonce[1]+`"`) && !strings.Contains(tag, "application/json") {
				t.Errorf("%s: %s has no nonce", target, tag)
			}
		}
		if m := regexp.MustCompile(`\s(style|on\w+)=`).FindString(body); m != "" {
			t.Errorf("%s: inline attribute %q, which the policy blocks", target, m)
		}
		if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", target, w.Header())
		}
	}
}

func TestFrameAncestorsAdmitTheSandboxsOwnHostOnly(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ host, want string }{
		{"127.0.0.1:12111", ""},
		{"localhost:12111", ""},
		{"sandbox:12111", " http://sandbox:* https://sandbox:*"},
		{"sandbox", " http://sandbox:* https://sandbox:*"},
		{"evil; script-src *", ""},
		{"", ""},
	} {
		got := strings.TrimPrefix(frameAncestors(tc.host), frameAncestors("localhost"))
		if got != tc.want {
			t.Errorf("host %q adds %q, want %q", tc.host, got, tc.want)
		}
	}
}

func TestChallengeShowsWhatIsConfirmed(t *testing.T) {
	t.Parallel()
	p := newTestPages(t, answers{
		"/v1/3ds2/challenges/tds_pay":  `{"amount":211050,"currency":"try","merchant":"Çınar Kahve","status":"pending","card":{"brand":"visa","last4":"3184"}}`,
		"/v1/3ds2/challenges/tds_save": `{"merchant":"Çınar Kahve","status":"pending"}`,
		"/v1/3ds2/challenges/tds_over": `{"status":"succeeded","redirect_url":"https://shop.example/back"}`,
	})
	for _, tc := range []struct{ target, want string }{
		{"/3ds/tds_pay?lang=tr", "₺2.110,50"},
		{"/3ds/tds_pay", "Visa •••• 3184"},
		{"/3ds/tds_pay", `id="test-source-authorize-3ds"`},
		{"/3ds/tds_pay", `id="test-source-fail-3ds"`},
		{"/3ds/tds_save", "confirm this card"},
		{"/3ds/tds_over", "https://shop.example/back"},
	} {
		if body := get(t, p, tc.target).Body.String(); !strings.Contains(body, tc.want) {
			t.Errorf("%s lacks %q", tc.target, tc.want)
		}
	}
}

func TestElementsHaveTheNamesThatTestsFill(t *testing.T) {
	t.Parallel()
	p := newTestPages(t, answers{})
	for kind, names := range map[string][]string{
		"payment":            {"number", "expiry", "cvc", "iban"},
		"card":               {"cardnumber", "exp-date", "cvc", "postal"},
		"cardNumber":         {"cardnumber"},
		"cardExpiry":         {"exp-date"},
		"cardCvc":            {"cvc"},
		"linkAuthentication": {"email"},
		"address":            {"name", "country", "line1", "city", "postal_code"},
	} {
		body := get(t, p, "/elements/frame?type="+kind).Body.String()
		for _, name := range names {
			if !strings.Contains(body, `name="`+name+`"`) {
				t.Errorf("element %s has no input %s", kind, name)
			}
		}
	}
	if w := get(t, p, "/elements/frame?type=ideal"); w.Code != http.StatusNotFound {
		t.Errorf("unknown element: status %d", w.Code)
	}
}

func TestStripeScriptIsServedAtEveryTrain(t *testing.T) {
	t.Parallel()
	p := newTestPages(t, answers{})
	for path, version := range stripeVersions {
		w := get(t, p, path)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "const SCRIPT_VERSION = "+version+";") {
			t.Errorf("%s: status %d or wrong version", path, w.Code)
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: shops at other origins cannot load it", path)
		}
		if again := get(t, p, path, "If-None-Match", w.Header().Get("ETag")); again.Code != http.StatusNotModified {
			t.Errorf("%s: status %d for a copy that is fresh", path, again.Code)
		}
	}
}

func TestPagesAnswerReadsOnly(t *testing.T) {
	t.Parallel()
	p := newTestPages(t, answers{})
	for _, target := range []string{"/c/pay/cs_test_open", "/3ds/tds_test", "/v3/"} {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest(http.MethodPost, target, http.NoBody))
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
			t.Errorf("POST %s: status %d, Allow %q", target, w.Code, w.Header().Get("Allow"))
		}
	}
}

func TestPagesOwnTheirPathsAndNoOthers(t *testing.T) {
	t.Parallel()
	p := newTestPages(t, answers{})
	for path, want := range map[string]bool{
		"/c/pay/cs_test_1": true, "/3ds/x": true, "/elements/frame": true, "/v3/": true, "/endive/stripe.js": true, "/pages/checkout.js": true,
		"/": true, "/accounts": true, "/accounts/shop/events": true, "/v1/accounts": false, "/accountsx": false,
		"/v1/elements/sessions": false, "/v1/3ds2/challenges/x": false, "/_sandbox/health": false, "/v3/other.js": false,
	} {
		if got := p.owns(path); got != want {
			t.Errorf("owns(%q) = %v", path, got)
		}
	}
}

func TestMoneyIsWrittenAsPeopleReadIt(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		amount        int64
		currency      string
		decimals      int
		english, turk string
	}{
		{0, "usd", 2, "$0.00", "$0,00"},
		{5, "usd", 2, "$0.05", "$0,05"},
		{-23450, "try", 2, "-₺234.50", "-₺234,50"},
		{123456789, "eur", 2, "€1,234,567.89", "€1.234.567,89"},
		{100000, "jpy", 0, "¥100,000", "¥100.000"},
		{1234, "kwd", 3, "KWD\u00a01.234", "KWD\u00a01,234"},
		{99999999, "chf", 2, "CHF\u00a0999,999.99", "CHF\u00a0999.999,99"},
	} {
		if got := (pageText{"en"}).money(tc.amount, tc.currency, tc.decimals); got != tc.english {
			t.Errorf("English: %q, want %q", got, tc.english)
		}
		if got := (pageText{"tr"}).money(tc.amount, tc.currency, tc.decimals); got != tc.turk {
			t.Errorf("Turkish: %q, want %q", got, tc.turk)
		}
	}
}

// Sentences: the languages have the same ones with the same blanks, every one that is said exists, and none is left over.
func TestSentencesAreWholeInEveryLanguage(t *testing.T) {
	t.Parallel()
	blanks := regexp.MustCompile(`\{\w+\}`)
	for key, english := range pageTexts()["en"] {
		turkish := pageTexts()["tr"][key]
		if turkish == "" {
			t.Errorf("%s has no Turkish sentence", key)
		}
		inEnglish, inTurkish := blanks.FindAllString(english, -1), blanks.FindAllString(turkish, -1)
		slices.Sort(inEnglish)
		slices.Sort(inTurkish)
		if !slices.Equal(inEnglish, inTurkish) {
			t.Errorf("%s: blanks %v in English, %v in Turkish", key, inEnglish, inTurkish)
		}
	}
	if len(pageTexts()["tr"]) != len(pageTexts()["en"]) {
		t.Error("Turkish has sentences that English lacks")
	}

	said := map[string]bool{}
	exact := regexp.MustCompile(`['"]((?:ribbon|group|card|checkout|credit_note|field|method|frame|challenge|deposit|error|home|invoice|lang|quote)(?:\.[\w]+)*)['"]`)
	source := os.DirFS(".")
	err := fs.WalkDir(source, ".", func(path string, d fs.DirEntry, err error) error {
		isPage := strings.HasPrefix(path, "pages/") && !strings.HasSuffix(path, ".json")
		isCode := strings.HasPrefix(path, "page") && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go")
		if err != nil || d.IsDir() || !isPage && !isCode {
			return err
		}
		content, err := fs.ReadFile(source, path)
		for _, m := range exact.FindAllStringSubmatch(string(content), -1) {
			said[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range shownCards {
		said[group.group] = true
		for _, card := range group.cards {
			said[card[1]] = true
		}
	}
	for _, method := range delayedMethods {
		for _, field := range method.Fields {
			said[field.Label] = true
		}
	}
	for key := range said {
		// Words of one part ("card", "error") also name other things.
		isFile := strings.HasSuffix(key, ".html") || strings.HasSuffix(key, ".css") || key == "checkout.session"
		if strings.Contains(key, ".") && !isFile && pageTexts()["en"][key] == "" {
			t.Errorf("%s is said but has no sentence", key)
		}
	}
	// Keys of these groups are put together from a code, a type or an id.
	composed := regexp.MustCompile(`^(error|frame|invoice\.over|invoice\.state|method|unit|every)\.`)
	for key := range pageTexts()["en"] {
		if !said[key] && !composed.MatchString(key) {
			t.Errorf("%s is said nowhere", key)
		}
	}
}
