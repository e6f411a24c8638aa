package sandbox

import (
	"testing"
	"time"
)

// What is planned on a test clock is still planned after a restart, and after a snapshot's return; what belonged to a clock
// that was deleted is not.
func TestTestClocksOutliveARestart(t *testing.T) {
	t.Parallel()
	options := Options{Data: t.TempDir(), Clock: func() time.Time { return time.Unix(1793613600, 0) }}
	open := func() *Sandbox {
		sb, err := New(options)
		if err != nil {
			t.Fatal(err)
		}
		return sb
	}
	sb := open()
	price := must(t, sb, "POST", "/v1/prices", "currency=usd&unit_amount=2000&recurring[interval]=month&product_data[name]=Basic").str("id")
	subscribe := func() (clock, sub string) {
		clock = must(t, sb, "POST", "/v1/test_helpers/test_clocks", "frozen_time=1800000000").str("id")
		customer := must(t, sb, "POST", "/v1/customers", "payment_method=pm_card_visa&invoice_settings[default_payment_method]=pm_card_visa&test_clock="+clock).str("id")
		return clock, must(t, sb, "POST", "/v1/subscriptions", "customer="+customer+"&items[0][price]="+price).str("id")
	}
	clock, sub := subscribe()
	gone, _ := subscribe()
	must(t, sb, "DELETE", "/v1/test_helpers/test_clocks/"+gone, "")
	first := must(t, sb, "GET", "/v1/subscriptions/"+sub, "").str("latest_invoice")
	if err := sb.Close(); err != nil {
		t.Fatal(err)
	}

	sb = open()
	defer func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	}()
	a := sb.account("core")
	var before *accountState
	a.locked(func() {
		before = a.snapshot()
		if len(a.clocks) != 1 {
			t.Errorf("%d clocks have something planned, want 1", len(a.clocks))
		}
	})
	renew := func() {
		t.Helper()
		must(t, sb, "POST", "/v1/test_helpers/test_clocks/"+clock+"/advance", "frozen_time=1802678400")
		if err := sb.Account("sk_test_core").Idle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := must(t, sb, "GET", "/v1/subscriptions/"+sub, ""); got.str("latest_invoice") == first || got.at("items.data.0.current_period_start") != 1802678400.0 {
			t.Errorf("after a month: %s", got.body)
		}
	}
	renew()
	a.locked(func() { a.restore(before) })
	if got := must(t, sb, "GET", "/v1/subscriptions/"+sub, "").str("latest_invoice"); got != first {
		t.Errorf("the snapshot shows invoice %s, want %s", got, first)
	}
	renew()
}
