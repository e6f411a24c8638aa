package desk

import (
	"context"
	"net/url"
	"strconv"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// stripeCustomer returns the one Stripe customer of a record and has it made if
// there is none; empty for a guest. However many ask at once, one is made.
func (d *Desk) stripeCustomer(ctx context.Context, by vezne.Actor, id vezne.CustomerID) (vezne.ObjectID, error) {
	const op = "desk.stripeCustomer"
	if id == "" {
		return "", nil
	}
	for range openTries {
		c, err := d.Store.Customer(ctx, id)
		if err != nil || c.StripeCustomerID != "" {
			return c.StripeCustomerID, err
		}
		call, err := d.planCustomer(ctx, by, id)
		if err != nil {
			return "", err
		}
		if call == "" {
			continue
		}
		r, err := d.Sender.Do(ctx, call)
		if err != nil {
			return "", err
		}
		if r.Call.State == vezne.CallRefused {
			return "", refusal(op, r.Call)
		}
	}
	return "", vezne.E(vezne.CodeAttemptUnsure, op, "The customer is being changed by others. Try again.")
}

// planCustomer writes down the request that makes a Stripe customer, or returns
// the one that is on its way; empty when there is a customer by now.
func (d *Desk) planCustomer(ctx context.Context, by vezne.Actor, id vezne.CustomerID) (vezne.CallID, error) {
	var call vezne.CallID
	_, err := d.Settler.Customer(ctx, id, vezne.Cause{Actor: by}, func(tx *store.Tx, c *vezne.Customer) ([]vezne.Entry, error) {
		call = ""
		if c.StripeCustomerID != "" {
			return nil, nil
		}
		calls, err := tx.Calls(ctx, customerRoot(id))
		if err != nil {
			return nil, err
		}
		made := 0
		for _, k := range calls {
			switch {
			case k.Purpose != vezne.CallCreateCustomer:
			case k.State == vezne.CallPending || k.State == vezne.CallLooking:
				call = k.ID
				return nil, nil
			default:
				made++
			}
		}
		form := [][2]string{{"metadata[" + vezne.MetadataCustomer + "]", string(id)}}
		for _, pair := range [][2]string{{"email", c.Email}, {"name", c.Name}} {
			if pair[1] != "" {
				form = append(form, pair)
			}
		}
		// The key counts how many were made before, so that each is made once.
		k, err := d.write(ctx, tx, plan{
			root: customerRoot(id), purpose: vezne.CallCreateCustomer, path: "/v1/customers", form: form, by: by,
			key: string(id) + ":customer:" + strconv.Itoa(made+1),
		})
		call = k.ID
		return nil, err
	})
	return call, d.written(ctx, err, call)
}

// customerGone reports whether a call was refused because its customer was
// deleted at Stripe; then the customer has been read, and a new one is made the
// next time.
func (d *Desk) customerGone(ctx context.Context, by vezne.Actor, c vezne.Call, form url.Values) (bool, error) {
	customer := vezne.ObjectID(form.Get("customer"))
	if customer == "" || c.Refusal == nil || c.Refusal.Code != "resource_missing" || c.Refusal.Param != "customer" {
		return false, nil
	}
	err := d.Refresher.Read(ctx, customer, vezne.TypeCustomer, vezne.Cause{Actor: by}, vezne.PriorityLandingPage)
	if err != nil && vezne.CodeOf(err) != vezne.CodeNotFound {
		return false, err
	}
	_, err = d.Store.CustomerByStripeID(ctx, customer)
	if vezne.CodeOf(err) == vezne.CodeNotFound {
		return true, nil
	}
	return false, err
}
