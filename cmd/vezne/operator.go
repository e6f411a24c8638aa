package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vezne/vezne/engine"
)

func (a *app) operator() *cobra.Command {
	return parent("operator", "People who may sign in to the dashboard", a.operatorCreate())
}

func (a *app) operatorCreate() *cobra.Command {
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Let a person sign in; the password is read from the standard input", Args: words("NAME"),
		Long: `Create lets a person sign in to the dashboard under /admin. The password, of at
least 15 characters, is the first line of the standard input, so that it stands
in no history and no list of processes.`,
		Example: "  vezne operator create ayse < password.txt",
	}
	take(cmd, databaseSettings...)
	cmd.RunE = a.onDatabase(func(ctx context.Context, d *engine.Database, args []string) error {
		if f, ok := a.in.(*os.File); ok {
			if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
				if _, err := io.WriteString(a.err, "Password, of at least 15 characters: "); err != nil {
					return err
				}
			}
		}
		password, err := bufio.NewReader(a.in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err := d.CreateOperator(ctx, args[0], strings.TrimRight(password, "\r\n")); err != nil {
			return err
		}
		return a.say("%s may sign in.", args[0])
	})
	return cmd
}
