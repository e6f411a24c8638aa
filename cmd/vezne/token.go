package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/vezne/vezne/engine"
)

func (a *app) token() *cobra.Command {
	return parent("token", "Tokens of the REST API", a.tokenCreate(), a.tokenList(), a.tokenRevoke())
}

// tokenJSON is the JSON form of a token.
type tokenJSON struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Prefix    string     `json:"prefix"`
	CreatedAt time.Time  `json:"created_at"`
	RevokedAt *time.Time `json:"revoked_at"`
}

func (a *app) tokenCreate() *cobra.Command {
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make a token and show it this once", Args: words("NAME"),
		Long: `Create makes a bearer token of the REST API. It is shown this once; only its
hash is kept. The name stands in the audit trail for what is done with it.`,
		Example: "  vezne token create shop",
	}
	take(cmd, databaseSettings...)
	inJSON := asJSON(cmd)
	cmd.RunE = a.onDatabase(func(ctx context.Context, d *engine.Database, args []string) error {
		token, err := d.CreateToken(ctx, args[0])
		if err != nil {
			return err
		}
		if *inJSON {
			return a.print(map[string]string{"name": args[0], "token": token.Reveal()})
		}
		return a.say("%s", token.Reveal())
	})
	return cmd
}

func (a *app) tokenList() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List tokens", Args: words()}
	take(cmd, databaseSettings...)
	inJSON := asJSON(cmd)
	cmd.RunE = a.onDatabase(func(ctx context.Context, d *engine.Database, _ []string) error {
		tokens, err := d.Tokens(ctx)
		if err != nil {
			return err
		}
		rows := make([]tokenJSON, len(tokens))
		for i, t := range tokens {
			rows[i] = tokenJSON(t)
		}
		if *inJSON {
			return a.print(rows)
		}
		for _, t := range rows {
			state := "valid"
			if t.RevokedAt != nil {
				state = "revoked " + t.RevokedAt.Format(time.RFC3339)
			}
			if err := a.say("%s  %s…  %s  %s  %s", t.ID, t.Prefix, t.CreatedAt.Format(time.RFC3339), t.Name, state); err != nil {
				return err
			}
		}
		return nil
	})
	return cmd
}

func (a *app) tokenRevoke() *cobra.Command {
	cmd := &cobra.Command{Use: "revoke ID", Short: "End a token at once", Args: words("ID"), Example: "  vezne token revoke tok_…"}
	take(cmd, databaseSettings...)
	cmd.RunE = a.onDatabase(func(ctx context.Context, d *engine.Database, args []string) error {
		if err := d.RevokeToken(ctx, args[0]); err != nil {
			return err
		}
		return a.say("Revoked %s.", args[0])
	})
	return cmd
}
