package settle

import (
	"context"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/mirror"
)

// settleCustomer merges what hangs on a customer: Stripe's customer, saved
// methods and the intents that save them.
func (w *work) settleCustomer(ctx context.Context) error {
	c, err := w.tx.LockCustomer(ctx, vezne.CustomerID(w.root.ID))
	if err != nil {
		return err
	}
	w.erased = c.ErasedAt != nil
	if err := w.merge(ctx); err != nil {
		return err
	}
	for _, s := range w.snapshots {
		if !belongs(vezne.RootCustomer, s.Type) {
			continue
		}
		// The mirror has decided; what it keeps is what counts.
		kept, err := w.tx.Snapshot(ctx, s.ID)
		if err != nil {
			return err
		}
		if err := w.applyCustomer(ctx, &c, kept); err != nil {
			return err
		}
	}
	for _, g := range w.answer.Gone {
		if g.ID == c.StripeCustomerID {
			if err := w.loseCustomer(ctx, &c); err != nil {
				return err
			}
		}
	}
	if err := w.tx.SaveCustomer(ctx, c); err != nil {
		return err
	}
	return w.tx.AppendEntries(ctx, complete(w.entries, w.root, w.cause, w.tx))
}

func (w *work) applyCustomer(ctx context.Context, c *vezne.Customer, s vezne.Snapshot) error {
	switch s.Type {
	case vezne.TypeCustomer:
		switch {
		case s.Deleted && c.StripeCustomerID == s.ID:
			return w.loseCustomer(ctx, c)
		case w.erased:
		case !s.Deleted && c.StripeCustomerID == "":
			c.StripeCustomerID = s.ID
			w.entries = append(w.entries, vezne.Entry{Action: "customer.created", Object: s.ID})
		}
	case vezne.TypePaymentMethod:
		if w.erased {
			return nil
		}
		return w.saveMethod(ctx, *c, s)
	case vezne.TypeSetupIntent:
		i, err := mirror.SetupIntent(s)
		if err != nil {
			return unreadable(err)
		}
		if w.changed[s.ID] {
			w.entries = append(w.entries, vezne.Entry{Action: "setup_intent." + i.Status, Object: s.ID, Detail: lastError(i.LastError)})
		}
	}
	return nil
}

// loseCustomer notes that Stripe has no such customer any more, and so none of
// its methods. The next checkout makes a new one.
func (w *work) loseCustomer(ctx context.Context, c *vezne.Customer) error {
	methods, err := w.tx.PaymentMethods(ctx, c.ID)
	if err != nil {
		return err
	}
	at := w.tx.Now()
	for _, m := range methods {
		m.DetachedAt = &at
		if err := w.tx.SavePaymentMethod(ctx, m); err != nil {
			return err
		}
	}
	w.entries = append(w.entries, vezne.Entry{Action: "customer.deleted", Object: c.StripeCustomerID})
	c.StripeCustomerID, w.outcome.Changed = "", true
	return nil
}

func lastError(e *vezne.StripeError) map[string]any {
	if e == nil {
		return nil
	}
	return map[string]any{"code": e.Code, "decline_code": e.DeclineCode, "message": e.Message}
}

func (w *work) saveMethod(ctx context.Context, c vezne.Customer, s vezne.Snapshot) error {
	m, err := mirror.PaymentMethod(s)
	if err != nil {
		return unreadable(err)
	}
	row := vezne.PaymentMethod{ID: m.ID, Customer: c.ID, Type: m.Type, Brand: m.Brand, Last4: m.Last4, ExpMonth: m.ExpMonth, ExpYear: m.ExpYear, CreatedAt: m.Created}
	if s.Deleted || m.Customer == "" || (c.StripeCustomerID != "" && m.Customer != c.StripeCustomerID) {
		at := w.tx.Now()
		row.DetachedAt = &at
	}
	return w.tx.SavePaymentMethod(ctx, row)
}
