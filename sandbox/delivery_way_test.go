package sandbox_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/vezne/vezne/sandbox"
)

// Deliveries give way to calls for a moment only: one that never ends holds none of them up.
func TestDeliveriesLeaveWhileACallHangs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newReceiver(t)
	b.endpoint(r)
	fault := b.plant(`{"method":"GET","path":"/v1/balance","effect":"timeout"}`)
	ctx, leave := context.WithCancel(t.Context())
	hung := make(chan error, 1)
	go func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+"/v1/balance", nil)
		if err == nil {
			req.Header.Set("Authorization", "Bearer "+b.key)
			_, err = b.client.RoundTrip(req)
		}
		hung <- err
	}()
	for hits(t, b, fault) == 0 { // until it hangs
	}
	b.customer()
	b.idle()
	select {
	case err := <-hung:
		t.Errorf("the call that hangs ended: %v", err)
	default:
	}
	d := check1(b.account.Deliveries(sandbox.DeliveryFilter{}))(t)
	if len(r.all()) != 1 || len(d) != 1 || d[0].Status != "succeeded" {
		t.Errorf("%d arrived, deliveries: %+v", len(r.all()), d)
	}
	leave()
	if err := <-hung; !errors.Is(err, context.Canceled) {
		t.Errorf("the call that hung: %v", err)
	}
}

// hits is how many calls a planted fault met.
func hits(t *testing.T, b *bench, id string) int {
	t.Helper()
	for _, f := range check1(b.account.Faults())(t) {
		if f.ID == id {
			return f.Hits
		}
	}
	t.Fatal("the fault is gone")
	return 0
}
