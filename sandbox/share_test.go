package sandbox

import (
	"net/http"
	"testing"
)

// What payments have in common may be held once; what differs stays apart.
func TestPaymentsKeepTheirOwnDetails(t *testing.T) {
	sb := newTest(t, Options{})
	pay := func(card string) (details *stripeObject) {
		id := must(t, sb, http.MethodPost, "/v1/payment_intents", "amount=2000&currency=usd&confirm=true&payment_method="+card+
			"&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never").str("latest_charge")
		for _, a := range sb.everyAccount() {
			a.locked(func() {
				if ch := a.store.newest("charge", id); ch != nil {
					details = ch.Hash("payment_method_details.card")
				}
			})
		}
		if details == nil {
			t.Fatalf("charge %s has no card", id)
		}
		return details
	}
	visa, mastercard, again := pay("pm_card_visa"), pay("pm_card_mastercard"), pay("pm_card_visa")
	if visa.Str("brand") != "visa" || mastercard.Str("brand") != "mastercard" || again.Str("brand") != "visa" {
		t.Errorf("the cards are %s, %s and %s", visa.Str("brand"), mastercard.Str("brand"), again.Str("brand"))
	}
}

// Only hashes with the very same content are one, whatever their sums.
func TestShareTellsHashesApart(t *testing.T) {
	s := newStore().shared
	made := func(set func(o *stripeObject)) *stripeObject {
		o := shapeNamed("payment_method_card_checks").newHash()
		set(o)
		o.close()
		return s.share(o)
	}
	pass := made(func(o *stripeObject) { o.Set("cvc_check", "pass") })
	if made(func(o *stripeObject) { o.Set("cvc_check", "pass") }) != pass {
		t.Error("the same content is two hashes")
	}
	for name, other := range map[string]*stripeObject{
		"another value": made(func(o *stripeObject) { o.Set("cvc_check", "fail") }),
		"another key":   made(func(o *stripeObject) { o.Set("address_line1_check", "pass") }),
		"null":          made(func(*stripeObject) {}),
	} {
		if other == pass {
			t.Errorf("%s is the same hash", name)
		}
	}
}

// An object that is closed takes the hash that another one was closed with.
func TestCloseSharesEmbeddedHashes(t *testing.T) {
	s := newStore().shared
	closed := func() *stripeObject {
		o := shapeNamed("payment_method_card").newHash()
		o.Set("checks.cvc_check", "pass")
		s.close(o)
		return o
	}
	first, second := closed(), closed()
	if first.Hash("checks") != second.Hash("checks") || first.Str("checks.cvc_check") != "pass" {
		t.Error("two cards with the same checks hold them twice")
	}
	if first.open || first.Hash("checks").open {
		t.Error("a closed object may still be Set")
	}
}
