package sandbox

import (
	"slices"
	"strconv"
	"strings"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// versionChange is a difference that came with an API version. The sandbox keeps the shapes of one version, that of the
// description. For callers on the other side of a change, older or newer, parameters are brought up to those shapes
// before an operation runs, and objects are brought down to theirs in answers and events.
//
// What a version adds and breaks nobody is shown to all, as Stripe does (docs.stripe.com/upgrades, "Backwards-compatible
// changes"; an event of July 2025 in version 2019-05-16 has the keys of 2025). Only what a version adds in the place of
// something that it removes is hidden from those before.
type versionChange struct {
	// since is the first version with the change.
	since string
	// what tells what differs, source where that is known from, and limits what the sandbox does not do of it.
	what, source, limits string

	shapes []shapeChange
	calls  []callChange
	// routes are those that only versions before have.
	routes []oldRoute
}

// shapeChange is how a schema of the description differs on the other side of a change.
type shapeChange struct {
	schema string
	edit   []nodeEdit
	// fill sets the keys of the other side. Keys of the same name are copied before, hashes inside brought down.
	fill func(t *translation, from, to *stripeObject)
}

// callChange is how the parameters of operations differ on the other side of a change.
type callChange struct {
	// ops are "METHOD /path"; match finds more of them.
	ops   []string
	match func(op *description.Operation) bool
	edit  []nodeEdit
	// refuse answers an error for what the other side no longer takes, before parameters are checked.
	refuse func(p formParams) error
	// up rewrites checked parameters.
	up func(tx *accountTx, p *paramNode) error
	// names are what errors call a parameter: from the sandbox's name to the caller's.
	names map[string]string
	// words are put in place of others in the messages of errors.
	words *strings.Replacer
}

func (c *callChange) concerns(op *description.Operation) bool {
	return slices.Contains(c.ops, op.Method+" "+op.Path) || c.match != nil && c.match(op)
}

// versionChanges are all differences. They are registered by init functions and never change afterwards.
var versionChanges []*versionChange

func registerChange(c versionChange) { versionChanges = append(versionChanges, &c) }

// changesOf are the changes that lie between a version and the sandbox's own, those nearest to the sandbox's first. The
// key is the same for versions with the same changes, and "" for those without.
func changesOf(version string) (changes []*versionChange, key string) {
	own := newestVersion()
	for _, c := range versionChanges {
		if c.since > own && version >= c.since || c.since <= own && version < c.since {
			changes = append(changes, c)
		}
	}
	slices.SortStableFunc(changes, func(a, b *versionChange) int {
		if version < own {
			a, b = b, a
		}
		return strings.Compare(a.since, b.since)
	})
	for _, c := range changes {
		key += strconv.Itoa(slices.Index(versionChanges, c)) + " "
	}
	return changes, key
}
