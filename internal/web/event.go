package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/internal/redact"
	"github.com/vezne/vezne/internal/text"
)

// eventRow is an event in a list.
type eventRow struct {
	vezne.Event
	URL    string
	Status statusWord
}

func newEventRow(lang text.Lang, e vezne.Event) eventRow {
	return eventRow{e, eventAddress(e.ID), eventStatusWord(lang, e.State)}
}

// eventAddress is the page of an event in the dashboard.
func eventAddress(id vezne.EventID) string { return "/admin/events/" + url.PathEscape(string(id)) }

// eventsPage is the list of events.
type eventsPage struct {
	adminPage
	Rows                []eventRow
	State, Type, Object string
	States              []statusWord
	Filtered            bool
	Next, First         string
}

// adminEvents serves the inbox.
func (s *site) adminEvents(r *http.Request) (*answer, error) {
	v := visitOf(r)
	q := r.URL.Query()
	p := eventsPage{
		adminPage: s.newAdminPage(r, "events", text.Say(v.lang, "admin.events")),
		State:     q.Get("state"), Type: strings.TrimSpace(q.Get("type")), Object: strings.TrimSpace(q.Get("object")),
	}
	f := desk.EventFilter{Type: p.Type, ObjectID: vezne.ObjectID(p.Object), After: vezne.EventID(q.Get("after")), Limit: pageRows + 1}
	for _, state := range eventStates {
		p.States = append(p.States, eventStatusWord(v.lang, state))
		if string(state) == p.State {
			f.State = state
		}
	}
	list, err := s.Desk.Events(r.Context(), f)
	if err != nil {
		return nil, err
	}
	p.Filtered = f.State != "" || p.Type != "" || p.Object != ""
	if len(list) > pageRows {
		list = list[:pageRows]
		p.Next = pageAddress(r, string(list[pageRows-1].ID))
	}
	if q.Get("after") != "" {
		p.First = pageAddress(r, "")
	}
	for _, e := range list {
		p.Rows = append(p.Rows, newEventRow(v.lang, e))
	}
	return s.render(http.StatusOK, "admin_events.html", p)
}

// eventPage is one event.
type eventPage struct {
	adminPage
	Event  vezne.Event
	Status statusWord
	// Body is what Stripe sent, masked; empty when it is no longer kept.
	Body string
	// Orders are those whose payment it names.
	Orders []orderRow
	// Said is what was just done, Alert why it was not.
	Said, Alert string
	// Replayable is true for events that can be applied again; Preview says what
	// that would change, nil when nobody asked.
	Replayable bool
	Preview    *replayView
}

// adminEvent serves one event with its payload.
func (s *site) adminEvent(r *http.Request) (*answer, error) {
	p := eventPage{}
	if r.URL.Query().Get("said") == "replay" {
		p.Said = text.Say(visitOf(r).lang, "admin.said.replay")
	}
	return s.showAdminEvent(r, http.StatusOK, p)
}

func (s *site) showAdminEvent(r *http.Request, status int, p eventPage) (*answer, error) {
	v := visitOf(r)
	e, err := s.Desk.Event(r.Context(), vezne.EventID(r.PathValue("event")))
	if err != nil {
		return nil, err
	}
	p.adminPage, p.Event, p.Status, p.Body = s.newAdminPage(r, "events", string(e.ID)), e, eventStatusWord(v.lang, e.State), maskedBody(e.Body)
	p.Replayable = e.State != vezne.EventQuarantined && e.ObjectID != "" && slices.ContainsFunc(vezne.HandledEvents(), func(h vezne.HandledEvent) bool { return h.Type == e.Type })
	if e.ObjectType == vezne.TypePaymentIntent {
		orders, err := s.Desk.Orders(r.Context(), desk.OrderFilter{PaymentIntentID: e.ObjectID, Limit: overviewRows})
		if err != nil {
			return nil, err
		}
		p.Orders = rows(v.lang, orders)
	}
	return s.render(status, "admin_event.html", p)
}

// masked stands where a secret was.
const masked = "[secret]"

// secretValue finds keys, signing secrets, tokens and client secrets wherever
// they stand in a text.
var secretValue = regexp.MustCompile(`\b(?:(?:sk|rk)_(?:test|live)_|whsec_|vz_|ek_(?:test|live)_)[A-Za-z0-9_]+|\b[a-z]+_[A-Za-z0-9_]+_secret_[A-Za-z0-9_]+`)

// maskedBody lays an event's body out for reading, without anything that opens
// a door. A body that is no JSON is shown as text, masked the same way.
func maskedBody(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	shown := string(body)
	var v any
	if err := d.Decode(&v); err == nil {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(maskFields(v)); err == nil {
			shown = b.String()
		}
	}
	return redact.Text(secretValue.ReplaceAllString(shown, masked))
}

// maskFields masks the values of fields whose name says that they are secret.
func maskFields(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if _, ok := value.(string); ok && (name == "client_secret" || name == "secret") {
				v[name] = masked
				continue
			}
			v[name] = maskFields(value)
		}
	case []any:
		for i := range v {
			v[i] = maskFields(v[i])
		}
	}
	return v
}
