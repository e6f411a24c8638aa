package sandbox

import (
	"slices"
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
	listed := description.Load().Find("POST /v1/webhook_endpoints").Params.Prop("api_version").Node.Enum
	return slices.Concat(listed, laterVersions)
})

// checkVersion refuses versions that Stripe does not have, and those that are older than the sandbox's shapes.
func checkVersion(version string) error {
	if !slices.Contains(knownVersions(), version) {
		return invalid("", "", "Invalid Stripe API version: %s", version)
	}
	if version < firstVersion {
		return invalid("", "", "Invalid Stripe API version: %s. This sandbox speaks the versions from %s on.", version, firstVersion)
	}
	return nil
}

// versionChange is a difference between two API versions. Parameters of an older call are brought up, answers and events
// for an older reader are brought down, one change after the other.
type versionChange struct {
	// since is the first version with the change.
	since string
	// up rewrites the parameters of an operation of before; nil when they are the same.
	up func(operation string, params *paramNode)
	// down rewrites an object for readers of before; nil when it is the same.
	down func(o *Object) *Object
}

// versionChanges are all differences, the newest first.
var versionChanges []versionChange

// upParams brings the parameters of a call of a version to the newest shape, the oldest change first.
func upParams(changes []versionChange, version, operation string, params *paramNode) {
	for _, c := range slices.Backward(changes) {
		if version < c.since && c.up != nil {
			c.up(operation, params)
		}
	}
}

// downObject brings an object to the shape of a version, the newest change first.
func downObject(changes []versionChange, version string, o *Object) *Object {
	for _, c := range changes {
		if version < c.since && c.down != nil {
			o = c.down(o)
		}
	}
	return o
}
