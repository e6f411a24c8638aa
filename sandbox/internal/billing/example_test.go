package billing_test

import (
	"fmt"
	"time"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// A customer upgrades in the middle of a month. The same lines and the same Bill
// make the preview and the invoice.
func Example() {
	day := func(d int) billing.Instant { return billing.At(time.Date(2026, 4, d, 0, 0, 0, 0, time.UTC)) }
	price := func(id, name string, amount int64) billing.Price {
		return billing.Price{
			ID: id, Product: billing.Product{ID: "prod_" + id, Name: name}, Currency: "usd",
			UnitAmount: billing.Whole(amount), Recurring: billing.Recurrence{Interval: billing.Monthly},
		}
	}
	sub := billing.Subscription{
		Mode: billing.Flexible, Began: day(1), Anchor: day(1),
		Items: []billing.Item{{ID: "si_1", Price: price("basic", "Basic", 2000), Quantity: billing.Whole(1)}},
	}
	show := func(lines []billing.Line, err error) []billing.InvoiceLine {
		if err != nil {
			fmt.Println(err)
			return nil
		}
		inv, err := billing.Bill(billing.Draft{Currency: "usd", At: day(1), Lines: lines})
		if err != nil {
			fmt.Println(err)
			return nil
		}
		for _, l := range inv.Lines {
			fmt.Printf("%6d  %s\n", l.Amount, l.Description)
		}
		fmt.Printf("%6d  due\n", inv.AmountDue)
		return inv.Lines
	}

	sub = sub.Settle(show(sub.Start(day(1))))

	after := sub
	after.Items = []billing.Item{sub.Items[0]}
	after.Items[0].Price = price("pro", "Pro", 5000)
	p, err := billing.Change{Before: sub, After: after, At: day(21)}.Lines()
	after = after.Settle(show(p.Lines(), err))

	show(after.Renew(billing.At(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)), nil))
	// Output:
	//   2000  1 × Basic (at $20.00 / month)
	//   2000  due
	//   -667  Unused time on Basic after 21 Apr 2026
	//   1667  Remaining time on Pro after 21 Apr 2026
	//   1000  due
	//   5000  1 × Pro (at $50.00 / month)
	//   5000  due
}

func ExampleCycle() {
	c := billing.Cycle{Anchor: billing.At(time.Date(2028, 1, 31, 9, 0, 0, 0, time.UTC)), Every: billing.Recurrence{Interval: billing.Monthly}}
	for n := range int64(4) {
		fmt.Println(c.Boundary(n).Time().Format(time.DateTime))
	}
	// Output:
	// 2028-01-31 09:00:00
	// 2028-02-29 09:00:00
	// 2028-03-31 09:00:00
	// 2028-04-30 09:00:00
}
