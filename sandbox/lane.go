package sandbox

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// lane answers the plain calls of the API on connections of HTTP/1.1 without net/http's server, which takes two goroutines
// and some thirty allocations for each call. A connection whose next request is not as plain as can be goes over to
// net/http with all that was read of it, and stays there: what is rare is done in one place, and done right.
type lane struct {
	handler http.Handler
	log     *slog.Logger
	// base ends with the server.
	base context.Context

	// closing says that connections end after the call that is under way.
	closing atomic.Bool
	mu      sync.Mutex
	conns   map[*laneConn]struct{}
	// group are the connections' goroutines.
	group sync.WaitGroup
}

func newLane(base context.Context, handler http.Handler, log *slog.Logger) *lane {
	return &lane{handler: handler, log: log, base: base, conns: map[*laneConn]struct{}{}}
}

// laneListener takes connections for the lane. Accept gives those that the lane leaves to net/http.
type laneListener struct {
	net.Listener
	lane  *lane
	start sync.Once
	left  chan net.Conn
	fails chan error
	done  chan struct{}
	close sync.Once
}

// listen puts the lane before a listener.
func (l *lane) listen(under net.Listener) *laneListener {
	return &laneListener{Listener: under, lane: l, left: make(chan net.Conn), fails: make(chan error), done: make(chan struct{})}
}

// Accept waits for a connection that the lane does not serve. It returns the listener's errors.
func (l *laneListener) Accept() (net.Conn, error) {
	l.start.Do(func() { l.lane.group.Go(l.take) })
	select {
	case conn := <-l.left:
		return conn, nil
	case err := <-l.fails:
		return nil, err
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// take hands connections to the lane until the listener is closed. Who calls Accept decides how long to wait after an
// error.
func (l *laneListener) take() {
	for {
		conn, err := l.Listener.Accept()
		if err == nil {
			l.lane.serve(l, conn)
			continue
		}
		select {
		case l.fails <- err:
		case <-l.done:
			return
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

// leave gives a connection to net/http.
func (l *laneListener) leave(conn net.Conn) {
	select {
	case l.left <- conn:
	case <-l.done:
		_ = conn.Close() // nobody will answer on it
	}
}

// Close stops listening. It returns the listener's error.
func (l *laneListener) Close() (err error) {
	l.close.Do(func() {
		close(l.done)
		err = l.Listener.Close()
	})
	return err
}

// serve begins to answer on a connection.
func (l *lane) serve(from *laneListener, conn net.Conn) {
	c := newLaneConn(l, conn)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing.Load() {
		c.hangUp()
		return
	}
	l.conns[c] = struct{}{}
	l.group.Go(func() {
		rest := c.serve()
		l.mu.Lock()
		delete(l.conns, c)
		l.mu.Unlock()
		if rest != nil {
			from.leave(rest)
		}
	})
}

// shutdown hangs up on clients that wait for nothing and waits for the calls that are under way, until ctx ends: then it
// cuts them and returns the context's error.
func (l *lane) shutdown(ctx context.Context) error {
	l.mu.Lock()
	l.closing.Store(true)
	for c := range l.conns {
		if c.state.CompareAndSwap(laneIdle, laneOver) {
			c.hangUp()
		}
	}
	l.mu.Unlock()
	over := make(chan struct{})
	go func() {
		l.group.Wait()
		close(over)
	}()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		l.cut()
		return ctx.Err()
	}
}

// cut hangs up on everybody.
func (l *lane) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closing.Store(true)
	for c := range l.conns {
		c.state.Store(laneOver)
		c.hangUp()
	}
}

// The states of a connection.
const (
	// laneIdle waits for a request.
	laneIdle = iota
	// laneBusy has one.
	laneBusy
	// laneOver was ended by the server.
	laneOver
)

// laneContext is the context of a connection's calls. Whether the client is still there is looked after from when somebody
// asks; the connection then ends with the call, since a byte of the next request may be lost to the watch.
type laneContext struct {
	context.Context
	conn    *laneConn
	watched atomic.Bool
	once    sync.Once
	watch   context.Context
}

// Done is closed when the client leaves or the server ends.
func (x *laneContext) Done() <-chan struct{} { return x.watching().Done() }

// Err says why Done is closed, nil while it is not.
func (x *laneContext) Err() error {
	if !x.watched.Load() {
		return x.Context.Err()
	}
	return x.watching().Err()
}

func (x *laneContext) watching() context.Context {
	x.once.Do(func() {
		var leave context.CancelFunc
		x.watch, leave = context.WithCancel(x.Context)
		x.watched.Store(true)
		x.conn.lane.group.Go(func() {
			var next [1]byte
			if _, err := x.conn.conn.Read(next[:]); err != nil {
				leave()
			}
			<-x.conn.over
			leave()
		})
	})
	return x.watch
}

// patient is headerTimeout from now.
func patient() time.Time { return time.Now().Add(headerTimeout) }
