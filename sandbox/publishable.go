package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// publicOperations are what Stripe opens to publishable keys; those of intents ask for the client_secret.
var publicOperations = []string{
	"GET /v1/payment_intents/{intent}",
	"POST /v1/payment_intents/{intent}/confirm",
	"POST /v1/payment_intents/{intent}/verify_microdeposits",
	"GET /v1/setup_intents/{intent}",
	"POST /v1/setup_intents/{intent}/confirm",
	"POST /v1/setup_intents/{intent}/verify_microdeposits",
	"POST /v1/payment_methods",
	"POST /v1/confirmation_tokens",
	"POST /v1/tokens",
	"POST /v1/sources",
	"GET /v1/sources/{source}",
}

// checkPublishable refuses what a publishable key may not do.
func checkPublishable(rt *route) error {
	if rt.operation == nil && !isV2(rt.path) || slices.Contains(publicOperations, rt.name()) {
		return nil
	}
	return &Error{
		Status: http.StatusUnauthorized, Type: "invalid_request_error", Code: "secret_key_required",
		Message: "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.",
	}
}

// intentTypes are the objects whose client_secret opens them, by the beginning of their paths.
var intentTypes = map[string]struct{ typ, name string }{
	"/v1/payment_intents/{intent}": {"payment_intent", "PaymentIntent"},
	"/v1/setup_intents/{intent}":   {"setup_intent", "SetupIntent"},
	"/v1/sources/{source}":         {"source", "Source"},
}

// checkClientSecret holds the client_secret of a call against the intent's: a publishable key must send it, and a wrong one
// is refused whatever the key. An intent that does not exist is for the operation to miss.
func (tx *accountTx) checkClientSecret(r *apiRequest) error {
	if !r.Publishable() && !r.params.Has("client_secret") {
		return nil
	}
	for prefix, intent := range intentTypes {
		if !strings.HasPrefix(r.Route, prefix) {
			continue
		}
		name := strings.Trim(prefix[strings.LastIndexByte(prefix, '{'):], "{}")
		o := tx.Get(intent.typ, r.Path(name))
		if o == nil {
			return nil
		}
		if !r.params.Has("client_secret") {
			return invalid("client_secret", "parameter_missing", "Missing required param: client_secret.")
		}
		if r.params.Str("client_secret") != o.Str("client_secret") {
			return invalid("client_secret", "", "The client_secret provided does not match any associated %[1]s on this account. "+
				"Ensure the publishable key used belongs to the same account that created the %[1]s.", intent.name)
		}
	}
	return nil
}

// publicKeys are the keys of an object that an answer to a publishable key has; types that are not listed have all but
// what is private.
var publicKeys = map[string][]string{
	"payment_intent": {
		"id", "object", "amount", "amount_details", "automatic_payment_methods", "canceled_at", "cancellation_reason", "capture_method", "client_secret", "confirmation_method",
		"created", "currency", "description", "excluded_payment_method_types", "last_payment_error", "livemode", "next_action", "payment_method", "payment_method_configuration_details",
		"payment_method_types", "processing", "receipt_email", "setup_future_usage", "shipping", "status",
	},
	"setup_intent": {
		"id", "object", "automatic_payment_methods", "cancellation_reason", "client_secret", "created", "description", "excluded_payment_method_types", "last_setup_error", "livemode",
		"next_action", "payment_method", "payment_method_configuration_details", "payment_method_types", "status", "usage",
	},
}

// privateKeys are in no answer to a publishable key.
var privateKeys = []string{"metadata", "fingerprint"}

// redact is an object as a publishable key sees it.
func redact(o *stripeObject) *stripeObject {
	shown := o.Edit()
	only := publicKeys[o.Type()]
	for i, v := range o.all() {
		key := o.key(i)
		if slices.Contains(privateKeys, key) || only != nil && !slices.Contains(only, key) {
			shown.Unset(key)
			continue
		}
		shown.setOwn(key, redactValue(v))
	}
	return shown
}

func redactValue(v any) any {
	switch v := v.(type) {
	case *stripeObject:
		return redact(v)
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = redactValue(e)
		}
		return list
	}
	return v
}
