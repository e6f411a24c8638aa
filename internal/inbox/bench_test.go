package inbox

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v85/webhook"

	"github.com/vezne/vezne"
)

// BenchmarkVerifyAndScan is all that is done to an event before it is stored,
// on bodies of 1, 5 and 50 KB with type at the end, as Stripe sends them.
func BenchmarkVerifyAndScan(b *testing.B) {
	for _, pairs := range []int{10, 55, 600} {
		body := []byte(`{"id":"evt_1","object":"event","api_version":"2026-01-28.clover","created":1764000000,"data":{"object":{"id":"cs_1","object":"checkout.session","metadata":{` +
			strings.Repeat(`"key":"a value of an ordinary length, as people write them, ~80 bytes long.........",`, pairs) + `"last":"x"}}},"livemode":false,"type":"checkout.session.completed"}`)
		now := time.Now()
		header := fmt.Sprintf("t=%d,v1=%s", now.Unix(), hex.EncodeToString(webhook.ComputeSignature(now, body, fuzzSecret)))
		secrets := []vezne.Secret{vezne.NewSecret(fuzzSecret)}
		b.Run(fmt.Sprint(len(body)), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if err := verify(body, header, secrets, now, time.Minute); err != nil {
					b.Fatal(err)
				}
				if _, err := scan(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
