package sandbox

import (
	"net/http"
	"slices"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// Before basil a list could tell how many objects there are. Since, asking for it is an error; searches still tell.
func init() {
	registerChange(versionChange{
		since:  "2025-03-31.basil",
		what:   "`total_count` of a list cannot be expanded: 400 `property_forbidden`. Before, `expand[]=total_count` or `include[]=total_count` showed it.",
		source: "docs.stripe.com/changelog/basil/2025-03-31/deprecate-total-count-expansion",
		limits: "Stripe shows it to accounts that used it before; the sandbox to all. Stripe publishes the code of the refusal, not its sentence.",
		calls: []callChange{{
			match: func(op *description.Operation) bool {
				return op.Method == http.MethodGet && op.Answer.Is(description.List)
			},
			edit: []nodeEdit{withOptional("include", arrayOf(wordOf(totalCount)))},
		}},
	})
}

const totalCount = "total_count"

// countsLists says whether lists tell how many objects there are in a version.
func countsLists(version string) bool { return version < "2025-03-31.basil" }

// wantsCount says whether a call asks a list how many objects there are.
func (r *apiRequest) wantsCount() bool {
	return r.expand != nil && r.expand.keys[totalCount] != nil || slices.Contains(r.params.Strs("include"), totalCount)
}

// countForbidden refuses to count a list since basil.
func countForbidden() error {
	return invalid("expand", "property_forbidden", "You may not expand %s in this API version: lists no longer tell how many objects there are. Use has_more.", totalCount)
}

// withCount is a list that tells how many objects there are.
func withCount(list *stripeObject, n int) *stripeObject {
	list = list.Edit()
	at := slices.Index(list.keys, "has_more") + 1
	list.layout = freeLayout(slices.Insert(slices.Clone(list.keys), at, totalCount)...)
	list.values = slices.Insert(list.values, at, any(int64(n)))
	return closed(list)
}
