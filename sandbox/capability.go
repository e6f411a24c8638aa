package sandbox

import "slices"

func init() {
	behave("GET /v1/accounts/{account}/capabilities", listCapabilities)
	behave("GET /v1/accounts/{account}/capabilities/{capability}", retrieveCapability)
	behave("POST /v1/accounts/{account}/capabilities/{capability}", updateCapability)
}

// capabilityNames are the capabilities that a connected account may be asked to have, in the description's order.
func capabilityNames(tx *accountTx) []string {
	return tx.NewHash("account_capabilities").shape.keys
}

// capabilityOf shows one capability of an account.
func capabilityOf(tx *accountTx, account *stripeObject, name string) *stripeObject {
	status := orElse(account.Str("capabilities."+name), "unrequested")
	o := tx.New("capability").Set("id", name).Set("account", account.ID()).Set("requested", status != "unrequested").Set("status", status)
	if at := account.Int(hiddenRequested + "." + name); at != 0 {
		o.Set("requested_at", at)
	}
	for _, key := range []string{"requirements", "future_requirements"} {
		shown := tx.NewHash("account_capability_" + key)
		for _, list := range []string{"alternatives", "currently_due", "errors", "eventually_due", "past_due", "pending_verification"} {
			shown.Set(list, []any{})
		}
		o.Set(key, shown)
	}
	if status == "inactive" {
		for _, list := range []string{"currently_due", "eventually_due", "past_due"} {
			o.Set("requirements."+list, account.List("requirements."+list))
		}
		o.Set("requirements.disabled_reason", "requirements.fields_needed")
	}
	return o
}

// hiddenRequested is when each capability of an account was asked for.
const hiddenRequested = "_requested"

// requestCapabilities writes what was asked for into an account that is not stored yet, and answers the names that changed.
func requestCapabilities(tx *accountTx, account *stripeObject, given formParams) []string {
	var changed []string
	for _, name := range given.Keys() {
		now := account.Str("capabilities." + name)
		switch wanted := given.Bool(name + ".requested"); {
		case wanted && now == "":
			account.Set("capabilities."+name, "inactive").Set(hiddenRequested+"."+name, tx.Now())
			changed = append(changed, name)
		case !wanted && now != "" && given.Has(name+".requested"):
			account.Set("capabilities."+name, nil)
			changed = append(changed, name)
		}
	}
	return changed
}

// activateCapabilities turns on what an account asked for, and answers the names that changed.
func activateCapabilities(tx *accountTx, account *stripeObject) []string {
	return moveCapabilities(tx, account, "inactive", "active")
}

func stopCapabilities(tx *accountTx, account *stripeObject) []string {
	return moveCapabilities(tx, account, "active", "inactive")
}

func moveCapabilities(tx *accountTx, account *stripeObject, from, to string) []string {
	var changed []string
	for _, name := range capabilityNames(tx) {
		if account.Str("capabilities."+name) == from {
			account.Set("capabilities."+name, to)
			changed = append(changed, name)
		}
	}
	return changed
}

// tellCapabilities sends capability.updated for each name, in the connected account that is acted in.
func (tx *accountTx) tellCapabilities(names []string) {
	for _, name := range names {
		tx.Event("capability.updated", capabilityOf(tx, tx.Account(), name), nil)
	}
}

func listCapabilities(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	account, err := findAccount(tx, r)
	if err != nil {
		return nil, err
	}
	var list []*stripeObject
	for _, name := range capabilityNames(tx) {
		if account.Str("capabilities."+name) != "" {
			list = append(list, capabilityOf(tx, account, name))
		}
	}
	return tx.ListObjects(r, list)
}

func retrieveCapability(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	account, err := findAccount(tx, r)
	if err != nil {
		return nil, err
	}
	name := r.Path("capability")
	if !slices.Contains(capabilityNames(tx), name) {
		return nil, missing("capability", name, "capability", 404)
	}
	return capabilityOf(tx, account, name), nil
}

func updateCapability(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o, err := retrieveCapability(tx, r)
	if err != nil {
		return nil, err
	}
	name, p := o.ID(), r.Params()
	if p.Has("requested") {
		account := tx.Get("account", r.Path("account")).Edit()
		told := requestCapabilities(tx, account, formParams{&paramNode{keys: []string{name}, hash: map[string]*paramNode{name: p.node}}})
		if len(told) > 0 {
			tx.Put(account)
			settleRequirements(tx, account, nil, told)
		}
	}
	return capabilityOf(tx, tx.Get("account", r.Path("account")), name), nil
}
