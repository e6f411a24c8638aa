package simulate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The simulation lives worlds: customers of some days, each world by one seed.
// What a seed does is the same each time, in a process of its own that runs one
// thing at a time; as many run side by side as there are processors.
var (
	seedFlag  = flag.Uint64("seed", 0, "the first seed; 0 takes a fresh one and prints it")
	daysFlag  = flag.Int("days", 300, "customer-days to be lived")
	keepFlag  = flag.String("keep", "", "entries of the plan that happen, parted by commas; all when empty")
	trailFlag = flag.Bool("trail", false, "print everything that happens")
	shortFlag = flag.Bool("shorten", true, "shorten a plan that fails")
	childFlag = flag.String("child", "", "used by the simulation itself")
)

// A world has so many customers for so many days.
const (
	customers = 10
	worldDays = 10
	// inWorld is how many customer-days that is.
	inWorld = customers * worldDays
)

// order asks a process to live a world. Each has a process of its own: what an
// earlier one left behind, as the time of the last id, would make it another.
type order struct {
	Seed      uint64
	Customers int
	Days      int
	Keep      []int
	Trail     bool
}

// report is what became of one world.
type report struct {
	Seed                  uint64
	Days, Crashes, Faults int
	Orders, Events, Steps int
	Compared, Slow        int
	Trace                 uint64
	Violation             string
	Entries               []int
	Happened              int
	Trail                 []string
}

// TestChild lives worlds for the process that started this one.
func TestChild(t *testing.T) {
	if *childFlag == "" {
		return
	}
	var o order
	if err := json.Unmarshal([]byte(*childFlag), &o); err != nil {
		t.Fatal(err)
	}
	c := course{seed: o.Seed, customers: o.Customers, days: o.Days, verbose: o.Trail}
	if o.Keep != nil {
		c.keep = map[int]bool{}
		for _, id := range o.Keep {
			c.keep[id] = true
		}
	}
	r := run(t, c)
	out := report{
		Seed: c.seed, Days: c.customers * c.days, Crashes: r.stats.crashes, Orders: r.stats.orders, Events: r.stats.events, Steps: r.stats.steps,
		Compared: r.stats.calm, Slow: r.stats.slow, Trace: r.stats.trace, Violation: r.violation, Happened: r.happened,
	}
	for _, n := range r.stats.fates {
		out.Faults += n
	}
	if r.violation != "" {
		out.Trail = r.trail[max(0, len(r.trail)-60):]
		for _, e := range r.entries {
			out.Entries = append(out.Entries, e.id)
		}
	}
	line, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("\nLIVED %s\n", line)
}

// child has a process of its own carry out an order, and calls heard with what
// became of it.
func child(ctx context.Context, o order, heard func(report)) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, "-test.run=^TestChild$", "-test.timeout=0", "-child="+string(text))
	// Who comes to the database goes deep: stacks begin as large as they become.
	cmd.Env = append(os.Environ(), "GODEBUG=adaptivestackstart=1")
	var said, rest bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &rest
	if o.Trail {
		cmd.Stderr = os.Stderr
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the world of the seed %d ended in another way than its violation: %w\n%s\n%s", o.Seed, err, said.String(), rest.String())
	}
	for line := range strings.Lines(said.String()) {
		if text, ok := strings.CutPrefix(line, "LIVED "); ok {
			var r report
			if err := json.Unmarshal([]byte(text), &r); err != nil {
				return err
			}
			heard(r)
			return nil
		}
	}
	return fmt.Errorf("the world of the seed %d did not say what became of it\n%s", o.Seed, said.String())
}

// sum adds up what was lived.
type sum struct{ Days, Crashes, Faults, Orders, Events, Steps, Slow, Compared, Violations int }

func (s *sum) add(r report) {
	s.Days += r.Days
	s.Crashes += r.Crashes
	s.Faults += r.Faults
	s.Orders += r.Orders
	s.Events += r.Events
	s.Steps += r.Steps
	s.Slow += r.Slow
	s.Compared += r.Compared
	if r.Violation != "" {
		s.Violations++
	}
}

// String says it in a sentence.
func (s sum) String() string {
	return fmt.Sprintf("%d customer-days: %d orders, %d events, %d process deaths, %d faulty requests to Stripe, %d steps, %d slow ones at the database, %d orders held against the truth on the way, %d violations",
		s.Days, s.Orders, s.Events, s.Crashes, s.Faults, s.Steps, s.Slow, s.Compared, s.Violations)
}

// lives lives worlds from a seed on, side by side, until one is not as it must
// be, which is returned.
func lives(t *testing.T, from uint64, worlds int) (sum, *report) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	workers := min(runtime.NumCPU(), worlds)
	var mu sync.Mutex
	var total sum
	var bad *report
	var running sync.WaitGroup
	for i := range workers {
		running.Go(func() {
			for n := i; n < worlds && ctx.Err() == nil; n += workers {
				err := child(ctx, order{Seed: from + uint64(n), Customers: customers, Days: worldDays}, func(r report) {
					mu.Lock()
					defer mu.Unlock()
					if bad == nil {
						total.add(r)
					}
					if r.Violation != "" && bad == nil {
						bad = &r
						cancel()
					}
				})
				if err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	running.Wait()
	return total, bad
}

func TestSimulation(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = 1 + rand.Uint64N(1_000_000_000)
	}
	t.Logf("make sim SEED=%d DAYS=%d", seed, *daysFlag)
	if *keepFlag != "" || *trailFlag {
		one(t, seed)
		return
	}
	total, bad := lives(t, seed, max(1, (*daysFlag+inWorld-1)/inWorld))
	t.Log(total)
	if bad == nil {
		return
	}
	t.Errorf("VIOLATION after %d customer-days: %s", total.Days, bad.Violation)
	if !*shortFlag {
		return
	}
	short := shrink(t, *bad)
	for _, line := range short.Trail {
		t.Log(line)
	}
	t.Errorf("It also comes of %d entries of the plan: %s\nmake sim SEED=%d KEEP=%s", len(short.Entries), short.Violation, short.Seed, numbers(short.Entries))
}

// one lives a single world, all of it or what the flag keeps.
func one(t *testing.T, seed uint64) {
	t.Helper()
	o := order{Seed: seed, Customers: customers, Days: worldDays, Trail: *trailFlag}
	if *keepFlag != "" {
		for _, text := range strings.Split(*keepFlag, ",") {
			id, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			o.Keep = append(o.Keep, id)
		}
	}
	err := child(t.Context(), o, func(r report) {
		for _, line := range r.Trail {
			t.Log(line)
		}
		if r.Violation != "" {
			t.Errorf("VIOLATION: %s", r.Violation)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// shrinkTries bounds how often a failing world is lived again.
const shrinkTries = 60

// shrink leaves entries of a failing plan out as long as it still fails, and
// returns the shortest.
func shrink(t *testing.T, bad report) report {
	t.Helper()
	best := bad
	best.Entries = best.Entries[:min(best.Happened, len(best.Entries))]
	tries := 0
	fails := func(keep []int) bool {
		if tries++; tries > shrinkTries {
			return false
		}
		failed := false
		err := child(t.Context(), order{Seed: bad.Seed, Customers: customers, Days: worldDays, Keep: keep}, func(r report) {
			if failed = r.Violation != ""; failed {
				r.Entries = keep
				best = r
			}
		})
		return err == nil && failed
	}
	if !fails(best.Entries) {
		// What came after the violation played a part: the end of the world.
		best = bad
	}
	for size := len(best.Entries) / 2; size > 0 && tries < shrinkTries; {
		removed := false
		for at := 0; at < len(best.Entries) && tries < shrinkTries; {
			keep := slices.Concat(best.Entries[:at], best.Entries[min(at+size, len(best.Entries)):])
			if len(keep) > 0 && fails(keep) {
				removed = true
				continue
			}
			at += size
		}
		if !removed || size > len(best.Entries) {
			size /= 2
		}
	}
	return best
}

func numbers(list []int) string {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, ",")
}

func TestASeedDoesTheSameEachTime(t *testing.T) {
	seed := 1 + rand.Uint64N(1_000_000_000)
	var traces []report
	for range 2 {
		if err := child(t.Context(), order{Seed: seed, Customers: 5, Days: 4}, func(r report) { traces = append(traces, r) }); err != nil {
			t.Fatal(err)
		}
	}
	if len(traces) != 2 || traces[0].Trace != traces[1].Trace || traces[0].Steps != traces[1].Steps || traces[0].Steps == 0 {
		t.Errorf("the seed %d lives two ways: %+v", seed, traces)
	}
}
