package engine_test

import (
	"testing"

	"github.com/vezne/vezne/internal/store/storetest"
	"github.com/vezne/vezne/veznetest"
)

// BenchmarkOrderPaid makes orders and pays them on the server, one after the
// other: two writes of ours and one request to the sandbox each, with a
// call-back that is queued in the paying transaction and, when started,
// delivered beside.
func BenchmarkOrderPaid(b *testing.B) {
	for name, open := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.DurablePostgres} {
		for work, with := range map[string][]veznetest.Option{"alone": nil, "beside the queue": {veznetest.Started()}} {
			b.Run(name+"/"+work, func(b *testing.B) {
				h := veznetest.New(b, append(with, veznetest.WithDatabase(open(b)))...)
				for b.Loop() {
					h.Pay(h.NewOrder(1999, "try").ID, "pm_card_visa")
				}
			})
		}
	}
}
