package web_test

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
)

// noon is when everything in these tests happens.
var noon = time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)

// clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fakeDesk says what a test told it to, and notes what it was asked for.
type fakeDesk struct {
	mu       sync.Mutex
	orders   map[vezne.OrderID]vezne.OrderView
	newest   []vezne.OrderID
	payments map[vezne.OrderID]desk.PaymentState
	checking bool
	entries  []vezne.Entry
	attempts []vezne.Attempt
	refunds  []vezne.RefundRequest
	methods  []vezne.PaymentMethod
	events   []vezne.Event
	replay   desk.Replay
	invoice  *vezne.Invoice
	overview desk.Overview
	filter   desk.OrderFilter
	events_  desk.EventFilter

	intent      desk.PaymentIntent
	checkoutURL string
	// fails are answers by the name of the question.
	fails map[string]error
	// keys are the callers' keys of refunds.
	keys []string
	// calls are the questions, with what they were about.
	calls []string
	// hold, when set, keeps a change until it is closed.
	hold chan struct{}
}

func newFakeDesk() *fakeDesk {
	return &fakeDesk{
		orders: map[vezne.OrderID]vezne.OrderView{}, payments: map[vezne.OrderID]desk.PaymentState{}, fails: map[string]error{},
		checkoutURL: "http://127.0.0.1:12111/c/pay/cs_test_1",
		intent:      desk.PaymentIntent{ID: "pi_1", ClientSecret: vezne.NewSecret("pi_1_secret_abc"), Status: "requires_payment_method"},
	}
}

func (f *fakeDesk) note(name, about string) error {
	f.mu.Lock()
	hold, err := f.hold, f.fails[name]
	f.calls = append(f.calls, strings.TrimSpace(name+" "+about))
	f.mu.Unlock()
	if hold != nil && (name == "Refund" || name == "CreateOrder") {
		<-hold
	}
	return err
}

// called returns how often something was asked for.
func (f *fakeDesk) called(prefix string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if strings.HasPrefix(c, prefix) {
			n++
		}
	}
	return n
}

func (f *fakeDesk) put(o vezne.OrderView) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.orders[o.ID]; !ok {
		f.newest = append([]vezne.OrderID{o.ID}, f.newest...)
	}
	f.orders[o.ID] = o
}

func (f *fakeDesk) find(id vezne.OrderID) (vezne.OrderView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o, ok := f.orders[id]
	if !ok {
		return o, vezne.E(vezne.CodeNotFound, "fake", "")
	}
	return o, nil
}

func (f *fakeDesk) CreateOrder(_ context.Context, by vezne.Actor, n desk.NewOrder) (vezne.OrderView, error) {
	if err := f.note("CreateOrder", by.String()); err != nil {
		return vezne.OrderView{}, err
	}
	f.mu.Lock()
	id := vezne.OrderID("ord_new" + string(rune('0'+len(f.orders))))
	f.mu.Unlock()
	o := order(id)
	o.Lines, o.AmountTotal, o.Currency, o.Locale = nil, 0, n.Currency, n.Locale
	for _, l := range n.Lines {
		line := vezne.OrderLine{Name: l.Name, UnitAmount: *l.UnitAmount, Quantity: l.Quantity, Amount: *l.UnitAmount * l.Quantity}
		o.Lines, o.AmountTotal = append(o.Lines, line), o.AmountTotal+line.Amount
	}
	if c := n.Customer; c != nil {
		o.CustomerName, o.CustomerEmail = c.Name, c.Email
	}
	f.put(o)
	return o, nil
}

func (f *fakeDesk) Order(_ context.Context, id vezne.OrderID) (vezne.OrderView, error) {
	if err := f.note("Order", string(id)); err != nil {
		return vezne.OrderView{}, err
	}
	return f.find(id)
}

func (f *fakeDesk) Orders(_ context.Context, filter desk.OrderFilter) ([]vezne.OrderView, error) {
	if err := f.note("Orders", filter.Query); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.filter = filter
	var list []vezne.OrderView
	skip := filter.After != ""
	for _, id := range f.newest {
		o := f.orders[id]
		if skip {
			skip = id != filter.After
			continue
		}
		if (filter.OnlyAttention && len(o.Attention) == 0) || len(list) == filter.Limit {
			continue
		}
		list = append(list, o)
	}
	return list, nil
}

func (f *fakeDesk) Timeline(_ context.Context, id vezne.OrderID) ([]vezne.Entry, error) {
	return f.entries, f.note("Timeline", string(id))
}

func (f *fakeDesk) Cancel(_ context.Context, by vezne.Actor, id vezne.OrderID) (vezne.OrderView, error) {
	return vezne.OrderView{}, f.note("Cancel", by.String()+" "+string(id))
}

func (f *fakeDesk) StartCheckout(_ context.Context, by vezne.Actor, id vezne.OrderID, p desk.CheckoutParams) (desk.Checkout, error) {
	if _, err := f.find(id); err != nil {
		return desk.Checkout{}, err
	}
	return desk.Checkout{SessionID: "cs_test_1", URL: f.checkoutURL}, f.note("StartCheckout", by.String()+" "+string(id))
}

func (f *fakeDesk) StartPaymentIntent(_ context.Context, by vezne.Actor, id vezne.OrderID, p desk.PaymentIntentParams) (desk.PaymentIntent, error) {
	if _, err := f.find(id); err != nil {
		return desk.PaymentIntent{}, err
	}
	if err := f.note("StartPaymentIntent", by.String()+" "+string(id)+" "+p.PaymentMethod); err != nil {
		return desk.PaymentIntent{}, err
	}
	return f.intent, nil
}

func (f *fakeDesk) Capture(_ context.Context, by vezne.Actor, id vezne.OrderID, amount *int64) (vezne.OrderView, error) {
	return vezne.OrderView{}, f.note("Capture", by.String()+" "+string(id)+" "+vezne.Money{Amount: *amount, Currency: "try"}.Decimal())
}

func (f *fakeDesk) Refund(ctx context.Context, by vezne.Actor, id vezne.OrderID, amount *int64, reason string) (vezne.RefundRequest, vezne.OrderView, error) {
	f.mu.Lock()
	f.keys = append(f.keys, desk.Key(ctx))
	f.mu.Unlock()
	return vezne.RefundRequest{}, vezne.OrderView{}, f.note("Refund", by.String()+" "+string(id)+" "+vezne.Money{Amount: *amount, Currency: "try"}.Decimal()+" "+reason)
}

func (f *fakeDesk) PaymentMethods(_ context.Context, reference string) ([]vezne.PaymentMethod, error) {
	return f.methods, f.note("PaymentMethods", reference)
}

func (f *fakeDesk) Invoice(_ context.Context, id vezne.OrderID) (vezne.Invoice, error) {
	if f.invoice == nil {
		return vezne.Invoice{}, vezne.E(vezne.CodeNotFound, "fake", "")
	}
	return *f.invoice, f.note("Invoice", string(id))
}

func (f *fakeDesk) InvoicePDF(_ context.Context, id vezne.OrderID) ([]byte, error) {
	return []byte("%PDF-1.4"), f.note("InvoicePDF", string(id))
}

func (f *fakeDesk) Events(_ context.Context, filter desk.EventFilter) ([]vezne.Event, error) {
	f.mu.Lock()
	f.events_ = filter
	f.mu.Unlock()
	return f.events, f.note("Events", string(filter.ObjectID))
}

func (f *fakeDesk) Event(_ context.Context, id vezne.EventID) (vezne.Event, error) {
	for _, e := range f.events {
		if e.ID == id {
			return e, f.note("Event", string(id))
		}
	}
	return vezne.Event{}, vezne.E(vezne.CodeNotFound, "fake", "")
}

func (f *fakeDesk) Attempts(_ context.Context, id vezne.OrderID) ([]vezne.Attempt, error) {
	return f.attempts, f.note("Attempts", string(id))
}

func (f *fakeDesk) Refunds(_ context.Context, id vezne.OrderID) ([]vezne.RefundRequest, error) {
	return f.refunds, f.note("Refunds", string(id))
}

func (f *fakeDesk) Landed(_ context.Context, id vezne.OrderID) (desk.Landing, error) {
	if err := f.note("Landed", string(id)); err != nil {
		return desk.Landing{}, err
	}
	o, err := f.find(id)
	return desk.Landing{Order: o, Checking: f.checking}, err
}

func (f *fakeDesk) Payment(_ context.Context, id vezne.OrderID) (desk.PaymentState, error) {
	err := f.note("Payment", string(id))
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.payments[id], err
}

func (f *fakeDesk) Overview(context.Context) (desk.Overview, error) {
	return f.overview, f.note("Overview", "")
}

// order is an order of two lines over ₺2.345,00.
func order(id vezne.OrderID) vezne.OrderView {
	return vezne.OrderView{
		Order: vezne.Order{
			ID: id, Number: 1001, Currency: "try", AmountTotal: 234_500, Revision: 1, CreatedAt: noon.Add(-time.Hour), UpdatedAt: noon.Add(-time.Hour),
			Lines: []vezne.OrderLine{
				{Name: "Türk kahvesi, 250 g", UnitAmount: 42_250, Quantity: 2, Amount: 84_500},
				{Name: "Bakır cezve", UnitAmount: 150_000, Quantity: 1, Amount: 150_000},
			},
		},
		PayURL: "http://shop.test/pay/" + string(id),
	}
}

// paid is the same order, paid a quarter of an hour ago.
func paid(id vezne.OrderID) vezne.OrderView {
	o, at := order(id), noon.Add(-15*time.Minute)
	o.PaidAt, o.PaidBy, o.AmountPaid, o.InvoiceNumber, o.Revision = &at, "att_1", o.AmountTotal, "VZ-2026-000001", 4
	return o
}

func (f *fakeDesk) PreviewReplay(_ context.Context, _ vezne.Actor, id vezne.EventID) (desk.Replay, error) {
	err := f.note("PreviewReplay", string(id))
	return f.replay, err
}

func (f *fakeDesk) Replay(_ context.Context, by vezne.Actor, id vezne.EventID) (desk.Replay, error) {
	err := f.note("Replay", string(id)+" "+by.String())
	return f.replay, err
}

func (f *fakeDesk) Check(ctx context.Context, by vezne.Actor, id vezne.OrderID) (vezne.OrderView, error) {
	if err := f.note("Check", string(id)+" "+by.String()); err != nil {
		return vezne.OrderView{}, err
	}
	return f.Order(ctx, id)
}
