package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/internal/text"
)

// adminPage is what pages of the dashboard share.
type adminPage struct {
	page
	// Section is the current one: overview, orders or events.
	Section string
}

func (s *site) newAdminPage(r *http.Request, section, title string) adminPage {
	return adminPage{page: s.newPage(r, "admin", title), Section: section}
}

// listed is a list of orders on a page that shows other things too.
type listed struct {
	page
	Rows []orderRow
	// Brief says that something needs attention, but not what.
	Brief bool
}

// List gives the table of orders its rows.
func (p adminPage) List(rows []orderRow, brief bool) listed { return listed{p.page, rows, brief} }

// entryView is a line of a timeline on a page.
type entryView struct {
	page
	Row entryRow
}

// Entry returns what the template "entry" shows.
func (p adminPage) Entry(row entryRow) entryView { return entryView{p.page, row} }

// statusWord is a status with its word, for the mark beside it.
type statusWord struct{ Status, Word string }

// orderRow is an order in a list.
type orderRow struct {
	Order     vezne.OrderView
	URL       string
	Status    statusWord
	Attention []string
}

// rows makes lines of orders in a language.
func rows(lang text.Lang, orders []vezne.OrderView) []orderRow {
	list := make([]orderRow, 0, len(orders))
	for _, o := range orders {
		row := orderRow{Order: o, URL: "/admin/orders/" + url.PathEscape(string(o.ID)), Status: orderStatusWord(lang, o.Status())}
		for _, a := range o.Attention {
			row.Attention = append(row.Attention, text.Attention(lang, a))
		}
		list = append(list, row)
	}
	return list
}

func orderStatusWord(lang text.Lang, s vezne.OrderStatus) statusWord {
	return statusWord{string(s), text.Status(lang, s)}
}

func eventStatusWord(lang text.Lang, s vezne.EventState) statusWord {
	return statusWord{string(s), text.Say(lang, "event."+string(s))}
}

// countOf is how many things have a status, and where they are listed.
type countOf struct {
	Status statusWord
	Count  int64
	URL    string
}

// overviewPage is where the dashboard begins: what needs a person first.
type overviewPage struct {
	adminPage
	Attention      []orderRow
	AttentionCount int64
	Dead           int64
	Orders         []countOf
	Events         []countOf
	Recent         []orderRow
	// Waiting counts objects that wait to be read, Oldest says since when; Calls
	// counts requests to Stripe without an answer.
	Waiting, Calls int64
	Oldest         time.Time
}

const overviewRows = 8

// eventStates are all states, in the order of a life.
var eventStates = []vezne.EventState{vezne.EventReceived, vezne.EventApplied, vezne.EventIgnored, vezne.EventQuarantined, vezne.EventDead}

// More reports whether there are more orders that need attention than shown.
func (p overviewPage) More() bool { return p.AttentionCount > int64(len(p.Attention)) }

// overview serves the dashboard's first page.
func (s *site) overview(r *http.Request) (*answer, error) {
	v := visitOf(r)
	o, err := s.Desk.Overview(r.Context())
	if err != nil {
		return nil, err
	}
	attention, err := s.Desk.Orders(r.Context(), desk.OrderFilter{OnlyAttention: true, Limit: overviewRows})
	if err != nil {
		return nil, err
	}
	recent, err := s.Desk.Orders(r.Context(), desk.OrderFilter{Limit: overviewRows})
	if err != nil {
		return nil, err
	}
	p := overviewPage{
		adminPage: s.newAdminPage(r, "overview", text.Say(v.lang, "admin.overview")),
		Attention: rows(v.lang, attention), AttentionCount: o.Attention, Dead: o.Events[vezne.EventDead],
		Recent: rows(v.lang, recent), Waiting: o.MarksWaiting, Calls: o.CallsWaiting, Oldest: o.OldestMark,
	}
	for _, status := range vezne.OrderStatuses() {
		p.Orders = append(p.Orders, countOf{orderStatusWord(v.lang, status), o.Orders[status], "/admin/orders?status=" + url.QueryEscape(string(status))})
	}
	for _, state := range eventStates {
		p.Events = append(p.Events, countOf{eventStatusWord(v.lang, state), o.Events[state], "/admin/events?state=" + url.QueryEscape(string(state))})
	}
	return s.render(http.StatusOK, "overview.html", p)
}
