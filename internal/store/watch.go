package store

import (
	"context"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// suspectAfter is how long an answer of PostgreSQL is waited for before it is
	// asked, on another connection, whether it works on one. On a machine that is
	// busy its process may take that long to begin with a statement.
	suspectAfter = time.Second
	// lookEvery is the pause between two looks at connections that wait, busyEvery
	// the one after PostgreSQL said that it works on all of them.
	lookEvery = 100 * time.Millisecond
	busyEvery = 500 * time.Millisecond
	// lookTime bounds one look, looks how many are under way: one that hangs does
	// not hold up the next.
	lookTime = 2 * time.Second
	looks    = 8
	// maxLeft bounds the ends that are remembered; the rest ends by itself.
	maxLeft = 1000
)

// watch notices connections to PostgreSQL whose other end is gone without a
// word, as after a fail-over, a lost route or a proxy that forgot them. Whoever
// waits on one would wait until a deadline; when PostgreSQL can be reached
// again, and says that it does not work on anything for that connection, the
// watch cuts it at both ends: PostgreSQL would keep the locks of its transaction
// for hours. A statement that is slow, or waits for a lock, is left alone.
type watch struct {
	dial   pgconn.DialFunc
	config *pgx.ConnConfig
	// renew drops connections that are idle: they are as old as those that were cut.
	renew func()

	mu    sync.Mutex
	lines map[*line]bool
	// left are the other ends of connections that we gave up in the middle of a
	// statement.
	left []backend
	calm time.Time // until when nothing is looked at

	running sync.WaitGroup
	end     context.CancelFunc
}

// line is a connection, from the moment at which it is dialled. Whoever listens
// for notifications reads as well, but asks nothing, and is no suspect.
type line struct {
	net.Conn
	watch *watch
	// The watch's mu guards what follows. ready is true once it can be used; other
	// is its other end, zero behind a pooler, whose numbers are its own; asking is
	// true while a statement is under way; reading is since when a read has brought
	// nothing.
	ready   bool
	other   backend
	asking  bool
	reading time.Time
	hang    func()
}

// backend is a process of PostgreSQL that serves a connection.
type backend struct {
	pid uint32
	// start is when it began, in microseconds since 1970: numbers come again.
	start int64
}

// startOf is when a row of pg_stat_activity began.
const startOf = "CAST(extract(epoch FROM backend_start) * 1000000 AS BIGINT)"

// idleTime is how long PostgreSQL keeps a transaction of ours, and its locks,
// that nothing is heard of: longer than any of ours lasts.
const idleTime = 3 * txTimeout

// patience is how many times as long as a whole look takes a connection may be
// without a word before it is cut: on a machine that is busy, a later one can
// well be ready or answered first.
const patience = 4

// newWatch returns a watch, and changes how a pool connects: through the watch,
// and twice to each address, so that who waits for a connection that is cut
// while it is made gets the next one.
func newWatch(cfg *pgxpool.Config) *watch {
	c := cfg.ConnConfig
	w := &watch{dial: c.DialFunc, config: c.Copy(), lines: map[*line]bool{}}
	again := &pgconn.FallbackConfig{Host: c.Host, Port: c.Port, TLSConfig: c.TLSConfig}
	c.Fallbacks = slices.Concat(c.Fallbacks, []*pgconn.FallbackConfig{again}, c.Fallbacks)
	c.DialFunc, c.Tracer, cfg.AfterConnect = w.Dial, w, w.Ready
	return w
}

// start begins to look, until close.
func (w *watch) start(renew func()) {
	ctx, cancel := context.WithCancel(context.Background())
	w.renew, w.end = renew, cancel
	w.running.Go(func() { w.run(ctx) })
}

func (w *watch) close() {
	w.end()
	w.running.Wait()
}

// Dial opens a connection that is watched.
func (w *watch) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := &line{watch: w, reading: time.Now(), hang: cancel}
	w.mu.Lock()
	w.lines[l] = true
	w.mu.Unlock()
	conn, err := w.dial(ctx, network, address)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		delete(w.lines, l)
		return nil, err
	}
	// Whoever waits on it is told.
	l.Conn, l.hang, l.reading = conn, func() { _ = conn.Close() }, time.Time{}
	return l, nil
}

// of returns the line below a connection, nil when it has none.
func of(conn *pgx.Conn) *line {
	below := conn.PgConn().Conn()
	if wrapped, ok := below.(interface{ NetConn() net.Conn }); ok {
		below = wrapped.NetConn() // TLS
	}
	l, _ := below.(*line)
	return l
}

// Ready notes which process of PostgreSQL a connection talks to, and has it end
// transactions that it hears nothing of. Source:
// postgresql.org/docs/current/runtime-config-client.html.
func (w *watch) Ready(ctx context.Context, conn *pgx.Conn) error {
	l := of(conn)
	if l == nil {
		return nil
	}
	var other backend
	var limit string
	err := conn.QueryRow(ctx, `SELECT pid, `+startOf+`, CASE current_setting('idle_in_transaction_session_timeout') WHEN '0'
		THEN set_config('idle_in_transaction_session_timeout', $1, false) ELSE '' END FROM pg_stat_activity WHERE pid = pg_backend_pid()`,
		strconv.FormatInt(idleTime.Milliseconds(), 10)).Scan(&other.pid, &other.start, &limit)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	l.ready = true
	if other.pid == conn.PgConn().PID() {
		l.other = other
	}
	return nil
}

func (w *watch) ask(conn *pgx.Conn, asking bool) {
	if l := of(conn); l != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		l.asking = asking
	}
}

// TraceQueryStart notes that a statement is under way.
func (w *watch) TraceQueryStart(ctx context.Context, conn *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	w.ask(conn, true)
	return ctx
}

// TraceQueryEnd notes that it ended.
func (w *watch) TraceQueryEnd(_ context.Context, conn *pgx.Conn, _ pgx.TraceQueryEndData) {
	w.ask(conn, false)
}

// TraceBatchStart notes that statements are under way.
func (w *watch) TraceBatchStart(ctx context.Context, conn *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	w.ask(conn, true)
	return ctx
}

// TraceBatchQuery notes nothing.
func (w *watch) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd notes that they ended.
func (w *watch) TraceBatchEnd(_ context.Context, conn *pgx.Conn, _ pgx.TraceBatchEndData) {
	w.ask(conn, false)
}

// Read takes what comes.
func (l *line) Read(b []byte) (int, error) {
	l.read(time.Now())
	defer l.read(time.Time{})
	return l.Conn.Read(b)
}

func (l *line) read(since time.Time) {
	l.watch.mu.Lock()
	defer l.watch.mu.Unlock()
	l.reading = since
}

// Close ends it.
func (l *line) Close() error {
	l.watch.mu.Lock()
	if l.watch.lines[l] && l.asking && l.other.pid != 0 && len(l.watch.left) < maxLeft {
		l.watch.left = append(l.watch.left, l.other)
	}
	delete(l.watch.lines, l)
	l.watch.mu.Unlock()
	return l.Conn.Close()
}

func (w *watch) run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	under := make(chan struct{}, looks)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		suspects, left := w.suspects(time.Now())
		if len(suspects)+left == 0 {
			continue
		}
		select {
		case under <- struct{}{}:
			w.running.Go(func() {
				defer func() { <-under }()
				w.look(ctx, suspects)
			})
		default:
		}
	}
}

// suspects are the lines that wait for long, and since when, and how many ends
// were left.
func (w *watch) suspects(now time.Time) (list map[*line]time.Time, left int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now.Before(w.calm) {
		return nil, 0
	}
	list = map[*line]time.Time{}
	for l := range w.lines {
		if (l.asking || !l.ready) && !l.reading.IsZero() && now.Sub(l.reading) > suspectAfter {
			list[l] = l.reading
		}
	}
	return list, len(w.left)
}

// look asks PostgreSQL on a connection of its own. While it cannot be reached,
// nothing can be said.
func (w *watch) look(ctx context.Context, suspects map[*line]time.Time) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	began := time.Now()
	conn, err := pgx.ConnectConfig(ctx, w.config.Copy())
	if err != nil {
		return
	}
	defer conn.Close(ctx) //nolint:errcheck // it was only asked
	busy, err := backends(ctx, conn)
	if err != nil {
		return
	}
	dead, ends := w.judge(suspects, busy, began, time.Now())
	for _, end := range ends {
		if _, err := conn.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND "+startOf+" = $2", end.pid, end.start); err != nil {
			break // it ends by itself, after idleTime
		}
	}
	if len(dead) > 0 {
		// First, so that whoever is told finds none of them again.
		w.renew()
	}
	for _, hang := range dead {
		hang()
	}
}

// judge returns which lines to cut, and which other ends keep what nobody will
// finish, after a look that began and ended at these times. It cuts lines that had
// waited patience times as long when the look began as the look took.
func (w *watch) judge(suspects map[*line]time.Time, busy map[backend]bool, began, ended time.Time) (dead []func(), ends []backend) {
	stale := began.Add(-patience * ended.Sub(began))
	w.mu.Lock()
	defer w.mu.Unlock()
	for l, since := range suspects {
		if !w.lines[l] || !l.reading.Equal(since) || !since.Before(stale) {
			continue // it was answered, or waits no longer than others do
		}
		switch works, there := busy[l.other]; {
		case !l.ready:
			dead = append(dead, l.hang)
		case l.other.pid != 0 && !works:
			dead = append(dead, l.hang)
			if there {
				ends = append(ends, l.other)
			}
		}
	}
	w.left = slices.DeleteFunc(w.left, func(b backend) bool {
		works, there := busy[b]
		if there && !works {
			ends = append(ends, b)
		}
		return !works
	})
	if len(dead) == 0 {
		w.calm = ended.Add(busyEvery)
	}
	return dead, ends
}

// backends returns the processes of PostgreSQL that serve this role, and
// whether each works on something, or did a moment ago. Source:
// postgresql.org/docs/current/monitoring-stats.html, pg_stat_activity.
func backends(ctx context.Context, conn *pgx.Conn) (map[backend]bool, error) {
	rows, err := conn.Query(ctx, `SELECT pid, `+startOf+`, COALESCE(state NOT LIKE 'idle%' OR state_change > clock_timestamp() - interval '1 second', TRUE)
		FROM pg_stat_activity WHERE usename = current_user`)
	if err != nil {
		return nil, err
	}
	busy := map[backend]bool{}
	var b backend
	var works bool
	_, err = pgx.ForEachRow(rows, []any{&b.pid, &b.start, &works}, func() error {
		busy[b] = works
		return nil
	})
	return busy, err
}
