package processes_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/proof/ledger"
)

// The ledger says what was lived, line by line: which kind, which seeds, by
// which commit, and what the witness counted.
const (
	ledgerPath = "ledger.tsv"
	pagePath   = root + "/docs/reference/crashes.md"
	ledgerHead = "kind\tfrom\tto\tcommit\tprogram\tcycles\tacknowledgements\teffects\tlost\tdoubled\tbroken\tfirst_ms"
)

var (
	ledgerFlag = flag.Bool("ledger", false, "live lives and add lines to the ledger")
	updateFlag = flag.Bool("update", false, "write the sum of the ledger into the page")
)

// line is a line of the ledger: a life.
type line struct {
	Kind     string
	From, To uint64
	Commit   string
	// Program is a sum over the code of the program, which is what was tried.
	Program string
	sum
}

// String is how it is written.
func (l line) String() string {
	return fmt.Sprintf("%s\t%d\t%d\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d", l.Kind, l.From, l.To, l.Commit, l.Program, l.Cycles, l.Acks, l.Effects, l.Lost, l.Doubled, l.Broken, l.First.Milliseconds())
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
		var first int64
		if _, err := fmt.Sscan(row, &l.Kind, &l.From, &l.To, &l.Commit, &l.Program, &l.Cycles, &l.Acks, &l.Effects, &l.Lost, &l.Doubled, &l.Broken, &first); err != nil {
			t.Fatalf("a line of the ledger: %q: %v", row, err)
		}
		l.First = time.Duration(first) * time.Millisecond
	}
	return list
}

// code tells one program from another.
func code(t *testing.T) string {
	t.Helper()
	sum, err := ledger.Code(root, ".", "engine", "internal", "cmd")
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// TestLedger lives lives, of one kind or of each in turn, until there were so
// many cycles, and adds a line after each: it can be ended at any time and goes
// on where it stopped.
func TestLedger(t *testing.T) {
	if !*ledgerFlag {
		return
	}
	commit, err := ledger.Commit(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	next := map[string]uint64{}
	for _, l := range read(t) {
		next[l.Kind] = max(next[l.Kind], l.To)
	}
	var chosen []kind
	for _, k := range kinds(t) {
		if *kindFlag == "" || *kindFlag == k.name {
			chosen = append(chosen, k)
		}
	}
	if len(chosen) == 0 {
		t.Fatalf("there is no kind %q", *kindFlag)
	}
	for cycles, i := 0, 0; cycles < *cyclesFlag; i++ {
		k := chosen[i%len(chosen)]
		next[k.name]++
		l := line{Kind: k.name, From: next[k.name], To: next[k.name], Commit: commit, Program: code(t)}
		var findings []string
		if l.sum, findings, err = live(t, k, l.From, k.cycles); err != nil {
			t.Fatalf("make crash KIND=%s SEED=%d CYCLES=%d: %v", k.name, l.From, k.cycles, err)
		}
		if err := ledger.Append(ledgerPath, l); err != nil {
			t.Fatal(err)
		}
		fmt.Println(l)
		if len(findings) > 0 {
			t.Fatalf("make crash KIND=%s SEED=%d CYCLES=%d:\n%s", k.name, l.From, k.cycles, strings.Join(findings, "\n"))
		}
		cycles += l.Cycles
	}
}

// TestALineOfTheLedgerHoldsAgain begins a life of a line again.
func TestALineOfTheLedgerHoldsAgain(t *testing.T) {
	lines := read(t)
	if len(lines) == 0 {
		t.Fatal("the ledger is empty")
	}
	l := lines[rand.IntN(len(lines))]
	for _, k := range kinds(t) {
		if k.name == l.Kind {
			short(t, k, l.From)
			return
		}
	}
	t.Logf("this machine cannot live the line %q", l)
}

// sumOf says in Markdown what the ledger adds up to.
func sumOf(lines []line) string {
	var names []string
	by, all := map[string]*sum{}, sum{}
	for _, l := range lines {
		if by[l.Kind] == nil {
			by[l.Kind] = &sum{}
			names = append(names, l.Kind)
		}
		by[l.Kind].add(l.sum)
		all.add(l.sum)
	}
	var b strings.Builder
	b.WriteString("| kind | cycles | acknowledgements | effects | lost | doubled | otherwise broken | longest time to the first acknowledgement |\n|---|---:|---:|---:|---:|---:|---:|---:|\n")
	row := func(name string, s sum) {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %d | %d ms |\n", name, s.Cycles, s.Acks, s.Effects, s.Lost, s.Doubled, s.Broken, s.First.Milliseconds())
	}
	for _, name := range names {
		row("`"+name+"`", *by[name])
	}
	row("in all", all)
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
	want := sumOf(read(t))
	if *updateFlag {
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
	if got != want {
		t.Errorf("the page says\n%s\nthe ledger adds up to\n%s\nRun make crash-sum.", got, want)
	}
}
