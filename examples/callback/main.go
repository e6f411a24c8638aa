// Command callback is the other end of call-backs, in Go: it believes what is
// signed by the Standard Webhooks rules, and keeps the newest revision of each
// order. callback.mjs does the same in Node without a library.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func main() {
	h, err := newReceiver(os.Getenv("VEZNE_CALLBACK_SECRET"))
	if err == nil {
		server := &http.Server{Addr: "127.0.0.1:8081", Handler: h, ReadHeaderTimeout: 10 * time.Second}
		err = server.ListenAndServe()
	}
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// maxBody is more than any call-back has, in bytes.
const maxBody = 1 << 20

// receiver takes call-backs.
type receiver struct {
	signed *standardwebhooks.Webhook

	mu sync.Mutex
	// revisions are the newest of each order.
	revisions map[string]int64
	// paid are the orders of which it was said that they are.
	paid map[string]bool
}

func newReceiver(secret string) (*receiver, error) {
	signed, err := standardwebhooks.NewWebhook(secret)
	return &receiver{signed: signed, revisions: map[string]int64{}, paid: map[string]bool{}}, err
}

// ServeHTTP verifies a call-back before it reads a word of it.
func (rc *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil || rc.signed.Verify(body, r.Header) != nil {
		http.Error(w, "This is not signed.", http.StatusBadRequest)
		return
	}
	var event struct {
		Type     string `json:"type"`
		Revision int64  `json:"revision"`
		Data     struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &event); err != nil {
		http.Error(w, "This is no call-back.", http.StatusBadRequest)
		return
	}
	rc.take(event.Type, event.Data.ID, event.Revision)
	w.WriteHeader(http.StatusNoContent)
}

// take notes what was said. Call-backs come at least once and in any order: the
// higher revision is the newer one, and what was heard before changes nothing.
func (rc *receiver) take(what, order string, revision int64) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.revisions[order] = max(rc.revisions[order], revision)
	if what == "order.paid" {
		rc.paid[order] = true
	}
}
