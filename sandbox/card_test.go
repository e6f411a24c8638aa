package sandbox

import (
	"os"
	"regexp"
	"testing"
)

// The page of cards, whose rows are run, leaves out no number that the sandbox takes.
func TestThePageOfCardsNamesEachNumber(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/reference/sandbox/cards.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, number := range regexp.MustCompile(`\b\d{14,19}\b`).FindAllString(string(page), -1) {
		named[number] = true
	}
	for _, c := range testCards {
		if !named[c.number] {
			t.Errorf("%s …%s is on no row", c.name, c.last4())
		}
	}
}

func TestPublishedNumbersAreWholeAndNamedOnce(t *testing.T) {
	t.Parallel()
	names, numbers := map[string]bool{}, map[string]bool{}
	for _, c := range testCards {
		if !passesLuhn(c.number) {
			t.Errorf("%s: the check digit of …%s is wrong", c.name, c.last4())
		}
		if names[c.name] || numbers[c.number] {
			t.Errorf("%s …%s is there twice", c.name, c.last4())
		}
		names[c.name], numbers[c.number] = true, true
		if !regexp.MustCompile(`^[A-Za-z0-9_]+$`).MatchString(c.name) || cardsByName[c.name].number != c.number || cardsByNumber[c.number].name != c.name {
			t.Errorf("%s cannot be found", c.name)
		}
		for _, reason := range []string{c.decline, c.chargeDecline} {
			if reason != "" && declineFor(reason).message == "" {
				t.Errorf("%s: no message for %s", c.name, reason)
			}
		}
	}
	for alias, name := range cardAliases {
		if cardsByName[alias] == nil || names[alias] {
			t.Errorf("%s stands for %s, which is no card, or is one itself", alias, name)
		}
	}
	for _, bank := range testBanks {
		if bank.typ == "sepa_debit" && !validIBAN(bank.number) {
			t.Errorf("%s: %s is no IBAN", bank.name, bank.number)
		}
		if bank.failure != "" && bankFailures[bank.failure] == "" {
			t.Errorf("%s: no message for %s", bank.name, bank.failure)
		}
	}
}

func TestFeesAndSharesAreRounded(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		amount  int64
		percent float64
		want    int64
	}{
		{1000, 2.9, 29}, {2500, 2.9, 73}, {2900, 2.9, 84}, {22500, 2.9, 653}, {1, 50, 1}, {-2500, 2.9, -73}, {234500, 12.5, 29313}, {100, 33.3333, 33},
	} {
		if got := share(tc.amount, tc.percent); got != tc.want {
			t.Errorf("%g %% of %d is %d, want %d", tc.percent, tc.amount, got, tc.want)
		}
	}
	for currency, decimals := range map[string]int{"usd": 2, "JPY": 0, "kwd": 3, "isk": 2, "ugx": 2, "try": 2, "huf": 2} {
		if got := currencyDecimals(currency); got != decimals {
			t.Errorf("%s has %d decimals, want %d", currency, got, decimals)
		}
	}
}
