package sandbox

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func TestSettingsOfBilling(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	change := func(text string) Settings {
		t.Helper()
		var s Settings
		if err := json.Unmarshal([]byte(must(t, sb, "POST", "/_sandbox/settings", text).body), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := change(`{}`)
	if diff := cmp.Diff(InvoiceRetries{AfterDays: []int64{1, 2, 4, 6, 8, 10, 12, 14}, End: "canceled"}, s.Retries); diff != "" || len(s.TaxRates) != 0 {
		t.Errorf("at first: %s %v", diff, s.TaxRates)
	}
	change(`{"retries":{"after_days":[3,5]},"tax_rates":[{"country":"DE","percentage":19,"tax_type":"vat"},{"percentage":5}]}`)
	s = change(`{"retries":{"end":"unpaid"}}`)
	if diff := cmp.Diff(InvoiceRetries{AfterDays: []int64{3, 5}, End: "unpaid"}, s.Retries); diff != "" || len(s.TaxRates) != 2 {
		t.Errorf("a change of the end keeps the rest: %s %v", diff, s.TaxRates)
	}
	s = change(`{"tax_rates":[{"country":"FR"}]}`)
	if diff := cmp.Diff([]DeclaredTax{{Country: "FR"}}, s.TaxRates); diff != "" {
		t.Errorf("a list takes the place of the one before: %s", diff)
	}
	s = change(`{"invoices":{"numbering":"account"}}`)
	if diff := cmp.Diff(InvoiceSettings{Numbering: "account", TaxRounding: "line_item", UpcomingDays: 7}, s.Invoices); diff != "" {
		t.Errorf("a change of the numbering keeps the rest: %s", diff)
	}
	for _, bad := range []string{`{"invoices":{"numbering":"month"}}`, `{"invoices":{"tax_rounding":"never"}}`, `{"invoices":{"upcoming_days":61}}`, `{"invoices":{"overdue_days":-1}}`} {
		if got := call(t, sb, "POST", "/_sandbox/settings", bad); got.status != 400 {
			t.Errorf("%s answered %d", bad, got.status)
		}
	}
	if s = change(`{"tax_rates":[],"retries":{"after_days":[]}}`); len(s.TaxRates) != 0 || len(s.Retries.AfterDays) != 0 {
		t.Errorf("emptied: %+v", s)
	}
}

func TestDeclaredTaxesStandForAutomaticTax(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	must(t, sb, "POST", "/_sandbox/settings", `{"retries":{"after_days":[3]},"tax_rates":[{"country":"US","state":"CA","percentage":7.25,"tax_type":"sales_tax"},
		{"country":"US","percentage":1},{"country":"DE","percentage":19,"display_name":"USt","tax_type":"vat","inclusive":true}]}`)
	err := sb.account("core").do(func(tx *accountTx) error {
		for _, c := range []struct {
			country, state, behavior string
			percent                  float64
			inclusive                bool
		}{
			{"US", "CA", "exclusive", 7.25, false}, {"US", "NY", "", 1, false}, {"DE", "", "unspecified", 19, true}, {"DE", "BY", "exclusive", 19, false},
		} {
			rate := tx.automaticTaxRate(c.country, c.state, c.behavior)
			if rate.Float("percentage") != c.percent || rate.Bool("inclusive") != c.inclusive || rate.Bool("active") {
				t.Errorf("%+v: %s", c, render(rate))
			}
			if again := tx.automaticTaxRate(c.country, c.state, c.behavior); again.ID() != rate.ID() {
				t.Errorf("%+v: %s and %s", c, rate.ID(), again.ID())
			}
		}
		if rate := tx.automaticTaxRate("FR", "", ""); rate != nil {
			t.Errorf("nothing is declared for FR: %s", render(rate))
		}
		if diff := cmp.Diff(billing.RetryPolicy{After: []billing.Seconds{3 * billing.Day}, End: billing.EndCanceled}, tx.invoiceRetries()); diff != "" {
			t.Error(diff)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	data, _ := must(t, sb, "GET", "/v1/tax_rates?inclusive=true", "").at("data").([]any)
	if len(data) != 1 || data[0].(map[string]any)["display_name"] != "USt" || data[0].(map[string]any)["effective_percentage"] != 19.0 {
		t.Errorf("the rate is there to be read: %v", data)
	}
}
