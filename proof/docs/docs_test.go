// Package docs holds the documents to what they say: links lead somewhere,
// snippets are the code that is built, and every command is run.
package docs

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const root = "../.."

// documents are all pages that people read.
func documents(t *testing.T) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch name := filepath.Base(path); {
		case err != nil:
			return err
		case d.IsDir() && (name == "node_modules" || name == "testdata" || (strings.HasPrefix(name, ".") && name != ".." && name != ".")):
			return fs.SkipDir
		case strings.HasSuffix(name, ".md"):
			list = append(list, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 10 {
		t.Fatalf("only %d documents were found", len(list))
	}
	return list
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var link = regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)

func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	for _, doc := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(read(t, doc), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(doc), m[1])); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", doc, m[1])
			}
		}
	}
}

// commands returns the command lines of a document's console blocks.
func commands(doc string) []string {
	var list []string
	inside := false
	for line := range strings.Lines(doc) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "```"):
			inside = !inside && line == "```console"
		case inside && strings.HasPrefix(line, "$ "):
			list = append(list, strings.TrimPrefix(line, "$ "))
		}
	}
	return list
}

// TestSnippetsAreTheCodeThatIsBuilt compares what the README quotes of the
// embedding example with the example.
func TestSnippetsAreTheCodeThatIsBuilt(t *testing.T) {
	t.Parallel()
	_, rest, ok := strings.Cut(read(t, filepath.Join(root, "examples/embed/main.go")), "// README begins\n")
	example, _, closed := strings.Cut(rest, "// README ends\n")
	if !ok || !closed {
		t.Fatal("examples/embed/main.go marks no part for the README")
	}
	_, rest, ok = strings.Cut(read(t, filepath.Join(root, "README.md")), "```go\n")
	quoted, _, closed := strings.Cut(rest, "```\n")
	if !ok || !closed {
		t.Fatal("README.md has no Go snippet")
	}
	if a, b := plain(example), plain(quoted); a != b {
		t.Errorf("README.md quotes\n%s\nbut examples/embed has\n%s", b, a)
	}
}

// plain folds indentation.
func plain(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// ready is what vezne dev writes once everything answers.
type ready struct {
	Service  string `json:"service"`
	Shop     string `json:"shop"`
	Admin    string `json:"admin"`
	APIToken string `json:"api_token"`
}

// startDev runs the command of the README on free ports and a folder of its
// own, and ends it with the test.
func startDev(t *testing.T, command string) ready {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "ready.json")
	args := append(strings.Fields(command), "--addr", "127.0.0.1:0", "--sandbox-addr", "127.0.0.1:0", "--data", filepath.Join(dir, "data"), "--ready-file", file)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = root
	// go run starts the program as a child: both get the signal.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM); err != nil {
			t.Errorf("end %s: %v", command, err)
		}
		// go run reports the signal that it got itself; what counts is that both
		// are gone.
		var exit *exec.ExitError
		if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
			t.Errorf("wait for %s: %v", command, err)
		}
	})
	// The file is there before the last line of the greeting is printed.
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		b, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		var r ready
		if err := json.Unmarshal(b, &r); err != nil {
			t.Fatalf("the ready file: %v", err)
		}
		go func() {
			for lines.Scan() { //nolint:revive // what it prints from now on is read away
			}
		}()
		return r
	}
	t.Fatalf("%s ended before it was ready", command)
	return ready{}
}

// bash runs one command as a person would paste it.
func bash(t *testing.T, command string, env ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", command)
	cmd.Dir, cmd.Env = root, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return string(out)
}

func TestEveryCommandRuns(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"README.md", "README.tr.md"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runReadme(t, read(t, filepath.Join(root, name)))
		})
	}
	t.Run("the other documents", func(t *testing.T) {
		t.Parallel()
		for _, doc := range documents(t) {
			if strings.HasPrefix(filepath.Base(doc), "README") && filepath.Dir(doc) == root {
				continue
			}
			for _, c := range commands(read(t, doc)) {
				if !isSetUp(c) {
					t.Errorf("%s: no test runs %q", doc, c)
				}
			}
		}
	})
}

// isSetUp are the two commands of every newcomer: the README's test runs the
// first, and continuous integration the second.
func isSetUp(command string) bool {
	return command == "go run ./cmd/vezne dev" || command == "make test"
}

func runReadme(t *testing.T, doc string) {
	list := commands(doc)
	if len(list) < 4 || list[0] != "go run ./cmd/vezne dev" {
		t.Fatalf("the first command is %q", list)
	}
	dev := startDev(t, list[0])
	env := []string{"VEZNE_TOKEN=" + dev.APIToken}
	var order struct {
		ID     string `json:"id"`
		Status string `json:"status"`
		Number string `json:"invoice_number"`
	}
	for _, c := range list[1:] {
		switch {
		case c == "make test":
			// It is what runs this test. Continuous integration calls it as it stands.
			if ci := read(t, filepath.Join(root, ".ci/run")); !strings.Contains(ci, "\nmake test\n") {
				t.Error(".ci/run does not call make test")
			}
		case strings.HasPrefix(c, "go install "):
			// The published module cannot be fetched before it is published: the
			// same package is installed from here.
			bin := t.TempDir()
			bash(t, "go install ./cmd/vezne && "+filepath.Join(bin, "vezne")+" version", "GOBIN="+bin)
		case strings.HasPrefix(c, "curl "):
			out := bash(t, strings.ReplaceAll(c, "http://127.0.0.1:4242", strings.TrimRight(dev.Service, "/")), env...)
			var answer map[string]any
			if err := json.Unmarshal([]byte(out), &answer); err != nil {
				t.Fatalf("%s answered %s", c, out)
			}
			if _, failed := answer["code"]; failed {
				t.Fatalf("%s answered %s", c, out)
			}
			if answer["object"] == "order" {
				if err := json.Unmarshal([]byte(out), &order); err != nil {
					t.Fatal(err)
				}
				env = append(env, "ORDER="+order.ID)
			}
		default:
			t.Errorf("no test runs %q", c)
		}
	}
	if order.Status != "paid" || order.Number == "" {
		t.Errorf("after its commands the order is %q with invoice %q", order.Status, order.Number)
	}
}
