package desk_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

// losing is a database that commits and then loses the answer, once.
type losing struct {
	driver driver.Driver
	dsn    string

	mu sync.Mutex
	// in is how many commits come before the one whose answer is lost; below 0 for
	// none.
	in int
}

// loseAfter loses the answer to the commit that comes after n others.
func (l *losing) loseAfter(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.in = n
}

// lost reports whether the answer was lost.
func (l *losing) lost() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.in < 0
}

// Connect opens a connection.
func (l *losing) Connect(context.Context) (driver.Conn, error) {
	c, err := l.driver.Open(l.dsn)
	if err != nil {
		return nil, err
	}
	whole, ok := c.(connection)
	if !ok {
		return nil, fmt.Errorf("%T is not a whole connection", c)
	}
	return &losingConn{whole, l}, nil
}

// Driver returns the driver.
func (l *losing) Driver() driver.Driver { return l.driver }

type connection interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type losingConn struct {
	connection
	l *losing
}

// BeginTx begins a transaction whose commit may lose its answer.
func (c *losingConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.connection.BeginTx(ctx, o)
	return &losingTx{tx, c.l}, err
}

type losingTx struct {
	driver.Tx
	l *losing
}

// Commit commits, and says so unless the answer is lost.
func (t *losingTx) Commit() error {
	err := t.Tx.Commit()
	t.l.mu.Lock()
	defer t.l.mu.Unlock()
	t.l.in--
	if err == nil && t.l.in == -1 {
		return driver.ErrBadConn
	}
	return err
}

// onLosing runs a test once for each commit of an act that may lose its answer.
func onLosing(t *testing.T, run func(s *shop, lose func(act func()) bool)) {
	t.Helper()
	t.Parallel()
	for n, more := 0, true; more; n++ {
		t.Run(fmt.Sprintf("commit %d", n+1), func(t *testing.T) {
			s := &shop{T: t, ctx: context.Background(), clock: storetest.NewClock(), log: &lockedBuffer{}}
			plain, err := sql.Open("sqlite", "")
			s.must(err)
			l := &losing{driver: plain.Driver(), dsn: "file:" + filepath.Join(t.TempDir(), "vezne.db") + "?_pragma=journal_mode(WAL)&_txlock=immediate"}
			s.must(plain.Close())
			l.loseAfter(-1)
			db := sql.OpenDB(l)
			t.Cleanup(func() {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
			s.store = storetest.Open(t, store.Config{DB: db, Dialect: store.SQLite, Clock: s.clock})
			s.connect()
			s.start()
			run(s, func(act func()) bool {
				l.loseAfter(n)
				act()
				more = l.lost()
				l.loseAfter(-1)
				return more
			})
			s.whole()
		})
	}
}

func TestACommitWithoutAnAnswerIsReadBack(t *testing.T) {
	onLosing(t, func(s *shop, lose func(func()) bool) {
		id := s.order()
		lose(func() {
			_, err := s.desk.StartCheckout(s.ctx, by, id, desk.CheckoutParams{})
			if err != nil && vezne.KindOf(err) != vezne.KindUnavailable {
				s.Error(err)
			}
		})
		s.pass(30 * time.Second)
		c := s.checkout(id)
		if n := len(s.rows("/v1/checkout/sessions")); n != 1 || len(s.attempts(id)) != 1 {
			s.Errorf("%d sessions at Stripe, attempts %+v, checkout %+v", n, s.attempts(id), c)
		}
	})
}

func TestAnOrderWhoseCommitHadNoAnswerIsThereOnce(t *testing.T) {
	onLosing(t, func(s *shop, lose func(func()) bool) {
		var id vezne.OrderID
		lose(func() { id = s.order(withCustomer) })
		list, err := s.desk.Orders(s.ctx, desk.OrderFilter{})
		s.must(err)
		if len(list) != 1 || list[0].ID != id {
			s.Errorf("orders %+v, want %s", list, id)
		}
	})
}

func TestAPaymentWhoseCommitsHaveNoAnswerIsTakenOnce(t *testing.T) {
	onLosing(t, func(s *shop, lose func(func()) bool) {
		id := s.order(withCustomer)
		lose(func() {
			_, err := s.desk.StartPaymentIntent(s.ctx, by, id, confirm("pm_card_visa"))
			if err != nil && vezne.KindOf(err) != vezne.KindUnavailable {
				s.Error(err)
			}
		})
		s.pass(time.Minute)
		if s.view(id).PaidAt == nil {
			s.pay(id)
		}
		if n := len(s.rows("/v1/charges")); n != 1 || len(s.rows("/v1/customers")) != 1 {
			s.Errorf("%d charges, %d customers at Stripe", n, len(s.rows("/v1/customers")))
		}
	})
}

func TestARefundWhoseCommitsHaveNoAnswerIsMadeOnce(t *testing.T) {
	onLosing(t, func(s *shop, lose func(func()) bool) {
		id := s.paid("pm_card_visa")
		ctx := desk.WithKey(s.ctx, "k1")
		refund := func() error {
			_, _, err := s.desk.Refund(ctx, by, id, amount(500), "")
			if err != nil && vezne.KindOf(err) != vezne.KindUnavailable {
				s.Error(err)
			}
			return err
		}
		lose(func() {
			if refund() != nil {
				s.must(refund())
			}
		})
		s.pass(time.Minute)
		if v := s.is(id, vezne.OrderPartiallyRefunded); v.AmountRefunded != 500 || len(s.rows("/v1/refunds")) != 1 {
			s.Errorf("%d refunded, %d refunds at Stripe", v.AmountRefunded, len(s.rows("/v1/refunds")))
		}
	})
}
