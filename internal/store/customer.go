package store

import (
	"context"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/ids"
	"github.com/vezne/vezne/internal/store/db"
)

// UpsertCustomer returns the one record of a reference, made if there is none.
// An e-mail or a name that is not empty replaces the kept one.
func (tx *Tx) UpsertCustomer(ctx context.Context, reference, email, name string) (vezne.Customer, error) {
	const op = "store.UpsertCustomer"
	id, err := ids.New(vezne.CustomerPrefix)
	if err != nil {
		return vezne.Customer{}, vezne.E(vezne.CodeInternal, op, "").Because(err)
	}
	r, err := tx.q.UpsertCustomer(ctx, db.UpsertCustomerParams{
		Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: id, Reference: reference, Email: email, Name: name, CreatedAt: micros(tx.now),
	})
	return toCustomer(r), storageError(op, err)
}

// LockCustomer locks a customer until the transaction ends and returns it.
// CodeNotFound.
func (tx *Tx) LockCustomer(ctx context.Context, id vezne.CustomerID) (vezne.Customer, error) {
	r, err := tx.q.LockCustomer(ctx, db.LockCustomerParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(id)})
	if err != nil {
		return vezne.Customer{}, notFound("store.LockCustomer", "customer", err)
	}
	return toCustomer(r), nil
}

// SaveCustomer writes a customer. CodeNotFound.
func (tx *Tx) SaveCustomer(ctx context.Context, c vezne.Customer) error {
	n, err := tx.q.SaveCustomer(ctx, db.SaveCustomerParams{
		Email: c.Email, Name: c.Name, StripeCustomerID: string(c.StripeCustomerID), Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(c.ID),
	})
	return oneRow("store.SaveCustomer", "customer", n, err)
}

// SavePaymentMethod writes what may be known of a saved method.
func (tx *Tx) SavePaymentMethod(ctx context.Context, m vezne.PaymentMethod) error {
	return storageError("store.SavePaymentMethod", tx.q.SavePaymentMethod(ctx, db.SavePaymentMethodParams{
		Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: string(m.ID), CustomerID: string(m.Customer), Type: m.Type, Brand: m.Brand, Last4: m.Last4,
		ExpMonth: int64(m.ExpMonth), ExpYear: int64(m.ExpYear), DetachedAt: microsPtr(m.DetachedAt), CreatedAt: micros(m.CreatedAt),
	}))
}

// Customer returns a customer. CodeNotFound.
func (q queries) Customer(ctx context.Context, id vezne.CustomerID) (vezne.Customer, error) {
	r, err := q.q.GetCustomer(ctx, db.GetCustomerParams{Account: q.scope.Account, Livemode: q.scope.Livemode, ID: string(id)})
	if err != nil {
		return vezne.Customer{}, notFound("store.Customer", "customer", err)
	}
	return toCustomer(r), nil
}

// CustomerByReference returns the customer of an application's id. CodeNotFound.
func (q queries) CustomerByReference(ctx context.Context, reference string) (vezne.Customer, error) {
	r, err := q.q.GetCustomerByReference(ctx, db.GetCustomerByReferenceParams{Account: q.scope.Account, Livemode: q.scope.Livemode, Reference: reference})
	if err != nil {
		return vezne.Customer{}, notFound("store.CustomerByReference", "customer", err)
	}
	return toCustomer(r), nil
}

// CustomerByStripeID returns the customer of Stripe's id. CodeNotFound.
func (q queries) CustomerByStripeID(ctx context.Context, id vezne.ObjectID) (vezne.Customer, error) {
	if id == "" {
		return vezne.Customer{}, vezne.E(vezne.CodeNotFound, "store.CustomerByStripeID", "")
	}
	r, err := q.q.GetCustomerByStripeID(ctx, db.GetCustomerByStripeIDParams{Account: q.scope.Account, Livemode: q.scope.Livemode, StripeCustomerID: string(id)})
	if err != nil {
		return vezne.Customer{}, notFound("store.CustomerByStripeID", "customer", err)
	}
	return toCustomer(r), nil
}

// PaymentMethods lists the attached methods of a customer, newest first.
func (q queries) PaymentMethods(ctx context.Context, id vezne.CustomerID) ([]vezne.PaymentMethod, error) {
	rows, err := q.q.ListPaymentMethods(ctx, db.ListPaymentMethodsParams{Account: q.scope.Account, Livemode: q.scope.Livemode, CustomerID: string(id)})
	if err != nil {
		return nil, storageError("store.PaymentMethods", err)
	}
	return toPaymentMethods(rows), nil
}

// AllPaymentMethods lists the methods of a customer, those that were detached
// too, oldest first.
func (q queries) AllPaymentMethods(ctx context.Context, id vezne.CustomerID) ([]vezne.PaymentMethod, error) {
	rows, err := q.q.AllPaymentMethods(ctx, db.AllPaymentMethodsParams{Account: q.scope.Account, Livemode: q.scope.Livemode, CustomerID: string(id)})
	return toPaymentMethods(rows), storageError("store.AllPaymentMethods", err)
}

func toPaymentMethods(rows []db.PaymentMethod) []vezne.PaymentMethod {
	list := make([]vezne.PaymentMethod, len(rows))
	for i, r := range rows {
		list[i] = vezne.PaymentMethod{
			ID: vezne.ObjectID(r.ID), Customer: vezne.CustomerID(r.CustomerID), Type: r.Type, Brand: r.Brand, Last4: r.Last4, ExpMonth: int(r.ExpMonth),
			ExpYear: int(r.ExpYear), DetachedAt: instantPtr(r.DetachedAt), CreatedAt: instant(r.CreatedAt),
		}
	}
	return list
}

func toCustomer(r db.Customer) vezne.Customer {
	return vezne.Customer{
		ID: vezne.CustomerID(r.ID), Reference: r.Reference, Email: r.Email, Name: r.Name, StripeCustomerID: vezne.ObjectID(r.StripeCustomerID),
		Revision: r.Revision, CreatedAt: instant(r.CreatedAt), ErasedAt: instantPtr(r.ErasedAt),
	}
}
