package sandbox_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/sandbox"
)

// TestManyAtOnce lets calls, deliveries and every control run against each other on one account. It ends, and afterwards
// the account works.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	r := &receiver{answer: func(w http.ResponseWriter, _ *http.Request, n int) {
		if n%3 == 0 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}}
	sb := check1(sandbox.New(sandbox.Options{Seed: 3, StrictWorld: true, Transport: handlerTransport{r}}))(t)
	account := sb.Account("sk_test_crowd")
	client := &http.Client{Transport: sb.Transport()}
	do := []func(ctx context.Context) error{
		func(ctx context.Context) error {
			request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://sandbox/v1/customers", strings.NewReader("name=Ada"))
			if err != nil {
				return err
			}
			request.Header.Set("Authorization", "Bearer sk_test_crowd")
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			response, err := client.Do(request)
			if err != nil {
				return err
			}
			return response.Body.Close()
		},
		func(context.Context) error {
			e, err := account.AddEndpoint("https://shop.example/hook")
			if err != nil && !strings.Contains(err.Error(), "maximum of 16") {
				return err
			}
			if err == nil {
				_, err = account.Roll(e.ID, time.Hour)
			}
			if err != nil && (strings.Contains(err.Error(), "maximum of 16") || strings.Contains(err.Error(), "No such")) {
				return nil // another goroutine reset the account
			}
			return err
		},
		func(ctx context.Context) error { _, err := account.Advance(ctx, 10*time.Minute); return err },
		func(ctx context.Context) error { _, err := account.Freeze(ctx); return err },
		func(ctx context.Context) error { return account.Idle(ctx) },
		func(context.Context) error {
			s, err := account.Snapshot()
			if err != nil {
				return err
			}
			if err := account.Restore(s.ID); err != nil {
				return err
			}
			return account.ForgetSnapshot(s.ID)
		},
		func(context.Context) error { return account.Reset() },
		func(context.Context) error {
			if _, err := account.AddDeliveryFault(sandbox.DeliveryFault{Effect: "hold", Count: 2}); err != nil {
				return err
			}
			_, err := account.Release(sandbox.Release{Order: "reverse"})
			return err
		},
		func(context.Context) error {
			list, err := account.Deliveries(sandbox.DeliveryFilter{})
			if err != nil || len(list) == 0 {
				return err
			}
			if _, err = account.Resend(list[0].ID); err != nil && strings.Contains(err.Error(), "No such") {
				return nil
			}
			return err
		},
		func(context.Context) error { _, err := account.Export(); return err },
	}
	var crowd sync.WaitGroup
	wrong := make(chan error, 8)
	for i := range 8 {
		chance := rand.New(rand.NewPCG(uint64(i), 1))
		crowd.Go(func() {
			for range 60 {
				n := chance.IntN(len(do) + 6) // most are calls
				if n >= len(do) {
					n = 0
				}
				if err := do[n](t.Context()); err != nil {
					select {
					case wrong <- fmt.Errorf("step %d: %w", n, err):
					default:
					}
					return
				}
			}
		})
	}
	crowd.Wait()
	close(wrong)
	for err := range wrong {
		t.Error(err)
	}
	noError(t, account.Reset())
	check1(account.AddEndpoint("https://shop.example/hook"))(t)
	noError(t, do[0](t.Context()))
	noError(t, account.Idle(t.Context()))
	if list := check1(account.Deliveries(sandbox.DeliveryFilter{}))(t); len(list) == 0 || len(list[0].Attempts) == 0 {
		t.Errorf("afterwards nothing is delivered: %+v", list)
	}
	noError(t, sb.Close())
}
