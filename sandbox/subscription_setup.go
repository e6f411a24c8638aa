package sandbox

// hiddenSubscription is, of a SetupIntent, the subscription that waits for it.
const hiddenSubscription = "_subscription"

// askForMethod makes the SetupIntent of a subscription whose beginning nothing is paid for: where the call leaves the
// payment for later, or where the default card would have to be authenticated at the first renewal.
func (tx *accountTx) askForMethod(id string, p formParams) error {
	sub := tx.Get("subscription", id)
	inv := tx.Get("invoice", sub.Str("latest_invoice"))
	if sub.Str("collection_method") != chargeAutomatically || inv != nil && inv.Int("amount_due") > 0 {
		return nil
	}
	method := tx.methodOfSubscription(sub)
	card := (*testCard)(nil)
	if method != nil {
		card = behaviourOf(method)
	}
	secure := card != nil && (card.secure == secureAlways || card.secure == secureOnSetup) && !method.Bool(hiddenSetUp)
	if p.Str("payment_behavior") != waitIncomplete && !secure || method != nil && !secure {
		return nil
	}
	return tx.inRealTime(func() error {
		si := tx.New("setup_intent")
		si.Set("client_secret", si.ID()+"_secret_"+tx.NewID("", 25)).Set("usage", "off_session").Set("status", requiresPaymentMethod).
			Set("customer", sub.Str("customer")).Set("payment_method_types", tx.accountMethods(sub.Str("currency"), "")).Set(hiddenSubscription, id)
		setMethodOptions(tx, si, formParams{})
		tx.Put(si, "setup_intent.created")
		if _, err := tx.putSubscription(sub.Edit().Set("pending_setup_intent", si.ID())); err != nil {
			return err
		}
		if !secure {
			return nil
		}
		_, err := confirmSetup(tx, si.Edit(), confirmation{method: method, sdk: true, offSession: true})
		if kept(err) {
			return nil
		}
		return err
	})
}

// subscriptionSetUp lets a subscription take the method that its SetupIntent saved.
func (tx *accountTx) subscriptionSetUp(si *stripeObject) error {
	sub := tx.Get("subscription", si.Str(hiddenSubscription))
	if sub == nil || subscriptionOver(sub) || sub.Str("pending_setup_intent") != si.ID() {
		return nil
	}
	tx.onClock(sub.Str("test_clock"))
	_, err := tx.putSubscription(sub.Edit().Set("pending_setup_intent", nil).Set("default_payment_method", si.Get("payment_method")), "customer.subscription.updated")
	return err
}
