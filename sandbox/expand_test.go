package sandbox

import "testing"

func TestExpand(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	product := must(t, sb, "POST", "/v1/products", "name=Kahve&default_price_data[currency]=usd&default_price_data[unit_amount]=500&expand[]=default_price.product")
	if product.str("default_price.product.name") != "Kahve" || product.str("default_price.object") != "price" {
		t.Fatalf("a creation expands to %s", product.body)
	}
	if got := must(t, sb, "GET", "/v1/products/"+product.str("id"), ""); got.str("default_price") != product.str("default_price.id") {
		t.Errorf("without expand it is %s", got.body)
	}
	list := must(t, sb, "GET", "/v1/prices?expand[]=data.product&expand[]=data", "")
	members, _ := list.json["data"].([]any)
	if first := (reply{json: members[0].(map[string]any)}); first.str("product.name") != "Kahve" {
		t.Errorf("a list expands to %s", list.body)
	}
	customer := must(t, sb, "POST", "/v1/customers", "invoice_settings[footer]=x").str("id")
	if got := must(t, sb, "GET", "/v1/customers/"+customer+"?expand[]=invoice_settings.default_payment_method&expand[]=default_source", ""); got.at("invoice_settings.default_payment_method") != nil || got.at("default_source") != nil {
		t.Errorf("null expands to %s", got.body)
	}
	must(t, sb, "DELETE", "/v1/customers/"+customer, "")
}

func TestExpandingWhatWasDeleted(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	customer := must(t, sb, "POST", "/v1/customers", "").str("id")
	intent := must(t, sb, "POST", "/v1/setup_intents", "customer="+customer).str("id")
	must(t, sb, "DELETE", "/v1/customers/"+customer, "")
	got := must(t, sb, "GET", "/v1/setup_intents/"+intent+"?expand[]=customer", "")
	if got.str("customer.id") != customer || got.at("customer.deleted") != true {
		t.Errorf("a deleted customer expands to %v", got.at("customer"))
	}
}

func TestListsThatAreShownOnlyWhenExpanded(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	paid := must(t, sb, "POST", "/v1/payment_intents", "amount=1500&currency=usd&confirm=true&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never&payment_method=pm_card_visa")
	charge := paid.str("latest_charge")
	must(t, sb, "POST", "/v1/refunds", "amount=100&charge="+charge)
	if got := must(t, sb, "GET", "/v1/charges/"+charge, ""); got.at("refunds") != nil {
		t.Errorf("refunds are shown unasked: %v", got.at("refunds"))
	}
	got := must(t, sb, "GET", "/v1/payment_intents/"+paid.str("id")+"?expand[]=latest_charge.refunds.data.charge", "")
	if got.str("latest_charge.refunds.url") != "/v1/charges/"+charge+"/refunds" || got.str("latest_charge.refunds.object") != "list" {
		t.Fatalf("refunds expand to %v", got.at("latest_charge.refunds"))
	}
	data, _ := got.at("latest_charge.refunds.data").([]any)
	if len(data) != 1 {
		t.Fatalf("%d refunds", len(data))
	}
	if refund := (reply{json: data[0].(map[string]any)}); refund.str("charge.id") != charge || refund.json["amount"] != 100.0 {
		t.Errorf("the refund is %v", refund.json)
	}
}
