package sandbox

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What the page of billing names as the place of a choice is declared in the source.
func TestPlacesOfChoicesExist(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/reference/sandbox-billing.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(page), "\n## Where a choice stands\n")
	if !found {
		t.Fatal("the page does not say where choices stand")
	}
	text, _, _ = strings.Cut(text, "\n## ")
	var source strings.Builder
	for _, pattern := range []string{"*.go", "internal/billing/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			code, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(code)
		}
	}
	named := 0
	for _, name := range regexp.MustCompile("`([A-Za-z]+)`").FindAllStringSubmatch(text, -1) {
		if name[1] == "once" || name[1] == "expiring" { // words of Stripe's
			continue
		}
		named++
		declared := regexp.MustCompile(`(?m)^(func (\([a-zA-Z]+ \*?[a-zA-Z]+\) )?|const |var |\t)` + name[1] + `(\(| +=)`)
		if !declared.MatchString(source.String()) {
			t.Errorf("%s is declared nowhere", name[1])
		}
	}
	if named < 20 {
		t.Errorf("%d places are named", named)
	}
}
