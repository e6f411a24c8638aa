package sandbox

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"
)

const (
	// laneRoom is how long what a lane reads at once may be, in bytes: a request's head, and mostly its body.
	laneRoom = 4 << 10
	// laneBody is how long a body may be, in bytes; net/http takes those that are longer.
	laneBody = 64 << 10
)

// laneConn is a connection whose calls are answered one after the other.
type laneConn struct {
	lane  *lane
	conn  net.Conn
	state atomic.Int32
	// over is closed when the connection has ended.
	over chan struct{}
	// greeted says that the first request was waited for.
	greeted bool

	// text holds what was read; text[at:end] is still to be answered.
	text    []byte
	at, end int
	head    laneHead
	answer  laneAnswer
	context *laneContext
	// request is what every request of the connection begins with.
	request *http.Request
}

func newLaneConn(l *lane, conn net.Conn) *laneConn {
	c := &laneConn{lane: l, conn: conn, over: make(chan struct{}), text: make([]byte, laneRoom)}
	c.context = &laneContext{Context: l.base, conn: c}
	c.request = (&http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, RemoteAddr: conn.RemoteAddr().String()}).WithContext(c.context)
	c.answer = laneAnswer{conn: c, header: http.Header{}}
	return c
}

func (c *laneConn) hangUp() { _ = c.conn.Close() } // who is left without an answer sees the end

// serve answers until the connection ends. It gives the connection back when net/http has to go on with it, else nil.
func (c *laneConn) serve() (rest net.Conn) {
	keep := false
	defer func() {
		close(c.over)
		if !keep {
			c.hangUp()
		}
	}()
	for {
		length, ok := c.await()
		if !ok {
			return nil
		}
		if length == 0 || !c.head.read(c.text[c.at:c.at+length]) || c.head.length > laneBody {
			keep = true
			return c.rest()
		}
		c.at += length
		body, ok := c.body(c.head.length)
		if !ok || !c.call(body) {
			keep = c.answer.hijacked
			return nil
		}
		if c.context.watched.Load() || c.lane.closing.Load() {
			return nil
		}
	}
}

// await reads until the head of a request is there and gives its length, 0 when it is too long for the lane. ok is false
// when the connection has ended.
func (c *laneConn) await() (length int, ok bool) {
	limited := !c.greeted // who connects has something to say; later they may take their time, as with net/http
	if limited && c.conn.SetReadDeadline(patient()) != nil {
		return 0, false
	}
	c.greeted = true
	if c.at == c.end {
		c.at, c.end = 0, 0
		if !c.awaitFirst() {
			return 0, false
		}
	}
	for {
		if length = headEnd(c.text[c.at:c.end]); length > 0 {
			return length, !limited || c.conn.SetReadDeadline(time.Time{}) == nil
		}
		if c.at > 0 {
			c.end = copy(c.text, c.text[c.at:c.end])
			c.at = 0
		}
		if c.end == len(c.text) {
			return 0, !limited || c.conn.SetReadDeadline(time.Time{}) == nil
		}
		if !limited {
			limited = true
			if err := c.conn.SetReadDeadline(patient()); err != nil {
				return 0, false
			}
		}
		n, err := c.conn.Read(c.text[c.end:])
		if c.end += n; n == 0 && err != nil {
			return 0, false
		}
	}
}

// awaitFirst waits for the beginning of a request, as long as it takes. It says false when the connection has ended.
func (c *laneConn) awaitFirst() bool {
	c.state.CompareAndSwap(laneBusy, laneIdle)
	if c.lane.closing.Load() { // the server may have looked for idle clients a moment before
		return false
	}
	n, err := c.conn.Read(c.text)
	c.end = n
	return c.state.CompareAndSwap(laneIdle, laneBusy) && (n > 0 || err == nil)
}

// body gives the n bytes that follow a head; they are good until the next request. ok is false when they did not come.
func (c *laneConn) body(n int) (body []byte, ok bool) {
	if n <= c.end-c.at {
		c.at += n
		return c.text[c.at-n : c.at], true
	}
	body = make([]byte, n)
	have := copy(body, c.text[c.at:c.end])
	c.at = c.end
	_, err := io.ReadFull(c.conn, body[have:])
	return body, err == nil
}

// rest is the connection with what was read of it and not answered.
func (c *laneConn) rest() net.Conn {
	return &restConn{c.conn, io.MultiReader(bytes.NewReader(bytes.Clone(c.text[c.at:c.end])), c.conn)}
}

// restConn is a connection of which something was already read.
type restConn struct {
	net.Conn
	in io.Reader
}

// Read reads what was already read first.
func (r *restConn) Read(p []byte) (int, error) { return r.in.Read(p) }

// NetConn is the connection itself.
func (r *restConn) NetConn() net.Conn { return r.Conn }

// call answers the request whose head was read. It says whether the connection goes on.
func (c *laneConn) call(body []byte) (goesOn bool) {
	r := new(http.Request)
	*r = *c.request
	c.head.fill(r)
	r.Body = http.NoBody
	if r.ContentLength > 0 {
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	a := &c.answer
	a.begin()
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			c.lane.log.Error("A call panicked.", slog.String("path", r.URL.Path), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
		}
		goesOn = false
	}()
	c.lane.handler.ServeHTTP(a, r)
	return !a.hijacked && a.send()
}
