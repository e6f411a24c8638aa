package desk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/internal/redact"
	"github.com/vezne/vezne/internal/refresh"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
	"github.com/vezne/vezne/internal/stripeapi"
	"github.com/vezne/vezne/internal/writeahead"
	"github.com/vezne/vezne/sandbox"
)

const key = "sk_test_desk"

// shop is a whole desk on a database and an offline Stripe, without anything in
// the background: a test says when events arrive, what is swept, and what time
// it is.
type shop struct {
	*testing.T
	ctx     context.Context
	clock   *storetest.Clock
	store   *store.Store
	settler *settle.Settler
	sandbox *sandbox.Sandbox
	stripe  *sandbox.Account
	desk    *desk.Desk
	sender  *writeahead.Sender
	reader  *refresh.Refresher
	http    *http.Client
	log     *lockedBuffer
	// seen is the newest event that was delivered.
	seen string
}

type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var by = vezne.Actor{Kind: vezne.ActorAPI, Name: "tests"}

// each runs a test on both databases, and checks at its end what must hold
// whatever happened.
func each(t *testing.T, run func(s *shop)) {
	t.Helper()
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(store.Config) *store.Store) {
		s := &shop{T: t, ctx: context.Background(), clock: storetest.NewClock(), log: &lockedBuffer{}}
		s.store = open(store.Config{Clock: s.clock})
		s.connect()
		s.start()
		run(s)
		s.whole()
	})
}

// connect makes the offline Stripe.
func (s *shop) connect() {
	s.Helper()
	var err error
	s.sandbox, err = sandbox.New(sandbox.Options{Clock: s.clock.Now, Seed: 1, PublicURL: "http://stripe.example.com"})
	s.must(err)
	s.Cleanup(func() {
		if err := s.sandbox.Close(); err != nil {
			s.Error(err)
		}
	})
	s.stripe = s.sandbox.Account(key)
	s.http = &http.Client{Transport: s.sandbox.Transport()}
}

// start starts the desk, again as a new process would.
func (s *shop) start() {
	s.Helper()
	log := redact.Logger(s.log, slog.LevelDebug)
	client, err := stripeapi.New(stripeapi.Config{SecretKey: vezne.NewSecret(key), BaseURL: "http://stripe.invalid", HTTPClient: s.http})
	s.must(err)
	s.settler = settle.New(settle.Config{Store: s.store, PublicURL: "https://pay.example.com", APIVersion: stripeapi.Version, HasCallback: true, Log: log})
	s.sender = writeahead.New(writeahead.Config{Store: s.store, Settler: s.settler, Stripe: client, Owner: "p", Log: log})
	s.reader = refresh.New(refresh.Config{Store: s.store, Settler: s.settler, Stripe: client, Owner: "p", Log: log})
	s.desk = desk.New(desk.Config{
		Store: s.store, Settler: s.settler, Sender: s.sender, Refresher: s.reader, PublicURL: "https://pay.example.com", APIVersion: stripeapi.Version, Clock: s.clock, Log: log,
	})
}

func (s *shop) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// wants fails unless an error has a code.
func (s *shop) wants(code vezne.Code, err error) {
	s.Helper()
	if vezne.CodeOf(err) != code {
		s.Fatalf("error %v (%q), want %q", err, vezne.CodeOf(err), code)
	}
}

// order makes an order of 19.99 usd.
func (s *shop) order(change ...func(*desk.NewOrder)) vezne.OrderID {
	s.Helper()
	amount := int64(1999)
	n := desk.NewOrder{Currency: "usd", Lines: []desk.NewLine{{Name: "Tea", UnitAmount: &amount, Quantity: 1}}}
	for _, c := range change {
		c(&n)
	}
	v, err := s.desk.CreateOrder(s.ctx, by, n)
	s.must(err)
	return v.ID
}

func withCustomer(n *desk.NewOrder) {
	n.Customer = &desk.NewCustomer{Reference: "u1", Email: "a@example.com", Name: "Ayşe Yılmaz"}
}

func (s *shop) view(id vezne.OrderID) *vezne.OrderView {
	s.Helper()
	v, err := s.desk.Order(s.ctx, id)
	s.must(err)
	return &v
}

// is fails unless an order has a status.
func (s *shop) is(id vezne.OrderID, want vezne.OrderStatus) *vezne.OrderView {
	s.Helper()
	v := s.view(id)
	if v.Status() != want {
		s.Fatalf("the order is %s, want %s (attention %v)", v.Status(), want, v.Attention)
	}
	return v
}

func (s *shop) attempts(id vezne.OrderID) []vezne.Attempt {
	s.Helper()
	list, err := s.desk.Attempts(s.ctx, id)
	s.must(err)
	return list
}

func (s *shop) actions(id vezne.OrderID) []string {
	s.Helper()
	list, err := s.desk.Timeline(s.ctx, id)
	s.must(err)
	var out []string
	for _, e := range list {
		out = append(out, e.Action)
	}
	return out
}

// intent starts, or confirms, a PaymentIntent.
func (s *shop) intent(id vezne.OrderID, p desk.PaymentIntentParams) desk.PaymentIntent {
	s.Helper()
	i, err := s.desk.StartPaymentIntent(s.ctx, by, id, p)
	s.must(err)
	return i
}

// pay pays an order with a test card on the server.
func (s *shop) pay(id vezne.OrderID) desk.PaymentIntent {
	s.Helper()
	i := s.intent(id, desk.PaymentIntentParams{PaymentMethod: "pm_card_visa", Confirm: true})
	if i.Status != "succeeded" {
		s.Fatalf("the intent is %s", i.Status)
	}
	return i
}

func (s *shop) checkout(id vezne.OrderID) desk.Checkout {
	s.Helper()
	c, err := s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{})
	s.must(err)
	return c
}

// buyer does what a person does on Stripe's pages, or a bank.
func (s *shop) buyer(kind string, params map[string]any) {
	s.Helper()
	if _, err := s.stripe.Simulate(kind, params); err != nil {
		s.Fatal(err)
	}
}

// fault plants one at Stripe.
func (s *shop) fault(f sandbox.Fault) {
	s.Helper()
	_, err := s.stripe.AddFault(f)
	s.must(err)
}

// get asks Stripe for something, beside the desk.
func (s *shop) get(path string) map[string]any {
	s.Helper()
	return s.call(http.MethodGet, path, nil)
}

// call does something at Stripe beside the desk, as its dashboard would.
func (s *shop) call(method, path string, form url.Values) map[string]any {
	s.Helper()
	r, err := http.NewRequestWithContext(s.ctx, method, "http://stripe.invalid"+path, strings.NewReader(form.Encode()))
	s.must(err)
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := s.http.Do(r)
	s.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	s.must(err)
	var o map[string]any
	s.must(json.Unmarshal(b, &o))
	if res.StatusCode >= 400 {
		s.Fatalf("%s %s: %s", method, path, b)
	}
	return o
}

// rows lists objects at Stripe.
func (s *shop) rows(path string) []map[string]any {
	s.Helper()
	data, ok := s.get(path + "?limit=100")["data"].([]any)
	if !ok {
		s.Fatalf("%s is no list", path)
	}
	var out []map[string]any
	for _, row := range data {
		if m, ok := row.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// pending returns the events that were not delivered yet, oldest first.
func (s *shop) pending() []vezne.Event {
	s.Helper()
	s.must(s.stripe.Idle(s.ctx))
	objects := map[string]vezne.ObjectType{}
	for _, h := range vezne.HandledEvents() {
		objects[h.Type] = h.Object
	}
	var fresh []vezne.Event
	rows := s.rows("/v1/events")
	for _, row := range rows {
		id := fmt.Sprint(row["id"])
		if id == s.seen {
			break
		}
		kind := fmt.Sprint(row["type"])
		if t, ok := objects[kind]; ok {
			object := row["data"].(map[string]any)["object"].(map[string]any)
			fresh = append(fresh, vezne.Event{
				ID: vezne.EventID(id), Type: kind, ObjectID: vezne.ObjectID(fmt.Sprint(object["id"])), ObjectType: t, Created: s.clock.Now(), State: vezne.EventReceived, Body: []byte("{}"),
			})
		}
	}
	if len(rows) > 0 {
		s.seen = fmt.Sprint(rows[0]["id"])
	}
	slices.Reverse(fresh)
	return fresh
}

// deliver brings events in.
func (s *shop) deliver(events []vezne.Event) {
	s.Helper()
	_, err := s.store.StoreEvents(s.ctx, events)
	s.must(err)
}

// quiet delivers what happened and sweeps until nothing is due.
func (s *shop) quiet() {
	s.Helper()
	for range 50 {
		s.deliver(s.pending())
		sent, err := s.sender.Sweep(s.ctx)
		s.must(err)
		read, err := s.reader.Sweep(s.ctx)
		s.must(err)
		if sent+read == 0 {
			return
		}
	}
	s.Fatal("it never becomes quiet")
}

// pass lets time pass, in which everything that falls due is done.
func (s *shop) pass(d time.Duration) {
	s.Helper()
	for d > 0 {
		step := min(d, max(time.Second, d/8))
		s.clock.Advance(step)
		d -= step
		s.quiet()
	}
}

// whole checks what must hold after every scenario.
func (s *shop) whole() {
	s.Helper()
	s.pass(2 * time.Minute)
	list, err := s.desk.Orders(s.ctx, desk.OrderFilter{Limit: 100})
	s.must(err)
	invoices := map[int64]bool{}
	for _, v := range list {
		paid := 0
		for _, a := range s.actions(v.ID) {
			if a == "order.paid" {
				paid++
			}
		}
		inv, err := s.desk.Invoice(s.ctx, v.ID)
		if (v.PaidAt != nil) != (err == nil) || (v.PaidAt != nil) != (paid == 1) {
			s.Errorf("order %d: paid at %v, %d lines order.paid, invoice %v", v.Number, v.PaidAt, paid, err)
		}
		if err == nil {
			invoices[inv.Seq] = true
		}
		open := 0
		for _, a := range s.attempts(v.ID) {
			if a.Open() {
				open++
			}
		}
		if open > 1 || open > 0 && v.CanceledAt != nil {
			s.Errorf("order %d has %d open attempts", v.Number, open)
		}
	}
	for seq := int64(1); seq <= int64(len(invoices)); seq++ {
		if !invoices[seq] {
			s.Errorf("invoice %d is missing among %v", seq, invoices)
		}
	}
	for _, secret := range []string{"_secret_", "4242424242424242"} {
		if strings.Contains(s.log.String(), secret) {
			s.Errorf("the log holds %q", secret)
		}
	}
}

// tables lists the tables of the database.
func (s *shop) tables() []string {
	s.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if s.store.Dialect() == store.Postgres {
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
	}
	rows, err := s.store.DB().QueryContext(s.ctx, query)
	s.must(err)
	defer rows.Close()
	var list []string
	for rows.Next() {
		var name string
		s.must(rows.Scan(&name))
		list = append(list, name)
	}
	s.must(rows.Err())
	if len(list) < 10 {
		s.Fatalf("tables %v", list)
	}
	return list
}

// keepsOut fails if a word stands anywhere in the database.
func (s *shop) keepsOut(words ...string) {
	s.Helper()
	for _, table := range s.tables() {
		for _, cell := range s.cells(table) {
			for _, w := range words {
				if strings.Contains(cell, w) {
					s.Errorf("%s holds %q: %.200s", table, w, cell)
				}
			}
		}
	}
}

// cells returns everything that a table holds, as text.
func (s *shop) cells(table string) []string {
	s.Helper()
	rows, err := s.store.DB().QueryContext(s.ctx, "SELECT * FROM "+table)
	s.must(err)
	defer rows.Close()
	columns, err := rows.Columns()
	s.must(err)
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range into {
		into[i] = &values[i]
	}
	var cells []string
	for rows.Next() {
		s.must(rows.Scan(into...))
		for _, v := range values {
			cells = append(cells, fmt.Sprintf("%s", v))
		}
	}
	s.must(rows.Err())
	return cells
}
