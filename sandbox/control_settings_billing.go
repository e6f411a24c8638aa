package sandbox

import (
	"slices"

	"github.com/vezne/vezne/sandbox/internal/billing"
	"github.com/vezne/vezne/sandbox/internal/description"
)

// InvoiceRetries say when a failed payment of an invoice is tried again by itself, and what follows the last retry. Stripe
// chooses the times by a model; these are fixed ones.
type InvoiceRetries struct {
	// AfterDays are the days between the first attempt and each retry: 1, 3, 7. Empty for no retry.
	AfterDays []int64 `json:"after_days"`
	// End is what becomes of the subscription when the last retry has failed: canceled, unpaid or past_due.
	End string `json:"end"`
}

// InvoiceSettings are what Stripe's dashboard sets for invoices.
type InvoiceSettings struct {
	// Numbering is customer, each customer's invoices counted behind a prefix of their own, or account, all invoices of the
	// account counted in one row.
	Numbering string `json:"numbering"`
	// TaxRounding is line_item, each line's tax rounded, or invoice, the sum of each rate rounded once.
	TaxRounding string `json:"tax_rounding"`
	// UpcomingDays is how many days before a renewal invoice.upcoming is sent, 0 for never.
	UpcomingDays int64 `json:"upcoming_days"`
	// WillBeDueDays is how many days before its due date invoice.will_be_due tells of a sent invoice, 0 for never.
	WillBeDueDays int64 `json:"will_be_due_days"`
	// OverdueDays is how many days after its due date invoice.overdue tells of it, 0 for on that date.
	OverdueDays int64 `json:"overdue_days"`
}

// The usual days of invoice.upcoming, and the most that a setting of days may say.
const (
	usualUpcomingDays = 7
	maxInvoiceDays    = 60
)

// The ways of numbering invoices.
const (
	numberedByCustomer = "customer"
	numberedByAccount  = "account"
)

func defaultInvoiceSettings() InvoiceSettings {
	return InvoiceSettings{Numbering: numberedByCustomer, TaxRounding: string(billing.RoundPerLine), UpcomingDays: usualUpcomingDays}
}

// invoiceSettings are the account's settings of invoices: what was set, else the defaults.
func (tx *accountTx) invoiceSettings() InvoiceSettings {
	if set := tx.Account().Hash("_settings.invoices"); set != nil {
		return invoiceSettingsOf(set)
	}
	return defaultInvoiceSettings()
}

// hash is how the account's object holds the settings.
func (s InvoiceSettings) hash() *stripeObject {
	return hash("numbering", s.Numbering, "tax_rounding", s.TaxRounding, "upcoming_days", s.UpcomingDays, "will_be_due_days", s.WillBeDueDays, "overdue_days", s.OverdueDays)
}

func invoiceSettingsOf(o *stripeObject) InvoiceSettings {
	s := InvoiceSettings{Numbering: o.Str("numbering"), TaxRounding: o.Str("tax_rounding"), UpcomingDays: usualUpcomingDays,
		WillBeDueDays: o.Int("will_be_due_days"), OverdueDays: o.Int("overdue_days")}
	if o.Has("upcoming_days") { // settings of before there was the choice have none
		s.UpcomingDays = o.Int("upcoming_days")
	}
	return s
}

// check says in a sentence what is wrong.
func (s InvoiceSettings) check() error {
	switch {
	case s.Numbering != numberedByCustomer && s.Numbering != numberedByAccount:
		return invalid("invoices[numbering]", "", "Invalid invoices: the numbering is one of customer or account")
	case s.TaxRounding != string(billing.RoundPerLine) && s.TaxRounding != string(billing.RoundPerInvoice):
		return invalid("invoices[tax_rounding]", "", "Invalid invoices: the tax_rounding is one of line_item or invoice")
	}
	for _, days := range []int64{s.UpcomingDays, s.WillBeDueDays, s.OverdueDays} {
		if days < 0 || days > maxInvoiceDays {
			return invalid("invoices", "", "Invalid invoices: the upcoming_days, will_be_due_days and overdue_days are between 0 and %d", maxInvoiceDays)
		}
	}
	return nil
}

// DeclaredTax is a rate of tax that stands for Stripe Tax: where automatic tax is on, it is what a buyer there pays.
type DeclaredTax struct {
	// Country is where it holds, in two letters; "" is everywhere that has no rate of its own. State is a part of the
	// country, "" all of it.
	Country string `json:"country"`
	State   string `json:"state"`
	// Percentage is the rate, between 0 and 100.
	Percentage float64 `json:"percentage"`
	// DisplayName is what invoices and pages call it, "" for Tax; TaxType Stripe's word for its kind, such as vat.
	DisplayName string `json:"display_name"`
	TaxType     string `json:"tax_type"`
	// Inclusive says that prices whose tax_behavior is unspecified contain the tax.
	Inclusive bool `json:"inclusive"`
}

const (
	maxInvoiceRetries = 16
	maxRetryDays      = 365
	maxDeclaredTaxes  = 300
)

func defaultInvoiceRetries() InvoiceRetries {
	r := InvoiceRetries{End: string(billing.DefaultRetries.End)}
	for _, after := range billing.DefaultRetries.After {
		r.AfterDays = append(r.AfterDays, int64(after/billing.Day))
	}
	return r
}

// check says in a sentence what is wrong.
func (r InvoiceRetries) check() error {
	if len(r.AfterDays) > maxInvoiceRetries {
		return invalid("retries[after_days]", "", "Invalid retries: at most %d of them", maxInvoiceRetries)
	}
	before := int64(0)
	for _, days := range r.AfterDays {
		if days <= before || days > maxRetryDays {
			return invalid("retries[after_days]", "", "Invalid retries: each is the days after the first attempt, more than the one before, at most %d", maxRetryDays)
		}
		before = days
	}
	if ends := []billing.DunningEnd{billing.EndCanceled, billing.EndUnpaid, billing.EndPastDue}; !slices.Contains(ends, billing.DunningEnd(r.End)) {
		return invalid("retries[end]", "", "Invalid retries: the end is one of canceled, unpaid or past_due")
	}
	return nil
}

// checkTaxes says in a sentence what is wrong with declared rates.
func checkTaxes(list []DeclaredTax) error {
	if len(list) > maxDeclaredTaxes {
		return invalid("tax_rates", "", "Invalid tax_rates: at most %d of them", maxDeclaredTaxes)
	}
	types := description.Load().Schema("tax_rate").Prop("tax_type").Node.Enum
	for i, t := range list {
		switch {
		case t.Country != "" && !isCountryCode(t.Country):
			return invalid("tax_rates", "country_code_invalid", "Invalid tax_rates: a country is two capital letters, or left out for everywhere")
		case t.State != "" && t.Country == "":
			return invalid("tax_rates", "", "Invalid tax_rates: a state needs its country")
		case t.Percentage < 0 || t.Percentage > 100:
			return invalid("tax_rates", "", "Invalid tax_rates: a percentage is between 0 and 100")
		case t.TaxType != "" && !slices.Contains(types, t.TaxType):
			return invalid("tax_rates", "", "Invalid tax_rates: %s is no tax_type of Stripe's", t.TaxType)
		case slices.ContainsFunc(list[:i], func(o DeclaredTax) bool { return o.Country == t.Country && o.State == t.State }):
			return invalid("tax_rates", "", "Invalid tax_rates: two for the same place")
		}
	}
	return nil
}

func isCountryCode(code string) bool {
	return len(code) == 2 && code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z'
}

// hash is how the account's object holds the retries.
func (r InvoiceRetries) hash() *stripeObject {
	return hash("after_days", anyList(r.AfterDays), "end", r.End)
}

func invoiceRetriesOf(o *stripeObject) InvoiceRetries {
	r := InvoiceRetries{AfterDays: []int64{}, End: o.Str("end")}
	for _, v := range o.List("after_days") {
		days, _ := v.(int64)
		r.AfterDays = append(r.AfterDays, days)
	}
	return r
}

func (t DeclaredTax) hash() *stripeObject {
	return hash("country", t.Country, "state", t.State, "percentage", t.Percentage, "display_name", t.DisplayName, "tax_type", t.TaxType, "inclusive", t.Inclusive)
}

func declaredTaxOf(o *stripeObject) DeclaredTax {
	return DeclaredTax{Country: o.Str("country"), State: o.Str("state"), Percentage: o.Float("percentage"), DisplayName: o.Str("display_name"),
		TaxType: o.Str("tax_type"), Inclusive: o.Bool("inclusive")}
}

func anyList[T any](values []T) []any {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	return list
}

// invoiceRetries is the account's policy for invoices whose payment failed.
func (tx *accountTx) invoiceRetries() billing.RetryPolicy {
	set := tx.settings().Retries
	policy := billing.RetryPolicy{End: billing.DunningEnd(set.End)}
	for _, days := range set.AfterDays {
		policy.After = append(policy.After, billing.Seconds(days)*billing.Day)
	}
	return policy
}

// automaticTaxRate is the tax rate that automatic tax applies for a buyer in a place, nil when none is declared for it.
// behavior is the price's tax_behavior; where that is unspecified the declared rate says whether prices contain the tax.
// It is a tax_rate like any, stored at its first use, and not active: as Stripe's own it is not for other uses.
func (tx *accountTx) automaticTaxRate(country, state, behavior string) *stripeObject {
	declared, ok := declaredTaxFor(tx.settings().TaxRates, country, state)
	if !ok {
		return nil
	}
	if behavior == "inclusive" || behavior == "exclusive" {
		declared.Inclusive = behavior == "inclusive"
	}
	var found *stripeObject
	tx.Each("tax_rate", func(o *stripeObject) bool {
		if made := o.Hash("_declared"); made != nil && declaredTaxOf(made) == declared {
			found = o
		}
		return found == nil
	})
	if found != nil {
		return found
	}
	rate := tx.New("tax_rate").Set("active", false).Set("display_name", orElse(declared.DisplayName, "Tax")).Set("inclusive", declared.Inclusive).
		Set("percentage", declared.Percentage).Set("effective_percentage", declared.Percentage).Set("rate_type", "percentage").
		Set("country", textOrNull(declared.Country)).Set("state", textOrNull(declared.State)).Set("tax_type", textOrNull(declared.TaxType)).
		Set("_declared", declared.hash())
	tx.Put(rate)
	return rate
}

// declaredTaxFor finds the rate of a place: the state's, else the country's, else the one for everywhere.
func declaredTaxFor(list []DeclaredTax, country, state string) (DeclaredTax, bool) {
	for _, place := range [][2]string{{country, state}, {country, ""}, {"", ""}} {
		if i := slices.IndexFunc(list, func(t DeclaredTax) bool { return t.Country == place[0] && t.State == place[1] }); i >= 0 {
			return list[i], true
		}
	}
	return DeclaredTax{}, false
}
