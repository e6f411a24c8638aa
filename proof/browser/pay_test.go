package browser

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// deskTests are the browser tests of the product's pages. Each is a process with a desk of its own.
var deskTests = []string{
	"admin_dashboard.test.mjs", "pay_access.test.mjs", "pay_card.test.mjs", "pay_element.test.mjs", "pay_return.test.mjs", "shop_ways.test.mjs",
}

// binary builds vezne once for all of them.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "vezne-browser-")
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "vezne")
	build := exec.Command("go", "build", "-o", name, "github.com/vezne/vezne/cmd/vezne")
	if out, err := build.CombinedOutput(); err != nil {
		return "", &buildError{out, err}
	}
	return name, nil
})

// buildError is a build that failed, with what the compiler said.
type buildError struct {
	out []byte
	err error
}

// Error returns both.
func (e *buildError) Error() string { return e.err.Error() + "\n" + string(e.out) }

// TestDeskInABrowser starts `vezne dev` on free ports and runs the browser tests of the product's pages against it. It
// needs chromium and the npm packages that tools/setup.sh installs, and fails without them.
func TestDeskInABrowser(t *testing.T) {
	if _, err := os.Stat("node_modules/playwright-core"); err != nil {
		t.Fatalf("The npm packages are missing: run tools/setup.sh. (%v)", err)
	}
	vezne, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(filepath.Dir(vezne)); err != nil {
			t.Error(err)
		}
	})
	for _, name := range deskTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			readyFile := startDev(t, vezne)
			ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
			defer cancel()
			node := exec.CommandContext(ctx, "node", "--test", "--test-timeout=600000", "--test-reporter=spec", name)
			node.Env = append(os.Environ(), "VEZNE_READY_FILE="+readyFile)
			out, err := node.CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// startDev starts a desk over a new folder, ends it with the test, and returns the file that says where it is.
func startDev(t *testing.T, vezne string) string {
	t.Helper()
	dir := t.TempDir()
	readyFile := filepath.Join(dir, "ready.json")
	// It is ended by a signal, as a person would end it.
	dev := exec.Command(vezne, "dev", "--addr", "127.0.0.1:0", "--sandbox-addr", "127.0.0.1:0", "--data", filepath.Join(dir, "data"), "--ready-file", readyFile)
	var faults bytes.Buffer
	dev.Stderr = &faults
	out, err := dev.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := dev.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	ready := lines.Scan() // it greets once everything answers
	if _, err := os.Stat(readyFile); !ready || err != nil {
		t.Fatalf("the desk did not start: %v\n%s", errors.Join(err, dev.Wait()), &faults)
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for lines.Scan() {
			continue
		}
	}()
	t.Cleanup(func() {
		if err := dev.Process.Signal(syscall.SIGTERM); err != nil {
			t.Errorf("the desk had ended before: %v", err)
		}
		<-drained
		if err := dev.Wait(); err != nil {
			t.Errorf("the desk ended with %v\n%s", err, &faults)
		}
	})
	return readyFile
}
