package apply_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/apply"
)

// paidBy is the order of elements(), paid by it.
func paidBy(t *testing.T) vezne.Facts {
	t.Helper()
	f := elements()
	m := settle(t, f)
	f.Order, f.Attempts = m.Order, m.Attempts
	return f
}

func TestMoneyForAnOrderThatNeedsNoneIsReturned(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		change  func(f *vezne.Facts)
		keep    bool
		flagged bool
		call    bool
		read    bool
	}{
		{"one payment", func(*vezne.Facts) {}, false, false, false, false},
		{"a second attempt was paid too", func(f *vezne.Facts) {
			second := attempt("att_2", vezne.AttemptPaymentIntent, vezne.AttemptActive)
			second.Number = 2
			f.Attempts = append(f.Attempts, second)
			f.PaymentIntents = append(f.PaymentIntents, intent("pi_2", "att_2", "succeeded"))
			f.Charges = append(f.Charges, charge("pi_2"))
		}, false, true, true, false},
		{"an intent of no attempt was paid", func(f *vezne.Facts) {
			f.PaymentIntents = append(f.PaymentIntents, intent("pi_2", "", "succeeded"))
		}, false, true, true, true},
		{"the shop keeps it", func(f *vezne.Facts) {
			f.PaymentIntents = append(f.PaymentIntents, intent("pi_2", "", "succeeded"))
			f.Charges = append(f.Charges, charge("pi_2"))
		}, true, true, false, false},
		{"a part of it went back", func(f *vezne.Facts) {
			f.PaymentIntents = append(f.PaymentIntents, intent("pi_2", "", "succeeded"))
			c := charge("pi_2")
			c.AmountRefunded = 1998
			f.Charges = append(f.Charges, c)
		}, false, true, true, false},
		{"all of it went back", func(f *vezne.Facts) {
			f.PaymentIntents = append(f.PaymentIntents, intent("pi_2", "", "succeeded"))
			c := charge("pi_2")
			c.AmountRefunded = 1999
			f.Charges = append(f.Charges, c)
		}, false, false, false, false},
	} {
		f := paidBy(t)
		tt.change(&f)
		m := apply.Order(f, vezne.Cause{}, vezne.Policy{KeepSurplus: tt.keep}, now)
		if m.Order.Has(vezne.AttentionSurplus) != tt.flagged || slices.Contains(purposes(m), vezne.CallRefundSurplus) != tt.call || (len(m.Read) > 0) != tt.read {
			t.Errorf("%s: attention %v, calls %v, reads %v", tt.name, m.Order.Attention, purposes(m), m.Read)
		}
		if m.Order.AmountPaid != 1999 || m.Order.AmountRefunded != 0 {
			t.Errorf("%s: paid %d, refunded %d: a surplus is no part of the order's sums", tt.name, m.Order.AmountPaid, m.Order.AmountRefunded)
		}
	}
}

func TestAnOrderIsCanceledOnlyWhenNothingOfItCanBePaid(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		change  func(f *vezne.Facts)
		want    vezne.OrderStatus
		pending bool
		call    vezne.CallPurpose
	}{
		{"nothing was tried", func(f *vezne.Facts) { *f = open() }, vezne.OrderCanceled, false, ""},
		{"the attempt's object is not known yet", func(f *vezne.Facts) {
			f.PaymentIntents, f.Charges = nil, nil
			f.Attempts[0].State = vezne.AttemptOpening
		}, vezne.OrderOpen, true, ""},
		{"the request for it was refused", func(f *vezne.Facts) {
			f.PaymentIntents, f.Charges = nil, nil
			f.Attempts[0].State = vezne.AttemptOpening
			f.Calls = []vezne.Call{{ID: f.Attempts[0].CreateCall, State: vezne.CallRefused}}
		}, vezne.OrderCanceled, false, ""},
		{"the intent waits for a card", func(f *vezne.Facts) { f.PaymentIntents[0] = intent("pi_1", "att_1", "requires_payment_method") }, vezne.OrderOpen, true, vezne.CallCancelPaymentIntent},
		{"money is held", func(f *vezne.Facts) {
			f.PaymentIntents[0] = intent("pi_1", "att_1", "requires_capture")
			f.PaymentIntents[0].AmountCapturable = 1999
		}, vezne.OrderAuthorized, true, vezne.CallCancelPaymentIntent},
		{"the bank is checking", func(f *vezne.Facts) { f.PaymentIntents[0] = intent("pi_1", "att_1", "processing") }, vezne.OrderProcessing, true, ""},
		{"the intent is canceled", func(f *vezne.Facts) { f.PaymentIntents[0] = intent("pi_1", "att_1", "canceled") }, vezne.OrderCanceled, false, ""},
		{"the session is open", func(f *vezne.Facts) {
			*f = checkout()
			f.Sessions[0].Status, f.Sessions[0].PaymentStatus = "open", "unpaid"
			f.PaymentIntents[0] = intent("pi_1", "att_1", "requires_payment_method")
		}, vezne.OrderOpen, true, vezne.CallExpireSession},
		{"the session is expired", func(f *vezne.Facts) {
			*f = checkout()
			f.Sessions[0].Status, f.Sessions[0].PaymentStatus = "expired", "unpaid"
			f.PaymentIntents[0] = intent("pi_1", "att_1", "canceled")
		}, vezne.OrderCanceled, false, ""},
		{"it was paid in the meantime", func(*vezne.Facts) {}, vezne.OrderPaid, false, ""},
		{"something else than asked for was paid", func(f *vezne.Facts) { f.PaymentIntents[0].AmountReceived = 5 }, vezne.OrderOpen, true, ""},
	} {
		f := elements()
		tt.change(&f)
		f.Order.CancelRequestedAt = &now
		m := settle(t, f)
		if m.Order.Status() != tt.want || m.Order.Has(vezne.AttentionCancelPending) != tt.pending {
			t.Errorf("%s: %s, attention %v; want %s, pending %v", tt.name, m.Order.Status(), m.Order.Attention, tt.want, tt.pending)
		}
		got := vezne.CallPurpose("")
		for _, p := range purposes(m) {
			got += p
		}
		if got != tt.call {
			t.Errorf("%s: calls %q, want %q", tt.name, got, tt.call)
		}
	}
}

func TestMoneyThatTurnsUpWhileTheLastAttemptEndsIsASurplusAtOnce(t *testing.T) {
	t.Parallel()
	f := elements()
	f.Order.CancelRequestedAt = &now
	f.PaymentIntents[0] = intent("pi_1", "att_1", "canceled")
	f.PaymentIntents = append(f.PaymentIntents, intent("pi_9", "", "succeeded"))
	m := settle(t, f)
	if m.Order.CanceledAt == nil || !m.Order.Has(vezne.AttentionSurplus) || m.Order.Has(vezne.AttentionMismatch) {
		t.Errorf("canceled at %v, attention %v", m.Order.CanceledAt, m.Order.Attention)
	}
}

func TestSumsFollowStripeAndGoBack(t *testing.T) {
	t.Parallel()
	f := paidBy(t)
	check := func(what string, want vezne.OrderStatus, refunded, disputed int64, topics ...string) {
		t.Helper()
		m := settle(t, f)
		if m.Order.Status() != want || m.Order.AmountRefunded != refunded || m.Order.AmountDisputed != disputed {
			t.Errorf("%s: %s, refunded %d, disputed %d; want %s, %d, %d", what, m.Order.Status(), m.Order.AmountRefunded, m.Order.AmountDisputed, want, refunded, disputed)
		}
		var got []string
		for _, e := range m.Effects {
			got = append(got, e.Topic)
		}
		if d := cmp.Diff(topics, got); d != "" {
			t.Errorf("%s: told (-want +got):\n%s", what, d)
		}
		f.Order = m.Order
	}
	dispute := func(status string) {
		f.Disputes = []vezne.Dispute{{ID: "du_1", Charge: "ch_pi_1", Status: status, Amount: 1999, Currency: "usd"}}
	}
	check("nothing new", vezne.OrderPaid, 0, 0)
	f.Charges[0].AmountRefunded = 500
	check("a part goes back", vezne.OrderPartiallyRefunded, 500, 0, "order.refunded")
	f.Charges[0].AmountRefunded = 1999
	check("all goes back", vezne.OrderRefunded, 1999, 0, "order.refunded")
	f.Charges[0].AmountRefunded = 0
	f.StripeRefunds = []vezne.Refund{{ID: "re_1", PaymentIntent: "pi_1", Status: "failed", Amount: 1999}}
	check("the bank sends it back to us", vezne.OrderPaid, 0, 0, "order.refund_failed", "order.attention")
	f.StripeRefunds = nil
	dispute("warning_needs_response")
	check("the bank asks", vezne.OrderPaid, 0, 0, "order.attention")
	dispute("needs_response")
	check("the money is taken", vezne.OrderDisputed, 0, 1999, "order.disputed", "order.attention")
	dispute("under_review")
	check("we answered", vezne.OrderDisputed, 0, 1999)
	dispute("won")
	check("we won", vezne.OrderPaid, 0, 0, "order.dispute_closed")
	dispute("lost")
	check("we lost", vezne.OrderDisputed, 0, 1999, "order.disputed")
	if f.Order.PaidAt == nil || f.Order.AmountPaid != 1999 {
		t.Errorf("paid at %v, %d: being paid was touched", f.Order.PaidAt, f.Order.AmountPaid)
	}
}

func TestAFailedRefundStaysToldWhenOtherMoneyGoesBack(t *testing.T) {
	t.Parallel()
	f := paidBy(t)
	f.StripeRefunds = []vezne.Refund{
		{ID: "re_1", PaymentIntent: "pi_1", Status: "failed", Amount: 1999, Created: now},
		{ID: "re_2", PaymentIntent: "pi_9", Status: "succeeded", Amount: 1999, Created: now.Add(time.Hour)},
	}
	f.Order = settle(t, f).Order
	if !f.Order.Has(vezne.AttentionRefundFailed) {
		t.Errorf("a surplus that went back hides that a refund failed: %v", f.Order.Attention)
	}
	f.StripeRefunds = append(f.StripeRefunds, vezne.Refund{ID: "re_3", PaymentIntent: "pi_1", Status: "succeeded", Amount: 1999, Created: now.Add(time.Hour)})
	if m := settle(t, f); m.Order.Has(vezne.AttentionRefundFailed) {
		t.Errorf("the refund was made again, and still: %v", m.Order.Attention)
	}
}

func TestAHeldAmountIsTold(t *testing.T) {
	t.Parallel()
	f := elements()
	f.PaymentIntents[0], f.Charges = intent("pi_1", "att_1", "requires_capture"), nil
	f.PaymentIntents[0].AmountCapturable = 1999
	m := settle(t, f)
	if m.Order.Status() != vezne.OrderAuthorized || m.Order.AmountAuthorized != 1999 || actions(m)[len(actions(m))-1] != "order.authorized" {
		t.Errorf("%s, %d, %v", m.Order.Status(), m.Order.AmountAuthorized, actions(m))
	}
	f.Order = m.Order
	f.PaymentIntents[0] = intent("pi_1", "att_1", "canceled")
	m = settle(t, f)
	if m.Order.AmountAuthorized != 0 || !slices.Contains(actions(m), "order.authorization_released") {
		t.Errorf("%d, %v", m.Order.AmountAuthorized, actions(m))
	}
}

func actions(m vezne.Moves) []string {
	var list []string
	for _, e := range m.Entries {
		list = append(list, e.Action)
	}
	return list
}

func TestOurRefundsFollowStripes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(f *vezne.Facts)
		state  string
		stripe vezne.ObjectID
		action string
	}{
		{"no answer yet", func(*vezne.Facts) {}, "pending", "", ""},
		{"found by our id", func(f *vezne.Facts) {
			f.StripeRefunds = []vezne.Refund{{ID: "re_1", RefundID: "rfd_1", Status: "succeeded", PaymentIntent: "pi_1"}}
		}, "succeeded", "re_1", "refund.succeeded"},
		{"accepted, and not through yet", func(f *vezne.Facts) {
			f.StripeRefunds = []vezne.Refund{{ID: "re_1", RefundID: "rfd_1", Status: "pending", PaymentIntent: "pi_1"}}
		}, "pending", "re_1", ""},
		{"found by Stripe's id", func(f *vezne.Facts) {
			f.Refunds[0].StripeRefundID = "re_1"
			f.StripeRefunds = []vezne.Refund{{ID: "re_1", Status: "failed", PaymentIntent: "pi_1"}}
		}, "failed", "re_1", "refund.failed"},
		{"a refund of somebody else", func(f *vezne.Facts) {
			f.StripeRefunds = []vezne.Refund{{ID: "re_9", Status: "succeeded", PaymentIntent: "pi_1"}}
		}, "pending", "", ""},
		{"refused", func(f *vezne.Facts) { f.Calls = []vezne.Call{{RefundID: "rfd_1", State: vezne.CallRefused}} }, "refused", "", "refund.refused"},
		{"given up", func(f *vezne.Facts) { f.Calls = []vezne.Call{{RefundID: "rfd_1", State: vezne.CallAbandoned}} }, "refused", "", "refund.refused"},
		{"refused, but found", func(f *vezne.Facts) {
			f.Calls = []vezne.Call{{RefundID: "rfd_1", State: vezne.CallAbandoned}}
			f.StripeRefunds = []vezne.Refund{{ID: "re_1", RefundID: "rfd_1", Status: "succeeded", PaymentIntent: "pi_1"}}
		}, "succeeded", "re_1", "refund.succeeded"},
	} {
		f := paidBy(t)
		f.Refunds = []vezne.RefundRequest{{ID: "rfd_1", OrderID: "ord_1", Amount: 500, State: apply.RefundPending}}
		tt.change(&f)
		m := settle(t, f)
		got := f.Refunds[0]
		for _, r := range m.Refunds {
			got = r
		}
		if got.State != tt.state || got.StripeRefundID != tt.stripe {
			t.Errorf("%s: %s, %q; want %s, %q", tt.name, got.State, got.StripeRefundID, tt.state, tt.stripe)
		}
		if tt.action != "" && !slices.Contains(actions(m), tt.action) {
			t.Errorf("%s: lines %v, want %s", tt.name, actions(m), tt.action)
		}
	}
}

func TestACallThatIsLookedUpAsksForAttention(t *testing.T) {
	t.Parallel()
	f := open()
	f.Attempts = []vezne.Attempt{attempt("att_1", vezne.AttemptPaymentIntent, vezne.AttemptOpening)}
	f.Calls = []vezne.Call{{ID: "call_att_1", Attempt: "att_1", State: vezne.CallLooking}}
	m := settle(t, f)
	if d := cmp.Diff([]vezne.Attention{vezne.AttentionUnsure}, m.Order.Attention); d != "" {
		t.Error(d)
	}
	f.Order = m.Order
	f.Calls[0].State = vezne.CallDone
	if m = settle(t, f); len(m.Order.Attention) != 0 || !slices.Contains(actions(m), "attention.lowered") {
		t.Errorf("attention %v, lines %v", m.Order.Attention, actions(m))
	}
}

func TestBeingPaidIsToldOnceWithEverythingThatHangsOnIt(t *testing.T) {
	t.Parallel()
	cause := vezne.Cause{Actor: vezne.Actor{Kind: vezne.ActorLandingPage}, EventID: "evt_7"}
	m := apply.Order(checkout(), cause, vezne.Policy{}, now)
	if m.Paid == nil || m.Paid.Attempt.ID != "att_1" || m.Paid.PaymentIntent != "pi_1" || m.Paid.Charge == nil || m.Paid.AmountPaid != 1999 {
		t.Fatalf("%+v", m.Paid)
	}
	want := vezne.Entry{Root: vezne.Root{Kind: vezne.RootOrder, ID: "ord_1"}, At: now, Actor: cause.Actor, EventID: "evt_7", Action: "order.paid", Object: "pi_1",
		Before: map[string]any{"status": "open"}, After: map[string]any{"status": "paid", "amount_paid": int64(1999), "attempt": "att_1"}}
	i := slices.Index(actions(m), "order.paid")
	if d := cmp.Diff(want, m.Entries[max(i, 0)]); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if d := cmp.Diff([]vezne.Effect{{Key: "order.paid:ord_1", Topic: "order.paid", Root: want.Root, Revision: 2}}, m.Effects); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestWhatDidNotHappenIsPlannedAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		calls []vezne.Call
		want  string
	}{
		{"never planned", nil, "ord_1:close:pi_1:requires_payment_method"},
		{"on its way", []vezne.Call{{Key: "ord_1:close:pi_1:requires_payment_method", State: vezne.CallPending}}, ""},
		{"being looked up", []vezne.Call{{Key: "ord_1:close:pi_1:requires_payment_method", State: vezne.CallLooking}}, ""},
		{"refused", []vezne.Call{{Key: "ord_1:close:pi_1:requires_payment_method", State: vezne.CallRefused}}, ""},
		{"done", []vezne.Call{{Key: "ord_1:close:pi_1:requires_payment_method", State: vezne.CallDone}}, ""},
		{"looked up and not found", []vezne.Call{{Key: "ord_1:close:pi_1:requires_payment_method", State: vezne.CallAbandoned}}, "ord_1:close:pi_1:requires_payment_method:2"},
		{"not found, and planned again", []vezne.Call{{Key: "ord_1:close:pi_1:requires_payment_method", State: vezne.CallAbandoned}, {Key: "ord_1:close:pi_1:requires_payment_method:2", State: vezne.CallPending}}, ""},
		{"not found twice", []vezne.Call{{Key: "ord_1:close:pi_1:requires_payment_method", State: vezne.CallAbandoned}, {Key: "ord_1:close:pi_1:requires_payment_method:2", State: vezne.CallAbandoned}}, "ord_1:close:pi_1:requires_payment_method:3"},
	} {
		f := elements()
		f.PaymentIntents[0], f.Charges, f.Calls = intent("pi_1", "att_1", "requires_payment_method"), nil, tt.calls
		f.Order.CancelRequestedAt = &now
		got := ""
		for _, c := range settle(t, f).Calls {
			got += c.Key
		}
		if got != tt.want {
			t.Errorf("%s: planned %q, want %q", tt.name, got, tt.want)
		}
	}
}
