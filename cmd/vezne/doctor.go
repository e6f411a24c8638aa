package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/internal/doctor"
)

func (a *app) doctor() *cobra.Command {
	cmd := &cobra.Command{
		Use: "doctor", Short: "Examine settings, keys, endpoint, clock, database and queues", Args: words(),
		Long: `Doctor examines what must be right before the first sale and ever after: the
settings, whose key it is and what it may do, the webhook endpoint and its events,
the clock against Stripe's, the database, what waits in it and what gave up. Each
finding says what to do. It changes nothing, at Stripe or here.

It asks a running service, when --server and a token are given; else it opens
the database, which must be the only one at a SQLite file.

It ends with code 1 when there is a problem; warnings alone end with 0.`,
		Example: `  VEZNE_SERVER=http://127.0.0.1:4242 VEZNE_TOKEN=vz_… vezne doctor
  vezne doctor --json`,
	}
	take(cmd, "database", "public-url", "server", "token", "log-level")
	take(cmd, stripeSettings...)
	take(cmd, "webhook-tolerance", "callback-url", "callback-secret", "body-key", "retention", "seller-name", "seller-address", "seller-tax-id", "seller-email")
	take(cmd, limitFlags...)
	inJSON := asJSON(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		examine := a.examineHere
		if a.settings.Server != "" {
			examine = a.examineThere
		}
		found, err := examine(cmd.Context())
		if err != nil {
			return err
		}
		return a.diagnosed(found, *inJSON)
	}
	return cmd
}

func (a *app) examineThere(ctx context.Context) ([]vezne.Diagnosis, error) {
	var list struct {
		Data []vezne.Diagnosis `json:"data"`
	}
	err := a.ask(ctx, "/v1/doctor", &list)
	return list.Data, err
}

func (a *app) examineHere(ctx context.Context) (found []vezne.Diagnosis, err error) {
	e, err := engine.Open(ctx, a.settings.engine("http://127.0.0.1", engine.Logger(a.err, a.settings.LogLevel)))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close(context.WithoutCancel(ctx))) }()
	return e.Doctor(ctx), nil
}

// signs mark the lines of a diagnosis, for eyes and for grep.
var signs = map[vezne.DiagnosisState]string{
	vezne.DiagnosisOK: "ok", vezne.DiagnosisWarning: "WARNING", vezne.DiagnosisProblem: "PROBLEM", vezne.DiagnosisUnknown: "unknown",
}

func (a *app) diagnosed(found []vezne.Diagnosis, inJSON bool) error {
	if inJSON {
		if err := a.print(found); err != nil {
			return err
		}
	}
	counts := map[vezne.DiagnosisState]int{}
	for _, d := range found {
		counts[d.State]++
		if inJSON {
			continue
		}
		if err := a.say("%-8s %-26s %s", signs[d.State], d.Check, d.Message); err != nil {
			return err
		}
		if d.Hint != "" {
			if err := a.say("%-35s %s", "", d.Hint); err != nil {
				return err
			}
		}
	}
	if doctor.Worst(found) == vezne.DiagnosisProblem {
		return vezne.E(vezne.CodeInternal, "vezne", fmt.Sprintf("Problems found: %d.", counts[vezne.DiagnosisProblem])).
			WithHint("Each line that says PROBLEM says what to do.")
	}
	if inJSON {
		return nil
	}
	return a.say("Nothing is broken; %d warnings.", counts[vezne.DiagnosisWarning])
}
