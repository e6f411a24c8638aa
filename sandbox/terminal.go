package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

func init() {
	behave("POST /v1/terminal/connection_tokens", createConnectionToken)
	behave("POST /v1/terminal/readers", createReader)
	for _, kind := range []string{"process_payment_intent", "collect_payment_method", "process_setup_intent", "refund_payment", "collect_inputs", "set_reader_display"} {
		behave("POST /v1/terminal/readers/{reader}/"+kind, func(tx *accountTx, r *apiRequest) (*stripeObject, error) { return startAction(tx, r, kind) })
	}
	behave("POST /v1/terminal/readers/{reader}/confirm_payment_intent", confirmOnReader)
	behave("POST /v1/terminal/readers/{reader}/cancel_action", cancelReaderAction)
	behave("POST /v1/test_helpers/terminal/readers/{reader}/present_payment_method", presentMethod)
	behave("POST /v1/test_helpers/terminal/readers/{reader}/succeed_input_collection", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		return endInputs(tx, r, "")
	})
	behave("POST /v1/test_helpers/terminal/readers/{reader}/timeout_input_collection", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		return endInputs(tx, r, "reader_timeout")
	})
}

const (
	actionInProgress = "in_progress"
	actionFailed     = "failed"
	// cardPresent is the type of methods that were held to a reader.
	cardPresent = "card_present"
)

// simulatedReaders are the registration codes of simulated readers (docs.stripe.com/terminal/references/testing).
var simulatedReaders = map[string]string{"simulated-wpe": "bbpos_wisepos_e", "simulated-s700": "simulated_stripe_s700", "simulated-s710": "simulated_stripe_s710"}

func createReader(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	if id := p.Str("location"); id != "" && tx.Get("terminal.location", id) == nil {
		return nil, missing("terminal.location", id, "location", http.StatusBadRequest)
	}
	reader := tx.New("terminal.reader")
	reader.Set("device_type", orElse(simulatedReaders[p.Str("registration_code")], "simulated_wisepos_e")).Set("status", "online").
		Set("serial_number", digits(tx, 12)).Set("ip_address", "127.0.0.1").Set("last_seen_at", tx.Now()*1000).Set("label", reader.ID()).Set("action", nil)
	tx.Put(applyParams(tx, reader, p))
	return reader, nil
}

// createConnectionToken makes the secret by which Stripe's reader libraries connect. Nothing of it is kept.
func createConnectionToken(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	location := r.Params().Str("location")
	if location != "" && tx.Get("terminal.location", location) == nil {
		return nil, missing("terminal.location", location, "location", http.StatusBadRequest)
	}
	token := tx.New("terminal.connection_token").Set("secret", "pst_test_"+tx.NewID("", 40))
	if location != "" {
		token.Set("location", location)
	}
	return token, nil
}

func findReader(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	if reader := tx.Get("terminal.reader", r.Path("reader")); reader != nil {
		return reader, nil
	}
	return nil, missing("terminal.reader", r.Path("reader"), "reader", http.StatusNotFound)
}

func busyReader(reader *stripeObject) error {
	if reader.Str("action.status") == actionInProgress {
		return invalid("", "terminal_reader_busy", "Reader is currently busy processing another request. Please reference the integration guide at https://stripe.com/docs/terminal/payments/collect-payment?terminal-sdk-platform=server-driven#handle-errors for details on how to handle this error.")
	}
	return nil
}

// startAction hands an action to a reader. It waits for a card, or for the buyer's answers; a display is set at once.
func startAction(tx *accountTx, r *apiRequest, kind string) (*stripeObject, error) {
	p := r.Params()
	reader, err := findReader(tx, r)
	if err != nil {
		return nil, err
	}
	if err := busyReader(reader); err != nil {
		return nil, err
	}
	switch kind {
	case "process_payment_intent", "collect_payment_method":
		err = checkPresentIntent(tx, "payment_intent", p.Str("payment_intent"))
	case "process_setup_intent":
		err = checkPresentIntent(tx, "setup_intent", p.Str("setup_intent"))
	case "refund_payment":
		_, err = presentRefund(tx, p)
	}
	if err != nil {
		return nil, err
	}
	status := actionInProgress
	if kind == "set_reader_display" {
		status = succeeded
	}
	detail := tx.NewHash("terminal_reader_reader_resource_" + kind + "_action")
	applyParams(tx, detail, p)
	reader = reader.Edit().Set("action", newAction(tx, kind, status).Set(kind, detail))
	tx.Put(reader)
	return reader, nil
}

func newAction(tx *accountTx, kind, status string) *stripeObject {
	action := tx.NewHash("terminal_reader_reader_resource_reader_action").Set("type", kind).Set("status", status).Set("api_error", nil).
		Set("failure_code", nil).Set("failure_message", nil)
	for _, other := range []string{"collect_inputs", "collect_payment_method", "confirm_payment_intent", "print_content", "process_payment_intent", "process_setup_intent", "refund_payment", "set_reader_display"} {
		if other != kind {
			action.Unset(other)
		}
	}
	return action
}

// checkPresentIntent refuses an intent that a reader cannot take.
func checkPresentIntent(tx *accountTx, typ, id string) error {
	intent := tx.Get(typ, id)
	open := []string{requiresPaymentMethod, requiresConfirmation}
	switch {
	case intent == nil:
		return missing(objectName(typ), id, typ, http.StatusNotFound)
	case !slices.Contains(intent.List("payment_method_types"), any(cardPresent)):
		return unexpectedState(intent, "The %s must have `card_present` among its payment_method_types to be processed by a reader.", camelName(typ))
	case !slices.Contains(open, intent.Str("status")):
		return unexpectedState(intent, "This %s could not be processed by a reader because it has a status of %s. Only a %s with one of the following statuses may be: %s.",
			camelName(typ), intent.Str("status"), camelName(typ), strings.Join(open, ", "))
	}
	return nil
}

// presentRefund finds the charge that a reader's refund is about.
func presentRefund(tx *accountTx, p formParams) (*stripeObject, error) {
	id := p.Str("charge")
	if pi := tx.Get("payment_intent", p.Str("payment_intent")); pi != nil {
		id = pi.Str("latest_charge")
	}
	if id == "" {
		return nil, invalid("", "parameter_missing", "One of the following params should be provided for this request: payment_intent or charge.")
	}
	return findCharge(tx, id, "charge", http.StatusNotFound)
}

// presentMethod is a buyer who holds a card to the reader: the default one, or a published number.
func presentMethod(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	reader, err := findReader(tx, r)
	if err != nil {
		return nil, err
	}
	if reader.Str("action.status") != actionInProgress || strings.HasSuffix(reader.Str("action.type"), "inputs") {
		return nil, invalid("", "", "The reader %s does not wait for a payment method.", reader.ID())
	}
	kind := orElse(p.Str("type"), cardPresent)
	number := onlyDigits(orElse(p.Str(kind+".number"), "4242424242424242"))
	card := cardsByNumber[number]
	if card == nil {
		return nil, cardError(testModeDecline(kind + "[number]"))
	}
	method := presentCard(tx, card)
	action := reader.Str("action.type")
	at := "action." + action
	var failure error
	reader = reader.Edit()
	switch action {
	case "process_payment_intent":
		failure = payOnReader(tx, reader.Str(at+".payment_intent"), method, p.Int("amount_tip"))
	case "collect_payment_method":
		tx.Put(method)
		tx.Put(tx.Get("payment_intent", reader.Str(at+".payment_intent")).Edit().Set("payment_method", method.ID()).Set("status", requiresConfirmation))
		reader.Set(at+".payment_method", method)
	case "process_setup_intent":
		failure = saveOnReader(tx, reader.Str(at+".setup_intent"), method)
	case "refund_payment":
		failure = refundOnReader(tx, reader, at)
	}
	return endAction(tx, reader, failure)
}

// endAction writes how an action ended, with its event. A refusal by the card's bank is the action's failure, not the call's.
func endAction(tx *accountTx, reader *stripeObject, failure error) (*stripeObject, error) {
	if failure == nil {
		tx.Put(reader.Set("action.status", succeeded), "terminal.reader.action_succeeded")
		return reader, nil
	}
	e, ok := failure.(*Error) //nolint:errorlint // behaviours return *Error bare
	if !ok || !e.keepChanges && e.Type != "card_error" {
		return nil, failure
	}
	tx.Put(reader.Set("action.status", actionFailed).Set("action.failure_code", e.Code).Set("action.failure_message", e.Message), "terminal.reader.action_failed")
	return reader, nil
}

// presentCard is the method of a card that was held to a reader. It is not stored yet.
func presentCard(tx *accountTx, card *testCard) *stripeObject {
	entry := entryOf(tx, card)
	shown := tx.NewHash("payment_method_card_present").Set("brand", card.brand).Set("country", card.country).Set("exp_month", entry.month).Set("exp_year", entry.year).
		Set("fingerprint", fingerprint(tx, card.number)).Set("funding", card.funding).Set("last4", card.last4()).Set("read_method", "contactless_emv")
	return tx.New("payment_method").Set("type", cardPresent).Set("allow_redisplay", "unspecified").Set("billing_details", emptyBilling(tx)).
		Set(cardPresent, shown).Set(hiddenBehaviour, card.name)
}

// payOnReader pays a PaymentIntent with a card that is there; a tip is added to it.
func payOnReader(tx *accountTx, id string, method *stripeObject, tip int64) error {
	pi := tx.Get("payment_intent", id).Edit()
	tx.Put(method)
	if tip > 0 {
		pi.Set("amount", pi.Int("amount")+tip).Set("amount_details.tip", hash("amount", tip))
	}
	pi.Set("last_payment_error", nil).Set("payment_method", method.ID())
	_, err := chargeCard(tx, pi, method, authNone)
	return err
}

// saveOnReader saves a card that is there for later.
func saveOnReader(tx *accountTx, id string, method *stripeObject) error {
	si := tx.Get("setup_intent", id).Edit()
	tx.Put(method)
	si.Set("last_setup_error", nil).Set("payment_method", method.ID())
	if card := cardsByName[method.Str(hiddenBehaviour)]; card.decline != "" {
		_, err := failSetup(tx, si, method, declineFor(card.decline))
		return err
	}
	_, err := saveMethod(tx, si, method, authNone)
	return err
}

// refundOnReader refunds what the action names.
func refundOnReader(tx *accountTx, reader *stripeObject, at string) error {
	action := reader.Hash(at)
	given := map[string]any{}
	for _, key := range []string{"amount", "charge", "payment_intent", "reverse_transfer", "refund_application_fee"} {
		if v := action.Get(key); v != nil && v != false && v != int64(0) {
			given[key] = v
		}
	}
	p, err := paramsOf(given)
	if err != nil {
		return err
	}
	ch, err := presentRefund(tx, p)
	if err != nil {
		return err
	}
	re, err := refund(tx, ch, p)
	if err != nil {
		return err
	}
	reader.Set(at+".refund", re.ID())
	return nil
}

// confirmOnReader pays a PaymentIntent whose card a reader has collected.
func confirmOnReader(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	reader, err := findReader(tx, r)
	if err != nil {
		return nil, err
	}
	if err := busyReader(reader); err != nil {
		return nil, err
	}
	id := p.Str("payment_intent")
	if err := checkPresentIntent(tx, "payment_intent", id); err != nil {
		return nil, err
	}
	pi := tx.Get("payment_intent", id)
	method := tx.Get("payment_method", pi.Str("payment_method"))
	if method == nil || method.Str("type") != cardPresent {
		return nil, unexpectedState(pi, "This PaymentIntent has no card that a reader collected: collect a payment method first.")
	}
	detail := tx.NewHash("terminal_reader_reader_resource_confirm_payment_intent_action")
	applyParams(tx, detail, p)
	reader = reader.Edit().Set("action", newAction(tx, "confirm_payment_intent", actionInProgress).Set("confirm_payment_intent", detail))
	return endAction(tx, reader, payOnReader(tx, id, method, 0))
}

func cancelReaderAction(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	reader, err := findReader(tx, r)
	if err != nil || !reader.Has("action") {
		return reader, err
	}
	reader = reader.Edit().Set("action", nil)
	tx.Put(reader, "terminal.reader.action_updated")
	return reader, nil
}

// endInputs ends the wait for a buyer's answers: they gave them, or did not.
func endInputs(tx *accountTx, r *apiRequest, failure string) (*stripeObject, error) {
	reader, err := findReader(tx, r)
	if err != nil {
		return nil, err
	}
	if reader.Str("action.type") != "collect_inputs" || reader.Str("action.status") != actionInProgress {
		return nil, invalid("", "", "The reader %s does not collect inputs.", reader.ID())
	}
	reader = reader.Edit()
	if failure == "" {
		return endAction(tx, reader, nil)
	}
	tx.Put(reader.Set("action.status", actionFailed).Set("action.failure_code", failure).Set("action.failure_message", "The buyer did not answer in time."), "terminal.reader.action_failed")
	return reader, nil
}

// presentDetails is what a charge shows of a card that was there.
func presentDetails(tx *accountTx, pi, method *stripeObject, card *testCard) *stripeObject {
	shown := tx.NewHash("payment_method_details_card_present").Set("amount_authorized", pi.Int("amount")).Set("network", card.brand).
		Set("network_transaction_id", digits(tx, 15)).Set("incremental_authorization_supported", false).Set("overcapture_supported", false).
		Set("receipt", tx.NewHash("payment_method_details_card_present_receipt").Set("authorization_code", digits(tx, 6)).Set("account_type", card.funding))
	for _, key := range []string{"brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "read_method"} {
		shown.Set(key, method.Get(cardPresent+"."+key))
	}
	if shown.Str("receipt.account_type") == "debit" {
		shown.Set("receipt.account_type", "checking")
	}
	return shown
}
