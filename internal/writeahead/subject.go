package writeahead

import (
	"net/url"
	"strings"

	"github.com/vezne/vezne"
)

// subject returns the object that a call acts on, and false for calls that
// make one.
func subject(c vezne.Call) (vezne.ReadMove, bool) {
	var t vezne.ObjectType
	switch c.Purpose {
	case vezne.CallConfirmPaymentIntent, vezne.CallCapturePaymentIntent, vezne.CallCancelPaymentIntent:
		t = vezne.TypePaymentIntent
	case vezne.CallExpireSession:
		t = vezne.TypeCheckoutSession
	case vezne.CallDetachPaymentMethod:
		t = vezne.TypePaymentMethod
	case vezne.CallDeleteCustomer:
		id, err := url.PathUnescape(c.Path[strings.LastIndexByte(c.Path, '/')+1:])
		return vezne.ReadMove{ID: vezne.ObjectID(id), Type: vezne.TypeCustomer}, err == nil
	default:
		return vezne.ReadMove{}, false
	}
	// "/v1/payment_intents/pi_1/capture": the id is the last part but one.
	parts := strings.Split(c.Path, "/")
	if len(parts) < 2 {
		return vezne.ReadMove{}, false
	}
	id, err := url.PathUnescape(parts[len(parts)-2])
	return vezne.ReadMove{ID: vezne.ObjectID(id), Type: t}, err == nil
}

// readAfterRefusal says what must be read when Stripe refused a call: what it
// acts on is not as we thought.
func readAfterRefusal(c vezne.Call) []vezne.ReadMove {
	if m, ok := subject(c); ok {
		return []vezne.ReadMove{m}
	}
	form, err := url.ParseQuery(c.Form)
	if err != nil {
		return nil
	}
	switch {
	case c.Purpose == vezne.CallCreateRefund || c.Purpose == vezne.CallRefundSurplus:
		return []vezne.ReadMove{{ID: vezne.ObjectID(form.Get("payment_intent")), Type: vezne.TypePaymentIntent}}
	case c.Refusal != nil && c.Refusal.Param == "customer" && form.Get("customer") != "":
		return []vezne.ReadMove{{ID: vezne.ObjectID(form.Get("customer")), Type: vezne.TypeCustomer}}
	}
	return nil
}
