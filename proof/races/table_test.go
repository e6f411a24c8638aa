package races

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// scenarios are the ids of all scenarios that this folder answers for: card
// testing, delivery, money, and security.
func scenarios() []string {
	list := []string{"B14"}
	for _, group := range []struct {
		letter   string
		from, to int
	}{{"D", 25, 38}, {"E", 39, 45}, {"G", 59, 70}} {
		for n := group.from; n <= group.to; n++ {
			list = append(list, fmt.Sprintf("%s%d", group.letter, n))
		}
	}
	return list
}

// tests returns the names of the tests in this folder.
func tests(t *testing.T) []string {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(fn.Name.Name, "Test") && fn.Name.Name != "TestMain" {
				names = append(names, fn.Name.Name)
			}
		}
	}
	return names
}

func TestTheTableIsComplete(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^\| ([A-Z][0-9]{2}) \| (.+) \| (.+) \|$`)
	name := regexp.MustCompile("`(Test[A-Za-z0-9]+)`")
	there := tests(t)
	var ids, named []string
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		id, cell := m[1], m[3]
		ids = append(ids, id)
		found := name.FindAllStringSubmatch(cell, -1)
		if len(found) == 0 {
			t.Errorf("%s names no test", id)
		}
		for _, f := range found {
			named = append(named, f[1])
			if !slices.Contains(there, f[1]) {
				t.Errorf("%s names %s, which does not exist", id, f[1])
			}
			if id != "B14" && !strings.HasPrefix(f[1], "Test"+id) {
				t.Errorf("%s is not named for %s", f[1], id)
			}
		}
	}
	if want := scenarios(); !slices.Equal(ids, want) {
		t.Errorf("the table has the scenarios %v, want %v", ids, want)
	}
	for _, f := range there {
		if f != "TestTheTableIsComplete" && !slices.Contains(named, f) {
			t.Errorf("%s stands in no line of the table", f)
		}
	}
}
