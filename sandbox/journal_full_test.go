package sandbox

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"syscall"
	"testing"
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
