package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

func init() {
	behave("POST /v1/payment_intents/{intent}/verify_microdeposits", verifyPaymentDeposits)
	behave("POST /v1/setup_intents/{intent}/verify_microdeposits", verifySetupDeposits)
	private("POST /v1/microdeposits/{token}", verifyOnPage)
	onDue("microdeposit.expire", expireDeposits)
}

const (
	// hiddenUnverified says that nobody has shown yet that the buyer owns a bank account.
	hiddenUnverified = "_unverified"
	// hiddenDeposits is the token of the page on which a buyer verifies the account of an intent.
	hiddenDeposits = "_deposits"
	// hiddenAttempts counts wrong verifications.
	hiddenAttempts = "_attempts"

	// maxAttempts and depositLife are how often and how long a buyer may try, the latter in seconds: ten times, ten days
	// (docs.stripe.com/payments/ach-direct-debit/accept-a-payment).
	maxAttempts = 10
	depositLife = 10 * day
)

// depositOutcome is what the test values of microdeposits stand for.
type depositOutcome int

const (
	depositsWrong depositOutcome = iota
	depositsRight
	depositsExceeded
	depositsTimeout
)

// testDeposits are the published test values (docs.stripe.com/payments/ach-direct-debit/accept-a-payment, "Test account
// verification").
var testDeposits = []struct {
	amounts []string
	code    string
	outcome depositOutcome
}{
	{[]string{"32", "45"}, "SM11AA", depositsRight},
	{[]string{"10", "11"}, "SM33CC", depositsExceeded},
	{[]string{"40", "41"}, "SM44DD", depositsTimeout},
}

// needsDeposits says whether a bank account has to be verified before it is debited. Checkout verifies at once.
func needsDeposits(intent, method *stripeObject) bool {
	return method.Bool(hiddenUnverified) && intent.Str(hiddenSession) == ""
}

// sendDeposits makes an intent wait until its buyer tells what arrived on their account. The caller stores it.
func sendDeposits(tx *accountTx, intent *stripeObject) *stripeObject {
	token := intent.ID() + "_" + tx.NewID("", 20)
	tx.Publish(token)
	schema := intent.Type() + "_next_action"
	waits := tx.NewHash(schema+"_verify_with_microdeposits").Set("arrival_date", arrivalOf(tx.Now())).
		Set("hosted_verification_url", tx.URL("/microdeposits/"+token)).Set("microdeposit_type", "descriptor_code")
	tx.Due(tx.Now()+depositLife, "microdeposit.expire", token)
	return intent.Set("status", requiresAction).Set(hiddenDeposits, token).Set(hiddenAttempts, 0).
		Set("next_action", tx.NewHash(schema).Set("type", "verify_with_microdeposits").Set("verify_with_microdeposits", waits))
}

// arrivalOf is when deposits reach an account: midnight UTC of the next business day.
func arrivalOf(now int64) int64 {
	at := availableOn(now)
	for at-day > now && !weekend(at-day) {
		at -= day
	}
	return at
}

func waitsForDeposits(intent *stripeObject) bool {
	return intent.Str("status") == requiresAction && intent.Str("next_action.type") == "verify_with_microdeposits"
}

func verifyPaymentDeposits(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	pi, err := findPaymentIntent(tx, r)
	if err != nil {
		return nil, err
	}
	return verifyDeposits(tx, pi, r.Params())
}

func verifySetupDeposits(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	si, err := findSetupIntent(tx, r)
	if err != nil {
		return nil, err
	}
	return verifyDeposits(tx, si, r.Params())
}

// verifyDeposits takes what a buyer found on their account: two amounts, or the six characters of a descriptor code.
func verifyDeposits(tx *accountTx, intent *stripeObject, p formParams) (*stripeObject, error) {
	name, amounts, code := camelName(intent.Type()), p.Strs("amounts"), p.Str("descriptor_code")
	if !waitsForDeposits(intent) {
		e := invalid("", "intent_invalid_state", "This %s cannot be verified with microdeposits because it does not require verification.", name)
		e.extra = map[string]*stripeObject{intent.Type(): intent}
		return nil, e
	}
	switch {
	case len(amounts) == 0 && code == "":
		return nil, invalid("", "parameter_missing", "You must provide either `amounts` or `descriptor_code` to verify microdeposits.")
	case len(amounts) > 0 && code != "":
		return nil, invalid("", "parameters_exclusive", "You may only specify one of these parameters: amounts, descriptor_code.")
	case len(amounts) > 0 && len(amounts) != 2:
		return nil, invalid("amounts", "payment_method_microdeposit_verification_amounts_invalid", "You must provide exactly two microdeposit amounts.")
	}
	outcome := depositsWrong
	for _, test := range testDeposits {
		if slices.Equal(amounts, test.amounts) || strings.EqualFold(code, test.code) {
			outcome = test.outcome
		}
	}
	intent = intent.Edit()
	switch outcome {
	case depositsRight:
		return passDeposits(tx, intent)
	case depositsTimeout:
		return nil, failDeposits(tx, intent, "payment_method_microdeposit_verification_timeout", "Microdeposit verification was not completed in time.")
	case depositsExceeded:
		return nil, failDeposits(tx, intent, "payment_method_microdeposit_verification_attempts_exceeded", "You have exceeded the number of allowed verification attempts.")
	case depositsWrong:
	}
	tries := intent.Int(hiddenAttempts) + 1
	if tries >= maxAttempts {
		return nil, failDeposits(tx, intent, "payment_method_microdeposit_verification_attempts_exceeded", "You have exceeded the number of allowed verification attempts.")
	}
	tx.Put(intent.Set(hiddenAttempts, tries))
	e := invalid("descriptor_code", "payment_method_microdeposit_verification_descriptor_code_mismatch",
		"The descriptor code provided does not match the one that was sent to the bank account. You have %d verification attempts remaining.", maxAttempts-tries)
	if len(amounts) > 0 {
		e = invalid("amounts", "payment_method_microdeposit_verification_amounts_mismatch",
			"The amounts provided do not match the amounts that were sent to the bank account. You have %d verification attempts remaining.", maxAttempts-tries)
	}
	e.keepChanges = true
	e.extra = map[string]*stripeObject{intent.Type(): intent}
	return nil, e
}

// passDeposits goes on with an intent whose account is the buyer's.
func passDeposits(tx *accountTx, intent *stripeObject) (*stripeObject, error) {
	method := methodOf(tx, intent).Edit().Set(hiddenUnverified, nil)
	tx.Put(method)
	moveMandate(tx, method, mandateActive)
	intent.Set(hiddenDeposits, nil).Set("next_action", nil)
	if intent.Type() == "setup_intent" {
		return saveMethod(tx, intent, method, authNone)
	}
	return startDebit(tx, intent, method, bankOf(method))
}

// failDeposits sets an intent back: its account was not verified. The account can be tried again.
func failDeposits(tx *accountTx, intent *stripeObject, code, message string) *Error {
	method := methodOf(tx, intent)
	moveMandate(tx, method, mandateInactive)
	last := tx.NewHash("api_errors").Set("type", "invalid_request_error").Set("code", code).Set("doc_url", docURL(code)).
		Set("message", message).Set("payment_method", method)
	intent.Set(hiddenDeposits, nil)
	if intent.Type() == "setup_intent" {
		endSetup(tx, intent, method, last)
	} else {
		intent.Set("status", requiresPaymentMethod).Set("payment_method", nil).Set("next_action", nil).Set("last_payment_error", last)
		tx.Put(intent, "payment_intent.payment_failed")
	}
	e := invalid("", code, "%s", message)
	e.keepChanges = true
	e.extra = map[string]*stripeObject{intent.Type(): intent}
	return e
}

// depositIntent finds the intent of a page's token, nil when it waits no more.
func depositIntent(tx *accountTx, token string) *stripeObject {
	cutAt := max(strings.LastIndexByte(token, '_'), 0)
	for _, typ := range []string{"payment_intent", "setup_intent"} {
		if o := tx.Get(typ, token[:cutAt]); o != nil && o.Str(hiddenDeposits) == token {
			return o
		}
	}
	return nil
}

// expireDeposits ends the wait for a buyer who never told.
func expireDeposits(tx *accountTx, token string) error {
	intent := depositIntent(tx, token)
	if intent == nil || !waitsForDeposits(intent) {
		return nil
	}
	_ = failDeposits(tx, intent.Edit(), "payment_method_microdeposit_verification_timeout", "Microdeposit verification was not completed in time.") // nobody waits for the answer
	if intent.Type() == "payment_intent" {
		return tx.invoiceFollows(tx.Get("payment_intent", intent.ID()), nil)
	}
	return nil
}

// verifyOnPage is the hosted page's own call. Without a code it tells what the page shows.
func verifyOnPage(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	intent := depositIntent(tx, r.Path("token"))
	if intent == nil {
		return nil, missing("verification", r.Path("token"), "token", http.StatusNotFound)
	}
	answer := hash("object", "microdeposit_verification", "merchant", displayName(tx), "last4", methodOf(tx, intent).Str("us_bank_account.last4"))
	code := r.Params().Str("descriptor_code")
	if code == "" {
		return answer.Set("status", "pending"), nil
	}
	_, err := verifyDeposits(tx, intent, r.Params())
	if e, ok := err.(*Error); ok && e.keepChanges { //nolint:errorlint // behaviours return *Error bare
		return answer.Set("status", "failed").Set("message", e.Message), nil
	}
	return answer.Set("status", "verified"), err
}
