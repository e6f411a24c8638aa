package sandbox

import (
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// homeCallRow is a call in a list.
type homeCallRow struct {
	Call
	Ref      homeRef
	At, Took string
	Failed   bool
	Object   homeRef
}

// homeRequestsPage is the journal of calls.
type homeRequestsPage struct {
	*homePage
	Rows                               []homeCallRow
	Newest, Older                      string
	Method, Path, Status, About, KeyIs string
	Statuses                           []string
	Filtered                           bool
	Size                               int
}

// callStatuses are offered to filter by; none is a call that was left without an answer.
var callStatuses = []string{"2xx", "4xx", "5xx", "none", "400", "401", "402", "403", "404", "409", "429", "500"}

// serveRequests lists the calls that the journal keeps, the newest first.
func (h *home) serveRequests(p *homePage, r *http.Request) (string, any, error) {
	q := r.URL.Query()
	v := &homeRequestsPage{homePage: p, Method: q.Get("method"), Path: strings.TrimSpace(q.Get("path")), Status: q.Get("status"), About: strings.TrimSpace(q.Get("object")),
		KeyIs: strings.TrimSpace(q.Get("idempotency_key")), Statuses: callStatuses, Size: callLogSize}
	v.Filtered = v.Method != "" || v.Path != "" || v.Status != "" || v.About != "" || v.KeyIs != ""
	calls := p.account.control.calls.list()
	before := q.Get("before")
	if at := slices.IndexFunc(calls, func(c loggedCall) bool { return c.ID == before }); before != "" && at >= 0 {
		calls = calls[:at]
		v.Newest = p.with(p.To("requests"), v.filter()...)
	}
	for i := range slices.Backward(calls) {
		if !v.matches(&calls[i].Call) {
			continue
		}
		if len(v.Rows) == homeRows {
			v.Older = p.with(p.To("requests"), append(v.filter(), "before", v.Rows[homeRows-1].ID)...)
			break
		}
		v.Rows = append(v.Rows, p.callRow(&calls[i].Call))
	}
	return "home_requests.html", v, nil
}

func (v *homeRequestsPage) filter() []string {
	return []string{"method", v.Method, "path", v.Path, "status", v.Status, "object", v.About, "idempotency_key", v.KeyIs}
}

func (v *homeRequestsPage) matches(c *Call) bool {
	return (v.Method == "" || c.Method == v.Method) && (v.Path == "" || strings.Contains(c.Path, v.Path) || matchesPath(v.Path, c.Path)) && hasStatus(c.Status, v.Status) &&
		(v.About == "" || isAbout(c, v.About)) && (v.KeyIs == "" || c.IdempotencyKey == v.KeyIs)
}

// hasStatus says whether a status is the wanted one: 402, 4xx, none.
func hasStatus(status int, wanted string) bool {
	class, isClass := strings.CutSuffix(wanted, "xx")
	switch {
	case wanted == "":
		return true
	case wanted == "none":
		return status == 0
	case isClass:
		return strconv.Itoa(status/100) == class
	}
	return strconv.Itoa(status) == wanted
}

// isAbout says whether a call answered an object or named it in its path.
func isAbout(c *Call, id string) bool {
	return c.Object == id || slices.Contains(strings.Split(c.Path, "/"), id)
}

func (p *homePage) callRow(c *Call) homeCallRow {
	row := homeCallRow{Ref: homeRef{c.ID, p.To("requests", c.ID)}, Call: *c, At: homeTime(c.Created), Took: fmt.Sprintf("%.1f ms", c.DurationMS), Failed: c.Status == 0 || c.Status >= http.StatusBadRequest}
	if c.Object != "" {
		row.Object = p.link(c.Object)
	}
	return row
}

// objectCalls is how many calls the page of an object shows.
const objectCalls = 10

// callsOf are the newest calls about an object.
func (p *homePage) callsOf(id string) (rows []homeCallRow) {
	for _, c := range slices.Backward(p.account.control.calls.list()) {
		if isAbout(&c.Call, id) && len(rows) < objectCalls {
			rows = append(rows, p.callRow(&c.Call))
		}
	}
	return rows
}

// homeRequestPage is one call.
type homeRequestPage struct {
	*homePage
	homeCallRow
	ParamsJSON, AnswerJSON template.HTML
	Same                   string
	FaultsURL              string
	Events                 []homeEventRef
}

// serveRequest shows one call: what was asked, what was answered, and the events that came of it.
func (h *home) serveRequest(p *homePage, r *http.Request) (string, any, error) {
	call := p.account.control.calls.find(r.PathValue("id"))
	if call == nil {
		return "", nil, &Error{Status: http.StatusNotFound, Type: "invalid_request_error", Message: p.T("home.request.gone", "id", r.PathValue("id"), "n", strconv.Itoa(callLogSize))}
	}
	v := &homeRequestPage{homePage: p, homeCallRow: p.callRow(&call.Call), FaultsURL: p.To("faults")}
	p.Title = call.Method + " " + call.Path
	if call.IdempotencyKey != "" {
		v.Same = p.with(p.To("requests"), "idempotency_key", call.IdempotencyKey)
	}
	if string(call.params) != "{}" {
		v.ParamsJSON = p.jsonHTML(call.params, nil)
	}
	if text := call.answerText(); text != "" {
		v.AnswerJSON = p.jsonHTML([]byte(text), nil)
	}
	v.Events = p.eventsOf(&call.Call)
	return "home_request.html", v, nil
}

// eventsOf are the events that a call made, the oldest first. The list of events is in the order of their times, and those
// of a call stand together, not long before it was answered.
func (p *homePage) eventsOf(call *Call) (refs []homeEventRef) {
	began := call.Created - int64(call.DurationMS/1000) - 1
	p.account.locked(func() {
		s := p.account.store
		list := s.list("event")
		end := sort.Search(len(list), func(i int) bool {
			return list[i].object.Int("created") > call.Created
		})
		left := homeBudget
		s.each(list[:end], func(o *stripeObject) bool {
			left--
			if o.Str("request.id") == call.ID {
				refs = append([]homeEventRef{{p.linkTo("event", o.ID()), o.Str("type")}}, refs...)
			}
			return left > 0 && o.Int("created") >= began
		})
	})
	return refs
}
