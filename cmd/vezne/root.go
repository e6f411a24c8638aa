package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vezne/vezne"
)

// app is one run of the command line.
type app struct {
	in       io.Reader
	out, err io.Writer
	// terminal is the standard error itself where that is a terminal, else nil: what
	// is drawn there must not wait for the end of a line, as err may.
	terminal io.Writer
	settings settings
	// ran is true once a command began: errors before are those of its words.
	ran bool
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitWrong  = 2
)

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "vezne",
		Short: "The payments desk between an application and Stripe",
		Long: `Vezne is the payments desk between an application and Stripe: orders, attempts
to pay, refunds, invoices and an audit trail, kept true whatever is lost, late
or sent twice. A sandbox, an offline Stripe, makes all of it testable.

Start here:
  vezne dev        everything on this machine, without a key or an account
  vezne serve      the service, with the keys of a Stripe account

Every setting is a flag and an environment variable; secrets are variables, or
files named by a variable that ends in _FILE.

Exit codes: 0 success, 1 something failed, 2 the command or a setting is wrong.`,
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			a.ran = true
			return a.settings.resolve(cmd)
		},
	}
	root.CompletionOptions.HiddenDefaultCmd = false
	root.AddCommand(
		a.dev(), a.serve(), a.sandbox(), a.events(), a.customer(), a.reconcile(), a.doctor(), a.backup(), a.restore(), a.token(), a.operator(), a.audit(), a.migrate(), a.version(), a.man(), a.docs(),
	)
	return root
}

// parent makes a command that only holds others.
func parent(use, short string, children ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		var names []string
		for _, child := range cmd.Commands() {
			if !child.Hidden {
				names = append(names, child.Name())
			}
		}
		return wrong("`"+cmd.CommandPath()+"` needs one more word: "+strings.Join(names, ", ")+".", "See `"+cmd.CommandPath()+" --help`.")
	}}
	c.AddCommand(children...)
	return c
}

// words checks the words after a command's name.
func words(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		hint := "See `" + cmd.CommandPath() + " --help`."
		switch {
		case len(args) < len(names):
			return wrong("`"+cmd.CommandPath()+"` needs "+strings.Join(names[len(args):], " and ")+".", hint)
		case len(args) > len(names):
			return wrong(fmt.Sprintf("`%s` does not know what to do with %q.", cmd.CommandPath(), args[len(names)]), hint)
		}
		return nil
	}
}

// wrong is an error of whoever typed the command.
func wrong(message, hint string) error {
	return vezne.E(vezne.CodeConfigInvalid, "vezne", message).WithHint(hint)
}

// end writes what went wrong, a sentence and a hint, and returns the exit code.
// It is the only place where errors become words and codes.
func (a *app) end(err error) int {
	if err == nil {
		return exitOK
	}
	e, ok := errors.AsType[*vezne.Error](err)
	if !ok && !a.ran {
		e, ok = vezne.E(vezne.CodeConfigInvalid, "vezne", sentence(err.Error())).WithHint("See `vezne --help`."), true
	}
	if !ok {
		fmt.Fprintln(a.err, "vezne: "+sentence(err.Error()))
		return exitFailed
	}
	fmt.Fprintln(a.err, "vezne: "+e.Message)
	for _, f := range e.Fields {
		fmt.Fprintln(a.err, "  "+f.Field+": "+f.Message)
	}
	if e.Hint != "" {
		fmt.Fprintln(a.err, "Hint: "+e.Hint)
	}
	if e.Kind == vezne.KindInvalid || e.Kind == vezne.KindNotFound || e.Code == vezne.CodeReadOnly {
		return exitWrong
	}
	if e.Err != nil {
		fmt.Fprintln(a.err, "Cause: "+strings.ReplaceAll(e.Err.Error(), "\n", "; "))
	}
	return exitFailed
}

// sentence makes a sentence of a library's error.
func sentence(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	if s == "" {
		return s
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "?") {
		s += "."
	}
	return s
}
