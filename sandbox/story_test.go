package sandbox

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// An export says what a fixture file cannot, and is the same after a new start over the same data, and after a second one,
// which reads what the first compacted.
func TestAnExportOutlivesANewStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sb := start(t, dir)
	customer := must(t, sb, http.MethodPost, "/v1/customers", "name=Ada").str("id")
	const pay = "amount=2000&currency=usd&confirm=true&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never&payment_method="
	if got := call(t, sb, http.MethodPost, "/v1/payment_intents", pay+"pm_card_chargeDeclined&customer="+customer); got.status != http.StatusPaymentRequired {
		t.Fatalf("%d %s", got.status, got.body)
	}
	charge := must(t, sb, http.MethodPost, "/v1/payment_intents", pay+"pm_card_visa").str("latest_charge")
	must(t, sb, http.MethodPost, "/_sandbox/simulate", `{"type":"dispute","charge":"`+charge+`"}`)
	if _, err := sb.Account("sk_test_core").Advance(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	must(t, sb, http.MethodPost, "/v1/refunds", "charge="+must(t, sb, http.MethodPost, "/v1/payment_intents", pay+"pm_card_visa").str("latest_charge"))
	export := func() string {
		t.Helper()
		text, err := sb.Account("sk_test_core").Export()
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	before := export()
	for _, part := range []string{`"expected_error_type": "card_error"`, `"what": "simulate dispute",`, `"after": 3`, `"what": "clock"`, `"path": "/v1/refunds"`} {
		if !strings.Contains(before, part) {
			t.Errorf("the export lacks %s: %s", part, before)
		}
	}
	for range 2 {
		stop(t, sb)
		sb = start(t, dir)
		if after := export(); after != before {
			t.Errorf("after a new start the export is\n%s\nbefore\n%s", after, before)
		}
	}
	must(t, sb, http.MethodPost, "/_sandbox/reset", "")
	stop(t, sb)
	sb = start(t, dir)
	if after := export(); strings.Contains(after, "path") {
		t.Errorf("after a reset the export is %s", after)
	}
	stop(t, sb)
}

// A call whose answer was lost is part of the export: it changed something.
func TestAnExportHasCallsWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	call(t, sb, http.MethodPost, "/_sandbox/faults", `{"path":"/v1/customers","when":"after","effect":"status","status":500}`)
	if got := call(t, sb, http.MethodPost, "/v1/customers", "name=Ada"); got.status != http.StatusInternalServerError {
		t.Fatalf("%d %s", got.status, got.body)
	}
	text, err := sb.Account("sk_test_core").Export()
	if err != nil || !strings.Contains(string(text), "Ada") {
		t.Errorf("%v %s", err, text)
	}
}
