package sandbox

import "net/http"

func init() {
	behave("POST /v1/account_links", createAccountLink)
	behave("POST /v1/account_sessions", createAccountSession)
	behave("POST /v1/accounts/{account}/login_links", createLoginLink)
	private("POST /v1/account_links/{token}/visit", visitAccountLink)
}

const (
	// linkLife and sessionLife are how long, in seconds, an account link and an account session are good for: the one is of
	// Stripe's sample answers, the other of docs.stripe.com/connect/get-started-connect-embedded-components.
	linkLife    = 5 * 60
	sessionLife = 30 * 60
	// accountLinkType is the store's type of account links: Stripe keeps them and shows them once.
	accountLinkType = "account_link_visit"
)

// findConnected finds a connected account that a parameter names.
func findConnected(tx *accountTx, id, param string) (*stripeObject, error) {
	o := tx.Get("account", id)
	if o == nil || id == tx.account.id || tx.scope != "" {
		return nil, missing("account", id, param, http.StatusBadRequest)
	}
	return o, nil
}

// createAccountLink makes the address at which the owner of a connected account gives what is due.
func createAccountLink(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	account, err := findConnected(tx, p.Str("account"), "account")
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"refresh_url", "return_url"} {
		if p.Str(name) == "" {
			return nil, invalid(name, "parameter_missing", "You must provide a %s for an account link of this type.", name)
		}
		if err := checkEndpointURL(p.Str(name)); err != nil {
			return nil, naming(err, name)
		}
	}
	token := tx.NewID("", 24)
	expires := tx.Now() + linkLife
	tx.Put(hash("id", token, "object", accountLinkType, "account", account.ID(), "expires_at", expires, "used", false,
		"return_url", p.Str("return_url"), "refresh_url", p.Str("refresh_url")))
	tx.Publish(token)
	return tx.New("account_link").Set("created", tx.Now()).Set("expires_at", expires).Set("url", tx.URL("/setup/"+token)), nil
}

// visitAccountLink is an owner who opens the address and fills in the form. A link is good once, and for a short time:
// later it leads to the platform's refresh_url.
func visitAccountLink(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	link := tx.Get(accountLinkType, r.Path("token"))
	if link == nil {
		return nil, missing("account link", r.Path("token"), "token", http.StatusNotFound)
	}
	account := tx.Get("account", link.Str("account"))
	if link.Bool("used") || link.Int("expires_at") <= tx.Now() || account == nil {
		return hash("object", accountLinkType, "url", link.Str("refresh_url")), nil
	}
	tx.Put(link.Edit().Set("used", true))
	onboard(tx, account)
	return hash("object", accountLinkType, "url", link.Str("return_url")), nil
}

// createLoginLink makes the address of an Express account's dashboard, which the sandbox does not draw.
func createLoginLink(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	account, err := findAccount(tx, r)
	if err != nil {
		return nil, err
	}
	if account.Str("controller.stripe_dashboard.type") != "express" {
		return nil, invalid("", "", "Cannot create a login link for an account that does not have access to the Express Dashboard.")
	}
	if !account.Bool("details_submitted") {
		return nil, invalid("", "", "Cannot create a login link for an account that has not completed onboarding.")
	}
	return tx.New("login_link").Set("created", tx.Now()).Set("url", tx.URL("/express/"+account.ID()+"/"+tx.NewID("", 12))), nil
}

// createAccountSession makes the secret with which a platform's page shows embedded components.
func createAccountSession(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	account, err := findConnected(tx, p.Str("account"), "account")
	if err != nil {
		return nil, err
	}
	o := tx.New("account_session").Set("account", account.ID()).Set("expires_at", tx.Now()+sessionLife).
		Set("client_secret", "accs_secret__"+tx.NewID("", 40))
	return applyParams(tx, o, p, "account"), nil
}
