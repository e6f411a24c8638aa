// Package processes_test runs the built program, kills it, and takes away what
// it stands on, while buyers buy. An independent witness, who stands where
// Stripe and the application stand, counts what was acknowledged and what came
// of it.
package processes_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

const root = "../.."

// program is the path of the built program, as it is.
var program string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "vezne-processes-")
	if err == nil {
		program = filepath.Join(dir, "vezne")
		err = build(program)
	}
	code := 1
	if err == nil {
		code = m.Run()
	}
	if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// build builds the program from the packages that the tests are built of, so that
// only what was not compiled for them is compiled here.
func build(path string, flags ...string) error {
	args := slices.Concat([]string{"build"}, flags, []string{"-o", path, "./cmd/vezne"})
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	return cmd.Run()
}
