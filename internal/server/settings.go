package server

import (
	"context"
	"net/http"
)

type configAnswer struct {
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		PublishableKey string `json:"publishable_key" doc:"The key that pages give to Stripe.js"`
		Livemode       bool   `json:"livemode"`
	}
}

func (s *server) settings() {
	handle(s, route{id: "get-config", method: http.MethodGet, path: "/v1/config", summary: "Get what a page needs to use Stripe.js; no token needed", tag: "Settings", open: true},
		func(context.Context, *struct{}) (*configAnswer, error) {
			out := &configAnswer{CacheControl: "no-store"}
			out.Body.PublishableKey, out.Body.Livemode = s.PublishableKey, s.Livemode
			return out, nil
		})
}
