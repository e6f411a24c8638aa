package sandbox

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// searchFields are what Stripe can search for, by the type of object. Source: Stripe's documentation on search.
var searchFields = map[string][]string{
	"charge":         {"amount", "billing_details.address.postal_code", "created", "currency", "customer", "disputed", "payment_method_details.card.brand", "payment_method_details.card.exp_month", "payment_method_details.card.exp_year", "payment_method_details.card.fingerprint", "payment_method_details.card.last4", "refunded", "status"},
	"customer":       {"created", "email", "name", "phone"},
	"invoice":        {"created", "currency", "customer", "last_finalization_error_code", "last_finalization_error_type", "number", "receipt_number", "status", "subscription", "total"},
	"payment_intent": {"amount", "created", "currency", "customer", "status"},
	"price":          {"active", "currency", "lookup_key", "product", "type"},
	"product":        {"active", "description", "name", "shippable", "url"},
	"subscription":   {"canceled_at", "created", "status"},
}

// searchPaths are fields that stand elsewhere in the object.
var searchPaths = map[string]string{
	"last_finalization_error_code": "last_finalization_error.code",
	"last_finalization_error_type": "last_finalization_error.type",
	"subscription":                 "parent.subscription_details.subscription",
}

// maxClauses is how many clauses a query may have.
const maxClauses = 10

// clause is one condition of a query.
type clause struct {
	negated  bool
	path     string
	operator string // : ~ > < >= <=
	value    string
	quoted   bool
}

// query is a search: all clauses hold, or any does.
type query struct {
	clauses []clause
	any     bool
}

// search answers what a query finds, newest first. What was written is found at once; at Stripe it can take a minute.
func (d *defaultOperation) search(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	q, err := parseQuery(r.params.Str("query"), d.typ(), d.op.Path)
	if err != nil {
		return nil, err
	}
	after := ""
	if r.params.Has("page") {
		if after, err = d.pageToken(tx, r.params.Str("page")); err != nil {
			return nil, err
		}
	}
	limit, total, reached := pageLimit(r.params), 0, after == ""
	var members []*stripeObject
	tx.Each(d.typ(), func(o *stripeObject) bool {
		if !q.holds(o) {
			return true
		}
		total++
		if reached && len(members) <= limit {
			members = append(members, o)
		}
		reached = reached || o.ID() == after
		return true
	})
	var next any
	more := len(members) > limit
	if more {
		members = members[:limit]
		next = base64.RawURLEncoding.EncodeToString([]byte(members[limit-1].ID()))
	}
	answer := listObject(r.http.URL.Path, members, more).Edit().Set("object", "search_result").Set("next_page", next)
	if slices.Contains(r.params.Strs("expand"), "total_count") {
		answer.Set("total_count", total)
	}
	return answer, nil
}

// pageToken is the id behind which a page begins.
func (d *defaultOperation) pageToken(tx *accountTx, token string) (string, error) {
	id, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || tx.Get(d.typ(), string(id)) == nil {
		return "", invalid("page", "", "Invalid page: it is not the next_page of an earlier answer")
	}
	return string(id), nil
}

// parseQuery reads a query of Stripe's grammar: clauses of field, operator and value, joined by AND (or a blank) or by OR.
func parseQuery(text, typ, path string) (*query, error) {
	q := &query{}
	s := scanner{text: text}
	joined := ""
	for {
		s.blanks()
		if s.end() {
			break
		}
		if len(q.clauses) > 0 {
			word := s.joint()
			if word == "" {
				word = "AND"
			}
			if joined != "" && joined != word {
				return nil, invalid("query", "", "Search queries cannot mix AND and OR.")
			}
			joined = word
			s.blanks()
		}
		c, ok := s.clause()
		if !ok {
			return nil, invalid("query", "", "We were unable to parse your search query. Try using the format `metadata[\"key\"]:\"value\"` to query for metadata or key:\"value\" to query for other fields.")
		}
		if err := c.check(typ, path); err != nil {
			return nil, err
		}
		q.clauses = append(q.clauses, c)
	}
	switch {
	case len(q.clauses) == 0:
		return nil, invalid("query", "", "Search query cannot be empty.")
	case len(q.clauses) > maxClauses:
		return nil, invalid("query", "", "Search queries can have up to %d clauses.", maxClauses)
	}
	q.any = joined == "OR"
	return q, nil
}

// check refuses fields and operators that Stripe does not search by.
func (c *clause) check(typ, path string) error {
	resource := strings.TrimSuffix(strings.TrimPrefix(path, "/v1/"), "/search")
	if !strings.HasPrefix(c.path, "metadata.") && !slices.Contains(searchFields[typ], c.path) {
		return invalid("query", "", "Field `%[1]s` is an unsupported search field for resource `%[2]s`. See https://stripe.com/docs/search#query-fields-for-%[3]s for a list of supported fields.",
			c.path, resource, strings.ReplaceAll(resource, "_", "-"))
	}
	if err := c.checkOperator(); err != nil {
		return err
	}
	if c.operator == "~" && len([]rune(c.value)) < 3 {
		return invalid("query", "", "Substring queries need at least 3 characters.")
	}
	if to, ok := searchPaths[c.path]; ok {
		c.path = to
	}
	return nil
}

// numericFields are the fields that numbers are compared with (docs.stripe.com/search, "Query fields").
var numericFields = []string{"amount", "canceled_at", "created", "payment_method_details.card.exp_month", "payment_method_details.card.exp_year", "total"}

// checkOperator refuses to compare what is no number, and to look for a part of what is one.
func (c *clause) checkOperator() error {
	numeric, compares := slices.Contains(numericFields, c.path), c.operator != ":" && c.operator != "~"
	switch {
	case compares && !numeric && !strings.HasPrefix(c.path, "metadata."), numeric && c.operator == "~":
		return invalid("query", "", "Field `%s` does not support the operator `%s`.", c.path, c.operator)
	case numeric && c.value != "null":
		if _, err := strconv.ParseFloat(c.value, 64); err != nil {
			return invalid("query", "", "Field `%s` is a number, `%s` is none.", c.path, c.value)
		}
	}
	return nil
}

func (q *query) holds(o *stripeObject) bool {
	for _, c := range q.clauses {
		if c.holds(o) == q.any {
			return q.any
		}
	}
	return !q.any
}

func (c *clause) holds(o *stripeObject) bool { return c.matches(c.read(o)) != c.negated }

// read is the field's value; a key of metadata may have dots in it.
func (c *clause) read(o *stripeObject) any {
	if key, ok := strings.CutPrefix(c.path, "metadata."); ok {
		m := o.Hash("metadata")
		if m == nil {
			return nil
		}
		if i := m.slot(key); i >= 0 {
			return m.at(i)
		}
		return nil
	}
	return o.Get(c.path)
}

func (c *clause) matches(v any) bool {
	if !c.quoted && c.value == "null" {
		return v == nil
	}
	if v == nil {
		return false
	}
	have, want := strings.ToLower(textOf(v)), strings.ToLower(c.value)
	switch c.operator {
	case ":":
		if n, ok := v.(int64); ok {
			w, err := strconv.ParseInt(want, 10, 64)
			return err == nil && n == w
		}
		return have == want
	case "~":
		return strings.Contains(have, want)
	}
	x, err := strconv.ParseFloat(have, 64)
	y, err2 := strconv.ParseFloat(want, 64)
	if err != nil || err2 != nil {
		return false
	}
	switch c.operator {
	case ">":
		return x > y
	case "<":
		return x < y
	case ">=":
		return x >= y
	}
	return x <= y
}
