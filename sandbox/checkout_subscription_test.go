package sandbox

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// subscribePage opens a Checkout Session in subscription mode for a monthly price of 1000 usd.
func subscribePage(t *testing.T, sb *Sandbox, more string) (session string, opened reply) {
	t.Helper()
	price := must(t, sb, "POST", "/v1/prices", "currency=usd&unit_amount=1000&recurring[interval]=month&product_data[name]=Pro").str("id")
	opened = must(t, sb, "POST", "/v1/checkout/sessions", "mode=subscription&success_url=https://shop.example/ok&line_items[0][price]="+price+"&line_items[0][quantity]=2"+more)
	return opened.str("id"), opened
}

func simulate(t *testing.T, sb *Sandbox, typ string, params map[string]any) error {
	t.Helper()
	_, err := sb.Account("sk_test_core").Simulate(typ, params)
	return err
}

func TestCheckoutSubscribes(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	id, opened := subscribePage(t, sb, "&metadata[order]=7&subscription_data[metadata][plan]=pro&subscription_data[description]=Pro+plan")
	if opened.at("amount_total") != 2000.0 || opened.str("payment_status") != "unpaid" || opened.at("subscription") != nil || opened.at("payment_intent") != nil || opened.at("customer") != nil {
		t.Fatalf("the session: %s", opened.body)
	}
	if err := simulate(t, sb, "checkout", map[string]any{"session": id, "payment_method": "pm_card_visa", "email": "deniz@example.com"}); err != nil {
		t.Fatal(err)
	}
	done := must(t, sb, "GET", "/v1/checkout/sessions/"+id+"?expand[]=subscription.latest_invoice&expand[]=customer", "")
	if done.str("status") != "complete" || done.str("payment_status") != "paid" || done.str("subscription.status") != "active" || done.str("invoice") != done.str("subscription.latest_invoice.id") {
		t.Errorf("the session: %s", done.body)
	}
	if done.str("subscription.metadata.plan") != "pro" || done.str("subscription.description") != "Pro plan" || done.at("subscription.items.data.0.quantity") != 2.0 || done.str("customer.email") != "deniz@example.com" {
		t.Errorf("the subscription: %s", done.body)
	}
	method := done.str("subscription.default_payment_method")
	if pm := must(t, sb, "GET", "/v1/payment_methods/"+method, ""); pm.str("customer") != done.str("customer.id") {
		t.Errorf("the default method: %s", pm.body)
	}
	if done.at("subscription.latest_invoice.amount_paid") != 2000.0 || done.str("subscription.latest_invoice.billing_reason") != "subscription_create" {
		t.Errorf("the invoice: %s", done.body)
	}
	names := happened(t, sb, 100)
	for _, want := range []string{"customer.created", "payment_method.attached", "customer.subscription.created", "invoice.created", "invoice.finalized", "charge.succeeded", "payment_intent.succeeded", "invoice.paid", "invoice.payment_succeeded", "checkout.session.completed"} {
		if strings.Count(" "+names+" ", " "+want+" ") != 1 {
			t.Errorf("%s happened %d times: %s", want, strings.Count(" "+names+" ", " "+want+" "), names)
		}
	}
	if !strings.HasSuffix(names, "checkout.session.completed") {
		t.Errorf("the last event is not the session's: %s", names)
	}
}

func TestCheckoutWithATrial(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	id, opened := subscribePage(t, sb, "&subscription_data[trial_period_days]=14")
	if opened.at("amount_total") != 0.0 || opened.str("payment_method_collection") != "always" {
		t.Fatalf("the session: %s", opened.body)
	}
	if err := simulate(t, sb, "checkout", map[string]any{"session": id, "payment_method": "pm_card_visa"}); err != nil {
		t.Fatal(err)
	}
	done := must(t, sb, "GET", "/v1/checkout/sessions/"+id+"?expand[]=subscription", "")
	if done.str("payment_status") != "no_payment_required" || done.str("subscription.status") != "trialing" || done.str("subscription.default_payment_method") == "" || done.at("setup_intent") != nil {
		t.Errorf("the session: %s", done.body)
	}
	// Without a need for a card none is asked for.
	id, _ = subscribePage(t, sb, "&subscription_data[trial_period_days]=14&payment_method_collection=if_required&subscription_data[trial_settings][end_behavior][missing_payment_method]=cancel")
	if err := simulate(t, sb, "checkout", map[string]any{"session": id}); err != nil {
		t.Fatal(err)
	}
	done = must(t, sb, "GET", "/v1/checkout/sessions/"+id+"?expand[]=subscription", "")
	if done.str("status") != "complete" || done.str("subscription.status") != "trialing" || done.at("subscription.default_payment_method") != nil {
		t.Errorf("the session: %s", done.body)
	}
}

// TestCheckoutSubscribesOnceAfterDeclines: a declined card leaves the session open and begins nothing twice.
func TestCheckoutSubscribesOnceAfterDeclines(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	coupon := must(t, sb, "POST", "/v1/coupons", "percent_off=50&duration=once&max_redemptions=1").str("id")
	customer := must(t, sb, "POST", "/v1/customers", "email=deniz@example.com").str("id")
	id, opened := subscribePage(t, sb, "&customer="+customer+"&discounts[0][coupon]="+coupon)
	if opened.at("amount_total") != 1000.0 || opened.at("total_details.amount_discount") != 1000.0 || opened.at("amount_subtotal") != 2000.0 {
		t.Fatalf("the session: %s", opened.body)
	}
	for _, card := range []string{"pm_card_visa_chargeDeclined", "pm_card_visa_chargeDeclinedInsufficientFunds"} {
		if err := simulate(t, sb, "checkout", map[string]any{"session": id, "payment_method": card}); err == nil {
			t.Errorf("%s was not declined", card)
		}
	}
	if open := must(t, sb, "GET", "/v1/checkout/sessions/"+id, ""); open.str("status") != "open" || open.at("subscription") != nil {
		t.Errorf("the session: %s", open.body)
	}
	if err := simulate(t, sb, "checkout", map[string]any{"session": id, "payment_method": "pm_card_visa"}); err != nil {
		t.Fatal(err)
	}
	subs := must(t, sb, "GET", "/v1/subscriptions?status=all&customer="+customer, "")
	if list, _ := subs.at("data").([]any); len(list) != 1 || subs.str("data.0.status") != "active" {
		t.Errorf("the subscriptions: %s", subs.body)
	}
	if c := must(t, sb, "GET", "/v1/coupons/"+coupon, ""); c.at("times_redeemed") != 1.0 {
		t.Errorf("the coupon: %s", c.body)
	}
	done := must(t, sb, "GET", "/v1/checkout/sessions/"+id+"?expand[]=invoice", "")
	if done.at("invoice.amount_paid") != 1000.0 || done.at("amount_total") != 1000.0 {
		t.Errorf("the session: %s", done.body)
	}
}

// TestCheckoutSubscriptionAsksTheBank: 3-D Secure before the subscription is active; an unpaid one ends with its session.
func TestCheckoutSubscriptionAsksTheBank(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	customer := must(t, sb, "POST", "/v1/customers", "email=deniz@example.com").str("id")
	pays := func(id string) string {
		t.Helper()
		if err := simulate(t, sb, "checkout", map[string]any{"session": id, "payment_method": "pm_card_threeDSecure2Required"}); err != nil {
			t.Fatal(err)
		}
		return must(t, sb, "GET", "/v1/payment_intents?customer="+customer, "").str("data.0.id")
	}
	id, _ := subscribePage(t, sb, "&customer="+customer)
	pi := pays(id)
	if sub := must(t, sb, "GET", "/v1/subscriptions?status=all&customer="+customer, ""); sub.str("data.0.status") != "incomplete" {
		t.Errorf("before the bank: %s", sub.body)
	}
	if err := simulate(t, sb, "3ds", map[string]any{"intent": pi, "result": "succeeded"}); err != nil {
		t.Fatal(err)
	}
	if done := must(t, sb, "GET", "/v1/checkout/sessions/"+id+"?expand[]=subscription", ""); done.str("status") != "complete" || done.str("subscription.status") != "active" {
		t.Errorf("after the bank: %s", done.body)
	}
	id, _ = subscribePage(t, sb, "&customer="+customer)
	pays(id)
	must(t, sb, "POST", "/v1/checkout/sessions/"+id+"/expire", "")
	if sub := must(t, sb, "GET", "/v1/subscriptions?status=all&customer="+customer, ""); sub.str("data.0.status") != "incomplete_expired" {
		t.Errorf("after the session: %s", sub.body)
	}
	trial, _ := subscribePage(t, sb, "&customer="+customer+"&subscription_data[trial_period_days]=7")
	if err := simulate(t, sb, "checkout", map[string]any{"session": trial, "payment_method": "pm_card_threeDSecure2Required"}); err != nil {
		t.Fatal(err)
	}
	si := must(t, sb, "GET", "/v1/setup_intents?customer="+customer, "").str("data.0.id")
	if err := simulate(t, sb, "3ds", map[string]any{"intent": si, "result": "succeeded"}); err != nil {
		t.Fatal(err)
	}
	if done := must(t, sb, "GET", "/v1/checkout/sessions/"+trial+"?expand[]=subscription", ""); done.str("status") != "complete" || done.str("subscription.status") != "trialing" {
		t.Errorf("a trial after the bank: %s", done.body)
	}
}

func TestCheckoutSubscriptionWithMore(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	set := must(t, sb, "POST", "/v1/prices", "currency=usd&unit_amount=500&product_data[name]=Setup").str("id")
	meter := must(t, sb, "POST", "/v1/billing/meters", "display_name=Calls&event_name=calls&default_aggregation[formula]=sum").str("id")
	metered := must(t, sb, "POST", "/v1/prices", "currency=usd&unit_amount=2&recurring[interval]=month&recurring[usage_type]=metered&recurring[meter]="+meter+"&product_data[name]=Calls").str("id")
	id, opened := subscribePage(t, sb, "&line_items[1][price]="+set+"&line_items[1][quantity]=1&line_items[2][price]="+metered+
		"&line_items[3][price_data][currency]=usd&line_items[3][price_data][unit_amount]=300&line_items[3][price_data][recurring][interval]=month&line_items[3][price_data][product_data][name]=Seat&line_items[3][quantity]=3")
	if opened.at("amount_total") != 3400.0 {
		t.Fatalf("the session: %s", opened.body)
	}
	if err := simulate(t, sb, "checkout", map[string]any{"session": id, "payment_method": "pm_card_visa"}); err != nil {
		t.Fatal(err)
	}
	done := must(t, sb, "GET", "/v1/checkout/sessions/"+id+"?expand[]=subscription&expand[]=invoice", "")
	items, _ := done.at("subscription.items.data").([]any)
	if len(items) != 3 || done.at("invoice.amount_paid") != 3400.0 {
		t.Errorf("the session: %s", done.body)
	}
	for form, want := range map[string]string{
		"mode=subscription&success_url=https://shop.example&line_items[0][price]=" + set + "&line_items[0][quantity]=1":     "at least one recurring price",
		"mode=subscription&success_url=https://shop.example&line_items[0][price]=" + metered + "&line_items[0][quantity]=1": "quantity for metered plans",
		"mode=payment&success_url=https://shop.example&line_items[0][price]=" + metered:                                     "recurring price",
	} {
		if got := call(t, sb, "POST", "/v1/checkout/sessions", form); got.status != http.StatusBadRequest || !strings.Contains(got.body, want) {
			t.Errorf("%s: %d %s", form, got.status, got.body)
		}
	}
}

// TestThePageOfASubscription: how often it costs, how long it does not, and a card where one is needed.
func TestThePageOfASubscription(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	for name, tc := range map[string]struct {
		more, submit   string
		shows, without []string
	}{
		"paid at once": {"", "Subscribe", []string{"Subscribe to ", "per month", `id="payment">`}, []string{`id="trial"`}},
		"a trial": {"&subscription_data[trial_period_days]=14", "Start trial",
			[]string{`<p id="trial">14 days free</p>`, `id="payment">`, `id="free" hidden>`}, nil},
		"a trial until an instant": {"&subscription_data[trial_end]=" + strconv.FormatInt(sb.now().Unix()+72*60*60, 10), "Start trial", []string{`<p id="trial">3 days free</p>`}, nil},
		"a trial without a card": {"&subscription_data[trial_period_days]=1&payment_method_collection=if_required", "Start trial",
			[]string{`<p id="trial">1 day free</p>`, `id="payment" hidden>`, `id="free">`}, nil},
	} {
		_, opened := subscribePage(t, sb, tc.more)
		page := get(t, sb, "/c/pay/"+opened.str("id")+"?lang=en").Body.String()
		if want := `<span id="submit-text">` + tc.submit + `</span>`; !strings.Contains(page, want) {
			t.Errorf("%s: the button is not %s", name, tc.submit)
		}
		for _, want := range tc.shows {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page lacks %s", name, want)
			}
		}
		for _, not := range tc.without {
			if strings.Contains(page, not) {
				t.Errorf("%s: the page has %s", name, not)
			}
		}
	}
}
