package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/vezne/vezne"
)

// hookTime is how long the after-commit hook has. It holds no transaction, so
// it may take its time, but not for ever.
const hookTime = time.Minute

var errHookHangs = errors.New("it did not return within a minute")

// hook calls the embedding program's after-commit hook. One that panics or
// hangs has not accepted.
func (o *Outbox) hook(ctx context.Context, e vezne.Effect) *failure {
	run := o.cfg.Hook()
	if run == nil {
		return &failure{reason: "this process has no after-commit hook"}
	}
	view, err := View(e.Payload)
	if err != nil {
		return &failure{reason: "the order of the effect cannot be read", cause: err}
	}
	ctx, cancel := context.WithTimeout(ctx, hookTime)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- fmt.Errorf("it panicked: %v", v)
			}
		}()
		done <- run(ctx, view)
	}()
	select {
	case err = <-done:
	case <-ctx.Done():
		if err = ctx.Err(); errors.Is(err, context.DeadlineExceeded) {
			err = errHookHangs
		}
	}
	if err != nil {
		return &failure{reason: "the after-commit hook", cause: err}
	}
	return nil
}

// View reads an order from the JSON form that was frozen with an effect.
func View(payload []byte) (vezne.OrderView, error) {
	var j vezne.OrderJSON
	if err := json.Unmarshal(payload, &j); err != nil {
		return vezne.OrderView{}, err
	}
	v := vezne.OrderView{
		Order: vezne.Order{
			ID: j.ID, Number: j.Number, Currency: j.Currency, AmountTotal: j.AmountTotal, AmountAuthorized: j.AmountAuthorized, AmountPaid: j.AmountPaid,
			AmountRefunded: j.AmountRefunded, AmountDisputed: j.AmountDisputed, Processing: j.Status == vezne.OrderProcessing, PaidAt: j.PaidAt,
			CanceledAt: j.CanceledAt, Attention: j.Attention, Locale: j.Locale, Metadata: j.Metadata, Revision: j.Revision, CreatedAt: j.CreatedAt,
		},
		InvoiceNumber: j.InvoiceNumber, PayURL: j.PayURL, Livemode: j.Livemode,
	}
	for _, l := range j.Lines {
		v.Lines = append(v.Lines, vezne.OrderLine{Name: l.Name, PriceID: l.Price, UnitAmount: l.UnitAmount, Quantity: l.Quantity, Amount: l.Amount})
	}
	if c := j.Customer; c != nil {
		v.CustomerReference, v.CustomerEmail, v.CustomerName = c.Reference, c.Email, c.Name
	}
	return v, nil
}
