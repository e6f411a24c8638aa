package sandbox

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// fullFile is a file on a disk that has room for so many bytes more.
type fullFile struct {
	journalFile
	room int
}

func (f *fullFile) Write(p []byte) (int, error) {
	if len(p) <= f.room {
		f.room -= len(p)
		return f.journalFile.Write(p)
	}
	n, err := f.journalFile.Write(p[:f.room])
	f.room -= n
	return n, errors.Join(err, syscall.ENOSPC)
}

// A full disk refuses changes with a sentence, goes on answering reads, and what was answered before is there after a new
// start, though the disk got full in the middle of a line.
func TestAFullDiskRefusesChanges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var log bytes.Buffer
	sb, err := New(Options{Data: dir, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	sb.journal.file = &fullFile{sb.journal.file, 5000}
	var kept []string
	refused := reply{}
	for range 100 {
		got := call(t, sb, http.MethodPost, "/v1/customers", "name=Kahve")
		if got.status != http.StatusOK {
			refused = got
			break
		}
		kept = append(kept, got.str("id"))
	}
	says := func(got reply) {
		t.Helper()
		if got.status != http.StatusInternalServerError || got.str("error.type") != "api_error" || !strings.Contains(got.str("error.message"), "no space left on device") {
			t.Errorf("a full disk answers %d: %s", got.status, got.body)
		}
	}
	says(refused)
	if len(kept) == 0 {
		t.Error("no change was kept before the disk was full")
	}
	listed := len(idsOf(must(t, sb, http.MethodGet, "/v1/customers?limit=100", "")))
	if listed != len(kept) {
		t.Errorf("%d customers are listed, %d were answered: a refused change is not there", listed, len(kept))
	}
	says(call(t, sb, http.MethodPost, "/v1/customers", "name=more", "Idempotency-Key", "again"))
	says(call(t, sb, http.MethodDelete, "/v1/customers/"+kept[0], ""))
	must(t, sb, http.MethodGet, "/v1/customers/"+kept[0], "")
	if n := len(idsOf(must(t, sb, http.MethodGet, "/v1/customers?limit=100", ""))); n != listed {
		t.Errorf("%d customers are listed after refusals, %d before", n, listed)
	}
	if n := strings.Count(log.String(), "cannot be written"); n != 1 {
		t.Errorf("the log says %d times that nothing can be written:\n%s", n, &log)
	}
	if err := sb.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Close says %v", err)
	}

	sb = start(t, dir)
	for _, id := range kept {
		must(t, sb, http.MethodGet, "/v1/customers/"+id, "")
	}
	if n := len(idsOf(must(t, sb, http.MethodGet, "/v1/customers?limit=100", ""))); n != len(kept) {
		t.Errorf("%d customers are there, %d were answered", n, len(kept))
	}
	must(t, sb, http.MethodPost, "/v1/customers", "name=Kahve")
	stop(t, sb)
}

// What falls due after the disk got full does not run: nothing of it could be kept. The refused call leaves no trace: no
// account setting, no event, no idempotency key, no delivery.
func TestNothingRunsOnAFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var sent atomic.Int64
	endpoint := transportFunc(func(r *http.Request) (*http.Response, error) {
		sent.Add(1)
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
	})
	sb, err := New(Options{Data: dir, Account: "core", ForwardTo: "http://endpoint.example/", Transport: endpoint})
	if err != nil {
		t.Fatal(err)
	}
	control := sb.Account("sk_test_core")
	if _, err := control.Freeze(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := must(t, sb, http.MethodPost, "/v1/checkout/sessions", "mode=setup&currency=usd&success_url=https://shop.example/").str("id")
	must(t, sb, http.MethodPost, "/v1/customers", "name=kept")
	if err := control.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	before, clock := sent.Load(), must(t, sb, http.MethodGet, "/_sandbox/clock", "").body
	events := must(t, sb, http.MethodGet, "/v1/events", "").body
	sb.journal.file = &fullFile{sb.journal.file, 10}

	for range 2 {
		if got := call(t, sb, http.MethodPost, "/v1/customers", "name=refused", "Idempotency-Key", "once"); got.status != http.StatusInternalServerError || got.header.Get("Idempotent-Replayed") != "" {
			t.Errorf("a full disk answers %d %v", got.status, got.header)
		}
	}
	if _, err := control.Advance(t.Context(), 48*time.Hour); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("the clock went on: %v", err)
	}
	for _, order := range []string{"reset", "settings", "keys", "snapshots"} {
		body := map[string]string{"settings": `{"display_name":"refused"}`, "keys": `{"permissions":{"customers":"read"}}`}[order]
		if got := call(t, sb, http.MethodPost, "/_sandbox/"+order, body); got.status < 400 {
			t.Errorf("%s answers %d on a full disk", order, got.status)
		}
	}
	if got := must(t, sb, http.MethodGet, "/_sandbox/clock", "").body; got != clock {
		t.Errorf("the clock tells %s, before %s", got, clock)
	}
	if got := must(t, sb, http.MethodGet, "/v1/checkout/sessions/"+id, "").str("status"); got != "open" {
		t.Errorf("the session is %s", got)
	}
	if n := len(idsOf(must(t, sb, http.MethodGet, "/v1/customers", ""))); n != 1 {
		t.Errorf("%d customers", n)
	}
	if got := must(t, sb, http.MethodGet, "/v1/events", "").body; got != events {
		t.Errorf("the events are %s, before %s", got, events)
	}
	if got := sent.Load(); got != before {
		t.Errorf("%d deliveries more", got-before)
	}
	if err := sb.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Close says %v", err)
	}

	sb = start(t, dir)
	if got := must(t, sb, http.MethodGet, "/v1/events", "").body; got != events {
		t.Errorf("after a new start the events are %s, before %s", got, events)
	}
	stop(t, sb)
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
