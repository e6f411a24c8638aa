package simulate_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vezne/vezne/proof/ledger"
)

// The ledger says what was lived, line by line: which seeds, by which commit,
// and what came of it. Whoever doubts a line lives its seeds again.
const (
	root       = "../.."
	ledgerPath = "ledger.tsv"
	pagePath   = root + "/docs/reference/simulation.md"
	// inLine is how many worlds a line is for.
	inLine = 10
)

var (
	ledgerFlag = flag.Bool("ledger", false, "live days and add lines to the ledger")
	updateFlag = flag.Bool("update", false, "write the sum of the ledger into the page")
)

// line is a line of the ledger.
type line struct {
	From, To uint64
	Commit   string
	// Engine is a sum over the code of the desk, which is what was tried.
	Engine string
	sum
}

const ledgerHead = "from\tto\tcommit\tengine\tdays\tdeaths\tfaults\torders\tevents\tviolations"

func (l line) String() string {
	return fmt.Sprintf("%d\t%d\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d", l.From, l.To, l.Commit, l.Engine, l.Days, l.Crashes, l.Faults, l.Orders, l.Events, l.Violations)
}

func read(t *testing.T) []line {
	t.Helper()
	rows, err := ledger.Lines(ledgerPath, ledgerHead)
	if err != nil {
		t.Fatal(err)
	}
	list := make([]line, len(rows))
	for i, row := range rows {
		l := &list[i]
		if _, err := fmt.Sscan(row, &l.From, &l.To, &l.Commit, &l.Engine, &l.Days, &l.Crashes, &l.Faults, &l.Orders, &l.Events, &l.Violations); err != nil {
			t.Fatalf("a line of the ledger: %q: %v", row, err)
		}
	}
	return list
}

// engineSum tells one engine from another: all code of the desk, without tests.
func engineSum(t *testing.T) string {
	t.Helper()
	sum, err := ledger.Code(root, ".", "engine", "internal")
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// TestLedger lives days and adds lines, each when its worlds are over: it can
// be ended at any time and goes on where it stopped.
func TestLedger(t *testing.T) {
	if !*ledgerFlag {
		return
	}
	next := uint64(1)
	for _, l := range read(t) {
		next = max(next, l.To+1)
	}
	l := line{Engine: engineSum(t)}
	var err error
	if l.Commit, err = ledger.Commit(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	for lived := 0; lived < *daysFlag; lived += l.Days {
		l.From, l.To = next, next+inLine-1
		var bad *report
		l.sum, bad = lives(t, l.From, inLine)
		if bad != nil {
			l.To = bad.Seed
		}
		if err := ledger.Append(ledgerPath, l); err != nil {
			t.Fatal(err)
		}
		fmt.Println(l)
		if bad != nil {
			t.Fatalf("VIOLATION: %s\nmake sim SEED=%d DAYS=%d", bad.Violation, bad.Seed, inWorld)
		}
		next = l.To + 1
	}
}

// TestALineOfTheLedgerHoldsAgain lives one seed of a line again.
func TestALineOfTheLedgerHoldsAgain(t *testing.T) {
	lines := read(t)
	if len(lines) == 0 {
		t.Fatal("the ledger is empty")
	}
	l := lines[rand.IntN(len(lines))]
	seed := l.From + rand.Uint64N(l.To-l.From+1)
	t.Logf("make sim SEED=%d DAYS=%d", seed, inWorld)
	err := child(t.Context(), order{Seed: seed, Customers: customers, Days: worldDays}, func(r report) {
		if r.Violation != "" {
			t.Errorf("of the line %q: %s", l, r.Violation)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sumOf says in Markdown what the ledger adds up to.
func sumOf(lines []line, engine string) string {
	var all, now sum
	for _, l := range lines {
		for _, s := range []*sum{&all, &now} {
			if s == &now && l.Engine != engine {
				continue
			}
			s.Days += l.Days
			s.Crashes += l.Crashes
			s.Faults += l.Faults
			s.Orders += l.Orders
			s.Events += l.Events
			s.Violations += l.Violations
		}
	}
	var b strings.Builder
	b.WriteString("| lived | customer-days | orders | events | process deaths | faulty requests to Stripe | violations |\n|---|---:|---:|---:|---:|---:|---:|\n")
	for _, row := range []struct {
		what string
		sum
	}{{"in all", all}, {"by the desk as it is here (`" + engine + "`)", now}} {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %d |\n", row.what, row.Days, row.Orders, row.Events, row.Crashes, row.Faults, row.Violations)
	}
	return b.String()
}

func TestThePageGivesTheSumOfTheLedger(t *testing.T) {
	text, err := os.ReadFile(pagePath)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ledger.Sum(string(text))
	if err != nil {
		t.Fatal(err)
	}
	lines := read(t)
	if *updateFlag {
		want := sumOf(lines, engineSum(t))
		fmt.Print(want)
		page, err := ledger.WithSum(string(text), want)
		if err == nil {
			err = os.WriteFile(pagePath, []byte(page), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	want := sumOf(lines, engineOf(t, string(text), lines))
	if got != want {
		t.Errorf("the page says\n%s\nthe ledger adds up to\n%s\nRun make sim-sum.", got, want)
	}
}

// engineOf is the engine that the page speaks of: the page is fresh until a
// line is added, not until a line of code is changed.
func engineOf(t *testing.T, page string, lines []line) string {
	t.Helper()
	_, rest, found := strings.Cut(page, "by the desk as it is here (`")
	name, _, ended := strings.Cut(rest, "`)")
	if !found || !ended {
		t.Fatal("the page does not say which engine it speaks of")
	}
	if slices.ContainsFunc(lines, func(l line) bool { return l.Engine == name }) || name == engineSum(t) {
		return name
	}
	t.Errorf("the page speaks of the engine %s, of which no line is", name)
	return name
}
