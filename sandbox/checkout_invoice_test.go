package sandbox_test

import (
	"net/http"
	"testing"
	"time"
)

// An order whose shop wants an invoice has one as soon as it is paid, with the order's own sums.
func TestAPaidOrderGetsItsInvoice(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	rate := s.post("/v1/tax_rates", "display_name", "KDV", "percentage", "20", "inclusive", "false").str("id")
	coupon := s.post("/v1/coupons", "percent_off", "10").str("id")
	session := s.session("invoice_creation[enabled]", "true", "invoice_creation[invoice_data][description]", "Order 7", "invoice_creation[invoice_data][metadata][order]", "7",
		"line_items[0][tax_rates][0]", rate, "discounts[0][coupon]", coupon)
	session.want(t, "invoice", nil, "invoice_creation.enabled", true, "invoice_creation.invoice_data.description", "Order 7", "amount_total", 226260)
	s.events()
	s.pays(session, "4242424242424242")
	wantEvents(t, s.events(), "customer.created", "payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "invoice.created", "invoice.finalized", "invoice.paid",
		"invoice.payment_succeeded", "invoice_payment.paid", "checkout.session.completed")
	after := s.get("/v1/checkout/sessions/"+session.str("id"), "expand[]", "invoice.payments")
	after.want(t, "invoice.status", "paid", "invoice.billing_reason", "manual", "invoice.description", "Order 7", "invoice.metadata.order", "7", "invoice.customer", after.str("customer"),
		"invoice.subtotal", 234500, "invoice.total", 226260, "invoice.amount_paid", 226260, "invoice.amount_remaining", 0, "invoice.total_excluding_tax", 211050,
		"invoice.total_taxes.0.amount", 15210, "invoice.total_discount_amounts.0.amount", 23450, "invoice.lines.data.0.amount", 84500, "invoice.lines.data.0.quantity", 2,
		"invoice.lines.data.0.taxes.0.amount", 15210, "invoice.lines.data.1.description", "Bakır cezve", "invoice.payments.data.0.payment.payment_intent", after.str("payment_intent"))

	plain := s.session()
	s.pays(plain, "4242424242424242")
	s.get("/v1/checkout/sessions/"+plain.str("id")).want(t, "invoice", nil)
}

func TestTheInvoiceOfADebitComesWithItsMoney(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	session := s.session("payment_method_types[]", "sepa_debit", "line_items[0][price_data][currency]", "eur", "line_items[1][price_data][currency]", "eur", "invoice_creation[enabled]", "true")
	if status, page := s.onPage("POST", session.str("id")+"/confirm", "email", "ayse@example.com", "payment_method_data[type]", "sepa_debit", "payment_method_data[sepa_debit][iban]", "DE89370400440532013000",
		"payment_method_data[billing_details][name]", "Ayşe", "payment_method_data[billing_details][email]", "ayse@example.com"); status != http.StatusOK {
		t.Fatalf("%d %v", status, page)
	}
	s.get("/v1/checkout/sessions/"+session.str("id")).want(t, "payment_status", "unpaid", "invoice", nil)
	s.wait(5 * time.Second)
	s.get("/v1/checkout/sessions/"+session.str("id"), "expand[]", "invoice").want(t, "payment_status", "paid", "invoice.status", "paid", "invoice.total", 234500)
}
