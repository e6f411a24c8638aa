package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

func TestAnOrderIsReadBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		o := insertOrder(t, s, func(o *vezne.Order) {
			o.CustomerName, o.Locale, o.CustomerID, o.CustomerReference = "Çağrı Öğüş", "tr", "cst_1", "user-7"
			o.Lines = append(o.Lines, vezne.OrderLine{Name: "Kahve ☕", PriceID: "price_1", UnitAmount: 5, Quantity: 2, Amount: 10})
		})
		in(t, s, func(tx *store.Tx) error {
			got, err := tx.LockOrder(ctx, o.ID)
			if err != nil {
				return err
			}
			at := tx.Now()
			got.PaidAt, got.PaidBy, got.AmountPaid, got.AmountRefunded, got.AmountDisputed = &at, "att_1", 2009, 3, 4
			got.Attention = []vezne.Attention{vezne.AttentionDisputed}
			o = got
			o.UpdatedAt = at
			return tx.SaveOrder(ctx, got)
		})
		got := must[vezne.Order](t)(s.Order(ctx, o.ID))
		if d := cmp.Diff(o, got); d != "" {
			t.Errorf("-written +read:\n%s", d)
		}
	})
}

func TestFactsAreWrittenOnce(t *testing.T) {
	t.Parallel()
	day := func(n int) *time.Time {
		at := time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC)
		return &at
	}
	paid := func(o *vezne.Order) { o.PaidAt, o.PaidBy, o.AmountPaid = day(1), "att_1", 1999 }
	canceled := func(o *vezne.Order) { o.CancelRequestedAt, o.CanceledAt = day(1), day(2) }
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		for _, tt := range []struct {
			name          string
			first, second func(o *vezne.Order)
			want          vezne.Code
		}{
			{"the same again is no change", paid, paid, ""},
			{"sums may change after it", paid, func(o *vezne.Order) { paid(o); o.AmountRefunded = 100 }, ""},
			{"paid_at cannot move", paid, func(o *vezne.Order) { paid(o); o.PaidAt = day(2) }, vezne.CodeCorrupt},
			{"paid_at cannot be unwritten", paid, func(o *vezne.Order) { o.PaidAt = nil }, vezne.CodeCorrupt},
			{"who paid cannot change", paid, func(o *vezne.Order) { paid(o); o.PaidBy = "att_2" }, vezne.CodeCorrupt},
			{"canceled_at cannot move", canceled, func(o *vezne.Order) { canceled(o); o.CanceledAt = day(3) }, vezne.CodeCorrupt},
			{"canceled_at cannot be unwritten", canceled, func(o *vezne.Order) { canceled(o); o.CanceledAt = nil }, vezne.CodeCorrupt},
			{"the wish to cancel cannot be unwritten", canceled, func(o *vezne.Order) { canceled(o); o.CancelRequestedAt = nil }, vezne.CodeCorrupt},
			{"a canceled order cannot become paid", canceled, func(o *vezne.Order) { canceled(o); paid(o) }, vezne.CodeInternal},
			{"a paid order cannot become canceled", paid, func(o *vezne.Order) { paid(o); o.CanceledAt = day(2) }, vezne.CodeInternal},
			{"a negative sum", paid, func(o *vezne.Order) { paid(o); o.AmountRefunded = -1 }, vezne.CodeInternal},
		} {
			o := insertOrder(t, s, nil)
			save := func(edit func(o *vezne.Order)) error {
				return s.InTx(ctx, func(tx *store.Tx) error {
					o, err := tx.LockOrder(ctx, o.ID)
					if err != nil {
						return err
					}
					edit(&o)
					return tx.SaveOrder(ctx, o)
				})
			}
			wantCode(t, tt.name+": the first write", save(tt.first), "")
			kept := must[vezne.Order](t)(s.Order(ctx, o.ID))
			wantCode(t, tt.name, save(tt.second), tt.want)
			if tt.want == "" {
				continue
			}
			if d := cmp.Diff(kept, must[vezne.Order](t)(s.Order(ctx, o.ID))); d != "" {
				t.Errorf("%s: the refused write left something (-before +after):\n%s", tt.name, d)
			}
		}
	})
}

func TestAnOrderIsSavedOnlyAtTheRevisionThatWasLocked(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		o := insertOrder(t, s, nil)
		err := s.InTx(ctx, func(tx *store.Tx) error {
			if _, err := tx.LockOrder(ctx, o.ID); err != nil {
				return err
			}
			// o was read before the lock: saving it would lose what came between.
			return tx.SaveOrder(ctx, o)
		})
		wantCode(t, "a stale order", err, vezne.CodeCorrupt)
	})
}

func TestTheLockOfAnOrderSerialisesEverythingOfIt(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		o := insertOrder(t, s, nil)
		const n = 12
		var group sync.WaitGroup
		for range n {
			group.Go(func() {
				err := s.InTx(ctx, func(tx *store.Tx) error {
					o, err := tx.LockOrder(ctx, o.ID)
					if err != nil {
						return err
					}
					o.AmountRefunded++
					return tx.SaveOrder(ctx, o)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		got := must[vezne.Order](t)(s.Order(ctx, o.ID))
		if got.AmountRefunded != n || got.Revision != 1+n {
			t.Errorf("counted to %d in revision %d, want %d in %d: an update was lost", got.AmountRefunded, got.Revision, n, 1+n)
		}
	})
}

func TestOrderNumbersAreNotGivenTwice(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		var mu sync.Mutex
		var numbers []int64
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				o := insertOrder(t, s, nil)
				mu.Lock()
				defer mu.Unlock()
				numbers = append(numbers, o.Number)
			})
		}
		group.Wait()
		slices.Sort(numbers)
		if len(slices.Compact(numbers)) != 10 || numbers[0] != 1001 {
			t.Errorf("numbers %v, want ten different ones from 1001", numbers)
		}
	})
}

func TestOrdersAreFoundByWhatPeopleType(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		irmak := insertOrder(t, s, func(o *vezne.Order) {
			o.CustomerName, o.CustomerEmail, o.CustomerReference = "IRMAK İNCİ", "irmak@example.com", "user-1"
		})
		cagri := insertOrder(t, s, func(o *vezne.Order) {
			o.CustomerName, o.CustomerEmail = "Çağrı Öğüş", "CAGRI@Example.COM"
		})
		percent := insertOrder(t, s, func(o *vezne.Order) {
			o.CustomerName, o.CustomerEmail = `100%_off\`, "deal@example.com"
		})
		guest := insertOrder(t, s, func(o *vezne.Order) { o.CustomerName, o.CustomerEmail = "", "" })
		for _, tt := range []struct {
			query string
			want  []vezne.Order
		}{
			{"", []vezne.Order{guest, percent, cagri, irmak}},
			{"  ", []vezne.Order{guest, percent, cagri, irmak}},
			{string(cagri.ID), []vezne.Order{cagri}},
			{fmt.Sprint(irmak.Number), []vezne.Order{irmak}},
			{fmt.Sprintf("#%d", irmak.Number), []vezne.Order{irmak}},
			{"ırmak", []vezne.Order{irmak}},
			{"irmak", []vezne.Order{irmak}},
			{"Irmak", []vezne.Order{irmak}},
			{"İRMAK", []vezne.Order{irmak}},
			{"inci", []vezne.Order{irmak}},
			{"ınci", []vezne.Order{irmak}},
			{"i\u0307nci", []vezne.Order{irmak}}, // İ as some programs write it small
			{"ÖĞÜŞ", []vezne.Order{cagri}},
			{"öğüş", []vezne.Order{cagri}},
			{"ÇAĞRI", []vezne.Order{cagri}},
			{"çağrı", []vezne.Order{cagri}},
			{"cagri@example.com", []vezne.Order{cagri}},
			{"example.com", []vezne.Order{percent, cagri, irmak}},
			{"user-1", []vezne.Order{irmak}},
			{"%", []vezne.Order{percent}},
			{"_off", []vezne.Order{percent}},
			{`off\`, []vezne.Order{percent}},
			{"nobody", nil},
		} {
			got, err := s.Orders(ctx, store.OrderFilter{Query: tt.query})
			if err != nil {
				t.Fatalf("%q: %v", tt.query, err)
			}
			if d := cmp.Diff(orderIDs(tt.want), orderIDs(got)); d != "" {
				t.Errorf("%q (-want +got):\n%s", tt.query, d)
			}
		}
	})
}

func orderIDs(list []vezne.Order) []vezne.OrderID {
	out := []vezne.OrderID{}
	for _, o := range list {
		out = append(out, o.ID)
	}
	return out
}

func TestOrdersAreFilteredAndPaged(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		clock := storetest.NewClock()
		s := open(store.Config{Clock: clock})
		var list []vezne.Order
		for i := range 5 {
			list = append(list, insertOrder(t, s, func(o *vezne.Order) { o.CustomerReference = fmt.Sprint("user-", i%2) }))
			clock.Advance(time.Hour)
		}
		in(t, s, func(tx *store.Tx) error {
			o, err := tx.LockOrder(ctx, list[1].ID)
			if err != nil {
				return err
			}
			o.CancelRequestedAt, o.CanceledAt, o.Attention = new(tx.Now()), new(tx.Now()), []vezne.Attention{vezne.AttentionSurplus}
			if err := tx.SaveOrder(ctx, o); err != nil {
				return err
			}
			a := attempt(t, list[2], 1, vezne.AttemptActive)
			a.PaymentIntentID = "pi_2"
			return tx.InsertAttempt(ctx, a)
		})
		for _, tt := range []struct {
			name   string
			filter store.OrderFilter
			want   []int
		}{
			{"all, newest first", store.OrderFilter{}, []int{4, 3, 2, 1, 0}},
			{"by one status", store.OrderFilter{Statuses: []vezne.OrderStatus{vezne.OrderCanceled}}, []int{1}},
			{"by two statuses", store.OrderFilter{Statuses: []vezne.OrderStatus{vezne.OrderCanceled, vezne.OrderOpen}}, []int{4, 3, 2, 1, 0}},
			{"a status of which there is none", store.OrderFilter{Statuses: []vezne.OrderStatus{vezne.OrderPaid}}, nil},
			{"by customer", store.OrderFilter{CustomerReference: "user-1"}, []int{3, 1}},
			{"by intent", store.OrderFilter{PaymentIntentID: "pi_2"}, []int{2}},
			{"those that need a person", store.OrderFilter{OnlyAttention: true}, []int{1}},
			{"from an instant, inclusive", store.OrderFilter{CreatedAfter: list[3].CreatedAt}, []int{4, 3}},
			{"up to an instant, exclusive", store.OrderFilter{CreatedBefore: list[2].CreatedAt}, []int{1, 0}},
			{"the first page", store.OrderFilter{Limit: 2}, []int{4, 3}},
			{"the next page", store.OrderFilter{Limit: 2, After: list[3].ID}, []int{2, 1}},
			{"the last page", store.OrderFilter{Limit: 2, After: list[1].ID}, []int{0}},
			{"after the last", store.OrderFilter{After: list[0].ID}, nil},
		} {
			var want []vezne.Order
			for _, i := range tt.want {
				want = append(want, list[i])
			}
			got := must[[]vezne.Order](t)(s.Orders(ctx, tt.filter))
			if d := cmp.Diff(orderIDs(want), orderIDs(got)); d != "" {
				t.Errorf("%s (-want +got):\n%s", tt.name, d)
			}
		}
		counts := must[map[vezne.OrderStatus]int64](t)(s.OrderCounts(ctx))
		if d := cmp.Diff(map[vezne.OrderStatus]int64{vezne.OrderOpen: 4, vezne.OrderCanceled: 1}, counts); d != "" {
			t.Errorf("counts (-want +got):\n%s", d)
		}
	})
}

func TestPagesShowEveryOrderOnceWhileNewOnesAreMade(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		var want []vezne.OrderID
		for range 7 {
			want = append(want, insertOrder(t, s, nil).ID)
		}
		slices.Reverse(want)
		var got []vezne.OrderID
		after := vezne.OrderID("")
		for {
			page := must[[]vezne.Order](t)(s.Orders(ctx, store.OrderFilter{Limit: 2, After: after}))
			if len(page) == 0 {
				break
			}
			got, after = append(got, orderIDs(page)...), page[len(page)-1].ID
			insertOrder(t, s, nil)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
	})
}

func TestOrdersOfAnotherModeDoNotExist(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		o := insertOrder(t, s, nil)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		live := storetest.Scope
		live.Livemode = true
		other := open(store.Config{Scope: live})
		_, err := other.Order(ctx, o.ID)
		wantCode(t, "read by the other mode", err, vezne.CodeNotFound)
		err = other.InTx(ctx, func(tx *store.Tx) error { _, err := tx.LockOrder(ctx, o.ID); return err })
		wantCode(t, "locked by the other mode", err, vezne.CodeNotFound)
		if list := must[[]vezne.Order](t)(other.Orders(ctx, store.OrderFilter{})); len(list) != 0 {
			t.Errorf("the other mode lists %d orders", len(list))
		}
	})
}

func TestAnOrderHasOneOpenAttempt(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		o := insertOrder(t, s, nil)
		const callers = 8
		results := make(chan error, callers)
		for i := range callers {
			go func() {
				results <- s.InTx(ctx, func(tx *store.Tx) error {
					return tx.InsertAttempt(ctx, attempt(t, o, i+1, []vezne.AttemptState{vezne.AttemptOpening, vezne.AttemptActive}[i%2]))
				})
			}()
		}
		made := 0
		for range callers {
			if err := <-results; err == nil {
				made++
			} else {
				wantCode(t, "the others", err, vezne.CodeAttemptOpen)
			}
		}
		list := must[[]vezne.Attempt](t)(s.Attempts(ctx, o.ID))
		if made != 1 || len(list) != 1 {
			t.Fatalf("%d callers opened an attempt, %d are kept; want 1", made, len(list))
		}
		in(t, s, func(tx *store.Tx) error {
			a := list[0]
			a.State, a.ClosedAt, a.PaymentIntentID, a.SessionID = vezne.AttemptUnpaid, new(tx.Now()), "pi_9", "cs_9"
			return tx.SaveAttempt(ctx, a)
		})
		in(t, s, func(tx *store.Tx) error { return tx.InsertAttempt(ctx, attempt(t, o, 20, vezne.AttemptOpening)) })
		for _, object := range []vezne.ObjectID{"pi_9", "cs_9"} {
			if a := must[vezne.Attempt](t)(s.AttemptByObject(ctx, object)); a.ID != list[0].ID {
				t.Errorf("%s belongs to %s, want %s", object, a.ID, list[0].ID)
			}
		}
		_, err := s.AttemptByObject(ctx, "pi_none")
		wantCode(t, "an object of no attempt", err, vezne.CodeNotFound)
		_, err = s.AttemptByObject(ctx, "")
		wantCode(t, "no object", err, vezne.CodeNotFound)
	})
}

func TestRefundRequestsAndInvoicesAreKept(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		clock := storetest.NewClock()
		s := open(store.Config{Clock: clock})
		o := insertOrder(t, s, nil)
		r := vezne.RefundRequest{ID: id[vezne.RefundID](t, vezne.RefundPrefix), OrderID: o.ID, Amount: 500, Reason: "duplicate", State: "pending",
			Actor: vezne.Actor{Kind: vezne.ActorOperator, Name: "ada"}, CreatedAt: clock.Now()}
		in(t, s, func(tx *store.Tx) error { return tx.InsertRefundRequest(ctx, r) })
		r.State, r.StripeRefundID = "succeeded", "re_1"
		in(t, s, func(tx *store.Tx) error { return tx.SaveRefundRequest(ctx, r) })
		if d := cmp.Diff([]vezne.RefundRequest{r}, must[[]vezne.RefundRequest](t)(s.RefundRequests(ctx, o.ID))); d != "" {
			t.Errorf("refunds (-want +got):\n%s", d)
		}
		wantCode(t, "a refund that is not there", s.InTx(ctx, func(tx *store.Tx) error { return tx.SaveRefundRequest(ctx, vezne.RefundRequest{ID: "rfd_none"}) }), vezne.CodeNotFound)

		_, err := s.Invoice(ctx, o.ID)
		wantCode(t, "the invoice of an unpaid order", err, vezne.CodeNotFound)
		inv := vezne.Invoice{ID: id[vezne.InvoiceID](t, vezne.InvoicePrefix), OrderID: o.ID, Series: "2026", Seq: 1, Number: "VZ-2026-000001", Currency: "try",
			Lines: o.Lines, AmountTotal: 1999, AmountPaid: 1999, CustomerName: "Çağrı", IssuedAt: clock.Now()}
		in(t, s, func(tx *store.Tx) error { return tx.InsertInvoice(ctx, inv) })
		if d := cmp.Diff(inv, must[vezne.Invoice](t)(s.Invoice(ctx, o.ID))); d != "" {
			t.Errorf("invoice (-want +got):\n%s", d)
		}
		second := inv
		second.ID = id[vezne.InvoiceID](t, vezne.InvoicePrefix)
		second.Seq = 2
		if err := s.InTx(ctx, func(tx *store.Tx) error { return tx.InsertInvoice(ctx, second) }); err == nil {
			t.Error("an order got a second invoice")
		}
		second.OrderID, second.Seq = insertOrder(t, s, nil).ID, 1
		if err := s.InTx(ctx, func(tx *store.Tx) error { return tx.InsertInvoice(ctx, second) }); err == nil {
			t.Error("a number was given to a second invoice")
		}
	})
}

func TestInvoiceNumbersHaveNoGapAfterARollback(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		var mu sync.Mutex
		var drawn []int64
		var group sync.WaitGroup
		for i := range 24 {
			group.Go(func() {
				var n int64
				err := s.InTx(ctx, func(tx *store.Tx) error {
					var err error
					if n, err = tx.NextInvoiceSeq(ctx, "2026"); err != nil {
						return err
					}
					if i%3 == 0 {
						return errRollback
					}
					return nil
				})
				switch {
				case i%3 == 0:
					if err == nil {
						t.Error("the rollback was lost")
					}
				case err != nil:
					t.Error(err)
				default:
					mu.Lock()
					defer mu.Unlock()
					drawn = append(drawn, n)
				}
			})
		}
		group.Wait()
		slices.Sort(drawn)
		for i, n := range drawn {
			if n != int64(i+1) {
				t.Fatalf("numbers %v, want 1 to %d without a gap", drawn, len(drawn))
			}
		}
		in(t, s, func(tx *store.Tx) error {
			if n := must[int64](t)(tx.NextInvoiceSeq(ctx, "2027")); n != 1 {
				t.Errorf("another series begins with %d, want 1", n)
			}
			return nil
		})
	})
}
