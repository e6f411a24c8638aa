package store

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// suspectAfter is how long an answer of PostgreSQL is waited for before it is
	// asked, on another connection, whether it works on one.
	suspectAfter = 400 * time.Millisecond
	// lookEvery is the pause between two looks at connections that wait, busyEvery
	// the one after PostgreSQL said that it works on all of them.
	lookEvery = 200 * time.Millisecond
	busyEvery = 500 * time.Millisecond
	// lookTime bounds one look, looks how many are under way: one that hangs does
	// not hold up the next.
	lookTime = 2 * time.Second
	looks    = 8
)

// watch notices connections to PostgreSQL whose other end is gone without a
// word, as after a fail-over, a lost route or a proxy that forgot them. Whoever
// waits on one would wait until a deadline; when PostgreSQL can be reached
// again, and says that it does not work on anything for that connection, the
// watch cuts it. A statement that is slow, or waits for a lock, is left alone.
type watch struct {
	dial   pgconn.DialFunc
	config *pgx.ConnConfig
	// renew drops connections that are idle: they are as old as those that were cut.
	renew func()

	mu    sync.Mutex
	lines map[*line]bool
	calm  time.Time // until when nothing is looked at

	running sync.WaitGroup
	end     context.CancelFunc
}

// line is a connection, from the moment at which it is dialled.
type line struct {
	net.Conn
	watch *watch
	// pid is PostgreSQL's process for it, 0 until it is ready. since is when
	// something was said that has no answer yet. Both are under the watch's mu.
	pid   uint32
	since time.Time
	hang  func()
}

// newWatch returns a watch, through which a pool is to dial.
func newWatch(config *pgx.ConnConfig) *watch {
	return &watch{dial: config.DialFunc, config: config.Copy(), lines: map[*line]bool{}}
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
	l := &line{watch: w, since: time.Now(), hang: cancel}
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
	l.Conn, l.hang = conn, func() { _ = conn.Close() } // whoever waits on it is told
	return l, nil
}

// Ready notes which process of PostgreSQL a connection talks to.
func (w *watch) Ready(_ context.Context, conn *pgx.Conn) error {
	below := conn.PgConn().Conn()
	if wrapped, ok := below.(interface{ NetConn() net.Conn }); ok {
		below = wrapped.NetConn() // TLS
	}
	if l, ok := below.(*line); ok {
		w.mu.Lock()
		defer w.mu.Unlock()
		l.pid = conn.PgConn().PID()
	}
	return nil
}

// Write says something, which is to be answered.
func (l *line) Write(b []byte) (int, error) {
	l.watch.mu.Lock()
	if l.since.IsZero() {
		l.since = time.Now()
	}
	l.watch.mu.Unlock()
	return l.Conn.Write(b)
}

// Read takes an answer.
func (l *line) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	if n > 0 {
		l.watch.mu.Lock()
		l.since = time.Time{}
		l.watch.mu.Unlock()
	}
	return n, err
}

// Close ends it.
func (l *line) Close() error {
	l.watch.mu.Lock()
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
		suspects := w.suspects(time.Now())
		if len(suspects) == 0 {
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

// suspects are the lines that wait for long, and since when.
func (w *watch) suspects(now time.Time) map[*line]time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now.Before(w.calm) {
		return nil
	}
	list := map[*line]time.Time{}
	for l := range w.lines {
		if !l.since.IsZero() && now.Sub(l.since) > suspectAfter {
			list[l] = l.since
		}
	}
	return list
}

// look asks PostgreSQL on a connection of its own. While it cannot be reached,
// nothing can be said.
func (w *watch) look(ctx context.Context, suspects map[*line]time.Time) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, w.config.Copy())
	if err != nil {
		return
	}
	defer conn.Close(ctx) //nolint:errcheck // it was only asked
	working, direct, err := workingOn(ctx, conn)
	if err != nil {
		return
	}
	var dead []func()
	w.mu.Lock()
	for l, since := range suspects {
		if !w.lines[l] || !l.since.Equal(since) {
			continue // it was answered
		}
		// A line that is not ready while a later one is will not be. Behind a
		// pooler, whose numbers are its own, nothing can be said of the others.
		if l.pid == 0 || direct && !working[l.pid] {
			dead = append(dead, l.hang)
		}
	}
	if len(dead) == 0 {
		w.calm = time.Now().Add(busyEvery)
	}
	w.mu.Unlock()
	for _, hang := range dead {
		hang()
	}
	if len(dead) > 0 {
		w.renew()
	}
}

// workingOn returns the processes of PostgreSQL that work on something or did a
// moment ago; direct is false where a pooler stands between. Source:
// postgresql.org/docs/current/monitoring-stats.html, pg_stat_activity.
func workingOn(ctx context.Context, conn *pgx.Conn) (working map[uint32]bool, direct bool, err error) {
	rows, err := conn.Query(ctx, `SELECT pid, pid = pg_backend_pid() FROM pg_stat_activity
		WHERE pid = pg_backend_pid() OR state IS DISTINCT FROM 'idle' AND state NOT LIKE 'idle in transaction%' OR state_change > clock_timestamp() - interval '300 milliseconds'`)
	if err != nil {
		return nil, false, err
	}
	working = map[uint32]bool{}
	var pid uint32
	var own bool
	_, err = pgx.ForEachRow(rows, []any{&pid, &own}, func() error {
		working[pid] = true
		direct = direct || own && pid == conn.PgConn().PID()
		return nil
	})
	return working, direct, err
}
