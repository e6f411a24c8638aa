package apply_test

import (
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/apply"
)

// BenchmarkOrder decides about an order that becomes paid, and about one that
// nothing new is known of.
func BenchmarkOrder(b *testing.B) {
	cause := vezne.Cause{Actor: vezne.Actor{Kind: vezne.ActorWebhook}, EventID: "evt_1"}
	unpaid := checkout()
	m := apply.Order(unpaid, cause, vezne.Policy{}, now)
	paid := unpaid
	paid.Order, paid.Attempts = m.Order, m.Attempts
	for name, f := range map[string]vezne.Facts{"becomes paid": unpaid, "nothing new": paid} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				apply.Order(f, cause, vezne.Policy{}, now)
			}
		})
	}
}
