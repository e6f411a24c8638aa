package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

const (
	// idleTimeout is how long an HTTP call waits for idleness unless it says otherwise, idleMost the longest, in seconds.
	idleTimeout, idleMost = 10, 600
)

// Idle waits until nothing that is due is outstanding: no delivery queued or under way, no job due now. What is held,
// delayed or planned for later by the account's clock is not due. It returns the context's error when that ended first.
func (a *Account) Idle(ctx context.Context) error {
	c, err := a.control()
	if err != nil {
		return err
	}
	for {
		if err := c.account.do(func(*accountTx) error { return nil }); err != nil { // runs what is due
			return err
		}
		if err := c.settled(ctx); err != nil {
			return err
		}
		if !c.account.outstanding() {
			return nil
		}
	}
}

func getIdle(a *Account, r *http.Request) (any, error) {
	n, err := queryInt(r, "timeout_seconds", idleTimeout, 0, idleMost)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), time.Duration(n)*time.Second)
	defer cancel()
	if err := a.Idle(ctx); err != nil {
		if !errors.Is(err, context.DeadlineExceeded) {
			return nil, err
		}
		pending, err := a.Deliveries(DeliveryFilter{Status: deliveryPending})
		if err != nil {
			return nil, err
		}
		busy := ""
		for _, d := range pending {
			if d.NextAttemptAt == nil {
				busy += fmt.Sprintf(" %s (%s to %s);", d.ID, d.Type, d.Endpoint)
			}
		}
		return nil, &Error{Status: http.StatusGatewayTimeout, Type: "api_error", Message: fmt.Sprintf("Not idle after %d seconds; under way:%s", n, busy)}
	}
	now, err := a.Clock()
	return struct {
		Idle bool  `json:"idle"`
		Now  int64 `json:"now"`
	}{true, now.Now}, err
}
