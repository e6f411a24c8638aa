package sandbox_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vezne/vezne/sandbox"
)

// listening is a sandbox on real sockets that ends with the test.
func listening(t *testing.T, l sandbox.Listen) (*sandbox.Sandbox, *sandbox.Server, func()) {
	t.Helper()
	sb := check1(sandbox.New(sandbox.Options{}))(t)
	server := check1(sb.Listen(t.Context(), l))(t)
	served := make(chan error, 1)
	go func() { served <- server.Serve() }()
	return sb, server, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if err := errors.Join(server.Shutdown(ctx), sb.Close(), <-served); err != nil {
			t.Errorf("the end: %v", err)
		}
	}
}

func TestSockets(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	socket := filepath.Join(t.TempDir(), "sandbox.sock")
	_, server, end := listening(t, sandbox.Listen{Addr: "127.0.0.1:0", TLSAddr: "127.0.0.1:0", UnixSocket: socket})
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(server.Certificate) {
		t.Fatal("the certificate is no PEM")
	}
	plain := &http.Transport{}
	secure := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
	unix := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", server.UnixSocket)
	}}
	for _, tc := range []struct {
		url       string
		transport *http.Transport
		proto     int
	}{{server.URL, plain, 1}, {server.TLSURL, secure, 2}, {strings.Replace(server.TLSURL, "127.0.0.1", "localhost", 1), secure, 2}, {"http://sandbox", unix, 1}} {
		r := check1(http.NewRequestWithContext(t.Context(), http.MethodGet, tc.url+"/_sandbox/health", http.NoBody))(t)
		response := check1(tc.transport.RoundTrip(r))(t)
		response.Body.Close()
		if response.StatusCode != 200 || response.ProtoMajor != tc.proto {
			t.Errorf("%s: %d over HTTP/%d", tc.url, response.StatusCode, response.ProtoMajor)
		}
		tc.transport.CloseIdleConnections()
	}
	end()
	if _, err := os.Stat(socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket's file is left: %v", err)
	}
}

func TestASocketThatNobodyHearsIsReplaced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox.sock")
	dead := check1((&net.ListenConfig{}).Listen(t.Context(), "unix", path))(t)
	dead.(*net.UnixListener).SetUnlinkOnClose(false)
	noError(t, dead.Close())
	_, _, end := listening(t, sandbox.Listen{UnixSocket: path})
	sb := check1(sandbox.New(sandbox.Options{}))(t)
	if _, err := sb.Listen(t.Context(), sandbox.Listen{UnixSocket: path}); err == nil {
		t.Error("a second sandbox took the socket of a living one")
	}
	noError(t, sb.Close())
	end()
	noError(t, os.WriteFile(path, []byte("a letter"), 0o600))
	if _, err := sb.Listen(t.Context(), sandbox.Listen{UnixSocket: path}); err == nil {
		t.Error("a file that is no socket was replaced")
	}
}

func TestAPortInUseIsAnError(t *testing.T) {
	t.Parallel()
	_, server, end := listening(t, sandbox.Listen{Addr: "127.0.0.1:0"})
	defer end()
	sb := check1(sandbox.New(sandbox.Options{}))(t)
	defer sb.Close()
	if _, err := sb.Listen(t.Context(), sandbox.Listen{TLSAddr: "127.0.0.1:0", Addr: strings.TrimPrefix(server.URL, "http://")}); err == nil {
		t.Error("the port of another was taken")
	}
}

func TestResetOverHTTP2(t *testing.T) {
	t.Parallel()
	sb, server, end := listening(t, sandbox.Listen{TLSAddr: "127.0.0.1:0"})
	defer end()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(server.Certificate)
	check1(sb.Account("sk_test_h2h").AddFault(sandbox.Fault{Effect: "reset"}))(t)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	get := func() (int, error) {
		r := check1(http.NewRequestWithContext(t.Context(), http.MethodGet, server.TLSURL+"/v1/customers", http.NoBody))(t)
		r.Header.Set("Authorization", "Bearer sk_test_h2h")
		response, err := transport.RoundTrip(r)
		if err != nil {
			return 0, err
		}
		return response.StatusCode, response.Body.Close()
	}
	if status, err := get(); err == nil {
		t.Errorf("a reset call answers %d", status)
	}
	if status, err := get(); err != nil || status != 200 {
		t.Errorf("the next call: %d %v", status, err)
	}
}

func TestShutdownEndsPlantedTimeouts(t *testing.T) {
	t.Parallel()
	sb, server, end := listening(t, sandbox.Listen{Addr: "127.0.0.1:0"})
	account := sb.Account("sk_test_hang")
	arrived := make(chan struct{})
	r := newReceiver(t)
	r.answer = func(http.ResponseWriter, *http.Request, int) { close(arrived) }
	check1(account.AddEndpoint(r.url))(t)
	check1(account.AddFault(sandbox.Fault{Effect: "timeout", When: "after"}))(t)
	over := make(chan error, 1)
	go func() {
		r, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, server.URL+"/v1/customers", strings.NewReader("name=Ada"))
		if err != nil {
			over <- err
			return
		}
		r.Header.Set("Authorization", "Bearer sk_test_hang")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
		if err == nil {
			response.Body.Close()
		}
		over <- err
	}()
	select {
	case <-arrived: // the call took effect
	case err := <-over:
		t.Fatalf("the call ended: %v", err)
	}
	end()
	if err := <-over; err == nil {
		t.Error("a call that hung was answered")
	}
}

func TestReadyFile(t *testing.T) {
	t.Parallel()
	sb, server, end := listening(t, sandbox.Listen{Addr: "127.0.0.1:0"})
	defer end()
	path := filepath.Join(t.TempDir(), "ready.json")
	noError(t, check1(sb.Ready(server))(t).WriteFile(path))
	var ready map[string]string
	noError(t, json.Unmarshal(check1(os.ReadFile(path))(t), &ready))
	if ready["sandbox"] != server.URL || ready["secret_key"] != "sk_test_sandbox" || ready["publishable_key"] != "pk_test_sandbox" || !strings.HasPrefix(ready["account"], "acct_") {
		t.Errorf("ready: %v", ready)
	}
	for _, key := range []string{"tls", "webhook_secret"} {
		if v, ok := ready[key]; !ok || v != "" {
			t.Errorf("%s = %q, %v", key, v, ok)
		}
	}
	info := check1(os.Stat(path))(t)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v", info.Mode())
	}
	if err := (sandbox.Ready{}).WriteFile(filepath.Join(path, "below")); err == nil {
		t.Error("a path below a file was written")
	}
}
