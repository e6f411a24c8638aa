package outbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/outbox"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

const (
	secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	older  = "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY="
)

// receiver is the application at the other end.
type receiver struct {
	mu     sync.Mutex
	bodies [][]byte
	heads  []http.Header
	answer func(r *http.Request) (*http.Response, error)
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.bodies, r.heads = append(r.bodies, body), append(r.heads, req.Header.Clone())
	answer := r.answer
	r.mu.Unlock()
	if answer == nil {
		return status(http.StatusNoContent), nil
	}
	return answer(req)
}

func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.bodies)
}

func status(code int) *http.Response {
	return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("so it is"))}
}

type bench struct {
	store *store.Store
	clock *storetest.Clock
	box   *outbox.Outbox
	app   *receiver
	log   *bytes.Buffer
	hook  func(ctx context.Context, o vezne.OrderView) error
}

func newBench(t *testing.T, s *store.Store, clock *storetest.Clock, change func(*outbox.Config)) *bench {
	t.Helper()
	b := &bench{store: s, clock: clock, app: &receiver{}, log: &bytes.Buffer{}}
	cfg := outbox.Config{
		Store: s, CallbackURL: "https://shop.example/vezne", Transport: b.app, Clock: vezne.SystemClock{}, Log: slog.New(slog.NewTextHandler(b.log, nil)),
		Secrets: func() []vezne.Secret { return []vezne.Secret{vezne.NewSecret(secret)} },
		Hook:    func() func(context.Context, vezne.OrderView) error { return b.hook },
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if b.box, err = outbox.New(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.box.Close)
	return b
}

func view(t *testing.T) vezne.OrderView {
	t.Helper()
	at := time.Date(2026, 1, 15, 12, 0, 0, 123456000, time.UTC)
	return vezne.OrderView{
		Order: vezne.Order{
			ID: "ord_1", Number: 7, Currency: "try", AmountTotal: 1999, AmountPaid: 1999, PaidAt: &at, CreatedAt: at, Revision: 4, Attention: []vezne.Attention{},
			Lines: []vezne.OrderLine{{Name: "Çay", UnitAmount: 1999, Quantity: 1, Amount: 1999}}, Metadata: map[string]string{"cart": "9"},
			CustomerReference: "user-1", CustomerEmail: "ayse@example.com", CustomerName: "Ayşe",
		},
		InvoiceNumber: "VZ-2026-000001", PayURL: "https://shop.example/pay/ord_1",
	}
}

func (b *bench) insert(t *testing.T, kind vezne.EffectKind) vezne.Effect {
	t.Helper()
	payload, err := json.Marshal(view(t))
	if err != nil {
		t.Fatal(err)
	}
	var out []vezne.Effect
	err = b.store.InTx(t.Context(), func(tx *store.Tx) error {
		var err error
		out, err = tx.InsertEffects(t.Context(), []vezne.Effect{{
			Key: string(kind) + ":order.paid:ord_1", Kind: kind, Topic: "order.paid", Root: vezne.Root{Kind: vezne.RootOrder, ID: "ord_1"}, Revision: 4, Payload: payload,
		}})
		return err
	})
	if err != nil || len(out) != 1 {
		t.Fatalf("insert: %v, %v", out, err)
	}
	return out[0]
}

// each runs a test with an outbox on both databases.
func each(t *testing.T, change func(*outbox.Config), run func(t *testing.T, b *bench)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, open func(store.Config) *store.Store) {
		clock := storetest.NewClock()
		run(t, newBench(t, open(store.Config{Clock: clock}), clock, change))
	})
}

func TestACallbackIsSignedByTheStandardWebhooksRules(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, b *bench) {
		e := b.insert(t, vezne.EffectCallback)
		out, err := b.box.Deliver(t.Context(), e.ID)
		if err != nil || !out.Sent {
			t.Fatalf("Deliver = %+v, %v", out, err)
		}
		body, head := b.app.bodies[0], b.app.heads[0]
		wh, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := wh.Verify(body, head); err != nil {
			t.Errorf("the signature is refused: %v", err)
		}
		if err := wh.Verify(append(body[:len(body):len(body)], ' '), head); err == nil {
			t.Error("a changed body is accepted")
		}
		if got := head.Get("webhook-id"); got != e.ID {
			t.Errorf("webhook-id = %q, want the effect's id %q", got, e.ID)
		}
		var got struct {
			Type      string          `json:"type"`
			Timestamp time.Time       `json:"timestamp"`
			Revision  int64           `json:"revision"`
			Data      vezne.OrderJSON `json:"data"`
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		if got.Type != "order.paid" || got.Revision != 4 || !got.Timestamp.Equal(e.CreatedAt) || got.Data.ID != "ord_1" || got.Data.AmountPaid != 1999 {
			t.Errorf("envelope = %s", body)
		}
		// Delivered once is delivered.
		if out, err := b.box.Deliver(t.Context(), e.ID); err != nil || !out.Sent || b.app.count() != 1 {
			t.Errorf("again: %+v, %v, %d requests", out, err, b.app.count())
		}
	})
}

func TestWhileASecretIsRolledBothSign(t *testing.T) {
	t.Parallel()
	both := func(c *outbox.Config) {
		c.Secrets = func() []vezne.Secret { return []vezne.Secret{vezne.NewSecret(secret), vezne.NewSecret(older)} }
	}
	each(t, both, func(t *testing.T, b *bench) {
		e := b.insert(t, vezne.EffectCallback)
		if out, err := b.box.Deliver(t.Context(), e.ID); err != nil || !out.Sent {
			t.Fatalf("Deliver = %+v, %v", out, err)
		}
		for _, s := range []string{secret, older} {
			wh, err := standardwebhooks.NewWebhook(s)
			if err != nil {
				t.Fatal(err)
			}
			if err := wh.Verify(b.app.bodies[0], b.app.heads[0]); err != nil {
				t.Errorf("a receiver with one of the secrets refuses: %v", err)
			}
		}
	})
}

func TestWhatIsNotAcceptedIsTriedAgainAfterGrowingPauses(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, b *bench) {
		e := b.insert(t, vezne.EffectCallback)
		b.app.answer = func(*http.Request) (*http.Response, error) { return status(http.StatusInternalServerError), nil }
		var last time.Duration
		for try := 1; try <= 12; try++ {
			out, err := b.box.Deliver(t.Context(), e.ID)
			if err != nil || out.Sent || out.Failure == nil {
				t.Fatalf("try %d: %+v, %v", try, out, err)
			}
			if out.Again < last || (try < 8 && out.Again == last) {
				t.Errorf("try %d: pause %s after %s", try, out.Again, last)
			}
			last = out.Again
			// Before its time it is left alone, whoever asks.
			b.clock.Advance(out.Again - time.Second)
			early, err := b.box.Deliver(t.Context(), e.ID)
			if err != nil || early.Sent || early.Again != time.Second || early.Failure != nil || b.app.count() != try {
				t.Fatalf("try %d, early: %+v, %v, %d requests", try, early, err, b.app.count())
			}
			b.clock.Advance(time.Second)
		}
		kept, err := b.store.Effect(t.Context(), e.ID)
		if err != nil || kept.Tries != 12 || !strings.Contains(kept.LastError, "500") {
			t.Errorf("row: %+v, %v", kept, err)
		}
		b.app.answer = nil
		if out, err := b.box.Deliver(t.Context(), e.ID); err != nil || !out.Sent {
			t.Fatalf("Deliver = %+v, %v", out, err)
		}
		// Every try sent the same bytes.
		for i, body := range b.app.bodies {
			if !bytes.Equal(body, b.app.bodies[0]) {
				t.Errorf("try %d sent other bytes", i+1)
			}
		}
	})
}

func TestOnly2xxIsAccepted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer func(*http.Request) (*http.Response, error)
		want   string
	}{
		{"a redirect", func(*http.Request) (*http.Response, error) {
			r := status(http.StatusTemporaryRedirect)
			r.Header.Set("Location", "https://elsewhere.example/")
			return r, nil
		}, "307; redirects are not followed"},
		{"a refusal", func(*http.Request) (*http.Response, error) { return status(http.StatusUnauthorized), nil }, "401"},
		{"no connection", func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }, "connection refused"},
		{"an answer that breaks off", func(*http.Request) (*http.Response, error) {
			r := status(http.StatusOK)
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader("half"), broken{}))
			return r, nil
		}, "broke off"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			each(t, nil, func(t *testing.T, b *bench) {
				e := b.insert(t, vezne.EffectCallback)
				b.app.answer = tt.answer
				out, err := b.box.Deliver(t.Context(), e.ID)
				if err != nil || out.Sent || out.Failure == nil || !strings.Contains(out.Failure.Error(), tt.want) {
					t.Fatalf("Deliver = %+v, %v; want %q", out, err, tt.want)
				}
				if b.app.count() != 1 {
					t.Errorf("%d requests, want 1", b.app.count())
				}
				if strings.Contains(out.Failure.Error(), "so it is") {
					t.Error("the failure repeats what the receiver said")
				}
			})
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("reset") }

func TestAnEndlessAnswerIsNotReadToItsEnd(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, b *bench) {
		e := b.insert(t, vezne.EffectCallback)
		endless := &counted{}
		b.app.answer = func(*http.Request) (*http.Response, error) {
			r := status(http.StatusOK)
			r.Body = io.NopCloser(endless)
			return r, nil
		}
		if out, err := b.box.Deliver(t.Context(), e.ID); err != nil || !out.Sent {
			t.Fatalf("Deliver = %+v, %v", out, err)
		}
		if endless.n > 1<<20 {
			t.Errorf("%d bytes were read", endless.n)
		}
	})
}

type counted struct{ n int }

func (c *counted) Read(p []byte) (int, error) { c.n += len(p); return len(p), nil }

func TestAReceiverMayAskToBeLeftAlone(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, b *bench) {
		e := b.insert(t, vezne.EffectCallback)
		b.app.answer = func(*http.Request) (*http.Response, error) {
			r := status(http.StatusServiceUnavailable)
			r.Header.Set("Retry-After", "600")
			return r, nil
		}
		out, err := b.box.Deliver(t.Context(), e.ID)
		if err != nil || out.Again != 10*time.Minute {
			t.Fatalf("Deliver = %+v, %v; want a pause of 10 minutes", out, err)
		}
	})
}

func TestSeveralWhoDeliverAtOnceSendOnce(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, b *bench) {
		e := b.insert(t, vezne.EffectCallback)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if out, err := b.box.Deliver(t.Context(), e.ID); err != nil || !out.Sent {
					t.Errorf("Deliver = %+v, %v", out, err)
				}
			})
		}
		wg.Wait()
		if b.app.count() != 1 {
			t.Errorf("%d requests, want 1", b.app.count())
		}
	})
}

func TestTheHookGetsTheOrderAsItWasAtTheCommit(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, b *bench) {
		e := b.insert(t, vezne.EffectHook)
		var got vezne.OrderView
		b.hook = func(_ context.Context, o vezne.OrderView) error { got = o; return nil }
		if out, err := b.box.Deliver(t.Context(), e.ID); err != nil || !out.Sent {
			t.Fatalf("Deliver = %+v, %v", out, err)
		}
		want, err := json.Marshal(view(t))
		if err != nil {
			t.Fatal(err)
		}
		have, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, have) {
			t.Errorf("the hook got %s, want %s", have, want)
		}
	})
}

func TestAHookThatFailsOrPanicsIsCalledAgain(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, b *bench) {
		e := b.insert(t, vezne.EffectHook)
		calls := 0
		b.hook = func(context.Context, vezne.OrderView) error {
			calls++
			switch calls {
			case 1:
				return errors.New("the printer is out of paper")
			case 2:
				panic("no printer")
			}
			return nil
		}
		for _, want := range []string{"out of paper", "panicked: no printer"} {
			out, err := b.box.Deliver(t.Context(), e.ID)
			if err != nil || out.Sent || !strings.Contains(out.Failure.Error(), want) {
				t.Fatalf("Deliver = %+v, %v; want %q", out, err, want)
			}
			b.clock.Advance(out.Again)
		}
		if out, err := b.box.Deliver(t.Context(), e.ID); err != nil || !out.Sent || calls != 3 {
			t.Fatalf("Deliver = %+v, %v after %d calls", out, err, calls)
		}
	})
}

func TestLogsTellNoSecret(t *testing.T) {
	t.Parallel()
	address := func(c *outbox.Config) {
		c.CallbackURL = "https://user:correct-horse@shop.example/vezne?key=battery-staple"
	}
	each(t, address, func(t *testing.T, b *bench) {
		e := b.insert(t, vezne.EffectCallback)
		b.app.answer = func(*http.Request) (*http.Response, error) { return nil, errors.New("no route") }
		if _, err := b.box.Deliver(t.Context(), e.ID); err != nil {
			t.Fatal(err)
		}
		kept, err := b.store.Effect(t.Context(), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, hidden := range []string{"correct-horse", "battery-staple", strings.TrimPrefix(secret, "whsec_")} {
			if strings.Contains(b.log.String()+kept.LastError, hidden) {
				t.Errorf("%q is in the log or in the row", hidden)
			}
		}
		if !strings.Contains(b.log.String(), "no route") {
			t.Errorf("the log does not say why: %s", b.log)
		}
	})
}

func TestSettingsOfCallbacksAreChecked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, url, secret, want string }{
		{"no URL", "shop.example", secret, "not a URL"},
		{"another scheme", "ftp://shop.example/", secret, "not a URL"},
		{"no secret", "https://shop.example/", "", "no secret"},
		{"no prefix", "https://shop.example/", strings.TrimPrefix(secret, "whsec_"), "not whsec_"},
		{"too short", "https://shop.example/", "whsec_c2hvcnQ=", "24 to 64 bytes"},
		{"no base64", "https://shop.example/", "whsec_%%%%", "base64"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := outbox.New(outbox.Config{CallbackURL: tt.url, Secrets: func() []vezne.Secret {
				if tt.secret == "" {
					return nil
				}
				return []vezne.Secret{vezne.NewSecret(tt.secret)}
			}})
			e, ok := errors.AsType[*vezne.Error](err)
			if !ok || e.Code != vezne.CodeConfigInvalid || !strings.Contains(e.Message, tt.want) || e.Hint == "" {
				t.Errorf("error = %v, want %q and a hint", err, tt.want)
			}
			if tt.secret != "" && strings.Contains(e.Error()+e.Hint, tt.secret) {
				t.Error("the error repeats the secret")
			}
		})
	}
}
