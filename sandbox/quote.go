package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

func init() {
	behave("POST /v1/quotes", createQuote)
	behave("POST /v1/quotes/{quote}", updateQuote)
	behave("POST /v1/quotes/{quote}/finalize", finalizeQuote)
	behave("POST /v1/quotes/{quote}/cancel", cancelQuote)
	behave("POST /v1/quotes/{quote}/accept", acceptQuote)
	behave("GET /v1/quotes/{quote}/line_items", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		quote, err := findQuote(tx, r)
		if err != nil {
			return nil, err
		}
		return tx.ListObjects(r, sessionItems(tx, quote))
	})
	behave("GET /v1/quotes/{quote}/computed_upfront_line_items", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		quote, err := findQuote(tx, r)
		if err != nil {
			return nil, err
		}
		return tx.ListObjects(r, upfrontItems(quote))
	})
	onExpand("quote", "line_items", sessionItems)
	onDue("quote.expire", expireQuote)
}

const (
	quoteDraft    = "draft"
	quoteOpen     = "open"
	quoteAccepted = "accepted"

	// quoteDays is how long a quote is good that does not say. Source: API reference, create a quote (expires_at).
	quoteDays = 30 * day
)

// quoteParams are parameters of a quote that are no fields of it, or need care.
var quoteParams = []string{"line_items", "discounts", "default_tax_rates", "from_quote", "customer", "expires_at", "subscription_data", "invoice_settings", "test_clock", "automatic_tax"}

func findQuote(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	if quote := tx.Get("quote", r.Path("quote")); quote != nil {
		return quote, nil
	}
	return nil, missingInPath(r, "quote", "quote")
}

func createQuote(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	quote := tx.New("quote").Set("livemode", false).Set("status", quoteDraft).Set("collection_method", chargeAutomatically).Set("expires_at", tx.Now()+quoteDays).
		Set("discounts", []any{}).Set("default_tax_rates", []any{}).Set("automatic_tax.enabled", false).Set("invoice_settings.issuer.type", "self").
		Set("subscription_data.billing_mode.type", "flexible")
	if from, ok := p.Hash("from_quote"); ok {
		if err := copyQuote(tx, quote, from); err != nil {
			return nil, err
		}
	}
	if err := setQuote(tx, quote, p); err != nil {
		return nil, err
	}
	tx.Due(quote.Int("expires_at"), "quote.expire", quote.ID())
	tx.Put(quote, "quote.created")
	return quote, nil
}

// copyQuote makes a quote of another one: a revision of it while it is open, or one like it. Source: docs.stripe.com/quotes/clone.
func copyQuote(tx *accountTx, quote *stripeObject, from formParams) error {
	former := tx.Get("quote", from.Str("quote"))
	if former == nil {
		return missing("quote", from.Str("quote"), "from_quote[quote]", http.StatusBadRequest)
	}
	if from.Bool("is_revision") && former.Str("status") != quoteOpen {
		return invalid("from_quote[is_revision]", "", "Quote %s is %s: only an open quote can be revised.", former.ID(), former.Str("status"))
	}
	for _, key := range []string{
		"customer", "collection_method", "currency", "description", "header", "footer", "discounts", "default_tax_rates", "invoice_settings", "subscription_data", "automatic_tax",
		"application_fee_amount", "application_fee_percent", "on_behalf_of", "transfer_data", "metadata", hiddenItems, hiddenSubscriptionData,
	} {
		quote.Set(key, former.Get(key))
	}
	quote.Set("from_quote", embedded(tx, "quotes_resource_from_quote", "quote", former.ID(), "is_revision", from.Bool("is_revision")))
	return nil
}

func updateQuote(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	quote, err := findQuote(tx, r)
	if err != nil {
		return nil, err
	}
	// Metadata may be changed ever after; that the rest may not is Stripe's rule, the exception ours.
	if quote.Str("status") != quoteDraft && slices.ContainsFunc(r.Params().Keys(), func(key string) bool { return key != "metadata" && key != "expand" }) {
		return nil, invalid("", "quote_not_draft", "Quote %s is not in draft and cannot be updated.", quote.ID())
	}
	quote = quote.Edit()
	if quote.Str("status") != quoteDraft {
		applyMetadata(tx, quote, r.Params())
		tx.Put(quote)
		return quote, nil
	}
	if err := setQuote(tx, quote, r.Params()); err != nil {
		return nil, err
	}
	tx.Put(quote)
	return quote, nil
}

// setQuote writes what calls may say about a draft, and what it comes to.
func setQuote(tx *accountTx, quote *stripeObject, p formParams) error {
	if id := p.Str("customer"); id != "" {
		if _, err := findCustomer(tx, id, "customer", http.StatusBadRequest); err != nil {
			return err
		}
		quote.Set("customer", id)
	}
	if p.Has("expires_at") {
		if p.Int("expires_at") <= tx.Now() {
			return invalid("expires_at", "", "expires_at must be a time in the future.")
		}
		quote.Set("expires_at", p.Int("expires_at"))
		tx.Due(p.Int("expires_at"), "quote.expire", quote.ID())
	}
	applyParams(tx, quote, p, quoteParams...)
	if err := setQuoteItems(tx, quote, p); err != nil {
		return err
	}
	if p.Has("default_tax_rates") {
		if _, err := findRates(tx, p.Strs("default_tax_rates"), "default_tax_rates"); err != nil {
			return err
		}
		quote.Set("default_tax_rates", p.Strs("default_tax_rates"))
	}
	if err := setQuoteDiscounts(tx, quote, p); err != nil {
		return err
	}
	if data, ok := p.Hash("invoice_settings"); ok && data.Has("days_until_due") {
		quote.Set("invoice_settings.days_until_due", data.Int("days_until_due"))
	}
	if p.Has("automatic_tax.enabled") {
		quote.Set("automatic_tax.enabled", p.Bool("automatic_tax.enabled"))
	}
	if data, ok := p.Hash("subscription_data"); ok {
		quote.Set(hiddenSubscriptionData, frozen(data))
		applyParams(tx, quote, formParams{branchOf("subscription_data", data.node)})
		if data.Str("effective_date") == "current_period_end" {
			quote.Set("subscription_data.effective_date", nil)
		}
	}
	return computeQuote(tx, quote)
}

func setQuoteItems(tx *accountTx, quote *stripeObject, p formParams) error {
	if !p.Has("line_items") {
		return nil
	}
	former := sessionItems(tx, quote)
	var items []*stripeObject
	currency := ""
	for i, given := range p.List("line_items") {
		if !given.Has("quantity") && !given.Has("id") {
			given = given.with("quantity", leafOf(int64(1)))
		}
		item, err := givenItem(tx, former, given, i)
		if err != nil {
			return err
		}
		if currency = orElse(currency, item.Str("price.currency")); item.Str("price.currency") != currency {
			return invalid(itemParam(i, "[price]"), "", "All prices of a quote must have the same currency.")
		}
		amount := itemCost(item)
		items = append(items, item.Set("currency", currency).Set("amount_subtotal", amount).Set("amount_total", amount).Set("amount_discount", 0).Set("amount_tax", 0))
	}
	quote.Set(hiddenItems, items).Set("currency", textOrNull(currency))
	return nil
}

func setQuoteDiscounts(tx *accountTx, quote *stripeObject, p formParams) error {
	if !p.Has("discounts") {
		return nil
	}
	var given []any
	for i, d := range p.List("discounts") {
		coupon, code := d.Str("coupon"), d.Str("promotion_code")
		if pc := tx.Get("promotion_code", code); pc != nil {
			coupon = pc.Str("promotion.coupon")
		} else if code != "" {
			return missing("promotion code", code, fmt.Sprintf("discounts[%d][promotion_code]", i), http.StatusBadRequest)
		}
		if tx.Get("coupon", coupon) == nil {
			return missing("coupon", coupon, fmt.Sprintf("discounts[%d][coupon]", i), http.StatusBadRequest)
		}
		given = append(given, frozen(d))
	}
	quote.Set(hiddenQuoteDiscounts, given)
	return nil
}

// hiddenQuoteDiscounts are the discounts of a quote as its parameters gave them: they begin when it is accepted.
const hiddenQuoteDiscounts = "_given_discounts"

// finalizeQuote makes a draft an offer that the customer may accept.
func finalizeQuote(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	quote, err := findQuote(tx, r)
	if err != nil {
		return nil, err
	}
	switch {
	case quote.Str("status") != quoteDraft:
		return nil, invalid("", "quote_not_draft", "Quote %s is not in draft and cannot be finalized.", quote.ID())
	case quote.Str("customer") == "":
		return nil, invalid("customer", "", "You must set a customer on the quote before it can be finalized.")
	case len(sessionItems(tx, quote)) == 0:
		return nil, invalid("line_items", "", "You must add line items to the quote before it can be finalized.")
	case quote.Str("collection_method") == sendInvoice && !quote.Has("invoice_settings.days_until_due"):
		return nil, invalid("invoice_settings[days_until_due]", "parameter_missing", "You must set `invoice_settings[days_until_due]` when `collection_method` is `send_invoice`.")
	}
	quote = quote.Edit()
	if p := r.Params(); p.Has("expires_at") {
		if p.Int("expires_at") <= tx.Now() {
			return nil, invalid("expires_at", "", "expires_at must be a time in the future.")
		}
		quote.Set("expires_at", p.Int("expires_at"))
		tx.Due(p.Int("expires_at"), "quote.expire", quote.ID())
	}
	if err := computeQuote(tx, quote); err != nil {
		return nil, err
	}
	quote.Set("status", quoteOpen).Set("status_transitions.finalized_at", tx.Now()).Set("number", tx.nextQuoteNumber(quote))
	tx.Put(quote, "quote.finalized")
	return quote, nil
}

// nextQuoteNumber numbers the quotes of a customer, and the revisions of each: QT-ABCDEF12-0001-1.
func (tx *accountTx) nextQuoteNumber(quote *stripeObject) string {
	if from := tx.Get("quote", quote.Str("from_quote.quote")); from != nil && quote.Bool("from_quote.is_revision") && from.Str("number") != "" {
		base := from.Str("number")[:strings.LastIndexByte(from.Str("number"), '-')]
		revisions := 0
		for _, other := range ofField(tx, "quote", "customer", quote.Str("customer")) {
			if strings.HasPrefix(other.Str("number"), base+"-") {
				revisions++
			}
		}
		return fmt.Sprintf("%s-%d", base, revisions+1)
	}
	numbered := 0
	for _, other := range ofField(tx, "quote", "customer", quote.Str("customer")) {
		if other.Str("number") != "" && !other.Bool("from_quote.is_revision") {
			numbered++
		}
	}
	prefix := orElse(tx.Get("customer", quote.Str("customer")).Str("invoice_prefix"), "SANDBOX")
	return fmt.Sprintf("QT-%s-%04d-1", prefix, numbered+1)
}

func cancelQuote(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	quote, err := findQuote(tx, r)
	if err != nil {
		return nil, err
	}
	if status := quote.Str("status"); status != quoteDraft && status != quoteOpen {
		return nil, invalid("", "", "Quote %s is %s and cannot be canceled.", quote.ID(), status)
	}
	return endQuote(tx, quote), nil
}

func endQuote(tx *accountTx, quote *stripeObject) *stripeObject {
	quote = quote.Edit().Set("status", canceled).Set("status_transitions.canceled_at", tx.Now())
	tx.Put(quote, "quote.canceled")
	return quote
}

// expireQuote ends a quote that nobody accepted in time.
func expireQuote(tx *accountTx, id string) error {
	quote := tx.Get("quote", id)
	if quote == nil || quote.Int("expires_at") > tx.Now() {
		return nil
	}
	if status := quote.Str("status"); status == quoteDraft || status == quoteOpen {
		endQuote(tx, quote)
	}
	return nil
}
