package sandbox

import (
	"log/slog"
	"path/filepath"
)

// undoRefused brings every account back to what is on the disk: a change that could not be stored was refused, so it must
// not be seen either. Then it cuts off what was written of it. Deliveries end, since what comes of them cannot be kept. It
// returns the error of reading what is on the disk: then what was refused may still be seen.
func (sb *Sandbox) undoRefused() error {
	path := filepath.Join(sb.options.Data, journalName)
	kept := &Sandbox{options: sb.options, log: sb.log, closing: sb.closing, run: sb.run, accounts: map[string]*account{}, replaying: true}
	if err := kept.replay(path, sb.journal.size); err != nil {
		sb.log.Error("What is on the disk could not be read again: what was refused may still be seen.", slog.Any("error", err))
		return err
	}
	for _, a := range sb.everyAccount() {
		a.locked(func() { a.takeBack(kept.account(a.name)) })
	}
	if err := sb.journal.file.Truncate(sb.journal.size); err != nil {
		sb.log.Error("What was refused could not be cut off the sandbox's data: it may come back with a new start.", slog.Any("error", err))
	}
	return nil
}

// takeBack makes the account what it is on the disk. The caller holds the lock.
func (a *account) takeBack(kept *account) {
	a.forgetKeys()
	a.store, a.clock, a.jobs, a.clocks = kept.store, kept.clock, kept.jobs, kept.clocks
	a.lastJob, a.lastEvent = kept.lastJob, kept.lastEvent
	a.keys, a.calls = kept.keys, kept.calls
	a.control.story.replace(kept.control.story.list())
	for key := range a.keys {
		a.sandbox.keyOwners.Store(key, a)
	}
	a.sandbox.owners.Range(func(id, held any) bool {
		if _, published := kept.sandbox.owners.Load(id); !published && held.(owner).account == a {
			a.sandbox.owners.Delete(id)
		}
		return true
	})
	a.rests = true
	a.disarm()
	a.control.sender.stop()
	a.control.sender = newSender(a.control)
	a.control.refresh(&accountTx{account: a, now: a.now()})
}
