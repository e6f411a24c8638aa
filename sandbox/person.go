package sandbox

import "slices"

func init() {
	for _, path := range []string{"persons", "people"} {
		behave("POST /v1/accounts/{account}/"+path, createPerson)
		behave("DELETE /v1/accounts/{account}/"+path+"/{person}", deletePerson)
		behave("POST /v1/accounts/{account}/"+path+"/{person}", updatePerson)
	}
	onDue("person.verify", verifyPerson)
}

// personNumbers are the parameters that a person shows as given only.
var personNumbers = map[string]string{"id_number": "id_number_provided", "id_number_secondary": "id_number_secondary_provided", "ssn_last_4": "ssn_last_4_provided"}

// settlePerson says what a person still has to give, and looks at who has given all: an outline of Stripe's lists.
func settlePerson(tx *accountTx, o *stripeObject, p formParams) {
	for param, shown := range personNumbers {
		if p.Str(param) != "" {
			o.Set(shown, true)
		}
	}
	due := []string{}
	for _, name := range []string{"first_name", "last_name", "dob.day", "dob.month", "dob.year"} {
		if !o.Has(name) {
			due = append(due, name)
		}
	}
	if !o.Bool("id_number_provided") && !o.Bool("ssn_last_4_provided") {
		due = append(due, "id_number")
	}
	slices.Sort(due)
	for _, key := range []string{"requirements", "future_requirements"} {
		shown := tx.NewHash("person_" + key)
		for _, list := range []string{"alternatives", "currently_due", "errors", "eventually_due", "past_due", "pending_verification"} {
			shown.Set(list, []any{})
		}
		o.Set(key, shown)
	}
	o.Set("requirements.currently_due", due).Set("requirements.eventually_due", due)
	switch {
	case len(due) > 0:
		o.Set("verification.status", "unverified")
	case o.Str("verification.status") != "verified":
		o.Set("verification.status", "pending")
		tx.Due(tx.Now()+verifySeconds, "person.verify", o.ID())
	}
}

// putPerson stores a person, and tells of it in the account that they belong to.
func putPerson(tx *accountTx, o, former *stripeObject, event string) {
	tx.Put(o)
	tx.inAccount(o.Str("account"), func() { tx.Event(event, o, former) })
}

func createPerson(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	account, err := findAccount(tx, r)
	if err != nil {
		return nil, err
	}
	o := applyParams(tx, tx.New("person").Set("account", account.ID()), r.Params(), "id")
	settlePerson(tx, o, r.Params())
	putPerson(tx, o, nil, "person.created")
	return o, nil
}

func deletePerson(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o, err := newDefault(r.route.operation).named(tx, r)
	if err != nil {
		return nil, err
	}
	tx.Delete(o, "")
	tx.inAccount(o.Str("account"), func() { tx.Event("person.deleted", o, nil) })
	return tx.Remains("person", o.ID()), nil
}

func updatePerson(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	d := newDefault(r.route.operation)
	former, err := d.named(tx, r)
	if err != nil {
		return nil, err
	}
	o := applyParams(tx, former.Edit(), r.Params(), "id")
	settlePerson(tx, o, r.Params())
	putPerson(tx, o, former, "person.updated")
	return o, nil
}

// verifyPerson is Stripe's word on a person who gave everything.
func verifyPerson(tx *accountTx, id string) error {
	former := tx.Get("person", id)
	if former == nil || former.Str("verification.status") != "pending" {
		return nil
	}
	putPerson(tx, former.Edit().Set("verification.status", "verified"), former, "person.updated")
	return nil
}
