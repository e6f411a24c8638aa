package storetest

import (
	"os"
	"strings"
	"testing"
	"time"
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
	c, err := newCluster(true, "")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, s: &server{durable: true, cluster: c}}
	t.Cleanup(s.Remove)
	return s
}

// Unsynced runs f while the server waits for no disk: for what is made before
// anything is broken or measured. No test cuts the power.
func (s *Server) Unsynced(f func()) {
	s.t.Helper()
	s.syncing("off")
	f()
	s.syncing("on")
}

// syncing has the server sync its commits or not, and waits until it does.
func (s *Server) syncing(want string) {
	s.t.Helper()
	s.Run("ALTER SYSTEM SET fsync = " + want)
	s.Run("SELECT pg_reload_conf()")
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		is, err := s.s.ask("SHOW fsync")
		if err != nil {
			s.t.Fatal(err)
		}
		if is == want {
			return
		}
		<-tick.C
	}
}

// Standby starts a server that follows this one, with a copy of all that is in
// it. It ends with the test.
func (s *Server) Standby() *Server {
	s.t.Helper()
	c, err := newCluster(s.s.durable, s.s.cluster.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	standby := &Server{t: s.t, s: &server{durable: s.s.durable, cluster: c}}
	s.t.Cleanup(standby.Remove)
	return standby
}

// Remove ends the server, as a crash does, and its data; a second time does
// nothing.
func (s *Server) Remove() {
	s.Stop("immediate")
	if err := os.RemoveAll(s.s.cluster.dir); err != nil {
		s.t.Error(err)
	}
}

// Dir is the folder of its socket.
func (s *Server) Dir() string { return s.s.cluster.dir }

// Run runs a statement in the database "postgres". An error ends the test.
func (s *Server) Run(statement string) {
	s.t.Helper()
	if err := s.s.run(statement); err != nil {
		s.t.Fatal(err)
	}
}

// Database returns the address of a database of the server.
func (s *Server) Database(name string) string { return s.s.cluster.url(name) }

// URL returns the address of its one database, with the schema in it.
func (s *Server) URL() string {
	s.t.Helper()
	s.s.once.Do(s.s.fill)
	if s.s.err != nil {
		s.t.Fatal(s.s.err)
	}
	return s.s.cluster.url(template)
}

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
