package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"sort"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// Sizes of a page of a list. A limit outside is clamped, as recorded answers show.
const (
	defaultLimit = 10
	maxLimit     = 100
)

var listLayout = freeLayout("object", "url", "has_more", "data")

// listObject is a list as Stripe answers it.
func listObject(url string, members []*stripeObject, more bool) *stripeObject {
	data := make([]any, len(members))
	for i, m := range members {
		data[i] = m
	}
	return &stripeObject{layout: listLayout, values: []any{"list", url, more, data}}
}

// List answers a page of the objects of a type that match, newest first, by the request's limit, cursors and range of
// created. A nil match takes all. It returns Stripe's errors for bad cursors.
func (tx *accountTx) List(r *apiRequest, typ string, match func(*stripeObject) bool) (*stripeObject, error) {
	s := tx.account.store
	return tx.page(r, typ, s.list(tx.scoped(typ)), match)
}

// ListOf answers a page of the objects of a type whose field has a value and that match.
func (tx *accountTx) ListOf(r *apiRequest, typ, field, value string, match func(*stripeObject) bool) (*stripeObject, error) {
	s := tx.account.store
	list := s.list(tx.scoped(typ))
	if slices.Contains(indexedFields, field) {
		list = s.indexed(tx.scoped(typ), field, value)
	}
	return tx.page(r, typ, list, func(o *stripeObject) bool {
		return o.Str(field) == value && (match == nil || match(o))
	})
}

// page answers one page of a list of the store.
func (tx *accountTx) page(r *apiRequest, typ string, list []*record, match func(*stripeObject) bool) (*stripeObject, error) {
	s := tx.account.store
	place := func(param string) (int, error) {
		id := r.params.Str(param)
		r := s.record(tx.scoped(typ), id)
		if r == nil {
			return 0, missing(objectName(typ), id, param, http.StatusBadRequest)
		}
		return sort.Search(len(list), func(i int) bool { return list[i].seq >= r.seq }), nil
	}
	first, last, limit := 0, len(list), pageLimit(r.params)
	backwards := r.params.Has("ending_before")
	if r.params.Has("starting_after") {
		at, err := place("starting_after")
		if err != nil {
			return nil, err
		}
		last = at
	}
	if backwards {
		at, err := place("ending_before")
		if err != nil {
			return nil, err
		}
		for first = at; first < len(list) && list[first].id == r.params.Str("ending_before"); first++ {
		}
	}
	if backwards && r.params.Has("starting_after") {
		return nil, invalid("", "", "Received both starting_after and ending_before parameters. Please pass in only one.")
	}
	created := createdRange(r.params)
	var members []*stripeObject
	take := func(e *record) (full bool) {
		o := e.object
		if r.stale && hasHistory(typ) { // a planted fault shows the list as it was before its last change
			if e.former == nil && e == list[len(list)-1] {
				return false
			}
			o = cmp.Or(e.former, o)
		}
		if o == nil || !created.holds(o) || match != nil && !match(o) {
			return false
		}
		members = append(members, o)
		return len(members) > limit
	}
	if backwards {
		for _, e := range list[first:] {
			if take(e) {
				break
			}
		}
	} else {
		for _, e := range slices.Backward(list[:last]) {
			if take(e) {
				break
			}
		}
	}
	more := len(members) > limit
	if more {
		members = members[:limit]
	}
	if backwards {
		slices.Reverse(members)
	}
	answer := listObject(r.http.URL.Path, members, more)
	if r.wantsCount() {
		limit, members = len(list), nil
		for _, e := range list {
			take(e)
		}
		answer = withCount(answer, len(members))
	}
	return answer, nil
}

// ListObjects answers a page of objects that stand in the order of the answer already.
func (tx *accountTx) ListObjects(r *apiRequest, objects []*stripeObject) (*stripeObject, error) {
	place := func(param, typ string) (int, error) {
		id := r.params.Str(param)
		at := slices.IndexFunc(objects, func(o *stripeObject) bool { return o.ID() == id })
		if at < 0 {
			return 0, missing(typ, id, param, http.StatusBadRequest)
		}
		return at, nil
	}
	typ := "object"
	if len(objects) > 0 {
		typ = objectName(objects[0].Type())
	}
	limit, count := pageLimit(r.params), len(objects)
	after, before := r.params.Has("starting_after"), r.params.Has("ending_before")
	if after {
		at, err := place("starting_after", typ)
		if err != nil {
			return nil, err
		}
		objects = objects[at+1:]
	}
	if before {
		at, err := place("ending_before", typ)
		if err != nil && !after {
			return nil, err
		}
		objects = objects[:max(at, 0)]
	}
	if after && before {
		return nil, invalid("", "", "Received both starting_after and ending_before parameters. Please pass in only one.")
	}
	more := len(objects) > limit
	switch {
	case more && before:
		objects = objects[len(objects)-limit:]
	case more:
		objects = objects[:limit]
	}
	answer := listObject(r.http.URL.Path, objects, more)
	if r.wantsCount() {
		answer = withCount(answer, count)
	}
	return answer, nil
}

func pageLimit(p formParams) int {
	if !p.Has("limit") {
		return defaultLimit
	}
	return int(min(max(p.Int("limit"), 1), maxLimit))
}

// timeRange is a filter on created, in seconds; both ends belong to it.
type timeRange struct {
	sent     bool
	from, to int64
}

func createdRange(p formParams) timeRange { return rangeOf(p, "created") }

// rangeOf reads a time, or gt, gte, lt and lte.
func rangeOf(p formParams, name string) timeRange {
	r := timeRange{from: minInstant, to: maxInstant}
	h, isHash := p.Hash(name)
	switch {
	case !p.Has(name):
		return r
	case !isHash:
		return timeRange{true, p.Int(name), p.Int(name)}
	}
	r.sent = true
	if h.Has("gt") {
		r.from = max(r.from, h.Int("gt")+1)
	}
	if h.Has("gte") {
		r.from = max(r.from, h.Int("gte"))
	}
	if h.Has("lt") {
		r.to = min(r.to, h.Int("lt")-1)
	}
	if h.Has("lte") {
		r.to = min(r.to, h.Int("lte"))
	}
	return r
}

const (
	minInstant = -1 << 62
	maxInstant = 1 << 62
)

func (t timeRange) holds(o *stripeObject) bool {
	return !t.sent || t.includes(o.Int("created"))
}

func (t timeRange) includes(at int64) bool { return t.from <= at && at <= t.to }

// objectNames are what Stripe's errors call objects of a type, where it is not the type's own name.
var objectNames = map[string]string{
	"setup_intent":        "setupintent",
	"payment_method":      "PaymentMethod",
	"balance_transaction": "balance transaction",
	"invoiceitem":         "invoiceitem",
}

// objectName is the name of a type in "No such …".
func objectName(typ string) string {
	if name, ok := objectNames[typ]; ok {
		return name
	}
	return typ
}

// idParams are the parameters that "No such …" names for an id in the path, where it is not the path's own name.
// Source: recorded answers.
var idParams = map[string]string{
	"/v1/customers/{customer}":                       "id",
	"/v1/charges/{charge}":                           "id",
	"/v1/prices/{price}":                             "id",
	"/v1/subscriptions/{subscription_exposed_id}":    "id",
	"POST /v1/invoices/{invoice}":                    "id",
	"POST /v1/invoices/{invoice}/pay":                "id",
	"POST /v1/invoices/{invoice}/finalize":           "id",
	"POST /v1/invoices/{invoice}/void":               "id",
	"POST /v1/invoices/{invoice}/mark_uncollectible": "id",
}

// paymentMethodHint follows the missing PaymentMethod.
const paymentMethodHint = "; It's possible this PaymentMethod exists on one of your connected accounts, in which case you should retry this request on that connected account. " +
	"Learn more at https://stripe.com/docs/connect/authentication"

// missingInPath is the 404 of an id in the path: {name} of the request's route.
func missingInPath(r *apiRequest, typ, name string) *Error {
	param := idParams[r.route.name()]
	if param == "" {
		param = idParams[r.Route[:endOf(r.Route, "{"+name+"}")]]
	}
	if param == "" {
		param = name
	}
	e := missing(objectName(typ), r.Path(name), param, http.StatusNotFound)
	if typ == "payment_method" {
		e.Message += paymentMethodHint
	}
	return e
}

// endOf is where a part of a text ends, the text's end when it is not in it.
func endOf(text, part string) int {
	for i := 0; i+len(part) <= len(text); i++ {
		if text[i:i+len(part)] == part {
			return i + len(part)
		}
	}
	return len(text)
}

// filterable says whether a parameter of a list is a filter on the field of its name.
func filterable(element *description.Node, name string) bool {
	switch name {
	case "limit", "starting_after", "ending_before", "expand", "created":
		return false
	}
	return element.Prop(name) != nil
}
