package explore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/apply"
	"github.com/vezne/vezne/internal/ids"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

// The walk goes at random over the real settle and the real store, with a
// Stripe of its own: events late, doubled, lost and out of order, reads and
// requests in flight, answers lost, processes that crash. At every step and at
// its end the promises must hold.

const (
	orders   = 3
	price    = 1999
	walkHold = time.Minute
)

type walker struct {
	t       *testing.T
	ctx     context.Context
	rng     *rand.Rand
	clock   *storetest.Clock
	db      *sql.DB
	store   *store.Store
	settler *settle.Settler
	stripe  *stripe
	order   []vezne.OrderID
	reads   []flight
	sends   []flight
	// facts are those of each order at the last look.
	facts map[vezne.OrderID]vezne.Order
	trail []string
	owner int
	// refuses is how many hooks refuse.
	refuses int
}

// flight is a read or a request on its way.
type flight struct {
	mark   *vezne.Mark
	call   vezne.Call
	object string
	owner  string
	begin  int64
	answer *stripeAnswer
}

func newWalker(t *testing.T, seed uint64) *walker {
	w := &walker{t: t, ctx: context.Background(), rng: rand.New(rand.NewPCG(seed, 7)), clock: storetest.NewClock(),
		stripe: &stripe{stored: map[string]stripeAnswer{}, faults: 4}, facts: map[vezne.OrderID]vezne.Order{}, refuses: 2}
	var err error
	// A crash of a process loses nothing that the system has taken; the walk is no
	// test of the disk.
	w.db, err = sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "walk.db")+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)")
	w.must(err)
	t.Cleanup(func() { w.must(w.db.Close()) })
	w.start()
	_, err = w.db.ExecContext(w.ctx, "CREATE TABLE ships (order_id TEXT NOT NULL)")
	w.must(err)
	for range orders {
		v, err := w.settler.NewOrder(w.ctx, vezne.Cause{Actor: vezne.Actor{Kind: vezne.ActorAPI}}, vezne.Order{ID: vezne.OrderID(w.id(vezne.OrderPrefix)), Currency: "usd",
			Lines: []vezne.OrderLine{{Name: "Tea", UnitAmount: price, Quantity: 1, Amount: price}}, AmountTotal: price}, store.OrderKey{})
		w.must(err)
		w.order = append(w.order, v.ID)
	}
	return w
}

func (w *walker) must(err error) {
	w.t.Helper()
	if err != nil {
		w.fail("%v", err)
	}
}

func (w *walker) fail(format string, args ...any) {
	w.t.Helper()
	tail := w.trail[max(0, len(w.trail)-60):]
	for _, line := range tail {
		w.t.Log(line)
	}
	w.t.Fatalf(format, args...)
}

func (w *walker) note(format string, args ...any) {
	w.trail = append(w.trail, fmt.Sprintf(format, args...))
}

func (w *walker) id(prefix string) string {
	s, err := ids.New(prefix)
	w.must(err)
	return s
}

// start is a process that begins: what was in flight is lost.
func (w *walker) start() {
	var err error
	w.store, err = store.Open(w.ctx, store.Config{DB: w.db, Dialect: store.SQLite, Scope: storetest.Scope, Clock: w.clock})
	w.must(err)
	w.reads, w.sends = nil, nil
	w.settler = settle.New(settle.Config{Store: w.store, PublicURL: "https://pay.example.com", APIVersion: "2026-01-28.clover", HasCallback: true, HasAfterHook: true,
		Log: slog.New(slog.DiscardHandler),
		Hook: func(ctx context.Context, tx *sql.Tx, o vezne.OrderView) error {
			if _, err := tx.ExecContext(ctx, "INSERT INTO ships (order_id) VALUES ($1)", string(o.ID)); err != nil {
				return err
			}
			if w.refuses > 0 && w.rng.IntN(3) == 0 {
				w.refuses--
				return errors.New("not now")
			}
			return nil
		}})
}

func pick[T any](w *walker, list []T) T { return list[w.rng.IntN(len(list))] }

// click opens an attempt as the desk does, or joins the open one.
func (w *walker) click(id vezne.OrderID) {
	var refused = errors.New("refused")
	_, err := w.settler.Order(w.ctx, id, vezne.Cause{Actor: vezne.Actor{Kind: vezne.ActorCustomer}}, func(tx *store.Tx, f *vezne.Facts) ([]vezne.Entry, error) {
		if f.Order.PaidAt != nil || f.Order.CancelRequestedAt != nil || slices.ContainsFunc(f.Attempts, func(a vezne.Attempt) bool { return a.Open() || a.State == vezne.AttemptPaid }) {
			return nil, refused
		}
		a := vezne.Attempt{ID: vezne.AttemptID(w.id(vezne.AttemptPrefix)), OrderID: id, Number: len(f.Attempts) + 1, Kind: vezne.AttemptPaymentIntent, State: vezne.AttemptOpening,
			Expected: price, Currency: "usd", CreateCall: vezne.CallID(w.id(vezne.CallPrefix)), CreatedAt: tx.Now()}
		n, err := tx.NextNumber(w.ctx)
		if err != nil {
			return nil, err
		}
		c := vezne.Call{ID: a.CreateCall, Root: vezne.Root{Kind: vezne.RootOrder, ID: string(id)}, Attempt: a.ID, Purpose: vezne.CallCreatePaymentIntent, Path: "/v1/payment_intents",
			Form: settle.Form([][2]string{{"amount", strconv.Itoa(price)}, {"metadata[" + vezne.MetadataOrder + "]", string(id)}, {"metadata[" + vezne.MetadataAttempt + "]", string(a.ID)}}),
			Key:  string(a.CreateCall), Number: n, State: vezne.CallPending, CreatedAt: tx.Now(), NextAt: tx.Now()}
		f.Attempts, f.Calls = append(f.Attempts, a), append(f.Calls, c)
		_, insertErr := tx.InsertCall(w.ctx, c, "")
		return []vezne.Entry{{Action: "attempt.created"}}, errors.Join(tx.InsertAttempt(w.ctx, a), insertErr)
	})
	if !errors.Is(err, refused) {
		w.must(err)
	}
}

// ask asks for a refund as the desk does.
func (w *walker) ask(id vezne.OrderID) {
	refused := errors.New("refused")
	amount := int64(1 + w.rng.IntN(price))
	_, err := w.settler.Order(w.ctx, id, vezne.Cause{Actor: vezne.Actor{Kind: vezne.ActorOperator, Name: "ada"}}, func(tx *store.Tx, f *vezne.Facts) ([]vezne.Entry, error) {
		if amount > apply.Refundable(*f) {
			return nil, refused
		}
		i := slices.IndexFunc(f.Attempts, func(a vezne.Attempt) bool { return a.ID == f.Order.PaidBy })
		r := vezne.RefundRequest{ID: vezne.RefundID(w.id(vezne.RefundPrefix)), OrderID: id, Amount: amount, State: apply.RefundPending, CreatedAt: tx.Now()}
		n, err := tx.NextNumber(w.ctx)
		if err != nil {
			return nil, err
		}
		c := vezne.Call{ID: vezne.CallID(w.id(vezne.CallPrefix)), Root: vezne.Root{Kind: vezne.RootOrder, ID: string(id)}, RefundID: r.ID, Purpose: vezne.CallCreateRefund, Path: "/v1/refunds",
			Form: settle.Form([][2]string{{"payment_intent", string(f.Attempts[i].PaymentIntentID)}, {"amount", strconv.FormatInt(amount, 10)}, {"metadata[" + vezne.MetadataRefund + "]", string(r.ID)}}),
			Key:  string(r.ID), Number: n, State: vezne.CallPending, CreatedAt: tx.Now(), NextAt: tx.Now()}
		f.Refunds, f.Calls = append(f.Refunds, r), append(f.Calls, c)
		_, insertErr := tx.InsertCall(w.ctx, c, "")
		return []vezne.Entry{{Action: "refund.requested"}}, errors.Join(tx.InsertRefundRequest(w.ctx, r), insertErr)
	})
	if !errors.Is(err, refused) {
		w.must(err)
		w.note("a refund of %d is asked for", amount)
	}
}

func (w *walker) cancel(id vezne.OrderID) {
	_, err := w.settler.Order(w.ctx, id, vezne.Cause{Actor: vezne.Actor{Kind: vezne.ActorOperator, Name: "ada"}}, func(tx *store.Tx, f *vezne.Facts) ([]vezne.Entry, error) {
		if f.Order.PaidAt == nil && f.Order.CancelRequestedAt == nil {
			f.Order.CancelRequestedAt = new(tx.Now())
		}
		return nil, nil
	})
	w.must(err)
}

// people and banks do something.
func (w *walker) live() {
	id := pick(w, w.order)
	switch w.rng.IntN(12) {
	case 0, 1, 2:
		w.note("click on Pay of %s", id)
		w.click(id)
	case 3:
		if w.rng.IntN(4) == 0 {
			w.note("cancel %s", id)
			w.cancel(id)
		}
	case 4:
		w.ask(id)
	case 5:
		if w.rng.IntN(3) == 0 {
			p := w.stripe.make("", "", 5)
			w.note("a payment of somebody else: %s", p.id)
			w.stripe.pay(p, "succeeded")
		}
	case 6:
		if w.rng.IntN(6) == 0 {
			p := w.stripe.make(string(id), "att_of_nobody", price)
			w.note("a payment that nobody asked for: %s", p.id)
			w.stripe.pay(p, "succeeded")
		}
	default:
		w.bank()
	}
}

func (w *walker) bank() {
	if len(w.stripe.intents) == 0 {
		return
	}
	p := pick(w, w.stripe.intents)
	switch {
	case p.status == "requires_payment_method":
		how := pick(w, []string{"declined", "processing", "succeeded", "succeeded"})
		w.note("%s is paid: %s", p.id, how)
		w.stripe.pay(p, how)
	case p.status == "processing":
		how := pick(w, []string{"declined", "succeeded"})
		w.note("%s comes in: %s", p.id, how)
		w.stripe.pay(p, how)
	case p.status == "succeeded" && w.rng.IntN(3) == 0:
		w.after(p)
	}
}

// after is what happens to money that came in.
func (w *walker) after(p *stripeIntent) {
	c := p.charge
	switch {
	case c.dispute == "needs_response":
		w.stripe.dispute(c, pick(w, []string{"won", "lost"}))
	case w.rng.IntN(3) == 0 && c.dispute == "" && c.refunded == 0:
		w.stripe.dispute(c, "needs_response")
	case w.rng.IntN(2) == 0 && p.received > c.refunded && c.dispute == "":
		w.stripe.refund(p, 1+w.rng.Int64N(p.received-c.refunded), "")
	case len(p.refunds) > 0 && p.order != "":
		if r := pick(w, p.refunds); r.status == "succeeded" && r.ours != "" {
			w.note("refund %s fails later", r.id)
			w.stripe.bounce(r)
		}
	}
}

// deliver hands over some events, in any order, some of them twice.
func (w *walker) deliver(all bool) {
	if len(w.stripe.net) == 0 {
		return
	}
	n := 1 + w.rng.IntN(min(3, len(w.stripe.net)))
	if all {
		n = len(w.stripe.net)
	}
	w.rng.Shuffle(len(w.stripe.net), func(i, j int) { w.stripe.net[i], w.stripe.net[j] = w.stripe.net[j], w.stripe.net[i] })
	group := slices.Clone(w.stripe.net[:n])
	w.stripe.net = slices.Clone(w.stripe.net[n:])
	for _, e := range group {
		if !all && w.rng.IntN(4) == 0 {
			w.stripe.net = append(w.stripe.net, e) // it comes again
		}
		w.note("event %s about %s", e.Type, e.ObjectID)
	}
	if !all && w.rng.IntN(5) == 0 {
		// Lost for now: Stripe tries again in hours.
		w.stripe.net = append(w.stripe.net, group...)
		return
	}
	_, err := w.store.StoreEvents(w.ctx, group)
	w.must(err)
}

// sweep claims marks and begins reads.
func (w *walker) sweep(limit int) bool {
	_, err := w.store.MarkRechecks(w.ctx, 10)
	w.must(err)
	w.owner++
	owner := strconv.Itoa(w.owner)
	marks, err := w.store.ClaimMarks(w.ctx, owner, limit, walkHold)
	w.must(err)
	for _, m := range marks {
		w.read(string(m.ID), owner, &m)
	}
	return len(marks) > 0
}

func (w *walker) read(object, owner string, m *vezne.Mark) {
	begin, err := w.store.NextNumber(w.ctx)
	w.must(err)
	w.note("read of %s begins with %d", object, begin)
	w.reads = append(w.reads, flight{mark: m, object: object, owner: owner, begin: begin})
}

// land is a buyer who comes back.
func (w *walker) land() {
	if len(w.stripe.intents) == 0 {
		return
	}
	if p := pick(w, w.stripe.intents); p.order != "" {
		w.read(p.id, "", nil)
	}
}

// fly lets a read or a request go one step on.
func (w *walker) fly(list *[]flight) bool {
	if len(*list) == 0 {
		return false
	}
	i := w.rng.IntN(len(*list))
	f := (*list)[i]
	if f.answer == nil {
		(*list)[i] = w.serve(f)
		return true
	}
	*list = slices.Delete(*list, i, i+1)
	if f.call.ID != "" {
		w.answered(f)
	} else {
		w.merged(f)
	}
	return true
}

func (w *walker) serve(f flight) flight {
	switch {
	case f.call.ID == "" || f.call.State == vezne.CallLooking:
		object := f.object
		if f.call.State == vezne.CallLooking {
			object = w.made(f.call)
		}
		body, ok := w.stripe.read(object)
		f.answer = &stripeAnswer{200, body}
		if !ok {
			f.answer.status = 404
		}
	default:
		way := sound
		if w.stripe.faults > 0 && f.call.Purpose != vezne.CallRefundSurplus && w.rng.IntN(4) == 0 {
			way = 1 + w.rng.IntN(2)
			w.stripe.faults--
		}
		a := w.stripe.execute(f.call, way)
		w.note("Stripe answers %s with %d", f.call.Purpose, a.status)
		if w.rng.IntN(5) == 0 {
			a = stripeAnswer{} // lost on its way
		}
		f.answer = &a
	}
	return f
}

// made is what a request made or changed, found in Stripe's lists; "" when
// nothing shows that it took effect.
func (w *walker) made(c vezne.Call) string {
	for _, p := range w.stripe.intents {
		switch {
		case c.Purpose == vezne.CallCreatePaymentIntent && p.attempt == string(c.Attempt):
			return p.id
		case c.Purpose == vezne.CallCancelPaymentIntent && c.Path == "/v1/payment_intents/"+p.id+"/cancel" && p.status == "canceled":
			return p.id
		}
		for _, r := range p.refunds {
			if c.Purpose == vezne.CallCreateRefund && r.ours == string(c.RefundID) {
				return r.id
			}
		}
	}
	return ""
}

func (w *walker) merged(f flight) {
	a := settle.Answer{Begin: f.begin, Cause: vezne.Cause{Actor: vezne.Actor{Kind: vezne.ActorSystem}}, Body: []byte(f.answer.body)}
	if f.answer.status == 404 {
		w.fail("a read of %s, which was never made", f.object)
	}
	_, err := w.settler.Answer(w.ctx, a)
	w.must(err)
	w.note("read of %s (%d) is settled", f.object, f.begin)
	if f.mark != nil {
		w.must(w.store.ReleaseMark(w.ctx, f.mark.ID, f.owner, store.MarkRelease{Number: f.mark.Number, DueAt: w.clock.Now()}))
	}
}

// claim begins to send, or to look up, what is due.
func (w *walker) claim() bool {
	w.owner++
	owner := strconv.Itoa(w.owner)
	calls, err := w.store.ClaimCalls(w.ctx, owner, 2, walkHold)
	w.must(err)
	for _, c := range calls {
		f := flight{call: c, owner: owner, begin: c.Number}
		if c.State == vezne.CallLooking {
			f.begin, err = w.store.NextNumber(w.ctx)
			w.must(err)
		}
		w.note("%s of %s goes out, it is %s", c.Purpose, c.Attempt, c.State)
		w.sends = append(w.sends, f)
	}
	return len(calls) > 0
}

// answered brings the end of a sending home, by the rules of apply.AfterCall.
func (w *walker) answered(f flight) {
	c := f.call
	now := w.clock.Now()
	if c.FirstSentAt == nil {
		c.FirstSentAt = &now
	}
	c.Tries++
	a := settle.Answer{Begin: f.begin, Cause: vezne.Cause{Actor: vezne.Actor{Kind: vezne.ActorSystem}}, Body: []byte(f.answer.body), Call: &c}
	if c.State == vezne.CallLooking {
		c.State = vezne.CallDone
		if f.answer.status == 404 {
			c.State, a.Body = vezne.CallAbandoned, nil
		}
	} else {
		kind := ""
		switch f.answer.status {
		case 400:
			kind = "invalid_request_error"
		case 500:
			kind = "api_error"
		}
		step := apply.AfterCall(c, apply.CallOutcome{Status: f.answer.status, ErrorType: kind}, now)
		c.Status, c.NextAt, c.Unclear = f.answer.status, step.At, step.Unclear
		switch step.Action {
		case apply.CallSettle:
			c.State = vezne.CallDone
		case apply.CallRefuse:
			c.State, c.Refusal = vezne.CallRefused, &vezne.StripeError{Status: 400, Type: kind}
		case apply.CallLook:
			c.State, a.Body = vezne.CallLooking, nil
		case apply.CallAgain:
			a.Body = nil
		}
	}
	_, err := w.settler.Answer(w.ctx, a)
	w.must(err)
	w.note("%s is settled: %s", c.Purpose, c.State)
	w.must(w.store.ReleaseCall(w.ctx, c.ID, f.owner, c.NextAt))
}

func (w *walker) crash() {
	w.note("the process crashes")
	w.start()
}

// step does one thing.
func (w *walker) step() {
	w.clock.Advance(time.Duration(w.rng.IntN(2000)) * time.Millisecond)
	switch n := w.rng.IntN(100); {
	case n < 25:
		w.live()
	case n < 43:
		w.deliver(false)
	case n < 55:
		w.sweep(1 + w.rng.IntN(2))
	case n < 63:
		w.land()
	case n < 70:
		w.claim()
	case n < 85:
		w.fly(&w.reads)
	case n < 96:
		w.fly(&w.sends)
	case n < 98:
		w.clock.Advance(time.Hour)
	default:
		w.crash()
	}
}

// settleDown lets everything that must happen happen.
func (w *walker) settleDown() {
	for round := 0; ; round++ {
		if round == 1500 {
			w.fail("it never comes to rest")
		}
		w.deliver(true)
		moved := w.fly(&w.reads)
		moved = w.fly(&w.sends) || moved
		moved = w.sweep(5) || moved
		moved = w.claim() || moved
		if moved || len(w.stripe.net) > 0 {
			continue
		}
		// Leases, pauses and rechecks take time; what is not final is looked at for
		// days, so rest is when nothing is pending.
		w.clock.Advance(10 * time.Minute)
		if w.atRest() {
			return
		}
	}
}

func (w *walker) atRest() bool {
	waiting, _, err := w.store.MarkStats(w.ctx)
	w.must(err)
	pending, _, err := w.store.CallStats(w.ctx)
	w.must(err)
	received, err := w.store.EventCounts(w.ctx)
	w.must(err)
	held, err := w.store.Orders(w.ctx, store.OrderFilter{OnlyAttention: true})
	w.must(err)
	for _, o := range held {
		if o.Has(vezne.AttentionHeldByHook) {
			return false
		}
	}
	return waiting == 0 && pending == 0 && received[vezne.EventReceived] == 0
}

func seeds(t *testing.T) []uint64 {
	n := 40
	if long {
		n = 1000
	}
	if one := os.Getenv("VEZNE_WALK_SEED"); one != "" {
		seed, err := strconv.ParseUint(one, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return []uint64{seed}
	}
	var list []uint64
	for i := range n {
		list = append(list, uint64(i+1))
	}
	return list
}

func TestAWalkOverTheRealTransactionEndsInTheTruth(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(t) {
		t.Run(fmt.Sprint("VEZNE_WALK_SEED=", seed), func(t *testing.T) {
			t.Parallel()
			w := newWalker(t, seed)
			for range 250 {
				w.step()
				w.check()
			}
			w.settleDown()
			w.check()
			w.checkEnd()
		})
	}
}
