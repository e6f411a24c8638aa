// Package vezne is the payments desk between an application and Stripe.
package vezne
