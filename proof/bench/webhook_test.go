package bench_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/webhook"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/inbox"
	"github.com/vezne/vezne/internal/server"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

const secret = "whsec_for_measuring"

// senders is how many deliveries are on their way at once.
const senders = 32

// event is an event of about 5 KB, as a checkout.session.completed is.
func event(n int64) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"id":"evt_%024d","object":"event","api_version":%q,"created":1764000000,"data":{"object":{"id":"cs_%d","object":"checkout.session","amount_total":1999,"currency":"usd","metadata":{`, n, stripe.APIVersion, n%1000)
	for i := range 40 {
		fmt.Fprintf(&b, `"key_%02d":"a value of an ordinary length, as people write them, ~80 bytes long.........",`, i)
	}
	b.WriteString(`"last":"x"},"payment_intent":"pi_1","payment_status":"paid","status":"complete"}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"checkout.session.completed"}`)
	return b.Bytes()
}

func sign(body []byte) string {
	now := time.Now()
	return fmt.Sprintf("t=%d,v1=%s", now.Unix(), hex.EncodeToString(webhook.ComputeSignature(now, body, secret)))
}

// databases are durable: every commit is on the disk when it is acknowledged.
var databases = []struct {
	name string
	url  func(testing.TB) string
}{{"sqlite", storetest.SQLite}, {"postgres", storetest.DurablePostgres}}

func newInbox(b *testing.B, url string) *inbox.Inbox {
	b.Helper()
	s := storetest.Open(b, store.Config{URL: url})
	in, err := inbox.New(inbox.Config{Store: s, Clock: vezne.SystemClock{}, Tolerance: 5 * time.Minute, Log: slog.New(slog.DiscardHandler),
		Secrets: func() []vezne.Secret { return []vezne.Secret{vezne.NewSecret(secret)} }})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := in.Close(context.Background()); err != nil {
			b.Error(err)
		}
	})
	return in
}

// deliver sends events from many senders at once and reports how many a second
// were acknowledged. Signing them is part of it.
func deliver(b *testing.B, send func(body []byte, signature string) error) {
	b.Helper()
	var n atomic.Int64
	b.SetBytes(int64(len(event(0))))
	b.SetParallelism(senders / 2) // times two cores
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			body := event(n.Add(1))
			if err := send(body, sign(body)); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkWebhook is a delivery from the signature to the commit.
func BenchmarkWebhook(b *testing.B) {
	for _, d := range databases {
		b.Run(d.name, func(b *testing.B) {
			in := newInbox(b, d.url(b))
			deliver(b, func(body []byte, signature string) error {
				_, err := in.Receive(context.Background(), body, signature)
				return err
			})
		})
	}
}

type receiver struct{ in *inbox.Inbox }

func (r receiver) Receive(ctx context.Context, body []byte, signature string) error {
	_, err := r.in.Receive(ctx, body, signature)
	return err
}

// post sends deliveries over loopback; the senders share the cores with the
// service.
func post(b *testing.B, handler http.Handler, path string) {
	srv := httptest.NewServer(handler)
	b.Cleanup(srv.Close)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders}}
	deliver(b, func(body []byte, signature string) error {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, srv.URL+path, bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Stripe-Signature", signature)
		res, err := client.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			return err
		}
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("status %d", res.StatusCode)
		}
		return nil
	})
}

// BenchmarkWebhookHTTP is the same over HTTP.
func BenchmarkWebhookHTTP(b *testing.B) {
	for _, d := range databases {
		b.Run(d.name, func(b *testing.B) {
			handler := server.New(server.Config{Inbox: receiver{newInbox(b, d.url(b))}, Ready: func(context.Context) error { return nil }, PublicURL: "https://pay.example.com",
				Clock: vezne.SystemClock{}, Log: slog.New(slog.DiscardHandler)})
			post(b, handler, "/webhooks/stripe")
		})
	}
}

// BenchmarkWebhookByHand is what one writes without a desk, for comparison on
// the same machine: stripe-go's ConstructEvent, and one INSERT for each event.
func BenchmarkWebhookByHand(b *testing.B) {
	for _, d := range databases {
		b.Run(d.name, func(b *testing.B) {
			url := d.url(b)
			db := byHand(b, url)
			post(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
				if err != nil {
					http.Error(w, "body", http.StatusBadRequest)
					return
				}
				e, err := webhook.ConstructEvent(body, r.Header.Get("Stripe-Signature"), secret)
				if err != nil {
					http.Error(w, "signature", http.StatusBadRequest)
					return
				}
				if _, err := db.ExecContext(r.Context(), "INSERT INTO by_hand (id, body) VALUES ($1, $2) ON CONFLICT DO NOTHING", e.ID, body); err != nil {
					http.Error(w, "storage", http.StatusServiceUnavailable)
					return
				}
				w.WriteHeader(http.StatusOK)
			}), "/")
		})
	}
}

func byHand(b *testing.B, url string) *sql.DB {
	b.Helper()
	driver, dsn, kind := "pgx", url, "BYTEA"
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, dsn, kind = "sqlite", "file:"+path+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)", "BLOB"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	if driver == "sqlite" {
		db.SetMaxOpenConns(1)
	} else {
		db.SetMaxOpenConns(senders)
	}
	if _, err := db.ExecContext(context.Background(), "CREATE TABLE by_hand (id TEXT NOT NULL PRIMARY KEY, body "+kind+" NOT NULL)"); err != nil {
		b.Fatal(err)
	}
	return db
}

// BenchmarkConstructEvent is stripe-go's way to verify and read an event; the
// inbox's is BenchmarkVerifyAndScan in its package.
func BenchmarkConstructEvent(b *testing.B) {
	body := event(1)
	header := sign(body)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := webhook.ConstructEvent(body, header, secret); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeToMap is encoding/json alone, for scale.
func BenchmarkDecodeToMap(b *testing.B) {
	body := event(1)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var m map[string]any
		if err := json.Unmarshal(body, &m); err != nil {
			b.Fatal(err)
		}
	}
}
