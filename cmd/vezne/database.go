package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/vezne/vezne/engine"
)

// databaseSettings are the settings of commands that work on a database alone.
var databaseSettings = []string{"database", "account", "live", "body-key"}

// onDatabase gives a command a database.
func (a *app) onDatabase(do func(ctx context.Context, d *engine.Database, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) (err error) {
		s := &a.settings
		d, err := engine.OpenDatabase(cmd.Context(), engine.DatabaseConfig{URL: s.DatabaseURL, Account: s.Account, Livemode: s.Livemode, BodyKey: s.BodyKey})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, d.Close()) }()
		return do(cmd.Context(), d, args)
	}
}

// asJSON gives a command the flag --json.
func asJSON(cmd *cobra.Command) *bool {
	return cmd.Flags().Bool("json", false, "Write JSON, for machines")
}

// print writes a value as JSON.
func (a *app) print(v any) error {
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// say writes a line.
func (a *app) say(format string, args ...any) error {
	_, err := fmt.Fprintf(a.out, format+"\n", args...)
	return err
}
