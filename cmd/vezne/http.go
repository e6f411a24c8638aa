package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/vezne/vezne"
)

// Limits of the HTTP server. Handlers bound their own work; these bound what
// reaches them, and the slowest answer: a form that waits for Stripe.
const (
	headTime    = 10 * time.Second
	answerTime  = 90 * time.Second
	restTime    = 2 * time.Minute
	maxHeadSize = 64 << 10
)

// listen opens a socket before anything else is touched, so that a port in use
// costs nothing.
func listen(ctx context.Context, flag, addr string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, wrong("Another program listens on "+addr+".", "End it, or choose another address with "+flag+"; port 0 picks a free one.")
	case errors.Is(err, os.ErrPermission):
		return nil, wrong("This user may not listen on "+addr+".", "Choose a port above 1023 with "+flag+".")
	}
	return nil, wrong(fmt.Sprintf("%q cannot be listened on.", addr), "Give "+flag+" as 127.0.0.1:4242.")
}

// address returns the URL of a listener as this machine reaches it.
func address(l net.Listener) string {
	a, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return "http://" + l.Addr().String()
	}
	host := a.IP.String()
	if a.IP.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, fmt.Sprint(a.Port))
}

// web is an HTTP server on a socket.
type web struct {
	server *http.Server
	failed chan error
}

// serveOn answers on a socket until end is called.
func serveOn(l net.Listener, h http.Handler, log *slog.Logger) *web {
	w := &web{
		server: &http.Server{
			Handler: h, ReadHeaderTimeout: headTime, WriteTimeout: answerTime, IdleTimeout: restTime, MaxHeaderBytes: maxHeadSize,
			ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		},
		failed: make(chan error, 1),
	}
	go func() {
		if err := w.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			w.failed <- vezne.E(vezne.CodeInternal, "vezne", "The HTTP server ended.").Because(err)
		}
	}()
	return w
}

// end stops listening and waits for what is being answered until ctx ends.
func (w *web) end(ctx context.Context) error {
	if err := w.server.Shutdown(ctx); err != nil {
		return vezne.E(vezne.CodeInternal, "vezne", "Some requests were not answered in time.").Because(errors.Join(err, w.server.Close()))
	}
	return nil
}
