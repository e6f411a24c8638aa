package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What falls due at one instant of a test clock runs in the order in which it was planned, however many objects there are:
// three customers with three subscriptions each renew at one second in the order in which they were made, and their
// invoices are finalised and paid in that order too.
func TestWhatFallsDueAtOneInstantKeepsItsOrder(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	const born, renews = 1800000000, 1802678400
	clock := must(t, sb, "POST", "/v1/test_helpers/test_clocks", fmt.Sprint("frozen_time=", born)).str("id")
	price := must(t, sb, "POST", "/v1/prices", "currency=usd&unit_amount=2000&recurring[interval]=month&product_data[name]=Basic").str("id")
	var made []string
	for range clockCustomers {
		customer := must(t, sb, "POST", "/v1/customers", "payment_method=pm_card_visa&invoice_settings[default_payment_method]=pm_card_visa&test_clock="+clock).str("id")
		for range clockedSubscriptions {
			made = append(made, must(t, sb, "POST", "/v1/subscriptions", "customer="+customer+"&items[0][price]="+price).str("id"))
		}
	}
	must(t, sb, "POST", "/v1/test_helpers/test_clocks/"+clock+"/advance", fmt.Sprint("frozen_time=", renews+3601))
	if err := sb.Account("sk_test_core").Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	happened := map[string][]string{} // the subscriptions that each kind of event told of, in order
	for after := ""; ; {
		got := must(t, sb, "GET", "/v1/events?limit=100"+after, "")
		events := elements(got.at("data"))
		for _, v := range events {
			o := members(members(members(v)["data"])["object"])
			name := fmt.Sprint(members(v)["type"])
			id := fmt.Sprint(o["id"])
			if strings.HasPrefix(name, "invoice.") {
				id = fmt.Sprint(members(members(o["parent"])["subscription_details"])["subscription"])
			}
			if o["created"] == float64(renews) || name == "customer.subscription.updated" {
				happened[name] = append(happened[name], id)
			}
		}
		if got.at("has_more") != true {
			break
		}
		after = "&starting_after=" + fmt.Sprint(members(events[len(events)-1])["id"])
	}
	for _, name := range []string{"invoice.created", "customer.subscription.updated", "invoice.finalized", "invoice.paid"} {
		slices.Reverse(happened[name])
		if !slices.Equal(happened[name], made) {
			t.Errorf("%s told of\n%v\nwant\n%v", name, happened[name], made)
		}
	}
}
