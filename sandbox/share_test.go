package sandbox

import (
	"net/http"
	"testing"
)

// Payments hold what they have in common once, and what differs stays apart.
func TestPaymentsShareTheSameDetails(t *testing.T) {
	sb := newTest(t, Options{})
	pay := func(card string) (details *Object) {
		id := must(t, sb, http.MethodPost, "/v1/payment_intents", "amount=2000&currency=usd&confirm=true&payment_method="+card+
			"&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never").str("latest_charge")
		for _, a := range sb.everyAccount() {
			a.locked(func() {
				if ch := a.store.objects[objectKey{"charge", id}].object; ch != nil {
					details = ch.Hash("payment_method_details.card")
				}
			})
		}
		if details == nil {
			t.Fatalf("charge %s has no card", id)
		}
		return details
	}
	visa, again, mastercard := pay("pm_card_visa"), pay("pm_card_visa"), pay("pm_card_mastercard")
	if visa.Hash("checks") != again.Hash("checks") {
		t.Error("two payments with the same checks hold them twice")
	}
	if visa.Hash("checks") != mastercard.Hash("checks") {
		t.Error("two cards with the same checks hold them twice")
	}
	if visa == mastercard || visa.Str("brand") != "visa" || mastercard.Str("brand") != "mastercard" {
		t.Errorf("the details of two cards are %s and %s", visa.Str("brand"), mastercard.Str("brand"))
	}
}

// Only hashes with the very same content are one, whatever their sums.
func TestShareTellsHashesApart(t *testing.T) {
	s := newStore().shared
	made := func(set func(o *Object)) *Object {
		o := shapeNamed("payment_method_card_checks").newHash()
		set(o)
		o.close()
		return s.share(o)
	}
	pass := made(func(o *Object) { o.Set("cvc_check", "pass") })
	if made(func(o *Object) { o.Set("cvc_check", "pass") }) != pass {
		t.Error("the same content is two hashes")
	}
	for name, other := range map[string]*Object{
		"another value": made(func(o *Object) { o.Set("cvc_check", "fail") }),
		"another key":   made(func(o *Object) { o.Set("address_line1_check", "pass") }),
		"null":          made(func(*Object) {}),
	} {
		if other == pass {
			t.Errorf("%s is the same hash", name)
		}
	}
}
