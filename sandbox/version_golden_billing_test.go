package sandbox_test

import (
	"fmt"
	"strconv"
	"time"
)

// billing makes one object of each resource of billing, by the calls that make them: a subscription under a test clock
// that is changed and renewed, and what bills it.
func (w *world) billing() {
	w.t.Helper()
	clock := w.make("test clock", "/v1/test_helpers/test_clocks", "frozen_time", strconv.Itoa(start))
	customer := w.make("customer of a clock", "/v1/customers", "email", "deniz@shop.example", "name", "Deniz", "test_clock", clock, "payment_method", "pm_card_visa", "invoice_settings[default_payment_method]", "pm_card_visa")
	rate := w.make("tax_rate", "/v1/tax_rates", "display_name", "KDV", "percentage", "20", "inclusive", "true", "country", "TR")
	w.must("POST", "/v1/coupons", form("id", "TENTH", "percent_off", "10", "duration", "forever"))
	plan := w.make("plan", "/v1/plans", "id", "yearly", "product", w.ids["product"], "amount", "20000", "currency", "eur", "interval", "year")
	w.must("POST", "/v1/plans/"+plan, form("nickname", "every year"))
	once := w.must("POST", "/v1/prices", form("product", w.ids["product"], "unit_amount", "700", "currency", "eur")).str("id")

	made := w.must("POST", "/v1/subscriptions", form("customer", customer, "items[0][price]", w.ids["price"], "default_tax_rates[]", rate, "discounts[0][coupon]", "WELCOME", "metadata[plan]", "gold"))
	subscription, item := made.str("id"), made.at("items.data").([]any)[0].(map[string]any)["id"].(string)
	w.ids["subscription"], w.ids["subscription_item"], w.ids["invoice"] = subscription, item, made.str("latest_invoice")
	w.ids["subscription discount"] = made.at("discounts").([]any)[0].(string)
	paid := w.must("GET", "/v1/invoice_payments?invoice="+w.ids["invoice"], "").list("data")[0]
	w.ids["invoice_payment"], w.ids["invoice payment_intent"] = paid["id"].(string), paid["payment"].(map[string]any)["payment_intent"].(string)
	w.ids["invoice charge"] = w.must("GET", "/v1/payment_intents/"+w.ids["invoice payment_intent"], "").str("latest_charge")

	w.advance(clock, 10*24*time.Hour)
	w.ids["invoice of a change"] = w.must("POST", "/v1/subscriptions/"+subscription, form("items[0][id]", item, "items[0][quantity]", "2", "proration_behavior", "always_invoice")).str("latest_invoice")
	w.make("invoiceitem", "/v1/invoiceitems", "customer", customer, "pricing[price]", once, "subscription", subscription)
	w.must("POST", "/v1/subscriptions/"+subscription, form("items[0][id]", item, "items[0][quantity]", "3"))
	w.ids["invoiceitem of a change"] = w.must("GET", "/v1/invoiceitems?customer="+customer, "").list("data")[0]["id"].(string)
	w.advance(clock, 31*24*time.Hour)
	w.ids["invoice of a renewal"] = w.must("GET", "/v1/subscriptions/"+subscription, "").str("latest_invoice")
	w.make("credit_note", "/v1/credit_notes", "invoice", w.ids["invoice"], "amount", "500", "refund_amount", "500", "reason", "product_unsatisfactory")

	customer = w.make("subscriber", "/v1/customers", "email", "can@shop.example", "name", "Can", "payment_method", "pm_card_visa", "invoice_settings[default_payment_method]", "pm_card_visa")
	elsewhere := w.make("invoice paid elsewhere", "/v1/invoices", "customer", customer, "currency", "eur", "collection_method", "send_invoice", "days_until_due", "14", "description", "Fair")
	w.must("POST", "/v1/invoiceitems", form("customer", customer, "invoice", elsewhere, "amount", "900", "currency", "eur", "description", "Stand"))
	w.must("POST", "/v1/invoices/"+elsewhere+"/pay", "paid_out_of_band=true")

	waiting := w.must("POST", "/v1/subscriptions", form("customer", customer, "items[0][price]", w.ids["price"]))
	w.ids["subscription with a pending update"] = waiting.str("id")
	w.must("POST", "/v1/customers/"+customer, form("invoice_settings[default_payment_method]", w.must("POST", "/v1/payment_methods/pm_card_chargeCustomerFail/attach", form("customer", customer)).str("id")))
	w.must("POST", "/v1/subscriptions/"+waiting.str("id"), form("items[0][id]", waiting.at("items.data").([]any)[0].(map[string]any)["id"].(string), "items[0][quantity]", "4",
		"payment_behavior", "pending_if_incomplete", "proration_behavior", "always_invoice"))
	w.must("POST", "/v1/customers/"+customer, form("invoice_settings[default_payment_method]", w.must("POST", "/v1/payment_methods/pm_card_visa/attach", form("customer", customer)).str("id")))

	quote := w.make("quote", "/v1/quotes", "customer", customer, "line_items[0][price]", w.ids["price"], "line_items[1][price]", once, "discounts[0][coupon]", "TENTH", "default_tax_rates[]", rate)
	w.must("POST", "/v1/quotes/"+quote+"/finalize", "")
	w.must("POST", "/v1/quotes/"+quote+"/accept", "")

	schedule := w.make("subscription_schedule", "/v1/subscription_schedules", "customer", customer, "start_date", "now", "end_behavior", "release",
		"phases[0][items][0][price]", w.ids["price"], "phases[0][items][0][quantity]", "2", "phases[0][duration][interval]", "month", "phases[0][discounts][0][coupon]", "TENTH",
		"phases[0][add_invoice_items][0][price]", once, "phases[1][items][0][price]", plan, "phases[1][duration][interval]", "year")
	w.must("POST", "/v1/subscription_schedules/"+schedule, form("metadata[plan]", "silver"))

	session := w.make("checkout.session of a subscription", "/v1/checkout/sessions", "mode", "subscription", "success_url", "https://shop.example/thanks",
		"line_items[0][price]", w.ids["price"], "line_items[0][quantity]", "1", "discounts[0][coupon]", "TENTH", "customer", customer)
	w.must("POST", "/_sandbox/simulate", fmt.Sprintf(`{"type":"checkout","session":%q,"payment_method":"pm_card_visa"}`, session))
}

// advance moves a test clock and waits until it is ready.
func (w *world) advance(clock string, by time.Duration) {
	w.t.Helper()
	at := int64(w.must("GET", "/v1/test_helpers/test_clocks/"+clock, "").at("frozen_time").(float64))
	w.must("POST", "/v1/test_helpers/test_clocks/"+clock+"/advance", form("frozen_time", strconv.FormatInt(at+int64(by/time.Second), 10)))
	w.idle()
}
