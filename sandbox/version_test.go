package sandbox

import "testing"

// Differences between versions are taken one after the other: parameters upwards, objects downwards.
func TestChangesBetweenVersions(t *testing.T) {
	t.Parallel()
	changes := []versionChange{
		{since: "2026-03-25.dahlia", up: func(_ string, p *paramNode) { p.member("steps").value = p.member("steps").value.(string) + "d" },
			down: func(o *Object) *Object { return o.Edit().Set("steps", o.Str("steps")+"d") }},
		{since: "2025-09-30.clover", up: func(_ string, p *paramNode) { p.member("steps").value = p.member("steps").value.(string) + "c" }},
		{since: "2025-03-31.basil", down: func(o *Object) *Object { return o.Edit().Set("steps", o.Str("steps")+"b") }},
	}
	for version, want := range map[string]struct{ up, down string }{
		"2024-09-30.acacia": {"cd", "db"},
		"2025-03-31.basil":  {"cd", "d"},
		"2025-09-30.clover": {"d", "d"},
		"2026-03-25.dahlia": {"", ""},
		"2026-09-30.endive": {"", ""},
	} {
		params := &paramNode{}
		params.member("steps").value = ""
		upParams(changes, version, "POST /v1/customers", params)
		if got := (Params{params}).Str("steps"); got != want.up {
			t.Errorf("%s: parameters take the steps %q, want %q", version, got, want.up)
		}
		if got := downObject(changes, version, hash("steps", "")).Str("steps"); got != want.down {
			t.Errorf("%s: objects take the steps %q, want %q", version, got, want.down)
		}
	}
}
