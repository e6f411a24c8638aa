package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// recordedKeys are keys that Stripe's answers have and its description lacks: Stripe's own sample objects and libraries have
// the first five, recordings of 2025-03 to 2026-05 (basil to dahlia) have all of them in every object of the kind. Each is
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

// recordedOfSome are keys of the same sort that only some objects of their kind have.
var recordedOfSome = map[string]string{
	"card.email": `{"nullable":true,"type":"string"}`,
	"card.phone": `{"nullable":true,"type":"string"}`,
}

// addRecorded adds the recorded keys to the description, in the place that their names have among the others. Those that
// every object of its kind has are required.
func (api *openAPI) addRecorded() error {
	for _, key := range recordedKeys {
		s, name, err := api.addKey(key.path, key.schema)
		if err != nil {
			return err
		}
		s.Required = append(s.Required, name)
	}
	for path, text := range recordedOfSome {
		if _, _, err := api.addKey(path, text); err != nil {
			return err
		}
	}
	return nil
}

// addKey adds one key, and answers the schema that has it now, and its name there.
func (api *openAPI) addKey(path, text string) (*schema, string, error) {
	var added schema
	if err := json.Unmarshal([]byte(text), &added); err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	names := strings.Split(path, ".")
	s := api.Components.Schemas[names[0]]
	for _, name := range names[1 : len(names)-1] {
		if s == nil {
			break
		}
		s = s.Properties.get(name)
	}
	last := names[len(names)-1]
	if s == nil || len(s.Properties) == 0 {
		return nil, "", fmt.Errorf("%s: no such schema", path)
	}
	if s.Properties.get(last) != nil {
		return nil, "", fmt.Errorf("%s: the description has it by now", path)
	}
	at := slices.IndexFunc(s.Properties, func(p property) bool { return p.name > last })
	if at < 0 {
		at = len(s.Properties)
	}
	s.Properties = slices.Insert(s.Properties, at, property{last, &added})
	return s, last, nil
}
