package refresh

import (
	"context"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/mirror"
	"github.com/vezne/vezne/internal/settle"
)

// Preview reads an object and says what settling the answer would change. It
// changes nothing. The codes are those of Read.
func (r *Refresher) Preview(ctx context.Context, id vezne.ObjectID, t vezne.ObjectType, cause vezne.Cause) (settle.Preview, error) {
	path, query, ok := mirror.ReadPath(t, id)
	if !ok {
		return settle.Preview{}, vezne.E(vezne.CodeInternal, "refresh.Preview", "Objects of this type are not read.")
	}
	number, err := r.Store.NextNumber(ctx)
	if err != nil {
		return settle.Preview{}, err
	}
	answer, err := r.Get(ctx, path, query, string(t), vezne.PriorityOrder)
	if err != nil {
		return settle.Preview{}, err
	}
	return r.Settler.Preview(ctx, settle.Answer{Begin: number, Cause: cause, Body: answer.Body})
}
