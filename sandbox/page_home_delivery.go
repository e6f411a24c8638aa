package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// deliveryStatuses are the states of a delivery, for filters.
var deliveryStatuses = []string{deliveryPending, deliveryHeld, deliverySucceeded, deliveryFailed, deliveryDropped, deliveryCanceled}

// homeDeliveryRow is a delivery in a list.
type homeDeliveryRow struct {
	Delivery
	Ref                   homeRef
	Event, Endpoint       homeRef
	EndpointURL           string
	CreatedAt, Next       string
	ResendURL, ReleaseURL string
	Last                  *homeAttempt
	Tries                 []homeAttempt
}

// homeAttempt is an attempt with its times as texts.
type homeAttempt struct {
	Attempt
	Number   int
	Account  string
	Real     string
	Taken    bool
	Unspoken bool
}

// homeDeliveriesPage is a list of deliveries.
type homeDeliveriesPage struct {
	*homePage
	Ways                   []homeDeliveryRow
	Pager                  homePager
	Status, Endpoint, Type string
	Statuses               []string
	Endpoints              []homeEndpoint
	Filtered               bool
	ReleaseURL             string
	SettingsURL            string
}

// homeEndpoint is a webhook endpoint to choose from. Secrets are those that sign now.
type homeEndpoint struct {
	homeRef
	Address, Status, Version string
	Secrets                  []string
}

// serveDeliveries lists the deliveries, filtered by status, endpoint and the event's name.
func (h *home) serveDeliveries(p *homePage, r *http.Request) (string, any, error) {
	q := r.URL.Query()
	v := &homeDeliveriesPage{homePage: p, Status: q.Get("status"), Endpoint: q.Get("endpoint"), Type: strings.TrimSpace(q.Get("type")), Statuses: deliveryStatuses,
		ReleaseURL: p.To("deliveries", "release"), SettingsURL: p.To("settings")}
	v.Filtered = v.Status != "" || v.Endpoint != "" || v.Type != ""
	filter := DeliveryFilter{Status: v.Status, Endpoint: v.Endpoint}
	if v.Type != "" {
		filter.Types = []string{v.Type}
	}
	var w homeWindow
	p.account.locked(func() {
		s := p.account.store
		w = s.window(s.list(deliveryType), place(q.Get("before")), place(q.Get("after")), filter.matches)
	})
	v.Endpoints = p.endpoints()
	v.Pager = p.pager(w, p.To("deliveries"), "status", v.Status, "endpoint", v.Endpoint, "type", v.Type)
	for _, o := range w.objects {
		v.Ways = append(v.Ways, p.deliveryRow(o))
	}
	return "home_deliveries.html", v, nil
}

func (p *homePage) deliveryRow(o *stripeObject) homeDeliveryRow {
	d := deliveryOf(o)
	row := homeDeliveryRow{Ref: p.linkTo(deliveryType, d.ID), Delivery: d, Event: p.eventRef(d.Event).homeRef, Endpoint: p.link(d.Endpoint), CreatedAt: homeTime(d.Created)}
	if d.NextAttemptAt != nil {
		row.Next = homeTime(*d.NextAttemptAt)
	}
	var enabled bool
	p.account.locked(func() {
		if endpoint := p.account.store.newest("webhook_endpoint", d.Endpoint); endpoint != nil {
			row.EndpointURL, enabled = endpoint.Str("url"), endpoint.Str("status") == "enabled"
		}
	})
	switch {
	case d.Status == deliveryHeld:
		row.ReleaseURL = p.To("deliveries", "release")
	case enabled:
		row.ResendURL = p.To("deliveries", d.ID, "resend")
	}
	for i, a := range d.Attempts {
		row.Tries = append(row.Tries, homeAttempt{Attempt: a, Number: i + 1, Account: homeTime(a.At), Real: homeTime(a.SentAt), Taken: a.Succeeded(), Unspoken: a.Status == 0})
	}
	if n := len(row.Tries); n > 0 {
		row.Last = &row.Tries[n-1]
	}
	return row
}

// endpoints lists the webhook endpoints, the newest first: as many as an account may have at Stripe.
func (p *homePage) endpoints() []homeEndpoint {
	var list []homeEndpoint
	p.account.locked(func() {
		s := p.account.store
		s.each(s.list("webhook_endpoint"), func(o *stripeObject) bool {
			list = append(list, homeEndpoint{homeRef: p.linkTo("webhook_endpoint", o.ID()), Address: o.Str("url"), Status: o.Str("status"), Version: o.Str("api_version"), Secrets: liveSecrets(o, p.account.now())})
			return len(list) < maxEndpoints
		})
	})
	return list
}

// homeDeliveryPage is one delivery with its attempts.
type homeDeliveryPage struct {
	*homePage
	homeDeliveryRow
}

func (h *home) serveDelivery(p *homePage, r *http.Request) (string, any, error) {
	var o *stripeObject
	p.account.locked(func() { o = p.account.store.newest(deliveryType, r.PathValue("id")) })
	if o == nil {
		return "", nil, noSuch("delivery", r.PathValue("id"))
	}
	v := &homeDeliveryPage{homePage: p, homeDeliveryRow: p.deliveryRow(o)}
	slices.Reverse(v.Tries)
	p.Title = v.ID
	return "home_delivery.html", v, nil
}
