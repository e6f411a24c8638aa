package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/sandbox"
)

// tableServer is a sandbox for the rows of a page; each row is an account of its own.
type tableServer struct {
	url      string
	client   *http.Client
	accounts atomic.Int64
}

func newTableServer(t *testing.T) *tableServer {
	t.Helper()
	sb, err := sandbox.New(sandbox.Options{Clock: func() time.Time { return time.Unix(start, 0) }, DisplayName: "Çınar Kahve"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sb)
	transport := &http.Transport{MaxIdleConnsPerHost: 32}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	return &tableServer{url: server.URL, client: &http.Client{Transport: transport}}
}

func (s *tableServer) account(t *testing.T, page *tablePage, line int) *tableAccount {
	t.Helper()
	return &tableAccount{
		ctx: t.Context(), server: s.url, client: s.client, page: page, name: fmt.Sprintf("line%dx%d", line, s.accounts.Add(1)),
		objects: map[string]object{}, newest: map[string]string{}, read: map[string]object{},
	}
}

// Each row of each page holds, and none of the things that it says could be wrong without this test saying so.
func TestTables(t *testing.T) {
	t.Parallel()
	files, err := pageFiles()
	if err != nil || len(files) == 0 {
		t.Fatalf("pages: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".md"), func(t *testing.T) {
			t.Parallel()
			page, faults := readPage(file)
			for _, fault := range faults {
				t.Error(fault)
			}
			if len(faults) > 0 {
				return
			}
			server := newTableServer(t)
			for _, state := range page.states {
				runRow(t, server, page, &tableRow{line: state.line, name: state.name, from: []step{{state: strings.TrimPrefix(state.name, "the state ")}}})
			}
			for _, row := range page.rows {
				runRow(t, server, page, row)
			}
		})
	}
}

func runRow(t *testing.T, server *tableServer, page *tablePage, row *tableRow) {
	t.Helper()
	t.Run(fmt.Sprintf("%d %s", row.line, row.name), func(t *testing.T) {
		t.Parallel()
		at := fmt.Sprintf("docs/reference/sandbox/%s:%d", page.file, row.line)
		account := server.account(t, page, row.line)
		got, err := account.perform(row)
		if err != nil {
			t.Fatalf("%s: %v", at, err)
		}
		faults := account.verify(row.want, got)
		for _, fault := range faults {
			t.Errorf("%s: %s", at, fault)
		}
		if len(faults) > 0 {
			return
		}
		for what, wrong := range mutations(row.want) {
			if len(account.verify(wrong, got)) == 0 {
				t.Errorf("%s: the row would hold with %s, too", at, what)
			}
		}
	})
}

// mutations are expectations that are wrong where a right one says something, by what was changed.
func mutations(want expectation) map[string]expectation {
	wrong := map[string]expectation{}
	if want.refused == nil {
		e := want
		e.refused = &refusal{status: 400, fields: map[string]string{"type": "invalid_request_error"}}
		wrong["a refusal"] = e
	} else {
		e := want
		e.refused = nil
		wrong["no refusal"] = e
		for _, key := range refusalFields {
			r := refusal{want.refused.status, map[string]string{}, want.refused.message}
			for k, v := range want.refused.fields {
				r.fields[k] = v
			}
			r.fields[key] += "_other"
			e := want
			e.refused = &r
			wrong["another "+key] = e
		}
		if want.refused.message != "" {
			r := *want.refused
			r.message += " "
			e := want
			e.refused = &r
			wrong["another message"] = e
		}
	}
	for i, h := range want.holds {
		if h.path == "" {
			continue
		}
		e := want
		e.holds = append([]assertion(nil), want.holds...)
		switch h.value {
		case "any":
			e.holds[i].value = "null"
		case "absent":
			e.holds[i].value = "any"
		default:
			// Nothing that is answered holds this byte; a digit may follow by chance.
			e.holds[i].value += "\x00"
		}
		wrong["another "+h.path] = e
	}
	if want.counted {
		e := want
		e.events = append(append([]wantedEvent(nil), want.events...), wantedEvent{name: "account.updated"})
		wrong["one event more"] = e
		for i := range want.events {
			e := want
			e.events = append(append([]wantedEvent(nil), want.events[:i]...), want.events[i+1:]...)
			wrong[fmt.Sprintf("one %s less", want.events[i].name)] = e
			if want.events[i].before != nil {
				e := want
				e.events = append([]wantedEvent(nil), want.events...)
				e.events[i].before = append([]string{"nothing"}, e.events[i].before...)
				wrong["another field before "+want.events[i].name] = e
			}
		}
	}
	return wrong
}

// Every page is on the list of pages, and every page of the list is there.
func TestEveryPageOfTablesIsListed(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile(filepath.Join(tablePages, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := pageFiles()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := filepath.Base(file); !strings.Contains(string(list), "]("+name+")") {
			t.Errorf("README.md does not list %s", name)
		}
	}
}
