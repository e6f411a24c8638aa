package desk

import (
	"context"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/invoice"
)

// Invoice returns the invoice of an order. CodeNotFound when there is no such
// order, or while it is not paid.
func (d *Desk) Invoice(ctx context.Context, id vezne.OrderID) (vezne.Invoice, error) {
	if _, err := d.Store.Order(ctx, id); err != nil {
		return vezne.Invoice{}, err
	}
	inv, err := d.Store.Invoice(ctx, id)
	if vezne.CodeOf(err) == vezne.CodeNotFound {
		return vezne.Invoice{}, vezne.E(vezne.CodeNotFound, "desk.Invoice", "The order has no invoice: it is not paid.")
	}
	return inv, err
}

// InvoicePDF draws the invoice of an order. Its codes are those of Invoice.
func (d *Desk) InvoicePDF(ctx context.Context, id vezne.OrderID) ([]byte, error) {
	inv, err := d.Invoice(ctx, id)
	if err != nil {
		return nil, err
	}
	b, err := invoice.PDF(inv)
	if err != nil {
		return nil, vezne.E(vezne.CodeInternal, "desk.InvoicePDF", "").Because(err)
	}
	return b, nil
}
