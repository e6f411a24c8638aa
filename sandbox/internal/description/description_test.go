package description

import "testing"

func TestTheDescriptionIsWhole(t *testing.T) {
	api := decode(file)
	if api.Version != "2026-08-26.dahlia" {
		t.Errorf("version %s", api.Version)
	}
	if n := len(api.Operations); n != 594 {
		t.Errorf("%d operations, want 594", n)
	}
	resources := 0
	for _, n := range api.schemas {
		if n.Is(Resource) {
			resources++
		}
	}
	if resources != 165 || len(api.schemas) != 1454 {
		t.Errorf("%d resources of %d schemas, want 165 of 1454", resources, len(api.schemas))
	}
	if n := len(api.EventNames()); n != 265 {
		t.Errorf("%d event names, want 265", n)
	}
}

func TestShapesOfAnswers(t *testing.T) {
	api := Load()
	pi := api.Schema("payment_intent")
	if pi.Type() != "payment_intent" || pi.Props[0].Name != "id" || pi.Props[1].Name != "object" {
		t.Errorf("a payment intent begins with %s, %s and is a %q", pi.Props[0].Name, pi.Props[1].Name, pi.Type())
	}
	if c := pi.Prop("latest_charge"); !c.Node.Is(Reference) || !c.Node.Is(Null) || c.Node.Of[0].Name != "charge" {
		t.Errorf("latest_charge is %+v", c.Node)
	}
	if s := pi.Prop("status"); s.Sample != "requires_payment_method" || !s.Required {
		t.Errorf("status is %+v", s)
	}
	pm := api.Schema("payment_method")
	if pm.Prop("card").Present || !pm.Prop("billing_details").Present || !pm.Prop("customer").Present {
		t.Error("a new payment method shows the keys of types that it may not be")
	}
	if api.Schema("customer").Prop("cash_balance").Present || !api.Schema("customer").Prop("invoice_settings").Present {
		t.Error("a new customer has other keys than Stripe's")
	}
	list := api.Find("GET /v1/customers").Answer
	if !list.Is(List) || list.Element().Name != "customer" {
		t.Errorf("customers are listed as %+v", list)
	}
}

func TestTreesOfParameters(t *testing.T) {
	api := Load()
	create := api.Find("POST /v1/payment_intents").Params
	if p := create.Prop("amount"); !p.Required || p.Node.Kind != Integer {
		t.Errorf("amount is %+v", p)
	}
	if p := create.Prop("off_session").Node; !p.Is(Boolean) || !p.Is(String) || len(p.Enum) != 2 {
		t.Errorf("off_session is %+v", p)
	}
	if m := api.Find("POST /v1/customers").Params.Prop("metadata").Node; !m.Is(Map) || !m.Is(Null) {
		t.Errorf("metadata is %+v", m)
	}
	created := api.Find("GET /v1/customers").Params.Prop("created").Node
	if !created.Is(Integer) || !created.Is(Hash) || created.Prop("gte") == nil {
		t.Errorf("created is %+v", created)
	}
	card := api.Find("POST /v1/payment_methods").Params.Prop("card").Node
	if card.Prop("number").Required || card.Prop("token") == nil {
		t.Errorf("card is %+v", card)
	}
}

func BenchmarkDecode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		decode(file)
	}
}
