package server

import (
	"context"
	"net/http"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
)

// PersonBody says who is meant, by exactly one of the fields; exported so that
// its fields are described where it is embedded.
type PersonBody struct {
	Reference      string         `json:"reference,omitempty" maxLength:"200" doc:"The application's own id of the person"`
	StripeCustomer vezne.ObjectID `json:"stripe_customer,omitempty" maxLength:"255" doc:"cus_…"`
	Email          string         `json:"email,omitempty" maxLength:"512" doc:"Everybody who has or had the address here, guests too"`
}

func (p PersonBody) query() vezne.CustomerQuery {
	return vezne.CustomerQuery{Reference: p.Reference, StripeCustomer: p.StripeCustomer, Email: p.Email}
}

type exportCustomer struct {
	Body PersonBody
}

type exportAnswer struct {
	Body vezne.CustomerExport
}

type eraseCustomer struct {
	Body struct {
		PersonBody
		DryRun   bool `json:"dry_run,omitempty" doc:"Say what would be erased, and erase nothing"`
		AtStripe bool `json:"at_stripe,omitempty" doc:"Have Stripe delete its customer too"`
	}
}

type erasureAnswer struct {
	Body vezne.ErasureJSON
}

type erasureList struct {
	Body struct {
		Data []vezne.ErasureJSON `json:"data"`
	}
}

func (s *server) erasures() {
	const tag = "Customers"
	handle(s, route{
		id: "export-customer", method: http.MethodPost, path: "/v1/customer-exports", summary: "Export everything that is kept of a person", tag: tag,
		description: "It is a POST so that no address stands in a URL. Send no Idempotency-Key: the answer would be kept under it for a day.",
	}, func(ctx context.Context, in *exportCustomer) (*exportAnswer, error) {
		x, err := s.Desk.ExportCustomer(ctx, in.Body.query())
		return &exportAnswer{x}, err
	})
	handle(s, route{
		id: "erase-customer", method: http.MethodPost, path: "/v1/customer-erasures", summary: "Erase everything that tells of a person, or see what that would be", tag: tag,
		description: "It cannot be taken back. Money, states and times stay, and so do invoices, which the law has kept. Something that is under way, such as an open " +
			"order, refuses it. What Stripe says of the person later does not bring it back.",
	}, func(ctx context.Context, in *eraseCustomer) (*erasureAnswer, error) {
		e, err := s.Desk.EraseCustomer(ctx, actor(ctx), in.Body.query(), desk.EraseParams{DryRun: in.Body.DryRun, AtStripe: in.Body.AtStripe})
		return &erasureAnswer{e.JSON()}, err
	})
	handle(s, route{id: "list-customer-erasures", method: http.MethodGet, path: "/v1/customer-erasures", summary: "List erasures, newest first", tag: tag},
		func(ctx context.Context, in *struct {
			Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
		}) (*erasureList, error) {
			list, err := s.Desk.Erasures(ctx, in.Limit)
			if err != nil {
				return nil, err
			}
			out := &erasureList{}
			out.Body.Data = []vezne.ErasureJSON{}
			for _, e := range list {
				out.Body.Data = append(out.Body.Data, e.JSON())
			}
			return out, nil
		})
	handle(s, route{id: "get-customer-erasure", method: http.MethodGet, path: "/v1/customer-erasures/{id}", summary: "Get an erasure", tag: tag},
		func(ctx context.Context, in *struct {
			ID vezne.ErasureID `path:"id" maxLength:"255"`
		}) (*erasureAnswer, error) {
			e, err := s.Desk.Erasure(ctx, in.ID)
			return &erasureAnswer{e.JSON()}, err
		})
}
