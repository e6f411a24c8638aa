package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// libraryParams are parameters that Stripe takes and its libraries send (stripe-go 85, stripe-node 23.1.0), and that its
// published description lacks; plan and quantity of a subscription without items are recorded. Each is an operation, the hash that has it ("" for the request itself, "[]" for the members
// of an array), its name and the schema of its value.
//
// Not among them: payment_method_options[card][moto] and level3, which Stripe refuses as unknown until it has opened them
// for an account; exchange_rate and dynamic_tax_rates, for which nothing says what they do; plan of an item, which the
// sandbox takes for its price.
var libraryParams = []struct{ operation, within, name, schema string }{
	{"get /v1/products", "", "type", `{"type":"string","enum":["good","service"]}`},
	{"post /v1/products", "", "type", `{"type":"string","enum":["good","service"]}`},
	{"post /v1/prices", "recurring", "trial_period_days", `{"type":"integer"}`},
	{"get /v1/subscriptions", "", "plan", `{"type":"string","maxLength":5000}`},
	{"post /v1/subscriptions", "", "plan", `{"type":"string","maxLength":5000}`},
	{"post /v1/subscriptions", "", "quantity", `{"type":"integer"}`},
	{"post /v1/subscriptions/{subscription_exposed_id}", "", "plan", `{"type":"string","maxLength":5000}`},
	{"post /v1/subscriptions/{subscription_exposed_id}", "", "quantity", `{"type":"integer"}`},
	{"post /v1/customers/{customer}/subscriptions", "", "plan", `{"type":"string","maxLength":5000}`},
	{"post /v1/customers/{customer}/subscriptions", "", "quantity", `{"type":"integer"}`},
	{"post /v1/customers/{customer}/subscriptions/{subscription_exposed_id}", "", "plan", `{"type":"string","maxLength":5000}`},
	{"post /v1/customers/{customer}/subscriptions/{subscription_exposed_id}", "", "quantity", `{"type":"integer"}`},
	{"post /v1/subscription_schedules/{schedule}", "phases.[]", "currency", `{"type":"string","format":"currency"}`},
	{"post /v1/invoices/create_preview", "schedule_details.phases.[]", "currency", `{"type":"string","format":"currency"}`},

	{"post /v1/customers", "", "validate", `{"type":"boolean"}`},
	{"post /v1/customers/{customer}", "", "validate", `{"type":"boolean"}`},
	{"post /v1/customers/{customer}/sources", "", "validate", `{"type":"boolean"}`},

	{"post /v1/payment_methods", "fpx", "account_holder_type", holderType},
	{"post /v1/test_helpers/confirmation_tokens", "payment_method_data.fpx", "account_holder_type", holderType},
	{"post /v1/payment_intents", "payment_method_data.fpx", "account_holder_type", holderType},
	{"post /v1/payment_intents/{intent}", "payment_method_data.fpx", "account_holder_type", holderType},
	{"post /v1/payment_intents/{intent}/confirm", "payment_method_data.fpx", "account_holder_type", holderType},
	{"post /v1/setup_intents", "payment_method_data.fpx", "account_holder_type", holderType},
	{"post /v1/setup_intents/{intent}", "payment_method_data.fpx", "account_holder_type", holderType},
	{"post /v1/setup_intents/{intent}/confirm", "payment_method_data.fpx", "account_holder_type", holderType},

	{"post /v1/payment_intents", "payment_method_options.link", "persistent_token", aToken},
	{"post /v1/payment_intents/{intent}", "payment_method_options.link", "persistent_token", aToken},
	{"post /v1/payment_intents/{intent}/confirm", "payment_method_options.link", "persistent_token", aToken},
	{"post /v1/setup_intents", "payment_method_options.link", "persistent_token", aToken},
	{"post /v1/setup_intents/{intent}", "payment_method_options.link", "persistent_token", aToken},
	{"post /v1/setup_intents/{intent}/confirm", "payment_method_options.link", "persistent_token", aToken},
}

const (
	holderType = `{"type":"string","enum":["company","individual"]}`
	aToken     = `{"type":"string","maxLength":5000}`
)

// addLibraryParams adds the parameters of Stripe's libraries to the description, after those that it has.
func (api *openAPI) addLibraryParams() error {
	for _, p := range libraryParams {
		method, path, _ := strings.Cut(p.operation, " ")
		o := api.Paths[path][method]
		if o == nil {
			return fmt.Errorf("%s: no such operation", p.operation)
		}
		var added schema
		if err := json.Unmarshal([]byte(p.schema), &added); err != nil {
			return fmt.Errorf("%s: %s: %w", p.operation, p.name, err)
		}
		if method == "get" {
			if slices.ContainsFunc(o.Parameters, func(q openParameter) bool { return q.Name == p.name }) {
				return fmt.Errorf("%s: the description has %s by now", p.operation, p.name)
			}
			o.Parameters = append(o.Parameters, openParameter{Name: p.name, In: "query", Schema: &added})
			continue
		}
		hash := hashWithin(o, p.within)
		if hash == nil {
			return fmt.Errorf("%s: no %s", p.operation, p.within)
		}
		if hash.Properties.get(p.name) != nil {
			return fmt.Errorf("%s: the description has %s[%s] by now", p.operation, p.within, p.name)
		}
		hash.Properties = append(hash.Properties, property{p.name, &added})
	}
	return nil
}

// hashWithin is the hash at a path of an operation's body, nil when there is none. Of alternatives it is the one that is a
// hash or an array: the others unset the parameter.
func hashWithin(o *openOperation, path string) *schema {
	var s *schema
	for _, body := range o.RequestBody.Content {
		s = body.Schema
	}
	for _, step := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' }) {
		if s == nil {
			return nil
		}
		if step == "[]" {
			s = s.whole().Items
			continue
		}
		s = s.whole().Properties.get(step)
	}
	if s == nil {
		return nil
	}
	return s.whole()
}

// whole is the alternative of a schema that has members, the schema itself when it has no alternatives.
func (s *schema) whole() *schema {
	for _, a := range s.AnyOf {
		if len(a.Properties) > 0 || a.Items != nil {
			return a
		}
	}
	return s
}
