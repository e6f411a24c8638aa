package server

import (
	"context"
	"net/http"

	"github.com/vezne/vezne"
)

type diagnosisList struct {
	Body struct {
		Data []vezne.Diagnosis `json:"data"`
	}
}

func (s *server) doctor() {
	handle(s, route{
		id: "examine", method: http.MethodGet, path: "/v1/doctor", summary: "Examine settings, keys, endpoint, clock, database and queues", tag: "Service",
		description: "It asks Stripe a dozen questions and changes nothing.",
	}, func(ctx context.Context, _ *struct{}) (*diagnosisList, error) {
		out := &diagnosisList{}
		out.Body.Data = s.Doctor(ctx)
		return out, nil
	})
}
