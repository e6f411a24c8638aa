package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestAnExpiredCheckoutIsRecovered(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	coupon := s.post("/v1/coupons", "percent_off", "10").str("id")
	s.events()
	first := s.session("after_expiration[recovery][enabled]", "true", "after_expiration[recovery][allow_promotion_codes]", "true", "consent_collection[promotions]", "auto",
		"metadata[order]", "7", "payment_intent_data[metadata][order]", "7")
	first.want(t, "after_expiration.recovery.enabled", true, "after_expiration.recovery.allow_promotion_codes", true, "after_expiration.recovery.url", nil, "recovered_from", nil)
	s.onPage("POST", first.str("id"), "email", "ayse@example.com", "consent[promotions]", "true")
	s.get("/v1/checkout/sessions/"+first.str("id")).want(t, "customer_details", nil, "consent", nil)

	s.wait(24 * time.Hour)
	expired := s.get("/v1/checkout/sessions/" + first.str("id"))
	expired.want(t, "status", "expired", "after_expiration.recovery.expires_at", start+31*86400, "consent.promotions", "opt_in", "customer_details.email", "ayse@example.com")
	wantEvents(t, s.events(), "checkout.session.expired")
	address := expired.str("after_expiration.recovery.url")
	if !strings.HasPrefix(address, s.server.URL+"/r/test_") {
		t.Fatalf("the recovery leads to %s", address)
	}

	copied := s.opened(address)
	copied.want(t, "status", "open", "recovered_from", first.str("id"), "amount_total", 234500, "allow_promotion_codes", true, "metadata.order", "7", "payment_status", "unpaid",
		"consent", nil, "customer_details", nil, "after_expiration.recovery.url", nil)
	if copied.str("id") == first.str("id") || s.opened(address).str("id") == copied.str("id") {
		t.Error("each visit makes a session of its own")
	}
	s.post("/v1/promotion_codes", "promotion[type]", "coupon", "promotion[coupon]", coupon, "code", "BACK10")
	s.onPage("POST", copied.str("id")+"/promotion_code", "promotion_code", "BACK10")
	s.events()
	if status, page := s.types(copied, "consent[promotions]", "true"); status != http.StatusOK {
		t.Fatalf("%d %v", status, page)
	}
	wantEvents(t, s.events(), "payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed")
	s.get("/v1/checkout/sessions/"+copied.str("id"), "expand[]", "payment_intent").want(t, "recovered_from", first.str("id"), "amount_total", 211050, "payment_intent.metadata.order", "7")

	s.wait(30 * 24 * time.Hour)
	if status, to := s.opens(address); status != http.StatusOK || to != "" {
		t.Errorf("after 30 days the recovery answers %d and leads to %q", status, to)
	}
	if status, _ := s.opens(s.server.URL + "/r/test_nobody"); status != http.StatusNotFound {
		t.Errorf("an unknown recovery answers %d", status)
	}
}

// What an expired session tells of a buyer who did not agree to be written to: nothing.
func TestAnAbandonedCheckoutKeepsItsBuyerToItself(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name              string
		session, typed    []string
		promotions, email any
	}{
		{"no", []string{"consent_collection[promotions]", "auto"}, []string{"email", "ayse@example.com"}, "opt_out", nil},
		{"not asked", nil, []string{"email", "ayse@example.com"}, nil, nil},
		{"nothing typed", []string{"consent_collection[promotions]", "auto"}, []string{"email", ""}, nil, nil},
		{"known", []string{"customer_email", "fatma@example.com"}, []string{"email", "ayse@example.com"}, nil, "fatma@example.com"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			session := s.session(tc.session...)
			s.onPage("POST", session.str("id"), tc.typed...)
			s.post("/v1/checkout/sessions/"+session.str("id")+"/expire").want(t, "status", "expired", "consent.promotions", tc.promotions, "customer_details.email", tc.email, "after_expiration", nil)
		})
	}
}

func TestASetupIsRecoveredWithAnIntentOfItsOwn(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	session := s.post("/v1/checkout/sessions", "mode", "setup", "currency", "try", "success_url", "https://shop.example/saved", "setup_intent_data[description]", "For later",
		"after_expiration[recovery][enabled]", "true")
	expired := s.post("/v1/checkout/sessions/" + session.str("id") + "/expire")
	copied := s.opened(expired.str("after_expiration.recovery.url"))
	if copied.str("setup_intent") == session.str("setup_intent") {
		t.Error("the copy has the canceled SetupIntent")
	}
	s.get("/v1/setup_intents/"+copied.str("setup_intent")).want(t, "description", "For later", "status", "requires_payment_method")
	s.pays(copied, "4242424242424242")
	s.get("/v1/checkout/sessions/"+copied.str("id")).want(t, "status", "complete", "recovered_from", session.str("id"))
}
