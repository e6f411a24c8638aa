package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"syscall"
)

// Transport carries an application's calls to the sandbox without a network, for an http.Client of a test: it works
// inside testing/synctest. Planted faults show as they do over a socket: a reset is ECONNRESET, a time-out lasts until the
// request's context ends.
func (sb *Sandbox) Transport() http.RoundTripper { return inProcess{sb} }

type inProcess struct{ sb *Sandbox }

// RoundTrip runs one call. The call goes on when its client leaves, as it would at a server.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	inner := r.Clone(r.Context())
	inner.RequestURI = r.URL.RequestURI()
	if inner.Host == "" {
		inner.Host = r.URL.Host
	}
	if inner.Body == nil {
		inner.Body = http.NoBody
	}
	inner.RemoteAddr = "127.0.0.1:0"
	w := &memoryAnswer{capture: capture{header: http.Header{}, status: http.StatusOK}}
	over := make(chan error, 1)
	if !t.sb.beginCall() {
		inner.Body.Close()
		return nil, errors.New("sandbox: closed")
	}
	go func() {
		defer t.sb.background.Done()
		defer inner.Body.Close()
		over <- w.run(t.sb, inner)
	}()
	select {
	case <-r.Context().Done():
		return nil, context.Cause(r.Context())
	case err := <-over:
		if err != nil {
			return nil, err
		}
	}
	if w.header.Get("Date") == "" {
		// A server writes it.
		w.header.Set("Date", t.sb.now().UTC().Format(http.TimeFormat))
	}
	body := w.body.Bytes()
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}, nil
}

// beginCall counts a call among what Close waits for; it says false when the sandbox is closed.
func (sb *Sandbox) beginCall() bool {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	if !sb.closed {
		sb.background.Add(1)
	}
	return !sb.closed
}

// memoryAnswer keeps an answer, and notes a cut connection.
type memoryAnswer struct {
	capture
	once sync.Once
}

// WriteHeader takes the first status, as a server does.
func (w *memoryAnswer) WriteHeader(status int) { w.once.Do(func() { w.status = status }) }

// run answers a call; a cut connection is ECONNRESET.
func (w *memoryAnswer) run(h http.Handler, r *http.Request) (err error) {
	defer func() {
		cause := recover()
		if abort, ok := cause.(error); ok && errors.Is(abort, http.ErrAbortHandler) {
			err = fmt.Errorf("sandbox: %w", syscall.ECONNRESET)
		} else if cause != nil {
			panic(cause)
		}
	}()
	h.ServeHTTP(w, r)
	return nil
}
