package sandbox

import (
	"net/http"
	"net/url"
)

// keepSource gives a source to a customer. Only reusable ones can be kept.
func keepSource(tx *accountTx, customer *stripeObject, id string) (*stripeObject, error) {
	src := tx.Get("source", id)
	switch {
	case src == nil:
		return nil, missing("source", id, "source", http.StatusBadRequest)
	case src.Str("customer") != "":
		return nil, invalid("source", "", "The source you provided has already been attached to a customer.")
	case src.Str("usage") != "reusable" && src.Str("status") == sourceConsumed, src.Str("status") == sourceFailed, src.Str("status") == canceled:
		return nil, invalid("source", "", "The source you provided is not in a chargeable state: its status is %s.", src.Str("status"))
	}
	if method := tx.Get("payment_method", src.Str(hiddenSourceMethod)); method != nil && src.Str("type") != "three_d_secure" {
		if test := behaviourOf(method); test != nil && test.decline != "" {
			return nil, cardError(declineFor(test.decline))
		}
		tx.Put(method.Edit().Set("customer", customer.ID()))
	}
	src = src.Edit().Set("customer", customer.ID())
	tx.Put(src, "customer.source.created")
	if customer.Str("default_source") == "" {
		setDefaultSource(tx, customer.ID(), src.ID())
	}
	return src, nil
}

// dropSource takes a source from its customer: it can be used no more.
func dropSource(tx *accountTx, src *stripeObject) *stripeObject {
	if method := tx.Get("payment_method", src.Str(hiddenSourceMethod)); method != nil && src.Str("type") != "three_d_secure" {
		tx.Put(method.Edit().Set("customer", nil).Set(hiddenUsed, true))
	}
	src = src.Edit().Set("status", sourceConsumed).Set("customer", nil)
	tx.Put(src, "customer.source.deleted")
	return src
}

// checkSource refuses a charge that a source does not cover.
func checkSource(src *stripeObject, owner string, amount int64, currency string) error {
	switch {
	case src.Str("status") == sourceConsumed:
		return invalid("source", "", "The reusable source you provided is consumed because it was previously charged without being attached to a customer or was detached from a customer. To charge a reusable source multiple times you must attach it to a customer first.")
	case src.Str("status") != sourceChargeable:
		return invalid("source", "", "The source you provided is not in a chargeable state: its status is %s.", src.Str("status"))
	case src.Str("customer") != owner:
		return missing("source", src.ID(), "source", http.StatusNotFound)
	case src.Has("amount") && src.Int("amount") < amount:
		return invalid("amount", "", "The amount provided (%d) is greater than the amount of the source (%d).", amount, src.Int("amount"))
	case src.Has("receiver") && src.Int("receiver.amount_received")-src.Int("receiver.amount_charged") < amount:
		return invalid("amount", "", "The source has received %d, of which %d was charged already; it cannot be charged %d.",
			src.Int("receiver.amount_received"), src.Int("receiver.amount_charged"), amount)
	case src.Has("currency") && src.Str("currency") != currency:
		return invalid("currency", "", "The currency provided (%s) does not match the currency of the source (%s).", currency, src.Str("currency"))
	}
	return nil
}

// methodOfSource is what a charge of a source is taken from: its card or account, or a stand-in of its type.
func methodOfSource(tx *accountTx, src *stripeObject) *stripeObject {
	if method := tx.Get("payment_method", src.Str(hiddenSourceMethod)); method != nil {
		return method
	}
	return tx.New("payment_method").Set("id", src.ID()).Set("type", src.Str("type")).Set("billing_details", emptyBilling(tx)).
		Set("billing_details.name", src.Get("owner.name")).Set("billing_details.email", src.Get("owner.email"))
}

// consumeSource notes that a source was charged: a receiver until it is empty, others once, unless a customer keeps them.
func consumeSource(tx *accountTx, src *stripeObject, amount int64) {
	src = src.Edit()
	if src.Has("receiver") {
		src.Set("receiver.amount_charged", src.Int("receiver.amount_charged")+amount)
	}
	kept := src.Str("usage") == "reusable" && src.Str("customer") != "" ||
		src.Has("receiver") && src.Int("receiver.amount_charged") < src.Int("receiver.amount_received")
	if !kept {
		src.Set("status", sourceConsumed)
	}
	tx.Put(src)
}

// withQuery is an address with parameters more: pairs of name and value. One that is no address stays as it is.
func withQuery(address string, pairs ...string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	query := u.Query()
	for i := 0; i+1 < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	u.RawQuery = query.Encode()
	return u.String()
}
