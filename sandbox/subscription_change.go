package sandbox

import (
	"errors"
	"slices"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func init() {
	update := func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		sub, err := findSubscription(tx, r, "subscription_exposed_id")
		if err != nil {
			return nil, err
		}
		p, err := withItems(r.Params(), sub)
		if err != nil {
			return nil, err
		}
		return tx.changeSubscription(sub, p)
	}
	behave("POST /v1/subscriptions/{subscription_exposed_id}", update)
	behave("POST /v1/customers/{customer}/subscriptions/{subscription_exposed_id}", update)
}

// The values of proration_behavior.
const (
	prorateNone     = "none"
	prorateInvoice  = "always_invoice"
	pendIncomplete  = "pending_if_incomplete"
	errorIncomplete = "error_if_incomplete"
	waitIncomplete  = "default_incomplete"
)

// change is what an update makes of a subscription.
type subscriptionChange struct {
	// sub is the subscription after the change, open and not stored.
	sub *stripeObject
	// prorations are credits and charges that become invoice items; full are the lines that are billed at once.
	prorations, full []billing.Line
	// invoice says that an invoice is made now.
	invoice bool
	// silent are lines that cancel out and are billed on no invoice; the subscription remembers them.
	silent []billing.Line
	// entering says that a schedule's phase begins, with nobody there who could pay or be refused.
	entering bool
}

// changeSubscription updates a subscription as a call's parameters say.
func (tx *accountTx) changeSubscription(sub *stripeObject, p formParams) (*stripeObject, error) {
	if err := checkChange(sub, p); err != nil {
		return nil, err
	}
	sub, err := tx.withoutPendingUpdate(sub, p)
	if err != nil {
		return nil, err
	}
	tx.hold(sub)
	c, err := tx.planChange(sub, p)
	if err != nil {
		return nil, err
	}
	endedTrial := sub.Str("status") == subTrialing && c.sub.Str("status") != subTrialing
	if c.invoice && p.Str("payment_behavior") == pendIncomplete && c.sub.Str("collection_method") == chargeAutomatically {
		if err := tx.tryChange(sub, c, p); err != nil {
			return nil, err
		}
		changed := tx.letGo(sub, "customer.subscription.updated")
		if endedTrial && changed.Str("status") != subTrialing {
			tx.Event("customer.subscription.trial_will_end", changed, nil)
		}
		return changed, nil
	}
	if err := tx.makeChange(c, p); err != nil {
		return nil, err
	}
	changed := tx.letGo(sub, "customer.subscription.updated")
	if endedTrial {
		tx.Event("customer.subscription.trial_will_end", changed, nil)
	}
	tx.tellTrialWillEnd(changed)
	return tx.Get("subscription", sub.ID()), nil
}

// checkChange refuses what a subscription's state does not allow. Source of the first sentence: recorded answers.
func checkChange(sub *stripeObject, p formParams) error {
	allowed := []string{"metadata", "cancellation_details", "expand"}
	if subscriptionOver(sub) {
		for _, key := range p.Keys() {
			if !slices.Contains(allowed, key) {
				return invalid(key, "invalid_canceled_subscription_fields", "A canceled subscription can only update its cancellation_details and metadata.")
			}
		}
		return nil
	}
	if p.Bool("trial_from_plan") && p.Has("trial_end") {
		return invalid("trial_from_plan", "", "You cannot set `trial_end` or `trial_period_days` when `trial_from_plan=true`.")
	}
	if sub.Str("status") == subIncomplete && changesBilling(p) {
		return invalid("", "", "This subscription cannot be updated in this way because its first invoice is not paid yet. Pay the invoice, or cancel the subscription.")
	}
	if p.Str("payment_behavior") != pendIncomplete {
		return nil
	}
	for _, key := range p.Keys() {
		if !slices.Contains(pendable, key) {
			return invalid(key, "", "You cannot update `%s` when `payment_behavior` is `pending_if_incomplete`.", key)
		}
	}
	return nil
}

// pendable are the parameters that a change may have which waits for its payment. Source:
// docs.stripe.com/billing/subscriptions/pending-updates-reference.
var pendable = []string{
	"add_invoice_items", "billing_cycle_anchor", "discounts", "expand", "items", "metadata", "off_session", "payment_behavior", "proration_behavior",
	"proration_date", "trial_end", "trial_from_plan",
}

// changesBilling says whether a call may change what is billed.
func changesBilling(p formParams) bool {
	return p.Has("items") || p.Has("trial_end") || p.Bool("trial_from_plan") || p.Str("billing_cycle_anchor") == "now" || p.Has("add_invoice_items")
}

// planChange makes the change on a copy and says what it credits and charges.
func (tx *accountTx) planChange(sub *stripeObject, p formParams) (subscriptionChange, error) {
	return tx.planChangeAt(sub, p, false)
}

// planChangeAt is planChange; entering says that a schedule's phase begins, before the renewal of the same instant.
func (tx *accountTx) planChangeAt(sub *stripeObject, p formParams, entering bool) (subscriptionChange, error) {
	customer := tx.Get("customer", sub.Str("customer"))
	edited := sub.Edit()
	if !subscriptionOver(sub) {
		if err := tx.setSubscription(edited, customer, p); err != nil {
			return subscriptionChange{}, err
		}
		if len(p.List("items")) > 0 {
			if err := tx.changeItems(edited, p.List("items"), false); err != nil {
				return subscriptionChange{}, err
			}
		}
	} else {
		applyMetadata(tx, edited, p)
	}
	tx.setCancellationDetails(edited, p)
	if err := tx.setPause(edited, p); err != nil {
		return subscriptionChange{}, err
	}
	if err := tx.setTrial(edited, p); err != nil {
		return subscriptionChange{}, err
	}
	if p.Str("billing_cycle_anchor") == "now" {
		if p.Has("trial_end") && p.Str("trial_end") != "now" {
			return subscriptionChange{}, invalid("billing_cycle_anchor", "", "You cannot set `billing_cycle_anchor` to `now` together with a `trial_end` in the future.")
		}
		edited.Set("billing_cycle_anchor", tx.Now()).Set("billing_cycle_anchor_config", nil)
	}
	if err := tx.setCancelAt(edited, p); err != nil {
		return subscriptionChange{}, err
	}
	if p.Has("billing_thresholds") || p.Has("items") || p.Has("discounts") {
		if err := tx.checkPlanned(edited, p); err != nil {
			return subscriptionChange{}, err
		}
	}
	c := subscriptionChange{sub: edited, entering: entering}
	if subscriptionOver(sub) || sub.Str("status") == subPaused || sub.Str("status") == subIncomplete {
		return c, nil
	}
	return c, tx.prorate(sub, &c, p)
}

// setTrial ends the trial now, moves its end, or adds one.
func (tx *accountTx) setTrial(sub *stripeObject, p formParams) error {
	trialing := sub.Str("status") == subTrialing
	end := p.Int("trial_end")
	switch {
	case p.Bool("trial_from_plan"):
		days := tx.planTrial(sub)
		if days == 0 {
			return nil
		}
		end = tx.Now() + days*day
	case !p.Has("trial_end"):
		return nil
	case p.Str("trial_end") == "now" && !trialing:
		return nil
	case p.Str("trial_end") == "now":
		sub.Set("trial_end", tx.Now()).Set("billing_cycle_anchor", tx.Now()).Set("status", subActive)
		return nil
	}
	trial, err := tx.trialUntil(end)
	if err != nil {
		return err
	}
	if !trialing {
		sub.Set("trial_start", int64(trial.Start)).Set("status", subTrialing)
	}
	if sub.Int("trial_end") != int64(trial.End) {
		sub.Set(hiddenTold, false)
	}
	sub.Set("trial_end", int64(trial.End)).Set("billing_cycle_anchor", int64(trial.End)).Set("billing_cycle_anchor_config", nil)
	return nil
}

// prorate fills in what a change credits and charges.
func (tx *accountTx) prorate(sub *stripeObject, c *subscriptionChange, p formParams) error {
	before, err := tx.billingSubscription(sub)
	if err != nil {
		return billingFault(err)
	}
	after, err := tx.billingSubscription(c.sub)
	if err != nil {
		return billingFault(err)
	}
	now := billing.Instant(tx.Now())
	if before.Anchor == after.Anchor && !after.InTrial(now) {
		if after.Anchor, err = billing.AnchorAfter(before, after, now); err != nil {
			return billingFault(err)
		}
		c.sub.Set("billing_cycle_anchor", int64(after.Anchor))
	}
	at := now
	if p.Has("proration_date") {
		at = billing.Instant(p.Int("proration_date"))
		if err := before.CheckProrationDate(at, now); err != nil {
			return invalid("proration_date", "", "Invalid proration_date: %s", plainError(errors.Unwrap(err)))
		}
	}
	lines, err := billing.Change{Before: before, After: after, At: at}.Lines()
	if err != nil {
		return billingFault(err)
	}
	if c.entering && len(lines.Full) == 0 {
		lines.Credits, lines.Debits = withoutRenewed(before, lines.Credits, now), withoutRenewed(after, lines.Debits, now)
	}
	if len(lines.Full) > 0 && at != now { // what begins anew begins now
		if lines.Full, err = after.Start(now); err != nil {
			return billingFault(err)
		}
	}
	if before.Anchor != after.Anchor && !before.InTrial(now) {
		usage, err := tx.usageOf(sub, tx.Now())
		if err != nil {
			return err
		}
		used, err := before.Close(now, usage)
		if err != nil {
			return billingFault(err)
		}
		lines.Full = append(lines.Full, used...)
	}
	c.full = lines.Full
	behavior := p.Str("proration_behavior")
	if behavior != prorateNone {
		c.prorations = append(lines.Credits, lines.Debits...)
	}
	// The anchor moved by itself bills nothing in flexible mode where credit and charge cancel out. Source:
	// docs.stripe.com/billing/subscriptions/billing-cycle.
	if before.Mode == billing.Flexible && behavior != prorateInvoice && behavior != prorateNone && p.Str("billing_cycle_anchor") == "now" && linesSum(c.prorations)+linesSum(c.full) == 0 {
		c.silent, c.prorations, c.full = append(c.prorations, c.full...), nil, nil
	}
	// Charges that a call adds wait in flexible mode unless something else makes an invoice. Source:
	// docs.stripe.com/billing/subscriptions/pending-updates.
	added := p.Has("add_invoice_items") && before.Mode == billing.Classic
	c.invoice = len(c.full) > 0 || behavior == prorateInvoice && (len(c.prorations) > 0 || added)
	return nil
}

func linesSum(lines []billing.Line) billing.Amount {
	var sum billing.Amount
	for _, l := range lines {
		sum += l.Amount
	}
	return sum
}

// makeChange stores a change and bills it. What cannot be paid leaves the subscription past_due, unless the call wants an
// error.
func (tx *accountTx) makeChange(c subscriptionChange, p formParams) error {
	sub, err := tx.settle(c.sub, asBilled(c.silent))
	if err != nil {
		return billingFault(err)
	}
	if sub, err = tx.putSubscription(sub); err != nil {
		return billingFault(err)
	}
	customer := tx.Get("customer", sub.Str("customer"))
	if err := tx.addInvoiceItems(customer, sub, p.List("add_invoice_items")); err != nil {
		return err
	}
	if err := tx.pend(sub, c.prorations); err != nil || !c.invoice {
		return err
	}
	sub = tx.Get("subscription", sub.ID())
	inv, err := tx.billSubscription(sub, tx.draftOf(sub, customer, "subscription_update", c.full))
	if err != nil || sub.Str("collection_method") == sendInvoice || !inv.Bool("auto_advance") {
		return err
	}
	if inv, err = tx.finalizeNow(inv); err != nil || inv.Str("status") != invoiceOpen {
		return err
	}
	if c.entering {
		return tx.collectInvoice(inv)
	}
	return tx.payChange(inv, p)
}

// asBilled are lines that stand on no invoice.
func asBilled(lines []billing.Line) []billing.InvoiceLine {
	billed := make([]billing.InvoiceLine, len(lines))
	for n, l := range lines {
		billed[n].Line = l
	}
	return billed
}

// payChange collects the invoice of a change.
func (tx *accountTx) payChange(inv *stripeObject, p formParams) error {
	behavior := p.Str("payment_behavior")
	if behavior == waitIncomplete {
		return tx.subscriptionInvoiceFailed(inv, nil)
	}
	if tx.invoiceMethod(inv) == nil {
		return invalid("", "resource_missing", "%s", noMethod)
	}
	inv, err := tx.payInvoice(inv, invoicePaying{offSession: p.Bool("off_session")})
	switch {
	case err == nil && behavior == errorIncomplete && tx.waitsForBuyer(inv):
		return incompleteError(actionRequired(tx.intentOf(inv)))
	case err != nil && behavior == errorIncomplete:
		return incompleteError(err)
	case err != nil && !kept(err):
		return err
	}
	return nil
}
