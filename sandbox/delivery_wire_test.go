package sandbox_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vezne/vezne/sandbox"
)

// scripted is an endpoint that answers with the bytes of a script and then does as its name says.
type scripted struct {
	url      string
	arrived  atomic.Int64
	accepted atomic.Int64
}

// newScripted starts an endpoint. answer gives the bytes for a request; hangUp ends the connection after each of them.
func newScripted(t *testing.T, answer string, hangUp bool) *scripted {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s := &scripted{url: "http://" + l.Addr().String() + "/hook"}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			s.accepted.Add(1)
			go s.serve(conn, answer, hangUp)
		}
	}()
	return s
}

func (s *scripted) serve(conn net.Conn, answer string, hangUp bool) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		s.arrived.Add(1)
		if _, err := io.WriteString(conn, answer); err != nil || hangUp {
			return
		}
	}
}

func TestAnswersOfAnyFormAreRead(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer string
		hangUp bool
		status int
		body   string
		err    string
	}{
		"a length":                 {answer: "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\ndone", status: 200, body: "done"},
		"no reason":                {answer: "HTTP/1.1 200\r\ncontent-length: 4\r\n\r\ndone", status: 200, body: "done"},
		"an empty body":            {answer: "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", status: 202},
		"lines without a return":   {answer: "HTTP/1.1 200 OK\nContent-Length: 4\n\ndone", status: 200, body: "done"},
		"chunks":                   {answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ndo\r\n2\r\nne\r\n0\r\n\r\n", status: 200, body: "done"},
		"the end of a connection":  {answer: "HTTP/1.1 200 OK\r\n\r\ndone", hangUp: true, status: 200, body: "done"},
		"HTTP/1.0":                 {answer: "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\ndone", hangUp: true, status: 200, body: "done"},
		"a connection that closes": {answer: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\ndone", hangUp: true, status: 200, body: "done"},
		"100 Continue before":      {answer: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone", status: 200, body: "done"},
		"204":                      {answer: "HTTP/1.1 204 No Content\r\n\r\n", status: 204},
		"a redirect":               {answer: "HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", status: 307},
		"a long head":              {answer: "HTTP/1.1 200 OK\r\nX-Long: " + strings.Repeat("x", 9000) + "\r\nContent-Length: 4\r\n\r\ndone", status: 200, body: "done"},
		"more than was announced":  {answer: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone and more", status: 200, body: "done"},
		"a long body":              {answer: "HTTP/1.1 500 Oh\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("y", 100000), status: 500, body: strings.Repeat("y", 4096)},
		"nothing":                  {answer: "", hangUp: true, err: "EOF"},
		"no HTTP":                  {answer: "220 mail.example ESMTP\r\n\r\n", hangUp: true, err: "malformed"},
		"two lengths":              {answer: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\ndone!", hangUp: true, err: "Content-Length"},
		"a length that is none":    {answer: "HTTP/1.1 200 OK\r\nContent-Length: four\r\n\r\ndone", hangUp: true, err: "Content-Length"},
		"half a head":              {answer: "HTTP/1.1 200 OK\r\nContent-Le", hangUp: true, err: "malformed MIME header"},
		"half a body":              {answer: "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\ndone", hangUp: true, err: "the answer's body: unexpected EOF"},
		"only informational ones":  {answer: strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 9), hangUp: true, err: "too many informational answers"},
		"another protocol":         {answer: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: raw\r\nConnection: Upgrade\r\n\r\n", hangUp: true, status: 101},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.must("POST", "/_sandbox/settings", `{"delivery_timeout_ms": 60000, "delivery_retries": []}`)
			s := newScripted(t, tc.answer, tc.hangUp)
			check1(b.account.AddEndpoint(s.url))(t)
			b.customer()
			b.idle()
			d := check1(b.account.Deliveries(sandbox.DeliveryFilter{}))(t)[0]
			if len(d.Attempts) != 1 || s.arrived.Load() != 1 {
				t.Fatalf("%d attempts, %d arrived: want one each", len(d.Attempts), s.arrived.Load())
			}
			a := d.Attempts[0]
			if a.Status != tc.status || a.Body != tc.body || !strings.Contains(a.Error, tc.err) || (tc.err == "") != (a.Error == "") {
				t.Errorf("the attempt: %d %.80q %q", a.Status, a.Body, a.Error)
			}
		})
	}
}

// An endpoint may close a connection that it said nothing of. The next delivery finds it closed and takes another.
func TestAnEndpointThatHangsUpGetsEveryEventOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := newScripted(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true)
	check1(b.account.AddEndpoint(s.url))(t)
	const n = 20
	for range n {
		b.customer()
	}
	b.idle()
	for _, d := range check1(b.account.Deliveries(sandbox.DeliveryFilter{}))(t) {
		if d.Status != "succeeded" || len(d.Attempts) != 1 {
			t.Errorf("a delivery: %+v", d)
		}
	}
	if arrived := s.arrived.Load(); arrived != n || s.accepted.Load() < n {
		t.Errorf("%d arrived over %d connections, want %d over as many", arrived, s.accepted.Load(), n)
	}
}

func TestDeliveriesFollowTheEndpointsAddress(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first, second := newReceiver(t), newReceiver(t)
	e := b.endpoint(first)
	b.customer()
	b.idle()
	b.must("POST", "/v1/webhook_endpoints/"+e.ID, "url="+second.url+"/later?x=a%2520b")
	b.customer()
	b.idle()
	if len(first.all()) != 1 || len(second.all()) != 1 {
		t.Errorf("%d went to the first address, %d to the second: want one each", len(first.all()), len(second.all()))
	}
}
