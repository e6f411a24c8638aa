package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

func init() {
	behave("GET /v1/accounts", listAccounts)
	behave("POST /v1/accounts", createAccount)
	behave("GET /v1/accounts/{account}", retrieveAccount)
	behave("POST /v1/accounts/{account}", updateAccount)
	behave("DELETE /v1/accounts/{account}", deleteAccount)
	behave("POST /v1/accounts/{account}/reject", rejectAccount)
	behave("POST /v1/accounts/{account}/unreject", unrejectAccount)
	onDue("account.verify", verifyAccount)
	simulation("account_onboarding", simulateOnboarding)
}

// verifySeconds is how long a connected account waits for Stripe's word once nothing is due any more; our choice.
const verifySeconds = 5

// accountParams are parameters of an account that are no fields of it, or need care.
var accountParams = []string{"type", "controller", "capabilities", "external_account", "bank_account", "individual", "account_token", "documents", "country", "default_currency"}

// createAccount makes a connected account: it lives at this platform, and calls that name it in Stripe-Account act in it.
func createAccount(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	if tx.scope != "" {
		return nil, invalid("", "", "A connected account cannot create accounts of its own.")
	}
	if p.Has("type") && p.Has("controller") {
		return nil, invalid("type", "parameters_exclusive", "You may only specify one of these parameters: type, controller.")
	}
	country := strings.ToUpper(orElse(p.Str("country"), "US"))
	currency := countryCurrencies[country]
	if currency == "" {
		return nil, invalid("country", "country_unsupported", "%s is not currently supported by Stripe.", country)
	}
	o := tx.New("account").Set("id", accountID(tx.NewID("", 16))).Set("created", tx.Now()).Set("country", country).
		Set("default_currency", orElse(strings.ToLower(p.Str("default_currency")), currency)).Set("type", accountType(p)).
		Set("charges_enabled", false).Set("payouts_enabled", false).Set("details_submitted", false).
		Set("business_profile", tx.NewHash("account_business_profile")).Set("controller", newController(tx, p)).
		Set("settings", tx.NewHash("account_settings")).
		Set("settings.payouts", tx.NewHash("account_payout_settings").Set("debit_negative_balances", true).
			Set("schedule", tx.NewHash("transfer_schedule").Set("delay_days", pendingDays).Set("interval", "daily")))
	showRequirements(tx, o, nil)
	o.Set("external_accounts", tx.externalAccounts(o))
	setAccount(tx, o, p)
	var told []string
	if given, ok := p.Hash("capabilities"); ok {
		told = requestCapabilities(tx, o, given)
	}
	tx.Put(o)
	if err := addGivenAccount(tx, o.ID(), p); err != nil {
		return nil, err
	}
	return settleRequirements(tx, tx.Get("account", o.ID()), nil, told), nil
}

// countryCurrencies are the countries in which Stripe opens accounts (stripe.com/global), with their currencies.
var countryCurrencies = map[string]string{
	"AE": "aed", "AT": "eur", "AU": "aud", "BE": "eur", "BG": "eur", "BR": "brl", "CA": "cad", "CH": "chf", "CY": "eur", "CZ": "czk", "DE": "eur", "DK": "dkk",
	"EE": "eur", "ES": "eur", "FI": "eur", "FR": "eur", "GB": "gbp", "GI": "gbp", "GR": "eur", "HK": "hkd", "HR": "eur", "HU": "huf", "IE": "eur", "IN": "inr",
	"IT": "eur", "JP": "jpy", "LI": "chf", "LT": "eur", "LU": "eur", "LV": "eur", "MT": "eur", "MX": "mxn", "MY": "myr", "NL": "eur", "NO": "nok", "NZ": "nzd",
	"PL": "pln", "PT": "eur", "RO": "ron", "SE": "sek", "SG": "sgd", "SI": "eur", "SK": "eur", "TH": "thb", "US": "usd",
}

// accountType is the older name of who controls an account; none when it was said with controller.
func accountType(p formParams) string {
	if p.Has("controller") {
		return "none"
	}
	return orElse(p.Str("type"), "standard")
}

// newController says who pays fees and losses, who collects what is required, and which dashboard there is
// (docs.stripe.com/connect/migrate-to-controller-properties).
func newController(tx *accountTx, p formParams) *stripeObject {
	fees, losses, collection, dashboard := "account", "stripe", "stripe", "full"
	switch p.Str("type") {
	case "express":
		fees, losses, dashboard = "application_express", "application", "express"
	case "custom":
		fees, losses, collection, dashboard = "application_custom", "application", "application", "none"
	}
	if p.Has("controller") {
		fees, losses = orElse(p.Str("controller.fees.payer"), fees), orElse(p.Str("controller.losses.payments"), losses)
		collection = orElse(p.Str("controller.requirement_collection"), collection)
		dashboard = orElse(p.Str("controller.stripe_dashboard.type"), dashboard)
	}
	return tx.NewHash("account_unification_account_controller").Set("type", "application").Set("is_controller", true).
		Set("fees", tx.NewHash("account_unification_account_controller_fees").Set("payer", fees)).
		Set("losses", tx.NewHash("account_unification_account_controller_losses").Set("payments", losses)).
		Set("requirement_collection", collection).
		Set("stripe_dashboard", tx.NewHash("account_unification_account_controller_stripe_dashboard").Set("type", dashboard))
}

// setAccount copies what create and update may say of an account.
func setAccount(tx *accountTx, o *stripeObject, p formParams) {
	applyParams(tx, o, p, accountParams...)
	if given, ok := p.Hash("individual"); ok {
		person := o.Hash("individual")
		if person == nil {
			person = tx.New("person").Set("account", o.ID()).Set("id", tx.NewID("person_1", 23)).
				Set("verification.status", "unverified")
		}
		person = applyParams(tx, person.Edit(), given)
		for param, shown := range map[string]string{"id_number": "id_number_provided", "ssn_last_4": "ssn_last_4_provided"} {
			if given.Str(param) != "" {
				person.Set(shown, true)
			}
		}
		o.Set("individual", person)
	}
	if p.Str("company.tax_id") != "" {
		o.Set("company.tax_id_provided", true)
	}
}

// addGivenAccount gives a connected account the bank account or card that came with the call.
func addGivenAccount(tx *accountTx, id string, p formParams) error {
	param := "external_account"
	if !p.Has(param) {
		if param = "bank_account"; !p.Has(param) {
			return nil
		}
	}
	_, err := addExternalAccount(tx, tx.Get("account", id), p, param)
	return err
}

func listAccounts(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	return tx.List(r, "account", func(o *stripeObject) bool { return o.ID() != tx.account.id && tx.scope == "" })
}

// findAccount finds a connected account, or the platform's own. What a key may not see is refused as Stripe does, whether
// there is such an account or not.
func findAccount(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	id := r.Path("account")
	o := tx.Get("account", id)
	if o == nil || tx.scope != "" && id != tx.scope {
		return nil, noAccess(r.Key, id)
	}
	return o, nil
}

func retrieveAccount(tx *accountTx, r *apiRequest) (*stripeObject, error) { return findAccount(tx, r) }

func updateAccount(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	was, err := findAccount(tx, r)
	if err != nil {
		return nil, err
	}
	if err := addGivenAccount(tx, was.ID(), p); err != nil {
		return nil, err
	}
	o := tx.Get("account", was.ID()).Edit()
	setAccount(tx, o, p)
	var told []string
	if given, ok := p.Hash("capabilities"); ok {
		told = requestCapabilities(tx, o, given)
	}
	tx.Put(o)
	return settleRequirements(tx, tx.Get("account", o.ID()), was, told), nil
}

// inAccount runs f in a connected account; for the platform's own it changes nothing.
func (tx *accountTx) inAccount(id string, f func()) {
	if id == tx.account.id {
		id = ""
	}
	tx.within(id, f)
}

// settleRequirements looks at what an account still owes, and tells the changes of its capabilities and, when it was there
// before, its own. When nothing is due any more Stripe looks at what it was given.
func settleRequirements(tx *accountTx, o, former *stripeObject, capabilities []string) *stripeObject {
	if o.ID() == tx.account.id {
		tx.Event("account.updated", o, former)
		return o
	}
	due := dueOf(tx, o)
	if o.Bool("details_submitted") {
		due = nil
	}
	o = o.Edit()
	showRequirements(tx, o, due)
	if len(due) == 0 {
		if !o.Bool("details_submitted") || len(capabilities) > 0 {
			tx.Due(tx.Now()+verifySeconds, "account.verify", o.ID())
		}
		o.Set("details_submitted", true)
	}
	tx.Put(o)
	tx.inAccount(o.ID(), func() {
		tx.tellCapabilities(capabilities)
		if former != nil && !equalObjects(former, o) {
			tx.Event("account.updated", o, former)
		}
	})
	return o
}

// dueOf are the fields that an account still has to give: an outline of Stripe's lists, of what the API can fill in.
func dueOf(tx *accountTx, o *stripeObject) []string {
	due := []string{}
	need := func(name string, there bool) {
		if !there {
			due = append(due, name)
		}
	}
	filled := func(names ...string) {
		for _, name := range names {
			need(name, o.Has(name) && o.Get(name) != "")
		}
	}
	filled("business_profile.mcc")
	need("business_profile.url", o.Str("business_profile.url") != "" || o.Str("business_profile.product_description") != "")
	filled("business_type")
	switch o.Str("business_type") {
	case "individual":
		filled("individual.first_name", "individual.last_name", "individual.dob.day", "individual.dob.month", "individual.dob.year",
			"individual.email", "individual.address.line1", "individual.address.city", "individual.address.postal_code")
	case "company", "non_profit", "government_entity":
		filled("company.name", "company.address.line1", "company.address.city", "company.address.postal_code")
		need("company.tax_id", o.Bool("company.tax_id_provided"))
	}
	need("external_account", len(tx.accountsOf(o)) > 0)
	filled("tos_acceptance.date", "tos_acceptance.ip")
	slices.Sort(due)
	return due
}

// showRequirements writes what is due into an account. An account that was rejected stays so.
func showRequirements(tx *accountTx, o *stripeObject, due []string) {
	rejected := o.Str("requirements.disabled_reason")
	for _, key := range []string{"requirements", "future_requirements"} {
		shown := tx.NewHash("account_" + key)
		for _, list := range []string{"alternatives", "currently_due", "errors", "eventually_due", "past_due", "pending_verification"} {
			shown.Set(list, []any{})
		}
		o.Set(key, shown)
	}
	o.Set("requirements.currently_due", due).Set("requirements.eventually_due", due).Set("requirements.past_due", due)
	switch {
	case strings.HasPrefix(rejected, "rejected."):
		o.Set("requirements.disabled_reason", rejected)
	case len(due) > 0:
		o.Set("requirements.disabled_reason", "requirements.past_due")
	}
}

// verifyAccount is Stripe's word on a connected account that gave all that was due: its requested capabilities begin.
func verifyAccount(tx *accountTx, id string) error {
	o := tx.Get("account", id)
	if o == nil || !o.Bool("details_submitted") || strings.HasPrefix(o.Str("requirements.disabled_reason"), "rejected.") {
		return nil
	}
	o = o.Edit()
	told := activateCapabilities(tx, o)
	active := func(name string) bool { return o.Str("capabilities."+name) == "active" }
	o.Set("charges_enabled", active("card_payments") || active("legacy_payments") || o.Str("type") == "standard").Set("payouts_enabled", true)
	tx.Put(o)
	tx.inAccount(id, func() {
		tx.tellCapabilities(told)
		tx.Event("account.updated", o, tx.account.store.record("account", id).former)
	})
	return nil
}

// simulateOnboarding is the owner of a connected account who fills in Stripe's form: {account}.
func simulateOnboarding(tx *accountTx, p formParams) (*stripeObject, error) {
	o := tx.Get("account", p.Str("account"))
	if o == nil || o.ID() == tx.account.id {
		return nil, missing("account", p.Str("account"), "account", http.StatusNotFound)
	}
	return onboard(tx, o), nil
}

// onboard writes what a test owner would give, as far as it is missing.
func onboard(tx *accountTx, o *stripeObject) *stripeObject {
	former := o
	if len(tx.accountsOf(o)) == 0 {
		keepExternalAccount(tx, o, externalBank(tx, o, testBankSuccess, o.Str("country"), o.Str("default_currency")))
	}
	o = tx.Get("account", o.ID()).Edit()
	fill := func(name string, v any) {
		if !o.Has(name) || o.Get(name) == "" {
			o.Set(name, v)
		}
	}
	fill("business_type", "individual")
	fill("business_profile.mcc", "5734")
	fill("business_profile.url", "https://accessible.stripe.com")
	fill("tos_acceptance.date", tx.Now())
	fill("tos_acceptance.ip", "127.0.0.1")
	o.Set("details_submitted", true)
	tx.Put(o)
	tx.Due(tx.Now()+verifySeconds, "account.verify", o.ID())
	return settleRequirements(tx, tx.Get("account", o.ID()), former, nil)
}

func deleteAccount(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o, err := findAccount(tx, r)
	if err != nil {
		return nil, err
	}
	if o.ID() == tx.account.id {
		return nil, invalid("account", "", "The account that a key belongs to cannot be deleted with it.")
	}
	left := int64(0)
	tx.inAccount(o.ID(), func() {
		tx.Each("balance_transaction", func(txn *stripeObject) bool { left += txn.Int("net"); return true })
	})
	if left != 0 {
		return nil, invalid("account", "", "This account cannot be deleted because it has a balance that is not zero.")
	}
	tx.Delete(o, "")
	return hash("id", o.ID(), "object", "account", "deleted", true), nil
}

// rejectReasons are why a platform may reject an account (docs.stripe.com/api/account/reject).
var rejectReasons = []string{"fraud", "terms_of_service", "other"}

func rejectAccount(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o, err := findAccount(tx, r)
	if err != nil {
		return nil, err
	}
	reason := r.Params().Str("reason")
	if !slices.Contains(rejectReasons, reason) {
		return nil, invalid("reason", "", "Invalid reason: must be one of fraud, terms_of_service, or other")
	}
	if o.ID() == tx.account.id {
		return nil, invalid("account", "", "Only connected accounts can be rejected.")
	}
	former := o
	o = o.Edit().Set("charges_enabled", false).Set("payouts_enabled", false).Set("requirements.disabled_reason", "rejected."+reason)
	told := stopCapabilities(tx, o)
	tx.Put(o)
	tx.inAccount(o.ID(), func() {
		tx.tellCapabilities(told)
		tx.Event("account.updated", o, former)
	})
	return o, nil
}

// unrejectAccount takes a platform's rejection back: what was verified works again, what is due is due again.
func unrejectAccount(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o, err := findAccount(tx, r)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(o.Str("requirements.disabled_reason"), "rejected.") {
		return nil, invalid("account", "", "Only accounts that were rejected by your platform can be unrejected.")
	}
	settled := settleRequirements(tx, o.Edit().Set("requirements.disabled_reason", nil), o, nil)
	if settled.Bool("details_submitted") {
		tx.Due(tx.Now()+verifySeconds, "account.verify", o.ID())
	}
	return settled, nil
}
