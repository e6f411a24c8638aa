package sandbox

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Between a version and the sandbox's own lie the changes of all trains in between, those nearest to the sandbox's first;
// parameters are brought up in the other order.
func TestChangesBetweenVersions(t *testing.T) {
	t.Parallel()
	for version, want := range map[string][]string{
		"2024-09-30.acacia":    {"2026-03-25.dahlia", "2025-09-30.clover", "2025-03-31.basil"},
		"2025-03-01.dashboard": {"2026-03-25.dahlia", "2025-09-30.clover", "2025-03-31.basil"},
		"2025-03-31.basil":     {"2026-03-25.dahlia", "2025-09-30.clover"},
		"2025-08-27.basil":     {"2026-03-25.dahlia", "2025-09-30.clover"},
		"2026-02-25.clover":    {"2026-03-25.dahlia"},
		"2026-03-25.dahlia":    nil,
		"2026-08-26.dahlia":    nil,
		"2026-09-30.endive":    {"2026-09-30.endive"},
		"2026-10-28.endive":    {"2026-09-30.endive", "2026-10-28.endive"},
	} {
		changes, key := changesOf(version)
		var since []string
		for _, c := range changes {
			if len(since) == 0 || since[len(since)-1] != c.since {
				since = append(since, c.since)
			}
		}
		if diff := cmp.Diff(want, since); diff != "" || (key == "") != (want == nil) {
			t.Errorf("%s: %s", version, diff)
		}
		d := dialectOf(version)
		if d == nil {
			continue
		}
		calls := d.callsOf(routes().mustFind(t, "POST", "/v1/checkout/sessions"))
		if len(calls) > 0 && strings.HasSuffix(version, "acacia") && calls[len(calls)-1].words == nil {
			t.Errorf("%s: the change nearest to the sandbox's parameters is not brought up last", version)
		}
	}
	if !slices.Equal(names("2024-09-30.acacia"), names("2025-02-24.acacia")) {
		t.Error("versions of one train differ")
	}
}

func (n *routeNode) mustFind(t testing.TB, method, path string) *route {
	t.Helper()
	rt, _ := n.lookUp(method, path)
	if rt == nil {
		t.Fatalf("there is no %s %s", method, path)
	}
	return rt
}

// train is the name of a version's release train: dahlia.
func train(version string) string {
	_, name, _ := strings.Cut(version, ".")
	return name
}

// names are the changes that a version meets, by what they tell.
func names(version string) (list []string) {
	for _, c := range dialectOf(version).changes {
		list = append(list, c.what)
	}
	return list
}
