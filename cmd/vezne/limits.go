package main

import (
	"errors"
	"strconv"

	"github.com/vezne/vezne"
)

// limitFlags are the settings that keep card testing slow.
var limitFlags = []string{
	"limit-window", "limit-client-starts", "limit-client-declines", "limit-order-starts", "limit-order-declines", "limit-card-declines", "trusted-proxies",
}

// limitOptions are the limits on tries to pay.
var limitOptions = []option{
	{flag: "limit-window", env: "VEZNE_LIMIT_WINDOW", unset: "1h", about: "Time in which tries to pay are counted, 24h at most",
		set: func(s *settings, v string) (err error) { s.Policy.Limits.Window, err = positive(v); return err }},
	limit("limit-client-starts", "VEZNE_LIMIT_CLIENT_STARTS", vezne.DefaultClientStarts, "Payments that one client may begin without paying, in the window",
		func(l *vezne.Limits) *int { return &l.ClientStarts }),
	limit("limit-client-declines", "VEZNE_LIMIT_CLIENT_DECLINES", vezne.DefaultClientDeclines, "Declines that one client may meet in the window, and one more for each order that it paid",
		func(l *vezne.Limits) *int { return &l.ClientDeclines }),
	limit("limit-order-starts", "VEZNE_LIMIT_ORDER_STARTS", vezne.DefaultOrderStarts, "Payments that may be begun for one order in the window",
		func(l *vezne.Limits) *int { return &l.OrderStarts }),
	limit("limit-order-declines", "VEZNE_LIMIT_ORDER_DECLINES", vezne.DefaultOrderDeclines, "Declines that one order may meet in the window",
		func(l *vezne.Limits) *int { return &l.OrderDeclines }),
	limit("limit-card-declines", "VEZNE_LIMIT_CARD_DECLINES", vezne.DefaultCardDeclines, "Declines that one card may meet in the window, whoever uses it",
		func(l *vezne.Limits) *int { return &l.CardDeclines }),
	{flag: "trusted-proxies", env: "VEZNE_TRUSTED_PROXIES", unset: "127.0.0.0/8,::1", about: "Addresses and ranges, parted by commas, that are believed when they say in X-Forwarded-For who asks; none for nobody",
		set: func(s *settings, v string) error {
			if s.Proxies = list(v); v == "none" {
				s.Proxies = []string{}
			}
			return nil
		}},
}

// limit is a setting that counts; 0 means that there is no limit.
func limit(flag, env string, unset int, about string, field func(*vezne.Limits) *int) option {
	return option{flag: flag, env: env, unset: strconv.Itoa(unset), about: about + "; 0 for no limit", set: func(s *settings, v string) error {
		n, err := strconv.Atoi(v)
		if err == nil && n < 0 {
			err = errors.New("it must be 0 or more")
		}
		if n == 0 {
			n = -1
		}
		*field(&s.Policy.Limits) = n
		return err
	}}
}
