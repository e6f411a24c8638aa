package simulate_test

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"
)

var (
	seedFlag    = flag.Uint64("seed", 1, "the first seed")
	daysFlag    = flag.Int("days", 100, "customer-days to be lived")
	journalFlag = flag.String("journal", "", "write every step to a file")
	trailFlag   = flag.Bool("trail", false, "print everything that happens")
)

func TestSimulation(t *testing.T) {
	began := time.Now()
	lived := 0
	for seed := *seedFlag; lived < *daysFlag; seed++ {
		c := course{seed: seed, customers: 10, days: 10, verbose: *trailFlag}
		if *journalFlag != "" {
			f, err := os.Create(*journalFlag + fmt.Sprint(seed))
			if err != nil {
				t.Fatal(err)
			}
			c.journal = bufio.NewWriter(f)
		}
		r := run(t, c)
		lived += c.customers * c.days
		t.Logf("seed %d: %+v", seed, r.stats)
		if r.violation != "" {
			for _, l := range r.trail[max(0, len(r.trail)-60):] {
				t.Log(l)
			}
			t.Fatalf("VIOLATION after %d customer-days: %s", lived, r.violation)
		}
	}
	t.Logf("%d customer-days in %s", lived, time.Since(began))
}
