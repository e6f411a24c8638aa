package engine

import (
	"context"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
)

// EraseParams say how a person is to be erased.
type EraseParams struct {
	// AtStripe has Stripe delete its customers too.
	AtStripe bool
	// DryRun says what would be erased, and erases nothing.
	DryRun bool
}

// ExportCustomer returns everything that is kept of a person. CodeInvalidRequest
// when it is not said by exactly one field who is meant, CodeNotFound.
func (e *Engine) ExportCustomer(ctx context.Context, who vezne.CustomerQuery) (vezne.CustomerExport, error) {
	return e.desk.ExportCustomer(ctx, who)
}

// EraseCustomer erases everything that tells of a person; it cannot be taken
// back. Money, states and instants stay, and so do invoices. CodeInvalidRequest,
// CodeNotFound, and CodeCustomerBusy with the blockers as fields while something
// of the person is under way.
func (e *Engine) EraseCustomer(ctx context.Context, by vezne.Actor, who vezne.CustomerQuery, p EraseParams) (vezne.Erasure, error) {
	return e.desk.EraseCustomer(ctx, by, who, desk.EraseParams(p))
}

// Erasure returns an erasure. CodeNotFound.
func (e *Engine) Erasure(ctx context.Context, id vezne.ErasureID) (vezne.Erasure, error) {
	return e.desk.Erasure(ctx, id)
}

// Erasures lists erasures, newest first; limit 0 means 20.
func (e *Engine) Erasures(ctx context.Context, limit int) ([]vezne.Erasure, error) {
	return e.desk.Erasures(ctx, limit)
}
