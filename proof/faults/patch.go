// Package faults holds faults that somebody could have made, each as a patch,
// and shows that the simulation finds every one. A simulation that finds
// nothing wrong in a wrong desk proves nothing.
package faults

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Fault is one patch.
type Fault struct {
	// Name is the file's, without its ending.
	Name string
	// What is wrong with it, in one sentence.
	What string
	// Days is within how many customer-days the simulation finds it.
	Days int
	// changes are by file, relative to the module.
	changes map[string][]change
}

// change is one hunk: lines that stand somewhere, and those that take their
// place.
type change struct {
	line          int
	before, after []string
}

var header = regexp.MustCompile(`^@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@`)

// Parse reads a patch: a sentence, a line "Days: n", and a unified diff.
func Parse(name, text string) (Fault, error) {
	f := Fault{Name: name, changes: map[string][]change{}}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 4 || lines[2] != "" {
		return f, fmt.Errorf("%s does not begin with a sentence, its days and an empty line", name)
	}
	f.What = lines[0]
	days, ok := strings.CutPrefix(lines[1], "Days: ")
	var err error
	if f.Days, err = strconv.Atoi(days); !ok || err != nil || f.Days <= 0 {
		return f, fmt.Errorf("%s does not say within how many days it is found: %q", name, lines[1])
	}
	path := ""
	for _, l := range lines[3:] {
		hunks := f.changes[path]
		switch match := header.FindStringSubmatch(l); {
		case strings.HasPrefix(l, "--- "):
		case strings.HasPrefix(l, "+++ b/"):
			path = strings.TrimPrefix(l, "+++ b/")
		case match != nil:
			line, err := strconv.Atoi(match[1])
			if err != nil || path == "" {
				return f, fmt.Errorf("%s: %q stands in no file", name, l)
			}
			f.changes[path] = append(hunks, change{line: line - 1})
		case len(hunks) == 0:
			return f, fmt.Errorf("%s: %q belongs to no change", name, l)
		default:
			if err := hunks[len(hunks)-1].take(l); err != nil {
				return f, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	if len(f.changes) == 0 {
		return f, fmt.Errorf("%s changes nothing", name)
	}
	return f, nil
}

func (c *change) take(l string) error {
	kind, text := " ", ""
	if l != "" {
		kind, text = l[:1], l[1:]
	}
	switch kind {
	case " ":
		c.before, c.after = append(c.before, text), append(c.after, text)
	case "-":
		c.before = append(c.before, text)
	case "+":
		c.after = append(c.after, text)
	default:
		return fmt.Errorf("%q is no line of a patch", l)
	}
	return nil
}

// errElsewhere is a change whose lines do not stand in the file.
var errElsewhere = errors.New("the lines that it changes are not there any more: make the patch anew")

// Apply returns the changed files, by path. It fails when the lines that are
// changed do not stand in a file, or in several places as far from where they
// were.
func (f Fault) Apply(module fs.FS) (map[string][]byte, error) {
	out := map[string][]byte{}
	for path, changes := range f.changes {
		text, err := fs.ReadFile(module, path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		lines := strings.Split(string(text), "\n")
		// From the end, so that places before it stay where they are.
		for _, c := range slices.Backward(changes) {
			at := c.place(lines)
			if at < 0 {
				return nil, fmt.Errorf("%s: %s near line %d: %w", f.Name, path, c.line+1, errElsewhere)
			}
			lines = slices.Concat(lines[:at], c.after, lines[at+len(c.before):])
		}
		out[path] = []byte(strings.Join(lines, "\n"))
	}
	return out, nil
}

// place finds the lines of a change nearest to where they were, -1 for nowhere.
func (c change) place(lines []string) int {
	best := -1
	for at := 0; at+len(c.before) <= len(lines); at++ {
		if !slices.Equal(lines[at:at+len(c.before)], c.before) {
			continue
		}
		if best < 0 || distance(at, c.line) < distance(best, c.line) {
			best = at
		}
	}
	return best
}

func distance(a, b int) int { return max(a-b, b-a) }
