package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vezne/vezne"
)

// references are the pages that are written from the program itself.
var references = map[string]func(root *cobra.Command) string{"flags": flagsPage, "events": eventsPage, "errors": errorsPage}

// docs writes what is generated of the documentation. It is for those who work
// on Vezne, and hidden from others.
func (a *app) docs() *cobra.Command {
	cmd := &cobra.Command{
		Use: "docs [flags|events|errors]", Short: "Write the generated pages of the reference", Hidden: true,
		Args: cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs), ValidArgs: []string{"flags", "events", "errors"},
	}
	dir := cmd.Flags().String("dir", "", "Folder to write all pages into")
	check := cmd.Flags().Bool("check", false, "Change nothing, and fail when a page in --dir is not fresh")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 1 && *dir == "":
			_, err := fmt.Fprint(a.out, references[args[0]](cmd.Root()))
			return err
		case len(args) == 0 && *dir != "":
			return writePages(cmd.Root(), *dir, *check)
		}
		return wrong("Name one page, or a folder with --dir.", "See `vezne docs --help`.")
	}
	return cmd
}

func writePages(root *cobra.Command, dir string, check bool) error {
	for _, name := range []string{"errors", "events", "flags"} {
		path := filepath.Join(dir, name+".md")
		page := []byte(references[name](root))
		if check {
			kept, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(kept, page) {
				return vezne.E(vezne.CodeInternal, "vezne", path+" is not fresh.").WithHint("Run `make generate` and commit what it writes.")
			}
			continue
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, page, 0o644); err != nil {
			return err
		}
	}
	return nil
}

const generated = "<!-- Written by `vezne docs`; change the program instead. -->\n\n"

// row writes a row of a table; a bar in a cell would end it.
func row(b *strings.Builder, cells ...string) {
	for _, c := range cells {
		b.WriteString("| " + strings.ReplaceAll(c, "|", `\|`) + " ")
	}
	b.WriteString("|\n")
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func flagsPage(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("# Commands, flags and environment variables\n\n" + generated)
	b.WriteString("A flag counts before its variable, a variable before the default. The value of a secret stands in a variable, or in a file: " +
		"the flag names the file, and so does the variable with `_FILE` at its end. A running service reads such files again when they change.\n")
	commandDocs(&b, root)
	return b.String()
}

func commandDocs(b *strings.Builder, cmd *cobra.Command) {
	for _, c := range cmd.Commands() {
		if c.Hidden || c.Name() == "help" || c.Name() == "completion" {
			continue
		}
		if c.HasSubCommands() {
			commandDocs(b, c)
			continue
		}
		fmt.Fprintf(b, "\n## `%s`\n\n%s.\n", strings.TrimSuffix(c.UseLine(), " [flags]"), strings.TrimSuffix(c.Short, "."))
		var flags strings.Builder
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Hidden || f.Name == "help" {
				return
			}
			row(&flags, code("--"+f.Name), variables(f), code(shownDefault(f)), f.Usage)
		})
		if flags.Len() > 0 {
			b.WriteString("\n| Flag | Variable | Default | Meaning |\n|---|---|---|---|\n" + flags.String())
		}
	}
}

func shownDefault(f *pflag.Flag) string {
	if f.Value.Type() == "bool" && f.DefValue == "false" {
		return ""
	}
	return f.DefValue
}

func variables(f *pflag.Flag) string {
	env := f.Annotations[annotationEnv]
	if len(env) == 0 {
		return ""
	}
	if f.Annotations[annotationSecret] != nil || f.Annotations[annotationFile] != nil {
		return code(env[0]) + ", " + code(env[0]+fileSuffix)
	}
	return code(env[0])
}

func eventsPage(*cobra.Command) string {
	var b strings.Builder
	b.WriteString("# Events\n\n" + generated)
	b.WriteString("An event never changes anything by itself: it makes the object that it is about be read again. " +
		"Enter these in Stripe's dashboard under Developers, Webhooks. Every other event is kept and marked `ignored`.\n\n")
	b.WriteString("| Event | Makes us read | Why |\n|---|---|---|\n")
	for _, e := range vezne.HandledEvents() {
		row(&b, code(e.Type), code(string(e.Object)), e.Why)
	}
	return b.String()
}

func errorsPage(*cobra.Command) string {
	var b strings.Builder
	b.WriteString("# Error codes\n\n" + generated)
	b.WriteString("Errors of the REST API are `application/problem+json` (RFC 9457); a machine reads `code`. The list only grows.\n\n")
	b.WriteString("| Code | Kind | Meaning |\n|---|---|---|\n")
	for _, c := range vezne.Codes() {
		row(&b, code(string(c.Code)), string(c.Kind), c.Meaning)
	}
	return b.String()
}
