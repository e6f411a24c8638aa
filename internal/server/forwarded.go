package server

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// forwardedHeader names the addresses that a request passed, the client first.
const forwardedHeader = "X-Forwarded-For"

// forwarded gives requests that come through a trusted proxy the address of
// their client: the last one in X-Forwarded-For that is no trusted proxy. What
// anybody else writes into the header is not believed.
func (s *server) forwarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := r.Header.Values(forwardedHeader)
		if len(header) == 0 {
			next.ServeHTTP(w, r)
			return
		}
		peer, ok := addressOf(r.RemoteAddr)
		if !ok || !s.trusted(peer) {
			s.untold.Do(func() {
				s.Log.WarnContext(r.Context(), "requests name their client in X-Forwarded-For, but come from an address that is not trusted; if it is your proxy, set --trusted-proxies", "address", r.RemoteAddr)
			})
			next.ServeHTTP(w, r)
			return
		}
		client := peer
		hops := strings.Split(strings.Join(header, ","), ",")
		for _, hop := range slices.Backward(hops) {
			a, ok := addressOf(strings.TrimSpace(hop))
			if !ok {
				break
			}
			client = a
			if !s.trusted(a) {
				break
			}
		}
		inner := r.Clone(r.Context())
		inner.RemoteAddr = net.JoinHostPort(client.String(), "0")
		next.ServeHTTP(w, inner)
	})
}

func (s *server) trusted(a netip.Addr) bool {
	return slices.ContainsFunc(s.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// addressOf reads an address, with or without a port.
func addressOf(s string) (netip.Addr, bool) {
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return a.Unmap().WithZone(""), err == nil
}
