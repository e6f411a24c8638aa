package veznetest

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/vezne/vezne"
)

// Callback is a call-back that the application got, with a valid signature.
type Callback struct {
	// ID is the same for every delivery of one effect.
	ID        string
	Type      string
	Timestamp time.Time
	Revision  int64
	Order     vezne.OrderJSON
	Header    http.Header
	Body      []byte
}

// application is the other end of call-backs.
type application struct {
	mu     sync.Mutex
	status int
	got    []Callback
	forged int
}

// ServeHTTP takes a call-back.
func (a *application) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "The body ended early.", http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	c, err := read(r.Header, body)
	if err != nil {
		a.forged++
		http.Error(w, "This is not signed.", http.StatusBadRequest)
		return
	}
	a.got = append(a.got, c)
	w.WriteHeader(max(a.status, http.StatusOK))
}

func read(header http.Header, body []byte) (Callback, error) {
	wh, err := standardwebhooks.NewWebhook(Secret)
	if err != nil {
		return Callback{}, err
	}
	if err := wh.Verify(body, header); err != nil {
		return Callback{}, err
	}
	c := Callback{ID: header.Get(standardwebhooks.HeaderWebhookID), Header: header.Clone(), Body: body}
	return c, json.Unmarshal(body, &struct {
		Type      *string          `json:"type"`
		Timestamp *time.Time       `json:"timestamp"`
		Revision  *int64           `json:"revision"`
		Data      *vezne.OrderJSON `json:"data"`
	}{&c.Type, &c.Timestamp, &c.Revision, &c.Order})
}

// Callbacks returns what the application got so far, in the order of arrival;
// what was refused and sent again is there twice.
func (h *House) Callbacks() []Callback {
	h.app.mu.Lock()
	defer h.app.mu.Unlock()
	return slices.Clone(h.app.got)
}

// AnswerCallbacks makes the application answer with a status from now on.
func (h *House) AnswerCallbacks(status int) {
	h.app.mu.Lock()
	defer h.app.mu.Unlock()
	h.app.status = status
}
