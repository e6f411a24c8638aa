package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v85"
)

// clientOf points the official Go client at a bench.
func clientOf(b *bench) *stripe.Client {
	b.t.Helper()
	config := &stripe.BackendConfig{URL: stripe.String(b.url), HTTPClient: &http.Client{Transport: b.client}, MaxNetworkRetries: stripe.Int64(0), LeveledLogger: &stripe.LeveledLogger{}}
	return stripe.NewClient(b.key, stripe.WithBackends(&stripe.Backends{
		API: stripe.GetBackendWithConfig(stripe.APIBackend, config), Connect: stripe.GetBackendWithConfig(stripe.ConnectBackend, config),
		Uploads: stripe.GetBackendWithConfig(stripe.UploadsBackend, config), MeterEvents: stripe.GetBackendWithConfig(stripe.MeterEventsBackend, config),
	}))
}

// The official Go client is of dahlia: it takes events of dahlia, and refuses those of other trains.
func TestTheOfficialClientTakesEventsOfItsTrain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, tc := range []struct {
		version string
		refused bool
	}{{"2026-08-26.dahlia", false}, {"2026-03-25.dahlia", false}, {"2026-09-30.endive", true}, {"2026-02-25.clover", true}, {"2025-08-27.basil", true}, {"2025-02-24.acacia", true}} {
		r := newReceiver(t)
		endpoint := b.must("POST", "/v1/webhook_endpoints", form("url", r.url, "enabled_events[]", "customer.created", "api_version", tc.version))
		b.customer()
		b.idle()
		event, err := verify(r.all()[0], endpoint.str("secret"))
		switch {
		case tc.refused && (err == nil || !strings.Contains(err.Error(), tc.version)):
			t.Errorf("an event of %s: %v", tc.version, err)
		case !tc.refused && (err != nil || event.APIVersion != tc.version):
			t.Errorf("an event of %s: %q, %v", tc.version, event.APIVersion, err)
		}
		b.must("DELETE", "/v1/webhook_endpoints/"+endpoint.str("id"), "")
	}
}

func TestTheOfficialClientKeepsEventDestinations(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	client, ctx, r := clientOf(b), t.Context(), newReceiver(t)
	made, err := client.V2CoreEventDestinations.Create(ctx, &stripe.V2CoreEventDestinationCreateParams{
		Name: stripe.String("Shop"), Type: stripe.String("webhook_endpoint"), EventPayload: stripe.String("thin"), Description: stripe.String("orders"),
		EnabledEvents: stripe.StringSlice([]string{"v1.customer.created", "v1.billing.meter.error_report_triggered"}), Metadata: map[string]string{"team": "shop"},
		WebhookEndpoint: &stripe.V2CoreEventDestinationCreateWebhookEndpointParams{URL: stripe.String(r.url)},
		Include:         stripe.StringSlice([]string{"webhook_endpoint.signing_secret", "webhook_endpoint.url"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(made.ID, "ed_test_") || made.Status != "enabled" || made.EventPayload != "thin" || made.Created.IsZero() || made.Metadata["team"] != "shop" || made.SnapshotAPIVersion != "" ||
		made.WebhookEndpoint == nil || made.WebhookEndpoint.URL != r.url || !strings.HasPrefix(made.WebhookEndpoint.SigningSecret, "whsec_") {
		t.Errorf("made %+v %+v", made, made.WebhookEndpoint)
	}
	read, err := client.V2CoreEventDestinations.Retrieve(ctx, made.ID, nil)
	if err != nil || read.Name != "Shop" || read.WebhookEndpoint != nil {
		t.Errorf("read %+v, %v", read, err)
	}
	changed, err := client.V2CoreEventDestinations.Update(ctx, made.ID, &stripe.V2CoreEventDestinationUpdateParams{Name: stripe.String("Kahve"), EnabledEvents: stripe.StringSlice([]string{"*"})})
	if err != nil || changed.Name != "Kahve" || !cmp.Equal(changed.EnabledEvents, []string{"*"}) || changed.Description != "orders" {
		t.Errorf("changed %+v, %v", changed, err)
	}
	off, err := client.V2CoreEventDestinations.Disable(ctx, made.ID, nil)
	if err != nil || off.Status != "disabled" || off.StatusDetails == nil || off.StatusDetails.Disabled.Reason != "user" {
		t.Errorf("disabled %+v, %v", off, err)
	}
	b.customer()
	b.idle()
	if n := len(r.all()); n != 0 {
		t.Errorf("a disabled destination got %d events", n)
	}
	if on, err := client.V2CoreEventDestinations.Enable(ctx, made.ID, nil); err != nil || on.Status != "enabled" || on.StatusDetails != nil {
		t.Errorf("enabled %+v, %v", on, err)
	}
	for range 2 {
		if _, err := client.V2CoreEventDestinations.Create(ctx, &stripe.V2CoreEventDestinationCreateParams{
			Name: stripe.String("Other"), Type: stripe.String("webhook_endpoint"), EventPayload: stripe.String("snapshot"), EnabledEvents: stripe.StringSlice([]string{"customer.created"}),
			SnapshotAPIVersion: stripe.String("2025-02-24.acacia"), WebhookEndpoint: &stripe.V2CoreEventDestinationCreateWebhookEndpointParams{URL: stripe.String(r.url)},
		}); err != nil {
			t.Fatal(err)
		}
	}
	names := []string{}
	for d, err := range client.V2CoreEventDestinations.List(ctx, &stripe.V2CoreEventDestinationListParams{Limit: stripe.Int64(2)}).All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, d.Name+" "+d.SnapshotAPIVersion)
	}
	if diff := cmp.Diff([]string{"Other 2025-02-24.acacia", "Other 2025-02-24.acacia", "Kahve "}, names); diff != "" {
		t.Errorf("listed: %s", diff)
	}
	if endpoints := b.must("GET", "/v1/webhook_endpoints", "").list("data"); len(endpoints) != 0 {
		t.Errorf("webhook endpoints list %v", endpoints)
	}
	if gone, err := client.V2CoreEventDestinations.Delete(ctx, made.ID, nil); err != nil || gone.ID != made.ID {
		t.Errorf("deleted %+v, %v", gone, err)
	}
	if _, err := client.V2CoreEventDestinations.Retrieve(ctx, made.ID, nil); err == nil {
		t.Error("a deleted destination is read")
	}
}

// A thin event names what it is about; the client fetches both.
func TestTheOfficialClientParsesThinEvents(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	client, ctx, r := clientOf(b), t.Context(), newReceiver(t)
	destination, err := client.V2CoreEventDestinations.Create(ctx, &stripe.V2CoreEventDestinationCreateParams{
		Name: stripe.String("Shop"), Type: stripe.String("webhook_endpoint"), EventPayload: stripe.String("thin"), EnabledEvents: stripe.StringSlice([]string{"v1.payment_intent.created", "v1.balance.available"}),
		WebhookEndpoint: &stripe.V2CoreEventDestinationCreateWebhookEndpointParams{URL: stripe.String(r.url)}, Include: stripe.StringSlice([]string{"webhook_endpoint.signing_secret"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	secret := destination.WebhookEndpoint.SigningSecret
	b.customer()
	intent := b.must("POST", "/v1/payment_intents", "amount=2000&currency=eur", "Idempotency-Key", "thin").str("id")
	b.idle()
	got := r.all()
	if len(got) != 1 {
		t.Fatalf("%d events came, want 1", len(got))
	}
	if _, err := verify(got[0], secret); err == nil {
		t.Error("a thin event is taken for a snapshot")
	}
	container, err := client.ParseEventNotification(got[0].body, got[0].header.Get("Stripe-Signature"), secret)
	if err != nil {
		t.Fatal(err)
	}
	notification, ok := container.(*stripe.UnknownEventNotification)
	if !ok || notification.Type != "v1.payment_intent.created" || notification.Livemode || time.Since(notification.Created).Abs() > time.Hour ||
		notification.RelatedObject == nil || !cmp.Equal(*notification.RelatedObject, stripe.V2CoreEventRelatedObject{ID: intent, Type: "payment_intent", URL: "/v1/payment_intents/" + intent}) {
		t.Fatalf("the notification is %+v", container)
	}
	if related, err := notification.FetchRelatedObject(ctx); err != nil || !strings.Contains(string(related.LastResponse.RawJSON), intent) {
		t.Errorf("the related object: %v", err)
	}
	fetched, err := notification.FetchEvent(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if e := fetched.(*stripe.V2CoreRawEvent); e.ID != notification.ID || e.Reason == nil || e.Reason.Request.IdempotencyKey != "thin" || !strings.HasPrefix(e.Reason.Request.ID, "req_") {
		t.Errorf("the event: %+v", fetched)
	}
	if _, err := client.V2CoreEventDestinations.Ping(ctx, destination.ID, nil); err != nil {
		t.Fatal(err)
	}
	b.idle()
	pinged := r.all()[1]
	container, err = client.ParseEventNotification(pinged.body, pinged.header.Get("Stripe-Signature"), secret)
	if ping, ok := container.(*stripe.V2CoreEventDestinationPingEventNotification); err != nil || !ok || ping.RelatedObject.ID != destination.ID {
		t.Errorf("the ping: %+v, %v", container, err)
	}
	types := []string{}
	for e, err := range client.V2CoreEvents.List(ctx, &stripe.V2CoreEventListParams{ObjectID: stripe.String(intent)}).All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		types = append(types, e.(*stripe.V2CoreRawEvent).Type)
	}
	if diff := cmp.Diff([]string{"v1.payment_intent.created"}, types); diff != "" {
		t.Errorf("events about the intent: %s", diff)
	}
	for _, snapshot := range b.must("GET", "/v1/events", "").list("data") {
		if strings.HasPrefix(snapshot["type"].(string), "v2.") {
			t.Errorf("the first generation lists %v", snapshot["type"])
		}
	}
}

// What the second generation of the API asks of a call.
func TestV2Refuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	good := `{"name":"a","type":"webhook_endpoint","event_payload":"thin","enabled_events":["v1.customer.created"],"webhook_endpoint":{"url":"https://shop.example"}}`
	json := []string{"Content-Type", "application/json", "Stripe-Version", "2026-08-26.dahlia"}
	for _, tc := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		param                    string
	}{
		{"no version", "POST", "", good, []string{"Content-Type", "application/json"}, 400, ""},
		{"an unknown version", "POST", "", good, []string{"Content-Type", "application/json", "Stripe-Version", "tomorrow"}, 400, ""},
		{"a form", "POST", "", "name=a", json[2:], 400, ""},
		{"no JSON", "POST", "", "{", json, 400, ""},
		{"an array", "POST", "", "[]", json, 400, ""},
		{"no name", "POST", "", `{}`, json, 400, "name"},
		{"a bus of another cloud", "POST", "", strings.Replace(good, "webhook_endpoint\"", "amazon_eventbridge\"", 1), json, 400, "type"},
		{"a payload of another kind", "POST", "", strings.Replace(good, "thin", "thick", 1), json, 400, "event_payload"},
		{"an event that is none", "POST", "", strings.Replace(good, "v1.customer.created", "customer.created", 1), json, 400, "enabled_events"},
		{"a thin name for snapshots", "POST", "", strings.Replace(good, `"thin"`, `"snapshot"`, 1), json, 400, "enabled_events"},
		{"a version for thin events", "POST", "", strings.Replace(good, `"name"`, `"snapshot_api_version":"2026-08-26.dahlia","name"`, 1), json, 400, "snapshot_api_version"},
		{"no address", "POST", "", strings.Replace(good, `{"url":"https://shop.example"}`, `{}`, 1), json, 400, "webhook_endpoint.url"},
		{"a bad address", "POST", "", strings.Replace(good, "https:", "ftp:", 1), json, 400, "webhook_endpoint.url"},
		{"an id of nobody", "GET", "/ed_test_x", "", json, 404, "id"},
		{"a page of nobody", "GET", "?page=ed_test_x", "", json, 400, "page"},
		{"a page too long", "GET", "?limit=1000", "", json, 400, "limit"},
		{"no key", "GET", "/ed_test_x", "", append(json, "Authorization", "Bearer "), 401, ""},
		{"a publishable key", "GET", "", "", append(json, "Authorization", "Bearer pk_test_bench"), 401, ""},
	} {
		got := b.call(tc.method, "/v2/core/event_destinations"+tc.path, tc.body, tc.header...)
		if got.status != tc.status || got.str("error.param") != tc.param {
			t.Errorf("%s: %d %s", tc.name, got.status, got.text)
		}
	}
	if got := b.call("POST", "/v2/core/event_destinations", good, json...); got.status != 200 {
		t.Errorf("a good call: %s", got.text)
	}
	if got := b.call("GET", "/v2/core/events/evt_test_61nobody", "", json...); got.status != 404 {
		t.Errorf("an event of nobody: %s", got.text)
	}
	b.customer()
	if list := b.must("GET", "/v2/core/events?created[gte]=2100-01-01T00:00:00Z", "", json...).list("data"); len(list) != 0 {
		t.Errorf("events of the next century: %v", list)
	}
	events := b.must("GET", "/v2/core/events?types[0]=v1.customer.created", "", "Stripe-Version", "2026-09-30.endive").list("data")
	if len(events) != 1 || !strings.HasPrefix(events[0]["snapshot_event"].(string), "evt_1") {
		t.Errorf("in endive: %v", events)
	}
	restricted := check1(b.account.AddKey(map[string]string{"customers": "write"}))(t).Key
	if got := b.call("GET", "/v2/core/events", "", append(json, "Authorization", "Bearer "+restricted)...); got.status != 403 {
		t.Errorf("a restricted key: %s", got.text)
	}
}
