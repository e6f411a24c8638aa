package sandbox

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// plainCalls are requests that a lane answers by itself.
var plainCalls = []string{
	"GET /v1/customers?limit=1 HTTP/1.1\r\nHost: localhost:12111\r\nAuthorization: Bearer sk_test_lane\r\n\r\n",
	"GET /v1/customers?email=a%40b.example&limit=1 HTTP/1.1\r\nhost: [::1]:1\r\nauthorization: Bearer sk_test_lane\r\nConnection: Keep-Alive\r\nAccept: a\r\naccept: b\r\n\r\n",
	"POST /v1/customers HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\nAuthorization:Bearer sk_test_lane\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nname=Al",
	"DELETE /v1/customers/cus_none HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_lane\r\nX-Empty:\r\nX-Name: caf\xc3\xa9\r\n\r\n",
	"POST /v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_lane\r\nIdempotency-Key: k-1\r\nStripe-Version: 2026-08-26.dahlia\r\n\r\n",
	"GET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n",
}

// otherCalls are requests that it leaves to net/http.
var otherCalls = []string{
	"GET /pages/home.js HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /_sandbox/health HTTP/1.1\r\nHost: x\r\n\r\n",
	"HEAD /v1/customers HTTP/1.1\r\nHost: x\r\n\r\n",
	"OPTIONS /v1/customers HTTP/1.1\r\nHost: x\r\nOrigin: https://shop.example\r\n\r\n",
	"GET /v1/customers HTTP/1.0\r\nHost: x\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer sk_test_lane\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nX-A: \x01\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nX-A: a\r\n b\r\n\r\n",
	"GET /v1/customers HTTP/1.1\nHost: x\n\n",
	"GET /v1/customers/%zz HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	"POST /v1/customers HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
	"POST /v1/customers HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
	"POST /v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_lane\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nname=Al\r\n0\r\n\r\n",
	"POST /v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_lane\r\nExpect: 100-continue\r\nContent-Length: 7\r\n\r\nname=Al",
	"POST /v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_lane\r\nContent-Length: 70000\r\n\r\n" + strings.Repeat("name=Al&", 8750),
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("a", laneRoom) + "\r\n\r\n",
}

// laneServer is a sandbox on a socket, with the lane, and an equal one with net/http alone.
func laneServer(t *testing.T) (withLane, without string, sb *Sandbox) {
	t.Helper()
	options := Options{Seed: 7, Clock: func() time.Time { return time.Unix(1_800_000_000, 0) }}
	sb = newTest(t, options)
	s, err := sb.Listen(t.Context(), Listen{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	plain := &http.Server{Handler: newTest(t, options), ReadHeaderTimeout: headerTimeout}
	served := make(chan error, 2)
	go func() { served <- s.Serve() }()
	go func() { served <- plain.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if err := errors.Join(s.Shutdown(ctx), plain.Shutdown(ctx)); err != nil {
			t.Errorf("the end: %v", err)
		}
		for range 2 {
			if err := <-served; err != nil && !errors.Is(err, http.ErrServerClosed) {
				t.Errorf("serving: %v", err)
			}
		}
	})
	return strings.TrimPrefix(s.URL, "http://"), l.Addr().String(), sb
}

func dialTest(t *testing.T, addr string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

// answerText is an answer without its date and without how its length was said.
func answerText(t *testing.T, in *bufio.Reader, method string) string {
	t.Helper()
	answer, err := http.ReadResponse(in, &http.Request{Method: method})
	if err != nil {
		return "no answer"
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Errorf("the body: %v", err)
	}
	for _, name := range []string{"Date", "Content-Length"} {
		answer.Header.Del(name)
	}
	var head bytes.Buffer
	if err := answer.Header.Write(&head); err != nil {
		t.Fatal(err)
	}
	return answer.Status + "\n" + head.String() + string(body)
}

func TestTheLaneAnswersAsNetHTTP(t *testing.T) {
	t.Parallel()
	withLane, without, _ := laneServer(t)
	for _, text := range slices.Concat(plainCalls, otherCalls) {
		method, _, _ := strings.Cut(text, " ")
		var got [2]string
		for i, addr := range []string{withLane, without} {
			conn, in := dialTest(t, addr)
			if _, err := io.WriteString(conn, text); err != nil {
				t.Fatal(err)
			}
			if got[i] = answerText(t, in, method); strings.Contains(text, "100-continue") {
				got[i] += answerText(t, in, method)
			}
		}
		if diff := cmp.Diff(got[1], got[0]); diff != "" {
			t.Errorf("%.200q: net/http alone (-), with the lane (+):\n%s", text, diff)
		}
	}
}

func TestWhatTheLaneTakes(t *testing.T) {
	t.Parallel()
	for _, text := range plainCalls {
		var h laneHead
		if head := []byte(text)[:headEnd([]byte(text))]; !h.read(head) {
			t.Errorf("it leaves %q", text)
		}
	}
	for _, text := range otherCalls {
		var h laneHead
		if length := headEnd([]byte(text)); length <= laneRoom && h.read([]byte(text)[:length]) && h.length <= laneBody {
			t.Errorf("it takes %.200q", text)
		}
	}
}

// One connection carries calls of all kinds, in pieces of any size, many at once.
func TestALaneCarriesCallsOneAfterTheOther(t *testing.T) {
	t.Parallel()
	withLane, without, _ := laneServer(t)
	form := "name=" + strings.Repeat("A", 300) + "&description=" + strings.Repeat("B", 5000)
	var all strings.Builder
	var methods []string
	for _, text := range slices.Concat(plainCalls, []string{
		"POST /v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_lane\r\nContent-Length: 5318\r\n\r\n" + form,
		plainCalls[0], otherCalls[1], plainCalls[0],
	}) {
		all.WriteString(text)
		method, _, _ := strings.Cut(text, " ")
		methods = append(methods, method)
	}
	for _, piece := range []int{1, 7, 100, 4096, all.Len()} {
		var got [2][]string
		for i, addr := range []string{withLane, without} {
			conn, in := dialTest(t, addr)
			go func() {
				for text := all.String(); text != ""; {
					n := min(piece, len(text))
					if _, err := io.WriteString(conn, text[:n]); err != nil {
						return // the reader sees it
					}
					text = text[n:]
				}
			}()
			for _, method := range methods {
				got[i] = append(got[i], answerText(t, in, method))
			}
		}
		for i := range methods {
			if diff := cmp.Diff(got[1][i], got[0][i]); diff != "" {
				t.Errorf("pieces of %d, call %d: net/http alone (-), with the lane (+):\n%s", piece, i, diff)
			}
		}
	}
}

// A planted reset is a reset on a connection of the lane and on one that went over to net/http.
func TestResetOnALane(t *testing.T) {
	t.Parallel()
	withLane, _, sb := laneServer(t)
	for _, first := range []string{plainCalls[0], otherCalls[1]} {
		if _, err := sb.Account("sk_test_lane").AddFault(Fault{Effect: effectReset, Path: "/v1/customers"}); err != nil {
			t.Fatal(err)
		}
		conn, in := dialTest(t, withLane)
		if first == otherCalls[1] {
			if _, err := io.WriteString(conn, first); err != nil {
				t.Fatal(err)
			}
			answerText(t, in, http.MethodGet)
		}
		if _, err := io.WriteString(conn, plainCalls[0]); err != nil {
			t.Fatal(err)
		}
		if _, err := in.ReadByte(); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("after %.20q: %v", first, err)
		}
	}
}

// A client that leaves ends a call that looks after it, and so does the end of the server.
func TestAClientLeavesALane(t *testing.T) {
	t.Parallel()
	base, end := context.WithCancel(t.Context())
	defer end()
	arrived, over := make(chan struct{}), make(chan error)
	l := newLane(base, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := r.Context().Err(); err != nil {
			t.Errorf("before anybody left: %v", err)
		}
		arrived <- struct{}{}
		<-r.Context().Done()
		over <- r.Context().Err()
	}), slog.New(slog.DiscardHandler))
	under, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := l.listen(under)
	accepted := make(chan error, 1)
	go func() {
		_, err := listener.Accept()
		accepted <- err
	}()
	for _, leave := range []func(net.Conn){func(conn net.Conn) { conn.Close() }, func(net.Conn) { end() }} {
		conn, in := dialTest(t, under.Addr().String())
		if _, err := io.WriteString(conn, plainCalls[0]); err != nil {
			t.Fatal(err)
		}
		<-arrived
		leave(conn)
		if err := <-over; !errors.Is(err, context.Canceled) {
			t.Errorf("the call's context ended with %v", err)
		}
		if _, err := io.Copy(io.Discard, in); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Errorf("the connection ended with %v", err)
		}
	}
	if err := errors.Join(listener.Close(), l.shutdown(t.Context())); err != nil {
		t.Error(err)
	}
	if err := <-accepted; !errors.Is(err, net.ErrClosed) {
		t.Errorf("accepting ended with %v", err)
	}
}

// What the lane takes it reads as net/http does.
func FuzzLaneHead(f *testing.F) {
	for _, text := range slices.Concat(plainCalls, otherCalls) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		length := headEnd(text)
		var h laneHead
		if length == 0 || !h.read(text[:length]) {
			return
		}
		var got http.Request
		h.fill(&got)
		want, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
		if err != nil {
			t.Fatalf("net/http refuses %q: %v", text[:length], err)
		}
		type shown struct {
			Method, Target, Path, Query, Host string
			Header                            http.Header
			Length                            int64
		}
		of := func(r *http.Request) shown {
			header := r.Header.Clone()
			return shown{r.Method, r.RequestURI, r.URL.EscapedPath(), r.URL.RawQuery, r.Host, header, r.ContentLength}
		}
		if diff := cmp.Diff(of(want), of(&got)); diff != "" {
			t.Errorf("%q: net/http (-), the lane (+):\n%s", text[:length], diff)
		}
	})
}
