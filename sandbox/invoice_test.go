package sandbox

import (
	"strings"
	"testing"
)

// shopInvoice makes a customer with a card and a draft invoice of one item of 2000 usd.
func shopInvoice(t *testing.T, sb *Sandbox, card, more string) (customer, invoice string) {
	t.Helper()
	customer = must(t, sb, "POST", "/v1/customers", "email=deniz@example.com&name=Deniz").str("id")
	if card != "" {
		method := must(t, sb, "POST", "/v1/payment_methods/"+card+"/attach", "customer="+customer).str("id")
		must(t, sb, "POST", "/v1/customers/"+customer, "invoice_settings[default_payment_method]="+method)
	}
	must(t, sb, "POST", "/v1/invoiceitems", "customer="+customer+"&amount=2000&currency=usd&description=Kahve")
	invoice = must(t, sb, "POST", "/v1/invoices", "pending_invoice_items_behavior=include&customer="+customer+more).str("id")
	return customer, invoice
}

// happened are the names of the newest n events, the oldest of them first.
func happened(t *testing.T, sb *Sandbox, n int) string {
	t.Helper()
	var names []string
	data, _ := must(t, sb, "GET", "/v1/events?limit=100", "").json["data"].([]any)
	for _, e := range data[:min(n, len(data))] {
		event, _ := e.(map[string]any)
		name, _ := event["type"].(string)
		names = append([]string{name}, names...)
	}
	return strings.Join(names, " ")
}

func TestAnInvoiceIsPaid(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	_, id := shopInvoice(t, sb, "pm_card_visa", "")
	paid := must(t, sb, "POST", "/v1/invoices/"+id+"/pay", "expand[]=payments.data.payment.payment_intent")
	if paid.str("status") != "paid" || paid.at("amount_paid") != 2000.0 || paid.at("amount_remaining") != 0.0 || paid.at("attempt_count") != 1.0 || !strings.HasSuffix(paid.str("number"), "-0001") {
		t.Errorf("the paid invoice: %s", paid.body)
	}
	payments, _ := paid.at("payments.data").([]any)
	if len(payments) != 1 || !strings.Contains(paid.body, `"amount_received": 2000`) {
		t.Errorf("its payments: %v", payments)
	}
	want := "invoice.created invoice.finalized payment_intent.created charge.succeeded payment_intent.succeeded invoice.paid invoice.payment_succeeded invoice_payment.paid"
	if got := happened(t, sb, 8); got != want {
		t.Errorf("events\n%s\nwant\n%s", got, want)
	}
}
