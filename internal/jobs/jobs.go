// Package jobs hands work to River, the queue of jobs: effects to deliver, put
// into the transaction that caused them, and the periodic upkeep of the desk.
// Marks are not jobs; package refresh sweeps them.
package jobs

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/outbox"
	"github.com/vezne/vezne/internal/store"
)

// Config is what Jobs stands on.
type Config struct {
	Store  *store.Store
	Outbox *outbox.Outbox
	// Retention is how long payloads are kept that are not needed any more: of
	// settled events, sent effects and answered calls; 0 or less means for ever.
	Retention time.Duration
	// Removed is told how many payloads of a kind were removed; nil for nobody.
	Removed func(kind string, n int64)
	Log     *slog.Logger
}

// Jobs runs deliveries and upkeep. It is safe for concurrent use.
type Jobs struct {
	cfg     Config
	queue   queue
	started atomic.Bool
	// ending is true once Stop began.
	ending atomic.Bool
	// tended is true once upkeep ran in this process.
	tended atomic.Bool
}

// queue is River over one of the two databases.
type queue interface {
	insert(ctx context.Context, tx *store.Tx, jobs []river.InsertManyParams) error
	start(ctx context.Context) error
	stop(ctx context.Context) error
	close()
}

// New brings River's tables up to date. Errors are CodeConfigInvalid for a
// database that was handed in and that River cannot use, and the store's.
func New(ctx context.Context, cfg Config) (*Jobs, error) {
	j := &Jobs{cfg: cfg}
	var err error
	if cfg.Store.Dialect() == store.Postgres {
		j.queue, err = newPostgres(ctx, j)
	} else {
		j.queue, err = newSQLite(ctx, j)
	}
	if err != nil {
		return nil, err
	}
	return j, nil
}

// Migrate brings River's tables up to date and does nothing else.
func Migrate(ctx context.Context, s *store.Store) error {
	log := slog.New(slog.DiscardHandler)
	var err error
	if s.Dialect() == store.SQLite {
		err = migrateSQLite(ctx, s.DB(), log)
	} else {
		err = migratePostgres(ctx, s.Pool(), log)
	}
	if err != nil {
		return outdated(err)
	}
	return nil
}

func outdated(cause error) *vezne.Error {
	return vezne.E(vezne.CodeStorageUnavailable, "jobs.Migrate", "The tables of the queue of jobs cannot be brought up to date.").Because(cause)
}

const (
	// workers is how many effects are delivered at once by one process.
	workers = 16
	// jobTime bounds a job: more than the slowest receiver may take.
	jobTime = 90 * time.Second
	// lost is how long after its time an effect that nobody delivered is queued
	// again: longer than any job runs.
	lost = 2 * time.Minute
	// rescue is when River takes a job back from a process that died.
	rescue = 5 * time.Minute
	// finished is how long jobs that are done are kept.
	finished = time.Hour
	// fetchCooldown is the shortest pause between two looks for new jobs, and
	// thereby bounds throughput.
	fetchCooldown = 5 * time.Millisecond
	// fetchPoll is the longest, for what no notification announced.
	fetchPoll = time.Second
	// tendEvery and pruneEvery are the intervals of upkeep.
	tendEvery  = 30 * time.Second
	pruneEvery = time.Hour
)

// riverConfig is what both databases share.
func (j *Jobs) riverConfig() *river.Config {
	kinds := river.NewWorkers()
	river.AddWorker(kinds, &deliverWorker{jobs: j})
	river.AddWorker(kinds, &tendWorker{jobs: j})
	river.AddWorker(kinds, &pruneWorker{jobs: j})
	return &river.Config{
		Workers: kinds, Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		FetchCooldown: fetchCooldown, FetchPollInterval: fetchPoll, JobTimeout: jobTime, RescueStuckJobsAfter: rescue,
		CompletedJobRetentionPeriod: finished, CancelledJobRetentionPeriod: finished, DiscardedJobRetentionPeriod: 24 * time.Hour,
		Logger: j.quietLog(),
		PeriodicJobs: []*river.PeriodicJob{
			river.NewPeriodicJob(river.PeriodicInterval(tendEvery), func() (river.JobArgs, *river.InsertOpts) { return tendArgs{}, nil }, &river.PeriodicJobOpts{RunOnStart: true}),
			river.NewPeriodicJob(river.PeriodicInterval(pruneEvery), func() (river.JobArgs, *river.InsertOpts) { return pruneArgs{}, nil }, &river.PeriodicJobOpts{RunOnStart: true}),
		},
	}
}

// Start begins to work jobs until Stop.
func (j *Jobs) Start(ctx context.Context) error {
	if err := j.queue.start(context.WithoutCancel(ctx)); err != nil {
		return vezne.E(vezne.CodeStorageUnavailable, "jobs.Start", "The queue of jobs cannot start.").Because(err)
	}
	j.started.Store(true)
	return nil
}

// cancelTime is how long jobs that were cut off may take to notice.
const cancelTime = 2 * time.Second

// Stop lets running jobs finish until the context ends, and then cuts them
// off, which is no error: what was cut off is done again by the next start. It fails
// when a job goes on all the same. It frees what New
// took, so that it is called whether or not Start was.
func (j *Jobs) Stop(ctx context.Context) error {
	defer j.queue.close()
	if !j.started.CompareAndSwap(true, false) {
		return nil
	}
	j.ending.Store(true)
	if err := j.queue.stop(ctx); err != nil {
		return vezne.E(vezne.CodeStorageUnavailable, "jobs.Stop", "Jobs did not end in time.").Because(err)
	}
	return nil
}

// Enqueue queues the delivery of effects inside the transaction that wrote
// them: they are delivered if and only if it commits.
func (j *Jobs) Enqueue(ctx context.Context, tx *store.Tx, effects []vezne.Effect) error {
	params := make([]river.InsertManyParams, len(effects))
	for i, e := range effects {
		params[i] = river.InsertManyParams{Args: deliverArgs{EffectID: e.ID}}
	}
	if err := j.queue.insert(ctx, tx, params); err != nil {
		if vezne.KindOf(err) != vezne.KindInternal {
			return err
		}
		return vezne.E(vezne.CodeStorageUnavailable, "jobs.Enqueue", "").Because(err)
	}
	return nil
}

// batch is how many rows one step of upkeep takes.
const batch = 500

// DeliverDue delivers every effect that is due now and returns how many were
// accepted. It needs no queue: tests and shutdown use it, and whatever the
// queue does at the same time happens once.
func (j *Jobs) DeliverDue(ctx context.Context) (int, error) {
	sent := 0
	for {
		due, err := j.cfg.Store.DueEffects(ctx, 0, batch)
		if err != nil || len(due) == 0 {
			return sent, err
		}
		for _, e := range due {
			out, err := j.cfg.Outbox.Deliver(ctx, e.ID)
			if err != nil {
				return sent, err
			}
			if out.Sent {
				sent++
			}
		}
	}
}

// Tend does what must be done every half minute: it seals the audit trail,
// queues effects again whose job is lost, and completes erasures.
func (j *Jobs) Tend(ctx context.Context) error {
	return errors.Join(j.seal(ctx), j.requeue(ctx), j.cfg.Store.FinishErasures(ctx))
}

// seal seals the audit trail. The head of the chain goes to the log as well: a
// chain proves nothing against somebody who rewrites all of it.
func (j *Jobs) seal(ctx context.Context) error {
	n, err := j.cfg.Store.SealAll(ctx)
	if err != nil || n == 0 {
		return err
	}
	seq, hash, err := j.cfg.Store.AuditHead(ctx)
	if err == nil {
		j.cfg.Log.InfoContext(ctx, "the audit trail was sealed", "seq", seq, "hash", hash)
	}
	return err
}

// Prune removes what has expired: idempotency keys, sessions, and payloads
// after the retention period.
func (j *Jobs) Prune(ctx context.Context) error {
	_, pruning := j.cfg.Store.Prune(ctx)
	return errors.Join(pruning, j.retain(ctx))
}

// retainBatches bounds what one run of retention does, so that it ends before
// the job's time does; the rest is done by the next.
const retainBatches = 100

// retain removes payloads that are older than the retention period, a batch in
// each transaction.
func (j *Jobs) retain(ctx context.Context) error {
	if j.cfg.Retention <= 0 {
		return nil
	}
	now, err := j.cfg.Store.Now(ctx)
	if err != nil {
		return err
	}
	for range retainBatches {
		n, err := j.cfg.Store.RemoveOld(ctx, now.Add(-j.cfg.Retention), batch)
		if err != nil {
			return err
		}
		for kind, n := range map[string]int64{"event": n.Events, "effect": n.Effects, "call": n.Calls} {
			if n > 0 && j.cfg.Removed != nil {
				j.cfg.Removed(kind, n)
			}
		}
		if max(n.Events, n.Effects, n.Calls) < batch {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// requeue queues effects again that nobody delivered in time: their job was
// cut off with its process, or lost with its table.
func (j *Jobs) requeue(ctx context.Context) error {
	overdue := lost
	// One process has a SQLite file: whatever ran before it started is gone.
	if j.cfg.Store.Dialect() == store.SQLite && !j.tended.Swap(true) {
		overdue = 0
	}
	due, err := j.cfg.Store.DueEffects(ctx, overdue, batch)
	if err != nil || len(due) == 0 {
		return err
	}
	params := make([]river.InsertManyParams, len(due))
	for i, e := range due {
		params[i] = river.InsertManyParams{Args: deliverArgs{EffectID: e.ID}, InsertOpts: &river.InsertOpts{UniqueOpts: oncePending}}
	}
	return j.cfg.Store.InTx(ctx, func(tx *store.Tx) error { return j.queue.insert(ctx, tx, params) })
}

func (j *Jobs) quietLog() *slog.Logger { return slog.New(quiet{j.cfg.Log.Handler(), &j.ending}) }

// quiet passes River's warnings and errors on, and no more: not what it says of
// work that a stop cut off.
type quiet struct {
	slog.Handler
	ending *atomic.Bool
}

// Enabled reports whether a record is written.
func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && !q.ending.Load() && q.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the limit.
func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quiet{q.Handler.WithAttrs(attrs), q.ending}
}

// WithGroup keeps the limit.
func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name), q.ending} }
