package bench_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// The side by side measures the service as it is released beside what one
// writes without it: a handler by hand, and one River job for each event. Each
// is a process of its own over a durable database of its own; the load
// generator shares the cores with all of them.
var (
	measureFlag  = flag.Bool("measure", false, "measure for real; else each figure is taken for a moment, to see that it can be")
	durationFlag = flag.Duration("duration", 5*time.Second, "how long acknowledgements are counted, for each number of connections")
	ordersFlag   = flag.Int("orders", 400, "how many orders are paid to measure Paid and the settled rate")
	partsFlag    = flag.String("parts", "ack,paid,settled,grow", "what is measured")
	databaseFlag = flag.String("databases", "sqlite,postgres", "over which databases")
	programFlag  = flag.String("programs", strings.Join([]string{vezneKind, handKind, riverKind}, ","), "which programs are measured")
	growFlag     = flag.Int("grow", 0, "how many events the database holds before it is measured once more")
)

// effort is how much is measured.
type effort struct {
	duration    time.Duration
	connections []int
	orders      int
	grow        int
}

func wanted(list, name string) bool { return slices.Contains(strings.Split(list, ","), name) }

// eachDatabase is each that is to be measured.
func eachDatabase(do func(name string, url func(testing.TB) string)) {
	for _, d := range databases {
		if wanted(*databaseFlag, d.name) {
			do(d.name, d.url)
		}
	}
}

func TestMain(m *testing.M) {
	if kind := os.Getenv(serveEnv); kind != "" {
		if err := serveRival(kind); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestSideBySide prints the tables of docs/reference/performance.md.
func TestSideBySide(t *testing.T) {
	e := effort{duration: 50 * time.Millisecond, connections: []int{8}, orders: 4, grow: 100}
	if *measureFlag {
		e = effort{duration: *durationFlag, connections: []int{1, 8, 32}, orders: *ordersFlag, grow: *growFlag}
	}
	bin := build(t)
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s, %s/%s, %d CPUs, load average %s, %s for each line\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), loadAverage(t), e.duration)
	eachDatabase(func(name string, url func(testing.TB) string) {
		fmt.Fprintf(&out, "%s: %s\n", name, settingsOf(t, url(t)))
	})
	for _, part := range []struct {
		name    string
		measure func(t *testing.T, out *bytes.Buffer, bin string, e effort)
	}{{"ack", acknowledged}, {"paid", paid}, {"settled", settled}, {"grow", grown}} {
		if wanted(*partsFlag, part.name) {
			part.measure(t, &out, bin, e)
		}
	}
	fmt.Fprintf(&out, "\nload average at the end %s\n", loadAverage(t))
	t.Log("\n" + out.String())
}

// build makes the service as it is released, where it is measured. To see that it
// can be, it is made of the packages that the tests are built of, which are
// compiled already.
func build(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "vezne")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "../../cmd/vezne")
	if *measureFlag {
		cmd = exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bin, "../../cmd/vezne")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

func loadAverage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

// settingsOf returns the settings that decide whether an acknowledged event is
// on the disk, as the database says them.
func settingsOf(t *testing.T, url string) string {
	t.Helper()
	db := openRival(t, url)
	ask := func(query string) string {
		var v string
		if err := db.QueryRowContext(t.Context(), query).Scan(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	if strings.HasPrefix(url, "sqlite:") {
		return "journal_mode=" + ask("PRAGMA journal_mode") + " synchronous=" + map[string]string{"1": "NORMAL", "2": "FULL"}[ask("PRAGMA synchronous")]
	}
	return "PostgreSQL " + ask("SHOW server_version") + " fsync=" + ask("SHOW fsync") + " synchronous_commit=" + ask("SHOW synchronous_commit") +
		" full_page_writes=" + ask("SHOW full_page_writes") + " shared_buffers=" + ask("SHOW shared_buffers")
}

// acknowledged measures acknowledgements that are on the disk.
func acknowledged(t *testing.T, out *bytes.Buffer, bin string, e effort) {
	t.Helper()
	fmt.Fprintf(out, "\n| database | program | connections | acknowledged/s | p50 ms | p99 ms | CPU µs/event, program | database | RSS MiB |\n|---|---|---|---|---|---|---|---|---|\n")
	eachDatabase(func(name string, url func(testing.TB) string) {
		for _, kind := range strings.Split(*programFlag, ",") {
			p := start(t, bin, kind, url(t), rates{})
			for _, c := range e.connections {
				r := p.load(t, c, e.duration)
				fmt.Fprintf(out, "| %s | %s | %d | %.0f | %.2f | %.2f | %.0f | %.0f | %.0f |\n", name, kind, c, r.rate(), ms(r.quantile(0.5)), ms(r.quantile(0.99)), r.cpu(r.program), r.cpu(r.database), r.rss)
			}
			p.stop(t)
		}
	})
}

// grown measures acknowledgements once more over a database that holds many
// events, as retention leaves them. Each database is gone before the next is made:
// ten million events fill several gigabytes.
func grown(t *testing.T, out *bytes.Buffer, bin string, e effort) {
	t.Helper()
	fmt.Fprintf(out, "\n| database | events before | MB | acknowledged/s, 32 connections | p50 ms | p99 ms | CPU µs/event, program | database | RSS MiB |\n|---|---|---|---|---|---|---|---|---|\n")
	if e.grow == 0 {
		return
	}
	eachDatabase(func(name string, make func(testing.TB) string) {
		t.Run("grow/"+name, func(t *testing.T) {
			url := make(t)
			for _, n := range []int{0, e.grow} {
				if n > 0 {
					began := time.Now()
					fill(t, url, n)
					t.Logf("%s: %d events were put in in %s", name, n, time.Since(began).Round(time.Second))
				}
				size := sizeOf(t, url)
				p := start(t, bin, vezneKind, url, rates{})
				r := p.load(t, 32, e.duration)
				fmt.Fprintf(out, "| %s | %d | %d | %.0f | %.2f | %.2f | %.0f | %.0f | %.0f |\n", name, n, size>>20, r.rate(), ms(r.quantile(0.5)), ms(r.quantile(0.99)), r.cpu(r.program), r.cpu(r.database), r.rss)
				p.stop(t)
			}
		})
	})
}

// fillBatch is how many events are put in at once: the log of one transaction
// with all of them would be as large as the database.
const fillBatch = 250_000

// fill puts events into a database as they are after the retention period: their
// payloads are gone. Their ids and objects come in no order, as Stripe's do.
func fill(t *testing.T, url string, n int) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	db := openRival(t, url)
	isFile := strings.HasPrefix(url, "sqlite:")
	numbers, scattered := "SELECT i FROM generate_series(CAST($1 AS BIGINT), CAST($2 AS BIGINT)) AS g(i)", "md5(CAST(i AS TEXT))"
	if isFile {
		numbers = "WITH RECURSIVE g(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM g WHERE i < $2) SELECT i FROM g"
		scattered = "printf('%08x%08x', i * 2654435761 % 4294967296, i)"
	}
	query := `INSERT INTO vezne_events (account, livemode, id, its_account, its_livemode, type, object_id, object_type, api_version, created, received_at, state, reason, applied_at,
		deliveries, number, body, digest, removed_at)
		SELECT (SELECT value FROM vezne_settings WHERE key = 'account:test'), FALSE, 'evt_' || ` + scattered + `, '', FALSE, 'payment_intent.succeeded', 'pi_' || ` + scattered + `, 'payment_intent',
		'2026-01-28', i, i, 'applied', '', i, 1, i, NULL, '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef', i FROM (` + numbers + `) AS old`
	for from := 1; from <= n; from += fillBatch {
		if _, err := db.ExecContext(ctx, query, from, min(from+fillBatch-1, n)); err != nil {
			t.Fatal(err)
		}
	}
	// As after a night's rest: nothing that the filling left has to be tidied up
	// while the service is measured.
	rest := "VACUUM (ANALYSE) vezne_events"
	if isFile {
		rest = "PRAGMA wal_checkpoint(TRUNCATE)"
	}
	if _, err := db.ExecContext(ctx, rest); err != nil {
		t.Fatal(err)
	}
	var kept int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM vezne_events WHERE removed_at IS NOT NULL").Scan(&kept); err != nil || kept != n {
		t.Fatalf("%d events were put in, %v; want %d", kept, err, n)
	}
}

// sizeOf is how many bytes a database takes.
func sizeOf(t *testing.T, url string) (bytes int64) {
	t.Helper()
	query := "SELECT pg_database_size(current_database())"
	if strings.HasPrefix(url, "sqlite:") {
		query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
	}
	if err := openRival(t, url).QueryRowContext(t.Context(), query).Scan(&bytes); err != nil {
		t.Fatal(err)
	}
	return bytes
}
