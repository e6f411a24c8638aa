package sandbox

func init() {
	behave("POST /v1/apps/secrets", setAppSecret)
	behave("POST /v1/apps/secrets/delete", deleteAppSecret)
}

// namedSecret is the secret of a name in the scope that a call tells, nil when there is none.
func namedSecret(tx *accountTx, p formParams) (found *stripeObject) {
	tx.Each("apps.secret", func(o *stripeObject) bool {
		if o.Str("name") == p.Str("name") && o.Str("scope.type") == p.Str("scope.type") && o.Str("scope.user") == p.Str("scope.user") {
			found = o
		}
		return found == nil
	})
	return found
}

// setAppSecret makes a secret, or takes the place of the one of its name and scope. Answers show what it holds only when
// that is expanded.
func setAppSecret(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o := namedSecret(tx, r.Params())
	if o == nil {
		o = tx.New("apps.secret")
	}
	o = applyParams(tx, o.Edit().Set("expires_at", nil), r.Params())
	tx.Put(o)
	return o, nil
}

func deleteAppSecret(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o := namedSecret(tx, r.Params())
	if o == nil {
		return nil, invalid("", "resource_missing", "No such secret")
	}
	tx.Delete(o, "")
	return o.Edit().Set("deleted", true).Unset("payload"), nil
}
