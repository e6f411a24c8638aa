package sandbox

import (
	"net/http"
	"slices"
	"strconv"
)

// How much the overview shows, and how far back it looks for what needs a look.
const (
	overviewRows  = 8
	overviewBack  = 500
	overviewCalls = 200
)

// homeOverviewPage is the first page of an account.
type homeOverviewPage struct {
	*homePage
	ID, BaseURL, SecretKey, PublishableKey string
	// Todo are things that need a look; each appears only when there is something.
	Todo                         []homeLink
	Types                        []homeType
	Events                       []homeEventRow
	Calls                        []homeCallRow
	Others                       []homeAccountRow
	Unused                       bool
	Deaf                         bool
	EventsURL, CallsURL, KeysURL string
}

// serveOverview shows what an account has, what happened last, and what needs a look.
func (h *home) serveOverview(p *homePage, r *http.Request) (string, any, error) {
	a := p.account
	v := &homeOverviewPage{homePage: p, ID: a.id, BaseURL: h.baseURL(r), SecretKey: "sk_test_" + a.name, PublishableKey: "pk_test_" + a.name,
		EventsURL: p.To("events"), CallsURL: p.To("requests"), KeysURL: p.To("settings")}
	p.Title = a.name
	var events []*stripeObject
	a.locked(func() {
		for _, t := range p.types("") {
			if t.Name != "account" {
				v.Types = append(v.Types, t)
			}
		}
		v.Deaf = a.store.alive("webhook_endpoint") == 0
		a.store.each(a.store.list("event"), func(o *stripeObject) bool {
			events = append(events, o)
			return len(events) < overviewRows
		})
	})
	for _, o := range events {
		v.Events = append(v.Events, p.eventRow(o))
	}
	calls := a.control.calls.list()
	for i := range slices.Backward(calls) {
		if len(v.Calls) < overviewRows {
			v.Calls = append(v.Calls, p.callRow(&calls[i].Call))
		}
	}
	v.Unused = len(calls) == 0 && len(events) == 0
	v.Deaf = v.Deaf && len(events) > 0
	v.Todo = p.todo(calls)
	for _, other := range h.sandbox.recent() {
		if other != a && len(v.Others) < overviewRows {
			v.Others = append(v.Others, p.accountRow(other, h.sandbox.firstName()))
		}
	}
	return "home_overview.html", v, nil
}

// todo lists what needs a look among the newest deliveries and calls, and what is not as it is in a new account.
func (p *homePage) todo(calls []loggedCall) (list []homeLink) {
	add := func(n int, key, address string) {
		if n > 0 {
			list = append(list, homeLink{Label: p.T(key, "n", strconv.Itoa(n)), URL: address})
		}
	}
	failed, held, disabled, looked := 0, 0, 0, 0
	p.account.locked(func() {
		s := p.account.store
		s.each(s.list(deliveryType), func(d *stripeObject) bool {
			switch d.Str("status") {
			case deliveryFailed:
				failed++
			case deliveryHeld:
				held++
			case deliveryPending:
				if len(d.List("attempts")) > 0 {
					failed++
				}
			}
			looked++
			return looked < overviewBack
		})
		looked = 0
		s.each(s.list("webhook_endpoint"), func(o *stripeObject) bool {
			if o.Str("status") != "enabled" {
				disabled++
			}
			looked++
			return looked < overviewBack
		})
	})
	refused := 0
	for _, c := range calls[max(len(calls)-overviewCalls, 0):] {
		if c.Status == 0 || c.Status >= http.StatusBadRequest {
			refused++
		}
	}
	add(failed, "home.todo.failed", p.To("deliveries"))
	add(held, "home.todo.held", p.with(p.To("deliveries"), "status", deliveryHeld))
	add(disabled, "home.todo.disabled", p.To("objects", "webhook_endpoint"))
	add(refused, "home.todo.refused", p.To("requests"))
	add(len(p.account.control.faults.list())+len(p.account.control.deliveryFaults.list()), "home.todo.faults", p.To("faults"))
	if p.Frozen {
		add(1, "home.todo.frozen", p.To("clock"))
	}
	return list
}

// baseURL is how the visitor reaches the sandbox.
func (h *home) baseURL(r *http.Request) string {
	if h.sandbox.options.PublicURL != "" {
		return h.sandbox.options.PublicURL
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
