package sandbox

import (
	"net/url"
	"slices"
	"strings"
)

// maxEndpoints is how many webhook endpoints an account may have, as at Stripe.
const maxEndpoints = 16

// maxRoll is how long, in seconds, an old signing secret may live beside the new one, as at Stripe: a day.
const maxRoll = 24 * 60 * 60

// hiddenConnect says that an endpoint gets the events of connected accounts, and not those of the account itself.
const hiddenConnect = "_connect"

func init() {
	behave("POST /v1/webhook_endpoints", createEndpoint)
	behave("GET /v1/webhook_endpoints", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		return tx.List(r, "webhook_endpoint", func(o *stripeObject) bool { return !o.Has(hiddenDestination) })
	})
	behave("GET /v1/webhook_endpoints/{webhook_endpoint}", readEndpoint)
	behave("POST /v1/webhook_endpoints/{webhook_endpoint}", updateEndpoint)
	behave("DELETE /v1/webhook_endpoints/{webhook_endpoint}", deleteEndpoint)
}

// createEndpoint registers an endpoint. Its answer is the only one that shows the secret; the account keeps it in a
// hidden slot.
func createEndpoint(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	if version := p.Str("api_version"); version != "" {
		if err := checkVersion(version); err != nil {
			return nil, naming(err, "api_version")
		}
	}
	return addEndpoint(tx, p.Str("url"), p.Strs("enabled_events"), func(o *stripeObject) {
		applyParams(tx, o, p, "connect", "url", "enabled_events")
		if p.Bool("connect") {
			o.Set(hiddenConnect, true)
		}
	})
}

// addEndpoint stores a new endpoint and gives the version that shows the secret. fill sets what else is known of it.
func addEndpoint(tx *accountTx, target string, events []string, fill func(*stripeObject)) (*stripeObject, error) {
	if err := checkEndpointURL(target); err != nil {
		return nil, err
	}
	if len(events) == 0 {
		return nil, invalid("enabled_events", "parameter_invalid_empty", "An endpoint needs at least one name in enabled_events; '*' is all of them.")
	}
	n := 0
	tx.Each("webhook_endpoint", func(*stripeObject) bool { n++; return true })
	if n >= maxEndpoints {
		return nil, invalid("", "", "You have reached the maximum of %d test webhook endpoints.", maxEndpoints)
	}
	o := tx.New("webhook_endpoint").Set("url", target).Set("enabled_events", events).Set("status", "enabled")
	if fill != nil {
		fill(o)
	}
	secret := tx.NewID("whsec_", 32)
	o.Set("_secrets", []*stripeObject{hash("secret", secret, "expires_at", 0)})
	tx.Put(o)
	return o.Edit().Set("secret", secret), nil
}

// readEndpoint answers the endpoint that the path names. Event destinations are not among them.
func readEndpoint(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o, err := findEndpoint(tx, r.Path("webhook_endpoint"))
	if err == nil && o.Has(hiddenDestination) {
		return nil, missing("webhook endpoint", o.ID(), "webhook_endpoint", 404)
	}
	return o, err
}

func updateEndpoint(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o, err := readEndpoint(tx, r)
	if err != nil {
		return nil, err
	}
	p := r.Params()
	if p.Has("url") {
		if err := checkEndpointURL(p.Str("url")); err != nil {
			return nil, err
		}
	}
	o = applyParams(tx, o.Edit(), p, "disabled", "enabled_events")
	if p.Has("enabled_events") {
		o.Set("enabled_events", p.Strs("enabled_events"))
	}
	if p.Has("disabled") {
		status := "enabled"
		if p.Bool("disabled") {
			status = "disabled"
		}
		o.Set("status", status)
	}
	tx.Put(o)
	return o, nil
}

func deleteEndpoint(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o, err := readEndpoint(tx, r)
	if err != nil {
		return nil, err
	}
	tx.Delete(o, "")
	return hash("id", o.ID(), "object", "webhook_endpoint", "deleted", true), nil
}

func findEndpoint(tx *accountTx, id string) (*stripeObject, error) {
	if o := tx.Get("webhook_endpoint", id); o != nil {
		return o, nil
	}
	return nil, missing("webhook endpoint", id, "webhook_endpoint", 404)
}

// checkEndpointURL takes every absolute http and https URL. Stripe also refuses addresses that only this machine can
// reach; the sandbox lives on this machine, so it does not.
func checkEndpointURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "" && u.Host == "":
		return invalid("url", "url_invalid", "Not a valid URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return invalid("url", "url_invalid", "Invalid URL: An explicit scheme (such as https) must be provided.")
	}
	return nil
}

// rollSecret gives an endpoint a new signing secret. The ones before it go on signing for keep more seconds of the
// account's clock; with 0 they end at once.
func rollSecret(tx *accountTx, id string, keep int64) (secret string, err error) {
	o, err := findEndpoint(tx, id)
	if err != nil {
		return "", err
	}
	if keep < 0 || keep > maxRoll {
		return "", invalid("expires_in", "parameter_invalid_integer", "expires_in is the old secret's remaining life in seconds: between 0 and %d.", maxRoll)
	}
	secret = tx.NewID("whsec_", 32)
	secrets := []*stripeObject{hash("secret", secret, "expires_at", 0)}
	end := tx.Now() + keep
	for _, old := range o.List("_secrets") {
		old := old.(*stripeObject)
		expires := old.Int("expires_at")
		if expires == 0 || expires > end {
			expires = end
		}
		if expires > tx.Now() {
			secrets = append(secrets, hash("secret", old.Str("secret"), "expires_at", expires))
		}
	}
	tx.Put(o.Edit().Set("_secrets", secrets))
	return secret, nil
}

// liveSecrets are the secrets that sign for an endpoint at an instant of the account's clock, the newest first.
func liveSecrets(endpoint *stripeObject, now int64) []string {
	return appendSecrets(nil, endpoint, now)
}

func appendSecrets(live []string, endpoint *stripeObject, now int64) []string {
	for _, s := range endpoint.List("_secrets") {
		s := s.(*stripeObject)
		if expires := s.Int("expires_at"); expires == 0 || expires > now {
			live = append(live, s.Str("secret"))
		}
	}
	return live
}

// wantsEvent says whether an enabled endpoint selected events of this name: by the name, by a beginning with a star, or
// by a star alone. The few names of which Stripe says that a star does not select them belong to products that the
// sandbox does not act out.
func wantsEvent(endpoint *stripeObject, name string) bool {
	if endpoint.Bool(hiddenThin) {
		name = thinType(name)
	}
	return endpoint.Str("status") == "enabled" && slices.ContainsFunc(endpoint.List("enabled_events"), func(v any) bool {
		pattern, _ := v.(string)
		return matchesEvent(pattern, name)
	})
}

// matchesEvent compares an event's name with a pattern that may end with a star.
func matchesEvent(pattern, name string) bool {
	if start, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, start)
	}
	return pattern == name
}
