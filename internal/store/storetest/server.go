package storetest

import (
	"os"
	"strings"
	"testing"
)

func sqlitePath(url string) (string, bool) { return strings.CutPrefix(url, "sqlite:") }

// Server is a PostgreSQL server of one test's own, which can be stopped and
// started.
type Server struct {
	t testing.TB
	s *server
}

// NewServer starts one, which syncs its commits; it ends with the test.
func NewServer(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, s: &server{durable: true}}
	s.s.once.Do(s.s.start)
	if s.s.err != nil {
		t.Fatal(s.s.err)
	}
	t.Cleanup(func() {
		s.Stop("immediate")
		if err := os.RemoveAll(s.s.cluster.dir); err != nil {
			t.Error(err)
		}
	})
	return s
}

// URL returns the address of its one database, with the schema in it.
func (s *Server) URL() string { return s.s.cluster.url(template) }

// Stop ends the server: "fast" ends connections, "immediate" is a crash.
func (s *Server) Stop(mode string) {
	s.t.Helper()
	if err := s.s.cluster.stop(mode); err != nil {
		s.t.Fatal(err)
	}
}

// Start starts the server again, with what it had committed.
func (s *Server) Start() {
	s.t.Helper()
	if err := s.s.cluster.start(); err != nil {
		s.t.Fatal(err)
	}
}
