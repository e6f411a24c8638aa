package desk

import (
	"context"
	"log/slog"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/ids"
	"github.com/vezne/vezne/internal/reconcile"
	"github.com/vezne/vezne/internal/refresh"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/writeahead"
)

// Config is what a Desk stands on.
type Config struct {
	Store     *store.Store
	Settler   *settle.Settler
	Sender    *writeahead.Sender
	Refresher *refresh.Refresher
	// Reconciler asks Stripe what was missed.
	Reconciler *reconcile.Reconciler
	// ReadOnly reports whether nothing may be changed now, as while a restored
	// database catches up; nil for never.
	ReadOnly func() bool
	// PublicURL is where our pages are, without a slash at its end.
	PublicURL string
	// APIVersion is sent with the calls that are written down here.
	APIVersion string
	// Limits are how often somebody may try to pay.
	Limits vezne.Limits
	// Throttled hears of each payment that a limit held back; nil for nobody.
	Throttled func(by vezne.LimitedBy)
	Clock     vezne.Clock
	Log       *slog.Logger
}

// Desk answers applications, buyers and operators. It is safe for concurrent
// use.
type Desk struct {
	Config
	landings pace
}

// New returns a Desk.
func New(cfg Config) *Desk {
	cfg.Limits = cfg.Limits.WithDefaults()
	return &Desk{Config: cfg}
}

// grace is how long a call that was written down here is left to whoever wrote
// it, before a sweep takes it up.
const grace = 5 * time.Second

// writable refuses with CodeReadOnly while nothing may be changed.
func (d *Desk) writable(op string) error {
	if d.ReadOnly == nil || !d.ReadOnly() {
		return nil
	}
	return vezne.E(vezne.CodeReadOnly, op, "The service was restored from a backup and is catching up with Stripe.").WithHint("Try again in a few minutes.")
}

// plan is a call that is to be written down.
type plan struct {
	root    vezne.Root
	purpose vezne.CallPurpose
	path    string
	form    [][2]string
	attempt vezne.AttemptID
	refund  vezne.RefundID
	// id and key are made when they are empty.
	id  vezne.CallID
	key string
	by  vezne.Actor
}

// write writes a call down, to be sent after the commit.
func (d *Desk) write(ctx context.Context, tx *store.Tx, p plan) (vezne.Call, error) {
	const op = "desk.write"
	if err := d.writable(op); err != nil {
		return vezne.Call{}, err
	}
	if p.id == "" {
		id, err := newID[vezne.CallID](vezne.CallPrefix)
		if err != nil {
			return vezne.Call{}, err
		}
		p.id = id
	}
	if p.key == "" {
		p.key = string(p.id)
	}
	n, err := tx.NextNumber(ctx)
	if err != nil {
		return vezne.Call{}, err
	}
	c := vezne.Call{
		ID: p.id, Root: p.root, Attempt: p.attempt, RefundID: p.refund, Purpose: p.purpose, Path: p.path, Form: settle.Form(p.form), Key: p.key,
		APIVersion: d.APIVersion, Number: n, State: vezne.CallPending, Actor: p.by, CreatedAt: tx.Now(), NextAt: tx.Now().Add(grace),
	}
	written, err := tx.InsertCall(ctx, c, p.key)
	if err == nil && !written {
		err = vezne.E(vezne.CodeInternal, op, "The call was written down before.")
	}
	return c, err
}

// written reads back what a COMMIT without an answer may have written: if the
// call stands there, the transaction happened.
func (d *Desk) written(ctx context.Context, err error, id vezne.CallID) error {
	if id == "" || vezne.CodeOf(err) != vezne.CodeStorageUnavailable {
		return err
	}
	if _, notThere := d.Store.Call(ctx, id); notThere != nil {
		return err
	}
	return nil
}

func newID[T ~string](prefix string) (T, error) {
	id, err := ids.New(prefix)
	if err != nil {
		return "", vezne.E(vezne.CodeInternal, "desk.newID", "").Because(err)
	}
	return T(id), nil
}

func orderRoot(id vezne.OrderID) vezne.Root {
	return vezne.Root{Kind: vezne.RootOrder, ID: string(id)}
}

func customerRoot(id vezne.CustomerID) vezne.Root {
	return vezne.Root{Kind: vezne.RootCustomer, ID: string(id)}
}

// page is the order's page, where Stripe leads back to.
func (d *Desk) page(id vezne.OrderID, query string) string {
	return d.PublicURL + "/pay/" + string(id) + "?" + query
}
