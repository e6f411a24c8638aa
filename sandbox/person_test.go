package sandbox_test

import (
	"testing"
	"time"
)

// A person of an account is unverified until a name, a date of birth and a number are there, then verified a few seconds
// later; numbers are never shown.
func TestAPersonIsVerified(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	account := s.post("/v1/accounts", "type", "custom", "country", "US").str("id")
	path := "/v1/accounts/" + account + "/persons"
	person := s.post(path, "first_name", "Ada", "relationship[owner]", "true", "email", "ada@shop.example")
	person.want(t, "object", "person", "account", account, "verification.status", "unverified", "id_number_provided", false, "ssn_last_4_provided", false,
		"relationship.owner", true, "requirements.currently_due.0", "dob.day")
	path += "/" + person.str("id")
	s.post(path, "last_name", "Lovelace", "dob[day]", "1", "dob[month]", "1", "dob[year]", "1990", "ssn_last_4", "0000", "full_name_aliases[]", "").want(t,
		"verification.status", "pending", "ssn_last_4_provided", true, "requirements.currently_due.0", nil, "full_name_aliases.0", nil)
	s.wait(5 * time.Second)
	s.get(path).want(t, "verification.status", "verified", "last_name", "Lovelace")
	wantEvents(t, s.in(account).events(), "person.created", "person.updated", "person.updated")
	s.get("/v1/accounts/"+account+"/persons", "relationship[owner]", "true").want(t, "data.0.id", person.str("id"))
	s.get("/v1/accounts/"+account+"/persons", "relationship[director]", "true").want(t, "data.0", nil)
	s.must("DELETE", path).want(t, "deleted", true)
	wantEvents(t, s.in(account).events(), "person.created", "person.updated", "person.updated", "person.deleted")
	s.refused("GET", path).want(t, "status", 404, "code", "resource_missing")
}
