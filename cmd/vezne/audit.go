package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
)

func (a *app) audit() *cobra.Command {
	return parent("audit", "The audit trail: who did what, sealed into a hash chain", a.auditVerify(), a.auditExport())
}

func (a *app) auditVerify() *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify", Short: "Recompute the hash chain and report the first break", Args: words(),
		Long: `Verify recomputes the hash chain of the audit trail: of the database, or of an
export, for which no database is needed. Compare the head with one that was kept
elsewhere: a chain proves nothing against somebody who rewrites all of it.

It ends with code 1 when the chain is broken.`,
		Example: `  vezne audit verify
  vezne audit verify --file audit.jsonl`,
	}
	take(cmd, databaseSettings...)
	file := cmd.Flags().String("file", "", "Export to check instead of the database; - for the standard input")
	inJSON := asJSON(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *file == "" {
			return a.onDatabase(func(ctx context.Context, d *engine.Database, _ []string) error {
				report, err := d.VerifyAudit(ctx)
				return a.report(report, err, *inJSON)
			})(cmd, args)
		}
		report, err := verifyFile(a.in, *file)
		return a.report(report, err, *inJSON)
	}
	return cmd
}

func verifyFile(in io.Reader, path string) (report engine.AuditReport, err error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return report, wrong("The export cannot be read.", "Check the path: "+cause(err)+".")
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		in = f
	}
	return engine.VerifyExport(in)
}

func (a *app) report(r engine.AuditReport, err error, inJSON bool) error {
	if err != nil {
		return err
	}
	if inJSON {
		err = a.print(r)
	} else if r.Broken == "" && r.Erased > 0 {
		err = a.say("The chain of %d entries is whole; of %d the content was erased. Head: %s", r.Entries, r.Erased, r.Head)
	} else if r.Broken == "" {
		err = a.say("The chain of %d entries is whole. Head: %s", r.Entries, r.Head)
	}
	if err != nil || r.Broken == "" {
		return err
	}
	return vezne.E(vezne.CodeCorrupt, "vezne", fmt.Sprintf("The chain is broken at entry %d: %s.", r.BrokenAt, r.Broken)).
		WithHint("What stands before it is whole. Compare with a former export or a backup.")
}

func (a *app) auditExport() *cobra.Command {
	cmd := &cobra.Command{
		Use: "export", Short: "Write the audit trail to the standard output, a JSON object a line", Args: words(),
		Long: `Export writes the sealed audit trail, a JSON object a line in the order of the
chain, and says its length and head on the standard error. Who holds an export
can check it with "vezne audit verify --file".`,
		Example: "  vezne audit export > audit.jsonl",
	}
	take(cmd, databaseSettings...)
	cmd.RunE = a.onDatabase(func(ctx context.Context, d *engine.Database, _ []string) error {
		report, err := d.ExportAudit(ctx, a.out)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.err, "%d entries. Head: %s\n", report.Entries, report.Head)
		return err
	})
	return cmd
}
