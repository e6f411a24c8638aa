package sandbox

import (
	"errors"
	"slices"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

// subscriptionTurn is the job that does what falls due for a subscription at an instant.
const subscriptionTurn = "subscription.turn"

func init() { onDue(subscriptionTurn, takeTurn) }

const (
	// hiddenTold says that trial_will_end was sent for the present trial.
	hiddenTold = "_trial_told"
	// hiddenUpcoming is the end of the period of which invoice.upcoming was sent.
	hiddenUpcoming = "_upcoming"
)

// planTurn plans the next turn of a subscription that is open, unless it is planned already.
func (tx *accountTx) planTurn(sub *stripeObject, s billing.Subscription) {
	at := tx.nextTurn(sub, s)
	if at == sub.Int(hiddenTurn) && tx.clock == sub.Str(hiddenTurnClock) {
		return
	}
	sub.Set(hiddenTurn, at).Set(hiddenTurnClock, tx.clock)
	if at != 0 {
		tx.Due(at, subscriptionTurn, sub.ID())
	}
}

// nextTurn is the next instant at which something falls due for a subscription, 0 when nothing does.
func (tx *accountTx) nextTurn(sub *stripeObject, s billing.Subscription) int64 {
	if subscriptionOver(sub) {
		return 0
	}
	var next int64
	now := tx.Now()
	by := func(at int64) {
		if at > now && (next == 0 || at < next) {
			next = at
		}
	}
	by(sub.Int("pending_update.expires_at"))
	by(sub.Int("cancel_at"))
	by(tx.nextPhase(sub))
	switch sub.Str("status") {
	case subPaused:
		return next
	case subIncomplete:
		by(int64(billing.IncompleteExpires(billing.Instant(sub.Int("created")))))
		return next
	case subTrialing:
		by(sub.Int("trial_end"))
		if !sub.Bool(hiddenTold) {
			by(int64(billing.TrialWillEnd(s.Trial, billing.Instant(now))))
		}
	}
	by(sub.Int("pause_collection.resumes_at"))
	by(sub.Int("next_pending_invoice_item_invoice"))
	upcoming := tx.invoiceSettings().UpcomingDays * day
	for _, i := range s.Items {
		end := int64(s.PeriodAt(i, billing.Instant(now)).End)
		by(end)
		if sub.Str("collection_method") == chargeAutomatically && sub.Int(hiddenUpcoming) != end && upcoming > 0 {
			by(end - upcoming)
		}
	}
	return next
}

// takeTurn does what falls due for a subscription now, in this order: a pending update is given up, a pause ends, the
// subscription ends, its schedule goes on, its trial is about to end or ends, its periods are renewed, pending items are
// billed. A turn that was planned before the plan changed does nothing.
func takeTurn(tx *accountTx, id string) error {
	sub := tx.Get("subscription", id)
	if sub == nil || sub.Int(hiddenTurn) != tx.Now() || sub.Str(hiddenTurnClock) != tx.clock {
		return nil
	}
	for _, step := range []func(sub *stripeObject) error{
		tx.expirePendingUpdate, tx.endPause, tx.expireIncomplete, tx.endInTime, tx.nextPhaseBegins, tx.trialEnds, tx.renew, tx.billPending, tx.tellUpcoming,
	} {
		sub = tx.Get("subscription", id)
		if sub == nil || subscriptionOver(sub) {
			return nil
		}
		if err := step(sub); err != nil {
			return err
		}
	}
	sub = tx.Get("subscription", id)
	_, err := tx.putSubscription(sub.Edit())
	return err
}

// endPause ends a pause of the collection whose time has come.
func (tx *accountTx) endPause(sub *stripeObject) error {
	if !tx.pauseIsOver(sub) {
		return nil
	}
	_, err := tx.putSubscription(sub.Edit().Set("pause_collection", nil), "customer.subscription.updated")
	return err
}

// expireIncomplete gives a subscription up whose first invoice was not paid in 23 hours.
func (tx *accountTx) expireIncomplete(sub *stripeObject) error {
	if sub.Str("status") != subIncomplete || int64(billing.IncompleteExpires(billing.Instant(sub.Int("created")))) > tx.Now() {
		return nil
	}
	if err := tx.endSubscription(sub.ID(), subIncompleteExpired, ""); err != nil {
		return err
	}
	return tx.giveUpLatest(sub)
}

// giveUpLatest voids the newest invoice of a subscription if it is open.
func (tx *accountTx) giveUpLatest(sub *stripeObject) error {
	inv := tx.Get("invoice", sub.Str("latest_invoice"))
	if inv == nil || inv.Str("status") != invoiceOpen {
		return nil
	}
	_, err := tx.voidInvoice(inv)
	return err
}

// endInTime ends a subscription at the moment that cancel_at names.
func (tx *accountTx) endInTime(sub *stripeObject) error {
	if !sub.Has("cancel_at") || sub.Int("cancel_at") > tx.Now() {
		return nil
	}
	if sub.Has("pending_update") { // before the last invoice, so that what is told of each is what it changed
		if err := tx.giveUpPendingUpdate(sub); err != nil {
			return err
		}
		sub = tx.Get("subscription", sub.ID())
	}
	if sub.Str("status") != subPaused {
		if err := tx.finalUsage(sub); err != nil {
			return err
		}
	}
	return tx.endSubscription(sub.ID(), canceled, reasonRequested)
}

// finalUsage bills the usage and the pending items of a subscription that ends at the end of its period.
func (tx *accountTx) finalUsage(sub *stripeObject) error {
	s, err := tx.billingSubscription(sub)
	if err != nil {
		return err
	}
	usage, err := tx.usageOf(sub, tx.Now())
	if err != nil {
		return err
	}
	lines, err := s.Close(billing.Instant(tx.Now()), usage)
	if err != nil {
		return err
	}
	customer := tx.Get("customer", sub.Str("customer"))
	draft := tx.draftOf(sub, customer, "subscription_cycle", lines)
	if !anyAmount(lines) && len(tx.itemsFor(draft, tx.newInvoice(draft))) == 0 {
		return nil
	}
	draft.period = tx.closedPeriod(s, tx.Now())
	_, err = tx.billSubscription(sub, draft)
	return err
}

func anyAmount(lines []billing.Line) bool {
	for _, l := range lines {
		if l.Amount != 0 {
			return true
		}
	}
	return false
}

// closedPeriod is the period that ends at an instant: the latest beginning of the items' periods until then.
func (tx *accountTx) closedPeriod(s billing.Subscription, at int64) billing.Period {
	end := billing.Instant(at)
	start := end
	for _, i := range s.Items {
		if p := s.PeriodAt(i, end-1); p.End == end {
			start = min(start, p.Start)
		}
	}
	return billing.Period{Start: start, End: end}
}

// renew bills the periods that begin now.
func (tx *accountTx) renew(sub *stripeObject) error {
	switch sub.Str("status") {
	case subIncomplete, subPaused, subTrialing:
		return nil
	}
	s, err := tx.billingSubscription(sub)
	if err != nil {
		return err
	}
	now := billing.Instant(tx.Now())
	if !periodBegins(s, now) || s.Trial.End == now || s.Began == now || sub.Int(hiddenRenewed) == tx.Now() {
		return nil
	}
	usage, err := tx.usageOf(sub, tx.Now())
	if err != nil {
		return err
	}
	lines, err := s.Renew(now, usage)
	if err != nil {
		return err
	}
	return tx.cycle(sub, lines, tx.closedPeriod(s, tx.Now()))
}

// periodBegins says whether the period of an item begins at an instant.
func periodBegins(s billing.Subscription, at billing.Instant) bool {
	return slices.ContainsFunc(s.Items, func(i billing.Item) bool { return itemBegins(s, i, at) })
}

func itemBegins(s billing.Subscription, i billing.Item, at billing.Instant) bool {
	return (billing.Cycle{Anchor: s.Anchor, Every: i.Price.Recurring}).Containing(at).Start == at
}

// hiddenRenewed is the instant of a subscription's newest renewal: a phase that begins at it bills it, not the renewal.
const hiddenRenewed = "_renewed"

// cycle makes the invoice of periods that begin, and tells of the subscription with its new periods.
func (tx *accountTx) cycle(sub *stripeObject, lines []billing.Line, period billing.Period) error {
	former := sub
	tx.hold(sub)
	customer := tx.Get("customer", sub.Str("customer"))
	draft := tx.draftOf(sub, customer, "subscription_cycle", lines)
	draft.period = period
	sub, err := tx.putSubscription(sub.Edit().Set(hiddenRenewed, tx.Now()))
	if err != nil {
		return err
	}
	if _, err := tx.billSubscription(sub, draft); err != nil {
		return err
	}
	tx.letGo(former, "customer.subscription.updated")
	return nil
}

// billPending bills pending invoice items where a subscription has an interval for them.
func (tx *accountTx) billPending(sub *stripeObject) error {
	if at := sub.Int("next_pending_invoice_item_invoice"); at == 0 || at > tx.Now() {
		return nil
	}
	sub, err := tx.putSubscription(sub.Edit().Set("next_pending_invoice_item_invoice", tx.nextPendingInvoice(sub)), "customer.subscription.updated")
	if err != nil || sub.Str("status") == subPaused {
		return err
	}
	customer := tx.Get("customer", sub.Str("customer"))
	draft := tx.draftOf(sub, customer, "automatic_pending_invoice_item_invoice", nil)
	if len(tx.itemsFor(draft, tx.newInvoice(draft))) == 0 {
		return nil
	}
	_, err = tx.billSubscription(sub, draft)
	return err
}

// nextPendingInvoice is the next time at which pending items are billed by themselves.
func (tx *accountTx) nextPendingInvoice(sub *stripeObject) int64 {
	every := billing.Recurrence{Interval: billing.Interval(sub.Str("pending_invoice_item_interval.interval")), Count: sub.Int("pending_invoice_item_interval.interval_count")}
	from := billing.Instant(sub.Int(hiddenBegan))
	return int64((billing.Cycle{Anchor: from, Every: every}).Next(billing.Instant(tx.Now())))
}

// tellUpcoming sends invoice.upcoming some days before a renewal that will be charged by itself, as many as the account chose.
func (tx *accountTx) tellUpcoming(sub *stripeObject) error {
	status, upcoming := sub.Str("status"), tx.invoiceSettings().UpcomingDays*day
	if sub.Str("collection_method") != chargeAutomatically || status == subIncomplete || status == subPaused || upcoming == 0 {
		return nil
	}
	s, err := tx.billingSubscription(sub)
	if err != nil {
		return err
	}
	for _, i := range s.Items {
		end := int64(s.PeriodAt(i, billing.Instant(tx.Now())).End)
		if end-upcoming != tx.Now() || sub.Int(hiddenUpcoming) == end || sub.Int("cancel_at") == end {
			continue
		}
		if err := tx.sendUpcoming(sub); err != nil {
			return err
		}
		_, err := tx.putSubscription(tx.Get("subscription", sub.ID()).Edit().Set(hiddenUpcoming, end))
		return err
	}
	return nil
}

// sendUpcoming tells of the invoice that the next renewal will make: a preview without an id. A subscription that ends before
// and owes nothing has none.
func (tx *accountTx) sendUpcoming(sub *stripeObject) error {
	inv, err := tx.rehearse(func() (*stripeObject, error) {
		draft, err := tx.nextInvoice(sub.ID())
		if err != nil {
			return nil, err
		}
		inv, _, err := tx.makeInvoice(draft)
		if err != nil {
			return nil, err
		}
		return inv.Set("id", "upcoming_"+inv.ID()), nil
	})
	if e := (*Error)(nil); errors.As(err, &e) && e.Code == upcomingNone {
		return nil
	}
	if err != nil {
		return err
	}
	tx.Event("invoice.upcoming", inv, nil)
	return nil
}
