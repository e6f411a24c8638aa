package desk

import (
	"context"
	"slices"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// person is who a query means: records, and orders of guests.
type person struct {
	customers []vezne.Customer
	orders    []vezne.Order
}

// find says who is meant. By an address, everybody is who has it now, or had it
// when an order was made; of guests also who gave it on Stripe's page.
// CodeInvalidRequest when not exactly one field is set, CodeNotFound.
func (d *Desk) find(ctx context.Context, who vezne.CustomerQuery) (person, error) {
	const op = "desk.find"
	given := 0
	for _, s := range []string{who.Reference, string(who.StripeCustomer), who.Email} {
		if s != "" {
			given++
		}
	}
	if given != 1 {
		return person{}, vezne.E(vezne.CodeInvalidRequest, op, "Say who is meant by one of: the reference, Stripe's customer id, the e-mail address.")
	}
	var p person
	var err error
	switch {
	case who.Reference != "":
		err = p.add(d.Store.CustomerByReference(ctx, who.Reference))
	case who.StripeCustomer != "":
		err = p.add(d.Store.CustomerByStripeID(ctx, who.StripeCustomer))
	default:
		err = d.findByEmail(ctx, &p, who.Email)
	}
	if err != nil {
		return person{}, err
	}
	for _, c := range p.customers {
		list, err := d.Store.OrdersOfCustomer(ctx, c.Reference)
		if err != nil {
			return person{}, err
		}
		p.orders = append(p.orders, list...)
	}
	if len(p.customers) == 0 && len(p.orders) == 0 {
		return person{}, vezne.E(vezne.CodeNotFound, op, "Nobody is known here by that.")
	}
	slices.SortFunc(p.orders, func(a, b vezne.Order) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return p, nil
}

// add takes a record in, unless it was erased or is there.
func (p *person) add(c vezne.Customer, err error) error {
	known := slices.ContainsFunc(p.customers, func(k vezne.Customer) bool { return k.ID == c.ID })
	if err == nil && c.ErasedAt == nil && !known {
		p.customers = append(p.customers, c)
	}
	return err
}

func (d *Desk) findByEmail(ctx context.Context, p *person, email string) error {
	records, err := d.Store.CustomersByEmail(ctx, email)
	if err != nil {
		return err
	}
	for _, c := range records {
		if err := p.add(c, nil); err != nil {
			return err
		}
	}
	orders, err := d.Store.OrdersByEmail(ctx, email)
	if err != nil {
		return err
	}
	payers, err := d.Store.OrdersByPayer(ctx, email)
	if err != nil {
		return err
	}
	for _, id := range payers {
		o, err := d.Store.Order(ctx, id)
		if err != nil {
			return err
		}
		// Who pays for somebody else's account is not its owner.
		if o.CustomerID == "" && o.ErasedAt == nil && !slices.ContainsFunc(orders, func(k vezne.Order) bool { return k.ID == id }) {
			orders = append(orders, o)
		}
	}
	for _, o := range orders {
		if o.CustomerID == "" {
			p.orders = append(p.orders, o)
			continue
		}
		if err := p.add(d.Store.Customer(ctx, o.CustomerID)); err != nil {
			return err
		}
	}
	return nil
}

// words are references and addresses of a person: what is a person's own, as a
// name is not.
func (p *person) words() (words, emails []string) {
	add := func(list *[]string, s string) {
		if s != "" && !slices.Contains(*list, s) {
			*list = append(*list, s)
		}
	}
	for _, c := range p.customers {
		add(&words, c.Reference)
		add(&words, c.Email)
		add(&emails, c.Email)
	}
	for _, o := range p.orders {
		add(&words, o.CustomerReference)
		add(&words, o.CustomerEmail)
		add(&emails, o.CustomerEmail)
	}
	return words, emails
}

// ids are those of records and orders, and of everything at Stripe that hangs
// on them.
func (d *Desk) ids(ctx context.Context, p person) ([]string, error) {
	var list []string
	add := func(s string) {
		if s != "" && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	hanging := func(root vezne.Root) error {
		add(root.ID)
		objects, err := d.Store.Snapshots(ctx, root)
		for _, o := range objects {
			add(string(o.ID))
		}
		return err
	}
	for _, c := range p.customers {
		add(string(c.StripeCustomerID))
		if err := hanging(customerRoot(c.ID)); err != nil {
			return nil, err
		}
	}
	for _, o := range p.orders {
		if err := hanging(orderRoot(o.ID)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// about reports whether a payload tells of a person: it names one of the ids,
// or holds one of the addresses.
func about(ids, emails []string) func(body []byte) bool {
	named := store.Naming(ids)
	return func(body []byte) bool { return named(body) || store.HoldsAddress(body, emails) }
}
