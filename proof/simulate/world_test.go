package simulate_test

import (
	"container/heap"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
)

// world is everything: the desk with its lives, Stripe, the post, the weather,
// customers and what they bought. It runs in a bubble of virtual time.
type world struct {
	t       testing.TB
	sched   *scheduler
	weather *weather
	record  *record
	post    *post
	stripe  *stripe
	app     *app
	clock   *clock
	// without are kinds of entries that do not happen.
	without map[string]bool
	verbose bool
	began   time.Time

	// dir holds the database; look reads it without a step.
	dir   string
	path  string
	look  *sql.DB
	looks map[string]question
	// pool are connections to it that nobody uses.
	pool  pool
	build build

	mu     sync.Mutex
	agenda agenda
	seq    int
	// dirty is true when something was committed since the last look.
	dirty bool
	// noticed are changes that were committed; open are those of the transaction
	// that is not over.
	noticed, open []notice
	// atDisk counts who is in the middle of a step at the database that takes time.
	atDisk int
	// doubts are requests that the desk gave up and Stripe did since.
	doubts  []string
	trail   []string
	strands int

	// now is the life that serves, nil while there is none.
	now      *process
	starting bool
	sweeping int
	due      time.Time
	dueKnown bool
	names    int
	lies     int
	happened int
	// altered are intents whose amount somebody changed at Stripe.
	altered map[string]bool
	// handed are intents whose page somebody has open.
	handed map[string]bool
	// losses counts how often the database was lost.
	losses int64
	// invoices are the orders of the numbers that were ever given.
	invoices map[string]string
	// again are intents by which somebody at Stripe charged a second time, and
	// their orders.
	again map[string]string
	// looked is when everything was last held against the truth.
	looked time.Time
	over   bool
	// twice is true when Stripe did something long after it said that it failed:
	// then money may come in twice, and must go back.
	twice    bool
	spoiled  string
	seen     *seen
	backup   *backup
	restored bool
	stats    stats
}

// stats count what happened in a world.
type stats struct {
	crashes, restarts, lostCommits, events, dropped, orders, paid int
	fates                                                         map[fate]int
	// calm counts orders that were held against the truth in between.
	calm int
	// slow counts steps at the database that took time.
	slow          int
	steps, endsAt int
	trace         uint64
}

// process is a life with the engine in it.
type process struct {
	*engine.Engine
	life    *life
	db      *sql.DB
	handler http.Handler
	// hand is true while it is being opened.
	opened bool
}

// build is what differs between builds and settings of the desk.
type build struct {
	publicURL string
	seller    string
	secrets   []string
	key       string
}

// furthest is how wrong the desk's clock may be.
const furthest = 30 * time.Minute

// clock is the desk's: the bubble's, and jumps.
type clock struct {
	mu   sync.Mutex
	jump time.Duration
}

// Now returns the time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.jump).UTC()
}

func (c *clock) offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.jump
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.jump = max(-furthest, min(furthest, c.jump+d))
}

// agenda is what is to be done later, by time and then by order.
type agenda []planned

type planned struct {
	at  time.Time
	seq int
	do  func()
}

// Len returns how much there is.
func (a agenda) Len() int { return len(a) }

// Less puts the earlier first.
func (a agenda) Less(i, j int) bool {
	if a[i].at.Equal(a[j].at) {
		return a[i].seq < a[j].seq
	}
	return a[i].at.Before(a[j].at)
}

// Swap swaps two.
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }

// Push appends.
func (a *agenda) Push(x any) { *a = append(*a, x.(planned)) }

// Pop takes the last.
func (a *agenda) Pop() any {
	old := *a
	p := old[len(old)-1]
	*a = old[:len(old)-1]
	return p
}

// later does something after a while.
func (w *world) later(d time.Duration, do func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seq++
	heap.Push(&w.agenda, planned{time.Now().Add(d), w.seq, do})
	w.sched.wake()
}

// strand runs somebody in the world.
func (w *world) strand(name string, do func(ctx context.Context)) {
	w.mu.Lock()
	w.names++
	w.strands++
	name = fmt.Sprintf("%06d %s", w.names, name)
	w.mu.Unlock()
	go func() {
		defer func() {
			if v := recover(); v != nil {
				w.violate("%s panicked: %v", name, v)
			}
			w.mu.Lock()
			w.strands--
			w.mu.Unlock()
			w.sched.wake()
		}()
		ctx := strand(context.Background(), name)
		w.sched.step(ctx, "begins")
		do(ctx)
	}()
}

// committed notes that the database changed.
func (w *world) committed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dirty, w.dueKnown = true, false
	w.noticed = append(w.noticed, w.open...)
	w.open = nil
}

// undone forgets what a transaction changed that is over, and was not committed.
func (w *world) undone() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = nil
}

// stale has the database looked at anew.
func (w *world) stale() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dirty, w.dueKnown = true, false
}

// note keeps a line of what happened.
func (w *world) note(format string, args ...any) {
	line := fmt.Sprintf("%s %s", time.Since(w.began).Round(time.Millisecond), fmt.Sprintf(format, args...))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trail = append(w.trail, line)
	if w.verbose {
		fmt.Fprintln(os.Stderr, line)
	}
}

// violate notes that the world is not as it must be. The first one counts.
func (w *world) violate(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.note("VIOLATION: %s", text)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.spoiled == "" {
		w.spoiled = text
	}
}

func (w *world) violated() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.spoiled != ""
}

// pass lets the world go on until an instant.
func (w *world) pass(until time.Time) {
	for !w.violated() {
		synctest.Wait()
		w.checkSteps()
		if w.sched.release() {
			continue
		}
		if w.post.sort() || w.mourn() {
			continue
		}
		w.checkQuiet()
		w.plan()
		w.mu.Lock()
		var first *planned
		if len(w.agenda) > 0 {
			first = &w.agenda[0]
		}
		next := until
		if first != nil && first.at.Before(next) {
			next = first.at
		}
		if !next.After(time.Now()) {
			if first == nil || first.at.After(time.Now()) {
				w.mu.Unlock()
				return
			}
			p := heap.Pop(&w.agenda).(planned)
			w.mu.Unlock()
			p.do()
			continue
		}
		w.mu.Unlock()
		w.sched.sleep(next)
	}
}

// mourn notices that the process died, and has it started again.
func (w *world) mourn() bool {
	p := w.now
	if p == nil || !p.life.isDead() {
		return false
	}
	w.bury(p)
	down := w.weather.pause(time.Minute)
	if w.weather.rng.IntN(12) == 0 {
		down = w.weather.pause(3 * time.Hour)
	}
	w.note("the process died; it is away for %s", down.Round(time.Second))
	w.starting = true
	w.later(down, w.start)
	return true
}

// bury ends a life: what it held is closed, whoever was in it hears nothing.
func (w *world) bury(p *process) {
	if err := p.life.end(); err != nil && !errors.Is(err, errGone) {
		w.note("what the process held open: %v", err)
	}
	w.now, w.sweeping, w.dueKnown = nil, 0, false
	{
		w.mu.Lock()
		w.strands++
		w.mu.Unlock()
		go func() {
			// Its database is gone: that is what it says.
			if p.opened {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				_ = p.Close(ctx)
			}
			_ = p.db.Close()
			w.mu.Lock()
			w.strands--
			w.mu.Unlock()
		}()
	}
}

// start starts the desk; one that does not come up is started again.
func (w *world) start() {
	w.starting = true
	l := newLife(w)
	p := &process{life: l}
	w.now = p
	p.db = sql.OpenDB(&connector{life: l, inner: w.look.Driver(), dsn: "file:" + w.path + "?_txlock=immediate&_pragma=foreign_keys(ON)&_pragma=synchronous(OFF)&_pragma=busy_timeout(0)"})
	w.strand("start", func(ctx context.Context) {
		e, err := engine.Open(ctx, w.config(p))
		if err == nil {
			// The store has one connection of a database that is handed in; who waits
			// for it would be picked at random. Here each has its own, and waits for
			// the one writer by the scheduler.
			p.db.SetMaxOpenConns(0)
			p.db.SetMaxIdleConns(16)
			e.OnOrderPaid(w.app.paid)
			e.AfterOrderPaid(w.app.after)
			p.Engine, p.opened, p.handler = e, true, e.Handler()
			w.starting = false
			w.stats.restarts++
			w.stale()
			w.note("the desk is open")
			return
		}
		w.note("the desk does not open: %v", err)
		if l.isDead() {
			// Whoever buries it starts it again.
			return
		}
		if w.over && vezne.KindOf(err) != vezne.KindUnavailable {
			w.violate("the desk does not open: %v", err)
		}
		_ = l.end()
		_ = p.db.Close()
		w.now = nil
		w.later(5*time.Second, w.start)
	})
}

func (w *world) config(p *process) engine.Config {
	keys := w.stripe.keys
	keys.Secret, keys.Webhook = vezne.NewSecret(w.build.key), nil
	for _, s := range w.build.secrets {
		keys.Webhook = append(keys.Webhook, vezne.NewSecret(s))
	}
	return engine.Config{
		Reload: func(context.Context) (engine.Secrets, error) {
			next := keys
			next.Webhook = nil
			for _, s := range w.build.secrets {
				next.Webhook = append(next.Webhook, vezne.NewSecret(s))
			}
			return engine.Secrets{Keys: next, Callback: []vezne.Secret{vezne.NewSecret(callbackSecret)}}, nil
		},
		Keys: keys, APIBase: stripeURL, HTTPClient: &http.Client{Transport: road{p.life}}, DB: p.db, Dialect: engine.SQLite, PublicURL: w.build.publicURL,
		Seller: vezne.Seller{Name: w.build.seller}, Callback: engine.Callback{URL: appURL, Secrets: []vezne.Secret{vezne.NewSecret(callbackSecret)}, Transport: w.app.road(p.life)},
		BodyKey: []byte("0123456789abcdef0123456789abcdef"), Clock: w.clock, Log: slog.New(slog.NewTextHandler(&w.app.log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
}

// desk returns the desk, and false while it is away.
func (w *world) desk() (*process, bool) {
	p := w.now
	if p == nil || !p.opened || p.life.isDead() {
		return nil, false
	}
	return p, true
}

// call is a request to the desk over HTTP. It fails when nobody is there, and
// when the process dies meanwhile.
func (w *world) call(ctx context.Context, method, path, body string, header ...string) (*http.Response, error) {
	w.sched.step(ctx, "to the desk: "+method+" "+path)
	p, ok := w.desk()
	if !ok {
		return nil, syscall.ECONNREFUSED
	}
	req := httptest.NewRequestWithContext(ctx, method, w.build.publicURL+path, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	p.handler.ServeHTTP(rec, req)
	if p.life.isDead() {
		return nil, syscall.ECONNRESET
	}
	res := rec.Result()
	w.app.read(rec.Body.Bytes(), path)
	return res, nil
}

// webhook is a delivery of an event; 0 when nobody answers.
func (w *world) webhook(ctx context.Context, body []byte, header string) int {
	h := []string{"Content-Type", "application/json"}
	if header != "" {
		h = append(h, "Stripe-Signature", header)
	}
	res, err := w.call(ctx, http.MethodPost, hookPath, string(body), h...)
	if err != nil {
		return 0
	}
	return res.StatusCode
}

// plan has the desk sweep when something is due.
func (w *world) plan() {
	p, ok := w.desk()
	if !ok || w.sweeping > 0 {
		return
	}
	if !w.dueKnown {
		w.due, w.dueKnown = w.nextDue(), true
		if p.CatchingUp() {
			w.due = time.Now().Add(w.weather.pause(time.Second))
		}
		if !w.due.IsZero() {
			w.later(max(0, time.Until(w.due)), func() {})
		}
	}
	if w.due.IsZero() || w.due.After(time.Now()) {
		return
	}
	// Two sweep side by side, as the background does.
	for range 1 + w.weather.rng.IntN(4)/3 {
		w.sweeping++
		w.strand("sweep", func(ctx context.Context) {
			_, err := p.Sweep(ctx)
			if w.now != p {
				return
			}
			if err != nil && vezne.KindOf(err) != vezne.KindUnavailable && !p.life.isDead() {
				w.violate("a sweep failed: %v", err)
			}
			w.sweeping--
			w.dueKnown = false
		})
	}
}

// nextDue asks for what somebody waits for, and for what has time.
const nextDue = `SELECT
	(SELECT MIN(at) FROM (
		SELECT MIN(MAX(due_at, lease_until + 1)) AS at FROM vezne_marks WHERE NOT unlinked AND NOT dead
		UNION ALL SELECT MIN(MAX(next_at, lease_until + 1)) FROM vezne_calls WHERE state IN ('pending', 'looking')
		UNION ALL SELECT MIN(next_at) FROM vezne_effects WHERE sent_at IS NULL)),
	(SELECT MIN(at) FROM (
		SELECT MIN(recheck_at) AS at FROM vezne_snapshots WHERE recheck_at IS NOT NULL
		UNION ALL SELECT MIN(at) + 30000000 FROM vezne_entries WHERE chain_seq IS NULL))`

// nextDue asks the database when something is to be done, zero for never. A
// sweep comes each second, and later when there is much to do.
func (w *world) nextDue() time.Time {
	var urgent, idle sql.NullInt64
	if err := w.asks(nextDue).row().Scan(&urgent, &idle); err != nil {
		w.violate("look at what is due: %v", err)
	}
	patience := 3 * time.Minute
	if w.over {
		patience = 10 * time.Minute
	}
	soon, late := w.instant(urgent, time.Second), w.instant(idle, patience)
	if soon.IsZero() || !late.IsZero() && late.Before(soon) {
		return late
	}
	return soon
}

// instant is when the bubble's clock says that the desk's says so, and a little
// later.
func (w *world) instant(at sql.NullInt64, later time.Duration) time.Time {
	if !at.Valid {
		return time.Time{}
	}
	t := time.UnixMicro(at.Int64).Add(-w.clock.offset())
	if now := time.Now(); t.Before(now) {
		t = now
	}
	return t.Add(w.weather.pause(later))
}

// run lives a plan in a world of its own and returns what is wrong in the end,
// empty for nothing.
func run(t *testing.T, c course) (out result) {
	synctest.Test(t, func(t *testing.T) { out = live(t, c) })
	return out
}

// course is which world is lived.
type course struct {
	seed            uint64
	customers, days int
	// keep are the entries that happen, nil for all.
	keep    map[int]bool
	verbose bool
}

// result is what became of it.
type result struct {
	violation string
	trail     []string
	stats     stats
	entries   []entry
	// happened is how many entries had begun.
	happened int
}

func live(t *testing.T, c course) result {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(400)
	uuid.SetRand(&noise{rand.New(rand.NewPCG(c.seed, 0x1d5))})
	defer uuid.SetRand(nil)
	w := &world{t: t, sched: newScheduler(c.seed), clock: &clock{}, without: map[string]bool{}, began: time.Now(), verbose: c.verbose, seen: newSeen(), altered: map[string]bool{}, again: map[string]string{}, invoices: map[string]string{}, handed: map[string]bool{}}
	w.stats.fates = map[fate]int{}
	w.weather, w.post, w.app = newWeather(w, c.seed), newPost(w), newApp(w)
	w.record = newRecord(w)
	watcher.Store(w)
	defer watcher.Store(nil)
	var err error
	if w.stripe, err = newStripe(w, c.seed); err != nil {
		t.Fatal(err)
	}
	if err := w.openDisk(); err != nil {
		t.Fatal(err)
	}
	w.build = build{publicURL: deskURL, seller: "Kahve", secrets: []string{w.stripe.secrets[0].text}, key: w.stripe.key}
	w.start()
	if w.weather.climate.watches {
		w.later(watchPause, w.watch)
	}
	list := plan(c.seed, c.customers, c.days)
	for _, e := range list {
		if c.keep == nil || c.keep[e.id] {
			w.later(e.at+time.Second, func() { w.happen(e) })
		}
	}
	w.pass(w.began.Add(time.Duration(c.days)*day + time.Second))
	w.end()
	w.stats.steps, w.stats.trace = w.sched.steps, w.sched.trace
	return result{violation: w.spoiled, trail: w.trail, stats: w.stats, entries: list, happened: w.happened}
}

// noise makes ids repeatable.
type noise struct{ rng *rand.Rand }

// Read fills a slice.
func (n *noise) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(n.rng.Uint32())
	}
	return len(p), nil
}

// openDisk copies the empty database and opens it for looking.
func (w *world) openDisk() error {
	source, err := emptyDatabase()
	if err != nil {
		return err
	}
	if w.dir, err = os.MkdirTemp(memoryDir(), "vezne-sim-"); err != nil {
		return err
	}
	w.path = filepath.Join(w.dir, "vezne.db")
	if err := os.WriteFile(w.path, source, 0o600); err != nil {
		return err
	}
	return w.openLook()
}

// asks returns a question to the database that is asked again and again.
func (w *world) asks(query string) question {
	if known, ok := w.looks[query]; ok {
		return known
	}
	stmt, err := w.look.Prepare(query)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", query, err))
	}
	w.looks[query] = question{stmt}
	return w.looks[query]
}

// question is a statement that lives as long as the database is looked at.
type question struct{ stmt *sql.Stmt }

func (q question) row(args ...any) *sql.Row { return q.stmt.QueryRow(args...) }

func (q question) rows(args ...any) (*sql.Rows, error) { return q.stmt.Query(args...) }

func (w *world) openLook() error {
	var err error
	w.looks = map[string]question{}
	w.look, err = sql.Open("sqlite", "file:"+w.path+"?_pragma=query_only(ON)&_pragma=busy_timeout(0)")
	if err == nil {
		w.look.SetMaxOpenConns(1)
		err = w.look.Ping()
	}
	return err
}

// memoryDir is where files cost nothing, if there is such a place.
func memoryDir() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return ""
}

// end gives everything back.
func (w *world) close() {
	if p := w.now; p != nil {
		w.bury(p)
	}
	w.weather.clear, w.over = true, true
	for range 100 {
		w.sched.drain()
		w.mu.Lock()
		left := w.strands
		w.mu.Unlock()
		if left == 0 {
			break
		}
		w.sched.sleep(time.Now().Add(5 * time.Minute))
	}
	if err := errors.Join(w.stripe.sandbox.Close(), w.pool.close(), w.look.Close(), os.RemoveAll(w.dir)); err != nil {
		w.violate("the world does not end: %v", err)
	}
	w.sched.drain()
}

var _ io.Reader = (*noise)(nil)
var _ = slices.Sort[[]string]
