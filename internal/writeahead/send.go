package writeahead

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/apply"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/stripeapi"
)

// process does what a claimed call needs: one sending, or one look-up.
func (s *Sender) process(ctx context.Context, call vezne.Call, owner string) (Result, error) {
	now, err := s.Store.Now(ctx)
	if err != nil {
		return Result{Call: call}, err
	}
	switch {
	case s.cut.Came(), call.State == vezne.CallLooking && call.NextAt.After(now):
		// The process ends, or lists are not complete yet.
		if err := s.Store.ReleaseCall(ctx, call.ID, owner, call.NextAt); err != nil {
			return Result{Call: call}, err
		}
		return Result{Call: call}, unclear(nil)
	case call.State == vezne.CallLooking || apply.Expired(call, now):
		return s.look(ctx, call, owner)
	}
	return s.send(ctx, call, owner)
}

// send sends a call once. That it is being sent is written before, so that a
// process which dies leaves a call that knows it may have had an effect.
func (s *Sender) send(ctx context.Context, before vezne.Call, owner string) (Result, error) {
	call, err := s.Store.BeginCall(ctx, before.ID, owner)
	if vezne.CodeOf(err) == vezne.CodeNotFound {
		// It was withdrawn, or ended by somebody whose lease had run out.
		now, err := s.Store.Call(ctx, before.ID)
		if err == nil && !ended(now) {
			err = unclear(nil)
		}
		return Result{Call: now}, err
	}
	if err != nil {
		// It was not sent. Without the database this fails too, and the lease ends
		// by itself.
		return Result{Call: before}, errors.Join(err, s.Store.ReleaseCall(ctx, before.ID, owner, before.NextAt))
	}
	answer, sendErr := s.transmit(ctx, call)
	call.Unclear = before.Unclear
	outcome, object := readAnswer(answer, sendErr)
	now, err := s.Store.Now(ctx)
	if err != nil {
		return Result{Call: call}, err
	}
	step := apply.AfterCall(call, outcome, now)
	call.Status, call.Refusal, call.NextAt, call.Unclear = outcome.Status, answer.Refusal, step.At, step.Unclear
	switch step.Action {
	case apply.CallSettle:
		call.State, call.Object, call.Refusal = vezne.CallDone, object, nil
		return s.settle(ctx, call, owner, settle.Answer{Begin: call.Number, Body: answer.Body})
	case apply.CallRefuse:
		call.State, call.Object = vezne.CallRefused, object
		return s.settle(ctx, call, owner, settle.Answer{Begin: call.Number, Body: answer.Body, Read: readAfterRefusal(call)})
	case apply.CallLook:
		return s.doubt(ctx, call, owner)
	}
	return s.again(ctx, call, owner, errors.Join(sendErr, refusalError(answer)))
}

func (s *Sender) transmit(ctx context.Context, call vezne.Call) (stripeapi.Answer, error) {
	ctx, free := s.cut.Bound(ctx)
	defer free()
	if call.Purpose == vezne.CallDeleteCustomer {
		return s.Stripe.Delete(ctx, call.Path, call.APIVersion)
	}
	return s.Stripe.Post(ctx, call.Path, call.Form, call.Key, call.APIVersion)
}

// readAnswer says how a sending ended, and which object the answer is about. A
// success that is no object of Stripe came from something on the way.
func readAnswer(a stripeapi.Answer, err error) (apply.CallOutcome, vezne.ObjectID) {
	if err != nil {
		return apply.CallOutcome{}, ""
	}
	var body struct {
		ID    vezne.ObjectID `json:"id"`
		Error struct {
			PaymentIntent *struct {
				ID vezne.ObjectID `json:"id"`
			} `json:"payment_intent"`
			SetupIntent *struct {
				ID vezne.ObjectID `json:"id"`
			} `json:"setup_intent"`
		} `json:"error"`
	}
	unreadable := json.Unmarshal(a.Body, &body)
	if a.OK() && (unreadable != nil || body.ID == "") {
		return apply.CallOutcome{}, ""
	}
	outcome := apply.CallOutcome{Status: a.Status, ShouldRetry: a.ShouldRetry}
	if a.Refusal != nil {
		outcome.ErrorType = a.Refusal.Type
	}
	object := body.ID
	if p := body.Error.PaymentIntent; p != nil {
		object = p.ID
	}
	if i := body.Error.SetupIntent; i != nil {
		object = i.ID
	}
	return outcome, object
}

// settle brings a conclusive answer in. If that fails, the call stays as it
// was: it is sent again, and Stripe gives the same answer again.
func (s *Sender) settle(ctx context.Context, call vezne.Call, owner string, a settle.Answer) (Result, error) {
	a.Cause, a.Call = vezne.Cause{Actor: call.Actor}, &call
	if _, err := s.Settler.Answer(ctx, a); err != nil {
		now, clockErr := s.Store.Now(ctx)
		if clockErr == nil {
			// Without the database this fails too, and the lease ends by itself.
			again := apply.AfterCall(call, apply.CallOutcome{}, now)
			clockErr = s.Store.ReleaseCall(ctx, call.ID, owner, again.At)
		}
		return Result{Call: call}, errors.Join(err, clockErr)
	}
	return Result{Call: call, Body: a.Body}, nil
}

// again notes when a call is sent the next time.
func (s *Sender) again(ctx context.Context, call vezne.Call, owner string, cause error) (Result, error) {
	call.State = vezne.CallPending
	err := s.Store.InTx(ctx, func(tx *store.Tx) error { return tx.SaveCall(ctx, call) })
	if err == nil {
		err = s.Store.ReleaseCall(ctx, call.ID, owner, call.NextAt)
	}
	if err != nil {
		return Result{Call: call}, err
	}
	switch call.Status {
	case 429:
		e := vezne.E(vezne.CodeRateLimited, "writeahead.Send", "Stripe gets too many requests from us. Nothing is lost: the same request is sent again.").Because(cause)
		e.Stripe = call.Refusal
		return Result{Call: call}, e
	case 401, 403:
		e := vezne.E(vezne.CodeStripeKeyRefused, "writeahead.Send", "").Because(cause)
		e.Stripe = call.Refusal
		return Result{Call: call}, e
	}
	return Result{Call: call}, unclear(cause)
}

// doubt notes that re-sending would tell nothing, and that the call is to be
// looked up.
func (s *Sender) doubt(ctx context.Context, call vezne.Call, owner string) (Result, error) {
	call.State = vezne.CallLooking
	at := call.NextAt
	r, err := s.settle(ctx, call, owner, settle.Answer{Begin: call.Number})
	if err == nil {
		err = s.Store.ReleaseCall(ctx, call.ID, owner, at)
	}
	if err != nil {
		return r, err
	}
	return r, unclear(refusalOf(call))
}

func refusalError(a stripeapi.Answer) error {
	if a.Refusal == nil {
		return nil
	}
	return errors.New(a.Refusal.Message)
}

func refusalOf(c vezne.Call) error {
	if c.Refusal == nil {
		return nil
	}
	return errors.New(c.Refusal.Message)
}
