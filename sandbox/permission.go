package sandbox

import (
	"net/http"
	"strings"
	"sync"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// everyResource gives a permission for all resources that are not named.
const everyResource = "*"

// permissionNames are the resources that a restricted key may be allowed to read or write: the words of their paths, as in
// payment_intents or checkout_sessions, and "*".
var permissionNames = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{everyResource: true}
	api := description.Load()
	for i := range api.Operations {
		resource, _ := permissionOf(api.Operations[i].Method, api.Operations[i].Path)
		names[resource] = true
	}
	return names
})

// permissionOf is what a restricted key needs for an operation: the resource and read or write.
func permissionOf(method, path string) (resource, access string) {
	path = strings.TrimPrefix(strings.TrimPrefix(path, "/v1/"), "/v2/core/")
	if i := strings.IndexByte(path, '{'); i > 0 {
		path = path[:i]
	}
	path = strings.TrimSuffix(strings.TrimSuffix(path, "/"), "/search")
	resource = strings.ReplaceAll(path, "/", "_")
	if method == http.MethodGet {
		return resource, "read"
	}
	return resource, "write"
}

// permissionWord is a resource's word in Stripe's sentence: charge for charges; prices go with plans.
func permissionWord(resource string) string {
	if resource == "prices" {
		return "plan"
	}
	return strings.TrimSuffix(resource, "s")
}

// checkPermission refuses what a restricted key was not given. To write includes to read.
func (a *account) checkPermission(key string, rt *route) error {
	a.mu.Lock()
	issued := a.keys[key]
	a.mu.Unlock()
	if issued == nil || issued.permissions == nil || rt.operation == nil && !isV2(rt.path) {
		return nil
	}
	resource, access := permissionOf(rt.method, rt.path)
	given, named := issued.permissions[resource]
	if !named {
		given = issued.permissions[everyResource]
	}
	if given == "write" || given == access {
		return nil
	}
	return &Error{
		Status: http.StatusForbidden, Type: "invalid_request_error",
		Message: "The provided key '" + maskKey(key) + "' does not have the required permissions for this endpoint on account '" + a.id +
			"'. Having the 'rak_" + permissionWord(resource) + "_" + access + "' permission would allow this request to continue.",
	}
}
