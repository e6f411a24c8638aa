package sandbox

import (
	"fmt"
	"strings"
)

const (
	// hiddenSubscriptionData is what subscription_data said of the subscription that a session begins.
	hiddenSubscriptionData = "_subscription_data"
	// hiddenBegun is the subscription of a session whose buyer has tried to pay, until it is complete.
	hiddenBegun = "_subscription"
	// hiddenBegunAs is what was ordered when it was begun.
	hiddenBegunAs = "_subscription_order"
	// hiddenInline marks prices that were made inside a call: they are not active, and used all the same.
	hiddenInline = "_inline"
)

// createSubscriptionSession writes what the first invoice of a subscription costs and stores its session.
func createSubscriptionSession(tx *accountTx, session *stripeObject, p formParams, link *stripeObject) (*stripeObject, error) {
	if link != nil {
		session.Set("payment_link", link.ID()).Set(hiddenItems, linkItemsFor(tx, link)).Set("currency", link.Str("currency"))
	} else if err := setItems(tx, session, p); err != nil {
		return nil, err
	}
	if !isRecurring(session) {
		return nil, invalid("line_items", "", "You must provide at least one recurring price in `subscription` mode when using prices.")
	}
	for _, set := range []func(*accountTx, *stripeObject, formParams) error{setOptionalItems, fitSessionTypes, setShippingOptions, setDiscounts, setSessionTax} {
		if err := set(tx, session, p); err != nil {
			return nil, err
		}
	}
	session.Set("payment_method_collection", orElse(p.Str("payment_method_collection"), "always"))
	if data, ok := p.Hash("subscription_data"); ok {
		session.Set(hiddenSubscriptionData, frozen(data))
	}
	if err := addUp(tx, session); err != nil {
		return nil, err
	}
	if err := checkTotal(session, ""); err != nil {
		return nil, err
	}
	keepOpen(tx, session)
	return session, nil
}

// addUpFirst computes what is due at the beginning: by beginning the subscription and taking it back, so that the page and
// the first invoice cannot differ.
func addUpFirst(tx *accountTx, session *stripeObject) error {
	if session.Has(hiddenBegun) {
		if session.Str(hiddenBegunAs) == orderOf(session) {
			return nil // it is begun, and its first invoice says what is due
		}
		if err := tx.dropBegun(session); err != nil {
			return err
		}
		session.Set(hiddenBegun, nil)
	}
	first, err := tx.rehearse(func() (*stripeObject, error) {
		customer := session.Str("customer")
		if customer == "" {
			buyer := newCustomer(tx)
			if session.Has("customer_details.address") {
				buyer.Set("address", session.Get("customer_details.address"))
			}
			tx.Put(buyer)
			customer = buyer.ID()
		}
		sub, err := tx.beginOf(session, customer, "")
		if err != nil {
			return nil, err
		}
		if inv := tx.Get("invoice", sub.Str("latest_invoice")); inv != nil {
			return inv, nil
		}
		return hash("total", 0, "subtotal", 0), nil
	})
	if err != nil {
		return err
	}
	var off, taxes int64
	for _, d := range hashes(first.List("total_discount_amounts")) {
		off += d.Int("amount")
	}
	for _, t := range hashes(first.List("total_taxes")) {
		taxes += t.Int("amount")
	}
	session.Set("amount_subtotal", first.Int("subtotal")).Set("amount_total", max(0, first.Int("total"))).
		Set("total_details.amount_discount", off).Set("total_details.amount_tax", taxes)
	return nil
}

// trialDays are the days until the first payment of a session's subscription, begun ones counted; 0 without a trial.
func trialDays(tx *accountTx, session *stripeObject) int64 {
	data := session.Hash(hiddenSubscriptionData)
	if data == nil {
		return 0
	}
	if days := data.Int("trial_period_days"); days > 0 {
		return days
	}
	const day = 24 * 60 * 60
	return max(0, (data.Int("trial_end")-tx.Now()+day-1)/day)
}

// beginOf makes the subscription of a session for a customer: unpaid, to be paid with a method, which it keeps.
func (tx *accountTx) beginOf(session *stripeObject, customer, method string) (*stripeObject, error) {
	data := session.Hash(hiddenSubscriptionData)
	if data == nil {
		data = hash()
	}
	p := formParams{nodeOf(data)}
	var items, once []*paramNode
	for _, item := range sessionItems(tx, session) {
		n := itemNode(item)
		if item.Str("price.type") == "recurring" {
			items = append(items, n)
		} else {
			once = append(once, n)
		}
	}
	p = p.with("items", listOfNodes(items...)).with("payment_behavior", leafOf(waitIncomplete)).with("customer", leafOf(customer)).
		with("currency", leafOf(session.Str("currency")))
	if len(once) > 0 {
		p = p.with("add_invoice_items", listOfNodes(once...))
	}
	if method != "" {
		p = p.with("default_payment_method", leafOf(method))
	}
	if discount := session.Hash(hiddenDiscount); discount != nil {
		given := branchOf("coupon", leafOf(session.Str(hiddenCoupon)))
		if code := discount.Str("promotion_code"); code != "" {
			given = branchOf("promotion_code", leafOf(code))
		}
		p = p.with("discounts", listOfNodes(given))
	}
	if session.Bool("automatic_tax.enabled") {
		p = p.with("automatic_tax", branchOf("enabled", leafOf(true)))
	}
	return tx.createSubscription(p, customer, origin{})
}

// subscribeOnPage begins the subscription of a session and pays its first invoice; where nothing is due yet it saves the
// method. A buyer whose card was declined tries again with another one: the subscription is begun once.
func subscribeOnPage(tx *accountTx, session *stripeObject, c confirmation) (*stripeObject, error) {
	customer := sessionCustomer(tx, session)
	tx.onClock(tx.Get("customer", customer).clockOfCustomer())
	if session.Int("amount_total") == 0 {
		return tx.saveAndSubscribe(session, c, customer)
	}
	sub := tx.Get("subscription", session.Str(hiddenBegun))
	if sub == nil {
		var err error
		if sub, err = tx.beginOf(session, customer, ""); err != nil {
			return nil, err
		}
		session.Set(hiddenBegun, sub.ID()).Set(hiddenBegunAs, orderOf(session))
	}
	inv := tx.Get("invoice", sub.Str("latest_invoice"))
	pi := tx.intentOf(inv)
	if pi == nil {
		return nil, invalid("", "", "The first invoice of this Checkout Session's subscription cannot be paid any more.")
	}
	pi = pi.Edit().Set(hiddenSession, session.ID()).Set("setup_future_usage", "off_session")
	if err := checkMethod(pi, c.method); err != nil {
		return nil, err
	}
	tx.Put(session)
	session = session.Edit()
	var paid *stripeObject
	err := tx.inRealTime(func() error {
		var err error
		paid, err = confirmPayment(tx, pi, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	if done, err := settledSession(tx, session, paid); done != nil || err != nil {
		return done, err
	}
	return tx.Get("checkout.session", session.ID()), nil
}

// saveAndSubscribe saves a method first, where a subscription begins without a payment.
func (tx *accountTx) saveAndSubscribe(session *stripeObject, c confirmation, customer string) (*stripeObject, error) {
	if session.Str("setup_intent") == "" {
		status := session.Get("payment_status")
		openSetup(tx, session)
		session.Set("payment_status", status)
	}
	si := tx.Get("setup_intent", session.Str("setup_intent")).Edit().Set("customer", customer)
	tx.Put(session)
	session = session.Edit()
	si, err := confirmSetup(tx, si, c)
	if err != nil {
		return nil, err
	}
	if done, err := settledSession(tx, session, si); done != nil || err != nil {
		return done, err
	}
	return tx.Get("checkout.session", session.ID()), nil
}

// completeSubscription writes into a session that ends well what it began. A subscription that needed no payment begins
// now; the method that paid, or was saved, is its default.
func (tx *accountTx) completeSubscription(session *stripeObject) error {
	if session.Str("mode") != "subscription" {
		return nil
	}
	customer := sessionCustomer(tx, session)
	tx.onClock(tx.Get("customer", customer).clockOfCustomer())
	method := ""
	if si := tx.Get("setup_intent", session.Str("setup_intent")); si != nil {
		method = si.Str("payment_method")
	}
	sub := tx.Get("subscription", session.Str(hiddenBegun))
	if sub == nil {
		var err error
		if sub, err = tx.beginOf(session, customer, method); err != nil {
			return err
		}
	}
	inv := tx.Get("invoice", sub.Str("latest_invoice"))
	if pi := tx.intentOf(inv); pi != nil && method == "" {
		method = pi.Str("payment_method")
	}
	if method != "" && sub.Str("default_payment_method") != method {
		var err error
		if sub, err = tx.putSubscription(tx.Get("subscription", sub.ID()).Edit().Set("default_payment_method", method)); err != nil {
			return err
		}
	}
	session.Set("subscription", sub.ID()).Set("invoice", textOrNull(inv.str("id"))).Set("setup_intent", nil)
	if inv != nil && inv.Int("total") > 0 {
		session.Set("amount_subtotal", inv.Int("subtotal")).Set("amount_total", inv.Int("total"))
	}
	return nil
}

// orderOf is what a session's subscription depends on that its buyer can change, as a text to compare.
func orderOf(session *stripeObject) string {
	var b strings.Builder
	for _, item := range sessionItems(nil, session) {
		fmt.Fprintf(&b, "%s %d;", item.Str("price.id"), item.Int("quantity"))
	}
	fmt.Fprintf(&b, "%s %s %s", session.Str(hiddenCoupon), session.Str("customer_details.address.country"), session.Str("customer_details.address.state"))
	return b.String()
}

// dropBegun voids what a buyer began and did not pay, when the session expires.
func (tx *accountTx) dropBegun(session *stripeObject) error {
	sub := tx.Get("subscription", session.Str(hiddenBegun))
	if sub == nil || sub.Str("status") != subIncomplete {
		return nil
	}
	if err := tx.endSubscription(sub.ID(), subIncompleteExpired, ""); err != nil {
		return err
	}
	return tx.giveUpLatest(sub)
}
