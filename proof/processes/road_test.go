package processes_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// road carries TCP connections to somewhere, in any weather.
type road struct {
	l    net.Listener
	done sync.WaitGroup

	mu      sync.Mutex
	network string
	to      string
	weather weather
	closed  bool
	passages   map[*passage]bool
}

// weather is what befalls the bytes on a road.
type weather struct {
	// latency is added to each piece, each way.
	latency time.Duration
	// rate is how many bytes a second pass, each way; 0 for all.
	rate int
	// down refuses connections.
	down bool
	// half lets connections stand and swallows what they carry. A connection
	// that met it is dead for ever, and neither end is told.
	half bool
}

// passage is a connection on a road: the two ends.
type passage struct {
	a, b net.Conn
	deaf atomic.Bool
}

// newRoad builds a road, which leads nowhere yet.
func newRoad() (*road, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &road{l: l, passages: map[*passage]bool{}}
	r.done.Go(r.accept)
	return r, nil
}

func (r *road) address() string { return r.l.Addr().String() }

// lead says where it leads to from now on.
func (r *road) lead(network, to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.network, r.to = network, to
}

// become changes the weather.
func (r *road) become(w weather) {
	r.mu.Lock()
	r.weather = w
	if w.half {
		for p := range r.passages {
			p.deaf.Store(true)
		}
	}
	r.mu.Unlock()
	if w.down {
		r.reset()
	}
}

// reset cuts every connection with a reset.
func (r *road) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p := range r.passages {
		p.cut()
	}
}

func (r *road) now() weather {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.weather
}

// close ends the road and everything on it.
func (r *road) close() error {
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

func (r *road) accept() {
	for {
		a, err := r.l.Accept()
		if err != nil {
			return // it was closed
		}
		r.done.Go(func() { r.carry(a) })
	}
}

// carry joins a connection with one to the other side.
func (r *road) carry(a net.Conn) {
	p := &passage{a: a}
	r.mu.Lock()
	w, network, to := r.weather, r.network, r.to
	r.mu.Unlock()
	if w.half {
		// The other side never hears of it.
		p.deaf.Store(true)
	}
	if !w.down && !w.half && to != "" {
		var dialer net.Dialer
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		b, err := dialer.DialContext(ctx, network, to)
		cancel()
		if err == nil {
			p.b = b
		}
	}
	if p.b == nil && !w.half {
		p.cut()
		return
	}
	r.mu.Lock()
	if r.closed || r.weather.down {
		r.mu.Unlock()
		p.cut()
		return
	}
	if r.weather.half {
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
func (r *road) pump(p *passage, from, to net.Conn) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 && !p.deaf.Load() {
			w := r.now()
			delay := w.latency
			if w.rate > 0 {
				delay += time.Duration(n) * time.Second / time.Duration(w.rate)
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
