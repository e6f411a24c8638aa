package sandbox

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

// headerTimeout is how long a client may take to send a request's head.
const headerTimeout = 10 * time.Second

// Listen says where a sandbox is reached. What is empty does not listen.
type Listen struct {
	// Addr is host:port for HTTP, TLSAddr for HTTPS and HTTP/2 with a certificate made at the start. Port 0 picks a free
	// one.
	Addr, TLSAddr string
	// UnixSocket is the path of a socket for HTTP.
	UnixSocket string
}

// Server is a sandbox that listens on sockets.
type Server struct {
	// URL and TLSURL are how the sandbox is reached, without a slash at the end; "" when it does not listen there.
	URL, TLSURL string
	// UnixSocket is the socket's path.
	UnixSocket string
	// Certificate is the PEM text of the certificate that HTTPS shows, for clients to trust.
	Certificate []byte

	plain, secure *http.Server
	// lane answers plain calls before they come to plain.
	lane      *lane
	listeners []func() error
	leave     context.CancelFunc
}

// Listen opens all sockets, so that their ports are known; Serve answers on them. It returns an error when one cannot be
// opened, and leaves none open then.
func (sb *Sandbox) Listen(ctx context.Context, l Listen) (_ *Server, err error) {
	base, leave := context.WithCancel(context.WithoutCancel(ctx))
	s := &Server{leave: leave}
	newServer := func() *http.Server {
		return &http.Server{Handler: sb, ReadHeaderTimeout: headerTimeout, BaseContext: func(net.Listener) context.Context { return base }}
	}
	s.plain, s.secure = newServer(), newServer()
	s.lane = newLane(base, sb, sb.log)
	var open []net.Listener
	defer func() {
		if err != nil {
			leave()
			for _, listener := range open {
				_ = listener.Close() // the error that is returned matters more
			}
		}
	}()
	listen := func(network, addr string) (net.Listener, error) {
		listener, err := (&net.ListenConfig{}).Listen(ctx, network, addr)
		if err != nil {
			return nil, fmt.Errorf("sandbox: %w", err)
		}
		open = append(open, listener)
		return listener, nil
	}
	if l.Addr != "" {
		listener, err := listen("tcp", l.Addr)
		if err != nil {
			return nil, err
		}
		s.URL = "http://" + reachable(listener.Addr())
		s.listeners = append(s.listeners, func() error { return s.plain.Serve(s.lane.listen(listener)) })
	}
	if l.TLSAddr != "" {
		listener, err := listen("tcp", l.TLSAddr)
		if err != nil {
			return nil, err
		}
		certificate, err := newCertificate(listener.Addr())
		if err != nil {
			return nil, err
		}
		s.secure.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
		s.Certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
		s.TLSURL = "https://" + reachable(listener.Addr())
		s.listeners = append(s.listeners, func() error { return s.secure.ServeTLS(listener, "", "") })
	}
	if l.UnixSocket != "" {
		if err := removeDeadSocket(ctx, l.UnixSocket); err != nil {
			return nil, err
		}
		listener, err := listen("unix", l.UnixSocket)
		if err != nil {
			return nil, err
		}
		s.UnixSocket = l.UnixSocket
		s.listeners = append(s.listeners, func() error { return s.plain.Serve(s.lane.listen(listener)) })
	}
	return s, nil
}

// reachable is an address that a program on this machine can connect to: loopback for one that listens everywhere.
func reachable(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return addr.String()
}

// Serve answers until Shutdown; then it returns nil. It returns the error of a listener that fails before.
func (s *Server) Serve() error {
	var group errgroup.Group
	for _, serve := range s.listeners {
		group.Go(func() error {
			err := serve()
			if errors.Is(err, http.ErrServerClosed) {
				return nil
			}
			return errors.Join(fmt.Errorf("sandbox: %w", err), s.close())
		})
	}
	return group.Wait()
}

// Shutdown stops listening, ends planted time-outs, and waits for the calls that are under way, until ctx ends.
func (s *Server) Shutdown(ctx context.Context) error {
	s.leave()
	return errors.Join(s.plain.Shutdown(ctx), s.secure.Shutdown(ctx), s.lane.shutdown(ctx))
}

// close ends all connections.
func (s *Server) close() error {
	s.lane.cut()
	return errors.Join(s.plain.Close(), s.secure.Close())
}

// removeDeadSocket takes away the file of a socket on which nobody listens any more. Other files stay: then listening
// fails and says so.
func removeDeadSocket(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&os.ModeSocket == 0 {
		return nil // nothing there, or nothing that is ours to remove
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err == nil {
		return conn.Close()
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("sandbox: an old socket: %w", err)
	}
	return nil
}

// newCertificate makes a certificate for this machine and for the address that is listened on. It is valid for a year.
func newCertificate(addr net.Addr) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("sandbox: a key for HTTPS: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("sandbox: a serial number for HTTPS: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Vezne sandbox"}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true, DNSNames: []string{"localhost", "*.localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if tcp, ok := addr.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() && !tcp.IP.IsUnspecified() {
		template.IPAddresses = append(template.IPAddresses, tcp.IP)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("sandbox: a certificate for HTTPS: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// Ready is what the ready file says once the sandbox answers.
type Ready struct {
	// Sandbox and TLS are URLs, "" when it does not listen there.
	Sandbox string `json:"sandbox"`
	TLS     string `json:"tls"`
	// Certificate is the path of a PEM file with the certificate of TLS, for clients to trust; "" when nobody wrote one.
	Certificate string `json:"certificate,omitempty"`
	// Account is the account's id.
	Account        string `json:"account"`
	SecretKey      string `json:"secret_key"`
	PublishableKey string `json:"publishable_key"`
	// WebhookSecret is the signing secret of the endpoint that Options.ForwardTo registered, "" without one.
	WebhookSecret string `json:"webhook_secret"`
}

// WriteFile writes the ready file, readable by its owner only, in one step: who sees it sees all of it.
func (r Ready) WriteFile(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("sandbox: the ready file: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".ready-*")
	if err != nil {
		return fmt.Errorf("sandbox: the ready file: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("sandbox: the ready file: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
