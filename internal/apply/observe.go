package apply

import "github.com/vezne/vezne"

// The functions below compare an object before and after a merge and return
// audit lines for what happened in between. They see what sums and facts do not
// show: declines, authentication, the course of a dispute. before is nil when
// the object was not known.

// ObserveCharge notes a decline, with its true code for operators.
func ObserveCharge(before *vezne.Charge, after vezne.Charge) []vezne.Entry {
	if after.Status != "failed" || (before != nil && before.Status == "failed") {
		return nil
	}
	detail := failure(after.Failure)
	if after.CardLast4 != "" {
		detail["card"] = after.CardBrand + " " + after.CardLast4
	}
	return []vezne.Entry{{Action: "payment.failed", Object: after.ID, After: map[string]any{"amount": after.Amount, "payment_intent": string(after.PaymentIntent)}, Detail: detail}}
}

func failure(e *vezne.StripeError) map[string]any {
	detail := map[string]any{}
	if e == nil {
		return detail
	}
	for k, v := range map[string]string{"code": e.Code, "decline_code": e.DeclineCode, "message": e.Message, "advice_code": e.AdviceCode} {
		if v != "" {
			detail[k] = v
		}
	}
	return detail
}

// ObservePaymentIntent notes authentication that is asked for or failed, and
// failures that left no charge.
func ObservePaymentIntent(before *vezne.PaymentIntent, after vezne.PaymentIntent) []vezne.Entry {
	var was vezne.PaymentIntent
	if before != nil {
		was = *before
	}
	var entries []vezne.Entry
	if after.Status == "requires_action" && was.Status != "requires_action" {
		entries = append(entries, vezne.Entry{Action: "payment.requires_action", Object: after.ID, After: map[string]any{"next_action": after.NextActionType}})
	}
	failed := after.LastError != nil && (was.LastError == nil || *was.LastError != *after.LastError)
	if failed && after.LatestCharge == was.LatestCharge && after.Status != "succeeded" {
		entries = append(entries, vezne.Entry{Action: "payment.failed", Object: after.ID, After: map[string]any{"amount": after.Amount}, Detail: failure(after.LastError)})
	}
	return entries
}

// ObserveDispute notes the course of a dispute.
func ObserveDispute(before *vezne.Dispute, after vezne.Dispute) []vezne.Entry {
	e := vezne.Entry{Action: "dispute." + after.Status, Object: after.ID, After: map[string]any{"status": after.Status, "amount": after.Amount}, Detail: map[string]any{"reason": after.Reason}}
	if !after.EvidenceDueBy.IsZero() {
		e.Detail["evidence_due_by"] = after.EvidenceDueBy.Format("2006-01-02T15:04:05Z")
	}
	if before == nil {
		e.Action = "dispute.created"
		return []vezne.Entry{e}
	}
	if before.Status == after.Status {
		return nil
	}
	e.Before = map[string]any{"status": before.Status}
	return []vezne.Entry{e}
}

// ObserveRefund notes the course of a refund that was made elsewhere; those
// that were asked for here have lines of their own.
func ObserveRefund(before *vezne.Refund, after vezne.Refund) []vezne.Entry {
	if after.RefundID != "" || (before != nil && before.Status == after.Status) {
		return nil
	}
	e := vezne.Entry{Action: "refund." + after.Status, Object: after.ID, After: map[string]any{"state": after.Status, "amount": after.Amount}}
	if before != nil {
		e.Before = map[string]any{"state": before.Status}
	}
	if after.FailureReason != "" {
		e.Detail = map[string]any{"failure_reason": after.FailureReason}
	}
	return []vezne.Entry{e}
}
