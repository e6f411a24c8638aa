// Package vezne is the payments desk between an application and Stripe: it
// says what an order, an attempt, a payment, a refund, a dispute, an invoice
// and a customer are, which facts they carry and which moves are legal.
//
// The package imports the standard library only and does no input or output.
// Amounts are integers in the currency's minor unit as Stripe counts it: 1999
// is 19.99 usd and 1999 jpy. Times are UTC instants; on Stripe's side of the
// wire they are Unix seconds.
//
// To run a desk, use package engine. To test against an offline Stripe, use
// package sandbox, or veznetest for both at once.
package vezne
