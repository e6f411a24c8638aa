package sandbox

import (
	"net/http"
	"strings"
)

// permissionNames are resources whose permission has another name than their path. Source: Stripe's list of permissions of
// restricted keys.
var permissionNames = map[string]string{
	"prices":                 "plan",
	"plans":                  "plan",
	"refunds":                "charge",
	"webhook_endpoints":      "webhook",
	"billing_portal_session": "customer_portal",
	"subscription_items":     "subscription",
	"invoiceitems":           "invoice",
	"balance_transactions":   "balance_transaction_source",
}

// permissionOf is what a restricted key needs for an operation: the resource and read or write.
func permissionOf(method, path string) (resource, access string) {
	var words []string
	for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/v1/"), "/") {
		if strings.HasPrefix(segment, "{") || segment == "search" {
			break
		}
		words = append(words, segment)
	}
	name := strings.Join(words, "_")
	resource = permissionNames[name]
	if resource == "" {
		resource = strings.TrimSuffix(name, "s")
		if special := permissionNames[resource]; special != "" {
			resource = special
		}
	}
	if method == http.MethodGet {
		return resource, "read"
	}
	return resource, "write"
}

// checkPermission refuses what a restricted key was not given. To write includes to read.
func (a *account) checkPermission(key string, rt *route) error {
	a.mu.Lock()
	issued := a.keys[key]
	a.mu.Unlock()
	if issued == nil || issued.permissions == nil || rt.operation == nil {
		return nil
	}
	resource, access := permissionOf(rt.method, rt.path)
	given := issued.permissions[resource]
	if given == "write" || given == access {
		return nil
	}
	return &Error{
		Status: http.StatusForbidden, Type: "invalid_request_error",
		Message: "The provided key '" + maskKey(key) + "' does not have the required permissions for this endpoint on account '" + a.id +
			"'. Having the 'rak_" + resource + "_" + access + "' permission would allow this request to continue.",
	}
}
