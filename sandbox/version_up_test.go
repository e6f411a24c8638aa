package sandbox

import (
	"strings"
	"testing"
)

// Each parameter that an older or newer version calls otherwise, and what the sandbox's own operation gets.
func TestParametersAreBroughtUp(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	price := must(t, sb, "POST", "/v1/prices", "currency=eur&unit_amount=900&recurring[interval]=week&recurring[interval_count]=2&product_data[name]=Kahve").str("id")
	const acacia, basil, clover, endive = "2025-02-24.acacia", "2025-08-27.basil", "2026-02-25.clover", "2026-10-28.endive"
	for _, tc := range []struct{ version, op, sent, got string }{
		{acacia, "POST /v1/promotion_codes", "coupon=TEN&code=A", "promotion[type]=coupon&promotion[coupon]=TEN&code=A"},
		{basil, "POST /v1/promotion_codes", "coupon=TEN", "promotion[type]=coupon&promotion[coupon]=TEN"},
		{clover, "POST /v1/promotion_codes", "promotion[type]=coupon&promotion[coupon]=TEN", "promotion[type]=coupon&promotion[coupon]=TEN"},

		{acacia, "POST /v1/checkout/sessions", "ui_mode=custom", "ui_mode=elements"},
		{clover, "POST /v1/checkout/sessions", "ui_mode=hosted&mode=payment", "ui_mode=hosted_page&mode=payment"},
		{clover, "POST /v1/checkout/sessions", "mode=subscription", "mode=subscription"},
		{basil, "POST /v1/checkout/sessions", "mode=subscription", "mode=subscription&subscription_data[billing_mode][type]=classic"},
		{basil, "POST /v1/checkout/sessions", "mode=payment", "mode=payment"},
		{basil, "POST /v1/quotes", "", "subscription_data[billing_mode][type]=classic"},
		{basil, "POST /v1/subscription_schedules", "billing_mode[type]=flexible", "billing_mode[type]=flexible"},
		{basil, "POST /v1/invoices/create_preview", "subscription=sub_x", "subscription=sub_x"},
		{basil, "POST /v1/invoices/create_preview", "subscription_details[cancel_now]=true", "subscription_details[cancel_now]=true&subscription_details[billing_mode][type]=classic"},
		{basil, "POST /v1/invoices/create_preview", "schedule_details[end_behavior]=cancel", "schedule_details[end_behavior]=cancel&schedule_details[billing_mode][type]=classic"},

		{basil, "POST /v1/subscription_schedules", "phases[0][items][0][price]=" + price + "&phases[0][iterations]=3",
			"billing_mode[type]=classic&phases[0][items][0][price]=" + price + "&phases[0][duration][interval]=week&phases[0][duration][interval_count]=6"},
		{basil, "POST /v1/subscription_schedules/{schedule}", "phases[0][items][0][price_data][recurring][interval]=month&phases[0][items][0][price_data][currency]=eur&phases[0][items][0][price_data][product]=prod_x&phases[0][iterations]=2",
			"phases[0][items][0][price_data][recurring][interval]=month&phases[0][items][0][price_data][currency]=eur&phases[0][items][0][price_data][product]=prod_x&phases[0][duration][interval]=month&phases[0][duration][interval_count]=2"},

		{acacia, "POST /v1/subscriptions/{subscription_exposed_id}", "coupon=TEN", "discounts[0][coupon]=TEN"},
		{acacia, "POST /v1/subscriptions/{subscription_exposed_id}", "promotion_code=promo_x", "discounts[0][promotion_code]=promo_x"},
		{acacia, "POST /v1/subscriptions/{subscription_exposed_id}", "coupon=", "discounts="},
		{acacia, "POST /v1/subscriptions/{subscription_exposed_id}", "coupon=&discounts[0][coupon]=TEN", "discounts[0][coupon]=TEN"},
		{acacia, "POST /v1/subscription_schedules/{schedule}", "phases[0][items][0][price]=price_x&phases[0][coupon]=TEN", "phases[0][items][0][price]=price_x&phases[0][discounts][0][coupon]=TEN"},
		{basil, "POST /v1/invoices/create_preview", "customer=cus_x", "customer=cus_x"},
		{acacia, "POST /v1/invoices/create_preview", "subscription=sub_x&coupon=TEN", "subscription=sub_x&discounts[0][coupon]=TEN"},
		{acacia, "POST /v1/invoiceitems", "customer=cus_x&price=price_x", "customer=cus_x&pricing[price]=price_x"},
		{acacia, "POST /v1/invoiceitems/{invoiceitem}", "unit_amount=300", "unit_amount_decimal=300"},
		{acacia, "POST /v1/invoices/{invoice}/add_lines", "lines[0][price]=price_x&lines[1][amount]=5", "lines[0][pricing][price]=price_x&lines[1][amount]=5"},
		{acacia, "POST /v1/credit_notes", "invoice=in_x&refund=re_x", "invoice=in_x&refunds[0][refund]=re_x"},
		{acacia, "POST /v1/prices", "currency=eur&recurring[interval]=month&recurring[aggregate_usage]=sum", "currency=eur&recurring[interval]=month"},
		{acacia, "POST /v1/plans", "currency=eur&interval=month&aggregate_usage=max", "currency=eur&interval=month"},
		{acacia, "GET /v1/invoices/upcoming", "subscription=sub_x&subscription_items[0][price]=price_x&subscription_proration_date=5&subscription_trial_from_plan=true&coupon=TEN",
			"subscription=sub_x&subscription_details[items][0][price]=price_x&subscription_details[proration_date]=5&discounts[0][coupon]=TEN"},
		{acacia, "GET /v1/invoices/upcoming/lines", "subscription=sub_x&subscription_cancel_at=&limit=3", "subscription=sub_x&subscription_details[cancel_at]=&limit=3"},

		{endive, "POST /v1/subscriptions/{subscription_exposed_id}", "billing_cycle_anchor[type]=now", "billing_cycle_anchor=now"},
		{endive, "POST /v1/subscriptions/{subscription}/resume", "billing_cycle_anchor[type]=unchanged", "billing_cycle_anchor=unchanged"},
		{endive, "POST /v1/invoices/create_preview", "subscription=sub_x&subscription_details[billing_cycle_anchor][type]=now", "subscription=sub_x&subscription_details[billing_cycle_anchor]=now"},
		{endive, "POST /v1/invoices/create_preview", "customer=cus_x&subscription_details[billing_cycle_anchor][type]=timestamp&subscription_details[billing_cycle_anchor][timestamp]=1796205600", "customer=cus_x&subscription_details[billing_cycle_anchor]=1796205600"},
	} {
		t.Run(tc.version+" "+tc.op+" "+tc.sent, func(t *testing.T) {
			t.Parallel()
			method, path, _ := strings.Cut(tc.op, " ")
			d := dialectOf(tc.version)
			own := routes().mustFind(t, "POST", "/v1/invoices/create_preview")
			rt, _ := d.routes.lookUp(method, path)
			if rt == nil {
				rt = routes().mustFind(t, method, path)
				own = rt
			}
			up := &apiRequest{route: rt, dialect: d, params: checkedForm(t, tc.sent, func(p *paramNode) error { return checkParams(p, d.params(rt)) })}
			if err := sb.account("core").do(func(tx *accountTx) error { return d.up(tx, up) }); err != nil {
				t.Fatal(err)
			}
			want := checkedForm(t, tc.got, func(p *paramNode) error {
				limit := p.take("limit") // of the old route itself
				err := checkParams(p, own.params)
				if limit != nil {
					p.put("limit", leafOf(formParams{limit}.Str("")))
				}
				return err
			})
			if got, want := string(appendCanonical(nil, up.params.node)), string(appendCanonical(nil, want.node)); got != want {
				t.Errorf("brought up: %s\nwant: %s", got, want)
			}
		})
	}
}

func checkedForm(t *testing.T, form string, check func(*paramNode) error) formParams {
	t.Helper()
	root := &paramNode{hash: map[string]*paramNode{}}
	if err := decodeForm(root, form); err != nil {
		t.Fatal(err)
	}
	if err := check(root); err != nil {
		t.Fatalf("%s: %v", form, err)
	}
	return formParams{root}
}
