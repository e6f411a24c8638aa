package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"strings"
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
	if len(permissions) == 0 {
		permissions = map[string]string{everyResource: "none"}
	}
	for _, name := range slices.Sorted(maps.Keys(permissions)) {
		if !slices.Contains([]string{"none", "read", "write"}, permissions[name]) {
			return Key{}, invalid("permissions["+name+"]", "", "Invalid permissions[%s]: must be one of none, read, or write", name)
		}
		if !permissionNames()[name] {
			return Key{}, invalid("permissions["+name+"]", "", "Invalid permissions: there is no resource %s; use the words of the path, as in payment_intents or checkout_sessions, or *", name)
		}
	}
	key := Key{Permissions: maps.Clone(permissions)}
	err = c.account.do(func(tx *accountTx) error {
		key.Key = tx.NewID("rk_test_"+c.account.name+"_", 24)
		tx.account.issueKey(key.Key, maps.Clone(permissions))
		return nil
	})
	return key, err
}

// Keys lists the restricted keys that the account issued.
func (a *Account) Keys() ([]Key, error) {
	c, err := a.control()
	if err != nil {
		return nil, err
	}
	list := []Key{}
	c.account.locked(func() {
		for _, k := range c.account.keys {
			if k.permissions != nil {
				list = append(list, Key{k.key, maps.Clone(k.permissions)})
			}
		}
	})
	slices.SortFunc(list, func(a, b Key) int { return strings.Compare(a.Key, b.Key) })
	return list, nil
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
