package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// figures are of one call at one number of connections.
type figures struct {
	perSecond     float64
	p50, p99, cpu time.Duration
}

type row struct {
	program, call string
	connections   int
}

// results are the figures of all rounds.
type results struct {
	order    []row
	figures  map[row][]figures
	programs []string
	ready    map[string][]time.Duration
	idle     map[string][]int64
}

func newResults() *results {
	return &results{figures: map[row][]figures{}, ready: map[string][]time.Duration{}, idle: map[string][]int64{}}
}

func (r *results) add(k row, f figures) {
	if r.figures[k] == nil {
		r.order = append(r.order, k)
	}
	r.figures[k] = append(r.figures[k], f)
}

type namedCall struct {
	name string
	call call
}

func calls(customer string) []namedCall {
	return []namedCall{
		{"create PaymentIntent", callOf("POST", "/v1/payment_intents", "amount=2000&currency=usd&metadata[order]=17&automatic_payment_methods[enabled]=true")},
		{"create and confirm", callOf("POST", "/v1/payment_intents", "amount=2000&currency=usd&metadata[order]=17&payment_method=pm_card_visa&confirm=true&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never")},
		{"read customer", callOf("GET", "/v1/customers/"+customer, "")},
		{"create Checkout Session", callOf("POST", "/v1/checkout/sessions", "mode=payment&success_url=https%3A%2F%2Fshop.example%2Fdone&line_items[0][quantity]=2&line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=1500&line_items[0][price_data][product_data][name]=Mug")},
	}
}

// warmUp is how long a call runs before it is measured.
const warmUp = 300 * time.Millisecond

// measure runs all calls against one program.
func (o options) measure(ctx context.Context, p program, results *results) (err error) {
	process, err := p.start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, process.stop()) }()
	idle, err := process.rss()
	if err != nil {
		return err
	}
	if !slices.Contains(results.programs, p.name) {
		results.programs = append(results.programs, p.name)
	}
	results.ready[p.name] = append(results.ready[p.name], process.ready)
	results.idle[p.name] = append(results.idle[p.name], idle)
	if o.memory {
		return nil
	}
	customer, err := createCustomer(ctx, process.addr)
	if err != nil {
		return err
	}
	for _, c := range calls(customer) {
		for _, n := range []int{1, 16} {
			if _, err := load(ctx, process.addr, c.call, n, warmUp); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if err := settle(ctx, process.addr); err != nil {
				return err
			}
			f, err := o.figures(ctx, process, c.call, n)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			results.add(row{p.name, c.name, n}, f)
			say("  %s, %d connections: %.0f/s", c.name, n, f.perSecond)
		}
	}
	return nil
}

func (o options) figures(ctx context.Context, process *process, c call, n int) (figures, error) {
	before, err := process.cpu()
	if err != nil {
		return figures{}, err
	}
	began := time.Now()
	took, err := load(ctx, process.addr, c, n, o.duration)
	if err != nil {
		return figures{}, err
	}
	passed := time.Since(began)
	if err := settle(ctx, process.addr); err != nil { // deliveries that are still under way belong to these requests
		return figures{}, err
	}
	after, err := process.cpu()
	if err != nil {
		return figures{}, err
	}
	count := len(took)
	return figures{float64(count) / passed.Seconds(), took[count/2], took[count*99/100], (after - before) / time.Duration(count)}, nil
}

// settle waits until the sandbox has delivered its events; a server without control routes has nothing to wait for.
func settle(ctx context.Context, addr string) error {
	c, err := dial(ctx, addr)
	if err != nil {
		return err
	}
	defer c.close()
	err = c.exchange(callOf("GET", "/_sandbox/idle?timeout_seconds=20", ""), "")
	if errors.Is(err, errRefused) {
		return nil
	}
	return err
}

func createCustomer(ctx context.Context, addr string) (string, error) {
	c, err := dial(ctx, addr)
	if err != nil {
		return "", err
	}
	defer c.close()
	if err := c.exchange(callOf("POST", "/v1/customers", "email=ayse%40shop.example&name=Ayse"), ""); err != nil {
		return "", err
	}
	_, rest, found := bytes.Cut(bytes.ReplaceAll(c.body, []byte(`": "`), []byte(`":"`)), []byte(`"id":"`))
	id, _, ended := bytes.Cut(rest, []byte(`"`))
	if !found || !ended {
		return "", fmt.Errorf("a customer without an id: %.200s", c.body)
	}
	return string(id), nil
}

// median is the middle of what the rounds gave.
func median[T any, N int64 | float64 | time.Duration](all []T, of func(T) N) N {
	values := make([]N, len(all))
	for i, v := range all {
		values[i] = of(v)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// print writes the tables in Markdown.
func (r *results) print(w io.Writer) {
	if len(r.order) > 0 {
		fmt.Fprintln(w, "| call | connections | program | requests/s | p50 ms | p99 ms | CPU µs/request |")
		fmt.Fprintln(w, "|---|---|---|---|---|---|---|")
	}
	for _, first := range r.order {
		if first.program != r.programs[0] {
			continue
		}
		for _, name := range r.programs {
			f := r.figures[row{name, first.call, first.connections}]
			fmt.Fprintf(w, "| %s | %d | %s | %.0f | %s | %s | %d |\n", first.call, first.connections, name,
				median(f, func(f figures) float64 { return f.perSecond }), milliseconds(median(f, func(f figures) time.Duration { return f.p50 })),
				milliseconds(median(f, func(f figures) time.Duration { return f.p99 })), median(f, func(f figures) time.Duration { return f.cpu }).Microseconds())
		}
	}
	fmt.Fprintln(w, "\n| program | first answer after ms | idle RSS MiB |")
	fmt.Fprintln(w, "|---|---|---|")
	for _, name := range r.programs {
		fmt.Fprintf(w, "| %s | %s | %.1f |\n", name, milliseconds(median(r.ready[name], func(d time.Duration) time.Duration { return d })),
			float64(median(r.idle[name], func(n int64) int64 { return n }))/(1<<20))
	}
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f", float64(d)/float64(time.Millisecond))
}
