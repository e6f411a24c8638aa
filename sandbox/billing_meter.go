package sandbox

import "net/http"

func init() {
	behave("POST /v1/billing/meters", createMeter)
	behave("POST /v1/billing/meters/{id}", updateMeter)
	behave("POST /v1/billing/meters/{id}/deactivate", func(tx *accountTx, r *apiRequest) (*stripeObject, error) { return switchMeter(tx, r, "inactive") })
	behave("POST /v1/billing/meters/{id}/reactivate", func(tx *accountTx, r *apiRequest) (*stripeObject, error) { return switchMeter(tx, r, "active") })
}

const meterType = "billing.meter"

// createMeter makes a meter. Of two active ones with the same event name nobody could tell which an event is for.
func createMeter(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	name := p.Str("event_name")
	if meterNamed(tx, name) != nil {
		return nil, invalid("event_name", "resource_already_exists", "There is already an active meter with event_name `%s`. Deactivate it first, or choose another name.", name)
	}
	meter := tx.New(meterType).Set("livemode", false).Set("status", "active").Set("display_name", p.Str("display_name")).Set("event_name", name).
		Set("customer_mapping", embedded(tx, "billing_meter_resource_customer_mapping_settings", "event_payload_key", orElse(p.Str("customer_mapping.event_payload_key"), "stripe_customer_id"), "type", "by_id")).
		Set("value_settings", embedded(tx, "billing_meter_resource_billing_meter_value", "event_payload_key", orElse(p.Str("value_settings.event_payload_key"), "value"))).
		Set("default_aggregation", embedded(tx, "billing_meter_resource_aggregation_settings", "formula", p.Str("default_aggregation.formula")))
	if window := p.Str("event_time_window"); window != "" {
		meter.Set("event_time_window", window)
	}
	tx.Put(meter, "billing.meter.created")
	return meter, nil
}

// embedded makes an embedded hash of a schema with some of its keys.
func embedded(tx *accountTx, schema string, pairs ...any) *stripeObject {
	h := tx.NewHash(schema)
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i].(string), pairs[i+1])
	}
	return h
}

// meterNamed finds the active meter of an event name, nil when there is none.
func meterNamed(tx *accountTx, name string) *stripeObject {
	var found *stripeObject
	tx.Each(meterType, func(m *stripeObject) bool {
		if m.Str("status") == "active" && m.Str("event_name") == name {
			found = m
		}
		return found == nil
	})
	return found
}

func findMeter(tx *accountTx, id, param string, status int) (*stripeObject, error) {
	if meter := tx.Get(meterType, id); meter != nil {
		return meter, nil
	}
	return nil, missing("meter", id, param, status)
}

// updateMeter changes what a meter is called; everything else is fixed.
func updateMeter(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	meter, err := findMeter(tx, r.Path("id"), "id", http.StatusNotFound)
	if err != nil {
		return nil, err
	}
	name := r.Params().Str("display_name")
	if name == "" || name == meter.Str("display_name") {
		return meter, nil
	}
	meter = meter.Edit().Set("display_name", name).Set("updated", tx.Now())
	tx.Put(meter, "billing.meter.updated")
	return meter, nil
}

// switchMeter ends a meter or takes it back into use. An inactive one takes no events and cannot be attached to a price.
func switchMeter(tx *accountTx, r *apiRequest, status string) (*stripeObject, error) {
	meter, err := findMeter(tx, r.Path("id"), "id", http.StatusNotFound)
	if err != nil {
		return nil, err
	}
	if meter.Str("status") == status {
		return nil, invalid("", "", "This meter is already %s.", status)
	}
	meter = meter.Edit().Set("status", status).Set("updated", tx.Now())
	if status == "inactive" {
		meter.Set("status_transitions.deactivated_at", tx.Now())
		tx.Put(meter, "billing.meter.deactivated")
		return meter, nil
	}
	if other := meterNamed(tx, meter.Str("event_name")); other != nil {
		return nil, invalid("", "resource_already_exists", "There is already an active meter with event_name `%s`.", meter.Str("event_name"))
	}
	meter.Set("status_transitions.deactivated_at", nil)
	tx.Put(meter, "billing.meter.reactivated")
	return meter, nil
}

// checkMeter refuses a price whose meter does not fit: metered prices need an active one, others take none.
func checkMeter(tx *accountTx, p formParams, at string) error {
	id, metered := p.Str("recurring.meter"), p.Str("recurring.usage_type") == "metered"
	param := under(at, "recurring[meter]")
	switch {
	case id == "":
		return nil
	case !metered:
		return invalid(param, "", "You can only use a meter with a price whose `recurring[usage_type]` is `metered`.")
	}
	meter, err := findMeter(tx, id, param, http.StatusBadRequest)
	if err != nil {
		return err
	}
	if meter.Str("status") != "active" {
		return invalid(param, "", "The meter `%s` is inactive. Reactivate it, or use another one.", id)
	}
	return nil
}
