package races

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/veznetest"
)

// tables returns all that the database holds, as text, by table.
func (h *house) tables() map[string]string {
	h.t.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if strings.HasPrefix(h.database, "postgres") {
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
	}
	found := map[string]string{}
	for _, name := range h.column(query) {
		found[name] = strings.Join(h.column("SELECT * FROM "+name), "\n")
	}
	return found
}

// column returns the rows of a query, each as one text.
func (h *house) column(query string) []string {
	h.t.Helper()
	rows, err := h.db.QueryContext(h.t.Context(), query)
	h.must(err)
	defer func() { h.must(rows.Close()) }()
	columns, err := rows.Columns()
	h.must(err)
	var out []string
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		h.must(rows.Scan(into...))
		var line []string
		for _, v := range values {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			line = append(line, fmt.Sprint(v))
		}
		out = append(out, strings.Join(line, " "))
	}
	h.must(rows.Err())
	return out
}

func TestG69LogAndMemoryHygiene(t *testing.T) {
	each(t, func(h *house) {
		made := h.Call(http.MethodPost, "/v1/orders", `{"currency":"usd","lines":[{"name":"Card 4242 4242 4242 4242","unit_amount":500}],
			"customer":{"reference":"u1","name":"Ayşe 4000-0000-0000-9995","email":"ayse@example.com"},"metadata":{"note":"5555555555554444"}}`, "Idempotency-Key", "make")
		var order vezne.OrderJSON
		h.must(made.Decode(&order))
		i, err := h.intent(order.ID, "203.0.113.9")
		h.must(err)
		h.buyerPays(i, "4000000000009995")
		h.buyerPays(i, "4242424242424242")
		h.Idle()
		h.WantStatus(order.ID, vezne.OrderPaid)
		// What went wrong is logged, too, without what was sent.
		h.visit(http.MethodPost, "/webhooks/stripe", `{"number":"4242424242424242"}`, "Content-Type", "application/json", "Stripe-Signature", "t=1,v1="+h.Keys.Webhook[0].Reveal())
		h.Call(http.MethodGet, "/v1/orders?q="+url.QueryEscape(h.Keys.Secret.Reveal()), "", "Authorization", "Bearer "+h.Keys.Secret.Reveal())

		secrets := map[string]string{
			"the secret key": h.Keys.Secret.Reveal(), "the signing secret": h.Keys.Webhook[0].Reveal(), "the secret of call-backs": veznetest.Secret, "the token": h.Token.Reveal(),
			"the client secret": i.ClientSecret.Reveal(), "a card": "4242424242424242", "a card with blanks": "4242 4242 4242 4242", "a card with dashes": "4000-0000-0000-9995",
			"another card": "5555555555554444", "a client's address": "203.0.113.9",
		}
		places := h.tables()
		places["the log"] = h.Log()
		_, _, places["the buyer's page"] = h.visit(http.MethodGet, "/pay/"+string(order.ID), "")
		places["the API"] = string(h.Call(http.MethodGet, "/v1/orders/"+string(order.ID)+"/timeline", "").Body)
		_, _, places["the metrics"] = h.visit(http.MethodGet, "/metrics", "")
		for place, text := range places {
			for what, secret := range secrets {
				if strings.Contains(text, secret) {
					h.t.Errorf("%s is in %s", what, place)
				}
			}
		}
	}, veznetest.WithConfig(func(c *engine.Config) { c.BodyKey = []byte(strings.Repeat("k", 32)) }))
}

func TestG70WebSecurityOfDashboardAndShop(t *testing.T) {
	each(t, func(h *house) {
		const script = "<script>alert(1)</script>"
		order, err := h.CreateOrder(h.t.Context(), by, engine.NewOrder{
			Currency: "usd", Lines: []engine.NewLine{{Name: script, UnitAmount: 500, Quantity: 1}}, Customer: &engine.NewCustomer{Name: script, Email: "a@example.com"},
		})
		h.must(err)
		h.must(h.CreateOperator(h.t.Context(), "ayse", "correct horse battery"))
		link, err := h.SignInLink(h.t.Context(), "ayse", time.Hour)
		h.must(err)
		at, err := url.Parse(link)
		h.must(err)
		_, signedIn, _ := h.visit(http.MethodGet, at.RequestURI(), "")
		var cookies []string
		for _, line := range signedIn["Set-Cookie"] {
			c, err := http.ParseSetCookie(line)
			h.must(err)
			if !c.HttpOnly || c.SameSite == http.SameSiteNoneMode || c.SameSite == http.SameSiteDefaultMode {
				h.t.Errorf("the cookie %s can be read by scripts or sent by other sites", c.Name)
			}
			cookies = append(cookies, c.Name+"="+c.Value)
		}
		cookie := strings.Join(cookies, "; ")
		page := "/pay/" + string(order.ID)
		admin := "/admin/orders/" + string(order.ID)
		for _, path := range []string{page, "/shop", "/admin", admin, "/admin/events", "/admin/sign-in"} {
			status, header, body := h.visit(http.MethodGet, path, "", "Cookie", cookie)
			if status != http.StatusOK && status != http.StatusSeeOther {
				h.t.Errorf("%s: %d", path, status)
			}
			policy := header.Get("Content-Security-Policy")
			if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe-inline") || header.Get("X-Content-Type-Options") != "nosniff" {
				h.t.Errorf("%s: policy %q", path, policy)
			}
			if strings.Contains(body, script) {
				h.t.Errorf("%s runs what a buyer typed", path)
			}
		}
		// Nobody gets in without signing in, and no other site acts through whoever did.
		for _, path := range []string{"/admin", admin, "/admin/events"} {
			if status, header, _ := h.visit(http.MethodGet, path, ""); status != http.StatusSeeOther || !strings.HasPrefix(header.Get("Location"), "/admin/sign-in") {
				h.t.Errorf("%s without signing in: %d to %s", path, status, header.Get("Location"))
			}
		}
		for _, path := range []string{admin + "/cancel", admin + "/refund", page + "/checkout", page + "/intent", "/shop/cart", "/admin/sign-out"} {
			status, _, _ := h.visit(http.MethodPost, path, "a=b", "Cookie", cookie, "Sec-Fetch-Site", "cross-site", "Origin", "https://elsewhere.example")
			if status != http.StatusForbidden {
				h.t.Errorf("a form of another site to %s: %d, want 403", path, status)
			}
		}
		if o := h.WantStatus(order.ID, vezne.OrderOpen); o.CancelRequestedAt != nil || h.rows("/v1/checkout/sessions") != 0 {
			h.t.Error("another site acted")
		}
		// Whoever guesses passwords is slowed down, by the address that asks.
		slowed := false
		for range 20 {
			status, header, _ := h.visit(http.MethodPost, "/admin/sign-in", "name=ayse&password=guess", "X-Forwarded-For", "203.0.113.9")
			slowed = slowed || status == http.StatusTooManyRequests && header.Get("Retry-After") != ""
		}
		if !slowed {
			h.t.Error("passwords can be guessed at any speed")
		}
		if status, _, _ := h.visit(http.MethodPost, "/admin/sign-in", "name=ayse&password="+url.QueryEscape("correct horse battery"), "X-Forwarded-For", "203.0.113.10"); status != http.StatusSeeOther {
			h.t.Errorf("the operator, from elsewhere: %d", status)
		}
		// A link that was used opens nothing again.
		if status, header, _ := h.visit(http.MethodGet, at.RequestURI(), ""); status == http.StatusSeeOther && header.Get("Location") == "/admin" {
			h.t.Error("a sign-in link works twice")
		}
	}, veznetest.WithConfig(func(c *engine.Config) { c.Shop = true }))
}
