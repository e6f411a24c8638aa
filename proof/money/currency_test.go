package money_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/sandbox"
)

// charge asks the sandbox for an intent and returns the code of its refusal, ""
// when it was made.
func charge(t *testing.T, client *http.Client, amount int64, currency string) (status int, body string) {
	t.Helper()
	form := strings.NewReader(fmt.Sprintf("amount=%d&currency=%s&payment_method_types[]=card", amount, currency))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://sandbox/v1/payment_intents", form)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer sk_test_money")
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var b strings.Builder
	if err := res.Write(&b); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, b.String()
}

// Both tables were written from Stripe's pages by themselves: the desk and the
// sandbox share no code.
func TestTheDeskAndTheSandboxAgreeOnMoney(t *testing.T) {
	t.Parallel()
	sb, err := sandbox.New(sandbox.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	client := &http.Client{Transport: sb.Transport()}
	amounts := []int64{-1, 0, 1, 5, 10, 15, 29, 30, 49, 50, 99, 100, 105, 150, 199, 200, 249, 250, 300, 399, 400, 500, 999, 1000, 1005, 1499, 1500, 17499, 17500,
		99_999_900, 99_999_990, 99_999_999, 100_000_000, 999_999_999, 1_000_000_000, 999_999_999_999, 1_000_000_000_000}
	for _, c := range vezne.Currencies() {
		for _, amount := range amounts {
			m := vezne.Money{Amount: amount, Currency: c}
			want := m.CheckCharge()
			status, body := charge(t, client, amount, string(c))
			if (want == nil) != (status == http.StatusOK) {
				t.Errorf("%v: the desk says %v, the sandbox %d: %s", m, want, status, body)
			}
			if code := vezne.CodeOf(want); (code == vezne.CodeAmountTooSmall && amount > 0 && !strings.Contains(body, "amount_too_small") && !strings.Contains(body, "parameter_invalid_integer")) ||
				(code == vezne.CodeAmountTooLarge && !strings.Contains(body, "amount_too_large")) {
				t.Errorf("%v: the desk says %s, the sandbox %s", m, code, body)
			}
		}
	}
}

// Stripe's error text lists more than its page of currencies: former ones and
// some that few accounts have.
func TestCurrenciesThatOnlyTheSandboxKnowsAreNamedHere(t *testing.T) {
	t.Parallel()
	sb, err := sandbox.New(sandbox.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	_, body := charge(t, &http.Client{Transport: sb.Transport()}, 1000, "zzz")
	_, list, found := strings.Cut(body, "currently supports these currencies: ")
	if !found {
		t.Fatalf("the refusal of an unknown currency lists none: %s", body)
	}
	list, _, _ = strings.Cut(list, `"`)
	var extra []string
	for c := range strings.SplitSeq(list, ", ") {
		if !vezne.Currency(c).Known() {
			extra = append(extra, c)
		}
	}
	slices.Sort(extra)
	if d := cmp.Diff([]string{"btn", "eek", "ghs", "hrk", "ltl", "lvl", "mro", "svc", "usdc", "vef", "xcg"}, extra); d != "" {
		t.Errorf("-named here +known to the sandbox only:\n%s", d)
	}
}
