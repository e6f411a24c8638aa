package layout_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/proof/layout"
)

var update = flag.Bool("update", false, "write testdata/api.txt anew")

// root is the module's folder.
const root = "../.."

func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	_, files, err := layout.Parse(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range layout.CheckImports(files) {
		t.Error(w)
	}
}

func TestEverythingExportedIsDocumented(t *testing.T) {
	t.Parallel()
	_, files, err := layout.Parse(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range layout.CheckDocs(files) {
		t.Error(w)
	}
}

func TestTheRulesCatchWhatTheyForbid(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, file, source, want string }{
		{"the root imports a library", "order.go", "package vezne\nimport _ \"github.com/google/uuid\"", "standard library only"},
		{"apply imports the store", "internal/apply/paid.go", "package apply\nimport _ \"github.com/vezne/vezne/internal/store\"", `"internal/apply" may not import "internal/store"`},
		{"web imports the store", "internal/web/pay.go", "package web\nimport _ \"github.com/vezne/vezne/internal/store\"", `"internal/web" may not import`},
		{"the sandbox imports the product", "sandbox/x.go", "package sandbox\nimport _ \"github.com/vezne/vezne\"", `"sandbox" may not import "."`},
		{"the product imports the sandbox", "internal/desk/x.go", "package desk\nimport _ \"github.com/vezne/vezne/sandbox\"", `"internal/desk" may not import "sandbox"`},
		{"desk imports stripe-go", "internal/desk/y.go", "package desk\nimport _ \"github.com/stripe/stripe-go/v85\"", "is not a room for"},
		{"an example imports an internal package", "examples/shop/main.go", "package main\nimport _ \"github.com/vezne/vezne/internal/store\"", "may not import"},
		{"a folder nobody knows", "internal/helpers/x.go", "package helpers", "not in the table of rooms"},
	} {
		_, files, err := layout.Parse(fstest.MapFS{tt.file: {Data: []byte(tt.source)}})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(layout.CheckImports(files), "\n"); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q in it", tt.name, got, tt.want)
		}
	}
	_, files, err := layout.Parse(fstest.MapFS{"engine/x.go": {Data: []byte("package engine\nfunc Open() {}\ntype Config struct{}\n")}})
	if err != nil {
		t.Fatal(err)
	}
	if got := layout.CheckDocs(files); len(got) != 3 {
		t.Errorf("a package, a function and a type without comments gave %q", got)
	}
}

func TestWhatImportersRelyOnIsUnchanged(t *testing.T) {
	t.Parallel()
	set, files, err := layout.Parse(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	got, err := layout.API(set, files)
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "api.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("the public API changed; if that is meant, run this test with -update and note it in CHANGELOG.md (-kept +now):\n%s", d)
	}
}
