package storetest

import (
	"bytes"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Wire stands between a store and PostgreSQL and can be cut in the middle of a
// conversation: what was said last still reaches the server, and nobody hears
// the answer.
type Wire struct {
	t    testing.TB
	url  string
	to   string
	mu   sync.Mutex
	word []byte
}

// NewWire puts a wire before a database of Postgres or of a Server; it ends
// with the test.
func NewWire(t testing.TB, url string) *Wire {
	t.Helper()
	base, socket, found := strings.Cut(url, "?host=")
	if !found {
		t.Fatalf("%q is no database of this package", url)
	}
	dir := t.TempDir()
	const name = ".s.PGSQL.5432"
	l, err := net.Listen("unix", filepath.Join(dir, name)) //nolint:noctx // it ends with the test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &Wire{t: t, url: base + "?host=" + dir, to: filepath.Join(socket, name)}
	go w.serve(l)
	return w
}

// URL returns the address of the database through the wire.
func (w *Wire) URL() string { return w.url }

// CutAt cuts every connection that says a word from now on, in small letters;
// "" lets all pass.
func (w *Wire) CutAt(word string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.word = []byte(word)
}

func (w *Wire) cuts(said []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.word) > 0 && bytes.Contains(bytes.ToLower(said), w.word)
}

func (w *Wire) serve(l net.Listener) {
	for {
		from, err := l.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("unix", w.to) //nolint:noctx // it ends with the test
		if err != nil {
			w.t.Error(err)
			return
		}
		go func() {
			// A cut wire is what is tested: how the copying ends does not matter.
			_, _ = io.Copy(from, to)
			_ = from.Close()
		}()
		go w.pass(from, to)
	}
}

func (w *Wire) pass(from, to net.Conn) {
	defer func() { _ = to.Close() }()
	said := make([]byte, 1<<16)
	for {
		n, err := from.Read(said)
		if err != nil {
			return
		}
		if w.cuts(said[:n]) {
			_ = from.Close()
		}
		if _, err := to.Write(said[:n]); err != nil {
			return
		}
	}
}
