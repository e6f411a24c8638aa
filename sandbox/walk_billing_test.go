package sandbox

import "maps"

func init() {
	maps.Copy(walkForms, map[string]string{
		"POST /v1/billing/alerts":                     "usage_threshold[gte]=5&usage_threshold[meter]={billing.meter}&usage_threshold[recurrence]=one_time",
		"POST /v1/billing/credit_grants":              "customer={customer}&amount[monetary][currency]=usd&amount[monetary][value]=500&applicability_config[scope][price_type]=metered",
		"GET /v1/billing/credit_balance_summary":      "customer={customer}&filter[type]=applicability_scope&filter[applicability_scope][price_type]=metered",
		"GET /v1/billing/credit_balance_transactions": "customer={customer}",
		"POST /v1/billing/meter_events":               "event_name=walked&payload[stripe_customer_id]={customer}&payload[value]=1",
		"POST /v1/billing/meter_event_adjustments":    "event_name=walked&cancel[identifier]=walked",
		"GET /v1/billing/meters/{id}/event_summaries": "customer={customer}&start_time=60&end_time=120",
		"POST /v1/billing_portal/configurations":      "features[customer_update][allowed_updates][0]=email",
		"POST /v1/billing_portal/sessions":            "customer={customer}",
		"POST /v1/products/{product}/features":        "entitlement_feature={feature}",
	})
	// The walk cancels its only quote, archives its only alert and expires its only grant first.
	walkRefusals = append(walkRefusals, "POST /v1/quotes/{quote}/accept", "POST /v1/quotes/{quote}/finalize", "POST /v1/billing/alerts/{id}/activate",
		"POST /v1/billing/alerts/{id}/deactivate", "POST /v1/billing/credit_grants/{id}/void")
}

// prepareBilling makes what billing's operations are called on.
func (w *walker) prepareBilling(customer, product string) {
	w.t.Helper()
	must(w.t, w.sb, "POST", "/v1/billing/meters", "display_name=Walked&event_name=walked&default_aggregation[formula]=sum")
	must(w.t, w.sb, "POST", "/v1/billing/meter_events", "event_name=walked&identifier=walked&payload[value]=1&payload[stripe_customer_id]="+customer)
	for _, key := range []string{"walked", "walked_too"} {
		w.ids["feature"] = append(w.ids["feature"], must(w.t, w.sb, "POST", "/v1/entitlements/features", "name=Walked&lookup_key="+key).str("id"))
	}
	attached := must(w.t, w.sb, "POST", "/v1/products/"+product+"/features", "entitlement_feature="+w.ids["feature"][0])
	w.ids[productFeatureType], w.ids["featured_product"] = []string{attached.str("id")}, []string{product}
}
