// Package ledger says of a trial what was tried: which code, at which commit,
// and where a page gives the sum of many trials.
package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Code tells one desk from another: a sum over all its code in these folders
// of the module at root, without tests. Folders inside of "." do not count.
func Code(root string, dirs ...string) (string, error) {
	h := sha256.New()
	for _, dir := range dirs {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir():
				if dir == "." && path != filepath.Join(root, dir) || d.Name() == "testdata" || d.Name() == "storetest" {
					return fs.SkipDir
				}
				return nil
			case strings.HasSuffix(path, "_test.go") || filepath.Ext(path) != ".go" && filepath.Ext(path) != ".sql":
				return nil
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(h, "%s %d\n", path, len(text))
			h.Write(text)
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:12], nil
}

// Commit is what is checked out at root. Code that differs from it cannot be
// told later, and is an error.
func Commit(ctx context.Context, root string) (string, error) {
	git := func(args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...).Output()
		if err != nil {
			return "", fmt.Errorf("git %v: %w", args, err)
		}
		return strings.TrimSpace(string(out)), nil
	}
	changed, err := git("status", "--porcelain", "--", "*.go", "*.sql", "go.mod")
	if err != nil {
		return "", err
	}
	if changed != "" {
		return "", fmt.Errorf("commit first, so that a line says what was tried:\n%s", changed)
	}
	return git("rev-parse", "--short=12", "HEAD")
}

// The sum stands between these lines of a page.
const (
	begins = "<!-- the sum of the ledger -->\n"
	ends   = "<!-- end of the sum -->\n"
)

// Sum returns what a page gives as the sum.
func Sum(page string) (string, error) {
	begin, end, err := place(page)
	if err != nil {
		return "", err
	}
	return page[begin:end], nil
}

// WithSum returns the page with another sum.
func WithSum(page, sum string) (string, error) {
	begin, end, err := place(page)
	if err != nil {
		return "", err
	}
	return page[:begin] + sum + page[end:], nil
}

func place(page string) (begin, end int, err error) {
	begin, end = strings.Index(page, begins), strings.Index(page, ends)
	if begin < 0 || end < begin {
		return 0, 0, errors.New("the page has no place for the sum")
	}
	return begin + len(begins), end, nil
}

// Append adds a line to a ledger.
func Append(path string, line fmt.Stringer) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, line)
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}

// Lines returns the lines of a ledger, which begins with head.
func Lines(path, head string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rows := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if rows[0] != head {
		return nil, fmt.Errorf("the ledger begins with %q", rows[0])
	}
	return rows[1:], nil
}
