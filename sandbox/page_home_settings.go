package sandbox

import (
	"net/http"
	"strconv"
	"strings"
)

// homeSetting is a setting with its value as text.
type homeSetting struct{ Name, Value string }

// homeSnapshot is a snapshot with its addresses.
type homeSnapshot struct{ ID, Created, RestoreURL, ForgetURL string }

// homeSettingsPage are the keys of an account, its endpoints, its settings, and what was kept of it.
type homeSettingsPage struct {
	*homePage
	ID, BaseURL, SecretKey, PublishableKey string
	Keys                                   []homeKey
	Endpoints                              []homeEndpoint
	Settings                               []homeSetting
	Snapshots                              []homeSnapshot
}

// homeKey is a restricted key with what it may do.
type homeKey struct{ Key, Permissions string }

func (h *home) serveSettings(p *homePage, r *http.Request) (string, any, error) {
	a := &Account{a: p.account}
	v := &homeSettingsPage{homePage: p, ID: p.account.id, BaseURL: h.baseURL(r), SecretKey: "sk_test_" + p.Account, PublishableKey: "pk_test_" + p.Account, Endpoints: p.endpoints()}
	settings, err := a.Settings()
	if err != nil {
		return "", nil, err
	}
	v.Settings = settings.rows()
	keys, err := a.Keys()
	if err != nil {
		return "", nil, err
	}
	for _, k := range keys {
		v.Keys = append(v.Keys, homeKey{k.Key, permissionText(k.Permissions)})
	}
	snapshots, err := a.Snapshots()
	if err != nil {
		return "", nil, err
	}
	for _, s := range snapshots {
		v.Snapshots = append(v.Snapshots, homeSnapshot{s.ID, homeTime(s.Created), p.To("snapshots", s.ID, "restore"), p.To("snapshots", s.ID, "forget")})
	}
	return "home_settings.html", v, nil
}

// rows are the settings by the names that the control API gives them.
func (s Settings) rows() []homeSetting {
	taxes := make([]string, len(s.TaxRates))
	for i, t := range s.TaxRates {
		taxes[i] = strings.Join(strings.Fields(t.Country+" "+t.State+" "+strconv.FormatFloat(t.Percentage, 'f', -1, 64)), " ") + " %"
	}
	return []homeSetting{
		{"display_name", s.DisplayName}, {"default_api_version", s.DefaultAPIVersion}, {"delivery_retries", strings.Join(numbers(s.DeliveryRetries), ", ")},
		{"delivery_timeout_ms", strconv.FormatInt(s.DeliveryTimeoutMS, 10)}, {"fee_percent", strconv.FormatFloat(s.FeePercent, 'f', -1, 64)},
		{"fee_fixed", strconv.FormatInt(s.FeeFixed, 10)}, {"rate_limit", strconv.FormatInt(s.RateLimit, 10)}, {"endpoint_rate_limit", strconv.FormatInt(s.EndpointRateLimit, 10)},
		{"retries.after_days", strings.Join(numbers(s.Retries.AfterDays), ", ")}, {"retries.end", s.Retries.End}, {"invoices.numbering", s.Invoices.Numbering}, {"invoices.tax_rounding", s.Invoices.TaxRounding},
		{"invoices.upcoming_days", strconv.FormatInt(s.Invoices.UpcomingDays, 10)}, {"invoices.will_be_due_days", strconv.FormatInt(s.Invoices.WillBeDueDays, 10)},
		{"invoices.overdue_days", strconv.FormatInt(s.Invoices.OverdueDays, 10)},
		{"tax_rates", strings.Join(taxes, ", ")},
		{"payment_methods", strings.Join(s.PaymentMethods, ", ")},
	}
}

func numbers(list []int64) []string {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = strconv.FormatInt(n, 10)
	}
	return texts
}
