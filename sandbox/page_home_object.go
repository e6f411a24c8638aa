package sandbox

import (
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// homeTypes stand first where types are listed; the others follow by name.
var homeTypes = []string{
	"payment_intent", "checkout.session", "customer", "payment_method", "charge", "refund", "dispute", "setup_intent", "subscription", "invoice",
	"product", "price", "coupon", "promotion_code", "balance_transaction", "webhook_endpoint",
}

// homeLinks are the fields by which the store finds objects quickly, and by which lists of objects are filtered.
var homeLinks = []string{"customer", "payment_intent", "charge"}

// homeType is a type of objects with how many there are.
type homeType struct {
	Name, URL string
	Count     int
	Current   bool
}

// types lists the types of which the account has objects. The caller holds the account's lock.
func (p *homePage) types(current string) []homeType {
	names := make([]string, 0, len(p.account.store.kinds))
	for typ := range p.account.store.kinds {
		if p.account.store.alive(typ) > 0 && hasHistory(typ) || typ == current {
			names = append(names, typ)
		}
	}
	rank := func(typ string) int {
		if at := slices.Index(homeTypes, typ); at >= 0 {
			return at
		}
		return len(homeTypes)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	list := make([]homeType, len(names))
	for i, typ := range names {
		list[i] = homeType{typ, p.To("objects", typ), p.account.store.alive(typ), typ == current}
	}
	return list
}

// homeObjectRow is an object in a list.
type homeObjectRow struct {
	homeRef
	Name, Status, Amount, Created string
	Customer                      homeRef
}

// homeObjectsPage is a list of objects of one type, or all types.
type homeObjectsPage struct {
	*homePage
	Types                                       []homeType
	Type                                        string
	Rows                                        []homeObjectRow
	Pager                                       homePager
	ID, Status, Customer, PaymentIntent, Charge string
	Statuses                                    []string
	Filtered                                    bool
}

func (h *home) serveTypes(p *homePage, _ *http.Request) (string, any, error) {
	v := &homeObjectsPage{homePage: p}
	p.account.locked(func() { v.Types = p.types("") })
	return "home_objects.html", v, nil
}

// serveObjects lists the objects of a type, filtered by a part of the id, status and what they belong to.
func (h *home) serveObjects(p *homePage, r *http.Request) (string, any, error) {
	q := r.URL.Query()
	v := &homeObjectsPage{homePage: p, Type: r.PathValue("type"), ID: strings.TrimSpace(q.Get("id")), Status: q.Get("status"),
		Customer: strings.TrimSpace(q.Get("customer")), PaymentIntent: strings.TrimSpace(q.Get("payment_intent")), Charge: strings.TrimSpace(q.Get("charge"))}
	if !hasHistory(v.Type) {
		return "", nil, noSuch("type", v.Type)
	}
	links := map[string]string{"customer": v.Customer, "payment_intent": v.PaymentIntent, "charge": v.Charge}
	filter := []string{"id", v.ID, "status", v.Status, "customer", v.Customer, "payment_intent", v.PaymentIntent, "charge", v.Charge}
	v.Filtered = strings.Join([]string{v.ID, v.Status, v.Customer, v.PaymentIntent, v.Charge}, "") != ""
	match := func(o *stripeObject) bool {
		for field, id := range links {
			if id != "" && o.Str(field) != id {
				return false
			}
		}
		return (v.ID == "" || strings.Contains(o.ID(), v.ID)) && (v.Status == "" || statusOf(o) == v.Status)
	}
	var w homeWindow
	p.account.locked(func() {
		s := p.account.store
		list := s.list(v.Type)
		for _, field := range homeLinks {
			if links[field] != "" {
				list = s.indexed(v.Type, field, links[field])
			}
		}
		w = s.window(list, place(q.Get("before")), place(q.Get("after")), match)
		v.Types = p.types(v.Type)
	})
	if len(w.objects) == 0 && p.account.unknownType(v.Type) {
		return "", nil, noSuch("type", v.Type)
	}
	v.Pager = p.pager(w, p.To("objects", v.Type), filter...)
	v.Statuses = statusesOf(v.Type)
	p.Title = v.Type
	for _, o := range w.objects {
		v.Rows = append(v.Rows, p.objectRow(o))
	}
	return "home_objects.html", v, nil
}

// unknownType says whether neither the account nor Stripe has objects of a type.
func (a *account) unknownType(typ string) (unknown bool) {
	a.locked(func() { unknown = len(a.store.list(typ)) == 0 })
	return unknown && description.Load().Schema(typ) == nil
}

func (p *homePage) objectRow(o *stripeObject) homeObjectRow {
	row := homeObjectRow{homeRef: p.linkTo(o.Type(), o.ID()), Name: nameOf(o), Status: statusOf(o), Amount: p.amountOf(o), Created: homeTime(o.Int("created"))}
	if id := o.Str("customer"); id != "" {
		row.Customer = p.linkTo("customer", id)
	}
	return row
}

// statusesOf are the statuses that objects of a type have, by Stripe's description.
func statusesOf(typ string) []string {
	if n := description.Load().Schema(typ); n != nil {
		if status := n.Prop("status"); status != nil {
			return status.Node.Enum
		}
	}
	return nil
}

// statusOf is an object's status, or what stands for one.
func statusOf(o *stripeObject) string {
	if s := o.Str("status"); s != "" {
		return s
	}
	if active, is := o.Get("active").(bool); is && !active {
		return "inactive"
	}
	return ""
}

// nameOf is what people call an object by.
func nameOf(o *stripeObject) string {
	for _, path := range []string{"name", "email", "number", "description", "nickname", "lookup_key", "code", "display_name", "url", "reason"} {
		if s := o.Str(path); s != "" {
			return s
		}
	}
	if card := o.Hash("card"); card != nil && card.Str("last4") != "" {
		return card.Str("brand") + " •••• " + card.Str("last4")
	}
	for _, item := range o.List("items") { // a subscription is called by what it is of
		if price, ok := item.(*stripeObject); ok {
			return orElse(price.Str("price.nickname"), orElse(price.Str("price.lookup_key"), price.Str("price.id")))
		}
	}
	return o.Str("type")
}

// amountOf is the amount that an object is about, "" when it is about none.
func (p *homePage) amountOf(o *stripeObject) string {
	currency := o.Str("currency")
	for _, path := range []string{"amount", "amount_total", "amount_due", "unit_amount", "amount_off"} {
		if n, is := o.Get(path).(int64); is && currency != "" {
			return p.money(n, currency, currencyDecimals(currency))
		}
	}
	return ""
}

// homeObjectPage is one object: what it is, how it came to be, and what belongs to it.
type homeObjectPage struct {
	*homePage
	Type, ID, Status, Amount, Name string
	Deleted                        bool
	TypeURL, NewestURL             string
	JSON                           template.HTML
	// Version is the number of the former version that is shown, 0 for the newest.
	Version  int32
	Marked   bool
	History  []homeVersion
	Cut      bool
	Related  []homeType
	Calls    []homeCallRow
	CallsURL string
}

// serveObject shows one object, or a former version of it.
func (h *home) serveObject(p *homePage, r *http.Request) (string, any, error) {
	v := &homeObjectPage{homePage: p, Type: r.PathValue("type"), ID: r.PathValue("id")}
	var o *stripeObject
	var history *past
	p.account.locked(func() {
		key := objectKey{v.Type, v.ID}
		if found := p.account.store.record(v.Type, v.ID); found != nil {
			o, history = found.object, found.past
		}
		if v.Deleted = o == nil && p.account.store.gone[key] != nil; v.Deleted {
			if history = p.account.store.ended[key]; history != nil {
				o = history.object
			}
		}
		v.Related = p.related(v.Type, v.ID)
	})
	if o == nil && !v.Deleted || !hasHistory(v.Type) {
		return "", nil, noSuch(v.Type, v.ID)
	}
	p.Title = v.ID
	v.TypeURL, v.NewestURL = p.To("objects", v.Type), p.To("objects", v.Type, v.ID)
	v.History, v.Cut = p.history(history, v.NewestURL)
	v.Calls, v.CallsURL = p.callsOf(v.ID), p.with(p.To("requests"), "object", v.ID)
	if o == nil {
		return "home_object.html", v, nil
	}
	var changes []homeChange
	if number := place(r.URL.Query().Get("version")); number > 0 {
		for _, step := range v.History {
			if int64(step.Number) == number {
				o, v.Version, changes = step.object, step.Number, step.Changes
			}
		}
		if v.Version == 0 {
			return "", nil, noSuch("version", r.URL.Query().Get("version"))
		}
	}
	v.Status, v.Amount, v.Name, v.Marked = statusOf(o), p.amountOf(o), nameOf(o), len(changes) > 0
	v.JSON = p.jsonHTML(render(o), formerValues(changes, ""))
	return "home_object.html", v, nil
}

// related are the types of which objects point to this one. The caller holds the account's lock.
func (p *homePage) related(typ, id string) []homeType {
	if !slices.Contains(homeLinks, typ) {
		return nil
	}
	var list []homeType
	for _, of := range slices.Sorted(maps.Keys(p.account.store.kinds)) {
		if n := len(p.account.store.indexed(of, typ, id)); n > 0 {
			list = append(list, homeType{Name: of, URL: p.with(p.To("objects", of), typ, id), Count: n})
		}
	}
	return list
}
