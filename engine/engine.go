// Package engine wires the parts of Vezne together. Open builds a desk over a
// database and a Stripe account; Handler serves its REST API, its pages and
// the webhook route; Start begins the work in the background. The binary and
// programs that embed Vezne use the same door.
package engine
