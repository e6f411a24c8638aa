package sandbox

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// meteredShop is a customer on a test clock who pays 2 cents for each call that a meter counts.
func meteredShop(t *testing.T, sb *Sandbox, formula, price string) (clock, customer, subscription string) {
	t.Helper()
	clock = must(t, sb, "POST", "/v1/test_helpers/test_clocks", "frozen_time=1767225600").str("id") // 2026-01-01
	customer = must(t, sb, "POST", "/v1/customers", "test_clock="+clock).str("id")
	method := must(t, sb, "POST", "/v1/payment_methods/pm_card_visa/attach", "customer="+customer).str("id")
	must(t, sb, "POST", "/v1/customers/"+customer, "invoice_settings[default_payment_method]="+method)
	meter := must(t, sb, "POST", "/v1/billing/meters", "display_name=Calls&event_name=calls&default_aggregation[formula]="+formula)
	if meter.str("status") != "active" || meter.str("value_settings.event_payload_key") != "value" || meter.str("customer_mapping.event_payload_key") != "stripe_customer_id" || meter.at("livemode") != false {
		t.Fatalf("the meter: %s", meter.body)
	}
	product := must(t, sb, "POST", "/v1/products", "name=API").str("id")
	made := must(t, sb, "POST", "/v1/prices", "currency=usd&recurring[interval]=month&recurring[usage_type]=metered&recurring[meter]="+meter.str("id")+"&product="+product+price)
	subscription = must(t, sb, "POST", "/v1/subscriptions", "customer="+customer+"&items[0][price]="+made.str("id")).str("id")
	return clock, customer, subscription
}

func use(t *testing.T, sb *Sandbox, customer, value string, more ...string) {
	t.Helper()
	must(t, sb, "POST", "/v1/billing/meter_events", "event_name=calls&payload[stripe_customer_id]="+customer+"&payload[value]="+value+strings.Join(more, ""))
}

// refused makes a call that is answered 400 with a sentence that holds some words.
func refused(t *testing.T, sb *Sandbox, method, target, form, words string) {
	t.Helper()
	got := call(t, sb, method, target, form)
	if got.status != http.StatusBadRequest || !strings.Contains(got.str("error.message"), words) {
		t.Errorf("%s %s %s: %d %s; want 400 and %q", method, target, form, got.status, got.body, words)
	}
}

// advance moves a test clock and waits until it is ready.
func advance(t *testing.T, sb *Sandbox, clock string, to int64) {
	t.Helper()
	must(t, sb, "POST", "/v1/test_helpers/test_clocks/"+clock+"/advance", "frozen_time="+strconv.FormatInt(to, 10))
	if got := must(t, sb, "GET", "/v1/test_helpers/test_clocks/"+clock, "").str("status"); got != "ready" {
		t.Fatalf("the clock is %s", got)
	}
}

const (
	january  = int64(1767225600)
	february = january + 31*24*60*60
)

func TestUsageIsBilledInArrears(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		formula, price string
		values         []string
		quantity       float64
		amount         float64
	}{
		{"sum", "&unit_amount=2", []string{"10", "15.5", "4.5"}, 30, 60},
		{"count", "&unit_amount=2", []string{"10", "15", "5"}, 3, 6},
		{"last", "&unit_amount=2", []string{"10", "15", "5"}, 5, 10},
		{"sum", "&unit_amount=2", []string{"10", "-25"}, 0, 0},
		{"sum", "&billing_scheme=tiered&tiers_mode=volume&tiers[0][up_to]=10&tiers[0][unit_amount]=5&tiers[1][up_to]=inf&tiers[1][unit_amount]=3", []string{"20"}, 20, 60},
	} {
		t.Run(c.formula+c.price, func(t *testing.T) {
			t.Parallel()
			sb := newTest(t, Options{})
			clock, customer, sub := meteredShop(t, sb, c.formula, c.price)
			for i, v := range c.values {
				use(t, sb, customer, v, "&timestamp="+strconv.FormatInt(january+int64(i)*60, 10)+"&identifier=e"+strconv.Itoa(i))
			}
			advance(t, sb, clock, february)
			list := must(t, sb, "GET", "/v1/invoices?subscription="+sub, "")
			if got := list.at("data.0.lines.data.0.quantity"); got != c.quantity {
				t.Errorf("the quantity is %v, want %v", got, c.quantity)
			}
			if got := list.at("data.0.total"); got != c.amount {
				t.Errorf("the invoice is over %v, want %v", got, c.amount)
			}
			if list.at("data.0.lines.data.0.period.start") != float64(january) || list.at("data.0.lines.data.0.period.end") != float64(february) {
				t.Errorf("the period: %v", list.at("data.0.lines.data.0.period"))
			}
		})
	}
}

// TestLateUsage: what comes while the invoice is a draft is billed by it, what comes later is not.
func TestLateUsage(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	clock, customer, sub := meteredShop(t, sb, "sum", "&unit_amount=2")
	use(t, sb, customer, "10")
	advance(t, sb, clock, february)
	use(t, sb, customer, "7", "&timestamp="+strconv.FormatInt(february-60, 10))
	use(t, sb, customer, "1000") // of the new period
	line := must(t, sb, "GET", "/v1/invoices?subscription="+sub, "").str("data.0.lines.data.0.id")
	advance(t, sb, clock, february+2*60*60)
	inv := must(t, sb, "GET", "/v1/invoices?subscription="+sub, "")
	if inv.at("data.0.total") != 34.0 || inv.str("data.0.status") != "paid" || inv.str("data.0.lines.data.0.id") != line {
		t.Errorf("the invoice: %v %v, line %v, want %s", inv.at("data.0.total"), inv.at("data.0.status"), inv.at("data.0.lines.data.0.id"), line)
	}
	use(t, sb, customer, "500", "&timestamp="+strconv.FormatInt(february-60, 10))
	if again := must(t, sb, "GET", "/v1/invoices/"+inv.str("data.0.id"), ""); again.at("total") != 34.0 {
		t.Errorf("a finalised invoice took usage: %v", again.at("total"))
	}
}

func TestUsageCanBeTakenBackAndIsCountedOnce(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	clock, customer, sub := meteredShop(t, sb, "sum", "&unit_amount=2")
	use(t, sb, customer, "10", "&identifier=one")
	use(t, sb, customer, "20", "&identifier=two")
	refused(t, sb, "POST", "/v1/billing/meter_events", "event_name=calls&identifier=one&payload[value]=10&payload[stripe_customer_id]="+customer, "An event already exists with identifier one.")
	adjusted := must(t, sb, "POST", "/v1/billing/meter_event_adjustments", "event_name=calls&type=cancel&cancel[identifier]=two")
	if adjusted.str("status") != "pending" || adjusted.str("cancel.identifier") != "two" {
		t.Errorf("the adjustment: %s", adjusted.body)
	}
	refused(t, sb, "POST", "/v1/billing/meter_event_adjustments", "event_name=calls&type=cancel&cancel[identifier]=two", "cancelled already")
	refused(t, sb, "POST", "/v1/billing/meter_event_adjustments", "event_name=calls&type=cancel&cancel[identifier]=three", "No such meter event: 'three'")
	advance(t, sb, clock, february)
	if got := must(t, sb, "GET", "/v1/invoices?subscription="+sub, "").at("data.0.total"); got != 20.0 {
		t.Errorf("the invoice is over %v", got)
	}
}

func TestMeterEventsAreRefused(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	_, customer, _ := meteredShop(t, sb, "sum", "&unit_amount=2")
	for params, want := range map[string]string{
		"event_name=nothing&payload[value]=1&payload[stripe_customer_id]=" + customer:                                                    "no_meter",
		"event_name=calls&payload[value]=1":                                                                                              "meter_event_no_customer_defined",
		"event_name=calls&payload[value]=1&payload[stripe_customer_id]=cus_nobody":                                                       "meter_event_customer_not_found",
		"event_name=calls&payload[other]=1&payload[stripe_customer_id]=" + customer:                                                      "meter_event_value_not_found",
		"event_name=calls&payload[value]=much&payload[stripe_customer_id]=" + customer:                                                   "meter_event_invalid_value",
		"event_name=calls&payload[value]=1&timestamp=1764000000&payload[stripe_customer_id]=" + customer:                                 "timestamp_too_far_in_past",
		"event_name=calls&payload[value]=1&timestamp=" + strconv.FormatInt(january+301, 10) + "&payload[stripe_customer_id]=" + customer: "timestamp_in_future",
	} {
		if got := call(t, sb, "POST", "/v1/billing/meter_events", params); got.status != http.StatusBadRequest || got.str("error.code") != want {
			t.Errorf("%s: %d %s, want %s", params, got.status, got.body, want)
		}
	}
	meters := must(t, sb, "GET", "/v1/billing/meters", "")
	id := meters.str("data.0.id")
	refused(t, sb, "POST", "/v1/billing/meters", "display_name=Again&event_name=calls&default_aggregation[formula]=sum", "already an active meter")
	must(t, sb, "POST", "/v1/billing/meters/"+id+"/deactivate", "")
	refused(t, sb, "POST", "/v1/billing/meter_events", "event_name=calls&payload[value]=1&payload[stripe_customer_id]="+customer, "is inactive")
	refused(t, sb, "POST", "/v1/prices", "currency=usd&unit_amount=1&recurring[interval]=month&recurring[usage_type]=metered&recurring[meter]="+id+"&product_data[name]=x", "is inactive")
	back := must(t, sb, "POST", "/v1/billing/meters/"+id+"/reactivate", "")
	if back.str("status") != "active" || back.at("status_transitions.deactivated_at") != nil {
		t.Errorf("the meter: %s", back.body)
	}
	refused(t, sb, "POST", "/v1/prices", "currency=usd&unit_amount=1&recurring[interval]=month&recurring[meter]="+id+"&product_data[name]=x", "usage_type")
	if got := happened(t, sb, 2); got != "billing.meter.deactivated billing.meter.reactivated" {
		t.Errorf("events: %s", got)
	}
}

func TestMeterSummaries(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	clock, customer, _ := meteredShop(t, sb, "sum", "&unit_amount=2")
	use(t, sb, customer, "10", "&timestamp="+strconv.FormatInt(january, 10))
	advance(t, sb, clock, january+2*24*60*60)
	use(t, sb, customer, "5", "&timestamp="+strconv.FormatInt(january+25*60*60, 10))
	id := must(t, sb, "GET", "/v1/billing/meters", "").str("data.0.id")
	path := "/v1/billing/meters/" + id + "/event_summaries?customer=" + customer + "&start_time=" + strconv.FormatInt(january, 10) + "&end_time=" + strconv.FormatInt(january+48*60*60, 10)
	whole := must(t, sb, "GET", path, "")
	if whole.at("data.0.aggregated_value") != 15.0 || whole.str("data.0.meter") != id {
		t.Errorf("the summary: %s", whole.body)
	}
	days := must(t, sb, "GET", path+"&value_grouping_window=day", "")
	if days.at("data.0.aggregated_value") != 5.0 || days.at("data.1.aggregated_value") != 10.0 || days.str("data.0.id") == days.str("data.1.id") {
		t.Errorf("by day: %s", days.body)
	}
	if again := must(t, sb, "GET", path+"&value_grouping_window=day&starting_after="+days.str("data.0.id"), ""); again.at("data.0.aggregated_value") != 10.0 {
		t.Errorf("the next page: %s", again.body)
	}
	refused(t, sb, "GET", "/v1/billing/meters/"+id+"/event_summaries?customer="+customer+"&start_time=61&end_time=120", "", "aligned with minute boundaries")
}

// TestTheStreamOfMeterEvents takes a session's token, and tells by thin events what was wrong.
func TestTheStreamOfMeterEvents(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	clock, customer, sub := meteredShop(t, sb, "sum", "&unit_amount=2")
	v2 := []string{"Stripe-Version", "2026-08-26.dahlia", "Content-Type", "application/json"}
	session := call(t, sb, "POST", "/v2/billing/meter_event_session", "{}", v2...)
	token := session.str("authentication_token")
	if token == "" {
		t.Fatalf("the session: %s", session.body)
	}
	with := append(v2[:4:4], "Authorization", "Bearer "+token)
	body := `{"events":[{"event_name":"calls","identifier":"s1","payload":{"stripe_customer_id":"` + customer + `","value":"8"}},{"event_name":"calls","identifier":"s2","payload":{"value":"1"}},{"event_name":"none","payload":{"value":"1"}}]}`
	if got := call(t, sb, "POST", "/v2/billing/meter_event_stream", body, with...); got.status != http.StatusOK || strings.TrimSpace(got.body) != "{}" {
		t.Errorf("the stream: %d %s", got.status, got.body)
	}
	if got := call(t, sb, "GET", "/v1/customers", "", with...); got.status != http.StatusUnauthorized {
		t.Errorf("a session's token opens %d", got.status)
	}
	events := call(t, sb, "GET", "/v2/core/events", "", v2...)
	for _, want := range []string{"v1.billing.meter.error_report_triggered", "v1.billing.meter.no_meter_found", "meter_event_no_customer_defined", `"identifier": "s2"`} {
		if !strings.Contains(events.body, want) {
			t.Errorf("the thin events lack %s: %s", want, events.body)
		}
	}
	one := call(t, sb, "POST", "/v2/billing/meter_events", `{"event_name":"calls","payload":{"stripe_customer_id":"`+customer+`","value":"2"}}`, v2...)
	if one.str("object") != "v2.billing.meter_event" || one.str("identifier") == "" || !strings.HasSuffix(one.str("timestamp"), "Z") {
		t.Errorf("an event: %s", one.body)
	}
	cancel := call(t, sb, "POST", "/v2/billing/meter_event_adjustments", `{"event_name":"calls","type":"cancel","cancel":{"identifier":"`+one.str("identifier")+`"}}`, v2...)
	if cancel.str("status") != "pending" {
		t.Errorf("an adjustment: %s", cancel.body)
	}
	advance(t, sb, clock, february)
	if got := must(t, sb, "GET", "/v1/invoices?subscription="+sub, "").at("data.0.total"); got != 16.0 {
		t.Errorf("the invoice is over %v", got)
	}
}
