package sandbox

import (
	"strings"
	"testing"
)

func TestThePortalOffersWhatItsConfigurationSays(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	product := must(t, sb, "POST", "/v1/products", "name=Pro").str("id")
	price := func(amount string) string {
		return must(t, sb, "POST", "/v1/prices", "currency=usd&recurring[interval]=month&unit_amount="+amount+"&product="+product).str("id")
	}
	basic, pro, hidden := price("1000"), price("2000"), price("3000")
	customer := must(t, sb, "POST", "/v1/customers", "payment_method=pm_card_visa&invoice_settings[default_payment_method]=pm_card_visa").str("id")
	sub := must(t, sb, "POST", "/v1/subscriptions", "customer="+customer+"&items[0][price]="+basic).str("id")
	config := must(t, sb, "POST", "/v1/billing_portal/configurations", "features[subscription_update][enabled]=true&features[subscription_update][default_allowed_updates][]=price&features[subscription_update][proration_behavior]=always_invoice"+
		"&features[subscription_update][products][0][product]="+product+"&features[subscription_update][products][0][prices][]="+basic+"&features[subscription_update][products][0][prices][]="+pro+
		"&features[subscription_cancel][enabled]=true&features[subscription_cancel][mode]=at_period_end&features[subscription_cancel][cancellation_reason][enabled]=true&features[subscription_cancel][cancellation_reason][options][]=too_expensive&features[customer_update][enabled]=true&features[customer_update][allowed_updates][]=email")
	if config.at("is_default") != false || config.at("livemode") != false || config.at("active") != true {
		t.Errorf("the configuration: %s", config.body)
	}
	session := must(t, sb, "POST", "/v1/billing_portal/sessions", "customer="+customer+"&configuration="+config.str("id")+"&return_url=https://shop.example/account")
	if !strings.Contains(session.str("url"), "/p/session/test_") || session.str("return_url") != "https://shop.example/account" || session.at("flow") != nil {
		t.Errorf("the session: %s", session.body)
	}
	act := func(params map[string]any) error {
		t.Helper()
		params["session"] = session.str("id")
		return simulate(t, sb, "portal", params)
	}
	for name, params := range map[string]map[string]any{
		"an offer that is none":     {"act": "subscription_update", "price": hidden},
		"another quantity":          {"act": "subscription_update", "quantity": 5},
		"a card":                    {"act": "payment_method_update", "payment_method": "pm_card_mastercard"},
		"a phone":                   {"act": "customer_update", "phone": "+15555550123"},
		"a resumption of the alive": {"act": "subscription_resume"},
		"nothing known":             {"act": "dance"},
		"somebody else's":           {"act": "subscription_cancel", "subscription": "sub_nowhere"},
	} {
		if err := act(params); err == nil {
			t.Errorf("the portal did %s", name)
		}
	}
	if err := act(map[string]any{"act": "subscription_update", "price": pro}); err != nil {
		t.Fatal(err)
	}
	if s := must(t, sb, "GET", "/v1/subscriptions/"+sub+"?expand[]=latest_invoice", ""); s.str("items.data.0.price.id") != pro || s.str("latest_invoice.billing_reason") != "subscription_update" || s.str("latest_invoice.status") != "paid" {
		t.Errorf("after the change: %s", s.body)
	}
	if err := act(map[string]any{"act": "subscription_cancel", "feedback": "too_expensive", "comment": "Sorry"}); err != nil {
		t.Fatal(err)
	}
	if s := must(t, sb, "GET", "/v1/subscriptions/"+sub, ""); s.at("cancel_at") == nil || s.at("cancel_at_period_end") != false || s.str("cancellation_details.feedback") != "too_expensive" || s.str("cancellation_details.comment") != "Sorry" {
		t.Errorf("after the cancellation: %s", s.body)
	}
	if err := act(map[string]any{"act": "subscription_resume"}); err != nil {
		t.Fatal(err)
	}
	if err := act(map[string]any{"act": "customer_update", "email": "new@example.com"}); err != nil {
		t.Fatal(err)
	}
	if c := must(t, sb, "GET", "/v1/customers/"+customer, ""); c.str("email") != "new@example.com" {
		t.Errorf("the customer: %s", c.body)
	}
	must(t, sb, "POST", "/v1/billing_portal/configurations/"+config.str("id"), "features[subscription_cancel][mode]=immediately&features[subscription_cancel][proration_behavior]=none")
	if err := act(map[string]any{"act": "subscription_cancel"}); err != nil {
		t.Fatal(err)
	}
	if s := must(t, sb, "GET", "/v1/subscriptions/"+sub, ""); s.str("status") != "canceled" {
		t.Errorf("after the end: %s", s.body)
	}
}

func TestTheDefaultPortal(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	customer := must(t, sb, "POST", "/v1/customers", "").str("id")
	session := must(t, sb, "POST", "/v1/billing_portal/sessions", "customer="+customer)
	config := must(t, sb, "GET", "/v1/billing_portal/configurations/"+session.str("configuration"), "")
	if config.at("is_default") != true || config.at("features.payment_method_update.enabled") != true {
		t.Errorf("the default: %s", config.body)
	}
	if err := simulate(t, sb, "portal", map[string]any{"session": session.str("id"), "act": "payment_method_update", "payment_method": "pm_card_mastercard"}); err != nil {
		t.Fatal(err)
	}
	methods := must(t, sb, "GET", "/v1/customers/"+customer+"/payment_methods", "")
	if c := must(t, sb, "GET", "/v1/customers/"+customer, ""); c.str("invoice_settings.default_payment_method") != methods.str("data.0.id") || methods.str("data.0.card.brand") != "mastercard" {
		t.Errorf("the customer: %s", c.body)
	}
	if again := must(t, sb, "POST", "/v1/billing_portal/sessions", "customer="+customer); again.str("configuration") != config.str("id") {
		t.Error("another default was made")
	}
	refused(t, sb, "POST", "/v1/billing_portal/configurations/"+config.str("id"), "active=false", "cannot be deactivated")
	refused(t, sb, "POST", "/v1/billing_portal/sessions", "customer=cus_nobody", "No such customer")
	refused(t, sb, "POST", "/v1/billing_portal/configurations", "features[customer_update][enabled]=true", "allowed_updates")
}

func TestPortalFlows(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	monthly, _, customer := offers(t, sb)
	sub := must(t, sb, "POST", "/v1/subscriptions", "customer="+customer+"&items[0][price]="+monthly).str("id")
	flow := must(t, sb, "POST", "/v1/billing_portal/sessions", "customer="+customer+"&flow_data[type]=subscription_cancel&flow_data[subscription_cancel][subscription]="+sub+
		"&flow_data[after_completion][type]=redirect&flow_data[after_completion][redirect][return_url]=https://shop.example/bye")
	if flow.str("flow.type") != "subscription_cancel" || flow.str("flow.subscription_cancel.subscription") != sub || flow.str("flow.after_completion.redirect.return_url") != "https://shop.example/bye" || flow.at("flow.subscription_update") != nil {
		t.Errorf("the flow: %s", flow.body)
	}
	refused(t, sb, "POST", "/v1/billing_portal/sessions", "customer="+customer+"&flow_data[type]=subscription_update&flow_data[subscription_update][subscription]="+sub, "is disabled")
	other := must(t, sb, "POST", "/v1/customers", "").str("id")
	refused(t, sb, "POST", "/v1/billing_portal/sessions", "customer="+other+"&flow_data[type]=subscription_cancel&flow_data[subscription_cancel][subscription]="+sub, "No such subscription")
	must(t, sb, "POST", "/v1/subscriptions/"+sub, "cancel_at_period_end=true")
	refused(t, sb, "POST", "/v1/billing_portal/sessions", "customer="+customer+"&flow_data[type]=subscription_cancel&flow_data[subscription_cancel][subscription]="+sub, "already set to be canceled")
}
