package processes_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/vezne/vezne/proof/faults"
)

var (
	kindFlag   = flag.String("kind", "", "the kind to live; all if empty")
	seedFlag   = flag.Uint64("seed", 0, "the seed of the life; a fresh one if 0")
	cyclesFlag = flag.Int("cycles", 0, "how many cycles to live")
)

// inShort is how many cycles of a kind the tests live, if a life has so many;
// where cycles take long it has few, and the tests one.
const inShort = 3

// short lives the beginning of a life.
func short(t *testing.T, k kind, seed uint64) {
	t.Helper()
	cycles := *cyclesFlag
	if cycles == 0 {
		if cycles = inShort; k.cycles < 2*inShort {
			cycles = 1
		}
	}
	t.Logf("make crash KIND=%s SEED=%d CYCLES=%d", k.name, seed, cycles)
	_, findings, err := live(t, k, seed, cycles)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Error(f)
	}
}

// TestNothingIsLostAndNothingDoubled lives a short life of each kind. Lives on
// the shared server follow one another, and beside them those on anything else:
// most of a life is waiting.
func TestNothingIsLostAndNothingDoubled(t *testing.T) {
	all := kinds(t)
	for _, sharing := range []bool{true, false} {
		name := "beside"
		if sharing {
			name = "on the shared server"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, k := range all {
				if k.shared != sharing || *kindFlag != "" && *kindFlag != k.name {
					continue
				}
				t.Run(k.name, func(t *testing.T) {
					seed := *seedFlag
					if seed == 0 {
						seed = rand.Uint64N(1 << 32)
					}
					short(t, k, seed)
				})
			}
		})
	}
}

// TestTheWitnessFindsAnAcknowledgementBeforeTheCommit lives a life with a
// program in which that fault is planted: a witness who sees nothing in it
// proves nothing.
func TestTheWitnessFindsAnAcknowledgementBeforeTheCommit(t *testing.T) {
	const name = "ack-before-commit"
	text, err := os.ReadFile(root + "/proof/faults/" + name + ".patch")
	if err != nil {
		t.Fatal(err)
	}
	fault, err := faults.Parse(name, string(text))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	overlay, err := fault.Overlay(root, dir)
	if err != nil {
		t.Fatal(err)
	}
	wrong := filepath.Join(dir, "vezne")
	if err := build(wrong, "-overlay", overlay); err != nil {
		t.Fatal(err)
	}
	k := kind{
		name: "file-limit", cycles: 1, cycle: limitFiles, plan: func(*testing.T) plan { return plan{processes: 1, store: newSQLite, program: wrong} },
	}
	s, findings, err := live(t, k, 1, k.cycles)
	if err != nil {
		t.Fatal(err)
	}
	if s.Lost == 0 || s.Broken == 0 {
		t.Errorf("nothing was found, or not all: %q", findings)
	}
}
