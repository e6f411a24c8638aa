package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/internal/text"
)

// pageRows is how many rows a list of the dashboard shows at once.
const pageRows = 25

// ordersPage is the list of orders.
type ordersPage struct {
	adminPage
	Rows  []orderRow
	Brief bool
	// Query, Status and OnlyAttention are the filter.
	Query, Status string
	OnlyAttention bool
	Statuses      []statusWord
	Filtered      bool
	// Next and First are pages of the list, empty where there is none.
	Next, First string
}

// adminOrders serves the list of orders.
func (s *site) adminOrders(r *http.Request) (*answer, error) {
	v := visitOf(r)
	q := r.URL.Query()
	p := ordersPage{
		adminPage: s.newAdminPage(r, "orders", text.Say(v.lang, "admin.orders")),
		Query:     strings.TrimSpace(q.Get("q")), Status: q.Get("status"), OnlyAttention: q.Get("attention") != "",
	}
	f := desk.OrderFilter{Query: p.Query, OnlyAttention: p.OnlyAttention, After: vezne.OrderID(q.Get("after")), Limit: pageRows + 1}
	for _, status := range vezne.OrderStatuses() {
		p.Statuses = append(p.Statuses, orderStatusWord(v.lang, status))
		if string(status) == p.Status {
			f.Statuses = []vezne.OrderStatus{status}
		}
	}
	list, err := s.Desk.Orders(r.Context(), f)
	if err != nil {
		return nil, err
	}
	p.Filtered = p.Query != "" || p.OnlyAttention || len(f.Statuses) > 0
	if len(list) > pageRows {
		list = list[:pageRows]
		p.Next = pageAddress(r, string(list[pageRows-1].ID))
	}
	if q.Get("after") != "" {
		p.First = pageAddress(r, "")
	}
	p.Rows = rows(v.lang, list)
	return s.render(http.StatusOK, "admin_orders.html", p)
}

// pageAddress is another page of the same list.
func pageAddress(r *http.Request, after string) string {
	q := r.URL.Query()
	q.Del("lang")
	q.Del("after")
	if after != "" {
		q.Set("after", after)
	}
	return withQuery(r.URL.Path, q)
}

// adminOrderPage is an order with all that is known of it.
type adminOrderPage struct {
	adminPage
	Order     vezne.OrderView
	Status    statusWord
	Attention []string
	Attempts  []attemptRow
	Refunds   []refundRow
	Methods   []vezne.PaymentMethod
	Metadata  []pair
	Timeline  []entryRow
	// Said is what was just done, Alert why it was not.
	Said, Alert string
	// AlertDetail is what Stripe said, in its own words.
	AlertDetail string
	// What can be done now, in the minor unit where it is an amount.
	Refundable, Capturable int64
	Cancelable             bool
	Reasons                []reasonWord
	// RefundAmount and CaptureAmount are what the forms begin with.
	RefundAmount, CaptureAmount string
}

// BuyerURL is the page that the buyer sees.
func (p adminOrderPage) BuyerURL() string { return payAddress(p.Order.ID) }

// Code returns a currency's code as people write it.
func (p adminOrderPage) Code(c vezne.Currency) string { return strings.ToUpper(string(c)) }

type pair struct{ Name, Value string }

type reasonWord struct{ Reason, Word string }

type attemptRow struct {
	vezne.Attempt
	Way    string
	Status statusWord
	// Object is the id at Stripe.
	Object vezne.ObjectID
}

type refundRow struct {
	vezne.RefundRequest
	Status     statusWord
	ReasonWord string
	By         string
}

// said are what the address of an order may say was done.
var said = []string{"refund", "capture", "cancel", "unsure", "check"}

// adminOrder serves an order with its timeline.
func (s *site) adminOrder(r *http.Request) (*answer, error) {
	p := adminOrderPage{}
	if what := r.URL.Query().Get("said"); slices.Contains(said, what) {
		p.Said = text.Say(visitOf(r).lang, "admin.said."+what)
	}
	return s.showAdminOrder(r, http.StatusOK, p)
}

func (s *site) showAdminOrder(r *http.Request, status int, p adminOrderPage) (*answer, error) {
	v := visitOf(r)
	ctx, id := r.Context(), vezne.OrderID(r.PathValue("order"))
	o, err := s.Desk.Order(ctx, id)
	if err != nil {
		return nil, err
	}
	attempts, err := s.Desk.Attempts(ctx, id)
	if err != nil {
		return nil, err
	}
	refunds, err := s.Desk.Refunds(ctx, id)
	if err != nil {
		return nil, err
	}
	entries, err := s.Desk.Timeline(ctx, id)
	if err != nil {
		return nil, err
	}
	if o.CustomerReference != "" {
		p.Methods, err = s.Desk.PaymentMethods(ctx, o.CustomerReference)
		if err != nil && vezne.KindOf(err) != vezne.KindNotFound {
			return nil, err
		}
	}
	p.adminPage = s.newAdminPage(r, "orders", text.Say(v.lang, "admin.order.title", "number", o.Number))
	p.Order, p.Status = o, orderStatusWord(v.lang, o.Status())
	row := rows(v.lang, []vezne.OrderView{o})[0]
	p.Attention = row.Attention
	for _, a := range attempts {
		p.Attempts = append(p.Attempts, newAttemptRow(v.lang, a))
	}
	for _, f := range refunds {
		p.Refunds = append(p.Refunds, refundRow{f, statusWord{f.State, sayOr(v.lang, "admin.refund.state."+f.State, f.State)}, reasonOf(v.lang, f.Reason), actorWord(v.lang, f.Actor)})
	}
	for name, value := range o.Metadata {
		p.Metadata = append(p.Metadata, pair{name, value})
	}
	slices.SortFunc(p.Metadata, func(a, b pair) int { return strings.Compare(a.Name, b.Name) })
	p.Timeline = timeline(v.lang, o.Currency, entries)
	p.actions(v.lang)
	return s.render(status, "admin_order.html", p)
}

// actions says what can be done with the order now.
func (p *adminOrderPage) actions(lang text.Lang) {
	o := p.Order
	if o.AmountDisputed == 0 {
		p.Refundable = o.Refundable()
	}
	if o.CancelRequestedAt == nil && o.PaidAt == nil && o.CanceledAt == nil {
		p.Cancelable = true
		p.Capturable = o.AmountAuthorized
	}
	for _, reason := range refundReasons {
		p.Reasons = append(p.Reasons, reasonWord{reason, reasonOf(lang, reason)})
	}
	if p.RefundAmount == "" {
		p.RefundAmount = plainAmount(lang, p.Refundable, o.Currency)
	}
	if p.CaptureAmount == "" {
		p.CaptureAmount = plainAmount(lang, p.Capturable, o.Currency)
	}
}

func newAttemptRow(lang text.Lang, a vezne.Attempt) attemptRow {
	row := attemptRow{Attempt: a, Way: text.Say(lang, "admin.attempt.kind."+string(a.Kind)), Object: a.SessionID}
	row.Status = statusWord{string(a.State), text.Say(lang, "admin.attempt.state."+string(a.State))}
	if a.ManualCapture {
		row.Way += ", " + text.Say(lang, "admin.attempt.manual")
	}
	if a.OffSession {
		row.Way += ", " + text.Say(lang, "admin.attempt.off_session")
	}
	if a.PaymentIntentID != "" {
		row.Object = a.PaymentIntentID
	}
	return row
}

// refundReasons are Stripe's, and none.
var refundReasons = []string{"", "requested_by_customer", "duplicate", "fraudulent"}

func reasonOf(lang text.Lang, reason string) string {
	if reason == "" {
		return text.Say(lang, "admin.reason.none")
	}
	return sayOr(lang, "admin.reason."+reason, reason)
}

// sayOr returns the sentence of a key, or what Stripe calls it when there is
// none yet.
func sayOr(lang text.Lang, key, or string) string {
	if text.Has(key) {
		return text.Say(lang, key)
	}
	return or
}

func actorWord(lang text.Lang, a vezne.Actor) string {
	word := sayOr(lang, "actor."+string(a.Kind), string(a.Kind))
	if a.Name != "" {
		word += " (" + a.Name + ")"
	}
	return word
}

// adminAddress is the page of an order in the dashboard.
func adminAddress(id vezne.OrderID) string { return "/admin/orders/" + url.PathEscape(string(id)) }
