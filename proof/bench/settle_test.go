package bench_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

var cause = vezne.Cause{Actor: vezne.Actor{Kind: vezne.ActorWebhook}, EventID: "evt_1"}

// BenchmarkSettlePayment is the one transaction that makes an order Paid: the
// answer of a read merged, the order, its audit lines, its invoice and its
// call-back written, committed to the disk. Orders and attempts are made before.
func BenchmarkSettlePayment(b *testing.B) {
	for _, d := range databases {
		for _, parallel := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/c=%d", d.name, parallel), func(b *testing.B) {
				ctx := context.Background()
				s := storetest.Open(b, store.Config{URL: d.url(b)})
				settler := settle.New(settle.Config{Store: s, PublicURL: "https://pay.example.com", HasCallback: true, Log: slog.New(slog.DiscardHandler)})
				for i := range b.N {
					prepare(b, s, settler, i)
				}
				var n atomic.Int64
				pay := func() {
					i := n.Add(1) - 1
					begin, err := s.NextNumber(ctx)
					if err == nil {
						_, err = settler.Answer(ctx, settle.Answer{Begin: begin, Cause: cause, Body: intent(int(i))})
					}
					if err != nil {
						b.Error(err)
					}
				}
				b.ResetTimer()
				if parallel == 1 {
					for range b.N {
						pay()
					}
				} else {
					b.SetParallelism(parallel / 2)
					b.RunParallel(func(pb *testing.PB) {
						for pb.Next() {
							pay()
						}
					})
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "payments/s")
			})
		}
	}
}

func intent(i int) []byte {
	return fmt.Appendf(nil, `{"id":"pi_%d","object":"payment_intent","status":"succeeded","amount":1999,"amount_received":1999,"currency":"usd","created":1764000000,
		"latest_charge":{"id":"ch_%d","object":"charge","payment_intent":"pi_%d","status":"succeeded","amount":1999,"amount_captured":1999,"captured":true,"currency":"usd",
		"payment_method_details":{"card":{"brand":"visa","last4":"4242"}}},"metadata":{"vezne_order":"ord_%d","vezne_attempt":"att_%d"}}`, i, i, i, i, i)
}

func prepare(b *testing.B, s *store.Store, settler *settle.Settler, i int) {
	b.Helper()
	ctx := context.Background()
	id := vezne.OrderID(fmt.Sprint("ord_", i))
	err := s.InTx(ctx, func(tx *store.Tx) error {
		if _, err := tx.InsertOrder(ctx, vezne.Order{ID: id, Currency: "usd", AmountTotal: 1999, CustomerName: "Ada", Lines: []vezne.OrderLine{{Name: "Tea", UnitAmount: 1999, Quantity: 1, Amount: 1999}}}); err != nil {
			return err
		}
		return tx.InsertAttempt(ctx, vezne.Attempt{ID: vezne.AttemptID(fmt.Sprint("att_", i)), OrderID: id, Number: 1, Kind: vezne.AttemptPaymentIntent, State: vezne.AttemptOpening,
			Expected: 1999, Currency: "usd", CreatedAt: tx.Now()})
	})
	if err != nil {
		b.Fatal(err)
	}
}
