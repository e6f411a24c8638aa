package bench_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// stripeSide is the sandbox beside the service.
type stripeSide struct {
	cmd                            *exec.Cmd
	url, key, publishable, account string
}

func startStripe(t *testing.T, bin string) *stripeSide {
	t.Helper()
	dir := t.TempDir()
	ready := filepath.Join(dir, "ready.json")
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	s := &stripeSide{cmd: exec.CommandContext(t.Context(), bin, "sandbox", "--addr", "127.0.0.1:0", "--ready-file", ready)}
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.stop(t) })
	var said map[string]string
	waitFor(t, ready, log.Name(), &said)
	s.url, s.key, s.publishable, s.account = said["sandbox"], said["secret_key"], said["publishable_key"], said["account"]
	return s
}

func (s *stripeSide) stop(t *testing.T) {
	t.Helper()
	if s.cmd.ProcessState != nil {
		return
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Logf("the sandbox ended: %v", err)
	}
}

// ask calls an API and reads its answer.
func ask(ctx context.Context, method, address, token, kind, content string, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(content))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", kind)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s %s", method, address, res.Status, body)
	}
	return json.Unmarshal(body, into)
}

// token makes a token of the service's API before the service starts.
func token(t *testing.T, bin, database, account string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), bin, "token", "create", "bench")
	cmd.Env = append(os.Environ(), "VEZNE_DATABASE_URL="+database, "VEZNE_ACCOUNT="+account)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("token: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// payment is an order that was paid at Stripe, of which nobody has told the
// service yet, and the events that will.
type payment struct {
	order, intent string
	events        [][]byte
}

// pay makes orders and has them paid at Stripe. No events are delivered.
func (p *running) pay(t *testing.T, key string, n int) []*payment {
	t.Helper()
	list := make([]*payment, n)
	failed := make([]error, 8)
	var all sync.WaitGroup
	for w := range failed {
		all.Go(func() {
			for i := w; i < n && failed[w] == nil; i += len(failed) {
				list[i] = &payment{}
				failed[w] = p.payOne(t.Context(), key, list[i])
			}
		})
	}
	all.Wait()
	for _, err := range failed {
		if err != nil {
			t.Fatal(err)
		}
	}
	of := map[string]*payment{}
	for _, one := range list {
		of[one.intent] = one
	}
	query := url.Values{"limit": {"100"}}
	for more := true; more; {
		var page struct {
			Data    []json.RawMessage `json:"data"`
			HasMore bool              `json:"has_more"`
		}
		if err := ask(t.Context(), http.MethodGet, p.stripe.url+"/v1/events?"+query.Encode(), p.stripe.key, "", "", &page); err != nil {
			t.Fatal(err)
		}
		for _, row := range page.Data {
			var e struct {
				ID, Type string
				Data     struct {
					Object struct {
						ID     string
						Intent string `json:"payment_intent"`
					}
				}
			}
			if err := json.Unmarshal(row, &e); err != nil {
				t.Fatal(err)
			}
			query.Set("starting_after", e.ID)
			if one := of[e.Data.Object.ID+e.Data.Object.Intent]; e.Type == "payment_intent.succeeded" && one != nil {
				one.events = append([][]byte{row}, one.events...)
			}
			if one := of[e.Data.Object.Intent]; e.Type == "charge.succeeded" && one != nil {
				one.events = append(one.events, row)
			}
		}
		more = page.HasMore
	}
	return list
}

func (p *running) payOne(ctx context.Context, key string, one *payment) error {
	var order struct{ ID string }
	if err := ask(ctx, http.MethodPost, p.base+"/v1/orders", key, "application/json", `{"currency":"usd","lines":[{"name":"Coffee","unit_amount":1999}]}`, &order); err != nil {
		return err
	}
	var intent struct {
		ID string `json:"payment_intent_id"`
	}
	if err := ask(ctx, http.MethodPost, p.base+"/v1/orders/"+order.ID+"/payment-intent", key, "application/json", `{}`, &intent); err != nil {
		return err
	}
	form := url.Values{"payment_method": {"pm_card_visa"}, "return_url": {"https://shop.example.com/"}}
	var confirmed struct{ Status string }
	err := ask(ctx, http.MethodPost, p.stripe.url+"/v1/payment_intents/"+intent.ID+"/confirm", p.stripe.key, "application/x-www-form-urlencoded", form.Encode(), &confirmed)
	if err == nil && confirmed.Status != "succeeded" {
		err = fmt.Errorf("the intent is %s", confirmed.Status)
	}
	one.order, one.intent = order.ID, intent.ID
	return err
}

// application is told of orders that are paid.
type application struct {
	*httptest.Server
	mu   sync.Mutex
	wait map[string]chan told
}

// told is what a call-back says, and when it came.
type told struct{ paidAt, at time.Time }

func newApplication(t *testing.T) *application {
	t.Helper()
	a := &application{wait: map[string]chan told{}}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var c struct {
			Type string
			Data struct {
				ID     string
				PaidAt *time.Time `json:"paid_at"`
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
			http.Error(w, "body", http.StatusBadRequest)
			return
		}
		if c.Type == "order.paid" && c.Data.PaidAt != nil {
			a.of(c.Data.ID) <- told{*c.Data.PaidAt, time.Now()}
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(a.Close)
	return a
}

// of returns where it is told of an order.
func (a *application) of(order string) chan told {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.wait[order] == nil {
		a.wait[order] = make(chan told, 8)
	}
	return a.wait[order]
}

// env are the settings by which the service calls back.
func (a *application) env() []string {
	return []string{"VEZNE_CALLBACK_URL=" + a.URL, "VEZNE_CALLBACK_SECRET=whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32))}
}

// budgets are how much may be read of Stripe.
var budgets = []struct {
	name string
	rates
}{{"Stripe's limits: 100/s, 25/s of a kind", rates{}}, {"none", rates{1_000_000, 1_000_000}}}

// patience bounds the wait for one order.
const patience = 2 * time.Minute

// paid measures how long after its acknowledgement an event has made an order
// Paid, at 8 connections: each waits for its order before it sends the next.
func paid(t *testing.T, out *bytes.Buffer, bin string, e effort) {
	t.Helper()
	fmt.Fprintf(out, "\n| database | budget of reads | orders | acknowledged to Paid, ms: median | p99 | to the call-back: median | p99 |\n|---|---|---|---|---|---|---|\n")
	eachDatabase(func(name string, url func(testing.TB) string) {
		for _, b := range budgets {
			n := e.orders
			if b.rates == (rates{}) {
				n = min(n, 100)
			}
			p, app, key := startPaying(t, bin, url(t), b.rates)
			toPaid, toCallback := p.payments(t, app, p.pay(t, key, n))
			fmt.Fprintf(out, "| %s | %s | %d | %.2f | %.2f | %.2f | %.2f |\n", name, b.name, len(toPaid), ms(quantile(toPaid, .5)), ms(quantile(toPaid, .99)),
				ms(quantile(toCallback, .5)), ms(quantile(toCallback, .99)))
			p.stop(t)
		}
	})
}

func startPaying(t *testing.T, bin, database string, r rates) (*running, *application, string) {
	t.Helper()
	app := newApplication(t)
	s := startStripe(t, bin)
	key := token(t, bin, database, s.account)
	s.stop(t)
	return start(t, bin, vezneKind, database, r, app.env()...), app, key
}

func (p *running) payments(t *testing.T, app *application, list []*payment) (toPaid, toCallback []time.Duration) {
	t.Helper()
	const senders = 8
	post := newPoster(senders)
	defer post.client.CloseIdleConnections()
	failed := make([]error, senders)
	var mu sync.Mutex
	var all sync.WaitGroup
	for w := range senders {
		all.Go(func() {
			for i := w; i < len(list) && failed[w] == nil; i += senders {
				if failed[w] = post.post(t.Context(), p.url, list[i].events[0]); failed[w] != nil {
					return
				}
				acknowledged := time.Now()
				select {
				case c := <-app.of(list[i].order):
					mu.Lock()
					toPaid = append(toPaid, max(0, c.paidAt.Sub(acknowledged)))
					toCallback = append(toCallback, max(0, c.at.Sub(acknowledged)))
					mu.Unlock()
				case <-time.After(patience):
					failed[w] = fmt.Errorf("nobody was told of order %s", list[i].order)
				}
			}
		})
	}
	all.Wait()
	for _, err := range failed {
		if err != nil {
			t.Fatal(err)
		}
	}
	return toPaid, toCallback
}

// settled measures how many events a second are settled: applied by the service,
// which reads their objects and makes orders Paid; done by the rival's jobs,
// which do no more than say so.
func settled(t *testing.T, out *bytes.Buffer, bin string, e effort) {
	t.Helper()
	fmt.Fprintf(out, "\n| database | program | events | settled/s |\n|---|---|---|---|\n")
	eachDatabase(func(name string, make func(testing.TB) string) {
		for _, b := range budgets {
			url := make(t)
			p, _, key := startPaying(t, bin, url, b.rates)
			n := e.orders
			if b.rates == (rates{}) {
				n = min(n, 100)
			}
			var events [][]byte
			for _, one := range p.pay(t, key, n) {
				events = append(events, one.events...)
			}
			p.burst(t, events)
			rate := settledRate(t, url, "vezne_events WHERE state = 'applied'", "vezne_events WHERE state = 'received'", "applied_at")
			fmt.Fprintf(out, "| %s | vezne serve, budget: %s | %d | %.0f |\n", name, b.name, len(events), rate)
			p.stop(t)
		}
		url := make(t)
		p := start(t, bin, riverKind, url, rates{})
		var events [][]byte
		for range 2 * e.orders {
			events = append(events, event(serial.Add(1)))
		}
		p.burst(t, events)
		rate := settledRate(t, url, "by_hand", "by_hand WHERE done_at IS NULL", "done_at")
		fmt.Fprintf(out, "| %s | %s | %d | %.0f |\n", name, riverKind, len(events), rate)
		p.stop(t)
	})
}

// burst sends events over 8 connections as fast as they are acknowledged.
func (p *running) burst(t *testing.T, events [][]byte) {
	t.Helper()
	const senders = 8
	post := newPoster(senders)
	defer post.client.CloseIdleConnections()
	failed := make([]error, senders)
	var all sync.WaitGroup
	for w := range senders {
		all.Go(func() {
			for i := w; i < len(events) && failed[w] == nil; i += senders {
				failed[w] = post.post(t.Context(), p.url, events[i])
			}
		})
	}
	all.Wait()
	for _, err := range failed {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// settledRate waits until nothing waits, and returns the rate from the first
// event's arrival to the last one's end.
func settledRate(t *testing.T, database, done, waiting, end string) float64 {
	t.Helper()
	db := openRival(t, database)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		var left int
		if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+waiting).Scan(&left); err != nil {
			t.Fatal(err)
		}
		if left == 0 {
			break
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%d events still wait", left)
		}
	}
	var n, took int64
	if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*), MAX("+end+") - MIN(received_at) FROM "+done).Scan(&n, &took); err != nil {
		t.Fatal(err)
	}
	return float64(n) / (float64(max(took, 1)) / 1e6)
}
