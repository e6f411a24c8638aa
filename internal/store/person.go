package store

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store/db"
)

// personBatch is how many records are looked through at once.
const personBatch = 1000

// SameAddress reports whether two texts are one e-mail address: case and the
// dots of i do not matter.
func SameAddress(a, b string) bool { return a != "" && fold(a) == fold(b) }

// CustomersByEmail lists the customers who have an address. All are looked
// through: no database folds letters as people do.
func (q queries) CustomersByEmail(ctx context.Context, email string) ([]vezne.Customer, error) {
	var list []vezne.Customer
	p := db.CustomersAfterParams{Account: q.scope.Account, Livemode: q.scope.Livemode, RowLimit: personBatch}
	for {
		rows, err := q.q.CustomersAfter(ctx, p)
		if err != nil {
			return nil, storageError("store.CustomersByEmail", err)
		}
		for _, r := range rows {
			p.After = r.ID
			if SameAddress(r.Email, email) {
				list = append(list, toCustomer(r))
			}
		}
		if len(rows) < personBatch {
			return list, ctx.Err()
		}
	}
}

// OrdersOfCustomer lists all orders under a reference, oldest first.
func (q queries) OrdersOfCustomer(ctx context.Context, reference string) ([]vezne.Order, error) {
	rows, err := q.q.OrdersOfCustomer(ctx, db.OrdersOfCustomerParams{Account: q.scope.Account, Livemode: q.scope.Livemode, CustomerReference: reference})
	if err != nil {
		return nil, storageError("store.OrdersOfCustomer", err)
	}
	return collect(rows, toOrder)
}

// OrdersByEmail lists all orders that were made with an address.
func (q queries) OrdersByEmail(ctx context.Context, email string) ([]vezne.Order, error) {
	var list []vezne.Order
	f := OrderFilter{Query: email, Limit: personBatch}
	for {
		page, err := q.Orders(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, o := range page {
			f.After = o.ID
			if SameAddress(o.CustomerEmail, email) {
				list = append(list, o)
			}
		}
		if len(page) < personBatch {
			return list, nil
		}
	}
}

// OrdersByPayer lists the orders to whose objects at Stripe somebody gave an
// address, as on Stripe's own page.
func (q queries) OrdersByPayer(ctx context.Context, email string) ([]vezne.OrderID, error) {
	rows, err := q.q.SnapshotsLike(ctx, db.SnapshotsLikeParams{Account: q.scope.Account, Livemode: q.scope.Livemode, Pattern: "%" + loosePattern(email) + "%"})
	if err != nil {
		return nil, storageError("store.OrdersByPayer", err)
	}
	var list []vezne.OrderID
	seen := map[string]bool{}
	for _, r := range rows {
		var body any
		if err := decode("store.OrdersByPayer", r.Body, &body); err != nil {
			return nil, err
		}
		if !seen[r.RootID] && holdsAddress(body, email) {
			seen[r.RootID] = true
			list = append(list, vezne.OrderID(r.RootID))
		}
	}
	return list, nil
}

// loosePattern matches a text in whatever way a database changes case: letters
// that it may change otherwise than we do match anything.
func loosePattern(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == 'i' || r == 'I' || r == '<' || r == '>' || r == '&' || r > '~':
			b.WriteByte('%')
		default:
			b.WriteString(escapeLike(strings.ToLower(string(r))))
		}
	}
	return b.String()
}

// holdsAddress reports whether a text in a JSON value is an address.
func holdsAddress(v any, email string) bool {
	switch v := v.(type) {
	case string:
		return SameAddress(v, email)
	case map[string]any:
		for _, child := range v {
			if holdsAddress(child, email) {
				return true
			}
		}
	case []any:
		for _, child := range v {
			if holdsAddress(child, email) {
				return true
			}
		}
	}
	return false
}

// HoldsAddress reports whether a text in a JSON document is one of addresses.
// What is no JSON holds none.
func HoldsAddress(body []byte, emails []string) bool {
	if len(emails) == 0 {
		return false
	}
	var v any
	if json.Unmarshal(body, &v) != nil {
		return false
	}
	for _, e := range emails {
		if holdsAddress(v, e) {
			return true
		}
	}
	return false
}
