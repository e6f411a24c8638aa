package sandbox

import (
	"net/http"
	"slices"
	"strings"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// Before basil the next invoice of a subscription was read, with what would change in the query.
func init() {
	upcoming := oldRoute{method: http.MethodGet, path: "/v1/invoices/upcoming", by: "POST /v1/invoices/create_preview", edit: upcomingParams(), up: bringUpcoming, names: map[string]string{}}
	for _, key := range upcomingMoved {
		upcoming.names["subscription_details["+key+"]"] = "subscription_" + key
	}
	upcoming.down = func(_ *accountTx, _ *apiRequest, o *stripeObject) (*stripeObject, error) {
		return o.Edit().Unset("id"), nil
	}
	lines := oldRoute{method: http.MethodGet, path: "/v1/invoices/upcoming/lines", by: "POST /v1/invoices/create_preview", field: "lines", edit: upcomingParams(), up: bringUpcoming, names: upcoming.names}
	lines.edit = append(lines.edit, withOptional("limit", aNumber()), withOptional("starting_after", aText()), withOptional("ending_before", aText()))
	lines.down = func(tx *accountTx, r *apiRequest, o *stripeObject) (*stripeObject, error) {
		all := o.List("lines")
		objects := make([]*stripeObject, 0, len(all))
		for _, v := range all {
			if line, ok := v.(*stripeObject); ok {
				objects = append(objects, line)
			}
		}
		return tx.ListObjects(r, objects)
	}
	registerChange(versionChange{
		since: "2025-03-31.basil",
		what: "`POST /v1/invoices/create_preview` previews invoices, of a subscription, a schedule, or invoice items that the call names; before `GET /v1/invoices/upcoming` and `GET /v1/invoices/upcoming/lines` did too, " +
			"with `subscription_…` parameters and `coupon`, and all of them previewed whatever of a customer was billed next. The invoice of the old routes has no `id`.",
		source: "docs.stripe.com/changelog/basil/2025-03-31/invoice-preview-api-deprecations; docs.stripe.com/changelog/basil (March 31, 2025: Upcoming Invoice API to the Create Preview API); the types of stripe-node 17.7.0",
		routes: []oldRoute{upcoming, lines},
		calls: []callChange{{ops: []string{"POST /v1/invoices/create_preview"}, up: func(_ *accountTx, p *paramNode) error {
			if !slices.ContainsFunc(previewSubjects, formParams{p}.Has) {
				p.put(hiddenWholeCustomer, leafOf(true))
			}
			return nil
		}}},
	})
}

// upcomingMoved are the parameters of the old routes that moved: they began with subscription_.
var upcomingMoved = []string{"billing_cycle_anchor", "cancel_at", "cancel_at_period_end", "cancel_now", "default_tax_rates", "items", "proration_behavior", "proration_date", "resume_at", "start_date", "trial_end"}

// upcomingParams adds the old names of parameters.
func upcomingParams() []nodeEdit {
	return []nodeEdit{
		withOptional("coupon", aText()), withOptional("subscription_trial_from_plan", aFlag()),
		func(n *description.Node) {
			details := n.Prop("subscription_details").Node
			for _, key := range upcomingMoved {
				if moved := details.Prop(key); moved != nil {
					addProp(n, description.Prop{Name: "subscription_" + key, Node: moved.Node})
				}
			}
		},
	}
}

// bringUpcoming moves parameters to where a preview takes them.
func bringUpcoming(_ *accountTx, p *paramNode) error {
	couponToDiscounts(p)
	p.take("subscription_trial_from_plan")
	for _, key := range append([]string(nil), p.keys...) {
		if name, ok := strings.CutPrefix(key, "subscription_"); ok && name != "details" {
			p.branch("subscription_details").put(name, p.take(key))
		}
	}
	return nil
}
