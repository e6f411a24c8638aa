// Package settle is the one transaction. Everything that comes from Stripe, and
// everything that we do to an order, ends here: lock the root's row, merge the
// answer into the mirror, read all that is known, let apply say what follows,
// record it, run the hook, draw the invoice's number last, commit.
package settle

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/mirror"
	"github.com/vezne/vezne/internal/store"
)

// Config is what a Settler stands on.
type Config struct {
	Store     *store.Store
	Policy    vezne.Policy
	Seller    vezne.Seller
	PublicURL string
	// APIVersion is sent with the calls that are planned here.
	APIVersion string
	// Hook runs inside the transaction that makes an order Paid; nil for none.
	Hook func(ctx context.Context, tx *sql.Tx, o vezne.OrderView) error
	// HookTime is how long the hook has; 0 means 2 seconds.
	HookTime time.Duration
	// Enqueue is given the outbox rows inside the transaction; nil for none.
	Enqueue func(ctx context.Context, tx *store.Tx, effects []vezne.Effect) error
	// HasCallback and HasAfterHook say who hears of effects.
	HasCallback, HasAfterHook bool
	// Wake is called after a commit that left something to read or to send.
	Wake func()
	Log  *slog.Logger
}

// Settler settles. It is safe for concurrent use; what concerns one root is
// serialised by its row.
type Settler struct{ Config }

// New returns a Settler.
func New(cfg Config) *Settler {
	cfg.Policy.Limits = cfg.Policy.Limits.WithDefaults()
	return &Settler{cfg}
}

// Answer is what Stripe said to a read or to a call of ours.
type Answer struct {
	// Begin is the number taken before the request was first sent.
	Begin int64
	Cause vezne.Cause
	// Body is Stripe's JSON, of success or of an error; empty for none.
	Body []byte
	// Gone are objects of which Stripe said that there is no such.
	Gone []vezne.ReadMove
	// Call is the call that this answers, nil for a read.
	Call *vezne.Call
	// Read are objects to be read next, whatever the answer says.
	Read []vezne.ReadMove
	// Repeat is an object to be read once more if the answer changes nothing,
	// although something announced a change; nil for none.
	Repeat *vezne.ReadMove
}

// Outcome says what an answer changed.
type Outcome struct {
	// Root is what the answer concerned; zero when nothing here does.
	Root vezne.Root
	// Changed is true when the mirror learned something.
	Changed bool
	// Again is true when an object was marked to be read again.
	Again bool
}

// Answer merges an answer. An answer that cannot be read is an error of
// CodeCorrupt; the database's errors are as the store's.
func (s *Settler) Answer(ctx context.Context, a Answer) (Outcome, error) {
	const op = "settle.Answer"
	var snapshots []vezne.Snapshot
	if len(a.Body) > 0 {
		var err error
		if snapshots, err = mirror.Snapshots(a.Body, vezne.Interval{Begin: a.Begin}); err != nil {
			return Outcome{}, vezne.E(vezne.CodeCorrupt, op, "An answer of Stripe cannot be read.").Because(err)
		}
	}
	w := &work{Settler: s, answer: a, snapshots: snapshots, asked: a.Cause}
	err := s.run(ctx, w)
	return w.outcome, err
}

// NewOrder writes a new order and draws its number. With a reference, the
// record of its customer is made or kept. A key that has made an order before
// gives that one, whatever became of the answer; CodeIdempotencyMismatch when
// something else was asked for under it.
func (s *Settler) NewOrder(ctx context.Context, cause vezne.Cause, o vezne.Order, key store.OrderKey) (vezne.OrderView, error) {
	var out vezne.Order
	number := ""
	err := s.Store.InTx(ctx, func(tx *store.Tx) error {
		number = ""
		id, err := tx.BindOrderKey(ctx, key, o.ID)
		if err != nil {
			return err
		}
		if id != o.ID {
			out, number, err = made(ctx, tx, id)
			return err
		}
		next := o.Clone()
		if next.CustomerReference != "" {
			c, err := tx.UpsertCustomer(ctx, next.CustomerReference, next.CustomerEmail, next.CustomerName)
			if err != nil {
				return err
			}
			next.CustomerID = c.ID
		}
		if out, err = tx.InsertOrder(ctx, next); err != nil {
			return err
		}
		line := vezne.Entry{Action: "order.created", After: map[string]any{"status": string(out.Status()), "amount_total": out.AmountTotal, "currency": string(out.Currency)}}
		return tx.AppendEntries(ctx, complete([]vezne.Entry{line}, vezne.Root{Kind: vezne.RootOrder, ID: string(out.ID)}, cause, tx))
	})
	if err != nil {
		return vezne.OrderView{}, err
	}
	return s.View(out, number), nil
}

// made returns an order that is there already, and its invoice's number.
func made(ctx context.Context, tx *store.Tx, id vezne.OrderID) (vezne.Order, string, error) {
	o, err := tx.Order(ctx, id)
	if err != nil || o.PaidAt == nil {
		return o, "", err
	}
	inv, err := tx.Invoice(ctx, id)
	return o, inv.Number, err
}

// NewCustomer returns the one record of a reference, made if there is none. An
// e-mail or a name that is not empty replaces the kept one.
func (s *Settler) NewCustomer(ctx context.Context, reference, email, name string) (vezne.Customer, error) {
	var out vezne.Customer
	err := s.Store.InTx(ctx, func(tx *store.Tx) error {
		var err error
		out, err = tx.UpsertCustomer(ctx, reference, email, name)
		return err
	})
	return out, err
}

// Order changes an order from our side by the same way. change may write
// attempts, calls and refund requests through tx, and must add them to the
// facts; it returns audit lines, whose root, time and actor are filled in. An
// error of change leaves nothing behind.
func (s *Settler) Order(ctx context.Context, id vezne.OrderID, cause vezne.Cause, change func(tx *store.Tx, f *vezne.Facts) ([]vezne.Entry, error)) (vezne.OrderView, error) {
	w := &work{Settler: s, asked: cause, order: id, change: change}
	if err := s.run(ctx, w); err != nil {
		return vezne.OrderView{}, err
	}
	return w.view, nil
}

// Customer changes a customer under its lock. change returns audit lines.
func (s *Settler) Customer(ctx context.Context, id vezne.CustomerID, cause vezne.Cause, change func(tx *store.Tx, c *vezne.Customer) ([]vezne.Entry, error)) (vezne.Customer, error) {
	var out vezne.Customer
	err := s.Store.InTx(ctx, func(tx *store.Tx) error {
		c, err := tx.LockCustomer(ctx, id)
		if err != nil {
			return err
		}
		entries, err := change(tx, &c)
		if err != nil {
			return err
		}
		if err := tx.SaveCustomer(ctx, c); err != nil {
			return err
		}
		out = c
		return tx.AppendEntries(ctx, complete(entries, vezne.Root{Kind: vezne.RootCustomer, ID: string(id)}, cause, tx))
	})
	if err == nil {
		s.wake()
	}
	return out, err
}

// run settles once, and a second time with Paid held back if the hook refused:
// what Stripe said is kept, and the hook is asked again later.
func (s *Settler) run(ctx context.Context, w *work) error {
	err := s.Store.InTx(ctx, func(tx *store.Tx) error { return w.settle(ctx, tx) })
	if refused, ok := errors.AsType[*hookError](err); ok {
		s.Log.ErrorContext(ctx, "the hook refused a paid order", "order", string(refused.order), "err", refused.cause)
		w.held = refused
		err = s.Store.InTx(ctx, func(tx *store.Tx) error { return w.settle(ctx, tx) })
	}
	if err == nil && w.wakes {
		s.wake()
	}
	return err
}

func (s *Settler) wake() {
	if s.Wake != nil {
		s.Wake()
	}
}

// complete fills in what all audit lines of one transaction share.
func complete(entries []vezne.Entry, root vezne.Root, cause vezne.Cause, tx *store.Tx) []vezne.Entry {
	for i := range entries {
		e := &entries[i]
		e.Root = root
		if e.At.IsZero() {
			e.At = tx.Now()
		}
		if e.Actor.Kind == "" {
			e.Actor, e.EventID = cause.Actor, cause.EventID
		}
	}
	return entries
}
