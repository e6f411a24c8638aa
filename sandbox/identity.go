package sandbox

import (
	"net/http"
	"slices"
)

func init() {
	begin("identity.verification_session", beginVerification)
	behave("POST /v1/identity/verification_sessions/{session}/redact", redactVerification)
	onDue("identity.redact", finishRedaction)
	simulation("identity", simulateVerification)
}

// beginVerification opens a session for a person to show who they are. It waits for their document.
func beginVerification(tx *accountTx, o *stripeObject, _ formParams) error {
	secret := tx.NewID(o.ID()+"_secret_", 24)
	o.Set("status", "requires_input").Set("client_secret", secret).Set("url", tx.URL("/identity/"+secret))
	if o.Str("type") == "" {
		o.Set("type", "document")
	}
	return nil
}

func findVerification(tx *accountTx, id, param string) (*stripeObject, error) {
	if o := tx.Get("identity.verification_session", id); o != nil {
		return o, nil
	}
	return nil, missing("verificationsession", id, param, http.StatusNotFound)
}

// redactVerification takes out what a session collected. Stripe takes up to four days; here it is a few seconds.
func redactVerification(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o, err := findVerification(tx, r.Path("session"), "session")
	switch {
	case err != nil:
		return nil, err
	case o.Has("redaction"):
		return nil, invalid("", "", "This VerificationSession is already redacted, or on its way to be.")
	case o.Str("status") == "processing":
		return nil, invalid("", "", "A VerificationSession cannot be redacted while its status is processing.")
	}
	o = o.Edit().Set("redaction", tx.NewHash("verification_session_redaction").Set("status", "processing"))
	if o.Str("status") == "requires_input" {
		o.Set("status", "canceled") // docs.stripe.com/api/identity/verification_sessions/redact
	}
	tx.Put(o)
	tx.Due(tx.Now()+soon, "identity.redact", o.ID())
	return o, nil
}

func finishRedaction(tx *accountTx, id string) error {
	o, err := findVerification(tx, id, "session")
	if err != nil {
		return nil // deleted by a reset
	}
	o = o.Edit().Set("redaction.status", "redacted").Set("client_secret", nil).Set("url", nil)
	tx.Put(o, "identity.verification_session.redacted")
	return nil
}

// simulateVerification is a person who shows their document: {session, result} with result verified or one of the codes of
// last_error, by which the session asks again.
func simulateVerification(tx *accountTx, p formParams) (*stripeObject, error) {
	o, err := findVerification(tx, p.Str("session"), "session")
	if err != nil {
		return nil, err
	}
	codes := shapeNamed("gelato_session_last_error").of.Prop("code").Node.Enum
	result := orElse(p.Str("result"), "verified")
	switch {
	case o.Str("status") != "requires_input":
		return nil, invalid("session", "", "The session has a status of %s: it waits for nobody.", o.Str("status"))
	case result != "verified" && !slices.Contains(codes, result):
		return nil, invalid("result", "", "The result is verified or a code of last_error, as document_expired.")
	}
	report := tx.New("identity.verification_report").Set("type", o.Str("type")).Set("verification_session", o.ID()).
		Set("client_reference_id", o.Get("client_reference_id"))
	tx.Put(report)
	o = o.Edit().Set("status", "processing").Set("client_secret", nil).Set("url", nil).Set("last_verification_report", report.ID())
	tx.Put(o, "identity.verification_session.processing")
	o = o.Edit().Set("status", "verified").Set("last_error", nil)
	if result == "verified" {
		tx.Put(o, "identity.verification_session.verified")
		return o, nil
	}
	if err := beginVerification(tx, o, p); err != nil {
		return nil, err
	}
	o.Set("last_error", tx.NewHash("gelato_session_last_error").Set("code", result).Set("reason", nil))
	tx.Put(o, "identity.verification_session.requires_input")
	return o, nil
}
