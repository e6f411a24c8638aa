// Command vezne is the payments desk between an application and Stripe, and an
// offline Stripe to try it with. `vezne dev` runs everything on this machine;
// `vezne serve` is for production.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/vezne/vezne/internal/redact"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run executes a command line and returns the exit code: 0 for success, 1 when
// something failed, 2 when the command or a setting is wrong.
func run(args []string, in io.Reader, out, errOut io.Writer) int {
	// The first signal ends the work in order, the second one at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	// What goes wrong may quote what it got: nothing secret leaves by that door.
	terminal := terminalOf(errOut)
	errOut = redact.Writer(errOut)
	a := &app{in: in, out: out, err: errOut, terminal: terminal}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	return a.end(root.ExecuteContext(ctx))
}

// terminalOf returns a writer that is a terminal, and nil for any other.
func terminalOf(w io.Writer) io.Writer {
	f, ok := w.(*os.File)
	if !ok {
		return nil
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return f
}
