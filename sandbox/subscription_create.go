package sandbox

import (
	"errors"
	"net/http"
	"slices"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func init() {
	behave("POST /v1/subscriptions", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		return tx.createSubscriptionAsked(r.Params(), r.Params().Str("customer"))
	})
	behave("POST /v1/customers/{customer}/subscriptions", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		return tx.createSubscriptionAsked(r.Params(), r.Path("customer"))
	})
}

// createSubscriptionAsked makes the subscription that a call asks for.
func (tx *accountTx) createSubscriptionAsked(p formParams, customerID string) (*stripeObject, error) {
	p, err := withItems(p, nil)
	if err != nil {
		return nil, err
	}
	return tx.createSubscription(p, customerID, origin{})
}

// maxSubscriptions is how many subscriptions a customer may have that are not over. Source: API reference, create a
// subscription.
const maxSubscriptions = 500

// origin is where a new subscription comes from, when not from a plain call.
type origin struct {
	// schedule makes the subscription: its first invoice stays a draft for an hour.
	schedule *stripeObject
	// reason is the billing_reason of the first invoice, "" for subscription_create.
	reason string
}

// createSubscription makes a subscription with its first invoice. Nothing is kept when the call is refused.
func (tx *accountTx) createSubscription(p formParams, customerID string, from origin) (*stripeObject, error) {
	if customerID == "" {
		return nil, invalid("customer", "parameter_missing", "Missing required param: customer.")
	}
	customer, err := findCustomer(tx, customerID, "customer", http.StatusNotFound)
	if err != nil {
		return nil, err
	}
	tx.onClock(customer.clockOfCustomer())
	if err := tx.checkNewSubscription(customer, p); err != nil {
		return nil, err
	}
	sub, err := tx.newSubscription(customer, p)
	if err != nil {
		return nil, err
	}
	if from.schedule != nil {
		sub.Set("schedule", from.schedule.ID())
	}
	tx.hold(sub)
	if !customer.Has("currency") {
		tx.stamped = customer.ID()
	}
	if sub, err = tx.putSubscription(sub); err != nil {
		return nil, billingFault(err)
	}
	first := len(tx.events)
	tx.Event("customer.subscription.created", sub, nil)
	if err := tx.firstInvoice(sub, customer, p, from); err != nil {
		return nil, err
	}
	if err := tx.askForMethod(sub.ID(), p); err != nil {
		return nil, err
	}
	// The event tells of the subscription as the call leaves it (recorded).
	sub = tx.letGo(sub)
	tx.restate(first, sub)
	tx.tellTrialWillEnd(sub)
	if tx.stamped != "" {
		tx.stamped = ""
		tx.Put(tx.Get("customer", customer.ID()).Edit().Set("currency", sub.Str("currency")), "customer.updated")
	}
	return tx.Get("subscription", sub.ID()), nil
}

// restate lets an event of the present call tell of its object as it is now.
func (tx *accountTx) restate(n int, o *stripeObject) {
	tx.account.store.shared.close(o)
	tx.events[n].object.Set("data", eventData(o, nil))
}

func (tx *accountTx) checkNewSubscription(customer *stripeObject, p formParams) error {
	living := 0
	for _, sub := range ofField(tx, "subscription", "customer", customer.ID()) {
		if !subscriptionOver(sub) {
			living++
		}
	}
	trial := p.Has("trial_end") || p.Has("trial_period_days")
	switch {
	case living >= maxSubscriptions:
		return invalid("customer", "customer_max_subscriptions", "Customer %s already has the maximum %d current subscriptions.", customer.ID(), maxSubscriptions)
	case customer.clockOfCustomer() != "" && living >= clockedSubscriptions:
		return invalid("customer", "customer_max_subscriptions", "Customer %s already has the maximum %d current subscriptions of a customer on a test clock.", customer.ID(), clockedSubscriptions)
	case p.Str("payment_behavior") == "pending_if_incomplete":
		return invalid("payment_behavior", "", "Setting `payment_behavior` to `pending_if_incomplete` has no effect when creating a subscription.")
	case p.Bool("trial_from_plan") && trial:
		return invalid("trial_from_plan", "", "You cannot set `trial_end` or `trial_period_days` when `trial_from_plan=true`.")
	case p.Has("trial_end") && p.Has("trial_period_days"):
		return invalid("", "parameters_exclusive", "You may only specify one of these parameters: trial_end, trial_period_days.")
	case p.Has("billing_cycle_anchor") && p.Has("billing_cycle_anchor_config"):
		return invalid("", "parameters_exclusive", "You may only specify one of these parameters: billing_cycle_anchor, billing_cycle_anchor_config.")
	case p.Has("cancel_at") && p.Bool("cancel_at_period_end"):
		return invalid("", "parameters_exclusive", "You may only specify one of these parameters: cancel_at, cancel_at_period_end.")
	case p.Has("backdate_start_date") && p.Int("backdate_start_date") > tx.Now():
		return invalid("backdate_start_date", "", "`backdate_start_date` must be in the past.")
	case p.Has("backdate_start_date") && p.Has("billing_cycle_anchor_config"):
		return invalid("billing_cycle_anchor_config", "", "You cannot use `billing_cycle_anchor_config` with `backdate_start_date`.")
	}
	return nil
}

// newSubscription makes a subscription of the parameters; it is neither stored nor billed.
func (tx *accountTx) newSubscription(customer *stripeObject, p formParams) (*stripeObject, error) {
	sub := tx.New("subscription").Set("customer", customer.ID()).Set("collection_method", chargeAutomatically).Set("status", subIncomplete).
		Set("test_clock", textOrNull(customer.clockOfCustomer())).Set("start_date", tx.Now()).Set(hiddenBegan, tx.Now()).
		Set("default_tax_rates", []any{}).Set("discounts", []any{}).Set("currency", "").Set("cancel_at_period_end", false).
		Set("cancellation_details", tx.NewHash("cancellation_details")).Set("billing_mode", tx.billingMode(p)).
		Set("trial_settings.end_behavior.missing_payment_method", "create_invoice").
		Set("invoice_settings.issuer.type", "self").Set("managed_payments", tx.NewHash("smor_resource_managed_payments").Set("enabled", false))
	if err := tx.newItems(sub, p.List("items")); err != nil {
		return nil, err
	}
	currency := currencyOf(customer, p, subscriptionItems(sub))
	if err := checkCurrency(currency, "currency"); err != nil {
		return nil, err
	}
	if known := customer.Str("currency"); known != "" && known != currency {
		return nil, invalid("currency", "", "You cannot combine currencies on a single customer. This customer has had a subscription, coupon, or invoice item with currency %s", known)
	}
	if err := checkItems(sub.Set("currency", currency), subscriptionItems(sub)); err != nil {
		return nil, err
	}
	if err := tx.setSubscription(sub, customer, p); err != nil {
		return nil, err
	}
	if from := p.Int("backdate_start_date"); p.Has("backdate_start_date") {
		sub.Set("start_date", from).Set(hiddenBegan, from)
	}
	if err := tx.setFirstTrial(sub, p); err != nil {
		return nil, err
	}
	if err := tx.setFirstAnchor(sub, p); err != nil {
		return nil, err
	}
	if err := tx.setCancelAt(sub, p); err != nil {
		return nil, err
	}
	return sub, tx.checkPlanned(sub, p)
}

// billingMode is the mode of a new subscription. Flexible is the default; callers of older versions get classic from
// their version.
func (tx *accountTx) billingMode(p formParams) *stripeObject {
	mode := tx.NewHash("subscriptions_resource_billing_mode").Set("type", orElse(p.Str("billing_mode.type"), string(billing.Flexible)))
	if mode.Str("type") == string(billing.Flexible) {
		mode.Set("flexible", tx.NewHash("subscriptions_resource_billing_mode_flexible").
			Set("proration_discounts", orElse(p.Str("billing_mode.flexible.proration_discounts"), string(billing.Included)))).
			Set("updated_at", tx.Now())
	}
	return mode
}

// setFirstTrial writes the trial of a new subscription.
func (tx *accountTx) setFirstTrial(sub *stripeObject, p formParams) error {
	now := billing.Instant(tx.Now())
	var trial billing.Period
	var err error
	switch days := p.Int("trial_period_days"); {
	case p.Has("trial_end") && p.Str("trial_end") != "now":
		trial, err = tx.trialUntil(p.Int("trial_end"))
	case p.Has("trial_period_days") && days != 0:
		if trial, err = billing.TrialDays(now, days); err != nil {
			err = invalid("trial_period_days", "", "Invalid trial_period_days: must be between 1 and %d.", billing.MaxTrialDays)
		}
	case p.Bool("trial_from_plan") && tx.planTrial(sub) > 0:
		trial, err = billing.TrialDays(now, tx.planTrial(sub))
	default:
		return nil
	}
	if err != nil {
		return err
	}
	sub.Set("trial_start", int64(trial.Start)).Set("trial_end", int64(trial.End)).Set("status", subTrialing)
	return nil
}

// trialUntil is a trial from now until a time. Source of the first sentence: recorded answers.
func (tx *accountTx) trialUntil(end int64) (billing.Period, error) {
	if end <= tx.Now() {
		return billing.Period{}, invalid("trial_end", "", "The parameter `trial_end` expects a unix timestamp representing a date and time in the future. You specified the value `%d` which is in the past.", end)
	}
	trial, err := billing.TrialUntil(billing.Instant(tx.Now()), billing.Instant(end))
	if err != nil {
		return trial, invalid("trial_end", "", "Invalid timestamp: can be no more than two years in the future")
	}
	return trial, nil
}

// setFirstAnchor writes where the billing cycle of a new subscription begins.
func (tx *accountTx) setFirstAnchor(sub *stripeObject, p formParams) error {
	from := billing.Instant(sub.Int(hiddenBegan))
	if sub.Str("billing_mode.type") == string(billing.Classic) {
		from = billing.Instant(tx.Now()) // flexible mode alone goes back to the start: docs.stripe.com/billing/subscriptions/billing-mode/compare
	}
	if sub.Has("trial_end") {
		from = billing.Instant(sub.Int("trial_end"))
	}
	sub.Set("billing_cycle_anchor", int64(from))
	every := shortestOf(sub)
	next := billing.Cycle{Anchor: from, Every: every}.Next(max(from, billing.Instant(tx.Now())))
	if from < billing.Instant(tx.Now()) { // a start in the past does not shorten the first period
		next = max(next, billing.Cycle{Anchor: billing.Instant(tx.Now()), Every: every}.Next(billing.Instant(tx.Now())))
	}
	if at := p.Int("billing_cycle_anchor"); p.Has("billing_cycle_anchor") {
		switch {
		case at <= tx.Now():
			return invalid("billing_cycle_anchor", "", "The parameter `billing_cycle_anchor` expects a unix timestamp representing a date and time in the future. You specified the value `%d` which is in the past.", at)
		case billing.Instant(at) > next:
			return invalid("billing_cycle_anchor", "", "billing_cycle_anchor cannot be later than next natural billing date (%d) for plan", int64(next))
		}
		sub.Set("billing_cycle_anchor", at)
	}
	h, ok := p.Hash("billing_cycle_anchor_config")
	if !ok {
		return nil
	}
	part := func(name string) *int {
		if !h.Has(name) {
			return nil
		}
		n := int(h.Int(name))
		return &n
	}
	config := billing.AnchorConfig{DayOfMonth: int(h.Int("day_of_month")), Month: part("month"), Hour: part("hour"), Minute: part("minute"), Second: part("second")}
	anchor, err := config.Anchor(from, every)
	if err != nil {
		return invalid("billing_cycle_anchor_config", "", "Invalid billing_cycle_anchor_config: %s", plainError(err))
	}
	shown := tx.NewHash("subscriptions_resource_billing_cycle_anchor_config")
	for _, key := range []string{"day_of_month", "month", "hour", "minute", "second"} {
		if h.Has(key) {
			shown.Set(key, h.Int(key))
		}
	}
	sub.Set("billing_cycle_anchor", int64(anchor)).Set("billing_cycle_anchor_config", shown)
	return nil
}

// firstInvoice makes the first invoice of a subscription and pays it as payment_behavior says. A subscription that is free
// until its anchor has none, nor has a flexible one of metered items alone for which nothing waits.
// Source: docs.stripe.com/billing/invoices/subscription.
func (tx *accountTx) firstInvoice(sub, customer *stripeObject, p formParams, from origin) error {
	lines, err := tx.firstLines(sub, p)
	if err != nil {
		return err
	}
	if err := tx.addInvoiceItems(customer, sub, p.List("add_invoice_items")); err != nil {
		return err
	}
	draft := tx.draftOf(sub, customer, orElse(from.reason, "subscription_create"), lines)
	if lines == nil && (p.Str("proration_behavior") == prorateNone || len(tx.itemsFor(draft, tx.newInvoice(draft))) == 0) {
		return tx.begin(sub)
	}
	waits := sub.Str("collection_method") == sendInvoice || from.schedule != nil
	// What is collected at once does not advance by itself: docs.stripe.com/billing/invoices/subscription.
	draft.advances = draft.advances && waits
	inv, err := tx.billSubscription(sub, draft)
	if err != nil {
		return err
	}
	if waits {
		return tx.begin(sub)
	}
	if inv, err = tx.finalizeNow(inv); err != nil {
		return err
	}
	if inv.Str("status") == invoicePaidStatus {
		return tx.begin(sub)
	}
	if p.Str("payment_behavior") == "default_incomplete" {
		return nil
	}
	return tx.payFirst(inv, p)
}

// payFirst makes the first attempt of a first invoice. What fails leaves the subscription incomplete, unless the call
// wants an error.
func (tx *accountTx) payFirst(inv *stripeObject, p formParams) error {
	if tx.invoiceMethod(inv) == nil {
		return invalid("", "resource_missing", "%s", noMethod)
	}
	inv, err := tx.payInvoice(inv, invoicePaying{offSession: p.Bool("off_session")})
	strict := p.Str("payment_behavior") == "error_if_incomplete"
	switch {
	case err == nil && inv.Str("status") == invoiceOpen && strict && tx.waitsForBuyer(inv):
		return incompleteError(actionRequired(tx.intentOf(inv)))
	case err != nil && strict:
		return incompleteError(err)
	case err != nil && !kept(err):
		return err
	}
	return nil
}

// waitsForBuyer says whether the payment of an invoice needs the buyer.
func (tx *accountTx) waitsForBuyer(inv *stripeObject) bool {
	pi := tx.intentOf(inv)
	return pi != nil && pi.Str("status") == requiresAction
}

// incompleteError is the refusal of a call that must be paid at once; nothing of it is kept.
func incompleteError(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	refused := *e
	refused.keepChanges, refused.extra, refused.Charge = false, nil, ""
	if e.Code == "invoice_payment_intent_requires_action" || e.Code == "subscription_payment_intent_requires_action" {
		refused.Status, refused.Type, refused.Code = http.StatusPaymentRequired, "card_error", "subscription_payment_intent_requires_action"
	}
	return &refused
}

// begin lets a subscription run whose first invoice is no obstacle any more.
func (tx *accountTx) begin(sub *stripeObject) error {
	sub = tx.Get("subscription", sub.ID())
	if sub.Str("status") != subIncomplete {
		return nil
	}
	_, err := tx.putSubscription(sub.Edit().Set("status", subActive), "customer.subscription.updated")
	return err
}

// firstLines are the lines of a first invoice, nil when none is made: where nothing is prorated a subscription is free
// until its anchor. A start in the past bills all that has gone by since: in flexible mode each period by itself, in
// classic mode in one line.
func (tx *accountTx) firstLines(sub *stripeObject, p formParams) ([]billing.Line, error) {
	s, err := tx.billingSubscription(sub)
	if err != nil {
		return nil, billingFault(err)
	}
	now := billing.Instant(tx.Now())
	var lines []billing.Line
	switch {
	case s.InTrial(now):
		lines, err = s.Start(now)
	case p.Str("proration_behavior") == prorateNone:
		if lines, err = s.StartUnprorated(now); err == nil && len(lines) == 0 && licensed(s) {
			return nil, nil
		}
	case s.Began < now && s.Mode == billing.Classic:
		lines, err = tx.elapsedInOneLine(sub, s)
	default:
		lines, err = tx.elapsedByPeriod(sub, s)
	}
	if err != nil {
		return nil, billingFault(err)
	}
	if s.InTrial(now) || s.Began < now {
		return lines, nil
	}
	unused, err := s.Unused(now)
	return append(lines, unused...), billingFault(err)
}

// licensed says whether an item of a subscription is paid in advance.
func licensed(s billing.Subscription) bool {
	return slices.ContainsFunc(s.Items, func(i billing.Item) bool { return !i.Price.Metered })
}

// elapsedByPeriod are the lines of a subscription's first period and of all that have begun since.
func (tx *accountTx) elapsedByPeriod(sub *stripeObject, s billing.Subscription) ([]billing.Line, error) {
	lines, err := s.Start(s.Began)
	if err != nil {
		return nil, err
	}
	for _, at := range boundaries(s, s.Began, billing.Instant(tx.Now())) {
		usage, err := tx.usageOf(sub, int64(at))
		if err != nil {
			return nil, err
		}
		more, err := s.Renew(at, usage)
		if err != nil {
			return nil, err
		}
		lines = append(lines, more...)
	}
	return lines, nil
}

// elapsedInOneLine are the lines of a classic subscription that began in the past.
func (tx *accountTx) elapsedInOneLine(sub *stripeObject, s billing.Subscription) ([]billing.Line, error) {
	now := billing.Instant(tx.Now())
	usage := map[string]billing.Decimal{}
	for _, i := range s.Items {
		meter := tx.Get(meterType, itemOf(sub, i.ID).Str("price.recurring.meter"))
		if !i.Price.Metered || meter == nil {
			continue
		}
		used, err := tx.usedIn(meter, sub.Str("customer"), billing.Period{Start: s.Began, End: now})
		if err != nil {
			return nil, err
		}
		if used.Sign() > 0 {
			usage[i.ID] = used
		}
	}
	return s.StartInThePast(now, usage)
}

// boundaries are the instants after from, until to, at which a period of an item begins.
func boundaries(s billing.Subscription, from, to billing.Instant) []billing.Instant {
	var list []billing.Instant
	for at := from; ; {
		next := billing.Instant(0)
		for _, i := range s.Items {
			if n := (billing.Cycle{Anchor: s.Anchor, Every: i.Price.Recurring}).Next(at); next == 0 || n < next {
				next = n
			}
		}
		if next == 0 || next > to {
			return list
		}
		list = append(list, next)
		at = next
	}
}

// billingFault turns an error of the arithmetic into the refusal of a call.
func billingFault(err error) error {
	var e *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return err
	case errors.Is(err, billing.ErrAmount):
		return invalid("", "amount_too_large", "The invoice's amount is too large.")
	}
	return invalid("", "", "%s", plainError(err))
}
