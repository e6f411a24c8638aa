package doctor

import (
	"net"
	"net/url"
	"strings"
	"time"
)

// settings looks at what was configured: the list to go through before the
// first sale.
func (x *examination) settings() {
	mode := "test mode: no real money moves"
	if x.Livemode {
		mode = "live mode: real money moves"
	}
	x.ok("settings.mode", "The keys are in "+mode+".")
	if x.Restricted || x.Sandbox {
		x.ok("settings.key", "The key is what it should be.")
	} else {
		x.warn("settings.key", "Make a restricted key (rk_…) with the permissions of the production guide.", "The secret key may do everything in the account.")
	}
	switch {
	case x.Secrets > 1:
		x.warn("settings.webhook_secret", "Remove the former one once Stripe signs with the new one alone.", "%d signing secrets count.", x.Secrets)
	default:
		x.ok("settings.webhook_secret", "One signing secret counts.")
	}
	x.publicURL()
	if x.Tolerance > 10*time.Minute {
		x.warn("settings.webhook_tolerance", "Leave it at 5 minutes.", "Signatures up to %s old are taken; an event that somebody copied can be replayed so long.", x.Tolerance)
	}
	if x.Encrypted {
		x.ok("settings.body_key", "Raw bodies of events are encrypted.")
	} else {
		x.warn("settings.body_key", "Set VEZNE_BODY_KEY: openssl rand -base64 32", "Raw bodies of events, with names and addresses in them, are kept as they are.")
	}
	if x.Callback {
		x.ok("settings.callback", "The application hears of its orders.")
	} else {
		x.warn("settings.callback", "Set VEZNE_CALLBACK_URL and VEZNE_CALLBACK_SECRET, or register a hook.", "No call-back address is set: a program beside this one hears of nothing.")
	}
	x.limits()
	if x.Seller.Name == "" || x.Seller.Address == "" {
		x.warn("settings.seller", "Set VEZNE_SELLER_NAME, VEZNE_SELLER_ADDRESS and VEZNE_SELLER_TAX_ID.", "Invoices do not say who sells.")
	} else {
		x.ok("settings.seller", "Invoices say who sells.")
	}
}

// limits looks at what keeps card testing slow.
func (x *examination) limits() {
	const check = "settings.limits"
	var off []string
	for _, l := range []struct {
		name  string
		limit int
	}{
		{"--limit-client-starts", x.Limits.ClientStarts}, {"--limit-client-declines", x.Limits.ClientDeclines}, {"--limit-order-starts", x.Limits.OrderStarts},
		{"--limit-order-declines", x.Limits.OrderDeclines}, {"--limit-card-declines", x.Limits.CardDeclines},
	} {
		if l.limit <= 0 {
			off = append(off, l.name)
		}
	}
	if len(off) > 0 {
		x.warn(check, "Set them again: whoever has stolen cards tries them where nobody counts.", "Tries to pay are not limited by %s.", strings.Join(off, ", "))
		return
	}
	x.ok(check, "Tries to pay are limited by client, card and order.")
}

func (x *examination) publicURL() {
	const check = "settings.public_url"
	u, err := url.Parse(x.PublicURL)
	switch {
	case err != nil || u.Host == "":
		x.problem(check, "Set VEZNE_PUBLIC_URL, such as https://pay.example.com.", "The public address is no URL.")
	case local(u.Hostname()) && x.Livemode:
		x.problem(check, "Set VEZNE_PUBLIC_URL to the address at which buyers and Stripe reach the service.", "The public address %s is of this machine alone.", x.PublicURL)
	case local(u.Hostname()):
		x.ok(check, "The public address %s is of this machine alone, which is enough for tests.", x.PublicURL)
	case u.Scheme != "https":
		x.warn(check, "Put a proxy with TLS in front.", "The public address %s is not https.", x.PublicURL)
	default:
		x.ok(check, "Buyers reach the service at %s.", x.PublicURL)
	}
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsUnspecified())
}
