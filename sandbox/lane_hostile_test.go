package sandbox

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// hostileHeads are requests without a body that try where one request ends and the next begins, and what a reader lets
// pass. Sources: RFC 9112, sections 2.2, 3, 5 and 11.2; RFC 9110, section 7.2.
var hostileHeads = []string{
	// Line ends and spaces.
	"\r\n\r\nGET /v1/customers HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /v1/customers HTTP/1.1\nHost: x\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\n\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nX-A: a\nX-B: b\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nX-A: a\rX-B: b\r\n\r\n",
	"GET  /v1/customers HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /v1/customers  HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET\t/v1/customers\tHTTP/1.1\r\nHost: x\r\n\r\n",
	" GET /v1/customers HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /v1/customers HTTP/1.1 \r\nHost: x\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\n Host: x\r\nHost: x\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nX-A: a\r\n\tb\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nX-A:\ta\t\r\n\r\n",
	// Versions, methods, targets.
	"GET /v1/customers HTTP/1.2\r\nHost: x\r\n\r\n",
	"GET /v1/customers HTTP/2.0\r\nHost: x\r\n\r\n",
	"GET /v1/customers http/1.1\r\nHost: x\r\n\r\n",
	"GET /v1/customers HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
	"GET /v1/customers\r\n\r\n",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"get /v1/customers HTTP/1.1\r\nHost: x\r\n\r\n",
	"BREW /v1/customers HTTP/1.1\r\nHost: x\r\n\r\n",
	"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n",
	"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET http://other.example/v1/customers HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET //x/v1/customers HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /v1/../_sandbox/health HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /v1/customers/../charges HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /v1/customers/%2e%2e HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /v1/customers/a%2fb HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /v1/customers/%00 HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /v1/customers/%4 HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /v1/customers?a=%zz HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /v1/customers?a=1;b=2 HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /v1/customers#part HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /v1/\xff HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /v1/a\x00b HTTP/1.1\r\nHost: x\r\n\r\n",
	// Hosts and names of headers.
	"GET /v1/customers HTTP/1.1\r\nHost:\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost:\r\nHost: x\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: a b\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x/y\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nX(A): a\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nX-A: a\x00b\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nAUTHORIZATION: Bearer sk_test_lane\r\nidempotency-KEY: k\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_lane\r\nAuthorization: Bearer sk_test_other\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-A: a\r\n", laneLines+1) + "\r\n",
	// What says how the connection goes on.
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, close\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n",
	"GET /v1/customers HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
	"HEAD /v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_lane\r\n\r\n",
}

// hostileBodies are headers, and what follows them, that try how long a body is.
var hostileBodies = []string{
	"Content-Length: 7\r\n\r\nname=Al",
	"Content-Length: 0\r\n\r\n",
	"Content-Length: +7\r\n\r\nname=Al",
	"Content-Length: 07\r\n\r\nname=Al",
	"Content-Length: 0x7\r\n\r\nname=Al",
	"Content-Length: 7 7\r\n\r\nname=Al",
	"Content-Length: 7, 7\r\n\r\nname=Al",
	"Content-Length: 7\r\nContent-Length: 7\r\n\r\nname=Al",
	"Content-Length: 7\r\nContent-Length: 3\r\n\r\nname=Al",
	"Content-Length:\r\n\r\n",
	"Content-Length: 9223372036854775808\r\n\r\nname=Al",
	"Content-Length: 7\t\r\n\r\nname=Al",
	"Content-Length : 7\r\n\r\nname=Al",
	"Content_Length: 7\r\n\r\n",
	"Content-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"Transfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n7\r\nname=Al\r\n0\r\n\r\n",
	"Transfer-Encoding: Chunked\r\n\r\n7\r\nname=Al\r\n0\r\n\r\n",
	"Transfer-Encoding: chunked\r\n\r\n7;ext=1\r\nname=Al\r\n0\r\n\r\n",
	"Transfer-Encoding: chunked\r\nTrailer: X-After\r\n\r\n7\r\nname=Al\r\n0\r\nX-After: a\r\n\r\n",
	"Transfer-Encoding: chunked\r\n\r\n007\r\nname=Al\r\n0\r\n\r\n",
	"Transfer-Encoding: chunked\r\n\r\n-7\r\nname=Al\r\n0\r\n\r\n",
	"Transfer-Encoding: chunked\r\n\r\n7\nname=Al\n0\n\n",
	"Transfer-Encoding: chunked\r\n\r\n8\r\nname=Al\r\n0\r\n\r\n",
	"Transfer-Encoding: identity\r\n\r\n",
	"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
	"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
	"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
	"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
	"Expect: 100-continue\r\nContent-Length: 7\r\n\r\nname=Al",
	"Expect: 200-ok\r\nContent-Length: 7\r\n\r\nname=Al",
	"\r\n",
}

// laneAnswers are all answers that a server gives to a text, until it hangs up.
func laneAnswers(t *testing.T, addr, text string) (all []string) {
	t.Helper()
	conn, in := dialTest(t, addr)
	sent := make(chan error, 1)
	go func() {
		_, err := io.WriteString(conn, text)
		if half, ok := conn.(*net.TCPConn); ok && err == nil {
			err = half.CloseWrite()
		}
		sent <- err
	}()
	method, _, _ := strings.Cut(text, " ")
	for {
		answer := answerText(t, in, method)
		if method = http.MethodGet; answer == "no answer" {
			break
		}
		all = append(all, answer)
	}
	<-sent // a server that refuses a request may not read all of it
	return all
}

// What a hostile request makes of itself and of the request behind it, it makes with net/http alone as well.
func TestHostileRequestsMeetNetHTTPOnALane(t *testing.T) {
	t.Parallel()
	withLane, without, _ := laneServer(t)
	texts := hostileHeads
	for _, rest := range hostileBodies {
		for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
			texts = append(texts, method+" /v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_lane\r\nContent-Type: application/x-www-form-urlencoded\r\n"+rest)
		}
	}
	const behind = "GET /v1/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	for _, text := range texts {
		for _, before := range []string{"", plainCalls[0]} { // the connection's first request, and a later one
			want, got := laneAnswers(t, without, before+text+behind), laneAnswers(t, withLane, before+text+behind)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%.300q: net/http alone (-), with the lane (+):\n%s", before+text, diff)
			}
		}
	}
}

// A client that connects and says nothing, or stops in the middle of a head, is left after headerTimeout. One that was
// answered may be silent for as long as it likes.
func TestALaneLeavesSilentClients(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		says  string
		stays bool
	}{
		"nothing":      {"", false},
		"half a head":  {plainCalls[5][:20], false},
		"a whole call": {plainCalls[5], true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLane(t.Context(), http.NotFoundHandler(), slog.New(slog.DiscardHandler))
				client, server := net.Pipe()
				l.serve(l.listen(nil), server)
				in := bufio.NewReader(client)
				if _, err := io.WriteString(client, tc.says); err != nil {
					t.Fatal(err)
				}
				if tc.stays {
					answerText(t, in, http.MethodGet)
				}
				began := time.Now()
				if err := client.SetReadDeadline(began.Add(2 * headerTimeout)); err != nil {
					t.Fatal(err)
				}
				_, err := in.ReadByte()
				if stays, took := errors.Is(err, os.ErrDeadlineExceeded), time.Since(began); stays != tc.stays || !stays && took != headerTimeout {
					t.Errorf("after %s: %v", took, err)
				}
				if err := errors.Join(client.Close(), l.shutdown(t.Context())); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
