package storetest

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Road carries TCP connections to somewhere, in any weather. It is safe for
// concurrent use.
type Road struct {
	l    net.Listener
	done sync.WaitGroup

	mu       sync.Mutex
	network  string
	to       string
	weather  Weather
	closed   bool
	passages map[*passage]bool
	// deaf is closed once a connection was accepted that nobody hears.
	deaf     chan struct{}
	deafOnce sync.Once
}

// Weather is what befalls the bytes on a Road.
type Weather struct {
	// Latency is added to each piece, each way.
	Latency time.Duration
	// Rate is how many bytes a second pass, each way; 0 for all.
	Rate int
	// Down refuses connections.
	Down bool
	// Half lets connections stand and swallows what they carry. A connection
	// that met it is dead for ever, and neither end is told.
	Half bool
}

// dialTime bounds the way to the other side.
const dialTime = time.Minute

// passage is a connection on a road: the two ends.
type passage struct {
	a, b net.Conn
	deaf atomic.Bool
}

// NewRoad builds a road, which leads nowhere yet.
func NewRoad() (*Road, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it listens on this machine
	if err != nil {
		return nil, err
	}
	r := &Road{l: l, passages: map[*passage]bool{}, deaf: make(chan struct{})}
	r.done.Go(r.accept)
	return r, nil
}

// Address is where it is entered.
func (r *Road) Address() string { return r.l.Addr().String() }

// Lead says where it leads to from now on.
func (r *Road) Lead(network, to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.network, r.to = network, to
}

// Become changes the weather.
func (r *Road) Become(w Weather) {
	r.mu.Lock()
	r.weather = w
	if w.Half {
		for p := range r.passages {
			p.deaf.Store(true)
		}
	}
	r.mu.Unlock()
	if w.Down {
		r.Reset()
	}
}

// Deaf is closed once somebody entered whom the other side never heard.
func (r *Road) Deaf() <-chan struct{} { return r.deaf }

// Reset cuts every connection with a reset.
func (r *Road) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p := range r.passages {
		p.cut()
	}
}

func (r *Road) now() Weather {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.weather
}

// Close ends the road and everything on it.
func (r *Road) Close() error {
	r.mu.Lock()
	r.closed = true
	for p := range r.passages {
		p.cut()
	}
	r.mu.Unlock()
	err := r.l.Close()
	r.done.Wait()
	return err
}

func (r *Road) accept() {
	for {
		a, err := r.l.Accept()
		if err != nil {
			return // it was closed
		}
		r.done.Go(func() { r.carry(a) })
	}
}

// carry joins a connection with one to the other side.
func (r *Road) carry(a net.Conn) {
	p := &passage{a: a}
	r.mu.Lock()
	w, network, to := r.weather, r.network, r.to
	r.mu.Unlock()
	if w.Half {
		// The other side never hears of it.
		p.deaf.Store(true)
		r.deafOnce.Do(func() { close(r.deaf) })
	}
	if !w.Down && !w.Half && to != "" {
		var dialer net.Dialer
		ctx, cancel := context.WithTimeout(context.Background(), dialTime)
		b, err := dialer.DialContext(ctx, network, to)
		cancel()
		if err == nil {
			p.b = b
		}
	}
	if p.b == nil && !w.Half {
		p.cut()
		return
	}
	r.mu.Lock()
	if r.closed || r.weather.Down {
		r.mu.Unlock()
		p.cut()
		return
	}
	if r.weather.Half {
		p.deaf.Store(true)
	}
	r.passages[p] = true
	r.mu.Unlock()
	var both sync.WaitGroup
	if p.b != nil {
		both.Go(func() { r.pump(p, p.b, p.a) })
	}
	r.pump(p, p.a, p.b)
	both.Wait()
	p.cut()
	r.mu.Lock()
	delete(r.passages, p)
	r.mu.Unlock()
}

// pump carries one way until it ends.
func (r *Road) pump(p *passage, from, to net.Conn) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 && !p.deaf.Load() {
			w := r.now()
			delay := w.Latency
			if w.Rate > 0 {
				delay += time.Duration(n) * time.Second / time.Duration(w.Rate)
			}
			if delay > 0 {
				<-time.After(delay)
			}
			if !p.deaf.Load() {
				if _, err := to.Write(buffer[:n]); err != nil {
					p.cut()
					return
				}
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF) && !p.deaf.Load() && to != nil:
			if c, ok := to.(interface{ CloseWrite() error }); ok && c.CloseWrite() == nil {
				return
			}
			p.cut()
			return
		case errors.Is(err, io.EOF) && p.deaf.Load():
			// One end left, and the other is not told: it waits.
			return
		default:
			p.cut()
			return
		}
	}
}

// cut ends both connections with a reset.
func (p *passage) cut() {
	for _, c := range []net.Conn{p.a, p.b} {
		if c == nil {
			continue
		}
		if t, ok := c.(*net.TCPConn); ok {
			_ = t.SetLinger(0) // a reset where it can be had
		}
		_ = c.Close() // it may be closed
	}
}
