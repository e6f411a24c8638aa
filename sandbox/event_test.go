package sandbox

import (
	"encoding/json"
	"testing"
)

func TestPreviousAttributes(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	id := must(t, sb, "POST", "/v1/customers", "name=a&metadata[keep]=1&metadata[gone]=2&shipping[name]=x&shipping[address][city]=Izmir&shipping[address][line1]=1").str("id")
	for _, tc := range []struct{ name, form, want string }{
		{"leaves", "name=b&email=b@shop.example", `{"email":null,"name":"a"}`},
		{"a nested leaf", "invoice_settings[footer]=x", `{"invoice_settings":{"footer":null}}`},
		{"a leaf two levels down", "shipping[name]=x&shipping[address][city]=Ankara", `{"shipping":{"address":{"city":"Izmir"}}}`},
		{"a hash that is taken away", "shipping=", `{"shipping":{"address":{"city":"Ankara","country":null,"line1":"1","line2":null,"postal_code":null,"state":null},"carrier":null,"name":"x","phone":null,"tracking_number":null}}`},
		{"a key of metadata that is added", "metadata[new.one]=3", `{"metadata":{"new.one":null}}`},
		{"a key of metadata that is removed", "metadata[gone]=", `{"metadata":{"gone":"2"}}`},
		{"all metadata", "metadata=", `{"metadata":{"keep":"1","new.one":"3"}}`},
	} {
		got := must(t, sb, "POST", "/v1/customers/"+id, tc.form)
		list := must(t, sb, "GET", "/v1/events?limit=1", "")
		newest, _ := list.json["data"].([]any)
		ev, _ := newest[0].(map[string]any)
		data, _ := ev["data"].(map[string]any)
		previous, err := json.Marshal(data["previous_attributes"])
		if err != nil || string(previous) != tc.want || ev["type"] != "customer.updated" {
			t.Errorf("%s: %v %s, want %s", tc.name, ev["type"], previous, tc.want)
		}
		if object, _ := data["object"].(map[string]any); object["name"] != got.json["name"] {
			t.Errorf("%s: the event shows %v", tc.name, object)
		}
	}
	portal := must(t, sb, "POST", "/v1/billing_portal/configurations", "metadata[a]=1&features[invoice_history][enabled]=true").str("id")
	count := len(idsOf(must(t, sb, "GET", "/v1/events?limit=100", "")))
	must(t, sb, "POST", "/v1/billing_portal/configurations/"+portal, "metadata[a]=1")
	if n := len(idsOf(must(t, sb, "GET", "/v1/events?limit=100", ""))); n != count {
		t.Error("an update that changes nothing makes an event")
	}
}

func TestEventsOfACall(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{DefaultAPIVersion: "2025-10-29.clover"})
	made := must(t, sb, "POST", "/v1/products", "name=Kahve", "Idempotency-Key", "key-7")
	id := made.str("id")
	gone := must(t, sb, "DELETE", "/v1/products/"+id, "")
	if gone.json["deleted"] != true || gone.str("object") != "product" || len(gone.json) != 3 {
		t.Errorf("a deletion answers %s", gone.body)
	}
	list := must(t, sb, "GET", "/v1/events", "")
	if n := len(idsOf(list)); n != 2 {
		t.Fatalf("%d events", n)
	}
	data := list.json["data"].([]any)
	deleted, created := reply{json: data[0].(map[string]any)}, reply{json: data[1].(map[string]any)}
	if deleted.str("type") != "product.deleted" || deleted.str("data.object.name") != "Kahve" || deleted.at("data.object.deleted") != nil {
		t.Errorf("the event of a deletion is %v", deleted.json)
	}
	if created.str("type") != "product.created" || created.str("request.id") != made.header.Get("Request-Id") || created.str("request.idempotency_key") != "key-7" ||
		created.str("api_version") != "2025-10-29.clover" || created.at("pending_webhooks") != 0.0 || created.at("data.previous_attributes") != nil {
		t.Errorf("the event of a creation is %v", created.json)
	}
	if one := must(t, sb, "GET", "/v1/events/"+created.str("id"), ""); one.str("type") != "product.created" {
		t.Errorf("the event is read as %s", one.body)
	}
}

func TestRolledBackChangesLeaveNothing(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	a := sb.account("core")
	kept := must(t, sb, "POST", "/v1/customers", "name=before").str("id")
	gone := must(t, sb, "POST", "/v1/customers", "name=gone").str("id")
	for _, keep := range []bool{false, true} {
		refusal := invalid("", "", "refused")
		refusal.keepChanges = keep
		var made string
		err := a.do(func(tx *accountTx) error {
			tx.Put(tx.Get("customer", kept).Edit().Set("name", "after"), "customer.updated")
			if o := tx.Get("customer", gone); o != nil {
				tx.Delete(o, "customer.deleted")
			}
			o := tx.New("customer")
			made = o.ID()
			tx.Put(o, "customer.created")
			return refusal
		})
		if err == nil {
			t.Fatal("the error is lost")
		}
		name := must(t, sb, "GET", "/v1/customers/"+kept, "").str("name")
		exists := call(t, sb, "GET", "/v1/customers/"+made, "").status == 200
		deleted := must(t, sb, "GET", "/v1/customers/"+gone, "").json["deleted"] == true
		events := len(idsOf(must(t, sb, "GET", "/v1/events", "")))
		want := map[bool]int{false: 2, true: 5}[keep]
		if (name == "after") != keep || exists != keep || deleted != keep || events != want {
			t.Errorf("KeepChanges %v: name %s, made %v, deleted %v, %d events", keep, name, exists, deleted, events)
		}
	}
}
