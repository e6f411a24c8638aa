package server

import (
	"context"
	"net/http"
	"time"

	"github.com/vezne/vezne"
)

type askReconciliation struct {
	Body struct {
		Since  time.Time `json:"since" doc:"What Stripe made before is not looked at; must lie in the past"`
		DryRun bool      `json:"dry_run,omitempty" doc:"Find, and change nothing"`
	}
}

type reconciliationAnswer struct {
	Body vezne.ReconciliationJSON
}

type reconciliationList struct {
	Body struct {
		Data []vezne.ReconciliationJSON `json:"data"`
	}
}

func (s *server) reconciliations() {
	const tag = "Reconciliations"
	handle(s, route{
		id: "create-reconciliation", method: http.MethodPost, path: "/v1/reconciliations", summary: "Ask Stripe what was missed", tag: tag, status: http.StatusAccepted,
		description: "It runs in the background and goes on after a restart: get it until its state is complete or failed. What differs is marked to be read, and settled by the read.",
	}, func(ctx context.Context, in *askReconciliation) (*reconciliationAnswer, error) {
		r, err := s.Desk.Reconcile(ctx, actor(ctx), in.Body.Since, in.Body.DryRun)
		if err != nil {
			return nil, err
		}
		return &reconciliationAnswer{r.JSON()}, nil
	})
	handle(s, route{id: "list-reconciliations", method: http.MethodGet, path: "/v1/reconciliations", summary: "List reconciliations, newest first", tag: tag},
		func(ctx context.Context, in *struct {
			Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
		}) (*reconciliationList, error) {
			list, err := s.Desk.Reconciliations(ctx, in.Limit)
			if err != nil {
				return nil, err
			}
			out := &reconciliationList{}
			out.Body.Data = []vezne.ReconciliationJSON{}
			for _, r := range list {
				out.Body.Data = append(out.Body.Data, r.JSON())
			}
			return out, nil
		})
	handle(s, route{id: "get-reconciliation", method: http.MethodGet, path: "/v1/reconciliations/{id}", summary: "Get a reconciliation with what it found", tag: tag},
		func(ctx context.Context, in *struct {
			ID vezne.ReconciliationID `path:"id" maxLength:"255"`
		}) (*reconciliationAnswer, error) {
			r, err := s.Desk.Reconciliation(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return &reconciliationAnswer{r.JSON()}, nil
		})
}
