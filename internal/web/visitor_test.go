package web_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/web"
)

// memory keeps sessions and submissions.
type memory struct {
	mu          sync.Mutex
	sessions    map[string][]byte
	submissions map[string]*web.Submission
	broken      error
}

func newMemory() *memory {
	return &memory{sessions: map[string][]byte{}, submissions: map[string]*web.Submission{}}
}

func (m *memory) Find(_ context.Context, token string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.sessions[token]
	return b, ok, m.broken
}

func (m *memory) Commit(_ context.Context, token string, data []byte, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sessions[token] = data
	return m.broken
}

func (m *memory) Delete(_ context.Context, token string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sessions, token)
	return m.broken
}

func (m *memory) Begin(_ context.Context, form, key string) (web.Submission, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.submissions[form+" "+key]; ok {
		return *s, nil
	}
	m.submissions[form+" "+key] = &web.Submission{State: web.SubmissionInFlight}
	return web.Submission{State: web.SubmissionNew}, nil
}

func (m *memory) Finish(_ context.Context, form, key string, _ int64, location string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	*m.submissions[form+" "+key] = web.Submission{State: web.SubmissionDone, Location: location}
	return nil
}

func (m *memory) Abandon(_ context.Context, form, key string, _ int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.submissions, form+" "+key)
	return nil
}

// operators knows one person and one link.
type operators struct{ used bool }

func (o *operators) Login(_ context.Context, name, password string) (string, error) {
	if name == "ayşe" && password == "doğru parola" {
		return name, nil
	}
	return "", vezne.E(vezne.CodeTokenInvalid, "fake", "")
}

func (o *operators) Redeem(_ context.Context, token string) (string, error) {
	if token != "link" || o.used {
		return "", vezne.E(vezne.CodeTokenInvalid, "fake", "")
	}
	o.used = true
	return "ayşe", nil
}

// bench is a running site with a visitor who keeps cookies and follows no
// redirect.
type bench struct {
	t      *testing.T
	desk   *fakeDesk
	memory *memory
	clock  *clock
	url    string
	client *http.Client
	// header is sent along with every request.
	header http.Header
}

func newBench(t *testing.T, change ...func(*web.Config)) *bench {
	t.Helper()
	b := &bench{t: t, desk: newFakeDesk(), memory: newMemory(), clock: &clock{now: noon}, header: http.Header{}}
	cfg := web.Config{
		Desk: b.desk, Operators: &operators{}, Sessions: b.memory, Submissions: b.memory, PublishableKey: "pk_test_1", StripeJS: "http://127.0.0.1:12111/endive/stripe.js",
		PublicURL: "http://shop.test", Seller: vezne.Seller{Name: "Köşe dükkânı"}, Shop: true, Clock: b.clock, Log: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&cfg)
	}
	h, err := web.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b.url = server.URL
	b.client = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return b
}

// reply is an answer with its body read.
type reply struct {
	*http.Response
	body string
}

func (b *bench) send(method, path string, form url.Values, header ...string) reply {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	for name, values := range b.header {
		r.Header[name] = values
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return reply{resp, string(read)}
}

func (b *bench) get(path string, header ...string) reply {
	b.t.Helper()
	return b.send(http.MethodGet, path, nil, header...)
}

func (b *bench) post(path string, form url.Values, header ...string) reply {
	b.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	return b.send(http.MethodPost, path, form, header...)
}

// signIn signs the visitor in to the dashboard.
func (b *bench) signIn() {
	b.t.Helper()
	b.post("/admin/sign-in", url.Values{"name": {"ayşe"}, "password": {"doğru parola"}}).leadsTo(b.t, "/admin")
}

func (r reply) is(t *testing.T, status int) reply {
	t.Helper()
	if r.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d\n%s", r.Request.Method, r.Request.URL, r.StatusCode, status, r.body)
	}
	return r
}

func (r reply) leadsTo(t *testing.T, location string) reply {
	t.Helper()
	r.is(t, http.StatusSeeOther)
	if got := r.Header.Get("Location"); got != location {
		t.Fatalf("%s %s leads to %q, want %q", r.Request.Method, r.Request.URL, got, location)
	}
	return r
}

func (r reply) says(t *testing.T, parts ...string) reply {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(r.body, p) {
			t.Errorf("%s %s does not say %q:\n%s", r.Request.Method, r.Request.URL, p, r.body)
		}
	}
	return r
}

func (r reply) saysNot(t *testing.T, parts ...string) reply {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(r.body, p) {
			t.Errorf("%s %s says %q:\n%s", r.Request.Method, r.Request.URL, p, r.body)
		}
	}
	return r
}
