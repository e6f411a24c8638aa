package faults_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/proof/faults"
)

const root = "../.."

// planted are all faults of a folder, by name.
func planted(t *testing.T, pattern string) []faults.Fault {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatalf("there is no fault at %s", pattern)
	}
	list := make([]faults.Fault, len(paths))
	for i, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if list[i], err = faults.Parse(strings.TrimSuffix(filepath.Base(path), ".patch"), string(text)); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func TestEveryFaultCanStillBePlanted(t *testing.T) {
	t.Parallel()
	for _, f := range append(planted(t, found), planted(t, open)...) {
		changed, err := f.Apply(os.DirFS(root))
		if err != nil {
			t.Error(err)
		}
		for path, text := range changed {
			if before, err := os.ReadFile(filepath.Join(root, path)); err != nil || string(before) == string(text) {
				t.Errorf("%s does not change %s: %v", f.Name, path, err)
			}
		}
		if !strings.HasSuffix(f.What, ".") || f.Days > 3000 {
			t.Errorf("%s says %q and %d days", f.Name, f.What, f.Days)
		}
	}
}

// chosen are the faults that this run plants: those that VEZNE_FAULTS names
// ("all", "open", or names parted by commas), or else one, which changes from day to day.
func chosen(t *testing.T) []faults.Fault {
	t.Helper()
	all := planted(t, found)
	switch want := os.Getenv("VEZNE_FAULTS"); want {
	case "all":
		return all
	case "open":
		return planted(t, open)
	case "":
		return all[time.Now().YearDay()%len(all):][:1]
	default:
		var list []faults.Fault
		all = append(all, planted(t, open)...)
		for _, name := range strings.Split(want, ",") {
			i := slices.IndexFunc(all, func(f faults.Fault) bool { return f.Name == name })
			if i < 0 {
				t.Fatalf("there is no fault %q", name)
			}
			list = append(list, all[i])
		}
		return list
	}
}

const (
	// found are faults that the simulation was seen to find.
	found = "*.patch"
	// open are those that it was not seen to find yet: each may be a hole in it.
	open = "open/*.patch"
)

// seed is where the simulation begins to look for a fault: any will do, and one
// that is fixed makes the number of days mean something.
const seed = 1

var lived = regexp.MustCompile(`VIOLATION after (\d+) customer-days: (.*)`)

func TestTheSimulationFindsEveryFault(t *testing.T) {
	for _, f := range chosen(t) {
		t.Run(f.Name, func(t *testing.T) {
			out, err := simulate(t.Context(), plant(t, f), f.Days)
			match := lived.FindStringSubmatch(out)
			var failed *exec.ExitError
			switch {
			case err == nil:
				t.Errorf("%s\nThe simulation finds nothing wrong in %d customer-days.", f.What, f.Days)
			case !errors.As(err, &failed) || match == nil:
				t.Errorf("%s\nThe simulation did not run: %v\n%s", f.What, err, out)
			default:
				t.Logf("%s\nFound after %s customer-days: %s", f.What, match[1], match[2])
			}
		})
	}
}

func plant(t *testing.T, f faults.Fault) (overlay string) {
	t.Helper()
	overlay, err := f.Overlay(root, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return overlay
}

func simulate(ctx context.Context, overlay string, days int) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-overlay", overlay, "-count=1", "-vet=off", "-timeout=30m", "-run=^TestSimulation$", "./proof/simulate",
		"-args", fmt.Sprintf("-seed=%d", seed), fmt.Sprintf("-days=%d", days), "-shorten=false")
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	return string(out), err
}
