package sandbox_test

import "testing"

// Recorded: POST /v1/subscriptions with plan, and its update with plan and quantity.
func TestASubscriptionTakesPlanAndQuantityOfItsOnlyItem(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	price := func(amount string) string {
		return s.post("/v1/prices", "currency", "usd", "unit_amount", amount, "recurring[interval]", "month", "product_data[name]", "Seats").str("id")
	}
	basic, pro := price("1000"), price("3000")
	customer := s.post("/v1/customers", "payment_method", "pm_card_visa", "invoice_settings[default_payment_method]", "pm_card_visa").str("id")

	sub := s.post("/v1/subscriptions", "customer", customer, "plan", basic, "quantity", "2", "expand[]", "latest_invoice")
	sub.want(t, "status", "active", "quantity", 2, "plan.id", basic, "items.data.0.price.id", basic, "latest_invoice.total", 2000)
	path := "/v1/subscriptions/" + sub.str("id")
	item := sub.str("items.data.0.id")

	s.post(path, "quantity", "5", "proration_behavior", "none").want(t, "quantity", 5, "items.data.0.id", item, "items.data.0.quantity", 5)
	s.post(path, "plan", pro, "quantity", "1", "proration_behavior", "none").want(t, "quantity", 1, "items.data.0.id", item, "items.data.0.price.id", pro)
	s.post(path, "plan", basic, "proration_behavior", "none").want(t, "quantity", 1, "plan.id", basic)

	s.refused("POST", path, "quantity", "2", "items[0][id]", item).want(t, "param", "quantity")
	s.refused("POST", "/v1/subscriptions", "customer", customer, "plan", pro, "items[0][price]", basic).want(t, "param", "plan")
	s.post(path, "items[0][price]", pro, "proration_behavior", "none")
	s.refused("POST", path, "quantity", "2").want(t, "param", "quantity")
	s.refused("POST", "/v1/subscriptions", "customer", customer, "quantity", "2").want(t, "param", "items[0][price]")

	other := s.post("/v1/customers/"+customer+"/subscriptions", "plan", pro)
	s.post("/v1/customers/"+customer+"/subscriptions/"+other.str("id"), "quantity", "3", "proration_behavior", "none").want(t, "quantity", 3)
}
