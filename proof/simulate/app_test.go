package simulate_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/vezne/vezne"
)

// callbackSecret signs call-backs.
const callbackSecret = "whsec_dmV6bmV0ZXN0LXNpZ25zLWNhbGwtYmFja3Mtd2l0aA=="

// app is the application beside the desk: its hooks, the other end of
// call-backs, and whoever reads what the desk says to the outside.
type app struct {
	world *world
	log   watched

	mu sync.Mutex
	// refuses are until when the hook and the receiver of call-backs refuse.
	hookRefuses, refuses time.Time
	tried                int
	// heard is the newest that call-backs said of an order, by revision.
	heard map[vezne.OrderID]vezne.OrderJSON
	// effects counts deliveries by effect; paid counts effects of being paid.
	effects map[string]int
	paidBy  map[vezne.OrderID]map[string]bool
	after_  map[vezne.OrderID]int
}

func newApp(w *world) *app {
	a := &app{world: w, heard: map[vezne.OrderID]vezne.OrderJSON{}, effects: map[string]int{}, paidBy: map[vezne.OrderID]map[string]bool{}, after_: map[vezne.OrderID]int{}}
	a.log.app = a
	return a
}

// paid is the hook inside of the transaction: the honest witness, which sends
// the goods once for each time that it is asked and the transaction happens.
func (a *app) paid(ctx context.Context, tx *sql.Tx, o vezne.OrderView) error {
	if _, err := tx.ExecContext(ctx, "INSERT INTO ships (order_id) VALUES ($1)", string(o.ID)); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.world.over && time.Now().Before(a.hookRefuses) {
		if a.tried++; a.tried%3 == 0 {
			panic("the application's hook fails")
		}
		return errors.New("not now")
	}
	return nil
}

func (a *app) after(_ context.Context, o vezne.OrderView) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.world.over && time.Now().Before(a.refuses) {
		return errors.New("not now")
	}
	if !a.world.weather.clear && a.world.weather.rng.IntN(20) == 0 {
		return errors.New("not this time")
	}
	a.after_[o.ID]++
	return nil
}

// road carries call-backs of a life to the application.
func (a *app) road(l *life) http.RoundTripper { return appRoad{a, l} }

type appRoad struct {
	app  *app
	life *life
}

// RoundTrip carries a call-back.
func (r appRoad) RoundTrip(req *http.Request) (*http.Response, error) {
	w := r.app.world
	body, err := readAll(req)
	if err != nil {
		return nil, err
	}
	w.sched.step(req.Context(), "call-back")
	if err := r.life.take(false); err != nil {
		return nil, err
	}
	status := r.app.hear(req.Header, body)
	lost := !w.weather.clear && w.weather.rng.IntN(50) == 0
	w.sched.step(req.Context(), "answer to call-back")
	if err := r.life.take(false); err != nil {
		return nil, err
	}
	if lost {
		return nil, syscall.ECONNRESET
	}
	return &http.Response{StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(nil))}, nil
}

func (a *app) hear(header http.Header, body []byte) int {
	w := a.world
	a.mu.Lock()
	defer a.mu.Unlock()
	if !w.over && time.Now().Before(a.refuses) {
		return http.StatusInternalServerError
	}
	if !w.weather.clear && w.weather.rng.IntN(15) == 0 {
		return pickOne(w.weather.rng, http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusNotFound, http.StatusFound)
	}
	wh, err := standardwebhooks.NewWebhook(callbackSecret)
	if err != nil {
		w.violate("%v", err)
		return http.StatusInternalServerError
	}
	// The bubble's clock is the one that signs: call-backs say when they were sent.
	if err := wh.VerifyIgnoringTimestamp(body, header); err != nil {
		w.violate("a call-back is not signed: %v", err)
		return http.StatusBadRequest
	}
	var c struct {
		Type     string          `json:"type"`
		Revision int64           `json:"revision"`
		Data     vezne.OrderJSON `json:"data"`
	}
	if err := json.Unmarshal(body, &c); err != nil {
		w.violate("a call-back cannot be read: %v", err)
		return http.StatusBadRequest
	}
	id := header.Get(standardwebhooks.HeaderWebhookID)
	a.effects[id]++
	if c.Type == "order.paid" {
		if a.paidBy[c.Data.ID] == nil {
			a.paidBy[c.Data.ID] = map[string]bool{}
		}
		a.paidBy[c.Data.ID][id] = true
		if len(a.paidBy[c.Data.ID]) > 1 && !w.restored {
			w.violate("the application was told of the payment of %s by two effects", c.Data.ID)
		}
	}
	if known, ok := a.heard[c.Data.ID]; !ok || known.Revision < c.Data.Revision {
		a.heard[c.Data.ID] = c.Data
	}
	return http.StatusOK
}

// watched is a log that nobody may write a key or a card number to.
type watched struct {
	app *app
	mu  sync.Mutex
	all bytes.Buffer
}

// Write takes a line.
func (l *watched) Write(p []byte) (int, error) {
	l.app.read(p, "the log")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all.Write(p)
	if w := l.app.world; w.verbose {
		w.note("log: %s", strings.TrimSpace(string(p)))
	}
	return len(p), nil
}

// forbidden is what must never be said to the outside.
var forbidden = regexp.MustCompile(`sk_test_[0-9a-zA-Z]|rk_test_[0-9a-zA-Z]|whsec_[0-9a-zA-Z]|4242424242424242`)

// read looks at what the desk said.
func (a *app) read(said []byte, where string) {
	if !bytes.Contains(said, []byte("_test_")) && !bytes.Contains(said, []byte("whsec_")) && !bytes.Contains(said, []byte("42424242")) {
		return
	}
	if found := forbidden.Find(said); found != nil {
		a.world.violate("%s says %q…", where, found[:8])
	}
}
