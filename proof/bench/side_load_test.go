package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// outcome is what a load met.
type outcome struct {
	took     []time.Duration
	elapsed  time.Duration
	program  time.Duration
	database time.Duration
	rss      float64
}

func (o outcome) rate() float64 { return float64(len(o.took)) / o.elapsed.Seconds() }

// cpu returns CPU time for each event, in microseconds.
func (o outcome) cpu(all time.Duration) float64 {
	return float64(all.Microseconds()) / float64(max(len(o.took), 1))
}

func (o outcome) quantile(q float64) time.Duration { return quantile(o.took, q) }

func quantile(list []time.Duration, q float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// serial makes every event of a run its own.
var serial atomic.Int64

// poster posts events over connections that are kept.
type poster struct{ client *http.Client }

func newPoster(senders int) poster {
	return poster{&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders, MaxConnsPerHost: senders}}}
}

// post sends a signed event and returns when it was acknowledged.
func (p poster) post(ctx context.Context, url string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Stripe-Signature", sign(body))
	res, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", res.Status, said)
	}
	return nil
}

// load sends events from senders at once for a time.
func (p *running) load(t *testing.T, senders int, d time.Duration) outcome {
	t.Helper()
	post := newPoster(senders)
	defer post.client.CloseIdleConnections()
	took := make([][]time.Duration, senders)
	failed := make([]error, senders)
	before := p.used(t)
	began := time.Now()
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() {
			for time.Since(began) < d && failed[i] == nil {
				body := event(serial.Add(1))
				at := time.Now()
				failed[i] = post.post(t.Context(), p.url, body)
				took[i] = append(took[i], time.Since(at))
			}
		})
	}
	all.Wait()
	o := outcome{elapsed: time.Since(began), took: slices.Concat(took...)}
	after := p.used(t)
	for _, err := range failed {
		if err != nil {
			t.Fatalf("%s: %v", p.kind, err)
		}
	}
	o.program, o.database, o.rss = after.program-before.program, after.database-before.database, after.rss
	return o
}

// usage is what processes used so far.
type usage struct {
	program, database time.Duration
	rss               float64
}

func (p *running) used(t *testing.T) usage {
	t.Helper()
	u := usage{program: cpuOf(t, p.cmd.Process.Pid, false), rss: residentOf(t, p.cmd.Process.Pid)}
	if p.postmaster > 0 {
		u.database = cpuOf(t, p.postmaster, true)
		for _, child := range childrenOf(t, p.postmaster) {
			u.database += cpuOf(t, child, false)
		}
	}
	return u
}

// tick is a unit of CPU time in /proc. Source: proc_pid_stat(5).
const tick = 10 * time.Millisecond

// stat returns the fields of /proc/PID/stat after the name; nil when the
// process has ended.
func stat(t *testing.T, pid int) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
}

// cpuOf returns the CPU time of a process, and of its children that ended.
func cpuOf(t *testing.T, pid int, ended bool) time.Duration {
	t.Helper()
	fields := stat(t, pid)
	if fields == nil {
		return 0
	}
	to := 13
	if ended {
		to = 15
	}
	var sum time.Duration
	for _, f := range fields[11:to] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += time.Duration(n) * tick
	}
	return sum
}

func childrenOf(t *testing.T, parent int) []int {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var list []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if fields := stat(t, pid); fields != nil && fields[1] == strconv.Itoa(parent) {
			list = append(list, pid)
		}
	}
	return list
}

// residentOf returns the resident memory of a process, in MiB.
func residentOf(t *testing.T, pid int) float64 {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "statm"))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return float64(pages) * float64(os.Getpagesize()) / (1 << 20)
}
