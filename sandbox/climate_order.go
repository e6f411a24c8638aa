package sandbox

import (
	"strconv"
	"time"
)

func init() {
	begin("climate.order", beginClimateOrder)
	behave("POST /v1/climate/orders/{order}/cancel", cancelClimateOrder)
}

const (
	// climateTon is what a metric ton costs, in cents, and climateFees the share of the fees in per cent: our choices, Stripe's
	// prices change.
	climateTon  = 50000
	climateFees = 3
	// climateCancel is how long an order can be cancelled, in seconds (docs.stripe.com/api/climate/order/cancel).
	climateCancel = day
)

// beginClimateOrder buys so many tons, or for so much money. It is open until a supplier confirms it.
func beginClimateOrder(tx *accountTx, o *stripeObject, p formParams) error {
	tons, err := strconv.ParseFloat(o.Str("metric_tons"), 64)
	switch {
	case p.Has("amount") == p.Has("metric_tons"):
		return invalid("amount", "", "You must specify either amount or metric_tons.")
	case p.Has("metric_tons") && (err != nil || tons <= 0):
		return invalid("metric_tons", "", "Invalid metric_tons: must be a number above 0.")
	case p.Has("metric_tons"):
		o.Set("amount_subtotal", int64(tons*climateTon+0.5))
	case p.Int("amount") < 1:
		return invalid("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	default:
		o.Set("amount_subtotal", p.Int("amount")).Set("metric_tons", strconv.FormatFloat(float64(p.Int("amount"))/climateTon, 'f', 2, 64))
	}
	fees := o.Int("amount_subtotal") * climateFees / 100
	o.Set("amount_fees", fees).Set("amount_total", o.Int("amount_subtotal")+fees).Set("status", "open").Set("currency", orElse(p.Str("currency"), "usd")).
		Set("expected_delivery_year", time.Unix(tx.Now(), 0).UTC().Year()+1).Set("delivery_details", []any{})
	return nil
}

func cancelClimateOrder(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o := tx.Get("climate.order", r.Path("order"))
	switch {
	case o == nil:
		return nil, missing("climate order", r.Path("order"), "order", 404)
	case o.Has("canceled_at"), o.Has("delivered_at"):
		return nil, invalid("", "", "You cannot cancel this order because it has a status of %s.", o.Str("status"))
	case tx.Now() > o.Int("created")+climateCancel:
		return nil, invalid("", "", "An order can be canceled within 24 hours of its creation.")
	}
	o = o.Edit().Set("status", "canceled").Set("canceled_at", tx.Now()).Set("cancellation_reason", "requested")
	tx.Put(o, "climate.order.canceled")
	return o, nil
}
