package engine

import (
	"context"
	"errors"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/outbox"
)

// reloadEvery is how often secrets are asked for anew.
const reloadEvery = 5 * time.Second

// Start begins the work in the background: reading what events announced,
// sending what was written down, deliveries and upkeep. The context is for
// starting only; the work goes on until Close.
func (e *Engine) Start(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state != stateOpen {
		return vezne.E(vezne.CodeInternal, "engine.Start", "The engine was started or closed before.")
	}
	if err := e.jobs.Start(ctx); err != nil {
		return err
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	e.cancel, e.state = cancel, stateStarted
	if e.restoring.Load() {
		e.background.Go(func() { e.catchUp(work) })
	} else {
		e.background.Go(func() { e.sender.Run(work) })
	}
	e.background.Go(func() { e.refresher.Run(work) })
	e.background.Go(func() { e.reconciler.Run(work) })
	if e.cfg.Reload != nil {
		e.background.Go(func() { e.reloading(work) })
	}
	return nil
}

// toCut is the part of the time for ending after which is cut off what does not
// answer; the rest is for writing down what became of it.
const toCut = 0.75

// cutting returns a context that ends when the given one has used toCut of its
// time, or ends.
func cutting(ctx context.Context) (context.Context, context.CancelFunc) {
	end, limited := ctx.Deadline()
	if !limited {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Duration(toCut*float64(time.Until(end))))
}

// Leave says that the process is about to end, and returns at once: no further
// delivery begins, and what is on its way to Stripe or to the application may
// finish while ctx has used less than three quarters of its time; then, or when
// ctx ends, it is cut off. Nothing is lost by that. Calls were written down before
// they were sent: whoever waits for one hears that it goes on, and the next start
// or another process sends it again, byte for byte. Call it before the HTTP server
// is ended, whose requests wait for such calls, with the same context. Only the
// first Leave counts, and Close leaves by itself.
func (e *Engine) Leave(ctx context.Context) {
	e.leaving.Do(func() {
		var cut context.Context
		cut, e.left = cutting(ctx)
		context.AfterFunc(cut, func() {
			if e.sender != nil {
				e.sender.Cut()
			}
			if e.refresher != nil {
				e.refresher.Cut()
			}
		})
		go func() {
			var err error
			if e.jobs != nil {
				err = e.jobs.Stop(cut)
			}
			e.jobsEnded <- err
		}()
	})
}

// Close ends the work: events that wait are stored, transactions and jobs
// finish, what Stripe or the application does not answer is cut off as Leave
// says, then the database closes unless it was handed in. End the HTTP server
// first.
func (e *Engine) Close(ctx context.Context) error {
	e.mu.Lock()
	if e.state == stateClosed {
		e.mu.Unlock()
		return nil
	}
	e.state = stateClosed
	cancel := e.cancel
	e.mu.Unlock()

	e.Leave(ctx)
	defer e.left()
	var errs []error
	if e.inbox != nil {
		errs = append(errs, e.inbox.Close(ctx))
	}
	if cancel != nil {
		cancel()
	}
	errs = append(errs, e.wait(ctx), <-e.jobsEnded)
	if e.outbox != nil {
		e.outbox.Close()
	}
	errs = append(errs, e.Database.Close())
	return errors.Join(errs...)
}

func (e *Engine) wait(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		e.background.Wait()
		// What a caller of the desk began goes on when the caller leaves.
		if e.sender != nil {
			e.sender.Wait()
		}
		if e.refresher != nil {
			e.refresher.Wait()
		}
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return vezne.E(vezne.CodeStorageUnavailable, "engine.Close", "Work in the background did not end in time.").Because(ctx.Err())
	}
}

func (e *Engine) reloading(ctx context.Context) {
	tick := time.NewTicker(reloadEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := e.Reload(ctx); err != nil {
				e.log.ErrorContext(ctx, "secrets could not be loaded anew; the former ones stay", "err", err)
			}
		}
	}
}

// Reload takes over secrets that were rolled. Those that are wrong, or of the
// other mode, are refused with CodeConfigInvalid, and the former ones stay. The
// publishable key stays until the next start, since pages carry it.
func (e *Engine) Reload(ctx context.Context) error {
	if e.cfg.Reload == nil {
		return nil
	}
	next, err := e.cfg.Reload(ctx)
	if err != nil {
		return err
	}
	if err := next.Keys.Check(); err != nil {
		return err
	}
	if next.Keys.Livemode() != e.cfg.Keys.Livemode() {
		return wrong("The keys changed between test and live.", "A process serves one mode: restart it with the settings of the other.")
	}
	if e.cfg.Callback.URL != "" {
		if err := outbox.CheckSecrets(next.Callback); err != nil {
			return err
		}
	}
	e.secrets.Store(&next)
	return nil
}

// idlePause is how long Idle leaves work alone that somebody else is at.
const idlePause = 2 * time.Millisecond

// send sends what is due; a restored desk catches up first.
func (e *Engine) send(ctx context.Context) (int, error) {
	if !e.restoring.Load() {
		return e.sender.Sweep(ctx)
	}
	searched, err := e.reconciler.Sweep(ctx)
	if err != nil || searched > 0 {
		return searched, err
	}
	return 0, e.caughtUp(ctx)
}

// Idle does everything that is due now, and returns once nothing is left to
// read, to send or to deliver: tests wait so without sleeping. What is due
// later, such as a delivery that was refused, is left. It works whether or not
// Start was called.
func (e *Engine) Idle(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return vezne.E(vezne.CodeOverloaded, "engine.Idle", "There was still something to do when the time was over.").Because(err)
		}
		done, err := e.Sweep(ctx)
		if err != nil {
			return err
		}
		due, err := e.store.DueWork(ctx)
		if err != nil {
			return err
		}
		if due.IsZero() && done == 0 {
			return nil
		}
		if done > 0 {
			continue
		}
		// Somebody else holds it: the background, or another process.
		select {
		case <-ctx.Done():
		case <-time.After(idlePause):
		}
	}
}

// Sweep does once what Start does again and again: it seals the audit trail,
// and sends, reads and delivers what is due, but no more than one batch of
// each. It returns how much that was. Programs that keep their own time, such
// as simulations, use it instead of Start.
func (e *Engine) Sweep(ctx context.Context) (int, error) {
	if err := e.jobs.Tend(ctx); err != nil {
		return 0, err
	}
	sent, err := e.send(ctx)
	if err != nil {
		return 0, err
	}
	read, err := e.refresher.Sweep(ctx)
	if err != nil {
		return 0, err
	}
	delivered, err := e.jobs.DeliverDue(ctx)
	return sent + read + delivered, err
}

// Watch does once what Start does every few seconds: it looks for events that
// never arrived, if it is time, and goes on with the searches that were asked
// for. It returns how many looks that were.
func (e *Engine) Watch(ctx context.Context) (int, error) { return e.reconciler.Sweep(ctx) }

// Prune does what Start does each hour: it removes what has expired, and the
// raw bodies of events after the retention period.
func (e *Engine) Prune(ctx context.Context) error { return e.jobs.Prune(ctx) }
