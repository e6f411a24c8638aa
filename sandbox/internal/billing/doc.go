// Package billing is the arithmetic and the calendar of Stripe's billing: when
// a subscription bills, what its lines cost, what a change in the middle of a
// period credits and charges, and how lines, discounts, taxes and the customer's
// balance add up to an invoice. It is pure: values in, values out, no clock, no
// store, no identifiers of its own. The sandbox's behaviour calls it.
//
// The way through:
//
//	lines, err := sub.Start(at)          // a new subscription, or the end of a trial
//	lines, err := sub.Renew(at, usage)   // a period ends and the next begins
//	p, err := Change{Before, After, At}.Lines() // price, quantity, items, anchor, trial, end
//	inv, err := Bill(Draft{Lines: lines, …})    // discounts, taxes, totals, balance
//	sub = sub.Settle(inv.Lines)          // remember what has been billed
//
// A preview and an invoice are the same call of Bill with the same lines; there
// is no second way to add up.
//
// Amounts are integers in the minor unit of their currency, times are Unix
// seconds in UTC, prices and percentages are exact decimals. Everything between
// is a fraction; each line is rounded once, by a rule of round.go. The rules,
// their sources, and what was chosen where Stripe says nothing stand in
// docs/reference/sandbox-billing.md.
package billing
