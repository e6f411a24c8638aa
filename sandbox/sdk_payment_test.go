package sandbox

import (
	"errors"
	"testing"

	"github.com/stripe/stripe-go/v85"
)

// TestTheOfficialClientPays takes a payment through its life with the official Go client.
func TestTheOfficialClientPays(t *testing.T) {
	t.Parallel()
	client, ctx := newClient(t, "sk_test_gosdk"), t.Context()
	customer, err := client.V1Customers.Create(ctx, &stripe.CustomerCreateParams{Email: stripe.String("ayse@shop.example")})
	if err != nil {
		t.Fatal(err)
	}
	intent, err := client.V1PaymentIntents.Create(ctx, &stripe.PaymentIntentCreateParams{
		Amount: stripe.Int64(234500), Currency: stripe.String("try"), Customer: stripe.String(customer.ID), CaptureMethod: stripe.String("manual"),
		SetupFutureUsage: stripe.String("off_session"), PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
	})
	if err != nil || intent.Status != stripe.PaymentIntentStatusRequiresPaymentMethod {
		t.Fatalf("created %+v, %v", intent, err)
	}
	_, err = client.V1PaymentIntents.Confirm(ctx, intent.ID, &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String("pm_card_visa_chargeDeclinedInsufficientFunds")})
	var refused *stripe.Error
	if !errors.As(err, &refused) || refused.HTTPStatusCode != 402 || refused.Type != stripe.ErrorTypeCard || refused.Code != stripe.ErrorCodeCardDeclined ||
		refused.DeclineCode != stripe.DeclineCodeInsufficientFunds || refused.PaymentIntent == nil || refused.PaymentIntent.LastPaymentError == nil || refused.ChargeID == "" {
		t.Fatalf("declined %+v", err)
	}
	intent, err = client.V1PaymentIntents.Confirm(ctx, intent.ID, &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String("pm_card_mastercard")})
	if err != nil || intent.Status != stripe.PaymentIntentStatusRequiresCapture || intent.AmountCapturable != 234500 {
		t.Fatalf("confirmed %+v, %v", intent, err)
	}
	capture := &stripe.PaymentIntentCaptureParams{AmountToCapture: stripe.Int64(200000)}
	capture.AddExpand("latest_charge.balance_transaction")
	intent, err = client.V1PaymentIntents.Capture(ctx, intent.ID, capture)
	if err != nil || intent.Status != stripe.PaymentIntentStatusSucceeded || intent.AmountReceived != 200000 || intent.LatestCharge.BalanceTransaction.Fee != 5830 ||
		intent.LatestCharge.PaymentMethodDetails.Card.Brand != stripe.PaymentMethodCardBrandMastercard {
		t.Fatalf("captured %+v, %v", intent, err)
	}
	refund, err := client.V1Refunds.Create(ctx, &stripe.RefundCreateParams{PaymentIntent: stripe.String(intent.ID), Amount: stripe.Int64(50000)})
	if err != nil || refund.Status != stripe.RefundStatusSucceeded || refund.DestinationDetails.Card.ReferenceStatus != "pending" {
		t.Fatalf("refunded %+v, %v", refund, err)
	}
	// The saved card pays once more, without its holder.
	again, err := client.V1PaymentIntents.Create(ctx, &stripe.PaymentIntentCreateParams{
		Amount: stripe.Int64(1000), Currency: stripe.String("try"), Customer: stripe.String(customer.ID), PaymentMethod: stripe.String(intent.PaymentMethod.ID),
		OffSession: stripe.Bool(true), Confirm: stripe.Bool(true),
	})
	if err != nil || again.Status != stripe.PaymentIntentStatusSucceeded {
		t.Fatalf("paid again %+v, %v", again, err)
	}
	_, err = client.V1PaymentIntents.Create(ctx, &stripe.PaymentIntentCreateParams{
		Amount: stripe.Int64(1000), Currency: stripe.String("try"), Customer: stripe.String(customer.ID), PaymentMethod: stripe.String("pm_card_authenticationRequired"),
		OffSession: stripe.Bool(true), Confirm: stripe.Bool(true),
	})
	if !errors.As(err, &refused) || refused.Code != stripe.ErrorCodeAuthenticationRequired {
		t.Errorf("without its holder: %v", err)
	}
}

// TestTheOfficialClientChecksOut makes, reads and expires Checkout Sessions, and saves a card.
func TestTheOfficialClientChecksOut(t *testing.T) {
	t.Parallel()
	client, ctx := newClient(t, "sk_test_gosdk"), t.Context()
	create := &stripe.CheckoutSessionCreateParams{
		Mode: stripe.String("payment"), SuccessURL: stripe.String("https://shop.example/thanks?session={CHECKOUT_SESSION_ID}"), CancelURL: stripe.String("https://shop.example/cart"),
		ClientReferenceID: stripe.String("order-7"),
		LineItems: []*stripe.CheckoutSessionCreateLineItemParams{{
			Quantity: stripe.Int64(2),
			PriceData: &stripe.CheckoutSessionCreateLineItemPriceDataParams{
				Currency: stripe.String("try"), UnitAmount: stripe.Int64(42250),
				ProductData: &stripe.CheckoutSessionCreateLineItemPriceDataProductDataParams{Name: stripe.String("Türk kahvesi")},
			},
		}},
		PaymentIntentData: &stripe.CheckoutSessionCreatePaymentIntentDataParams{Metadata: map[string]string{"order": "7"}},
	}
	create.AddExpand("line_items")
	session, err := client.V1CheckoutSessions.Create(ctx, create)
	if err != nil {
		t.Fatal(err)
	}
	if session.Status != stripe.CheckoutSessionStatusOpen || session.AmountTotal != 84500 || session.URL == "" || session.LineItems.Data[0].AmountTotal != 84500 ||
		session.PaymentStatus != stripe.CheckoutSessionPaymentStatusUnpaid {
		t.Errorf("created %+v", session)
	}
	items := 0
	for item, err := range client.V1CheckoutSessions.ListLineItems(ctx, &stripe.CheckoutSessionListLineItemsParams{Session: stripe.String(session.ID)}).All(ctx) {
		if err != nil || item.Description != "Türk kahvesi" || item.Price.UnitAmount != 42250 || item.Quantity != 2 {
			t.Errorf("item %+v, %v", item, err)
		}
		items++
	}
	if items != 1 {
		t.Errorf("%d items, want one", items)
	}
	expired, err := client.V1CheckoutSessions.Expire(ctx, session.ID, nil)
	if err != nil || expired.Status != stripe.CheckoutSessionStatusExpired {
		t.Errorf("expired %+v, %v", expired, err)
	}
	if _, err := client.V1CheckoutSessions.Expire(ctx, session.ID, nil); err == nil {
		t.Error("an expired session expired again")
	}
	customer, err := client.V1Customers.Create(ctx, &stripe.CustomerCreateParams{})
	if err != nil {
		t.Fatal(err)
	}
	setup, err := client.V1SetupIntents.Create(ctx, &stripe.SetupIntentCreateParams{
		Customer: stripe.String(customer.ID), PaymentMethod: stripe.String("pm_card_visa"), Confirm: stripe.Bool(true), PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
	})
	if err != nil || setup.Status != stripe.SetupIntentStatusSucceeded {
		t.Fatalf("saved %+v, %v", setup, err)
	}
	method, err := client.V1PaymentMethods.Detach(ctx, setup.PaymentMethod.ID, nil)
	if err != nil || method.Customer != nil {
		t.Errorf("detached %+v, %v", method, err)
	}
}
