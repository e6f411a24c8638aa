package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// oncePending keeps a job from being queued twice while one with the same
// arguments waits or runs.
var oncePending = river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
}}

// manyTries is as often as River can count: what could not be done yet is no
// reason to give up.
const manyTries = 32_000

// longestRetry bounds the pause after which a job that failed by our own
// database is tried again.
const longestRetry = time.Minute

func retryAt(attempt int) time.Time {
	return time.Now().Add(min(time.Duration(attempt)*2*time.Second, longestRetry))
}

// deliverArgs name an effect to be delivered.
type deliverArgs struct {
	EffectID string `json:"effect_id"`
}

// Kind returns the job's kind.
func (deliverArgs) Kind() string { return "vezne_deliver" }

// InsertOpts returns how the job is queued.
func (deliverArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: manyTries} }

type deliverWorker struct {
	river.WorkerDefaults[deliverArgs]
	jobs *Jobs
}

// Work delivers an effect. The outbox row says when it is due again; the job
// sleeps until then.
func (w *deliverWorker) Work(ctx context.Context, job *river.Job[deliverArgs]) error {
	out, err := w.jobs.cfg.Outbox.Deliver(ctx, job.Args.EffectID)
	if err != nil {
		return err
	}
	if !out.Sent {
		return river.JobSnooze(out.Again)
	}
	return nil
}

// NextRetry returns when a delivery that our own database stopped is tried again.
func (w *deliverWorker) NextRetry(job *river.Job[deliverArgs]) time.Time { return retryAt(job.Attempt) }

// tendArgs ask for the upkeep of every half minute.
type tendArgs struct{}

// Kind returns the job's kind.
func (tendArgs) Kind() string { return "vezne_tend" }

// InsertOpts returns how the job is queued: a failure waits for the next one.
func (tendArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 1, UniqueOpts: oncePending}
}

type tendWorker struct {
	river.WorkerDefaults[tendArgs]
	jobs *Jobs
}

// Work tends.
func (w *tendWorker) Work(ctx context.Context, _ *river.Job[tendArgs]) error { return w.jobs.Tend(ctx) }

// pruneArgs ask for the upkeep of every hour.
type pruneArgs struct{}

// Kind returns the job's kind.
func (pruneArgs) Kind() string { return "vezne_prune" }

// InsertOpts returns how the job is queued: a failure waits for the next one.
func (pruneArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 1, UniqueOpts: oncePending}
}

type pruneWorker struct {
	river.WorkerDefaults[pruneArgs]
	jobs *Jobs
}

// Work prunes.
func (w *pruneWorker) Work(ctx context.Context, _ *river.Job[pruneArgs]) error {
	return w.jobs.Prune(ctx)
}
