package sandbox

import (
	"html/template"
	"net/http"
	"strings"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// homeEventRow is an event in a list.
type homeEventRow struct {
	homeRef
	Type, Created string
	Object        homeRef
	ObjectType    string
	Request       homeRef
	Deliveries    []homeState
	MoreURL       string
}

// homeState is the state of a delivery with its page.
type homeState struct{ Status, URL string }

// homeEventsPage is a list of events.
type homeEventsPage struct {
	*homePage
	Rows         []homeEventRow
	Pager        homePager
	Type, Object string
	Filtered     bool
	// EventNames are the events that there are, for the filter.
	EventNames []string
}

// rowDeliveries is how many deliveries of an event a list shows.
const rowDeliveries = 4

// serveEvents lists the events, filtered by their names and by the object that they tell of.
func (h *home) serveEvents(p *homePage, r *http.Request) (string, any, error) {
	q := r.URL.Query()
	v := &homeEventsPage{homePage: p, Type: strings.TrimSpace(q.Get("type")), Object: strings.TrimSpace(q.Get("object"))}
	v.Filtered, v.EventNames = v.Type != "" || v.Object != "", description.Load().EventNames()
	var w homeWindow
	p.account.locked(func() {
		s := p.account.store
		w = s.window(s.list("event"), place(q.Get("before")), place(q.Get("after")), func(o *stripeObject) bool {
			return (v.Type == "" || matchesEvent(v.Type, o.Str("type"))) && (v.Object == "" || o.Str("data.object.id") == v.Object)
		})
	})
	v.Pager = p.pager(w, p.To("events"), "type", v.Type, "object", v.Object)
	for _, o := range w.objects {
		v.Rows = append(v.Rows, p.eventRow(o))
	}
	return "home_events.html", v, nil
}

func (p *homePage) eventRow(o *stripeObject) homeEventRow {
	about := o.Hash("data.object")
	row := homeEventRow{homeRef: p.linkTo("event", o.ID()), Type: o.Str("type"), Created: homeTime(o.Int("created")), Object: p.link(about.ID()), ObjectType: about.Type(),
		Request: p.requestRef(o.Str("request.id"))}
	p.account.locked(func() {
		s := p.account.store
		list := s.indexed(deliveryType, "event", o.ID())
		s.each(list[:min(len(list), rowDeliveries)], func(d *stripeObject) bool {
			row.Deliveries = append([]homeState{{d.Str("status"), p.To("deliveries", d.ID())}}, row.Deliveries...)
			return true
		})
		if len(list) > rowDeliveries {
			row.MoreURL = row.URL
		}
	})
	return row
}

// requestRef is the id of a call, with its page while the journal has it.
func (p *homePage) requestRef(id string) homeRef {
	ref := homeRef{ID: id}
	if p.account.control.calls.find(id) != nil {
		ref.URL = p.To("requests", id)
	}
	return ref
}

// homeEventPage is one event.
type homeEventPage struct {
	*homePage
	homeEventRow
	IdempotencyKey, APIVersion string
	Changes                    []homeChange
	JSON                       template.HTML
	Ways                       []homeDeliveryRow
	Cut                        bool
	ResendHint                 bool
}

// eventWays is how many deliveries the page of an event shows.
const eventWays = 100

// serveEvent shows one event with what changed and how it reached endpoints.
func (h *home) serveEvent(p *homePage, r *http.Request) (string, any, error) {
	var o *stripeObject
	var ways []*stripeObject
	v := &homeEventPage{homePage: p}
	p.account.locked(func() {
		s := p.account.store
		id := r.PathValue("id")
		o = s.newest("event", id)
		list := s.indexed(deliveryType, "event", id)
		v.Cut = len(list) > eventWays
		s.each(list[max(len(list)-eventWays, 0):], func(d *stripeObject) bool {
			ways = append(ways, d)
			return true
		})
	})
	if o == nil {
		return "", nil, noSuch("event", r.PathValue("id"))
	}
	v.homeEventRow = p.eventRow(o)
	p.Title = v.Type
	v.IdempotencyKey, v.APIVersion = o.Str("request.idempotency_key"), o.Str("api_version")
	if changed := o.Hash("data.previous_attributes"); changed != nil {
		v.Changes = listChanges(nil, "", changed, o.Hash("data.object"))
	}
	v.JSON = p.jsonHTML(render(o), formerValues(v.Changes, "data.object"))
	for _, d := range ways {
		v.Ways = append(v.Ways, p.deliveryRow(d))
	}
	return "home_event.html", v, nil
}
