package sandbox

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const controlDocs = "../docs/reference/sandbox-control.md"

func readText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestControlDocsQuoteTheExamples compares each code block of the document with the file that the line above it names.
func TestControlDocsQuoteTheExamples(t *testing.T) {
	t.Parallel()
	n := 0
	parts := strings.Split(readText(t, controlDocs), "\n```")
	for i := 0; i+1 < len(parts); i += 2 {
		before, block := parts[i], parts[i+1]
		_, link, ok := strings.Cut(before[strings.LastIndex(strings.TrimSpace(before), "\n")+1:], "](")
		if !ok {
			t.Fatalf("no file is named above\n%s", block)
		}
		path, _, _ := strings.Cut(link, ")")
		_, code, _ := strings.Cut(block, "\n")
		if file := readText(t, filepath.Join(filepath.Dir(controlDocs), path)); file != code+"\n" {
			t.Errorf("the document quotes\n%s\nbut %s has\n%s", code, path, file)
		}
		n++
	}
	if n != 3 {
		t.Errorf("%d examples are quoted, want 3", n)
	}
}

// TestControlExamplesRun runs the examples that are no Go; the Go one is a test of its own folder.
func TestControlExamplesRun(t *testing.T) {
	t.Parallel()
	for name, command := range map[string][]string{
		"curl": {"sh", "../examples/sandbox/lost_answer.sh"},
		"node": {"node", "--test", "../examples/sandbox/retries.test.mjs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(newTest(t, Options{}))
			t.Cleanup(server.Close)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, command[0], command[1:]...)
			cmd.Env = append(os.Environ(), "SANDBOX="+server.URL)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", strings.Join(command, " "), err, out)
			}
		})
	}
}

func TestControlDocsNameEveryRouteAndField(t *testing.T) {
	t.Parallel()
	doc := readText(t, controlDocs)
	for _, route := range controlRoutes {
		if !strings.Contains(doc, "| `"+route.pattern+"` |") {
			t.Errorf("the document lacks %s", route.pattern)
		}
	}
	for typ := range simulations {
		if !strings.Contains(doc, "| `"+typ+"` |") {
			t.Errorf("the document lacks the simulation %s", typ)
		}
	}
	for _, v := range []any{Clock{}, ClockChange{}, Fault{}, DeliveryFault{}, Delivery{}, Attempt{}, Release{}, Forgery{}, Settings{}, Key{}, Call{}} {
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if name != "" && !strings.Contains(doc, "`"+name) && !strings.Contains(doc, name+",") && !strings.Contains(doc, name+"}") && !strings.Contains(doc, name+" |") {
				t.Errorf("the document lacks %s of %s", name, typ.Name())
			}
		}
	}
	for _, effect := range append(append([]string{}, faultEffects...), deliveryEffects...) {
		if !strings.Contains(doc, "| `"+effect+"` |") {
			t.Errorf("the document lacks the effect %s", effect)
		}
	}
}
