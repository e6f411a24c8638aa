package races

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/server"
	"github.com/vezne/vezne/sandbox"
)

// endless is a body that never ends; it counts what was taken of it.
type endless struct{ taken int64 }

// Read gives blanks.
func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.taken += int64(len(p))
	return len(p), nil
}

// post sends a body to the webhook route over a socket. length is what it says
// of its length, -1 for nothing.
func (h *house) post(base string, body io.Reader, length int64, headers ...string) int {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, base+"/webhooks/stripe", body)
	h.must(err)
	req.ContentLength = length
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		// The service answered and hung up while the rest was still on its way.
		return 0
	}
	h.must(res.Body.Close())
	return res.StatusCode
}

func TestG64GiantBodies(t *testing.T) {
	each(t, func(h *house) {
		srv := httptest.NewServer(h.Handler())
		defer srv.Close()
		const most = 1 << 20
		// What says that it is too long is refused before it is read.
		for _, length := range []int64{most + 1, 10 << 20, 2 << 30} {
			body := &endless{}
			if status := h.post(srv.URL, io.LimitReader(body, length), length); status != http.StatusRequestEntityTooLarge && status != 0 {
				h.t.Errorf("a body of %d bytes: %d, want 413", length, status)
			}
			// Sockets on the way hold some; nothing like the body is taken.
			if body.taken > 16<<20 {
				h.t.Errorf("%d bytes of a body of %d were taken", body.taken, length)
			}
		}
		body := &endless{}
		if status := h.post(srv.URL, body, -1); status != http.StatusRequestEntityTooLarge && status != 0 {
			h.t.Errorf("a body without end: %d, want 413", status)
		}
		if body.taken > 16<<20 {
			h.t.Errorf("%d bytes of a body without end were taken", body.taken)
		}
		// The largest that is taken is judged by its signature.
		if status := h.post(srv.URL, io.LimitReader(&endless{}, most), most); status != http.StatusBadRequest {
			h.t.Errorf("a body of 1 MiB: %d, want 400", status)
		}
		// A bomb is not opened.
		var bomb bytes.Buffer
		z := gzip.NewWriter(&bomb)
		_, err := io.Copy(z, io.LimitReader(&endless{}, 64<<20))
		h.must(errors.Join(err, z.Close()))
		if status := h.post(srv.URL, &bomb, int64(bomb.Len()), "Content-Encoding", "gzip"); status != http.StatusUnsupportedMediaType {
			h.t.Errorf("a compressed body: %d, want 415", status)
		}
		// Others are served all the while.
		id, event := h.paidEvent()
		if status := h.deliver(sandbox.Forgery{Event: event}); status != http.StatusOK {
			h.t.Errorf("an event of the usual size: %d", status)
		}
		h.Idle()
		h.WantStatus(id, vezne.OrderPaid)
	})
}

// pipes is a listener without a network, so that time in it can be moved.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

// Accept returns the next connection.
func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (p pipes) Close() error { close(p.done); return nil }

// Addr is nobody's.
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// dial connects.
func (p pipes) dial() net.Conn {
	near, far := net.Pipe()
	p.conns <- far
	return near
}

// taker keeps every event.
type taker struct{}

// Receive takes an event as it is.
func (taker) Receive(context.Context, []byte, string) error { return nil }

// A body that comes slowly knows nothing of the database: the time in which it
// must be there is the same on both.
func TestG64SlowBodies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pipes{make(chan net.Conn), make(chan struct{})}
		srv := &http.Server{
			Handler:           server.New(server.Config{Inbox: taker{}, Clock: vezne.SystemClock{}, Log: slog.New(slog.DiscardHandler)}),
			ReadHeaderTimeout: 10 * time.Second,
		}
		ended := make(chan error, 1)
		go func() { ended <- srv.Serve(p) }()
		const head = "POST /webhooks/stripe HTTP/1.1\r\nHost: desk.test\r\nContent-Type: application/json\r\n"

		begun := time.Now()
		slow := p.dial()
		cut := make(chan time.Duration, 1)
		go func() {
			if _, err := io.WriteString(slow, head+"Content-Length: 1000\r\n\r\n"); err != nil {
				t.Error(err)
			}
			for {
				if _, err := io.WriteString(slow, " "); err != nil {
					cut <- time.Since(begun)
					return
				}
				time.Sleep(time.Second)
			}
		}()
		answered := make(chan string, 1)
		go func() {
			line, err := bufio.NewReader(slow).ReadString('\n')
			if err != nil {
				line = err.Error()
			}
			answered <- line
			_, _ = io.Copy(io.Discard, slow)
		}()

		// Meanwhile others are answered at once.
		quick := p.dial()
		if _, err := io.WriteString(quick, head+"Content-Length: 2\r\nConnection: close\r\n\r\n{}"); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(quick).ReadString('\n')
		if err != nil || !strings.Contains(line, "200") || time.Since(begun) > time.Second {
			t.Errorf("another request: %q, %v, after %v", line, err, time.Since(begun))
		}
		if line := <-answered; !strings.Contains(line, "400") {
			t.Errorf("the slow request: %q, want 400", line)
		}
		if after := <-cut; after > 20*time.Second {
			t.Errorf("the slow connection was cut after %v", after)
		}
		if err := errors.Join(quick.Close(), slow.Close(), srv.Close()); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

func TestG65WrongMethodMediaTypeAndPath(t *testing.T) {
	each(t, func(h *house) {
		id, event := h.paidEvent()
		for _, tc := range []struct {
			method, path, media string
			want                int
		}{
			{http.MethodGet, "/webhooks/stripe", "", http.StatusMethodNotAllowed}, {http.MethodPut, "/webhooks/stripe", "application/json", http.StatusMethodNotAllowed},
			{http.MethodHead, "/webhooks/stripe", "", http.StatusMethodNotAllowed}, {http.MethodDelete, "/webhooks/stripe", "", http.StatusMethodNotAllowed},
			{http.MethodPost, "/webhooks/stripe", "text/plain", http.StatusUnsupportedMediaType}, {http.MethodPost, "/webhooks/stripe", "application/x-www-form-urlencoded", http.StatusUnsupportedMediaType},
			{http.MethodPost, "/webhooks/stripe", "", http.StatusUnsupportedMediaType}, {http.MethodPost, "/webhooks/stripe", "application/json; charset=utf-8", http.StatusBadRequest},
			{http.MethodPost, "/webhooks/stripe/", "application/json", http.StatusNotFound}, {http.MethodPost, "//webhooks/stripe", "application/json", http.StatusNotFound},
			{http.MethodPost, "/webhooks", "application/json", http.StatusNotFound},
		} {
			status, header, body := h.visit(tc.method, tc.path, "{}", "Content-Type", tc.media)
			if status != tc.want || header.Get("Location") != "" {
				h.t.Errorf("%s %s as %q: %d to %q, want %d", tc.method, tc.path, tc.media, status, header.Get("Location"), tc.want)
			}
			if status == http.StatusMethodNotAllowed && header.Get("Allow") != http.MethodPost {
				h.t.Errorf("Allow is %q", header.Get("Allow"))
			}
			if status/100 == 4 && len(body) > 100 && tc.path == "/webhooks/stripe" {
				h.t.Errorf("%s %s says more than it must: %s", tc.method, tc.path, body)
			}
		}
		// What guards forms against other sites does not stand in Stripe's way.
		sent, err := h.Stripe.Forge(h.t.Context(), sandbox.Forgery{Event: event})
		h.must(err)
		status, _, _ := h.visit(http.MethodPost, "/webhooks/stripe", string(event), "Content-Type", "application/json", "Stripe-Signature", sent.Signature,
			"Origin", "https://elsewhere.example", "Sec-Fetch-Site", "cross-site")
		if status != http.StatusOK {
			h.t.Errorf("an event from another origin: %d", status)
		}
		h.Idle()
		h.WantStatus(id, vezne.OrderPaid)
	})
}
