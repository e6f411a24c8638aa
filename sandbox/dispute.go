package sandbox

import (
	"slices"
)

func init() {
	behave("POST /v1/disputes/{dispute}", updateDispute)
	behave("POST /v1/disputes/{dispute}/close", closeDispute)
	behave("GET /v1/charges/{charge}/dispute", retrieveChargeDispute)
	behave("POST /v1/charges/{charge}/dispute", updateDispute)
	behave("POST /v1/charges/{charge}/dispute/close", closeDispute)
	onDue("dispute.decide", decideDispute)
	onDue("dispute.overdue", endOverdueDispute)
	simulation("dispute", simulateDispute)
}

const (
	// verdictSeconds is how long the bank takes after test evidence (recorded: about 5 s).
	verdictSeconds = 5
	// responseDays is how long a merchant may answer in the recorded account: about 8 days, to the end of the day in UTC.
	responseDays = 8

	winningEvidence  = "winning_evidence"
	losingEvidence   = "losing_evidence"
	escalateEvidence = "escalate_inquiry_evidence"
)

// Statuses of a dispute. The warnings are those of an inquiry, which has not taken the money.
const (
	needsResponse        = "needs_response"
	underReview          = "under_review"
	warningNeedsResponse = "warning_needs_response"
	warningUnderReview   = "warning_under_review"
	warningClosed        = "warning_closed"
	disputeWon           = "won"
	disputeLost          = "lost"
	disputePrevented     = "prevented"
)

// disputeByCard opens what a test card brings after its payment. card may be nil.
func disputeByCard(tx *accountTx, ch *stripeObject, card *testCard) {
	if card == nil {
		return
	}
	// The holder of a card that passed 3-D Secure cannot call the payment fraudulent.
	if card.dispute == "fraudulent" && ch.Str("payment_method_details.card.three_d_secure.result") == "authenticated" {
		return
	}
	switch card.dispute {
	case "fraudulent", "product_not_received", "inquiry":
		openDispute(tx, ch, card.dispute, "")
	case "multiple":
		half := ch.Int("amount_captured") / 2
		openDisputeOver(tx, ch, "fraudulent", half)
		openDisputeOver(tx, tx.Get("charge", ch.ID()), "product_not_received", ch.Int("amount_captured")-half)
	case "warning":
		warnOfFraud(tx, ch)
	}
}

// networkReasons are the networks' codes of the recorded disputes.
var networkReasons = map[string]string{"fraudulent": "10.4", "product_not_received": "13.1", "inquiry": "10", "duplicate": "12.6", "subscription_canceled": "13.2", "credit_not_processed": "13.7", "product_unacceptable": "13.3"}

// openDispute opens a dispute over the whole charge. reason inquiry asks first and takes no money; status prevented is
// settled before it begins; "" is a chargeback.
func openDispute(tx *accountTx, ch *stripeObject, reason, status string) *stripeObject {
	return openDisputeAs(tx, ch, reason, status, ch.Int("amount_captured"))
}

func openDisputeOver(tx *accountTx, ch *stripeObject, reason string, amount int64) *stripeObject {
	return openDisputeAs(tx, ch, reason, "", amount)
}

func openDisputeAs(tx *accountTx, ch *stripeObject, reason, status string, amount int64) *stripeObject {
	kind := "chargeback"
	code := networkReasons[reason]
	if reason == "inquiry" {
		reason, kind, status = "general", "inquiry", warningNeedsResponse
	}
	status = orElse(status, needsResponse)
	du := tx.New("dispute").Set("amount", amount).Set("charge", ch.ID()).Set("currency", ch.Str("currency")).
		Set("payment_intent", ch.Get("payment_intent")).Set("reason", reason).Set("status", status).
		Set("is_charge_refundable", kind == "inquiry" || status == disputePrevented).Set("balance_transactions", []any{}).
		Set("enhanced_eligibility_types", []any{}).
		Set("evidence", tx.NewHash("dispute_evidence").Set("enhanced_evidence", hash())).
		Set("evidence_details", tx.NewHash("dispute_evidence_details").Set("due_by", dueBy(tx.Now())).
			Set("enhanced_eligibility", hash()).Set("has_evidence", false).Set("past_due", false).Set("submission_count", 0))
	if ch.Str("payment_method_details.type") == "card" {
		brand := ch.Str("payment_method_details.card.brand")
		du.Set("payment_method_details", tx.NewHash("dispute_payment_method_details").Set("type", "card").
			Set("card", tx.NewHash("dispute_payment_method_details_card").Set("brand", brand).Set("network", brand).
				Set("case_type", kind).Set("network_reason_code", textOrNull(code))))
	} else {
		du.Set("payment_method_details", nil) // Stripe names cards and three wallets only
	}
	tx.Put(ch.Edit().Set("disputed", true).Set("dispute", du.ID()))
	if status == disputePrevented {
		tx.Put(du, "charge.dispute.created", "charge.dispute.closed")
		return du
	}
	tx.Due(du.Int("evidence_details.due_by"), "dispute.overdue", du.ID())
	if kind == "inquiry" {
		tx.Put(du, "charge.dispute.created")
		return du
	}
	withdraw(tx, du, ch)
	tx.Put(du, "charge.dispute.created", "charge.dispute.funds_withdrawn")
	closeReview(tx, ch, "disputed")
	answerWarnings(tx, ch)
	return du
}

// dueBy is the end of the day, in UTC, until which a merchant may answer.
func dueBy(now int64) int64 { return now - now%day + (responseDays+1)*day - 1 }

// withdraw takes a dispute's money off the balance, with Stripe's fee.
func withdraw(tx *accountTx, du, ch *stripeObject) {
	txn := move(tx, "adjustment", "dispute", "Chargeback withdrawal for "+ch.ID(), du.ID(), du.Str("currency"), -du.Int("amount"), disputeFee, true)
	du.Set("balance_transactions", append(slices.Clone(du.List("balance_transactions")), txn))
}

func findDispute(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	if r.Path("charge") != "" { // by its charge, as older clients do
		return retrieveChargeDispute(tx, r)
	}
	if du := tx.Get("dispute", r.Path("dispute")); du != nil {
		return du, nil
	}
	return nil, missing("dispute", r.Path("dispute"), "dispute", 404)
}

// closedDispute says whether nothing more can happen to a dispute.
func closedDispute(du *stripeObject) bool {
	return slices.Contains([]string{disputeWon, disputeLost, warningClosed, disputePrevented}, du.Str("status"))
}

func updateDispute(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	du, err := findDispute(tx, r)
	if err != nil {
		return nil, err
	}
	if closedDispute(du) && (p.Has("evidence") || p.Bool("submit")) {
		return nil, invalid("", "", "This dispute is already closed")
	}
	du = du.Edit()
	for _, key := range hashKeys(p, "evidence") {
		if key == "enhanced_evidence" && p.Null("evidence."+key) {
			du.Set("evidence."+key, hash()) // it is never null
		} else if _, nested := p.Hash("evidence." + key); !nested {
			du.Set("evidence."+key, textOrNull(p.Str("evidence."+key)))
			du.Set("evidence_details.has_evidence", true)
		}
	}
	applyMetadata(tx, du, p)
	// Evidence is submitted unless the call says otherwise (docs.stripe.com/api/disputes/update).
	submit := p.Bool("submit") || p.Has("evidence") && !p.Has("submit")
	if !submit {
		tx.Put(du, "charge.dispute.updated")
		return du, nil
	}
	du.Set("evidence_details.submission_count", du.Int("evidence_details.submission_count")+1)
	if du.Str("status") == warningNeedsResponse || du.Str("status") == warningUnderReview {
		du.Set("status", warningUnderReview)
	} else {
		du.Set("status", underReview)
	}
	tx.Put(du, "charge.dispute.updated")
	chargeMoved(tx, du)
	switch du.Str("evidence.uncategorized_text") {
	case winningEvidence, losingEvidence, escalateEvidence:
		tx.Due(tx.Now()+verdictSeconds, "dispute.decide", du.ID())
	}
	return du, nil
}

// chargeMoved tells that a dispute's charge was touched; it looks the same (recorded: charge.updated after evidence and
// closing).
func chargeMoved(tx *accountTx, du *stripeObject) {
	if ch := tx.Get("charge", du.Str("charge")); ch != nil {
		tx.Event("charge.updated", ch, nil)
	}
}

// decideDispute is the bank's answer to test evidence.
func decideDispute(tx *accountTx, id string) error {
	du := tx.Get("dispute", id)
	if du == nil || closedDispute(du) {
		return nil
	}
	inquiry := du.Str("status") == warningUnderReview
	switch text := du.Str("evidence.uncategorized_text"); {
	case inquiry && text == escalateEvidence:
		escalate(tx, du)
	case inquiry:
		endDispute(tx, du, warningClosed)
	case text == winningEvidence:
		endDispute(tx, du, disputeWon)
	case text == losingEvidence:
		endDispute(tx, du, disputeLost)
	}
	return nil
}

// refundGrace is how young a refund is that a chargeback undoes: our choice. One that was observed right before an inquiry
// was escalated failed, one of five minutes before did not.
const refundGrace = 60

// escalate turns an inquiry into a chargeback over the whole amount, whatever was refunded meanwhile. Only refunds that the
// bank has not seen yet come back.
func escalate(tx *accountTx, du *stripeObject) {
	for _, re := range ofField(tx, "refund", "charge", du.Str("charge")) {
		if re.Int("created") > tx.Now()-refundGrace && (re.Str("status") == succeeded || re.Str("status") == "pending") {
			endRefund(tx, re, "failed", "charge_for_pending_refund_disputed", "refund.failed", "refund.updated", "charge.refund.updated")
		}
	}
	ch := tx.Get("charge", du.Str("charge"))
	du = du.Edit().Set("status", needsResponse).Set("is_charge_refundable", false).Set("evidence_details.due_by", dueBy(tx.Now()))
	if du.Has("payment_method_details.card") {
		du.Set("payment_method_details.card.case_type", "chargeback")
	}
	withdraw(tx, du, ch)
	tx.Due(du.Int("evidence_details.due_by"), "dispute.overdue", du.ID())
	tx.Put(du, "charge.dispute.updated", "charge.dispute.funds_withdrawn")
}

// endDispute closes a dispute; what was won comes back, the fee does not.
func endDispute(tx *accountTx, du *stripeObject, status string) *stripeObject {
	du = du.Edit().Set("status", status)
	if status != disputeWon {
		tx.Put(du, "charge.dispute.closed")
		return du
	}
	txn := move(tx, "adjustment", "dispute_reversal", "Chargeback reversal for "+du.Str("charge"), du.ID(), du.Str("currency"), du.Int("amount"), 0, true)
	du.Set("balance_transactions", append(slices.Clone(du.List("balance_transactions")), txn)).Set("is_charge_refundable", true)
	tx.Put(du, "charge.dispute.funds_reinstated", "charge.dispute.closed")
	return du
}

// endOverdueDispute ends a dispute that nobody answered in time.
func endOverdueDispute(tx *accountTx, id string) error {
	du := tx.Get("dispute", id)
	if du == nil || du.Int("evidence_details.due_by") > tx.Now() {
		return nil
	}
	switch du.Str("status") {
	case needsResponse:
		endDispute(tx, du.Edit().Set("evidence_details.past_due", true), disputeLost)
	case warningNeedsResponse:
		endDispute(tx, du.Edit().Set("evidence_details.past_due", true), warningClosed)
	}
	return nil
}

func closeDispute(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	du, err := findDispute(tx, r)
	if err != nil {
		return nil, err
	}
	if closedDispute(du) {
		return nil, invalid("", "", "This dispute is already closed")
	}
	status := disputeLost
	if du.Str("status") == warningNeedsResponse || du.Str("status") == warningUnderReview {
		status = warningClosed
	}
	du = endDispute(tx, du, status)
	chargeMoved(tx, du)
	return du, nil
}

func retrieveChargeDispute(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	ch, err := findCharge(tx, r.Path("charge"), "id", 404)
	if err != nil {
		return nil, err
	}
	disputes := ofField(tx, "dispute", "charge", ch.ID())
	if len(disputes) == 0 {
		return nil, invalidAs(404, "No dispute for charge: %s", ch.ID())
	}
	return disputes[0], nil
}

// invalidAs is a refusal with a status of its own and no code.
func invalidAs(status int, format string, args ...any) *Error {
	e := invalid("", "", format, args...)
	e.Status = status
	return e
}

// simulatedCharge finds the charge that a simulation names: {charge} or {intent}.
func simulatedCharge(tx *accountTx, p formParams) (*stripeObject, error) {
	id := p.Str("charge")
	if intent := orElse(p.Str("intent"), p.Str("payment_intent")); id == "" && intent != "" {
		pi := tx.Get("payment_intent", intent)
		if pi == nil {
			return nil, missing("payment_intent", intent, "intent", 404)
		}
		id = pi.Str("latest_charge")
	}
	ch, err := findCharge(tx, id, "charge", 404)
	if err != nil {
		return nil, err
	}
	if ch.Str("status") != succeeded || !ch.Bool("captured") {
		return nil, invalid("charge", "", "Charge %s is not paid, so nobody disputes it.", ch.ID())
	}
	return ch, nil
}

// simulateDispute is a holder who goes to their bank, or a bank that decides: {charge|intent, reason, amount, kind:
// "chargeback"|"inquiry"|"prevented"}, or {dispute, result: "won"|"lost"|"escalated"|"closed"}.
func simulateDispute(tx *accountTx, p formParams) (*stripeObject, error) {
	if id := p.Str("dispute"); id != "" {
		return simulateVerdict(tx, id, p.Str("result"))
	}
	ch, err := simulatedCharge(tx, p)
	if err != nil {
		return nil, err
	}
	amount := ch.Int("amount_captured")
	if p.Has("amount") {
		if amount = p.Int("amount"); amount <= 0 || amount > ch.Int("amount_captured") {
			return nil, invalid("amount", "parameter_invalid_integer", "This value must be between 1 and %d.", ch.Int("amount_captured"))
		}
	}
	reason := orElse(p.Str("reason"), "fraudulent")
	switch kind := orElse(p.Str("kind"), "chargeback"); kind {
	case "chargeback":
		return openDisputeAs(tx, ch, reason, "", amount), nil
	case "inquiry":
		return openDisputeAs(tx, ch, "inquiry", "", amount), nil
	case "prevented":
		return openDisputeAs(tx, ch, reason, disputePrevented, amount), nil
	default:
		return nil, invalid("kind", "", "Invalid kind: must be one of chargeback, inquiry, or prevented")
	}
}

func simulateVerdict(tx *accountTx, id, result string) (*stripeObject, error) {
	du := tx.Get("dispute", id)
	if du == nil {
		return nil, missing("dispute", id, "dispute", 404)
	}
	if closedDispute(du) {
		return nil, invalid("dispute", "", "This dispute is already closed")
	}
	inquiry := du.Str("status") == warningNeedsResponse || du.Str("status") == warningUnderReview
	switch {
	case result == "escalated" && inquiry:
		escalate(tx, du)
	case result == "closed" && inquiry:
		endDispute(tx, du, warningClosed)
	case (result == "won" || result == "lost") && !inquiry:
		endDispute(tx, du, result)
	default:
		return nil, invalid("result", "", "Invalid result: a chargeback is won or lost, an inquiry is escalated or closed.")
	}
	return tx.Get("dispute", id), nil
}
