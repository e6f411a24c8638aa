package sandbox

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// Event destinations are the second generation of webhook endpoints: JSON instead of forms, and a choice between events
// with their object (snapshots) and thin ones, which name it. They are kept as webhook endpoints with what else they know
// hidden, so that one queue delivers both. Sources: docs.stripe.com/event-destinations, docs.stripe.com/api/v2, the types of
// stripe-go v85.0.0 and stripe-node 23.1.0.
func init() {
	private("GET /v2/core/event_destinations", listDestinations)
	private("POST /v2/core/event_destinations", createDestination)
	private("GET /v2/core/event_destinations/{id}", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		o, err := findDestination(tx, r)
		return shownDestination(r, o, err)
	})
	private("POST /v2/core/event_destinations/{id}", updateDestination)
	private("DELETE /v2/core/event_destinations/{id}", deleteDestination)
	private("POST /v2/core/event_destinations/{id}/enable", func(tx *accountTx, r *apiRequest) (*stripeObject, error) { return switchDestination(tx, r, "enabled") })
	private("POST /v2/core/event_destinations/{id}/disable", func(tx *accountTx, r *apiRequest) (*stripeObject, error) { return switchDestination(tx, r, "disabled") })
	private("POST /v2/core/event_destinations/{id}/ping", pingDestination)
}

const (
	// hiddenDestination is what makes an endpoint an event destination: its name, and when it was changed.
	hiddenDestination = "_destination"
	// hiddenThin says that an endpoint gets thin events.
	hiddenThin = "_thin"

	destinationType = "v2.core.event_destination"
)

// thinName is what the name of a thin event looks like.
var thinName = regexp.MustCompile(`^v[12]\.[a-z0-9_]+(\.[a-z0-9_]+|\[[a-z_.]+\])*$`)

func createDestination(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	for _, key := range []string{"name", "type", "event_payload", "enabled_events"} {
		if !p.Has(key) || p.Null(key) {
			return nil, invalid(key, "parameter_missing", "Missing required param: %s.", key)
		}
	}
	payload := p.Str("event_payload")
	switch {
	case p.Str("type") != "webhook_endpoint":
		return nil, invalid("type", "", "The sandbox sends to destinations of type webhook_endpoint only.")
	case payload != "snapshot" && payload != "thin":
		return nil, invalid("event_payload", "", "Invalid event_payload: must be one of snapshot or thin")
	case payload == "thin" && p.Has("snapshot_api_version"):
		return nil, invalid("snapshot_api_version", "", "snapshot_api_version is for destinations with event_payload snapshot.")
	case !p.Has("webhook_endpoint.url"):
		return nil, invalid("webhook_endpoint.url", "parameter_missing", "Missing required param: webhook_endpoint.url.")
	}
	events := p.Strs("enabled_events")
	if err := checkDestinationEvents(events, payload == "thin"); err != nil {
		return nil, err
	}
	version := p.Str("snapshot_api_version")
	if version == "" {
		version = r.Version
	} else if err := checkVersion(version); err != nil {
		return nil, naming(err, "snapshot_api_version")
	}
	o, err := addEndpoint(tx, p.Str("webhook_endpoint.url"), events, func(o *stripeObject) {
		o.Set("id", tx.NewID("ed_test_61", 30)).Set("description", p.Str("description")).Set(hiddenDestination, hash("name", p.Str("name"), "updated", tx.Now()))
		if payload == "thin" {
			o.Set(hiddenThin, true)
		} else {
			o.Set("api_version", version)
		}
		setDestinationMetadata(o, p)
	})
	if err != nil && asError(err).Param == "url" {
		err = naming(err, "webhook_endpoint.url")
	}
	return shownDestination(r, o, err)
}

func setDestinationMetadata(o *stripeObject, p formParams) {
	if m, ok := p.Hash("metadata"); ok {
		o.Set("metadata", mergeMetadata(o.Hash("metadata"), m.node))
	}
}

// checkDestinationEvents refuses names that a destination cannot select.
func checkDestinationEvents(events []string, thin bool) error {
	known := description.Load().EventNames()
	for _, name := range events {
		if name == "*" || !thin && slices.Contains(known, name) || thin && thinName.MatchString(name) {
			continue
		}
		return invalid("enabled_events", "", "Invalid enabled_events: '%s' is no event that this destination can have.", name)
	}
	return nil
}

func findDestination(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	if o := tx.Get("webhook_endpoint", r.Path("id")); o != nil && o.Has(hiddenDestination) {
		return o, nil
	}
	return nil, missing("event destination", r.Path("id"), "id", http.StatusNotFound)
}

func updateDestination(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o, err := findDestination(tx, r)
	if err != nil {
		return nil, err
	}
	p := r.Params()
	o = o.Edit().Set(hiddenDestination+".updated", tx.Now())
	if p.Has("enabled_events") {
		if err := checkDestinationEvents(p.Strs("enabled_events"), o.Bool(hiddenThin)); err != nil {
			return nil, err
		}
		o.Set("enabled_events", p.Strs("enabled_events"))
	}
	if p.Has("webhook_endpoint.url") {
		if err := checkEndpointURL(p.Str("webhook_endpoint.url")); err != nil {
			return nil, naming(err, "webhook_endpoint.url")
		}
		o.Set("url", p.Str("webhook_endpoint.url"))
	}
	if p.Has("name") {
		o.Set(hiddenDestination+".name", p.Str("name"))
	}
	if p.Has("description") {
		o.Set("description", p.Str("description"))
	}
	setDestinationMetadata(o, p)
	tx.Put(o)
	return shownDestination(r, o, nil)
}

func switchDestination(tx *accountTx, r *apiRequest, status string) (*stripeObject, error) {
	o, err := findDestination(tx, r)
	if err != nil {
		return nil, err
	}
	o = o.Edit().Set("status", status).Set(hiddenDestination+".updated", tx.Now())
	tx.Put(o)
	return shownDestination(r, o, nil)
}

func deleteDestination(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o, err := findDestination(tx, r)
	if err != nil {
		return nil, err
	}
	tx.Delete(o, "")
	return closed(hash("id", o.ID(), "object", destinationType)), nil
}

func listDestinations(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	var all []*stripeObject
	tx.Each("webhook_endpoint", func(o *stripeObject) bool {
		if o.Has(hiddenDestination) {
			all = append(all, o)
		}
		return true
	})
	return pageOfV2(r, all, func(o *stripeObject) *stripeObject {
		shown, _ := shownDestination(r, o, nil)
		return shown
	})
}

// shownDestination is a destination as the API shows it. What is secret or an address is shown where include asks for it.
func shownDestination(r *apiRequest, o *stripeObject, err error) (*stripeObject, error) {
	if err != nil {
		return nil, err
	}
	payload := "snapshot"
	if o.Bool(hiddenThin) {
		payload = "thin"
	}
	shown := hash("id", o.ID(), "object", destinationType, "created", v2Time(o.Int("created")), "description", o.Str("description"), "enabled_events", o.List("enabled_events"),
		"event_payload", payload, "events_from", []string{"self"}, "livemode", false, "metadata", o.Hash("metadata"), "name", o.Str(hiddenDestination+".name"))
	if payload == "snapshot" {
		shown.Set("snapshot_api_version", o.Str("api_version"))
	}
	shown.Set("status", o.Str("status"))
	if o.Str("status") == "disabled" {
		shown.Set("status_details", hash("disabled", hash("reason", "user")))
	}
	shown.Set("type", "webhook_endpoint").Set("updated", v2Time(o.Int(hiddenDestination+".updated")))
	include := r.Params().Strs("include")
	endpoint := hash()
	if slices.Contains(include, "webhook_endpoint.signing_secret") && o.Has("secret") {
		endpoint.Set("signing_secret", o.Str("secret"))
	}
	if slices.Contains(include, "webhook_endpoint.url") {
		endpoint.Set("url", o.Str("url"))
	}
	if len(endpoint.Keys()) > 0 {
		shown.Set("webhook_endpoint", endpoint)
	}
	return closed(shown), nil
}

// v2Time is an instant as the second generation of the API writes it.
func v2Time(seconds int64) string {
	return time.Unix(seconds, 0).UTC().Format("2006-01-02T15:04:05.000Z")
}

func parseV2Time(text string) (int64, error) {
	at, err := time.Parse(time.RFC3339, text)
	return at.Unix(), err
}

// Sizes of a page of the second generation.
const (
	defaultV2Limit = 20
	maxV2Limit     = 100
)

// pageOfV2 answers a page of objects: data and the addresses of the pages beside it.
func pageOfV2(r *apiRequest, objects []*stripeObject, show func(*stripeObject) *stripeObject) (*stripeObject, error) {
	p := r.Params()
	limit := defaultV2Limit
	if p.Has("limit") {
		if limit = int(p.Int("limit")); limit < 1 || limit > maxV2Limit {
			return nil, invalid("limit", "", "limit must be between 1 and %d.", maxV2Limit)
		}
	}
	from := 0
	if p.Has("page") {
		if from = slices.IndexFunc(objects, func(o *stripeObject) bool { return o.ID() == p.Str("page") }); from < 0 {
			return nil, invalid("page", "", "Invalid page: %s", p.Str("page"))
		}
	}
	page := func(at int) any {
		query := r.http.URL.Query()
		query.Set("page", objects[at].ID())
		return (&url.URL{Path: r.http.URL.Path, RawQuery: query.Encode()}).String()
	}
	to := min(from+limit, len(objects))
	data := make([]any, 0, to-from)
	for _, o := range objects[from:to] {
		data = append(data, show(o))
	}
	list := hash("data", data, "next_page_url", nil, "previous_page_url", nil)
	if to < len(objects) {
		list.Set("next_page_url", page(to))
	}
	if from > 0 {
		list.Set("previous_page_url", page(max(from-limit, 0)))
	}
	return closed(list), nil
}

// isV2 says whether a path is of the second generation of the API: JSON bodies, and a version with each call.
func isV2(path string) bool { return strings.HasPrefix(path, "/v2/") }
