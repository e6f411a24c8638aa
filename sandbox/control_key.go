package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// Key is a restricted key that the account issued.
type Key struct {
	// Key begins with rk_test_.
	Key string `json:"key"`
	// Permissions are "read" or "write" (which includes reading) by resource: payment_intents, checkout_sessions. "*" is
	// every resource that is not named. What has none is refused with 403.
	Permissions map[string]string `json:"permissions"`
}

// AddKey issues a restricted key for the account. It returns an *Error that says which permission is none.
func (a *Account) AddKey(permissions map[string]string) (Key, error) {
	c, err := a.control()
	if err != nil {
		return Key{}, err
	}
	if permissions == nil {
		permissions = map[string]string{}
	}
	granted := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(permissions)) {
		access := permissions[name]
		if !slices.Contains([]string{"none", "read", "write"}, access) {
			return Key{}, invalid("permissions["+name+"]", "", "Invalid permissions[%s]: must be one of none, read, or write", name)
		}
		resource, known := permissionWords()[name]
		if !known && name != everyPermission {
			return Key{}, invalid("permissions["+name+"]", "", "Invalid permissions: there is no resource %s; use the words of the path, as in payment_intents or checkout_sessions, or *", name)
		}
		if known {
			granted[resource] = access
		}
	}
	if access, all := permissions[everyPermission]; all {
		for _, resource := range permissionWords() {
			if granted[resource] == "" {
				granted[resource] = access
			}
		}
	}
	key := Key{Permissions: maps.Clone(permissions)}
	err = c.account.do(func(tx *Tx) error {
		key.Key = tx.NewID("rk_test_"+c.account.name+"_", 24)
		tx.account.issueKey(key.Key, granted)
		return nil
	})
	return key, err
}

// everyPermission stands for all resources that are not named.
const everyPermission = "*"

// permissionWords are the words for a permission: the path's (payment_intents, checkout_sessions) and Stripe's own
// (payment_intent), with Stripe's.
var permissionWords = sync.OnceValue(func() map[string]string {
	words := map[string]string{}
	api := description.Load()
	for i := range api.Operations {
		op := &api.Operations[i]
		resource, _ := permissionOf(op.Method, op.Path)
		words[resource] = resource
		path, _, _ := strings.Cut(strings.TrimPrefix(op.Path, "/v1/"), "/{")
		if name := strings.ReplaceAll(path, "/", "_"); words[name] == "" {
			words[name] = resource
		}
	}
	return words
})

// Keys lists the restricted keys that the account issued.
func (a *Account) Keys() ([]Key, error) {
	c, err := a.control()
	if err != nil {
		return nil, err
	}
	list := []Key{}
	return list, c.account.do(func(tx *Tx) error {
		for _, k := range tx.account.keys {
			if k.permissions != nil {
				list = append(list, Key{k.key, maps.Clone(k.permissions)})
			}
		}
		slices.SortFunc(list, func(a, b Key) int { return strings.Compare(a.Key, b.Key) })
		return nil
	})
}

func getKeys(a *Account, _ *http.Request) (any, error) {
	list, err := a.Keys()
	return controlList(list), err
}

func postKey(a *Account, r *http.Request) (any, error) {
	var body struct {
		Permissions map[string]string `json:"permissions"`
	}
	if err := decodeControl(r, &body); err != nil {
		return nil, err
	}
	return a.AddKey(body.Permissions)
}
