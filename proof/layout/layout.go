// Package layout holds the rules of the house that a compiler does not: which
// folder may import which, that everything exported is documented, and that
// what importers rely on does not change unnoticed.
package layout

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"sort"
	"strconv"
	"strings"
)

// Module is the import path of the module.
const Module = "github.com/vezne/vezne"

// Folder says what a folder is for and what of this module, and which guarded
// libraries, it may import.
type Folder struct {
	// Path is relative to the module; "." is the root.
	Path string
	// Job is one sentence.
	Job string
	// May are folders of this module; "..." allows all.
	May []string
	// Outside are guarded libraries that only some folders may import.
	Outside []string
	// StandardOnly forbids every library.
	StandardOnly bool
}

// Guarded libraries, by import path prefix: each belongs to few rooms.
var guarded = []string{
	"github.com/stripe/stripe-go",
	"github.com/jackc/pgx",
	"modernc.org/sqlite",
	"github.com/riverqueue/river",
	"github.com/danielgtaylor/huma",
	"github.com/go-pdf/fpdf",
	"github.com/spf13/cobra",
}

// leaves know no domain.
var leaves = []string{".", "internal/ids", "internal/redact"}

// Folders is the table of rooms. A folder with Go files that is not in it fails
// the test.
var Folders = []Folder{
	{Path: ".", Job: "what an order, an attempt, a payment is; facts, money, errors", StandardOnly: true},
	{Path: "cmd/vezne", Job: "the binary, one file per subcommand", May: []string{"..."}, Outside: []string{"github.com/spf13/cobra"}},
	// veznetest is for the tests of engine; beside them it would be a circle.
	{Path: "engine", Job: "wiring", May: []string{".", "internal/...", "veznetest"}},
	{Path: "examples/...", Job: "programs to copy from", May: []string{"...", "-internal/..."}, Outside: []string{"github.com/jackc/pgx", "modernc.org/sqlite"}},
	{Path: "internal/apply", Job: "facts to moves", May: []string{"."}, StandardOnly: true},
	{Path: "internal/desk", Job: "use cases and questions", May: append([]string{"internal/store", "internal/settle", "internal/apply", "internal/writeahead", "internal/refresh", "internal/reconcile", "internal/stripeapi", "internal/mirror", "internal/invoice", "internal/text", "internal/throttle"}, leaves...)},
	{Path: "internal/doctor", Job: "examines settings, keys, endpoint, clock, database, queues", May: append([]string{"internal/store", "internal/stripeapi"}, leaves...)},
	{Path: "internal/ids", Job: "our identifiers"},
	{Path: "internal/inbox", Job: "verify, keep, mark, answer", May: append([]string{"internal/store"}, leaves...)},
	{Path: "internal/invoice", Job: "numbers and the PDF", May: append([]string{"internal/text"}, leaves...), Outside: []string{"github.com/go-pdf/fpdf"}},
	{Path: "internal/jobs", Job: "deliveries and periodic work", May: append([]string{"internal/store", "internal/store/...", "internal/outbox"}, leaves...), Outside: []string{"github.com/riverqueue/river", "github.com/jackc/pgx", "modernc.org/sqlite"}},
	{Path: "internal/mirror", Job: "the merge rule", May: []string{"."}, StandardOnly: true},
	{Path: "internal/outbox", Job: "effects delivered after commit", May: append([]string{"internal/store"}, leaves...)},
	// reconcile itself needs neither settle nor stripeapi; its tests build a refresher.
	{Path: "internal/reconcile", Job: "asks Stripe what was missed, and marks it", May: append([]string{"internal/store", "internal/inbox", "internal/refresh", "internal/mirror", "internal/settle", "internal/stripeapi"}, leaves...)},
	{Path: "internal/redact", Job: "masks card numbers and keys"},
	{Path: "internal/refresh", Job: "marks, leases, reads", May: append([]string{"internal/store", "internal/settle", "internal/mirror", "internal/stripeapi", "internal/sweep"}, leaves...)},
	{Path: "internal/server", Job: "HTTP in", May: append([]string{"internal/desk", "internal/inbox", "internal/text"}, leaves...), Outside: []string{"github.com/danielgtaylor/huma"}},
	{Path: "internal/settle", Job: "the one transaction", May: append([]string{"internal/store", "internal/mirror", "internal/apply", "internal/invoice", "internal/throttle"}, leaves...)},
	{Path: "internal/store", Job: "SQL", May: append([]string{"internal/store/..."}, leaves...), Outside: []string{"github.com/jackc/pgx", "modernc.org/sqlite", "github.com/riverqueue/river"}},
	{Path: "internal/store/...", Job: "SQL: generated queries, the suite that both databases pass", May: append([]string{"internal/store", "internal/store/..."}, leaves...), Outside: []string{"github.com/jackc/pgx", "modernc.org/sqlite"}},
	{Path: "internal/stripeapi", Job: "the only package that talks to Stripe", May: leaves, Outside: []string{"github.com/stripe/stripe-go"}},
	{Path: "internal/sweep", Job: "takes what is due, again and again", May: []string{"."}, StandardOnly: true},
	{Path: "internal/text", Job: "every sentence", May: leaves},
	{Path: "internal/web", Job: "pages", May: append([]string{"internal/desk", "internal/text"}, leaves...)},
	{Path: "internal/throttle", Job: "counts tries to pay, and says who must wait", May: append([]string{"internal/store"}, leaves...)},
	{Path: "internal/writeahead", Job: "sends the calls that were written down before", May: append([]string{"internal/store", "internal/settle", "internal/apply", "internal/mirror", "internal/stripeapi", "internal/sweep"}, leaves...)},
	{Path: "proof/...", Job: "simulation, real processes, browsers, rules", May: []string{"..."}, Outside: guarded},
	{Path: "sandbox", Job: "the offline Stripe", May: []string{"sandbox/..."}},
	{Path: "sandbox/...", Job: "parts of the offline Stripe", May: []string{"sandbox/..."}},
	{Path: "tools/...", Job: "generators, in their own module", May: []string{"..."}, Outside: guarded},
	{Path: "veznetest", Job: "engine and sandbox for users' tests", May: []string{"...", "-internal/..."}},
}

// File is one parsed Go file.
type File struct {
	// Path and Folder are relative to the module.
	Path, Folder string
	Test         bool
	AST          *ast.File
}

// Parse reads every Go file of a module.
func Parse(fsys fs.FS) (*token.FileSet, []File, error) {
	set := token.NewFileSet()
	var files []File
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := path.Base(name); base != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(set, name, src, parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, File{Path: name, Folder: path.Dir(name), Test: strings.HasSuffix(name, "_test.go"), AST: f})
		return nil
	})
	return set, files, err
}

// CheckImports returns a sentence for every import that goes the wrong way.
func CheckImports(files []File) []string {
	var wrong []string
	for _, f := range files {
		folder, ok := find(f.Folder)
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s: folder %q is not in the table of rooms", f.Path, f.Folder))
			continue
		}
		for _, spec := range f.AST.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				wrong = append(wrong, fmt.Sprintf("%s: import %s: %v", f.Path, spec.Path.Value, err))
				continue
			}
			if why := forbidden(folder, f, imported); why != "" {
				wrong = append(wrong, fmt.Sprintf("%s: %s", f.Path, why))
			}
		}
	}
	sort.Strings(wrong)
	return wrong
}

func forbidden(folder Folder, f File, imported string) string {
	inside := imported == Module || strings.HasPrefix(imported, Module+"/")
	if inside {
		target := strings.TrimPrefix(strings.TrimPrefix(imported, Module), "/")
		if target == "" {
			target = "."
		}
		if target == f.Folder || allowed(folder.May, target) {
			return ""
		}
		// Tests may use the suite that opens both databases and, to prove the
		// whole, the sandbox; never the other way round.
		if f.Test && !folder.StandardOnly && (target == "internal/store/storetest" || target == "internal/store" || (target == "sandbox" && !strings.HasPrefix(f.Folder, "sandbox"))) {
			return ""
		}
		return fmt.Sprintf("%q may not import %q", f.Folder, target)
	}
	if f.Test {
		return ""
	}
	standard := !strings.Contains(strings.SplitN(imported, "/", 2)[0], ".")
	if folder.StandardOnly && !standard {
		return fmt.Sprintf("%q may import the standard library only, not %q", f.Folder, imported)
	}
	for _, g := range guarded {
		if strings.HasPrefix(imported, g) && !hasPrefix(folder.Outside, imported) {
			return fmt.Sprintf("%q is not a room for %q", f.Folder, imported)
		}
	}
	return ""
}

func hasPrefix(list []string, s string) bool {
	for _, p := range list {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

func allowed(may []string, target string) bool {
	ok := false
	for _, m := range may {
		if m == "..." || matches(m, target) {
			ok = true
		}
		if rest, not := strings.CutPrefix(m, "-"); not && matches(rest, target) {
			return false
		}
	}
	return ok
}

func matches(pattern, target string) bool {
	if prefix, deep := strings.CutSuffix(pattern, "/..."); deep {
		return strings.HasPrefix(target, prefix+"/")
	}
	return pattern == target
}

func find(folder string) (Folder, bool) {
	best, found := Folder{}, false
	for _, f := range Folders {
		if f.Path == folder {
			return f, true
		}
		if matches(f.Path, folder) && len(f.Path) > len(best.Path) {
			best, found = f, true
		}
	}
	return best, found
}

// CheckDocs returns a sentence for every package without a comment and every
// exported identifier without one.
func CheckDocs(files []File) []string {
	var wrong []string
	packages := map[string]bool{}
	for _, f := range files {
		if f.Test || strings.HasPrefix(f.Folder, "tools") {
			continue
		}
		packages[f.Folder] = packages[f.Folder] || f.AST.Doc != nil
		if ast.IsGenerated(f.AST) {
			continue
		}
		for _, d := range f.AST.Decls {
			for _, name := range undocumented(d) {
				wrong = append(wrong, fmt.Sprintf("%s: %s has no comment", f.Path, name))
			}
		}
	}
	for folder, ok := range packages {
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s: the package has no comment", folder))
		}
	}
	sort.Strings(wrong)
	return wrong
}

func undocumented(d ast.Decl) []string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
			return []string{d.Name.Name}
		}
	case *ast.GenDecl:
		var names []string
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && s.Doc == nil && d.Doc == nil {
					names = append(names, s.Name.Name)
				}
			case *ast.ValueSpec:
				for _, n := range s.Names {
					if n.IsExported() && s.Doc == nil && d.Doc == nil && s.Comment == nil {
						names = append(names, n.Name)
					}
				}
			}
		}
		return names
	}
	return nil
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}
