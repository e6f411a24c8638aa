package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// recordedKeys are keys that Stripe's answers have and its description lacks: Stripe's own sample objects and libraries have
// the first four, recordings of 2025-03 to 2026-05 (basil to dahlia) have all of them in every object of the kind. Each is
// a path from a named schema and the schema of its value.
var recordedKeys = []struct{ path, schema string }{
	{"charge.source", `{"nullable":true,"anyOf":[{"$ref":"#/components/schemas/payment_source"}]}`},
	{"payment_intent.source", `{"nullable":true,"maxLength":5000,"type":"string"}`},
	{"product.type", `{"type":"string","enum":["service","good"]}`},
	{"subscription_item.plan", `{"$ref":"#/components/schemas/plan"}`},
	{"subscription_schedule_configuration_item.plan", `{"maxLength":5000,"type":"string","anyOf":[{"maxLength":5000,"type":"string"},{"$ref":"#/components/schemas/plan"},{"$ref":"#/components/schemas/deleted_plan"}],"x-expansionResources":{"oneOf":[{"$ref":"#/components/schemas/plan"},{"$ref":"#/components/schemas/deleted_plan"}]}}`},

	{"card.wallet", `{"nullable":true,"type":"string"}`},
	{"charge.destination", `{"nullable":true,"type":"string"}`},
	{"charge.dispute", `{"nullable":true,"type":"string"}`},
	{"charge.order", `{"nullable":true,"type":"string"}`},
	{"payment_method_details_card.ds_transaction_id", `{"nullable":true,"type":"string"}`},
	{"product.attributes", `{"type":"array","items":{"type":"string"}}`},
	{"product.tax_details", `{"nullable":true,"type":"string"}`},
	{"recurring.trial_period_days", `{"nullable":true,"type":"integer"}`},
	{"subscription.plan", `{"nullable":true,"anyOf":[{"$ref":"#/components/schemas/plan"}]}`},
	{"subscription.quantity", `{"nullable":true,"type":"integer"}`},

	{"account.external_accounts.total_count", `{"type":"integer"}`},
	{"application_fee.refunds.total_count", `{"type":"integer"}`},
	{"charge.refunds.total_count", `{"type":"integer"}`},
	{"customer.sources.total_count", `{"type":"integer"}`},
	{"customer.subscriptions.total_count", `{"type":"integer"}`},
	{"invoice.lines.total_count", `{"type":"integer"}`},
	{"subscription.items.total_count", `{"type":"integer"}`},
	{"transfer.reversals.total_count", `{"type":"integer"}`},
}

// addRecorded adds the recorded keys to the description, each required and in the place that its name has among the others.
func (api *openAPI) addRecorded() error {
	for _, key := range recordedKeys {
		var added schema
		if err := json.Unmarshal([]byte(key.schema), &added); err != nil {
			return fmt.Errorf("%s: %w", key.path, err)
		}
		names := strings.Split(key.path, ".")
		s := api.Components.Schemas[names[0]]
		for _, name := range names[1 : len(names)-1] {
			if s == nil {
				break
			}
			s = s.Properties.get(name)
		}
		last := names[len(names)-1]
		if s == nil || len(s.Properties) == 0 {
			return fmt.Errorf("%s: no such schema", key.path)
		}
		if s.Properties.get(last) != nil {
			return fmt.Errorf("%s: the description has it by now", key.path)
		}
		at := slices.IndexFunc(s.Properties, func(p property) bool { return p.name > last })
		if at < 0 {
			at = len(s.Properties)
		}
		s.Properties = slices.Insert(s.Properties, at, property{last, &added})
		s.Required = append(s.Required, last)
	}
	return nil
}
