package processes_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// limitFiles forbids the process to write any file for a while (EFBIG), which
// needs no rights: to it that is a disk on which nothing fits any more.
func limitFiles(h *house) (time.Duration, error) {
	limit := func(size uint64) error {
		for _, d := range h.desks {
			if err := unix.Prlimit(d.process.cmd.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: math.MaxUint64}, nil); err != nil {
				return fmt.Errorf("limit the size of files: %w", err)
			}
		}
		return nil
	}
	if err := limit(0); err != nil {
		return 0, err
	}
	h.witness.down()
	if err := h.felt(); err != nil {
		return 0, err
	}
	if err := h.pause(h.between(0, 200*time.Millisecond)); err != nil {
		return 0, err
	}
	h.witness.coming()
	if err := limit(math.MaxUint64); err != nil {
		return 0, err
	}
	return h.back(time.Now())
}

// immutable is the flag of a file that nobody may change, not even its owner, nor
// root, nor who has it open already. Source: FS_IMMUTABLE_FL of linux/fs.h.
const immutable = 0x10

// forbid forbids, or allows again, to change a file.
func forbid(path string, on bool) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	flags, err := unix.IoctlGetInt(int(f.Fd()), unix.FS_IOC_GETFLAGS)
	if err != nil {
		return fmt.Errorf("flags of %s: %w", path, err)
	}
	flags &^= immutable
	if on {
		flags |= immutable
	}
	if err := unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, flags); err != nil {
		return fmt.Errorf("flags of %s: %w", path, err)
	}
	return nil
}

// canForbid reports whether this process may forbid that files are changed, and
// whether that holds for who has them open.
func canForbid(t *testing.T) bool {
	t.Helper()
	dir, err := os.MkdirTemp("", "vezne-forbid-") // where lives have their files
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "file"))
	if err != nil {
		t.Fatal(err)
	}
	holds := false
	if forbid(f.Name(), true) == nil {
		_, err := f.WriteString("x")
		holds = errors.Is(err, os.ErrPermission)
		if err := forbid(f.Name(), false); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(f.Close(), os.RemoveAll(dir)); err != nil {
		t.Fatal(err)
	}
	return holds
}

// forbidFiles makes the database read-only for a while, for the process that has
// it open.
func forbidFiles(h *house) (time.Duration, error) {
	forbidAll := func(on bool) error {
		paths, err := filepath.Glob(filepath.Join(h.dir, "vezne.db*"))
		for _, path := range paths {
			err = errors.Join(err, forbid(path, on))
		}
		return err
	}
	if err := forbidAll(true); err != nil {
		return 0, errors.Join(err, forbidAll(false))
	}
	h.witness.down()
	err := h.felt()
	if err == nil {
		err = h.pause(h.between(0, 200*time.Millisecond))
	}
	h.witness.coming()
	if err := errors.Join(err, forbidAll(false)); err != nil {
		return 0, err
	}
	return h.back(time.Now())
}

// diskSize is how big a disk is that gets full, in bytes.
const diskSize = 24 << 20

// newDisk puts the database on a small disk of its own.
func newDisk(h *house) (store, error) {
	dir := filepath.Join(h.dir, "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprint("size=", diskSize)); err != nil {
		return nil, fmt.Errorf("mount a small disk: %w", err)
	}
	h.later(func() error { return syscall.Unmount(dir, 0) })
	return sqliteStore{filepath.Join(dir, "vezne.db")}, nil
}

// canMount reports whether this process may mount a disk.
func canMount(t *testing.T) bool {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=65536"); err != nil {
		return false
	}
	if err := syscall.Unmount(dir, 0); err != nil {
		t.Fatal(err)
	}
	return true
}

// fillDisk fills the disk (ENOSPC) and empties it again. What the database
// wrote once it can write again, so that some events may still be taken.
func fillDisk(h *house) (time.Duration, error) {
	ballast := filepath.Join(h.dir, "disk", "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		return 0, err
	}
	block := make([]byte, 1<<20)
	for err == nil {
		_, err = f.Write(block)
	}
	for err = nil; err == nil; {
		_, err = f.Write(block[:1])
	}
	if err = errors.Join(f.Close()); err != nil {
		return 0, err
	}
	if err := h.felt(); err != nil {
		return 0, err
	}
	if err := h.pause(h.between(0, 200*time.Millisecond)); err != nil {
		return 0, err
	}
	if err := os.Remove(ballast); err != nil {
		return 0, err
	}
	return h.back(time.Now())
}
