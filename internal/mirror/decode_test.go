package mirror_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/mirror"
)

func TestFactsAreReadFromStripesObjects(t *testing.T) {
	t.Parallel()
	created := time.Unix(1764000000, 0).UTC()
	lost := &vezne.StripeError{Type: "card_error", Code: "card_declined", DeclineCode: "lost_card", AdviceCode: "do_not_try_again", Param: "number", Message: "No."}
	for _, tt := range []struct {
		name string
		kind vezne.ObjectType
		body string
		want any
	}{
		{"an intent", vezne.TypePaymentIntent, `{"status":"requires_action","livemode":true,"currency":"try","amount":1999,"amount_received":1,"amount_capturable":2,"capture_method":"manual",
			"payment_method":"pm_1","latest_charge":{"id":"ch_1","object":"charge"},"customer":"cus_1","created":1764000000,
			"metadata":{"vezne_attempt":"att_1","vezne_order":"ord_1","other":"x"},
			"last_payment_error":{"type":"card_error","code":"card_declined","decline_code":"lost_card","advice_code":"do_not_try_again","param":"number","message":"No."},
			"next_action":{"type":"redirect_to_url","redirect_to_url":{"url":"https://example.com/3ds"}}}`,
			vezne.PaymentIntent{ID: "x", Status: "requires_action", Livemode: true, Currency: "try", Amount: 1999, AmountReceived: 1, AmountCapturable: 2, CaptureMethod: "manual",
				PaymentMethod: "pm_1", LatestCharge: "ch_1", Customer: "cus_1", Created: created, Attempt: "att_1", Order: "ord_1", LastError: lost,
				NextActionType: "redirect_to_url", NextActionURL: "https://example.com/3ds"}},
		{"an intent with nothing in it", vezne.TypePaymentIntent, `{"status":"canceled","customer":null,"metadata":{},"last_payment_error":null,"next_action":null,"latest_charge":null}`,
			vezne.PaymentIntent{ID: "x", Status: "canceled"}},
		{"an action that is for a script", vezne.TypePaymentIntent, `{"status":"requires_action","next_action":{"type":"use_stripe_sdk","use_stripe_sdk":{}}}`,
			vezne.PaymentIntent{ID: "x", Status: "requires_action", NextActionType: "use_stripe_sdk"}},
		{"a session", vezne.TypeCheckoutSession, `{"livemode":true,"mode":"payment","status":"complete","payment_status":"paid","currency":"usd","amount_subtotal":1999,"amount_total":2100,
			"total_details":{"amount_discount":10,"amount_shipping":11,"amount_tax":100},"payment_intent":{"id":"pi_1"},"setup_intent":"seti_1","customer":"cus_1","url":"https://example.com/c",
			"metadata":{"vezne_attempt":"att_1","vezne_order":"ord_1"},"created":1764000000}`,
			vezne.CheckoutSession{ID: "x", Livemode: true, Mode: "payment", Status: "complete", PaymentStatus: "paid", Currency: "usd", AmountSubtotal: 1999, AmountTotal: 2100, AmountDiscount: 10,
				AmountShipping: 11, AmountTax: 100, PaymentIntent: "pi_1", SetupIntent: "seti_1", Customer: "cus_1", URL: "https://example.com/c", Attempt: "att_1", Order: "ord_1", Created: created}},
		{"a charge that was declined", vezne.TypeCharge, `{"payment_intent":"pi_1","status":"failed","currency":"usd","amount":1999,"failure_code":"card_declined","failure_message":"No.",
			"outcome":{"type":"issuer_declined","reason":"lost_card"},"payment_method_details":{"card":{"brand":"visa","last4":"0002"}},"created":1764000000}`,
			vezne.Charge{ID: "x", PaymentIntent: "pi_1", Status: "failed", Currency: "usd", Amount: 1999, CardBrand: "visa", CardLast4: "0002", Created: created,
				Failure: &vezne.StripeError{Type: "card_error", Code: "card_declined", DeclineCode: "lost_card", Message: "No."}}},
		{"a charge", vezne.TypeCharge, `{"payment_intent":{"id":"pi_1"},"status":"succeeded","livemode":true,"currency":"usd","amount":1999,"amount_captured":1998,"amount_refunded":5,"captured":true,"disputed":true,
			"payment_method_details":{"type":"sepa_debit"}}`,
			vezne.Charge{ID: "x", PaymentIntent: "pi_1", Status: "succeeded", Livemode: true, Currency: "usd", Amount: 1999, AmountCaptured: 1998, AmountRefunded: 5, Captured: true, Disputed: true}},
		{"a refund", vezne.TypeRefund, `{"charge":{"id":"ch_1"},"payment_intent":"pi_1","status":"failed","currency":"usd","amount":5,"reason":"duplicate","failure_reason":"expired_or_canceled_card",
			"metadata":{"vezne_refund":"rfd_1"},"created":1764000000}`,
			vezne.Refund{ID: "x", Charge: "ch_1", PaymentIntent: "pi_1", Status: "failed", Currency: "usd", Amount: 5, Reason: "duplicate", FailureReason: "expired_or_canceled_card", RefundID: "rfd_1", Created: created}},
		{"a dispute", vezne.TypeDispute, `{"charge":"ch_1","payment_intent":null,"status":"needs_response","reason":"fraudulent","currency":"usd","amount":5,"evidence_details":{"due_by":1764000000},"created":1764000000}`,
			vezne.Dispute{ID: "x", Charge: "ch_1", Status: "needs_response", Reason: "fraudulent", Currency: "usd", Amount: 5, EvidenceDueBy: created, Created: created}},
		{"a dispute without a date", vezne.TypeDispute, `{"charge":"ch_1","status":"won","evidence_details":{"due_by":null}}`, vezne.Dispute{ID: "x", Charge: "ch_1", Status: "won"}},
		{"a setup intent", vezne.TypeSetupIntent, `{"status":"succeeded","livemode":true,"customer":"cus_1","payment_method":{"id":"pm_1"},"metadata":{"vezne_customer":"cst_1"},"created":1764000000}`,
			vezne.SetupIntent{ID: "x", Status: "succeeded", Livemode: true, Customer: "cus_1", PaymentMethod: "pm_1", CustomerID: "cst_1", Created: created}},
		{"a card", vezne.TypePaymentMethod, `{"customer":"cus_1","type":"card","card":{"brand":"visa","last4":"4242","exp_month":12,"exp_year":2034},"created":1764000000}`,
			mirror.PaymentMethodFacts{ID: "x", Customer: "cus_1", Type: "card", Brand: "visa", Last4: "4242", ExpMonth: 12, ExpYear: 2034, Created: created}},
		{"an account at a bank", vezne.TypePaymentMethod, `{"customer":null,"type":"sepa_debit","sepa_debit":{"last4":"3000"}}`, mirror.PaymentMethodFacts{ID: "x", Type: "sepa_debit", Last4: "3000"}},
		{"a customer", vezne.TypeCustomer, `{"email":"ada@example.com","name":"Ada","metadata":{"vezne_customer":"cst_1"},"created":1764000000}`,
			mirror.CustomerFacts{ID: "x", CustomerID: "cst_1", Email: "ada@example.com", Name: "Ada", Created: created}},
	} {
		got, err := factsOf(vezne.Snapshot{ID: "x", Type: tt.kind, Body: []byte(tt.body)})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

func factsOf(s vezne.Snapshot) (any, error) {
	switch s.Type {
	case vezne.TypePaymentIntent:
		return mirror.PaymentIntent(s)
	case vezne.TypeCheckoutSession:
		return mirror.CheckoutSession(s)
	case vezne.TypeCharge:
		return mirror.Charge(s)
	case vezne.TypeRefund:
		return mirror.Refund(s)
	case vezne.TypeDispute:
		return mirror.Dispute(s)
	case vezne.TypeSetupIntent:
		return mirror.SetupIntent(s)
	case vezne.TypePaymentMethod:
		return mirror.PaymentMethod(s)
	}
	return mirror.Customer(s)
}

func TestWhatIsNoObjectOfItsTypeIsAnError(t *testing.T) {
	t.Parallel()
	for _, kind := range []vezne.ObjectType{vezne.TypePaymentIntent, vezne.TypeCheckoutSession, vezne.TypeCharge, vezne.TypeRefund, vezne.TypeDispute, vezne.TypeSetupIntent,
		vezne.TypePaymentMethod, vezne.TypeCustomer} {
		for _, body := range []string{"", "null x", "[]", `{"created":"yesterday"}`, `{"metadata":[]}`} {
			if kind == vezne.TypePaymentMethod && strings.Contains(body, "metadata") || kind == vezne.TypeCharge && strings.Contains(body, "metadata") || kind == vezne.TypeDispute && strings.Contains(body, "metadata") {
				continue // nothing is read from their metadata
			}
			if _, err := factsOf(vezne.Snapshot{ID: "x", Type: kind, Body: []byte(body)}); err == nil {
				t.Errorf("%s was read from %q", kind, body)
			}
		}
	}
}

func TestWhichStatesAreFinal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		body string
		want bool
	}{
		{`{"id":"pi_1","object":"payment_intent","status":"requires_payment_method"}`, false},
		{`{"id":"pi_1","object":"payment_intent","status":"requires_confirmation"}`, false},
		{`{"id":"pi_1","object":"payment_intent","status":"requires_action"}`, false},
		{`{"id":"pi_1","object":"payment_intent","status":"processing"}`, false},
		{`{"id":"pi_1","object":"payment_intent","status":"requires_capture"}`, false},
		{`{"id":"pi_1","object":"payment_intent","status":"succeeded"}`, true},
		{`{"id":"pi_1","object":"payment_intent","status":"canceled"}`, true},
		{`{"id":"cs_1","object":"checkout.session","status":"open","payment_status":"unpaid"}`, false},
		{`{"id":"cs_1","object":"checkout.session","status":"complete","payment_status":"unpaid"}`, false},
		{`{"id":"cs_1","object":"checkout.session","status":"complete","payment_status":"paid"}`, true},
		{`{"id":"cs_1","object":"checkout.session","status":"complete","payment_status":"no_payment_required"}`, true},
		{`{"id":"cs_1","object":"checkout.session","status":"expired","payment_status":"unpaid"}`, true},
		{`{"id":"ch_1","object":"charge","status":"succeeded"}`, false}, // it may be refunded
		{`{"id":"ch_1","object":"charge","status":"failed"}`, true},
		{`{"id":"re_1","object":"refund","status":"succeeded"}`, false}, // it may fail later
		{`{"id":"re_1","object":"refund","status":"failed"}`, true},
		{`{"id":"re_1","object":"refund","status":"canceled"}`, true},
		{`{"id":"du_1","object":"dispute","status":"under_review"}`, false},
		{`{"id":"du_1","object":"dispute","status":"lost"}`, true},
		{`{"id":"seti_1","object":"setup_intent","status":"processing"}`, false},
		{`{"id":"seti_1","object":"setup_intent","status":"succeeded"}`, true},
		{`{"id":"cus_1","object":"customer"}`, false},
		{`{"id":"cus_1","object":"customer","deleted":true}`, true},
	} {
		list, err := mirror.Snapshots([]byte(tt.body), vezne.Interval{Begin: 1})
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: %v, %v", tt.body, list, err)
		}
		if list[0].Terminal != tt.want || list[0].Interval.Begin != 1 {
			t.Errorf("%s: final %v, want %v", tt.body, list[0].Terminal, tt.want)
		}
	}
}

func TestAnAnswerIsTakenApartToTheLetter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		want       map[vezne.ObjectID]string
	}{
		{"objects in objects, each by its id in the one above", `{"id":"cs_1","object":"checkout.session","payment_intent":{"id":"pi_1","object":"payment_intent","status":"succeeded",
			"latest_charge":{"id":"ch_1","object":"charge","status":"succeeded"}}}`, map[vezne.ObjectID]string{
			"cs_1": `{"id":"cs_1","object":"checkout.session","payment_intent":"pi_1"}`,
			"pi_1": `{"id":"pi_1","latest_charge":"ch_1","object":"payment_intent","status":"succeeded"}`,
			"ch_1": `{"id":"ch_1","object":"charge","status":"succeeded"}`}},
		{"an error carries the intent that it is about", `{"error":{"type":"card_error","payment_intent":{"id":"pi_1","object":"payment_intent","status":"requires_payment_method"}}}`,
			map[vezne.ObjectID]string{"pi_1": `{"id":"pi_1","object":"payment_intent","status":"requires_payment_method"}`}},
		{"an error about a setup intent", `{"error":{"setup_intent":{"id":"seti_1","object":"setup_intent"}}}`, map[vezne.ObjectID]string{"seti_1": `{"id":"seti_1","object":"setup_intent"}`}},
		{"an error about nothing", `{"error":{"message":"no"}}`, map[vezne.ObjectID]string{}},
		{"rows of a list are not taken", `{"object":"list","data":[{"id":"pi_1","object":"payment_intent","status":"succeeded"}]}`, map[vezne.ObjectID]string{}},
		{"a list inside of an object neither", `{"id":"ch_1","object":"charge","refunds":{"object":"list","data":[{"id":"re_1","object":"refund","status":"failed"}]}}`,
			map[vezne.ObjectID]string{"ch_1": `{"id":"ch_1","object":"charge","refunds":{"data":[{"id":"re_1","object":"refund","status":"failed"}],"object":"list"}}`}},
		{"what the mirror does not keep stays where it is", `{"id":"pi_1","object":"payment_intent","review":{"id":"prv_1","object":"review"}}`,
			map[vezne.ObjectID]string{"pi_1": `{"id":"pi_1","object":"payment_intent","review":{"id":"prv_1","object":"review"}}`}},
		{"secrets are left out, in lists too", `{"id":"pi_1","object":"payment_intent","client_secret":"pi_1_secret_x","list":[{"client_secret":"y"}]}`,
			map[vezne.ObjectID]string{"pi_1": `{"id":"pi_1","list":[{}],"object":"payment_intent"}`}},
	} {
		list, err := mirror.Snapshots([]byte(tt.body), vezne.Interval{Begin: 7})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		got := map[vezne.ObjectID]string{}
		for _, s := range list {
			got[s.ID] = string(s.Body)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
	for _, body := range []string{"", "[]", "not JSON", `{"id":"pi_1","object":"payment_intent","amount":"much"}`} {
		if list, err := mirror.Snapshots([]byte(body), vezne.Interval{}); err == nil {
			t.Errorf("%q was taken apart: %+v", body, list)
		}
	}
}
