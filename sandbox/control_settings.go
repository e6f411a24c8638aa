package sandbox

import (
	"encoding/json"
	"net/http"
	"time"
)

// Settings are what Stripe's dashboard sets for an account, and what only a sandbox can set.
type Settings struct {
	// DisplayName is the merchant's name on pages and statements.
	DisplayName string `json:"display_name"`
	// DefaultAPIVersion is used by calls and endpoints that name none.
	DefaultAPIVersion string `json:"default_api_version"`
	// DeliveryRetries are the seconds between a failed delivery and the next attempt, one for each retry. Stripe
	// publishes no schedule; a sandbox of Stripe's tries three times over a few hours.
	DeliveryRetries []int64 `json:"delivery_retries"`
	// DeliveryTimeoutMS is how long an endpoint may take to answer, in milliseconds of real time.
	DeliveryTimeoutMS int64 `json:"delivery_timeout_ms"`
	// FeePercent and FeeFixed are Stripe's fee on a charge: a share of the amount, and an amount in the currency's minor
	// unit.
	FeePercent float64 `json:"fee_percent"`
	FeeFixed   int64   `json:"fee_fixed"`
	// RateLimit is how many calls of the account are answered in a second of real time, EndpointRateLimit how many of one
	// method and route; 0 is no limit. Stripe's own sandboxes have 25 and 25.
	RateLimit         int64 `json:"rate_limit"`
	EndpointRateLimit int64 `json:"endpoint_rate_limit"`
	// Retries are what happens to invoices whose payment failed.
	Retries InvoiceRetries `json:"retries"`
	// Invoices are how invoices are numbered and their taxes rounded.
	Invoices InvoiceSettings `json:"invoices"`
	// TaxRates stand for Stripe Tax, one for each place.
	TaxRates []DeclaredTax `json:"tax_rates"`
	// PaymentMethods are the types that intents and sessions take when they are told none, as Stripe's dashboard has
	// them: card, sepa_debit (eur only), us_bank_account (usd only).
	PaymentMethods []string `json:"payment_methods"`
}

// defaultRetries are ten minutes, an hour and three hours after the failed attempt.
func defaultRetries() []int64 { return []int64{10 * 60, 60 * 60, 3 * 60 * 60} }

const (
	defaultDeliveryTimeout = 10_000
	// maxDeliveryTimeout keeps a hanging endpoint from holding up a whole test, in milliseconds.
	maxDeliveryTimeout = 120_000
	maxRetries         = 32
)

func (s Settings) deliveryTimeout() time.Duration {
	return time.Duration(s.DeliveryTimeoutMS) * time.Millisecond
}

// check says in a sentence what is wrong.
func (s Settings) check() error {
	switch {
	case s.DisplayName == "" || len(s.DisplayName) > 100:
		return invalid("display_name", "", "Invalid display_name: must be a text of 1 to 100 bytes")
	case checkVersion(s.DefaultAPIVersion) != nil:
		return invalid("default_api_version", "", "Invalid Stripe API version: %s", s.DefaultAPIVersion)
	case len(s.DeliveryRetries) > maxRetries:
		return invalid("delivery_retries", "", "Invalid delivery_retries: at most %d of them", maxRetries)
	case s.DeliveryTimeoutMS < 1 || s.DeliveryTimeoutMS > maxDeliveryTimeout:
		return invalid("delivery_timeout_ms", "", "Invalid delivery_timeout_ms: must be between 1 and %d", maxDeliveryTimeout)
	case s.FeePercent < 0 || s.FeePercent > 100:
		return invalid("fee_percent", "", "Invalid fee_percent: must be between 0 and 100")
	case s.FeeFixed < 0:
		return invalid("fee_fixed", "", "Invalid fee_fixed: an amount in the currency's minor unit, not negative")
	case s.RateLimit < 0 || s.EndpointRateLimit < 0:
		return invalid("rate_limit", "", "A rate limit is a number of calls a second; 0 is no limit")
	}
	for _, seconds := range s.DeliveryRetries {
		if seconds < 1 {
			return invalid("delivery_retries", "", "Invalid delivery_retries: each is the seconds to wait after the attempt before, at least 1")
		}
	}
	if err := s.Retries.check(); err != nil {
		return err
	}
	if err := s.Invoices.check(); err != nil {
		return err
	}
	if err := checkTaxes(s.TaxRates); err != nil {
		return err
	}
	return checkMethods(s.PaymentMethods)
}

// deliverySettings are the settings that every attempt of a delivery asks for: DeliveryRetries and DeliveryTimeoutMS.
func (tx *accountTx) deliverySettings() (retries []int64, timeout time.Duration) {
	s := Settings{DeliveryRetries: standardRetries, DeliveryTimeoutMS: defaultDeliveryTimeout}
	if set := tx.Account().Hash("_settings"); set != nil {
		s.takeDelivery(set)
	}
	return s.DeliveryRetries, s.deliveryTimeout()
}

// standardRetries are what all accounts have that set none; nobody changes them.
var standardRetries = defaultRetries()

// takeDelivery reads what was set for deliveries.
func (s *Settings) takeDelivery(set *stripeObject) {
	if list, ok := set.Get("delivery_retries").([]any); ok {
		s.DeliveryRetries = make([]int64, len(list))
		for i, v := range list {
			s.DeliveryRetries[i], _ = v.(int64)
		}
	}
	s.DeliveryTimeoutMS = set.Int("delivery_timeout_ms")
}

// settings are the account's settings: what was set, else the defaults.
func (tx *accountTx) settings() Settings {
	account := tx.Account()
	s := Settings{DisplayName: account.Str("settings.dashboard.display_name"), DefaultAPIVersion: tx.account.sandbox.apiVersion(),
		DeliveryRetries: defaultRetries(), DeliveryTimeoutMS: defaultDeliveryTimeout, FeePercent: feePercent, FeeFixed: feeFixed,
		Retries: defaultInvoiceRetries(), Invoices: defaultInvoiceSettings(), TaxRates: []DeclaredTax{},
		PaymentMethods: tx.paymentMethods()}
	set := account.Hash("_settings")
	if set == nil {
		return s
	}
	s.takeDelivery(set)
	s.DefaultAPIVersion = set.Str("default_api_version")
	s.FeePercent, s.FeeFixed = set.Float("fee_percent"), set.Int("fee_fixed")
	s.RateLimit, s.EndpointRateLimit = set.Int("rate_limit"), set.Int("endpoint_rate_limit")
	if retries := set.Hash("retries"); retries != nil {
		s.Retries = invoiceRetriesOf(retries)
	}
	if invoices := set.Hash("invoices"); invoices != nil {
		s.Invoices = invoiceSettingsOf(invoices)
	}
	for _, v := range set.List("tax_rates") {
		s.TaxRates = append(s.TaxRates, declaredTaxOf(v.(*stripeObject)))
	}
	return s
}

// setSettings writes settings into the account's object, where the rest of the sandbox reads them.
func (tx *accountTx) setSettings(s Settings) {
	taxes := make([]any, len(s.TaxRates))
	for i, t := range s.TaxRates {
		taxes[i] = t.hash()
	}
	tx.Put(tx.Account().Edit().Set("settings.dashboard.display_name", s.DisplayName).Set("_settings", hash(
		"default_api_version", s.DefaultAPIVersion, "delivery_retries", anyList(s.DeliveryRetries), "delivery_timeout_ms", s.DeliveryTimeoutMS,
		"fee_percent", s.FeePercent, "fee_fixed", s.FeeFixed, "rate_limit", s.RateLimit, "endpoint_rate_limit", s.EndpointRateLimit,
		"retries", s.Retries.hash(), "invoices", s.Invoices.hash(), "tax_rates", taxes, "payment_methods", anyList(s.PaymentMethods))))
}

// Settings reads the account's settings.
func (a *Account) Settings() (Settings, error) {
	c, err := a.control()
	if err != nil {
		return Settings{}, err
	}
	var s Settings
	err = c.account.do(func(tx *accountTx) error {
		s = tx.settings()
		return nil
	})
	return s, err
}

// ChangeSettings lets change set what it wants and returns what is set from then on. It returns the error of change, or
// an *Error that says what is wrong; then nothing is changed.
func (a *Account) ChangeSettings(change func(*Settings) error) (Settings, error) {
	c, err := a.control()
	if err != nil {
		return Settings{}, err
	}
	var s Settings
	err = c.account.do(func(tx *accountTx) error {
		s = tx.settings()
		if err := change(&s); err != nil {
			return err
		}
		if err := s.check(); err != nil {
			return err
		}
		tx.setSettings(s)
		tx.afterCommit(func() { c.refresh(tx) })
		return nil
	})
	return s, err
}

func getSettings(a *Account, _ *http.Request) (any, error) { return a.Settings() }

func postSettings(a *Account, r *http.Request) (any, error) {
	var text json.RawMessage
	if err := decodeControl(r, &text); err != nil {
		return nil, err
	}
	return a.ChangeSettings(func(s *Settings) error {
		if len(text) == 0 {
			return nil
		}
		return decodeSettings(text, s)
	})
}

// decodeSettings changes what the body names. A list takes the place of the one before.
func decodeSettings(text json.RawMessage, s *Settings) error {
	taxes := s.TaxRates
	s.TaxRates = nil // elements that are decoded over others would keep their keys
	if err := decodeText(text, s); err != nil {
		return err
	}
	if s.TaxRates == nil {
		s.TaxRates = taxes
	}
	return nil
}
