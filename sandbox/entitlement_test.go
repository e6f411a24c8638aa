package sandbox

import (
	"strings"
	"testing"
)

func TestEntitlementsComeAndGoWithSubscriptions(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	feature := func(key string) string {
		return must(t, sb, "POST", "/v1/entitlements/features", "name="+key+"&lookup_key="+key).str("id")
	}
	export, seats, chat := feature("export"), feature("seats"), feature("chat")
	product := must(t, sb, "POST", "/v1/products", "name=Pro").str("id")
	for _, f := range []string{export, seats} {
		must(t, sb, "POST", "/v1/products/"+product+"/features", "entitlement_feature="+f)
	}
	refused(t, sb, "POST", "/v1/products/"+product+"/features", "entitlement_feature="+seats, "attached to this product already")
	if got := must(t, sb, "GET", "/v1/products/"+product+"/features", ""); got.str("data.1.entitlement_feature.lookup_key") != "export" {
		t.Errorf("the product's features: %s", got.body)
	}
	price := must(t, sb, "POST", "/v1/prices", "currency=usd&unit_amount=1000&recurring[interval]=month&product="+product).str("id")
	customer := must(t, sb, "POST", "/v1/customers", "payment_method=pm_card_visa&invoice_settings[default_payment_method]=pm_card_visa").str("id")
	has := func(want string) {
		t.Helper()
		list := must(t, sb, "GET", "/v1/entitlements/active_entitlements?customer="+customer, "")
		var keys []string
		data, _ := list.at("data").([]any)
		for _, e := range data {
			keys = append([]string{e.(map[string]any)["lookup_key"].(string)}, keys...)
		}
		if got := strings.Join(keys, " "); got != want {
			t.Errorf("the customer is entitled to %q, want %q", got, want)
		}
	}
	has("")
	sub := must(t, sb, "POST", "/v1/subscriptions", "customer="+customer+"&items[0][price]="+price).str("id")
	has("export seats")
	event := must(t, sb, "GET", "/v1/events?type=entitlements.active_entitlement_summary.updated", "")
	if event.str("data.0.data.object.customer") != customer || event.str("data.0.data.object.object") != "entitlements.active_entitlement_summary" ||
		event.str("data.0.data.object.entitlements.data.1.lookup_key") != "export" || event.at("data.0.data.previous_attributes.entitlements") == nil {
		t.Errorf("the event: %s", event.body)
	}
	must(t, sb, "POST", "/v1/products/"+product+"/features", "entitlement_feature="+chat)
	has("export seats chat")
	attached := must(t, sb, "GET", "/v1/products/"+product+"/features", "").str("data.2.id")
	must(t, sb, "DELETE", "/v1/products/"+product+"/features/"+attached, "")
	has("seats chat")
	// A feature that is archived stays with those who have it, and is attached to nothing new.
	must(t, sb, "POST", "/v1/entitlements/features/"+seats, "active=false")
	has("seats chat")
	other := must(t, sb, "POST", "/v1/products", "name=Basic").str("id")
	refused(t, sb, "POST", "/v1/products/"+other+"/features", "entitlement_feature="+seats, "archived")
	refused(t, sb, "POST", "/v1/entitlements/features/"+seats, "name=x", "archived features cannot be updated")
	refused(t, sb, "POST", "/v1/entitlements/features", "name=x&lookup_key=chat", "already has the lookup_key")
	must(t, sb, "DELETE", "/v1/subscriptions/"+sub, "")
	has("")
	if n := must(t, sb, "GET", "/v1/events?type=entitlements.active_entitlement_summary.updated", ""); len(n.at("data").([]any)) != 4 {
		t.Errorf("%d events, want 4", len(n.at("data").([]any)))
	}
}
