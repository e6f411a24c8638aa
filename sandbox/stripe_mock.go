package sandbox

import (
	"net/http"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// mockVersion is the version of stripe-mock whose description the sandbox carries. Suites that were written for it ask.
const mockVersion = "0.203.0"

// mockHeader is where stripe-mock says its version.
const mockHeader = "Stripe-Mock-Version"

// mock answers as stripe-mock does where the sandbox's own answer would stop a suite that was written for a Stripe without a
// memory: a call with right parameters never fails, and a list is never empty. Nothing of it is stored.
func (sb *Sandbox) mock(r *apiRequest, an *answer) *answer {
	if r.route.operation == nil || an.status >= http.StatusInternalServerError {
		return an
	}
	if newDefault(r.route.operation).typ() == "" {
		return &answer{status: http.StatusOK, text: []byte("Stripe binary response"), header: http.Header{"Content-Type": {"application/pdf"}}}
	}
	searches := r.route.operation.Answer.Is(description.Search) // stripe-mock finds one, whatever was asked
	if an.failure == nil && !searches && !emptyList(an.object) {
		return an
	}
	mocked := &answer{status: http.StatusOK}
	err := r.account.update(r, func(tx *accountTx) error {
		mocked.object = tx.shown(tx.sampleAnswer(r))
		mocked.expanded = tx.resolve(mocked.object, r.expand)
		return nil
	})
	if err != nil {
		return failed(err)
	}
	return mocked
}

// emptyList says whether an answer is a list of nothing.
func emptyList(o *stripeObject) bool {
	return o != nil && o.slot("data") >= 0 && (o.Str("object") == "list" || o.Str("object") == "search_result") && len(o.List("data")) == 0
}

// sampleAnswer is what an operation answers, with the defaults of its shape: one object, a list of one, or what is left of a
// deleted one.
func (tx *accountTx) sampleAnswer(r *apiRequest) *stripeObject {
	d := newDefault(r.route.operation)
	answer := r.route.operation.Answer
	switch {
	case answer.Is(description.List | description.Search):
		list := shapeOf(answer).newHash()
		if list.slot("url") >= 0 {
			list.Set("url", r.http.URL.Path)
		}
		if list.slot("total_count") >= 0 {
			list.Set("total_count", 1)
		}
		list.Set("data", []*stripeObject{tx.sample(d.typ())}).Set("has_more", false)
		list.close()
		return list
	case r.Method == http.MethodDelete && answersDeleted(answer):
		gone := tx.sample(d.typ())
		if gone.slot("id") >= 0 {
			gone.Set("id", r.Path(d.owned))
		}
		return remainsOf(gone)
	}
	o := tx.sample(d.typ())
	if id := r.Path(d.owned); id != "" && o.slot("id") >= 0 {
		o.Set("id", id)
	}
	return o
}

// sample is an object of a type that is not stored.
func (tx *accountTx) sample(typ string) *stripeObject {
	o := tx.New(typ)
	tx.fillReferences(o)
	return o
}
