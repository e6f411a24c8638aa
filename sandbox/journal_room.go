package sandbox

import (
	"bytes"
	"errors"
	"fmt"
)

// roomTried is how much room is looked for before changes are taken again, in bytes: far more than one needs.
const roomTried = 256 << 10

// enter begins what may change something. When the last change could not be stored it looks whether there is room again,
// and goes on then; else it returns the error of writing. since is for wait. The caller holds no account's lock.
func (j *journal) enter() (since int64, err error) {
	if j == nil {
		return 0, nil
	}
	j.mu.Lock()
	broken, last, since := j.broken, j.last, j.refusals
	j.mu.Unlock()
	if !broken {
		return since, nil
	}
	j.takeBack(last)
	return since, j.mend(last)
}

// mark is enter for what only reads.
func (j *journal) mark() (since int64) {
	if j == nil {
		return 0
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.refusals
}

// mend makes the file take lines again after what was refused was taken back.
func (j *journal) mend(last *refusal) error {
	if last.kept != nil {
		return last.err // what is in memory is not what is on the disk
	}
	j.mu.Lock()
	for j.writing {
		j.synced.Wait()
	}
	if !j.broken || j.last != last { // somebody else was here
		defer j.mu.Unlock()
		if j.broken {
			return j.last.err
		}
		return nil
	}
	j.writing = true
	j.mu.Unlock()
	err := j.tryRoom()
	j.mu.Lock()
	j.writing = false
	if err == nil {
		// What is still pending was refused, and its accounts are as they were before it.
		j.pending, j.stored, j.broken = j.pending[:0], j.appended, false
	}
	j.synced.Broadcast()
	j.mu.Unlock()
	if err != nil {
		return fmt.Errorf("the change could not be stored: %w", err)
	}
	j.log.Warn("The sandbox's data can be written again. Changes are taken again.")
	j.resume()
	return nil
}

// tryRoom cuts off what was written of a refused group, and writes and takes away so many bytes. Should the process end in
// between, they are a last line without an end, which the next start leaves out.
func (j *journal) tryRoom() error {
	if err := j.file.Truncate(j.size); err != nil {
		return err
	}
	_, err := j.file.Write(bytes.Repeat([]byte{' '}, roomTried))
	if err == nil {
		err = j.file.Sync()
	}
	return errors.Join(err, j.file.Truncate(j.size))
}

// goOn takes up in every account what rested while nothing could be stored: due jobs and deliveries.
func (sb *Sandbox) goOn() {
	for _, a := range sb.everyAccount() {
		a.locked(func() {
			if !a.closed {
				a.wake()
				a.arm()
			}
		})
	}
}

// wake ends the rest of an account: its deliveries go on, and it is written down should it have come into being meanwhile.
// The caller holds the lock; nothing of the account was changed since it rests.
func (a *account) wake() {
	if !a.rests || a.sandbox.journal.failure() != nil {
		return
	}
	a.rests = false
	key := objectKey{"account", a.id}
	a.write(&journalLine{Put: []journalObject{journalVersion(key, a.store.newest(key.typ, key.id), nil)}})
	a.control.resume()
}
