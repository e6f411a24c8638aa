package sandbox

import (
	"net/http"
	"strings"
	"time"
)

// Account is the control over one account of the sandbox: what POST and GET under /_sandbox/ do, as Go methods. It is
// safe for several goroutines.
type Account struct {
	a   *account
	key string
	err error
}

// Account gives the control over the account that a secret key names, made at first use. An error of the key, an *Error
// as for the API, is returned by the methods.
func (sb *Sandbox) Account(key string) *Account {
	a, err := sb.controlled(key)
	if err != nil {
		return &Account{err: err}
	}
	return &Account{a: a, key: key}
}

// controlled finds the account that a key may control: a secret key's.
func (sb *Sandbox) controlled(key string) (*account, error) {
	a, refused := sb.accountOf(key)
	if refused != nil {
		return nil, refused
	}
	if strings.HasPrefix(key, "pk_") {
		return nil, unauthorized("The control API takes a secret key; " + maskKey(key) + " is a publishable one.")
	}
	restricted := false
	a.locked(func() { restricted = a.keys[key] != nil && a.keys[key].permissions != nil })
	if restricted {
		return nil, &Error{Status: http.StatusForbidden, Type: "invalid_request_error", Message: "The control API takes a secret key; " + maskKey(key) + " is a restricted one."}
	}
	return a, nil
}

// Name is what the account's keys end with, "" when the key was refused.
func (a *Account) Name() string {
	if a.err != nil {
		return ""
	}
	return a.a.name
}

// control is where the methods work, or the error of the key.
func (a *Account) control() (*control, error) {
	if a.err != nil {
		return nil, a.err
	}
	return a.a.control, nil
}

// newControlID makes an id for what is no object of Stripe's: a fault, a snapshot.
func (c *control) newControlID(prefix string) (id string, err error) {
	err = c.account.do(func(tx *accountTx) error {
		id = tx.NewID(prefix, 14)
		return nil
	})
	return id, err
}

// seconds is a duration as whole seconds, refused when it has a fraction.
func seconds(d time.Duration, param string) (int64, error) {
	if d%time.Second != 0 {
		return 0, invalid(param, "parameter_invalid_integer", "Invalid %s: %s is no whole number of seconds", param, d)
	}
	return int64(d / time.Second), nil
}
