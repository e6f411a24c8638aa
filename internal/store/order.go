package store

import (
	"context"
	"math"
	"strings"
	"time"
	"unicode"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store/db"
)

// OrderFilter says which orders to list; zero values do not filter.
type OrderFilter struct {
	Statuses          []vezne.OrderStatus
	CustomerReference string
	// Query is an id, a number, or a part of name or e-mail; case and the dots
	// of i do not matter.
	Query           string
	PaymentIntentID vezne.ObjectID
	CreatedAfter    time.Time
	CreatedBefore   time.Time
	// OnlyAttention lists those that a person should look at.
	OnlyAttention bool
	// After is the last order of the former page.
	After vezne.OrderID
	// Limit is how many; 0 means 20.
	Limit int
}

// firstOrderNumber is the first number that people see.
const firstOrderNumber = 1000

// InsertOrder writes a new order, draws its number and returns it. Its sums
// are zero and its facts unwritten, whatever o says.
func (tx *Tx) InsertOrder(ctx context.Context, o vezne.Order) (vezne.Order, error) {
	const op = "store.InsertOrder"
	n, err := tx.q.NextCounter(ctx, db.NextCounterParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, Name: "order"})
	if err != nil {
		return o, storageError(op, err)
	}
	o.Number, o.Revision, o.CreatedAt, o.UpdatedAt = firstOrderNumber+n, 1, tx.now, tx.now
	lines, err := encode(o.Lines)
	if err != nil {
		return o, err
	}
	if o.Metadata == nil {
		o.Metadata = map[string]string{}
	}
	metadata, err := encode(o.Metadata)
	if err != nil {
		return o, err
	}
	err = tx.q.InsertOrder(ctx, db.InsertOrderParams{
		Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(o.ID), Number: o.Number, Status: string(o.Status()), Currency: string(o.Currency),
		Lines: lines, AmountTotal: o.AmountTotal, CustomerID: string(o.CustomerID), CustomerReference: o.CustomerReference, CustomerEmail: o.CustomerEmail,
		CustomerName: o.CustomerName, Search: fold(o.CustomerName + " " + o.CustomerEmail + " " + o.CustomerReference), Locale: o.Locale,
		Metadata: metadata, CreatedAt: micros(tx.now),
	})
	return o, storageError(op, err)
}

// LockOrder locks an order until the transaction ends, counts its revision up
// and returns it. Everything that concerns the order waits here. CodeNotFound.
func (tx *Tx) LockOrder(ctx context.Context, id vezne.OrderID) (vezne.Order, error) {
	row, err := tx.q.LockOrder(ctx, db.LockOrderParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(id)})
	if err != nil {
		return vezne.Order{}, notFound("store.LockOrder", "order", err)
	}
	return toOrder(row)
}

// SaveOrder writes facts, sums and attention of an order that LockOrder
// returned. CodeCorrupt when that would unwrite a fact.
func (tx *Tx) SaveOrder(ctx context.Context, o vezne.Order) error {
	const op = "store.SaveOrder"
	if o.Attention == nil {
		o.Attention = []vezne.Attention{}
	}
	attention, err := encode(o.Attention)
	if err != nil {
		return err
	}
	n, err := tx.q.SaveOrder(ctx, db.SaveOrderParams{
		Status: string(o.Status()), AmountAuthorized: o.AmountAuthorized, AmountPaid: o.AmountPaid, AmountRefunded: o.AmountRefunded,
		AmountDisputed: o.AmountDisputed, Processing: o.Processing, PaidAt: microsPtr(o.PaidAt), PaidBy: string(o.PaidBy),
		CancelRequestedAt: microsPtr(o.CancelRequestedAt), CanceledAt: microsPtr(o.CanceledAt), Attention: attention, Locale: o.Locale,
		CustomerID: string(o.CustomerID), UpdatedAt: micros(tx.now), Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(o.ID), Revision: o.Revision,
	})
	if err != nil {
		return storageError(op, err)
	}
	if n != 1 {
		return vezne.E(vezne.CodeCorrupt, op, "An order's facts can be written once only.")
	}
	return nil
}

// Order returns an order. CodeNotFound when there is none in this scope.
func (q queries) Order(ctx context.Context, id vezne.OrderID) (vezne.Order, error) {
	row, err := q.q.GetOrder(ctx, db.GetOrderParams{Account: q.scope.Account, Livemode: q.scope.Livemode, ID: string(id)})
	if err != nil {
		return vezne.Order{}, notFound("store.Order", "order", err)
	}
	return toOrder(row)
}

// Orders lists orders, newest first.
func (q queries) Orders(ctx context.Context, f OrderFilter) ([]vezne.Order, error) {
	p := db.ListOrdersParams{
		Account: q.scope.Account, Livemode: q.scope.Livemode, After: string(f.After), CustomerReference: f.CustomerReference, Query: strings.TrimPrefix(strings.TrimSpace(f.Query), "#"),
		PaymentIntentID: string(f.PaymentIntentID), CreatedBefore: math.MaxInt64, OnlyAttention: f.OnlyAttention, RowLimit: rowLimit(f.Limit),
	}
	p.Pattern = "%" + escapeLike(fold(p.Query)) + "%"
	if len(f.Statuses) > 0 {
		names := make([]string, len(f.Statuses))
		for i, s := range f.Statuses {
			names[i] = string(s)
		}
		p.Statuses = "," + strings.Join(names, ",") + ","
	}
	if !f.CreatedAfter.IsZero() {
		p.CreatedAfter = micros(f.CreatedAfter)
	}
	if !f.CreatedBefore.IsZero() {
		p.CreatedBefore = micros(f.CreatedBefore)
	}
	rows, err := q.q.ListOrders(ctx, p)
	if err != nil {
		return nil, storageError("store.Orders", err)
	}
	return collect(rows, toOrder)
}

// OrderCounts counts the orders by status.
func (q queries) OrderCounts(ctx context.Context) (map[vezne.OrderStatus]int64, error) {
	rows, err := q.q.CountOrders(ctx, db.CountOrdersParams{Account: q.scope.Account, Livemode: q.scope.Livemode})
	if err != nil {
		return nil, storageError("store.OrderCounts", err)
	}
	counts := map[vezne.OrderStatus]int64{}
	for _, r := range rows {
		counts[vezne.OrderStatus(r.Status)] = r.Number
	}
	return counts, nil
}

// AttentionCount counts the orders that a person should look at.
func (q queries) AttentionCount(ctx context.Context) (int64, error) {
	n, err := q.q.CountAttention(ctx, db.CountAttentionParams{Account: q.scope.Account, Livemode: q.scope.Livemode})
	return n, storageError("store.AttentionCount", err)
}

func toOrder(r db.Order) (vezne.Order, error) {
	const op = "store.Order"
	o := vezne.Order{
		ID: vezne.OrderID(r.ID), Number: r.Number, Currency: vezne.Currency(r.Currency), AmountTotal: r.AmountTotal, AmountAuthorized: r.AmountAuthorized,
		AmountPaid: r.AmountPaid, AmountRefunded: r.AmountRefunded, AmountDisputed: r.AmountDisputed, Processing: r.Processing,
		PaidAt: instantPtr(r.PaidAt), PaidBy: vezne.AttemptID(r.PaidBy), CancelRequestedAt: instantPtr(r.CancelRequestedAt), CanceledAt: instantPtr(r.CanceledAt),
		CustomerID: vezne.CustomerID(r.CustomerID), CustomerReference: r.CustomerReference, CustomerEmail: r.CustomerEmail, CustomerName: r.CustomerName,
		Locale: r.Locale, Revision: r.Revision, CreatedAt: instant(r.CreatedAt), UpdatedAt: instant(r.UpdatedAt), ErasedAt: instantPtr(r.ErasedAt),
	}
	if err := decode(op, r.Lines, &o.Lines); err != nil {
		return o, err
	}
	if err := decode(op, r.Attention, &o.Attention); err != nil {
		return o, err
	}
	err := decode(op, r.Metadata, &o.Metadata)
	return o, err
}

// collect converts rows and stops at the first that cannot be read.
func collect[R, T any](rows []R, convert func(R) (T, error)) ([]T, error) {
	list := make([]T, 0, len(rows))
	for _, r := range rows {
		v, err := convert(r)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// defaultLimit is how many rows a list has when nobody says.
const defaultLimit = 20

func rowLimit(n int) int32 {
	if n <= 0 {
		return defaultLimit
	}
	return int32(min(n, math.MaxInt32))
}

// fold makes text comparable: lower case, and one letter for the four forms of
// i, which no single locale's lower-casing brings together.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case 'İ', 'I', 'ı':
			return 'i'
		case '\u0307': // the dot that lower-casing leaves of İ
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
