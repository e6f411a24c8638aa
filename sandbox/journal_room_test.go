package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// smallDisk is a file on a disk whose room changes.
type smallDisk struct {
	journalFile
	mu   sync.Mutex
	room int
}

func (d *smallDisk) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(p) <= d.room {
		d.room -= len(p)
		return d.journalFile.Write(p)
	}
	n, err := d.journalFile.Write(p[:d.room])
	d.room -= n
	return n, errors.Join(err, syscall.ENOSPC)
}

func (d *smallDisk) leave(room int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = room
}

// Once there is room again the next change works, though the disk got full in the middle of a line, and what rested goes on:
// a session that fell due expires, events are delivered. A new start finds all that was answered and nothing else.
func TestChangesGoOnWhenThereIsRoomAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var sent atomic.Int64
	endpoint := transportFunc(func(r *http.Request) (*http.Response, error) {
		sent.Add(1)
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
	})
	var log bytes.Buffer
	sb, err := New(Options{Data: dir, Account: "core", ForwardTo: "http://endpoint.example/", Transport: endpoint, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	control := sb.Account("sk_test_core")
	if _, err := control.Freeze(t.Context()); err != nil {
		t.Fatal(err)
	}
	session := must(t, sb, http.MethodPost, "/v1/checkout/sessions", "mode=setup&currency=usd&success_url=https://shop.example/").str("id")
	kept := []string{must(t, sb, http.MethodPost, "/v1/customers", "name=kept").str("id")}
	if err := control.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	disk := &smallDisk{journalFile: sb.journal.file}
	sb.journal.file = disk
	for round := range 3 {
		disk.leave(100)
		for range 2 {
			if got := call(t, sb, http.MethodPost, "/v1/customers", "name=refused", "Idempotency-Key", fmt.Sprint("again-", round)); got.status != http.StatusInternalServerError {
				t.Fatalf("a full disk answers %d", got.status)
			}
			if _, err := control.Advance(t.Context(), 25*time.Hour); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("the clock went on: %v", err)
			}
			disk.leave(roomTried / 2) // not enough to go on
		}
		call(t, sb, http.MethodGet, "/v1/customers", "", "Authorization", fmt.Sprint("Bearer sk_test_born_full_", round))
		before := sent.Load()
		disk.leave(1 << 30)
		got := must(t, sb, http.MethodPost, "/v1/customers", "name=kept", "Idempotency-Key", fmt.Sprint("again-", round))
		if got.header.Get("Idempotent-Replayed") != "" {
			t.Error("a refused call was kept")
		}
		kept = append(kept, got.str("id"))
		if err := control.Idle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := sent.Load() - before; n != 1 {
			t.Errorf("%d deliveries of one event", n)
		}
	}
	if _, err := control.Advance(t.Context(), 25*time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := must(t, sb, http.MethodGet, "/v1/checkout/sessions/"+session, "").str("status"); got != "expired" {
		t.Errorf("the session is %s", got)
	}
	for _, told := range []string{"cannot be written", "can be written again"} {
		if n := strings.Count(log.String(), told); n != 3 {
			t.Errorf("the log says %d times that the data %s:\n%s", n, told, &log)
		}
	}
	slices.Reverse(kept)
	listed := func() []string { return idsOf(must(t, sb, http.MethodGet, "/v1/customers", "")) }
	if got := listed(); !slices.Equal(got, kept) {
		t.Errorf("listed are %q, answered were %q", got, kept)
	}
	born := must(t, sb, http.MethodPost, "/v1/customers", "name=late", "Authorization", "Bearer sk_test_born_full_0").str("id")
	account := must(t, sb, http.MethodGet, "/v1/account", "", "Authorization", "Bearer sk_test_born_full_0").body
	events := must(t, sb, http.MethodGet, "/v1/events", "").body
	stop(t, sb)

	sb = start(t, dir)
	if got := listed(); !slices.Equal(got, kept) {
		t.Errorf("after a new start listed are %q, answered were %q", got, kept)
	}
	if got := must(t, sb, http.MethodGet, "/v1/events", "").body; got != events {
		t.Errorf("after a new start the events are %s, before %s", got, events)
	}
	must(t, sb, http.MethodGet, "/v1/customers/"+born, "", "Authorization", "Bearer sk_test_born_full_0")
	if got := must(t, sb, http.MethodGet, "/v1/account", "", "Authorization", "Bearer sk_test_born_full_0").body; got != account {
		t.Errorf("the account that was made while the disk was full is %s, before %s", got, account)
	}
	stop(t, sb)
}

// Many callers meet a disk that is full time and again: what was answered is there, now and after a new start.
func TestManyCallersMeetAFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sb := start(t, dir)
	disk := &smallDisk{journalFile: sb.journal.file, room: 1 << 30}
	sb.journal.file = disk
	var mu sync.Mutex
	answered := map[string][]string{}
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			key := fmt.Sprint("sk_test_many_", i%3)
			for n := range 60 {
				if n%10 == i {
					disk.leave(1 + 700*n)
				}
				got := call(t, sb, http.MethodPost, "/v1/customers", "name=Kahve", "Authorization", "Bearer "+key)
				mu.Lock()
				if got.status == http.StatusOK {
					answered[key] = append(answered[key], got.str("id"))
				}
				mu.Unlock()
				if n%10 == (i+3)%8 {
					disk.leave(1 << 30)
				}
			}
		})
	}
	group.Wait()
	there := func(sb *Sandbox, key string) (ids []string) {
		for _, page := range []string{"", "&starting_after="} {
			if page != "" && len(ids) > 0 {
				page += ids[len(ids)-1]
			}
			ids = append(ids, idsOf(must(t, sb, http.MethodGet, "/v1/customers?limit=100"+page, "", "Authorization", "Bearer "+key))...)
		}
		return ids
	}
	disk.leave(1 << 30)
	before := map[string][]string{}
	for i := range 3 {
		key := fmt.Sprint("sk_test_many_", i)
		must(t, sb, http.MethodPost, "/v1/customers", "name=last", "Authorization", "Bearer "+key)
		before[key] = there(sb, key)
		for _, id := range answered[key] {
			if !slices.Contains(before[key], id) {
				t.Errorf("%s was answered and is gone", id)
			}
		}
	}
	stop(t, sb)
	sb = start(t, dir)
	for key, ids := range before {
		if got := there(sb, key); !slices.Equal(got, ids) {
			t.Errorf("%s has %d customers after a new start, %d before", key, len(got), len(ids))
		}
	}
	stop(t, sb)
}
