package sandbox

import (
	"strconv"
	"strings"
	"testing"
)

// offers are what quotes are made of: a monthly price of 1000 and a one-time price of 500 usd, and a customer with a card.
func offers(t *testing.T, sb *Sandbox) (monthly, once, customer string) {
	t.Helper()
	monthly = must(t, sb, "POST", "/v1/prices", "currency=usd&unit_amount=1000&recurring[interval]=month&product_data[name]=Pro").str("id")
	once = must(t, sb, "POST", "/v1/prices", "currency=usd&unit_amount=500&product_data[name]=Setup").str("id")
	customer = must(t, sb, "POST", "/v1/customers", "payment_method=pm_card_visa&invoice_settings[default_payment_method]=pm_card_visa").str("id")
	return monthly, once, customer
}

func TestAQuoteBecomesASubscription(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	monthly, once, customer := offers(t, sb)
	rate := must(t, sb, "POST", "/v1/tax_rates", "display_name=KDV&percentage=20&inclusive=false").str("id")
	coupon := must(t, sb, "POST", "/v1/coupons", "percent_off=50&duration=once").str("id")
	draft := must(t, sb, "POST", "/v1/quotes", "line_items[0][price]="+monthly+"&line_items[0][quantity]=3&line_items[1][price]="+once+"&default_tax_rates[]="+rate+"&discounts[0][coupon]="+coupon+"&subscription_data[metadata][plan]=pro")
	id := draft.str("id")
	if draft.str("status") != "draft" || draft.at("number") != nil || draft.at("computed.upfront.amount_subtotal") != 3500.0 || draft.at("amount_total") != 2100.0 ||
		draft.at("total_details.amount_discount") != 1750.0 || draft.at("total_details.amount_tax") != 350.0 {
		t.Errorf("the draft: %s", draft.body)
	}
	if draft.at("computed.recurring.amount_subtotal") != 3000.0 || draft.at("computed.recurring.amount_total") != 3600.0 || draft.str("computed.recurring.interval") != "month" {
		t.Errorf("what comes again: %s", draft.body)
	}
	refused(t, sb, "POST", "/v1/quotes/"+id+"/finalize", "", "must set a customer")
	refused(t, sb, "POST", "/v1/quotes/"+id+"/accept", "", "Only open quotes")
	must(t, sb, "POST", "/v1/quotes/"+id, "customer="+customer)
	open := must(t, sb, "POST", "/v1/quotes/"+id+"/finalize", "")
	if open.str("status") != "open" || !strings.HasPrefix(open.str("number"), "QT-") || !strings.HasSuffix(open.str("number"), "-0001-1") {
		t.Errorf("the offer: %s", open.body)
	}
	refused(t, sb, "POST", "/v1/quotes/"+id, "description=x", "not in draft")
	items := must(t, sb, "GET", "/v1/quotes/"+id+"/line_items", "")
	if list, _ := items.at("data").([]any); len(list) != 2 || items.at("data.0.amount_total") == nil {
		t.Errorf("the items: %s", items.body)
	}
	done := must(t, sb, "POST", "/v1/quotes/"+id+"/accept", "expand[]=subscription.latest_invoice")
	if done.str("status") != "accepted" || done.str("subscription.status") != "active" || done.at("subscription.latest_invoice.amount_paid") != 2100.0 || done.str("subscription.metadata.plan") != "pro" {
		t.Errorf("what was accepted: %s", done.body)
	}
	if names := happened(t, sb, 1); names != "quote.accepted" {
		t.Errorf("the last event is %s", names)
	}
	refused(t, sb, "POST", "/v1/quotes", "from_quote[quote]="+id+"&from_quote[is_revision]=true", "only an open quote can be revised")
	second := must(t, sb, "POST", "/v1/quotes", "from_quote[quote]="+id).str("id")
	must(t, sb, "POST", "/v1/quotes/"+second+"/finalize", "")
	revision := must(t, sb, "POST", "/v1/quotes", "from_quote[quote]="+second+"&from_quote[is_revision]=true")
	if again := must(t, sb, "POST", "/v1/quotes/"+revision.str("id")+"/finalize", ""); !strings.HasSuffix(again.str("number"), "-0002-2") {
		t.Errorf("the revision is %s", again.str("number"))
	}
}

func TestAQuoteBecomesAnInvoiceOrASchedule(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	monthly, once, customer := offers(t, sb)
	offer := func(form string) string {
		t.Helper()
		id := must(t, sb, "POST", "/v1/quotes", "customer="+customer+form).str("id")
		must(t, sb, "POST", "/v1/quotes/"+id+"/finalize", "")
		return id
	}
	id := offer("&line_items[0][price]=" + once + "&line_items[0][quantity]=2")
	done := must(t, sb, "POST", "/v1/quotes/"+id+"/accept", "expand[]=invoice")
	if done.str("invoice.status") != "draft" || done.at("invoice.total") != 1000.0 || done.str("invoice.parent.quote_details.quote") != id || done.at("subscription") != nil {
		t.Errorf("the invoice: %s", done.body)
	}
	begins := must(t, sb, "POST", "/v1/quotes", "customer="+customer+"&line_items[0][price]="+monthly).at("created").(float64)
	id = offer("&line_items[0][price]=" + monthly + "&subscription_data[effective_date]=" + strconv.FormatInt(int64(begins)+10*day, 10))
	done = must(t, sb, "POST", "/v1/quotes/"+id+"/accept", "expand[]=subscription_schedule")
	if done.str("subscription_schedule.status") != "not_started" || done.at("subscription") != nil {
		t.Errorf("the schedule: %s", done.body)
	}
	id = offer("&line_items[0][price]=" + monthly + "&subscription_data[trial_period_days]=7")
	if q := must(t, sb, "GET", "/v1/quotes/"+id, ""); q.at("computed.upfront.amount_total") != 0.0 || q.at("computed.recurring.amount_total") != 1000.0 {
		t.Errorf("a trial: %s", q.body)
	}
	refused(t, sb, "POST", "/v1/quotes", "line_items[0][price]=price_nowhere", "No such price")
}

func TestAQuoteExpires(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	monthly, _, customer := offers(t, sb)
	id := must(t, sb, "POST", "/v1/quotes", "customer="+customer+"&line_items[0][price]="+monthly).str("id")
	must(t, sb, "POST", "/v1/quotes/"+id+"/finalize", "")
	if _, err := sb.Account("sk_test_core").Advance(t.Context(), 31*24*60*60*1e9); err != nil {
		t.Fatal(err)
	}
	if q := must(t, sb, "GET", "/v1/quotes/"+id, ""); q.str("status") != "canceled" || q.at("status_transitions.canceled_at") == nil {
		t.Errorf("after its time: %s", q.body)
	}
	refused(t, sb, "POST", "/v1/quotes/"+id+"/cancel", "", "cannot be canceled")
}
