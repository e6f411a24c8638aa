package reconcile

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/ids"
	"github.com/vezne/vezne/internal/redact"
)

// pageRows is the most that Stripe puts on a page.
const pageRows = "100"

// list is one of Stripe's lists, newest first, and where it was left. A list
// without an end begins with the newest there is.
type list struct {
	path, endpoint string
	from, to       time.Time
	cursor         string
}

// row is an object as a list shows it.
type row struct {
	id   string
	body []byte
}

// UnmarshalJSON keeps the row's bytes beside its id.
func (r *row) UnmarshalJSON(b []byte) error {
	var o struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(b, &o); err != nil {
		return err
	}
	r.id, r.body = o.ID, append([]byte(nil), b...)
	return nil
}

type page struct {
	Data    []row `json:"data"`
	HasMore bool  `json:"has_more"`
	// date is Stripe's clock when it answered, zero when it did not tell.
	date time.Time
}

// asOf returns Stripe's time of the page, or ours when it did not tell.
func (p page) asOf(ours time.Time) time.Time {
	if p.date.IsZero() {
		return ours
	}
	return p.date
}

// last reports whether nothing follows.
func (p page) last() bool { return !p.HasMore || len(p.Data) == 0 }

func (p page) cursor() string { return p.Data[len(p.Data)-1].id }

// page reads one page. CodeCorrupt when it is no list; else the codes of
// refresh.Get.
func (r *Reconciler) page(ctx context.Context, l list) (page, error) {
	q := url.Values{"limit": {pageRows}, "created[gte]": {strconv.FormatInt(l.from.Unix(), 10)}}
	if !l.to.IsZero() {
		q.Set("created[lte]", strconv.FormatInt(l.to.Unix(), 10))
	}
	if l.cursor != "" {
		q.Set("starting_after", l.cursor)
	}
	a, err := r.Refresher.Get(ctx, l.path, q, l.endpoint, vezne.PriorityRecheck)
	if err != nil {
		return page{}, err
	}
	p := page{date: a.Date}
	if err := json.Unmarshal(a.Body, &p); err != nil {
		return page{}, vezne.E(vezne.CodeCorrupt, "reconcile.page", "A list of Stripe cannot be read.").Because(err)
	}
	return p, nil
}

// refusedForGood reports whether asking again will be refused again.
func refusedForGood(err error) bool {
	switch vezne.CodeOf(err) {
	case vezne.CodeStripeUnreachable, vezne.CodeRateLimited, vezne.CodeStorageUnavailable, vezne.CodeOverloaded:
		return false
	}
	return true
}

// cause is what a row or a report may say of an error.
func cause(err error) string { return redact.Secrets(err.Error()) }

func newID() (vezne.ReconciliationID, error) {
	id, err := ids.New(vezne.ReconciliationPrefix)
	if err != nil {
		return "", vezne.E(vezne.CodeInternal, "reconcile.Ask", "").Because(err)
	}
	return vezne.ReconciliationID(id), nil
}
