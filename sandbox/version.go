package sandbox

import (
	"sync"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// firstVersion is the oldest API version that the sandbox speaks: the first with a train's name.
const firstVersion = "2024-09-30.acacia"

// laterVersions came after the description was published.
var laterVersions = []string{"2026-09-30.endive", "2026-10-28.endive"}

// newestVersion is the version whose shapes the sandbox keeps.
func newestVersion() string { return description.Load().Version }

// knownVersions are those that Stripe lists for webhook endpoints, and the later ones.
var knownVersions = sync.OnceValue(func() []string {
	return description.Load().Find("POST /v1/webhook_endpoints").Params.Prop("api_version").Node.Enum
})

// spokenVersions are the versions that the sandbox speaks, each with how it differs from the shapes that the sandbox
// keeps; nil when it does not.
var spokenVersions = sync.OnceValue(func() map[string]*dialect {
	spoken := map[string]*dialect{}
	made := map[string]*dialect{}
	for _, versions := range [][]string{knownVersions(), laterVersions} {
		for _, version := range versions {
			if version < firstVersion {
				continue
			}
			changes, key := changesOf(version)
			if key != "" && made[key] == nil {
				made[key] = newDialect(version, changes)
			}
			spoken[version] = made[key]
		}
	}
	return spoken
})

// checkVersion refuses versions that Stripe does not have, and those that are older than the sandbox's shapes.
func checkVersion(version string) error {
	if _, ok := spokenVersions()[version]; ok {
		return nil
	}
	for _, known := range knownVersions() {
		if known == version {
			return invalid("", "", "Invalid Stripe API version: %s. This sandbox speaks the versions from %s on.", version, firstVersion)
		}
	}
	return invalid("", "", "Invalid Stripe API version: %s", version)
}

// naming adds the parameter that an error is about.
func naming(err error, param string) error {
	e := asError(err)
	e.Param = param
	return e
}

// dialectOf is how a version that is spoken differs from what the sandbox keeps, nil when it does not.
func dialectOf(version string) *dialect { return spokenVersions()[version] }
