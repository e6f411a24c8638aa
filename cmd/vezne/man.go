package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func (a *app) man() *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the manual pages into a folder", Args: words("DIR"),
		Example: "  vezne man /usr/local/share/man/man1",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return wrong("The folder for the manual pages cannot be made.", "Choose another one: "+cause(err)+".")
			}
			// One date for all builds: the pages change with their words only.
			date := time.Unix(0, 0).UTC()
			err := doc.GenManTree(cmd.Root(), &doc.GenManHeader{Title: "VEZNE", Section: "1", Source: "Vezne", Manual: "Vezne", Date: &date}, args[0])
			if err != nil {
				return wrong("The manual pages cannot be written.", "Choose another folder: "+cause(err)+".")
			}
			return nil
		},
	}
}
