package sandbox

const (
	mandateActive   = "active"
	mandateInactive = "inactive"
	mandatePending  = "pending"
)

// acceptanceOf is a buyer's agreement to a mandate. What the browser is (infer_from_client) is filled in.
func acceptanceOf(tx *accountTx, given formParams) *stripeObject {
	typ := orElse(given.Str("type"), "online")
	acceptance := tx.NewHash("customer_acceptance").Set("type", typ).Set("accepted_at", tx.Now())
	if at := given.Int("accepted_at"); at > 0 {
		acceptance.Set("accepted_at", at)
	}
	if typ == "offline" {
		return acceptance.Set("offline", hash())
	}
	address, agent := given.Str("online.ip_address"), given.Str("online.user_agent")
	return acceptance.Set("online", tx.NewHash("online_acceptance").Set("ip_address", orElse(address, "127.0.0.1")).Set("user_agent", textOrNull(agent)))
}

// giveMandate makes the mandate that a debit needs, and answers its method. Cards need none. The mandate of an account that
// is not verified yet is pending.
func giveMandate(tx *accountTx, intent, method, acceptance *stripeObject) *stripeObject {
	typ := method.Str("type")
	if bankOf(method) == nil {
		return method
	}
	mandate := tx.New("mandate").Set("customer_acceptance", acceptance).Set("payment_method", method.ID()).Set("status", mandateActive).
		Set("payment_method_details", tx.NewHash("mandate_payment_method_details").Set("type", typ))
	if method.Bool(hiddenUnverified) {
		mandate.Set("status", mandatePending)
	}
	switch typ {
	case "sepa_debit":
		reference := tx.NewID("", 16)
		mandate.Set("payment_method_details.sepa_debit", tx.NewHash("mandate_sepa_debit").Set("reference", reference).
			Set("url", tx.URL("/mandates/"+mandate.ID())))
	case "us_bank_account":
		mandate.Set("payment_method_details.us_bank_account", tx.NewHash("mandate_us_bank_account"))
	}
	if intent.Type() == "payment_intent" && intent.Str("setup_future_usage") == "" {
		mandate.Set("type", "single_use").Set("single_use", tx.NewHash("mandate_single_use").Set("amount", intent.Int("amount")).Set("currency", intent.Str("currency")))
	} else {
		mandate.Set("type", "multi_use").Set("multi_use", tx.NewHash("mandate_multi_use"))
	}
	tx.Put(mandate)
	method = method.Edit().Set(hiddenMandate, mandate.ID())
	tx.Put(method)
	return method
}

// moveMandate gives the mandate of a method another status, with its event.
func moveMandate(tx *accountTx, method *stripeObject, status string) {
	mandate := tx.Get("mandate", method.Str(hiddenMandate))
	if mandate == nil || mandate.Str("status") == status || mandate.Str("status") == mandateInactive {
		return
	}
	tx.Put(mandate.Edit().Set("status", status), "mandate.updated")
}

// mandateOf is the mandate that a confirmation can rely on: the one that it names, or the method's; nil for none.
func mandateOf(tx *accountTx, method *stripeObject) *stripeObject {
	mandate := tx.Get("mandate", method.Str(hiddenMandate))
	if mandate == nil || mandate.Str("status") == mandateInactive {
		return nil
	}
	return mandate
}

// checkNamedMandate refuses a mandate that a confirmation names and cannot rely on.
func checkNamedMandate(tx *accountTx, intent, method *stripeObject, id string) error {
	mandate := tx.Get("mandate", id)
	switch {
	case mandate == nil:
		return missing("mandate", id, "mandate", 400)
	case mandate.Str("status") != mandateActive, mandate.Str("payment_method") != method.ID():
		e := invalid("mandate", intent.Type()+"_mandate_invalid", "The provided mandate is invalid and can not be used for the %s.", objectWords(intent.Type()))
		e.extra = map[string]*stripeObject{intent.Type(): intent}
		return e
	}
	return nil
}

func objectWords(typ string) string {
	if typ == "setup_intent" {
		return "setup intent"
	}
	return "payment intent"
}
