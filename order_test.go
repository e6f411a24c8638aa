package vezne_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne"
)

func TestStatusFollowsFactsAndSums(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		o    vezne.Order
		want vezne.OrderStatus
	}{
		{"nothing happened", vezne.Order{}, vezne.OrderOpen},
		{"a delayed method is checked", vezne.Order{Processing: true}, vezne.OrderProcessing},
		{"money is held", vezne.Order{AmountAuthorized: 100}, vezne.OrderAuthorized},
		{"paid", vezne.Order{PaidAt: &at, AmountPaid: 100}, vezne.OrderPaid},
		{"a part went back", vezne.Order{PaidAt: &at, AmountPaid: 100, AmountRefunded: 40}, vezne.OrderPartiallyRefunded},
		{"all went back", vezne.Order{PaidAt: &at, AmountPaid: 100, AmountRefunded: 100}, vezne.OrderRefunded},
		{"a failed refund restores paid", vezne.Order{PaidAt: &at, AmountPaid: 100, AmountRefunded: 0}, vezne.OrderPaid},
		{"a dispute stands before refunds", vezne.Order{PaidAt: &at, AmountPaid: 100, AmountRefunded: 40, AmountDisputed: 60}, vezne.OrderDisputed},
		{"canceled", vezne.Order{CancelRequestedAt: &at, CanceledAt: &at}, vezne.OrderCanceled},
		{"cancellation that waits for Stripe", vezne.Order{CancelRequestedAt: &at, AmountAuthorized: 100}, vezne.OrderAuthorized},
		{"a free order is paid", vezne.Order{PaidAt: &at}, vezne.OrderPaid},
	} {
		if got := tt.o.Status(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestSecretCannotBePrinted(t *testing.T) {
	t.Parallel()
	const value = "the-value-itself"
	s := vezne.NewSecret(value)
	holder := struct {
		Key  vezne.Secret
		List []vezne.Secret
	}{s, []vezne.Secret{s}}
	asJSON, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "secret", s, "holder", holder)
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "secret", s, "holder", holder)
	out := strings.Join([]string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s), fmt.Sprintf("%v %+v %#v", holder, holder, &holder),
		string(asJSON), b.String(), fmt.Errorf("wrapped %v", s).Error()}, "\n")
	if strings.Contains(out, value) {
		t.Errorf("the secret was printed: %s", out)
	}
	if s.Reveal() != value {
		t.Errorf("Reveal = %q", s.Reveal())
	}
}

func TestErrorsKeepKindCodeAndCause(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk gone")
	err := fmt.Errorf("outer: %w", vezne.E(vezne.CodeStorageUnavailable, "store.Ping", "").Because(cause))
	if vezne.KindOf(err) != vezne.KindUnavailable || vezne.CodeOf(err) != vezne.CodeStorageUnavailable {
		t.Errorf("kind %q, code %q", vezne.KindOf(err), vezne.CodeOf(err))
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	if vezne.KindOf(cause) != vezne.KindInternal || vezne.KindOf(nil) != "" {
		t.Error("foreign errors are internal, nil is none")
	}
}

func TestCodesAreUniqueAndExplained(t *testing.T) {
	t.Parallel()
	seen := map[vezne.Code]bool{}
	for _, c := range vezne.Codes() {
		if seen[c.Code] || c.Meaning == "" || c.Kind == "" {
			t.Errorf("%q: twice, or without kind or meaning", c.Code)
		}
		seen[c.Code] = true
	}
	if vezne.E("not_in_the_table", "", "").Kind != vezne.KindInternal {
		t.Error("a code outside the table must be a fault of ours")
	}
}

func TestHandledEventsAreSortedAndUnique(t *testing.T) {
	t.Parallel()
	last := ""
	for _, e := range vezne.HandledEvents() {
		if e.Type <= last {
			t.Errorf("%s stands after %s", e.Type, last)
		}
		last = e.Type
	}
}
