package writeahead

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/mirror"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/stripeapi"
)

const (
	// lookTime bounds one look-up.
	lookTime = time.Minute
	// lookPause is how long a look-up waits that could not be finished.
	lookPause = time.Minute
	// lookBefore is how long before the call the lists are read from: Stripe's
	// clock and ours may differ, and ours may have jumped. What is found is known
	// by its metadata, so that looking further back costs pages and nothing else.
	lookBefore = time.Hour
	// pageSize is how many rows a list gives at most.
	pageSize = 100
)

// errOutage is a read that says nothing about what was asked.
var errOutage = errors.New("Stripe cannot be asked now")

// look finds out whether a call took effect. What is found is read by its id
// and settled as the call's answer; if nothing is, the call is abandoned. A
// look-up that cannot be finished is done again.
func (s *Sender) look(ctx context.Context, call vezne.Call, owner string) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	ctx, free := s.cut.Bound(ctx)
	defer free()
	result, err := s.lookOnce(ctx, call, owner)
	if err == nil {
		return result, nil
	}
	end := context.WithoutCancel(ctx)
	now, clockErr := s.Store.Now(end)
	if clockErr != nil {
		return Result{Call: call}, errors.Join(err, clockErr)
	}
	if call.State == vezne.CallPending {
		call.State, call.NextAt, call.Unclear = vezne.CallLooking, now.Add(lookPause), true
		return s.doubt(end, call, owner)
	}
	if releaseErr := s.Store.ReleaseCall(end, call.ID, owner, now.Add(lookPause)); releaseErr != nil {
		return Result{Call: call}, errors.Join(err, releaseErr)
	}
	if errors.Is(err, errOutage) {
		return Result{Call: call}, unclear(err)
	}
	return Result{Call: call}, err
}

func (s *Sender) lookOnce(ctx context.Context, call vezne.Call, owner string) (Result, error) {
	if m, ok := subject(call); ok {
		begin, a, err := s.read(ctx, m)
		if err != nil {
			return Result{}, err
		}
		call.State = vezne.CallAbandoned
		if a.OK() && tookEffect(call, a.Body) {
			call.State, call.Status, call.Object, call.Refusal = vezne.CallDone, a.Status, m.ID, nil
		}
		answer := settle.Answer{Begin: begin, Body: a.Body}
		if !a.OK() {
			answer.Body, answer.Gone = nil, []vezne.ReadMove{m}
		}
		return s.settle(ctx, call, owner, answer)
	}
	made, err := s.find(ctx, call)
	if err != nil {
		return Result{}, err
	}
	if made.ID != "" {
		begin, a, err := s.read(ctx, made)
		if err != nil {
			return Result{}, err
		}
		if a.OK() {
			call.State, call.Status, call.Object, call.Refusal = vezne.CallDone, a.Status, made.ID, nil
			return s.settle(ctx, call, owner, settle.Answer{Begin: begin, Body: a.Body})
		}
	}
	call.State = vezne.CallAbandoned
	return s.settle(ctx, call, owner, settle.Answer{Begin: call.Number})
}

// read reads an object by its id. An answer is success or "there is no such".
func (s *Sender) read(ctx context.Context, m vezne.ReadMove) (int64, stripeapi.Answer, error) {
	path, query, ok := mirror.ReadPath(m.Type, m.ID)
	if !ok {
		return 0, stripeapi.Answer{}, vezne.E(vezne.CodeInternal, "writeahead.read", "Objects of this type are not read.")
	}
	begin, err := s.Store.NextNumber(ctx)
	if err != nil {
		return 0, stripeapi.Answer{}, err
	}
	a, err := s.Stripe.Get(ctx, path, query)
	if err != nil || (!a.OK() && a.Status != http.StatusNotFound) || a.Status == http.StatusNotFound && a.Refusal.Type == "" {
		return 0, a, errors.Join(errOutage, err)
	}
	return begin, a, nil
}

// tookEffect reports whether an object is as the call wanted it.
func tookEffect(call vezne.Call, body []byte) bool {
	var o struct {
		Status   string          `json:"status"`
		Customer json.RawMessage `json:"customer"`
		Deleted  bool            `json:"deleted"`
	}
	if err := json.Unmarshal(body, &o); err != nil {
		return false
	}
	switch call.Purpose {
	case vezne.CallConfirmPaymentIntent:
		return slices.Contains([]string{"succeeded", "processing", "requires_action", "requires_capture"}, o.Status)
	case vezne.CallCapturePaymentIntent:
		return o.Status == "succeeded"
	case vezne.CallCancelPaymentIntent:
		return o.Status == "canceled"
	case vezne.CallExpireSession:
		return o.Status == "expired"
	case vezne.CallDetachPaymentMethod:
		return len(o.Customer) == 0 || string(o.Customer) == "null"
	case vezne.CallDeleteCustomer:
		return o.Deleted
	}
	return false
}

// quest says where an object of a call is looked for, and how it is known.
type quest struct {
	object vezne.ObjectType
	// event is the type of the event that its making causes, empty for none.
	event string
	// list is the path of its list; filter narrows it.
	list   string
	filter url.Values
	ours   func(metadata map[string]string) bool
}

func questOf(call vezne.Call) (quest, error) {
	form, err := url.ParseQuery(call.Form)
	if err != nil {
		return quest{}, vezne.E(vezne.CodeCorrupt, "writeahead.look", "The call's body cannot be read.").Because(err)
	}
	has := func(key, value string) func(map[string]string) bool {
		return func(m map[string]string) bool { return value != "" && m[key] == value }
	}
	narrow := func(keys ...string) url.Values {
		q := url.Values{}
		for _, k := range keys {
			if v := form.Get(k); v != "" {
				q.Set(k, v)
			}
		}
		return q
	}
	switch call.Purpose {
	case vezne.CallCreateCustomer:
		return quest{vezne.TypeCustomer, "customer.created", "/v1/customers", url.Values{}, has(vezne.MetadataCustomer, call.Root.ID)}, nil
	case vezne.CallCreateSession:
		return quest{vezne.TypeCheckoutSession, "", "/v1/checkout/sessions", narrow("customer"), has(vezne.MetadataAttempt, string(call.Attempt))}, nil
	case vezne.CallCreatePaymentIntent:
		return quest{vezne.TypePaymentIntent, "payment_intent.created", "/v1/payment_intents", narrow("customer"), has(vezne.MetadataAttempt, string(call.Attempt))}, nil
	case vezne.CallCreateRefund:
		return quest{vezne.TypeRefund, "refund.created", "/v1/refunds", narrow("payment_intent"), has(vezne.MetadataRefund, string(call.RefundID))}, nil
	case vezne.CallRefundSurplus:
		intent := form.Get("payment_intent")
		return quest{vezne.TypeRefund, "", "/v1/refunds", url.Values{"payment_intent": {intent}}, has(vezne.MetadataOrder, call.Root.ID)}, nil
	case vezne.CallCreateSetupIntent:
		return quest{vezne.TypeSetupIntent, "setup_intent.created", "/v1/setup_intents", narrow("customer"), has(vezne.MetadataCall, string(call.ID))}, nil
	}
	return quest{}, vezne.E(vezne.CodeInternal, "writeahead.look", fmt.Sprintf("Calls of purpose %q cannot be looked up.", call.Purpose))
}

// find looks for the object that a call made: in what we know already, in the
// events, and in the list, which is complete by now. ID is empty when there is
// none.
func (s *Sender) find(ctx context.Context, call vezne.Call) (vezne.ReadMove, error) {
	q, err := questOf(call)
	if err != nil {
		return vezne.ReadMove{}, err
	}
	id, err := s.known(ctx, call)
	if err != nil || id != "" {
		return vezne.ReadMove{ID: id, Type: q.object}, err
	}
	window := strconv.FormatInt(call.CreatedAt.Add(-lookBefore).Unix(), 10)
	if q.event != "" {
		id, err = s.search(ctx, "/v1/events", url.Values{"type": {q.event}, "created[gte]": {window}}, q.ours)
		if err != nil || id != "" {
			return vezne.ReadMove{ID: id, Type: q.object}, err
		}
	}
	filter := url.Values{"created[gte]": {window}}
	for k, v := range q.filter {
		filter[k] = v
	}
	id, err = s.search(ctx, q.list, filter, q.ours)
	return vezne.ReadMove{ID: id, Type: q.object}, err
}

// known returns the object if an event brought it in the meantime.
func (s *Sender) known(ctx context.Context, call vezne.Call) (vezne.ObjectID, error) {
	switch call.Purpose {
	case vezne.CallCreateSession, vezne.CallCreatePaymentIntent:
		a, err := s.Store.Attempt(ctx, call.Attempt)
		if call.Purpose == vezne.CallCreateSession {
			return a.SessionID, err
		}
		return a.PaymentIntentID, err
	case vezne.CallCreateRefund:
		list, err := s.Store.RefundRequests(ctx, vezne.OrderID(call.Root.ID))
		for _, r := range list {
			if r.ID == call.RefundID {
				return r.StripeRefundID, err
			}
		}
		return "", err
	}
	return "", nil
}

// search reads a list to its end, newest first, for a row whose metadata is
// ours. A row of the events stands for the object in it.
func (s *Sender) search(ctx context.Context, path string, filter url.Values, ours func(map[string]string) bool) (vezne.ObjectID, error) {
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	for k, v := range filter {
		query[k] = v
	}
	for {
		a, err := s.Stripe.Get(ctx, path, query)
		if err != nil || !a.OK() {
			return "", errors.Join(errOutage, err)
		}
		var page struct {
			Data []struct {
				ID       vezne.ObjectID    `json:"id"`
				Metadata map[string]string `json:"metadata"`
				Data     *struct {
					Object struct {
						ID       vezne.ObjectID    `json:"id"`
						Metadata map[string]string `json:"metadata"`
					} `json:"object"`
				} `json:"data"`
			} `json:"data"`
			HasMore bool `json:"has_more"`
		}
		if err := json.Unmarshal(a.Body, &page); err != nil {
			return "", errors.Join(errOutage, err)
		}
		for _, row := range page.Data {
			id, metadata := row.ID, row.Metadata
			if row.Data != nil {
				id, metadata = row.Data.Object.ID, row.Data.Object.Metadata
			}
			if ours(metadata) {
				return id, nil
			}
		}
		if !page.HasMore || len(page.Data) == 0 {
			return "", nil
		}
		query.Set("starting_after", string(page.Data[len(page.Data)-1].ID))
	}
}
