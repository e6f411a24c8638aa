package sandbox

// payPage is a buyer who presses the button: the session is paid, saved, or waits for the bank.
func payPage(tx *accountTx, session *stripeObject, b buyer) (*stripeObject, error) {
	if status := session.Str("status"); status != sessionOpen {
		return nil, invalid("", "", "This Checkout Session cannot be paid because it has a status of %s.", status)
	}
	email := orElse(knownEmail(tx, session), b.email)
	if !validEmail(email) {
		return nil, invalid("email", "email_invalid", "Invalid email address: %s", email)
	}
	session = session.Edit()
	if !session.Has("customer_details") {
		session.Set("customer_details", customerDetails(tx, email, nil))
	}
	session.Set("customer_details.email", email)
	if link := tx.Get("payment_link", session.Str("payment_link")); link != nil && (limitReached(link) || !link.Bool("active")) {
		return nil, invalid("", "", "This payment link is no longer active.")
	}
	if err := collect(tx, session, b.form); err != nil {
		return nil, err
	}
	if session.Str("mode") != "setup" && session.Int("amount_total") == 0 && session.Str("payment_method_collection") != "always" {
		return completeSession(tx, session, paymentNone)
	}
	method, err := b.method()
	if err != nil {
		return nil, err
	}
	if typ := method.Str("type"); !takesMethod(session, typ) {
		return nil, invalid("payment_method_data[type]", "", "This Checkout Session does not take %s. It takes: %s.", typ, joined(session.List("payment_method_types")))
	}
	if b.fresh {
		method.Set("allow_redisplay", redisplay(session, b.saves))
	}
	if b.saves {
		session.Set(hiddenSaves, true)
	}
	if err := takeBilling(tx, session, method, b.form); err != nil {
		return nil, err
	}
	c := confirmation{method: method, fresh: b.fresh, sdk: true, mandate: b.mandate}
	switch session.Str("mode") {
	case "setup":
		return saveOnPage(tx, session, c)
	case "subscription":
		return subscribeOnPage(tx, session, c)
	}
	return chargeOnPage(tx, session, c)
}

// hiddenSaves says that the buyer ticked the box that keeps the card for the next time.
const hiddenSaves = "_saves"

// takeBilling takes name and address of a payment into a session, and adds up again where taxes depend on the address. A
// setup session keeps no address.
func takeBilling(tx *accountTx, session, method *stripeObject, form formParams) error {
	if name := method.Get("billing_details.name"); name != nil {
		session.Set("customer_details.name", name)
	}
	address := method.Hash("billing_details.address")
	if given, ok := form.Hash("billing"); ok {
		address = addressOf(tx, given)
	}
	required := session.Str("billing_address_collection") == "required"
	if required && (address.Str("line1") == "" || address.Str("country") == "") {
		return invalid("payment_method_data[billing_details][address][line1]", "parameter_missing", "Missing required param: payment_method_data[billing_details][address][line1].")
	}
	if address.Str("country") == "" || session.Str("mode") == "setup" {
		return nil
	}
	session.Set("customer_details.address", address)
	noteTaxStatus(tx, session)
	if err := addUp(tx, session); err != nil {
		return err
	}
	return checkTotal(session, "")
}

// chargeOnPage pays a session. Its PaymentIntent is made when a buyer first tries.
func chargeOnPage(tx *accountTx, session *stripeObject, c confirmation) (*stripeObject, error) {
	customer := sessionCustomer(tx, session)
	pi := tx.Get("payment_intent", session.Str("payment_intent"))
	if pi == nil {
		pi = newSessionIntent(tx, session)
		pi.Set("customer", textOrNull(customer))
		session.Set("payment_intent", pi.ID())
		tx.Put(pi, "payment_intent.created")
	}
	pi = pi.Edit()
	fillSessionIntent(tx, pi, session)
	if customer != "" {
		pi.Set("customer", customer)
	}
	if session.Bool(hiddenSaves) && !pi.Has("setup_future_usage") {
		pi.Set("setup_future_usage", "on_session")
	}
	if err := checkMethod(pi, c.method); err != nil {
		return nil, err
	}
	tx.Put(session)
	session = session.Edit()
	pi, err := confirmPayment(tx, pi, c)
	if err != nil {
		return nil, err
	}
	if done, err := settledSession(tx, session, pi); done != nil || err != nil {
		return done, err
	}
	return tx.Get("checkout.session", session.ID()), nil
}

// saveOnPage saves a method for later.
func saveOnPage(tx *accountTx, session *stripeObject, c confirmation) (*stripeObject, error) {
	customer := sessionCustomer(tx, session)
	si := tx.Get("setup_intent", session.Str("setup_intent")).Edit().Set("customer", textOrNull(customer))
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

// settledSession completes a session whose intent got as far as the buyer can bring it, and answers it; nil when the
// buyer must do more.
func settledSession(tx *accountTx, session, intent *stripeObject) (*stripeObject, error) {
	switch status := intent.Str("status"); {
	case intent.Type() == "setup_intent" && status == succeeded:
		return completeSession(tx, session, paymentNone)
	case status == succeeded:
		return completeSession(tx, session, paymentPaid)
	case status == processing, status == requiresCapture:
		return completeSession(tx, session, paymentUnpaid)
	}
	return nil, nil
}

// completeSession ends a session well.
func completeSession(tx *accountTx, session *stripeObject, payment string) (*stripeObject, error) {
	if session.Str("customer") == "" && session.Str(hiddenCustomer) == "" {
		sessionCustomer(tx, session)
	}
	if id := session.Str(hiddenCustomer); id != "" {
		session.Set("customer", id)
	} else {
		updateSessionCustomer(tx, session)
	}
	if err := tx.completeSubscription(session); err != nil {
		return nil, err
	}
	session.Set("status", sessionComplete).Set("payment_status", payment).Set("url", nil)
	if pi := tx.Get("payment_intent", session.Str("payment_intent")); pi != nil && payment == paymentPaid {
		tx.invoicePaidSession(session, pi)
	}
	if !session.Has("customer_details.tax_ids") {
		session.Set("customer_details.tax_ids", []any{})
	}
	for _, discount := range hashes(session.List("discounts")) {
		if session.Str("mode") == "subscription" {
			break // the subscription has redeemed it
		}
		redeem(tx, session.Str(hiddenCoupon), discount.Str("promotion_code"))
	}
	tx.Put(session, "checkout.session.completed")
	countLinkSession(tx, session)
	return session, nil
}

// sessionAttempted lets the session of an intent know that its buyer has answered the bank.
func sessionAttempted(tx *accountTx, intent *stripeObject) error {
	session := tx.Get("checkout.session", intent.Str(hiddenSession))
	if session == nil || session.Str("status") != sessionOpen {
		return nil
	}
	_, err := settledSession(tx, session.Edit(), intent)
	return err
}

// sessionSettled lets the session of an intent know that the money came, or did not, after the buyer was done.
func sessionSettled(tx *accountTx, pi *stripeObject, came bool) {
	session := tx.Get("checkout.session", pi.Str(hiddenSession))
	if session == nil || session.Str("status") != sessionComplete {
		return
	}
	if came {
		session = session.Edit().Set("payment_status", paymentPaid)
		tx.invoicePaidSession(session, pi)
		tx.Put(session, "checkout.session.async_payment_succeeded")
		return
	}
	tx.Put(session, "checkout.session.async_payment_failed")
}
