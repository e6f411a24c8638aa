package sandbox

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync"
)

// journalName is the file in Options.Data: one line of JSON for each commit, written in order and made durable in groups.
const journalName = "sandbox.log"

// journal is the append-only log of a sandbox's changes. A nil one keeps nothing.
type journal struct {
	file journalFile
	log  *slog.Logger
	// lock keeps other processes from the folder.
	lock *os.File

	mu sync.Mutex
	// synced wakes those who wait for a group to be stored.
	synced *sync.Cond
	// pending are the lines that are not written yet; spare is the buffer of the group that is being written.
	pending, spare []byte
	// appended counts the lines, stored those that are on the disk.
	appended, stored int64
	writing          bool
	// broken says that the last group could not be written: changes are refused, and reads go on, until there is room again.
	// Refusals counts how often that came about, and last is the newest.
	broken   bool
	refusals int64
	last     *refusal
	// size is how many bytes of the file are stored for sure.
	size int64
	// undo takes back what is in memory and could not be stored; resume goes on when changes can be stored again.
	undo   func() error
	resume func()
}

// refusal is a group that could not be written.
type refusal struct {
	err error
	// undone lets all who wait for what was refused wait for undo too; kept is undo's error.
	undone sync.Once
	kept   error
}

// journalFile is what the journal needs of its file.
type journalFile interface {
	io.WriteCloser
	Sync() error
	Truncate(size int64) error
}

// failure is the error after which nothing can be stored, nil as long as all is well.
func (j *journal) failure() error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken {
		return j.last.err
	}
	return nil
}

// append adds a line. It is stored later, by wait.
func (j *journal) append(line []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pending = append(append(j.pending, line...), '\n')
	j.appended++
}

// wait returns when all lines so far are on the disk, or the error of writing them, when what they say was taken back.
// since is what enter gave before they were appended. Whoever comes first writes for all who wait. The caller holds no
// account's lock.
func (j *journal) wait(since int64) error {
	if j == nil {
		return nil
	}
	refused := j.flush(since)
	if refused == nil {
		return nil
	}
	j.takeBack(refused)
	return refused.err
}

// takeBack undoes what was refused, or waits until it is undone.
func (j *journal) takeBack(refused *refusal) {
	refused.undone.Do(func() { refused.kept = j.undo() })
}

// flush writes what is pending, or waits until it is written. It gives what was refused meanwhile, nil for nothing.
func (j *journal) flush(since int64) *refusal {
	j.mu.Lock()
	defer j.mu.Unlock()
	for upTo := j.appended; j.stored < upTo && j.refusals == since && !j.broken; {
		if j.writing {
			j.synced.Wait()
			continue
		}
		j.writeGroup()
	}
	if j.refusals == since && !j.broken {
		return nil
	}
	return j.last
}

// writeGroup writes what is pending, without the lock.
func (j *journal) writeGroup() {
	group, last := j.pending, j.appended
	j.pending, j.spare, j.writing = j.spare[:0], nil, true
	j.mu.Unlock()
	_, err := j.file.Write(group)
	if err == nil {
		err = j.file.Sync()
	}
	j.mu.Lock()
	j.spare, j.writing = group[:0], false
	if err != nil {
		j.broken, j.last = true, &refusal{err: fmt.Errorf("the change could not be stored: %w", err)}
		j.refusals++
		j.log.Error("The sandbox's data cannot be written. Changes are refused until there is room.", slog.Any("error", err))
	} else {
		j.stored = last
		j.size += int64(len(group))
	}
	j.synced.Broadcast()
}

// close stores what is left and closes the file.
func (j *journal) close() error {
	if j == nil {
		return nil
	}
	err := j.failure()
	if err == nil {
		err = j.wait(j.mark())
	}
	return errors.Join(err, j.file.Close(), j.lock.Close())
}

// open reads the data of earlier starts, writes them anew without what is past, and goes on behind them.
func (sb *Sandbox) open() error {
	dir := sb.options.Data
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return err
	}
	if err := sb.openJournal(dir); err != nil {
		return errors.Join(err, lock.Close())
	}
	sb.journal.lock = lock
	return nil
}

func (sb *Sandbox) openJournal(dir string) error {
	path := filepath.Join(dir, journalName)
	sb.replaying = true
	err := sb.replay(path, math.MaxInt64)
	sb.replaying = false
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	sb.run++
	if err := sb.compact(path); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	j := &journal{file: file, log: sb.log, size: info.Size(), undo: sb.undoRefused, resume: sb.goOn}
	j.synced = sync.NewCond(&j.mu)
	sb.journal = j
	for _, a := range sb.accounts {
		a.source = newSource(sb.options.Seed, sb.run, a.name)
		if opened := sb.seams.opened; opened != nil {
			opened(a)
		}
		a.locked(a.arm)
	}
	return nil
}

// replay applies the lines of a file up to a number of bytes. A last line without an end was not acknowledged: it is left
// out.
func (sb *Sandbox) replay(path string, size int64) error {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	lines := bufio.NewReaderSize(io.LimitReader(file, size), 1<<20)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := sb.replayLine(line); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
}

// compact writes the state as it is into a new file, which then takes the place of the old one.
func (sb *Sandbox) compact(path string) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), journalName+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary.Name()) }() // it is gone when all went well
	out := bufio.NewWriterSize(temporary, 1<<20)
	err = sb.dump(out)
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = temporary.Sync()
	}
	if err = errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes a rename durable.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// newSecret makes the key of the fingerprints of a sandbox.
func newSecret() (secret [32]byte) {
	_, _ = rand.Read(secret[:]) // never fails: it would end the process instead
	return secret
}

func secretText(secret [32]byte) string { return hex.EncodeToString(secret[:]) }

func parseSecret(text string) (secret [32]byte, err error) {
	b, err := hex.DecodeString(text)
	if err == nil && len(b) != len(secret) {
		err = errors.New("the secret has the wrong length")
	}
	copy(secret[:], b)
	return secret, err
}
