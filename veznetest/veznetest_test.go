package veznetest_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/veznetest"
)

func TestAnOrderIsPaid(t *testing.T) {
	t.Parallel()
	h := veznetest.New(t)
	order := h.NewOrder(1999, "try")
	if i := h.Pay(order.ID, "pm_card_visa"); i.Status != "succeeded" {
		t.Fatalf("the intent is %s", i.Status)
	}
	h.Idle()
	h.WantStatus(order.ID, vezne.OrderPaid)
	h.WantPaidOnce(order.ID)
	h.WantNoSecrets()
	if n := len(h.Callbacks()); n != 1 {
		t.Errorf("%d call-backs, want 1", n)
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
