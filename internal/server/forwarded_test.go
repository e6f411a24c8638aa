package server_test

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/server"
)

func TestOnlyATrustedProxySaysWhoAsks(t *testing.T) {
	t.Parallel()
	var seen string
	h := server.New(server.Config{
		Web: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			host, _, err := net.SplitHostPort(r.RemoteAddr)
			if err != nil {
				host = "not an address: " + r.RemoteAddr
			}
			seen = host
		}),
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")},
		Clock:          vezne.SystemClock{}, Log: slog.New(slog.DiscardHandler),
	})
	for _, tc := range []struct {
		name, peer string
		header     []string
		want       string
	}{
		{"no proxy", "203.0.113.9:4000", nil, "203.0.113.9"},
		{"a stranger who names somebody", "203.0.113.9:4000", []string{"198.51.100.7"}, "203.0.113.9"},
		{"a proxy", "10.1.2.3:4000", []string{"203.0.113.9"}, "203.0.113.9"},
		{"a proxy of IPv6", "[fd00::1]:4000", []string{"2001:db8::1"}, "2001:db8::1"},
		{"a proxy that is written as IPv6", "[::ffff:10.1.2.3]:4000", []string{"203.0.113.9"}, "203.0.113.9"},
		{"a client who names somebody to a proxy", "10.1.2.3:4000", []string{"198.51.100.7, 203.0.113.9"}, "203.0.113.9"},
		{"a client who sends a header of its own", "10.1.2.3:4000", []string{"198.51.100.7", "203.0.113.9"}, "203.0.113.9"},
		{"two proxies", "10.1.2.3:4000", []string{"203.0.113.9, 10.9.9.9"}, "203.0.113.9"},
		{"a client who claims to be a proxy", "10.1.2.3:4000", []string{"198.51.100.7, 10.0.0.1, 203.0.113.9"}, "203.0.113.9"},
		{"addresses with ports", "10.1.2.3:4000", []string{"203.0.113.9:5555"}, "203.0.113.9"},
		{"an address in brackets", "10.1.2.3:4000", []string{"[2001:db8::1]:5555"}, "2001:db8::1"},
		{"what is no address", "10.1.2.3:4000", []string{"unknown"}, "10.1.2.3"},
		{"what is no address, behind a proxy", "10.1.2.3:4000", []string{"_hidden, 10.9.9.9"}, "10.9.9.9"},
		{"nothing", "10.1.2.3:4000", []string{""}, "10.1.2.3"},
		{"a request from inside", "10.1.2.3:4000", []string{"10.7.7.7"}, "10.7.7.7"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/pay/ord_1", http.NoBody)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = tc.peer, tc.header
		h.ServeHTTP(httptest.NewRecorder(), r)
		if seen != tc.want {
			t.Errorf("%s: the client is %s, want %s", tc.name, seen, tc.want)
		}
	}
}
