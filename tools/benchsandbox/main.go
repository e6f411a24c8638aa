// Benchsandbox measures the sandbox beside stripe-mock on this machine, in one run, and prints a Markdown table. The
// sandbox keeps what it is asked to create, logs requests, remembers idempotency keys and delivers signed events to one
// endpoint; stripe-mock has nothing of that to do. Rounds of the two alternate, so that what else the machine does meets
// both. Progress goes to standard error.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

func main() {
	var o options
	flag.StringVar(&o.repository, "repository", "../..", "folder of the repository")
	flag.DurationVar(&o.duration, "duration", time.Second, "how long each call is measured in a round")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds; the median of each figure is printed")
	flag.DurationVar(&o.limit, "limit", 10*time.Minute, "when the run gives up")
	flag.BoolVar(&o.memory, "memory", false, "measure only the first answer, idle memory and what a payment keeps")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), o.limit)
	defer cancel()
	if err := o.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "benchsandbox:", err)
		os.Exit(1)
	}
}

type options struct {
	repository string
	duration   time.Duration
	rounds     int
	limit      time.Duration
	memory     bool
}

// say writes a line of progress with the time of day.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s "+format+"\n", append([]any{time.Now().Format(time.TimeOnly)}, args...)...)
}

// programs are the two servers, started anew for each round so that neither carries what an earlier one left.
func (o options) programs(dir, sink string) []program {
	return []program{
		{name: "stripe-mock 0.203.0", path: filepath.Join(dir, "stripe-mock"), args: func(addr string) []string {
			return []string{"-http-addr", addr}
		}},
		{name: "vezne sandbox", path: filepath.Join(dir, "vezne"), args: func(addr string) []string {
			return []string{"sandbox", "--addr", addr, "--forward-to", sink}
		}},
	}
}

func (o options) run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "benchsandbox")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // the system empties its temporary folder anyway
	say("building both programs")
	if err := o.build(ctx, dir); err != nil {
		return err
	}
	sink, err := newSink(ctx)
	if err != nil {
		return err
	}
	defer sink.close()
	results := newResults()
	for round := range o.rounds {
		for _, p := range o.programs(dir, sink.url) {
			say("round %d of %d: %s", round+1, o.rounds, p.name)
			if err := o.measure(ctx, p, results); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	if sink.received.Load() == 0 && !o.memory {
		return fmt.Errorf("the endpoint got no event: the sandbox was not measured as it is meant to be")
	}
	say("what a payment keeps")
	kept, err := o.bytesKept(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%d CPUs, %s, %s/%s, load average %s; median of %d rounds of %s each; the load generator and the endpoint share the CPUs.\n\n",
		runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, loadAverage(), o.rounds, o.duration)
	results.print(os.Stdout)
	fmt.Printf("\nKept per confirmed PaymentIntent, with its charge, events, deliveries, idempotency record and logged call: %s bytes.\n", kept)
	return nil
}

// build makes both programs as they are released.
func (o options) build(ctx context.Context, dir string) error {
	for _, b := range []struct{ in, out, what string }{
		{".", "stripe-mock", "github.com/stripe/stripe-mock"},
		{o.repository, "vezne", "./cmd/vezne"},
	} {
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, b.out), b.what)
		cmd.Dir, cmd.Stderr = b.in, os.Stderr
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("building %s: %w", b.out, err)
		}
	}
	return nil
}

// bytesKept asks the sandbox's own benchmark what stays in memory of one confirmed PaymentIntent.
func (o options) bytesKept(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^BenchmarkKeptPayment$", "-benchtime", "10000x", "./sandbox")
	cmd.Dir = o.repository
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go test: %w\n%s", err, out)
	}
	fields := strings.Fields(string(out))
	for i, f := range fields {
		if f == "kept-B/op" && i > 0 {
			return fields[i-1], nil
		}
	}
	return "", fmt.Errorf("the benchmark printed no kept-B/op:\n%s", out)
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
