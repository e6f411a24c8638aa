package mirror_test

import (
	"strings"
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/mirror"
)

func byID(t *testing.T, body string) map[vezne.ObjectID]vezne.Snapshot {
	t.Helper()
	list, err := mirror.Snapshots([]byte(body), vezne.Interval{Begin: 7})
	if err != nil {
		t.Fatal(err)
	}
	found := map[vezne.ObjectID]vezne.Snapshot{}
	for _, s := range list {
		found[s.ID] = s
	}
	return found
}

func TestAnAnswerIsTakenApart(t *testing.T) {
	t.Parallel()
	found := byID(t, `{"id":"cs_1","object":"checkout.session","status":"complete","payment_status":"paid","payment_intent":
		{"id":"pi_1","object":"payment_intent","status":"succeeded","amount":1999,"latest_charge":{"id":"ch_1","object":"charge","status":"succeeded","payment_intent":"pi_1"}}}`)
	if len(found) != 3 || !found["cs_1"].Terminal || !found["pi_1"].Terminal || found["ch_1"].Terminal || found["ch_1"].Interval.Begin != 7 {
		t.Fatalf("snapshots %+v", found)
	}
	c, err := mirror.CheckoutSession(found["cs_1"])
	if err != nil || c.PaymentIntent != "pi_1" {
		t.Errorf("the session names %q, %v", c.PaymentIntent, err)
	}
}

func TestAnErrorYieldsTheObjectThatItCarries(t *testing.T) {
	t.Parallel()
	found := byID(t, `{"error":{"type":"card_error","code":"card_declined","payment_intent":{"id":"pi_1","object":"payment_intent","status":"requires_payment_method",
		"last_payment_error":{"code":"card_declined","decline_code":"lost_card","payment_method":{"id":"pm_1","object":"payment_method","customer":null}}}}}`)
	p, err := mirror.PaymentIntent(found["pi_1"])
	if err != nil || p.LastError == nil || p.LastError.DeclineCode != "lost_card" {
		t.Errorf("intent %+v, %v", p, err)
	}
}

func TestWhatAnErrorRemembersIsNoAnswerAboutTheMethod(t *testing.T) {
	t.Parallel()
	// The method inside of the last error is as it was when the error happened.
	found := byID(t, `{"id":"seti_1","object":"setup_intent","status":"succeeded","payment_method":"pm_2",
		"last_setup_error":{"code":"card_declined","payment_method":{"id":"pm_1","object":"payment_method","customer":null}}}`)
	if len(found) != 1 {
		t.Errorf("snapshots %+v, want the intent alone", found)
	}
}

func TestRowsOfListsOnlySayWhatToRead(t *testing.T) {
	t.Parallel()
	found := byID(t, `{"id":"ch_1","object":"charge","status":"succeeded","refunds":{"object":"list","data":[{"id":"re_1","object":"refund","status":"succeeded"}]}}`)
	if len(found) != 1 {
		t.Errorf("snapshots %+v, want the charge alone", found)
	}
}

func TestNoClientSecretIsKept(t *testing.T) {
	t.Parallel()
	const secret = "pi_1_secret_abcdefghijklmnopqrstuvwxy"
	found := byID(t, `{"id":"pi_1","object":"payment_intent","status":"requires_action","client_secret":"`+secret+`",
		"next_action":{"type":"redirect_to_url","redirect_to_url":{"url":"https://hooks.stripe.com/x?client_secret=`+secret+`","return_url":"https://shop.example.com"}},
		"parts":[{"client_secret":"`+secret+`"}]}`)
	if body := string(found["pi_1"].Body); strings.Contains(body, "_secret_") || !strings.Contains(body, "return_url") {
		t.Errorf("kept: %s", body)
	}
}
