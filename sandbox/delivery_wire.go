package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// wireAnswer is how much of one answer is taken off a connection, in bytes: its head and as much of its body as is read.
const wireAnswer = 1<<20 + answerLimit

// target is an endpoint that a wire can reach: plain HTTP at a host whose name needs no care.
type target struct{ addr, host, path string }

// targetOf reads an endpoint's URL. ok is false for one that the wire leaves to net/http: HTTPS, a password in the
// address, a name with letters beyond ASCII.
func targetOf(address string) (to target, ok bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.User != nil || u.Opaque != "" || u.Hostname() == "" || strings.HasSuffix(u.Host, ":") {
		return target{}, false
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	to = target{addr: net.JoinHostPort(u.Hostname(), port), host: u.Host, path: u.RequestURI()}
	return to, isPlainHost(to.host) && isPlainTarget(to.path)
}

func isPlainHost(host string) bool {
	for i := range len(host) {
		switch c := host[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._:[]", c) >= 0:
		default:
			return false
		}
	}
	return true
}

func isPlainTarget(path string) bool {
	for i := range len(path) {
		if path[i] <= ' ' || path[i] >= 0x7f {
			return false
		}
	}
	return true
}

// wire is a connection to an endpoint that carries one delivery after the other. net/http's client does the same for any
// address, with two more goroutines and some fifty allocations for each request.
type wire struct {
	addr string
	conn net.Conn
	in   *bufio.Reader
	// left bounds what the answer under way may still send.
	left io.LimitedReader
	out  []byte
	body []byte
	// unwatch ends the watch over the context that hangs up.
	unwatch func() bool
}

// dialWire connects to an endpoint until ctx ends; after that whoever uses the wire gets an error.
func dialWire(ctx context.Context, addr string, deadline time.Time) (*wire, error) {
	dialer := net.Dialer{Deadline: deadline}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	w := &wire{addr: addr, conn: conn, left: io.LimitedReader{R: conn}}
	w.in = bufio.NewReader(&w.left)
	w.unwatch = context.AfterFunc(ctx, func() { _ = conn.Close() }) // nobody reads it any more
	return w, nil
}

func (w *wire) hangUp() {
	w.unwatch()
	_ = w.conn.Close() // nothing is lost with it
}

// errUnheard is a connection that ended without a byte of an answer.
var errUnheard = fmt.Errorf("no answer: %w", io.EOF)

// exchange sends a request and reads its answer. The body is good until the next exchange; keep says whether there may be
// one. The error is errUnheard when the endpoint hung up before it answered.
func (w *wire) exchange(to target, out outgoing, deadline time.Time) (status int, body []byte, keep bool, err error) {
	if err := w.conn.SetDeadline(deadline); err != nil {
		return 0, nil, false, err
	}
	w.out = append(out.appendHead(w.out[:0], to), out.body...)
	if _, err := w.conn.Write(w.out); err != nil {
		if isTimeout(err) {
			return 0, nil, false, err
		}
		return 0, nil, false, errUnheard
	}
	w.left.N = wireAnswer
	if _, err := w.in.Peek(1); err != nil {
		if isTimeout(err) {
			return 0, nil, false, err
		}
		return 0, nil, false, errUnheard
	}
	status, body, keep, simple, err := w.readSimple()
	if !simple {
		status, body, keep, err = w.readAny()
	}
	keep = keep && w.in.Buffered() == 0 // what nobody asked for belongs to no answer
	return status, body, keep, err
}

// appendHead writes what stands before the body.
func (out outgoing) appendHead(head []byte, to target) []byte {
	head = append(append(append(head, "POST "...), to.path...), " HTTP/1.1\r\nHost: "...)
	head = append(append(head, to.host...), "\r\nUser-Agent: "+webhookAgent+"\r\nContent-Length: "...)
	head = strconv.AppendInt(head, int64(len(out.body)), 10)
	head = append(head, "\r\nAccept: "+webhookAccept+"\r\nCache-Control: no-cache\r\nContent-Type: "+webhookContentType+"\r\n"...)
	if out.signature != "" {
		head = append(append(append(head, "Stripe-Signature: "...), out.signature...), "\r\n"...)
	}
	return append(head, "\r\n"...)
}

// readAny reads an answer of any form with net/http's reader.
func (w *wire) readAny() (status int, body []byte, keep bool, err error) {
	for range maxInformational {
		answer, err := http.ReadResponse(w.in, nil)
		if err != nil {
			return 0, nil, false, err
		}
		if answer.StatusCode < http.StatusOK && answer.StatusCode != http.StatusSwitchingProtocols {
			continue // 100 Continue and its like come before the answer
		}
		defer answer.Body.Close()
		body, err = io.ReadAll(io.LimitReader(answer.Body, answerLimit+1))
		if err != nil {
			return 0, nil, false, bodyError(err)
		}
		whole := len(body) <= answerLimit
		return answer.StatusCode, body[:min(len(body), answerLimit)], whole && !answer.Close && answer.StatusCode >= http.StatusOK, nil
	}
	return 0, nil, false, errors.New("too many informational answers")
}

// maxInformational is how many answers of class 1xx may come before the answer.
const maxInformational = 6

// readSimple reads an answer as most endpoints write it: HTTP/1.1, with a length, nothing that says how the connection
// goes on. simple is false, with nothing read, for any other.
func (w *wire) readSimple() (status int, body []byte, keep, simple bool, err error) {
	head, err := w.peekHead()
	if err != nil || head == nil {
		return 0, nil, false, false, nil // what is wrong is said by who reads it in full
	}
	status, length, ok := simpleHead(head)
	if !ok {
		return 0, nil, false, false, nil
	}
	if _, err := w.in.Discard(len(head)); err != nil {
		return 0, nil, false, true, err
	}
	if cap(w.body) < length {
		w.body = make([]byte, length)
	}
	w.body = w.body[:length]
	if _, err := io.ReadFull(w.in, w.body); err != nil {
		return 0, nil, false, true, bodyError(err)
	}
	return status, w.body, true, true, nil
}
