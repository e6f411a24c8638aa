// Package loopback serves a handler to other processes during a test.
package loopback

import (
	"errors"
	"net"
	"net/http"
	"testing"
	"time"
)

// Serve listens on a free port of the loopback interface until the test ends,
// and returns the address: http://127.0.0.1:port.
func Serve(t testing.TB, h http.Handler) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return "http://" + listener.Addr().String()
}
