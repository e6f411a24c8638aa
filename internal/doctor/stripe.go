package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/ids"
	"github.com/vezne/vezne/internal/stripeapi"
)

// skew is how far the clocks may be apart before it is worth a word.
const skew = 30 * time.Second

// account asks whose key it is and compares the clocks. False when Stripe does
// not answer: then nothing more can be asked.
func (x *examination) account(ctx context.Context) bool {
	const check = "stripe.account"
	before := x.Clock.Now()
	a, err := x.Stripe.Get(ctx, "/v1/account", nil)
	if err != nil {
		x.problem("stripe.reachable", "Is the network up, and api.stripe.com allowed by the firewall?", "Stripe does not answer.")
		return false
	}
	x.ok("stripe.reachable", "Stripe answers.")
	x.clock(a.Date, before, x.Clock.Now())
	var account struct {
		ID             string `json:"id"`
		ChargesEnabled *bool  `json:"charges_enabled"`
	}
	switch {
	case a.Status == http.StatusUnauthorized:
		x.problem(check, "Copy the key again from Stripe's dashboard; was it rolled or deleted?", "Stripe does not know the key.")
		return false
	case a.Status == http.StatusForbidden:
		x.unknown(check, "The permission to read the account is not needed otherwise.", "The key may not say whose it is; %s is taken from the settings or the database.", x.Store.Scope().Account)
		return true
	case !a.OK() || json.Unmarshal(a.Body, &account) != nil:
		x.problem(check, "Try again; see status.stripe.com.", "Stripe answered %d when asked for the account.", a.Status)
		return false
	case account.ID != x.Store.Scope().Account:
		x.problem(check, "Use the keys of one account, and a database of its own for another.", "The key is of %s, the database of %s.", account.ID, x.Store.Scope().Account)
	case account.ChargesEnabled != nil && !*account.ChargesEnabled:
		x.problem(check, "Finish the account's activation in Stripe's dashboard.", "The account %s cannot take payments yet.", account.ID)
	default:
		x.ok(check, "The key is of the account %s, as the database.", account.ID)
	}
	return true
}

// clock compares Stripe's time with ours. Stripe's has whole seconds, and was
// read somewhere between asking and hearing.
func (x *examination) clock(theirs, before, after time.Time) {
	const check = "stripe.clock"
	if theirs.IsZero() {
		x.unknown(check, "", "Stripe did not tell its time.")
		return
	}
	off := time.Duration(0)
	if theirs.Before(before.Add(-time.Second)) {
		off = before.Sub(theirs)
	} else if theirs.After(after) {
		off = theirs.Sub(after)
	}
	hint := "Have NTP set this machine's clock."
	switch {
	case off > x.Tolerance:
		x.problem(check, hint, "The clock is %s off Stripe's: every event is refused.", round(off))
	case off > skew:
		x.warn(check, hint, "The clock is %s off Stripe's.", round(off))
	default:
		x.ok(check, "The clock agrees with Stripe's.")
	}
}

// probes are what the desk does at Stripe. A write is probed with a parameter
// that does not exist, so that it can change nothing.
var probes = []struct{ path, permission, access string }{
	{"/v1/customers", "Customers", "write"},
	{"/v1/checkout/sessions", "Checkout Sessions", "write"},
	{"/v1/payment_intents", "PaymentIntents", "write"},
	{"/v1/setup_intents", "SetupIntents", "write"},
	{"/v1/payment_methods", "PaymentMethods", "write"},
	{"/v1/refunds", "Refunds", "write"},
	{"/v1/charges", "Charges", "read"},
	{"/v1/disputes", "Disputes", "read"},
	{"/v1/events", "Events", "read"},
	{"/v1/prices", "Prices", "read"},
}

func (x *examination) permissions(ctx context.Context) {
	const check = "stripe.permissions"
	var lacks []string
	for _, p := range probes {
		status, err := x.probe(ctx, p.path, p.access)
		switch {
		case err != nil:
			x.unknown(check, "Try again.", "Stripe did not answer when asked for %s.", p.path)
			return
		case status == http.StatusForbidden || status == http.StatusUnauthorized:
			lacks = append(lacks, fmt.Sprintf("%s (%s)", p.permission, p.access))
		}
	}
	if len(lacks) > 0 {
		x.problem(check, "Give the key these permissions in Stripe's dashboard under Developers, API keys.", "The key lacks: %s.", strings.Join(lacks, ", "))
		return
	}
	x.ok(check, "The key may do all that is needed.")
}

func (x *examination) probe(ctx context.Context, path, access string) (int, error) {
	a, err := x.Stripe.Get(ctx, path, url.Values{"limit": {"1"}})
	if err != nil || access == "read" || a.Status == http.StatusForbidden || a.Status == http.StatusUnauthorized {
		return a.Status, err
	}
	key, err := ids.New("doctor_")
	if err != nil {
		return 0, err
	}
	a, err = x.Stripe.Post(ctx, path, "vezne_doctor=1", key, stripeapi.Version)
	return a.Status, err
}

type endpoint struct {
	URL           string   `json:"url"`
	Status        string   `json:"status"`
	EnabledEvents []string `json:"enabled_events"`
	APIVersion    string   `json:"api_version"`
}

// endpoint looks at the webhook endpoint that sends here.
func (x *examination) endpoint(ctx context.Context) {
	const check = "stripe.endpoint"
	want := x.PublicURL + "/webhooks/stripe"
	a, err := x.Stripe.Get(ctx, "/v1/webhook_endpoints", url.Values{"limit": {"100"}})
	var list struct {
		Data []endpoint `json:"data"`
	}
	switch {
	case err != nil || a.Status >= http.StatusInternalServerError:
		x.unknown(check, "Try again.", "Stripe did not list the webhook endpoints.")
		return
	case a.Status == http.StatusForbidden:
		x.unknown(check, "Give the key read access to Webhook Endpoints for this check; nothing else needs it.", "The key may not list the webhook endpoints.")
		return
	case !a.OK() || json.Unmarshal(a.Body, &list) != nil:
		x.unknown(check, "Try again.", "Stripe answered %d when asked for the webhook endpoints.", a.Status)
		return
	}
	var ours []endpoint
	for _, e := range list.Data {
		if strings.TrimSuffix(e.URL, "/") == want {
			ours = append(ours, e)
		}
	}
	switch {
	case len(ours) == 0:
		x.problem(check, "Add one in Stripe's dashboard under Developers, Webhooks.", "No webhook endpoint of the account sends to %s: events are found late, by searching.", want)
	case len(ours) > 1:
		x.warn(check, "Keep one of them.", "%d webhook endpoints send to %s: each event comes as often.", len(ours), want)
	}
	for _, e := range ours {
		x.oneEndpoint(e)
	}
}

func (x *examination) oneEndpoint(e endpoint) {
	const check = "stripe.endpoint"
	if e.Status != "enabled" {
		x.problem(check, "Enable it in Stripe's dashboard, then run vezne reconcile.", "The webhook endpoint is %s: no event comes.", e.Status)
		return
	}
	var lacks []string
	if !slices.Contains(e.EnabledEvents, "*") {
		for _, h := range vezne.HandledEvents() {
			if !slices.Contains(e.EnabledEvents, h.Type) {
				lacks = append(lacks, h.Type)
			}
		}
	}
	if len(lacks) > 0 {
		x.problem(check+".events", "Add them to the endpoint; what they tell is found late otherwise.", "The webhook endpoint does not send: %s.", strings.Join(lacks, ", "))
	} else {
		x.ok(check, "The webhook endpoint is enabled and sends every event that is needed.")
	}
	// An event only says what to read, so that any version will do.
	version := e.APIVersion
	if version == "" {
		version = "of the account's default"
	}
	x.ok(check+".version", "The endpoint sends in version %s; whatever it is, objects are read in %s.", version, stripeapi.Version)
}
