package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/vezne/vezne"
)

// fileLock keeps a second process off a SQLite file. The system frees it when
// the process ends, however it ends.
type fileLock struct{ f *os.File }

func lockFile(path string) (*fileLock, error) {
	const op = "store.Open"
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return nil, vezne.E(vezne.CodeReadOnly, op, "The database's folder cannot be written.").Because(err).WithHint("Check the rights of the folder, or choose another one.")
	}
	if err != nil {
		return nil, vezne.E(vezne.CodeConfigInvalid, op, "The database's folder cannot be used.").Because(err).WithHint("Make the folder first, or choose another path.")
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(vezne.E(vezne.CodeConfigInvalid, op, "Another process has the database open.").Because(err).
			WithHint("A SQLite file serves one process: end the other one, or use PostgreSQL."), f.Close())
	}
	return &fileLock{f}, nil
}

// release frees the file; a second time does nothing.
func (l *fileLock) release() error {
	if err := l.f.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("store: free the database's lock: %w", err)
	}
	return nil
}
