package sandbox

import (
	"strings"
	"testing"
)

// Stripe's answers have keys that its description lacks (recorded from 2025-03 to 2026-05, in every version of then): each
// is there, in every version, with what the object has to say.
func TestAnswersHaveTheKeysThatAreRecordedAndNotDescribed(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2024-09-30.acacia", "2025-08-27.basil", "2026-02-25.clover", "", "2026-10-28.endive"} {
		t.Run(orElse(version, "own"), func(t *testing.T) {
			t.Parallel()
			sb := newTest(t, Options{})
			post := func(path, form string) reply {
				got := call(t, sb, "POST", path, form, "Stripe-Version", version)
				if got.status != 200 {
					t.Fatalf("POST %s: %s", path, got.body)
				}
				return got
			}
			recordedOfPayments(t, post)
			recordedOfSubscriptions(t, post)
		})
	}
}

// holds fails for a value that is not what is wanted; nil wants a key that is there and null.
func (r reply) holds(t *testing.T, path string, want any) {
	t.Helper()
	at, key := "", path
	if i := strings.LastIndexByte(path, '.'); i > 0 {
		at, key = path[:i], path[i+1:]
	}
	parent := r.json
	if at != "" {
		parent, _ = r.at(at).(map[string]any)
	}
	got, ok := parent[key]
	if !ok {
		t.Errorf("%s is missing", path)
	} else if got != want {
		t.Errorf("%s is %v, not %v", path, got, want)
	}
}

func recordedOfPayments(t *testing.T, post func(path, form string) reply) {
	t.Helper()
	intent := post("/v1/payment_intents", "amount=1500&currency=usd&confirm=true&payment_method=pm_card_createDispute&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never&expand[]=latest_charge.refunds&expand[]=latest_charge")
	intent.holds(t, "source", nil)
	for _, key := range []string{"source", "order", "destination", "payment_method_details.card.ds_transaction_id"} {
		intent.holds(t, "latest_charge."+key, nil)
	}
	intent.holds(t, "latest_charge.refunds.total_count", 0.0)
	if intent.str("latest_charge.dispute") == "" {
		t.Error("a disputed charge does not name its dispute")
	}

	token := post("/v1/charges", "amount=1500&currency=usd&source=tok_visa")
	token.holds(t, "source.object", "card")
	token.holds(t, "source.last4", "4242")
	token.holds(t, "source.wallet", nil)
	token.holds(t, "source.email", nil)
	token.holds(t, "source.phone", nil)
	token.holds(t, "source.allow_redisplay", "unspecified")
	token.holds(t, "source.id", token.str("payment_method"))
	token.holds(t, "dispute", nil)
	customer := post("/v1/customers", "source=tok_mastercard")
	post("/v1/charges", "amount=1500&currency=usd&customer="+customer.str("id")).holds(t, "source.customer", customer.str("id"))
}

func recordedOfSubscriptions(t *testing.T, post func(path, form string) reply) {
	t.Helper()
	product := post("/v1/products", "name=Kahve")
	product.holds(t, "type", "service")
	product.holds(t, "tax_details", nil)
	if _, ok := product.at("attributes").([]any); !ok {
		t.Error("a product has no attributes")
	}
	price := post("/v1/prices", "currency=usd&unit_amount=900&recurring[interval]=month&product="+product.str("id"))
	price.holds(t, "recurring.trial_period_days", nil)
	other := post("/v1/plans", "currency=usd&amount=500&interval=month&trial_period_days=7&product="+product.str("id"))
	customer := post("/v1/customers", "")
	sub := post("/v1/subscriptions", "collection_method=send_invoice&days_until_due=7&customer="+customer.str("id")+"&items[0][quantity]=3&items[0][price]="+price.str("id"))
	for _, at := range []string{"plan", "items.data.0.plan"} {
		sub.holds(t, at+".object", "plan")
		sub.holds(t, at+".id", price.str("id"))
		sub.holds(t, at+".amount", 900.0)
		sub.holds(t, at+".interval", "month")
		sub.holds(t, at+".trial_period_days", nil)
	}
	sub.holds(t, "quantity", 3.0)
	sub.holds(t, "items.total_count", 1.0)
	two := post("/v1/subscriptions/"+sub.str("id"), "items[0][price]="+other.str("id"))
	two.holds(t, "plan", nil)
	two.holds(t, "quantity", nil)
	two.holds(t, "items.total_count", 2.0)
	two.holds(t, "items.data.1.plan.trial_period_days", 7.0)
	two.holds(t, "items.data.1.price.recurring.trial_period_days", 7.0)
	invoice := post("/v1/invoices", "pending_invoice_items_behavior=include&customer="+customer.str("id"))
	invoice.holds(t, "lines.total_count", 1.0)
}
