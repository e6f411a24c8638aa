package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
)

// commandLine is who does what is done here with an engine of its own.
var commandLine = vezne.Actor{Kind: vezne.ActorOperator, Name: "command line"}

func (a *app) reconcile() *cobra.Command {
	cmd := &cobra.Command{
		Use: "reconcile", Short: "Ask Stripe what was missed, and catch up", Args: words(),
		Long: `Reconcile looks through Stripe's events and its lists of payments, sessions,
refunds, disputes and set-ups since a time, compares them with what is kept, and
has whatever differs read and settled; so is every object that has not come to
an end. A row of a list changes nothing by itself.

It asks a running service, when --server and a token are given; else it opens
the database, which must be the only one at a SQLite file. A search that broke
off goes on with the next start of the service; it is complete only when
everything was looked at. The service does the same with events by itself, each
minute.

It ends with code 1 when the search failed.`,
		Example: `  vezne reconcile --since 24h --dry-run
  VEZNE_SERVER=http://127.0.0.1:4242 VEZNE_TOKEN=vz_… vezne reconcile --since 90d`,
	}
	take(cmd, "database", "body-key", "public-url", "server", "token", "log-level")
	take(cmd, stripeSettings...)
	since := cmd.Flags().String("since", "24h", "How far back, as 24h or 90d, or from when, as 2026-01-31T00:00:00Z")
	dryRun := cmd.Flags().Bool("dry-run", false, "Find, and change nothing")
	inJSON := asJSON(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		from, err := instant(*since, time.Now())
		if err != nil {
			return err
		}
		bar := a.progressBar()
		search := a.reconcileHere
		if a.settings.Server != "" {
			search = a.reconcileThere
		}
		r, err := search(cmd.Context(), from, *dryRun, bar.show)
		bar.clear()
		if err != nil {
			return err
		}
		return a.reconciled(r, *inJSON)
	}
	return cmd
}

// instant reads a time in the past: a distance or an instant.
func instant(s string, now time.Time) (time.Time, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return now.Add(-d), nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	return time.Time{}, wrong("--since is neither a distance nor a time.", "Give it as 24h, 90d or 2026-01-31T00:00:00Z.")
}

// reconcileHere searches with an engine of its own over the database.
func (a *app) reconcileHere(ctx context.Context, since time.Time, dryRun bool, progress func(vezne.ReconciliationJSON)) (r vezne.ReconciliationJSON, err error) {
	cfg := a.settings.engine("http://127.0.0.1", engine.Logger(a.err, a.settings.LogLevel))
	e, err := engine.Open(ctx, cfg)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, e.Close(context.WithoutCancel(ctx))) }()
	found, err := e.Reconcile(ctx, commandLine, engine.ReconcileParams{
		Since: since, DryRun: dryRun, Progress: func(r vezne.Reconciliation) { progress(r.JSON()) },
	})
	return found.JSON(), err
}

// pollEvery is the pause between two looks at a search of a running service.
const pollEvery = 500 * time.Millisecond

// reconcileThere has a running service search and waits for the end.
func (a *app) reconcileThere(ctx context.Context, since time.Time, dryRun bool, progress func(vezne.ReconciliationJSON)) (r vezne.ReconciliationJSON, err error) {
	want := map[string]any{"since": since.UTC().Format(time.RFC3339), "dry_run": dryRun}
	if err := a.call(ctx, http.MethodPost, "/v1/reconciliations", want, &r); err != nil {
		return r, err
	}
	for r.State == vezne.ReconciliationRunning {
		progress(r)
		select {
		case <-ctx.Done():
			return r, vezne.E(vezne.CodeInternal, "vezne", "The search goes on in the service.").WithHint("Its id is " + string(r.ID) + ".")
		case <-time.After(pollEvery):
		}
		if err := a.ask(ctx, "/v1/reconciliations/"+url.PathEscape(string(r.ID)), &r); err != nil {
			return r, err
		}
	}
	return r, nil
}

// reconciled reports what was found.
func (a *app) reconciled(r vezne.ReconciliationJSON, inJSON bool) error {
	var err error
	if inJSON {
		err = a.print(r)
	} else {
		err = a.sayFindings(r)
	}
	if err != nil || r.State == vezne.ReconciliationComplete {
		return err
	}
	return vezne.E(vezne.CodeInternal, "vezne", "The search failed at "+stageWord(r.Stage)+": "+strings.TrimSuffix(r.Error, ".")+".").
		WithHint("What it looked at before is done. Check the key's permissions with `vezne doctor`, and start again.")
}

func (a *app) sayFindings(r vezne.ReconciliationJSON) error {
	for _, f := range r.Findings {
		subject := string(f.Object)
		if f.Event != "" {
			subject += " (" + string(f.Event) + ")"
		}
		if err := a.say("%-14s  %-16s  %s  %s  %s", f.Kind, f.Type, subject, f.Detail, strings.ReplaceAll(f.Action, "_", " ")); err != nil {
			return err
		}
	}
	if more := r.Found - int64(len(r.Findings)); more > 0 {
		if err := a.say("… and %d more", more); err != nil {
			return err
		}
	}
	did := "what differed was read"
	if r.DryRun {
		did = "nothing was changed"
	}
	return a.say("Looked at %d events and objects since %s: %d differences, %s.", r.Seen, r.Since.Format(time.RFC3339), r.Found, did)
}

func stageWord(s vezne.ReconciliationStage) string {
	return strings.ReplaceAll(string(s), "_", " ")
}

// progressBar draws on a terminal; without one it draws nothing. What it draws
// are names of stages and numbers.
type progressBar struct {
	terminal io.Writer
	drawn    bool
}

func (a *app) progressBar() *progressBar { return &progressBar{terminal: a.terminal} }

// barWidth is how many characters the bar has.
const barWidth = 24

func (b *progressBar) show(r vezne.ReconciliationJSON) {
	if b.terminal == nil {
		return
	}
	stages := vezne.ReconciliationStages()
	full := barWidth * slices.Index(stages, r.Stage) / len(stages)
	fmt.Fprintf(b.terminal, "\r\x1b[K[%s%s] %s: %d seen, %d found", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), stageWord(r.Stage), r.Seen, r.Found)
	b.drawn = true
}

func (b *progressBar) clear() {
	if b.drawn {
		fmt.Fprint(b.terminal, "\r\x1b[K")
	}
}
