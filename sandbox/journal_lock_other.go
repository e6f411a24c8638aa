//go:build !unix

package sandbox

import (
	"os"
	"path/filepath"
)

// lockFolder opens the lock's file. Where there are no such locks, nothing keeps a second sandbox from the folder.
func lockFolder(dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, "sandbox.lock"), os.O_CREATE|os.O_RDWR, 0o600)
}
