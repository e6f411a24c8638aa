package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// CreateOrder checks an order and writes it. Under a key of the caller's it
// makes one order, however often it is called and whatever became of the
// answers. Its codes: CodeIdempotencyMismatch for a key that was used for
// something else, those of wrong fields (CodeInvalidRequest, CodeCurrencyUnknown, CodeAmountInvalid, …TooSmall,
// …TooLarge), CodeStripeUnreachable and others of a read when a line names a
// price, and the store's.
func (d *Desk) CreateOrder(ctx context.Context, by vezne.Actor, n NewOrder) (vezne.OrderView, error) {
	const op = "desk.CreateOrder"
	if err := d.writable(op); err != nil {
		return vezne.OrderView{}, err
	}
	p := &problems{}
	o := vezne.Order{Currency: n.Currency, Locale: n.Locale, Metadata: p.metadata("metadata", n.Metadata)}
	if !n.Currency.Known() {
		p.add(vezne.CodeCurrencyUnknown, "currency", "%q is not a currency that Stripe accepts; use a lower-case ISO 4217 code such as \"usd\".", string(n.Currency))
	}
	p.oneOf("locale", n.Locale, "", "tr", "en")
	if c := n.Customer; c != nil {
		o.CustomerReference = p.exact("customer.reference", c.Reference, maxReference)
		o.CustomerEmail = p.email("customer.email", c.Email)
		o.CustomerName = p.text("customer.name", c.Name, maxName)
	}
	if len(n.Lines) == 0 || len(n.Lines) > maxLines {
		p.wrong("lines", "An order has 1 to %d lines.", maxLines)
		return vezne.OrderView{}, p.err(op)
	}
	for i, l := range n.Lines {
		line, err := d.line(ctx, p, fmt.Sprintf("lines[%d]", i), l, n.Currency)
		if err != nil {
			return vezne.OrderView{}, err
		}
		o.Lines = append(o.Lines, line)
	}
	if len(p.fields) == 0 {
		o.AmountTotal = p.total(o.Lines, n.Currency)
	}
	if err := p.err(op); err != nil {
		return vezne.OrderView{}, err
	}
	id, err := newID[vezne.OrderID](vezne.OrderPrefix)
	if err != nil {
		return vezne.OrderView{}, err
	}
	o.ID = id
	key, err := orderKey(ctx, n)
	if err != nil {
		return vezne.OrderView{}, err
	}
	v, err := d.Settler.NewOrder(ctx, vezne.Cause{Actor: by}, o, key)
	if vezne.CodeOf(err) == vezne.CodeStorageUnavailable {
		// A COMMIT without an answer may have happened: the row tells.
		if kept, notThere := d.Order(ctx, id); notThere == nil {
			return kept, nil
		}
	}
	return v, err
}

// orderKeyLife is how long a key means the order that it made, as long as
// answers are kept.
const orderKeyLife = 24 * time.Hour

// orderKey is the caller's key with what was asked for under it; zero when the
// caller gave none.
func orderKey(ctx context.Context, n NewOrder) (store.OrderKey, error) {
	key := Key(ctx)
	if key == "" {
		return store.OrderKey{}, nil
	}
	asked, err := json.Marshal(n)
	if err != nil {
		return store.OrderKey{}, vezne.E(vezne.CodeInternal, "desk.orderKey", "").Because(err)
	}
	return store.OrderKey{Key: digest([]byte(key)), Content: digest(asked), Life: orderKeyLife}, nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// asError returns the error of this module in a chain.
func asError(err error) (*vezne.Error, bool) { return errors.AsType[*vezne.Error](err) }

// Order returns an order. CodeNotFound.
func (d *Desk) Order(ctx context.Context, id vezne.OrderID) (vezne.OrderView, error) {
	o, err := d.Store.Order(ctx, id)
	if err != nil {
		return vezne.OrderView{}, err
	}
	return d.view(ctx, o)
}

func (d *Desk) view(ctx context.Context, o vezne.Order) (vezne.OrderView, error) {
	number := ""
	if o.PaidAt != nil {
		inv, err := d.Store.Invoice(ctx, o.ID)
		if err != nil {
			return vezne.OrderView{}, err
		}
		number = inv.Number
	}
	return d.Settler.View(o, number), nil
}

// Orders lists orders, newest first. CodeNotFound when After names none.
func (d *Desk) Orders(ctx context.Context, f OrderFilter) ([]vezne.OrderView, error) {
	list, err := d.Store.Orders(ctx, f)
	if err != nil {
		return nil, err
	}
	views := make([]vezne.OrderView, 0, len(list))
	for _, o := range list {
		v, err := d.view(ctx, o)
		if err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	return views, nil
}

// Timeline returns what happened to an order, oldest first. CodeNotFound.
func (d *Desk) Timeline(ctx context.Context, id vezne.OrderID) ([]vezne.Entry, error) {
	if _, err := d.Store.Order(ctx, id); err != nil {
		return nil, err
	}
	return d.Store.Entries(ctx, orderRoot(id))
}

// Attempts lists the attempts of an order, oldest first. CodeNotFound.
func (d *Desk) Attempts(ctx context.Context, id vezne.OrderID) ([]vezne.Attempt, error) {
	if _, err := d.Store.Order(ctx, id); err != nil {
		return nil, err
	}
	return d.Store.Attempts(ctx, id)
}
