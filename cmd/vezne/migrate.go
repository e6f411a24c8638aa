package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/vezne/vezne/engine"
)

func (a *app) migrate() *cobra.Command {
	cmd := &cobra.Command{
		Use: "migrate", Short: "Bring a database's schema up to date", Args: words(),
		Long: `Migrate brings the schema up to date and does nothing else. The service does
the same when it starts; run it beforehand where the service's role may not
change the schema. Migrations only go forward.`,
		Example: "  vezne migrate --database postgres://owner@host/vezne",
	}
	take(cmd, "database")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.runMigrate(cmd.Context()) }
	return cmd
}

func (a *app) runMigrate(ctx context.Context) error {
	if err := engine.Migrate(ctx, a.settings.DatabaseURL); err != nil {
		return err
	}
	return a.say("The schema is up to date.")
}
