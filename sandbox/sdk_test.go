package sandbox

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v85"
)

// newClient points the official Go client at a sandbox: all four of its backends.
func newClient(t *testing.T, key string) *stripe.Client {
	t.Helper()
	server := httptest.NewServer(newTest(t, Options{}))
	t.Cleanup(server.Close)
	config := &stripe.BackendConfig{URL: stripe.String(server.URL), HTTPClient: server.Client(), MaxNetworkRetries: stripe.Int64(0), LeveledLogger: &stripe.LeveledLogger{}}
	return stripe.NewClient(key, stripe.WithBackends(&stripe.Backends{
		API:         stripe.GetBackendWithConfig(stripe.APIBackend, config),
		Connect:     stripe.GetBackendWithConfig(stripe.ConnectBackend, config),
		Uploads:     stripe.GetBackendWithConfig(stripe.UploadsBackend, config),
		MeterEvents: stripe.GetBackendWithConfig(stripe.MeterEventsBackend, config),
	}))
}

func TestTheOfficialClientKeepsCustomers(t *testing.T) {
	t.Parallel()
	client, ctx := newClient(t, "sk_test_gosdk"), t.Context()
	made, err := client.V1Customers.Create(ctx, &stripe.CustomerCreateParams{
		Name: stripe.String("Ayşe Yılmaz"), Email: stripe.String("ayse@shop.example"),
		Address:  &stripe.AddressParams{City: stripe.String("İzmir"), Country: stripe.String("TR")},
		Metadata: map[string]string{"cart": "17", "note": "a=b&c"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if made.Name != "Ayşe Yılmaz" || made.Address.City != "İzmir" || made.Metadata["note"] != "a=b&c" || made.LastResponse.StatusCode != 200 || !strings.HasPrefix(made.ID, "cus_") {
		t.Errorf("made %+v", made)
	}
	update := &stripe.CustomerUpdateParams{Phone: stripe.String("+90 232 000 00 00")}
	update.AddMetadata("note", "")
	changed, err := client.V1Customers.Update(ctx, made.ID, update)
	if err != nil || changed.Phone != "+90 232 000 00 00" || len(changed.Metadata) != 1 {
		t.Errorf("changed %+v, %v", changed, err)
	}
	for range 14 {
		if _, err := client.V1Customers.Create(ctx, &stripe.CustomerCreateParams{}); err != nil {
			t.Fatal(err)
		}
	}
	var last string
	count := 0
	for c, err := range client.V1Customers.List(ctx, &stripe.CustomerListParams{ListParams: stripe.ListParams{Limit: stripe.Int64(4)}}).All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		last = c.ID
		count++
	}
	if count != 15 || last != made.ID {
		t.Errorf("the list has %d, the oldest is %s; want 15, %s", count, last, made.ID)
	}
	for c, err := range client.V1Customers.Search(ctx, &stripe.CustomerSearchParams{SearchParams: stripe.SearchParams{Query: "metadata['cart']:'17'"}}).All(ctx) {
		if err != nil || c.ID != made.ID {
			t.Errorf("found %+v, %v", c, err)
		}
	}
	if gone, err := client.V1Customers.Delete(ctx, made.ID, nil); err != nil || !gone.Deleted {
		t.Errorf("deleted %+v, %v", gone, err)
	}
	if gone, err := client.V1Customers.Retrieve(ctx, made.ID, nil); err != nil || !gone.Deleted {
		t.Errorf("a deleted customer reads as %+v, %v", gone, err)
	}
}

func TestTheOfficialClientKeepsProducts(t *testing.T) {
	t.Parallel()
	client, ctx := newClient(t, "sk_test_gosdk"), t.Context()
	params := &stripe.ProductCreateParams{Name: stripe.String("Kahve"), Active: stripe.Bool(true), Images: stripe.StringSlice([]string{"https://shop.example/a.png", "https://shop.example/b.png"})}
	params.SetIdempotencyKey("make-coffee")
	first, err := client.V1Products.Create(ctx, params)
	if err != nil {
		t.Fatal(err)
	}
	again, err := client.V1Products.Create(ctx, params)
	if err != nil || again.ID != first.ID || again.LastResponse.Header.Get("Idempotent-Replayed") != "true" || len(again.Images) != 2 {
		t.Errorf("again %+v, %v", again, err)
	}
	params.Name = stripe.String("Çay")
	_, err = client.V1Products.Create(ctx, params)
	var refused *stripe.Error
	if !errors.As(err, &refused) || refused.Type != stripe.ErrorTypeIdempotency || refused.HTTPStatusCode != 400 || refused.RequestID == "" {
		t.Errorf("another product under the same key: %v", err)
	}
	if _, err = client.V1Products.Retrieve(ctx, "prod_x", nil); !errors.As(err, &refused) || refused.Code != stripe.ErrorCodeResourceMissing || refused.Param != "id" || refused.HTTPStatusCode != 404 {
		t.Errorf("an unknown product: %v", err)
	}
	_, err = newClient(t, "hunter2").V1Products.Retrieve(ctx, first.ID, nil)
	if !errors.As(err, &refused) || refused.HTTPStatusCode != 401 {
		t.Errorf("a key that is none: %v", err)
	}
}
