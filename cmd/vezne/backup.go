package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/vezne/vezne/engine"
)

func (a *app) backup() *cobra.Command {
	cmd := &cobra.Command{
		Use: "backup FILE", Short: "Copy a SQLite database to a file, beside a running service", Args: words("FILE"),
		Long: `Backup writes a consistent copy of a SQLite database to a file that does not
exist yet, while the service goes on. The copy is checked before it gets its name,
and holds everything: keep it as safe as the database.

PostgreSQL has tools of its own (pg_dump, pg_basebackup, archived WAL); what comes
after them is the same "vezne restore".`,
		Example: "  vezne backup --database sqlite:vezne.db backup-2026-01-31.db",
	}
	take(cmd, "database")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		at, err := engine.Backup(cmd.Context(), a.settings.DatabaseURL, args[0])
		if err != nil {
			return err
		}
		return a.say("%s holds the state of %s.", args[0], at.Format(time.RFC3339))
	}
	return cmd
}

func (a *app) restore() *cobra.Command {
	cmd := &cobra.Command{
		Use: "restore", Short: "Put a backup in place, and have the service catch up with Stripe", Args: words(),
		Long: `Restore puts a backup in the place of a SQLite database that is not there any
more, and marks the database as restored. With PostgreSQL, restore it with its own
tools first; then restore only marks it.

The service that is started next is read-only until Stripe was asked for everything
that happened since the backup: nothing can be charged twice because the database
does not know of it yet. Orders that were made after the backup are lost here; what
Stripe has of them is reported as orphans by the reconciliation.

Invoice numbers that were given after the backup would be given again: leave out as
many as there may have been with --skip-invoices.`,
		Example: `  vezne restore --database sqlite:vezne.db --from backup-2026-01-31.db --skip-invoices 100
  vezne restore --database postgres://vezne@host/vezne --as-of 2026-01-31T04:00:00Z`,
	}
	take(cmd, "database")
	flags := cmd.Flags()
	from := flags.String("from", "", "Backup to put in place; empty when the database was restored by its own tools")
	asOf := flags.String("as-of", "", "When the state is from, as 2026-01-31T04:00:00Z; empty for what the backup says")
	skip := flags.Int64("skip-invoices", 0, "How many invoice numbers to leave out")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return a.runRestore(cmd.Context(), *from, *asOf, *skip)
	}
	return cmd
}

func (a *app) runRestore(ctx context.Context, from, asOf string, skip int64) error {
	p := engine.RestoreParams{DatabaseURL: a.settings.DatabaseURL, From: from, SkipInvoices: skip}
	if skip < 0 {
		return wrong("--skip-invoices must be 0 or more.", "Estimate how many orders were paid since the backup.")
	}
	if asOf != "" {
		at, err := time.Parse(time.RFC3339, asOf)
		if err != nil || at.After(time.Now()) {
			return wrong("--as-of is no time in the past.", "Give it as 2026-01-31T04:00:00Z.")
		}
		p.AsOf = at
	}
	restored, err := engine.Restore(ctx, p)
	if err != nil {
		return err
	}
	for _, r := range restored {
		if err := a.say("The account %s is as it was at %s. Start the service: it catches up with Stripe first (%s).", r.Account.Account, r.AsOf.Format(time.RFC3339), r.Reconciliation); err != nil {
			return err
		}
	}
	return nil
}
