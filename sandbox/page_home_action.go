package sandbox

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// homeAction does what a form asks for, by a method of the control API, and gives the page to go on with and what to say
// there. It returns an *Error for what is refused.
type homeAction func(a *Account, r *http.Request) (parts []string, done string, err error)

// moveClock advances the clock by seconds or to an instant, stops it or lets it go.
func moveClock(a *Account, r *http.Request) ([]string, string, error) {
	form := &homeForm{r: r}
	var change ClockChange
	if form.text("advance_seconds") != "" {
		n := form.whole("advance_seconds")
		change.AdvanceSeconds = &n
	}
	if text := form.text("now"); text != "" {
		at, err := readInstant(text)
		if err != nil {
			return nil, "", err
		}
		change.Now = &at
	}
	if text := form.text("frozen"); text != "" {
		frozen := text == "true"
		change.Frozen = &frozen
	}
	if form.err != nil {
		return nil, "", form.err
	}
	_, err := a.SetClock(r.Context(), change)
	return []string{"clock"}, "clock", err
}

// readInstant reads a time in UTC, as a browser's field or the page itself writes it.
func readInstant(text string) (int64, error) {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", time.DateTime} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.Unix(), nil
		}
	}
	return 0, invalid("now", "", "Invalid now: %s is no time; write it as 2027-01-31 09:00:00, in UTC", text)
}

// resendDelivery sends an event once more and waits for the answer, so that the page shows it.
func resendDelivery(a *Account, r *http.Request) ([]string, string, error) {
	id := r.PathValue("id")
	if _, err := a.Resend(id); err != nil {
		return nil, "", err
	}
	return []string{"deliveries", id}, "resent", settle(a, r)
}

// releaseDeliveries lets one held delivery go, or all of them.
func releaseDeliveries(a *Account, r *http.Request) ([]string, string, error) {
	var release Release
	parts := []string{"deliveries"}
	if id := r.PostFormValue("id"); id != "" {
		release.IDs = []string{id}
		parts = append(parts, id)
	}
	if _, err := a.Release(release); err != nil {
		return nil, "", err
	}
	return parts, "released", settle(a, r)
}

// settleTime is how long an action waits for endpoints, so that its page shows what they answered.
const settleTime = 3 * time.Second

// settle waits for what is under way to endpoints; one that takes longer is shown as pending.
func settle(a *Account, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), settleTime)
	defer cancel()
	if err := a.Idle(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

func takeSnapshot(a *Account, _ *http.Request) ([]string, string, error) {
	_, err := a.Snapshot()
	return []string{"settings"}, "snapshot", err
}

func restoreSnapshot(a *Account, r *http.Request) ([]string, string, error) {
	if err := confirmed(r); err != nil {
		return nil, "", err
	}
	return []string{"settings"}, "restored", a.Restore(r.PathValue("id"))
}

func forgetSnapshot(a *Account, r *http.Request) ([]string, string, error) {
	return []string{"settings"}, "forgotten", a.ForgetSnapshot(r.PathValue("id"))
}

func resetAccount(a *Account, r *http.Request) ([]string, string, error) {
	if err := confirmed(r); err != nil {
		return nil, "", err
	}
	return []string{"settings"}, "reset", a.Reset()
}

// confirmed refuses what cannot be taken back unless it was confirmed.
func confirmed(r *http.Request) error {
	if r.PostFormValue("confirm") != "yes" {
		return invalid("confirm", "", "Nothing was changed: tick the box beside the button to confirm.")
	}
	return nil
}
