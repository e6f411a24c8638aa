// Package sandbox_test shows how a Go test drives the sandbox: in process, without a port.
package sandbox_test

import (
	"net/http"
	"testing"

	"github.com/stripe/stripe-go/v85"

	"github.com/vezne/vezne/sandbox"
)

// TestALostAnswerIsNoSecondPayment lets the first answer get lost. stripe-go sends the call again with the same idempotency
// key, and the sandbox answers what happened.
func TestALostAnswerIsNoSecondPayment(t *testing.T) {
	sb, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	account := sb.Account("sk_test_golang")
	if _, err := account.AddFault(sandbox.Fault{Method: "POST", Path: "/v1/payment_intents", When: "after", Effect: "reset"}); err != nil {
		t.Fatal(err)
	}

	client := stripe.NewClient("sk_test_golang", stripe.WithBackends(stripe.NewBackendsWithConfig(&stripe.BackendConfig{
		URL:        stripe.String("http://sandbox"),
		HTTPClient: &http.Client{Transport: sb.Transport()},
	})))
	intent, err := client.V1PaymentIntents.Create(t.Context(), &stripe.PaymentIntentCreateParams{
		Amount: stripe.Int64(2000), Currency: stripe.String("usd"), Confirm: stripe.Bool(true),
		PaymentMethod: stripe.String("pm_card_visa"), PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
	})
	if err != nil || intent.Status != stripe.PaymentIntentStatusSucceeded {
		t.Fatalf("the payment: %+v, %v", intent, err)
	}

	calls, err := account.Requests(sandbox.CallFilter{Path: "/v1/payment_intents"})
	if err != nil || len(calls) != 2 || !calls[1].Replayed {
		t.Errorf("the calls: %+v, %v", calls, err)
	}
}
