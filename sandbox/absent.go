package sandbox

import "github.com/vezne/vezne/sandbox/internal/description"

// leftOut are the keys that may be null in the description and are nevertheless left out of a new object, each with the
// reason. All others that may be null are there from the beginning.
var leftOut = map[string]string{
	"apps.secret.payload":                            whenExpanded,
	"charge.refunds":                                 whenExpanded,
	"customer.cash_balance":                          whenExpanded,
	"identity.verification_session.provided_details": whenExpanded,
	"identity.verification_session.verified_outputs": whenExpanded,
	"invoice.confirmation_secret":                    whenExpanded,
	"tax.calculation.line_items":                     whenExpanded,
	"tax.calculation_line_item.tax_breakdown":        whenExpanded,
	"tax.transaction.line_items":                     whenExpanded,
	"treasury.transaction.entries":                   whenExpanded,

	"bank_account.account":                  onAnAccount,
	"bank_account.available_payout_methods": onAnAccount,
	"bank_account.default_for_currency":     onAnAccount,
	"bank_account.future_requirements":      onAnAccount,
	"bank_account.requirements":             onAnAccount,
	"card.account":                          onAnAccount,
	"card.available_payout_methods":         onAnAccount,
	"card.currency":                         onAnAccount,
	"card.default_for_currency":             onAnAccount,
	"card.status":                           onAnAccount,
	"card.allow_redisplay":                  onACustomer,
	"card.customer":                         onACustomer,
	"card.email":                            onACustomer,
	"card.phone":                            onACustomer,
	"deleted_bank_account.currency":         onAnAccount,
	"deleted_card.currency":                 onAnAccount,

	"person.address_kana":     whenGiven,
	"person.address_kanji":    whenGiven,
	"person.email":            whenGiven,
	"person.first_name_kana":  whenGiven,
	"person.first_name_kanji": whenGiven,
	"person.gender":           whenGiven,
	"person.last_name_kana":   whenGiven,
	"person.last_name_kanji":  whenGiven,
	"person.maiden_name":      whenGiven,
	"person.nationality":      whenGiven,
	"person.phone":            whenGiven,
	"person.us_cfpb_data":     whenGiven,

	"checkout.session.optional_items": inNoSample,
	"payment_link.optional_items":     inNoSample,
}

// whenAsked are keys that an object holds and answers show only when they are expanded (docs.stripe.com/api/prices/object).
var whenAsked = map[string]bool{"price.tiers": true, "plan.tiers": true, "currency_option.tiers": true, "apps.secret.payload": true}

const (
	whenExpanded = "shown when it is expanded"
	onAnAccount  = "of bank accounts and cards that belong to an account, not to a customer"
	onACustomer  = "of cards that were charged or belong to a customer (recorded), not of those in tokens"
	whenGiven    = "shown when it was given"
	inNoSample   = "Stripe's own sample leaves it out"
)

// nullAtFirst says whether a key that the description does not require is there from the beginning, as null.
func nullAtFirst(schema string, p *description.Prop) bool {
	return p.Node.Is(description.Null) && leftOut[schema+"."+p.Name] == ""
}
