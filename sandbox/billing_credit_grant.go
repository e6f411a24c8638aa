package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func init() {
	behave("POST /v1/billing/credit_grants", createGrant)
	behave("POST /v1/billing/credit_grants/{id}", updateGrant)
	behave("POST /v1/billing/credit_grants/{id}/expire", expireGrant)
	behave("POST /v1/billing/credit_grants/{id}/void", voidGrant)
	onDue("credit_grant.expire", func(tx *accountTx, id string) error {
		if grant := tx.Get(grantType, id); grant != nil && grant.Has("expires_at") && grant.Int("expires_at") <= tx.Now() {
			tx.endGrant(grant, "credits_expired")
		}
		return nil
	})
}

const (
	grantType = "billing.credit_grant"
	// hiddenLeft is what of a grant is not used, expired or void, in minor units.
	hiddenLeft = "_left"
	// maxGrants is how many unused grants a customer may have. Source:
	// docs.stripe.com/billing/subscriptions/usage-based/billing-credits.
	maxGrants = 100
	// usualPriority is that of a grant which names none; 0 comes first, 100 last.
	usualPriority, lastPriority = 50, 100
)

// createGrant gives a customer credit for usage of meters.
func createGrant(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	customer, err := findCustomer(tx, p.Str("customer"), "customer", http.StatusBadRequest)
	if err != nil {
		return nil, err
	}
	if err := checkGrant(tx, customer, p); err != nil {
		return nil, err
	}
	value := p.Int("amount.monetary.value")
	grant := tx.New(grantType).Set("livemode", false).Set("customer", customer.ID()).Set("test_clock", textOrNull(customer.clockOfCustomer())).
		Set("amount", tx.monetary(p.Str("amount.monetary.currency"), value)).Set("category", orElse(p.Str("category"), "paid")).
		Set("effective_at", tx.Now()).Set("updated", tx.Now()).Set("priority", usualPriority).Set("metadata", hash()).Set(hiddenLeft, value)
	scope := tx.NewHash("billing_credit_grants_resource_scope")
	if p.Has("applicability_config.scope.price_type") {
		scope.Set("price_type", p.Str("applicability_config.scope.price_type"))
	} else {
		var prices []*stripeObject
		for _, given := range p.List("applicability_config.scope.prices") {
			prices = append(prices, tx.NewHash("billing_credit_grants_resource_applicable_price").Set("id", given.Str("id")))
		}
		scope.Set("prices", prices)
	}
	grant.Set("applicability_config", tx.NewHash("billing_credit_grants_resource_applicability_config").Set("scope", scope))
	applyParams(tx, grant, p, "amount", "applicability_config", "customer", "category")
	tx.planGrantEnd(grant)
	tx.Put(grant, "billing.credit_grant.created")
	tx.moveCredit(grant, "credit", "credits_granted", value, grant.Int("effective_at"), nil)
	tx.refreshDrafts(customer.ID())
	return grant, nil
}

// checkGrant refuses what no grant can be. The sentences are ours.
func checkGrant(tx *accountTx, customer *stripeObject, p formParams) error {
	scope, _ := p.Hash("applicability_config.scope")
	from := tx.Now()
	if p.Has("effective_at") {
		from = p.Int("effective_at")
	}
	switch {
	case !p.Has("amount.monetary"):
		return invalid("amount[monetary]", "parameter_missing", "Missing required param: amount[monetary].")
	case p.Int("amount.monetary.value") <= 0:
		return invalid("amount[monetary][value]", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case scope.Has("price_type") == (len(scope.List("prices")) > 0):
		return invalid("applicability_config[scope]", "", "You must specify exactly one of `price_type` and `prices`.")
	case p.Has("expires_at") && p.Int("expires_at") <= max(tx.Now(), from):
		return invalid("expires_at", "", "`expires_at` must be in the future, and after `effective_at`.")
	case p.Has("priority") && (p.Int("priority") < 0 || p.Int("priority") > lastPriority):
		return invalid("priority", "", "Invalid priority: must be between 0 and %d.", lastPriority)
	}
	if err := checkCurrency(strings.ToLower(p.Str("amount.monetary.currency")), "amount[monetary][currency]"); err != nil {
		return err
	}
	for i, given := range scope.List("prices") {
		price := tx.Get("price", given.Str("id"))
		param := lineOfScope(i)
		if price == nil {
			return missing("price", given.Str("id"), param, http.StatusBadRequest)
		}
		if !price.Has("recurring.meter") {
			return invalid(param, "", "Credit applies only to metered prices with a meter: `%s` is none.", price.ID())
		}
	}
	unused := 0
	for _, grant := range ofField(tx, grantType, "customer", customer.ID()) {
		if grant.Int(hiddenLeft) > 0 {
			unused++
		}
	}
	if unused >= maxGrants {
		return invalid("customer", "", "A customer can have at most %d unused credit grants.", maxGrants)
	}
	return nil
}

func findGrant(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	grant := tx.Get(grantType, r.Path("id"))
	if grant == nil {
		return nil, missingInPath(r, "credit grant", "id")
	}
	tx.onClock(grant.Str("test_clock"))
	return grant, nil
}

// running refuses a grant that is over.
func (tx *accountTx) running(grant *stripeObject) error {
	switch {
	case grant.Has("voided_at"):
		return invalid("", "", "This credit grant is void.")
	case grant.Has("expires_at") && grant.Int("expires_at") <= tx.Now():
		return invalid("", "", "This credit grant has expired.")
	}
	return nil
}

// findRunning finds the grant that a path names, unless it is over.
func findRunning(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	grant, err := findGrant(tx, r)
	if err != nil {
		return nil, err
	}
	return grant, tx.running(grant)
}

// updateGrant moves the end of a grant that is not over, or changes its metadata.
func updateGrant(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	grant, err := findGrant(tx, r)
	if err != nil {
		return nil, err
	}
	p := r.Params()
	if p.Has("expires_at") || p.Null("expires_at") {
		if err := tx.running(grant); err != nil {
			return nil, err
		}
	}
	if p.Has("expires_at") && !p.Null("expires_at") && p.Int("expires_at") <= tx.Now() {
		return nil, invalid("expires_at", "", "`expires_at` must be in the future, and after `effective_at`.")
	}
	changed := applyParams(tx, grant.Edit(), p)
	if equalObjects(grant, changed) {
		return grant, nil
	}
	tx.planGrantEnd(changed)
	tx.Put(changed.Set("updated", tx.Now()), "billing.credit_grant.updated")
	return changed, nil
}

func (tx *accountTx) planGrantEnd(grant *stripeObject) {
	if grant.Has("expires_at") {
		tx.Due(grant.Int("expires_at"), "credit_grant.expire", grant.ID())
	}
}

// expireGrant ends a grant now; what was used of it stays used.
func expireGrant(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	grant, err := findRunning(tx, r)
	if err != nil {
		return nil, err
	}
	grant = grant.Edit().Set("expires_at", tx.Now()).Set("updated", tx.Now())
	tx.Put(grant, "billing.credit_grant.updated")
	tx.endGrant(grant, "credits_expired")
	return tx.Get(grantType, grant.ID()), nil
}

// voidGrant takes a grant back that nothing was used of.
func voidGrant(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	grant, err := findRunning(tx, r)
	if err != nil {
		return nil, err
	}
	if grant.Int(hiddenLeft) != grant.Int("amount.monetary.value") {
		return nil, invalid("", "", "You can't void a credit grant that has been applied to an invoice. Expire it instead.")
	}
	grant = grant.Edit().Set("voided_at", tx.Now()).Set("updated", tx.Now())
	tx.Put(grant, "billing.credit_grant.updated")
	tx.endGrant(grant, "credits_voided")
	return tx.Get(grantType, grant.ID()), nil
}

// endGrant takes what is left of a grant out of the balance.
func (tx *accountTx) endGrant(grant *stripeObject, why string) {
	left := grant.Int(hiddenLeft)
	if left == 0 {
		return
	}
	tx.Put(grant.Edit().Set(hiddenLeft, 0))
	tx.moveCredit(grant, "debit", why, left, tx.Now(), nil)
	tx.refreshDrafts(grant.Str("customer"))
}

func (tx *accountTx) monetary(currency string, value int64) *stripeObject {
	return tx.NewHash("billing_credit_grants_resource_amount").Set("type", "monetary").
		Set("monetary", tx.NewHash("billing_credit_grants_resource_monetary_amount").Set("currency", strings.ToLower(currency)).Set("value", value))
}

// usable says whether a grant can pay now.
func (tx *accountTx) usable(grant *stripeObject) bool {
	return grant.Int(hiddenLeft) > 0 && !grant.Has("voided_at") && grant.Int("effective_at") <= tx.Now() &&
		(!grant.Has("expires_at") || grant.Int("expires_at") > tx.Now())
}

// grantsFor are the grants that pay of a draft, in their order: the lower priority, what expires first, promotions before
// what was paid for, what was effective first, what was made first. Source:
// docs.stripe.com/billing/subscriptions/usage-based/billing-credits.
func (tx *accountTx) grantsFor(inv *stripeObject) []billing.Grant {
	if inv.Str("status") != invoiceDraftStatus {
		return nil
	}
	var usable []*stripeObject
	for _, grant := range slices.Backward(ofField(tx, grantType, "customer", inv.Str("customer"))) {
		if tx.usable(grant) && grant.Str("amount.monetary.currency") == inv.Str("currency") {
			usable = append(usable, grant)
		}
	}
	end := func(grant *stripeObject) int64 {
		if grant.Has("expires_at") {
			return grant.Int("expires_at")
		}
		return lastInstant
	}
	slices.SortStableFunc(usable, func(a, b *stripeObject) int {
		return cmp.Or(cmp.Compare(a.Int("priority"), b.Int("priority")), cmp.Compare(end(a), end(b)), cmp.Compare(b.Str("category"), a.Str("category")),
			cmp.Compare(a.Int("effective_at"), b.Int("effective_at")))
	})
	grants := make([]billing.Grant, len(usable))
	for i, grant := range usable {
		grants[i] = billing.Grant{ID: grant.ID(), Left: billing.Amount(grant.Int(hiddenLeft)), Prices: pricesOfScope(grant.Hash("applicability_config.scope"))}
	}
	return grants
}

// pricesOfScope are the prices that a scope names, nil for every metered one.
func pricesOfScope(scope *stripeObject) []string {
	var ids []string
	for _, price := range objectsOf(scope.List("prices")) {
		ids = append(ids, price.Str("id"))
	}
	return ids
}

// applyGrants takes what grants pay of an invoice that is finalised out of their balance.
func (tx *accountTx) applyGrants(inv *stripeObject, billed billing.Invoice) {
	if len(billed.Grants) == 0 {
		return
	}
	lines := invoiceLines(inv)
	all := tx.pretaxCredits(billed.DiscountAmounts, nil)
	for i, l := range billed.Lines {
		if len(l.Grants) == 0 {
			continue
		}
		shown := tx.pretaxCredits(l.DiscountAmounts, l.Grants)
		for n, g := range l.Grants {
			grant := tx.Get(grantType, g.Grant)
			tx.Put(grant.Edit().Set(hiddenLeft, grant.Int(hiddenLeft)-int64(g.Amount)))
			use := tx.moveCredit(grant, "debit", "credits_applied", int64(g.Amount), tx.Now(), lines[i])
			paid := shown[len(l.DiscountAmounts)+n].Set("credit_balance_transaction", use.ID())
			all = append(all, paid)
		}
		lines[i] = lines[i].Edit().Set("pretax_credit_amounts", shown)
	}
	setInvoiceLines(inv, lines)
	inv.Set("total_pretax_credit_amounts", all)
}

// giveGrantsBack gives back what grants paid of an invoice that is void.
func (tx *accountTx) giveGrantsBack(inv *stripeObject) {
	for _, line := range invoiceLines(inv) {
		for _, paid := range objectsIn(line.List("pretax_credit_amounts")) {
			use := tx.Get(creditTransactionType, paid.Str("credit_balance_transaction"))
			if use == nil {
				continue
			}
			grant, amount := tx.Get(grantType, use.Str("credit_grant")), paid.Int("amount")
			tx.Put(grant.Edit().Set(hiddenLeft, grant.Int(hiddenLeft)+amount))
			tx.moveCredit(grant, "credit", "credits_application_invoice_voided", amount, tx.Now(), line)
			if grant.Has("expires_at") && grant.Int("expires_at") <= tx.Now() {
				tx.endGrant(tx.Get(grantType, grant.ID()), "credits_expired")
			}
		}
	}
}
