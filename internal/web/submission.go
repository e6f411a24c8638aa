package web

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
)

// SubmissionState says what is known of a form that was sent.
type SubmissionState int

// The states of a submission.
const (
	// SubmissionNew: it was never sent before; whoever began it must finish or
	// abandon it.
	SubmissionNew SubmissionState = iota
	// SubmissionInFlight: it was sent before and is being worked on.
	SubmissionInFlight
	// SubmissionDone: it was sent before, and led to Location.
	SubmissionDone
)

// Submission is what is known of a form that was sent.
type Submission struct {
	State SubmissionState
	// Hold is which taking this is, when it is new. Whoever finishes or abandons
	// the submission names it.
	Hold     int64
	Location string
}

// Submissions make a form act once, however often it is sent and to however
// many processes.
type Submissions interface {
	// Begin takes a submission, or says what became of it.
	Begin(ctx context.Context, form, key string) (Submission, error)
	// Finish notes where it led. CodeNotFound when another has taken it over.
	Finish(ctx context.Context, form, key string, hold int64, location string) error
	// Abandon frees it: it had no effect.
	Abandon(ctx context.Context, form, key string, hold int64) error
}

const (
	// submissionTime is how long a form's work may take. It goes on when the
	// browser gives up the first click of two.
	submissionTime = 40 * time.Second
	// submissionPause is how long the second click waits between two looks at
	// the first.
	submissionPause = 50 * time.Millisecond
	// maxKey is the longest key of a form.
	maxKey = 100
)

// once does what a form asks for one time and returns where that led, for the
// second click too. unsure is where to go when it cannot be said whether the
// work took effect: from then on it is not done again.
func (s *site) once(ctx context.Context, form, key, unsure string, do func(ctx context.Context) (string, error)) (string, error) {
	const op = "web.once"
	if key == "" || len(key) > maxKey {
		return "", vezne.E(vezne.CodeInvalidRequest, op, "")
	}
	// The desk knows the form by its key too: should this process die before it
	// notes where the form led, a refund is still made once.
	ctx = desk.WithKey(context.WithoutCancel(ctx), strings.Join([]string{"form", form, key}, "\n"))
	ctx, cancel := context.WithTimeout(ctx, submissionTime)
	defer cancel()
	for {
		sub, err := s.Submissions.Begin(ctx, form, key)
		if err != nil {
			return "", err
		}
		switch sub.State {
		case SubmissionDone:
			return sub.Location, nil
		case SubmissionNew:
			return s.first(ctx, form, key, sub.Hold, unsure, do)
		case SubmissionInFlight:
		}
		select {
		case <-time.After(submissionPause):
		case <-ctx.Done():
			return "", vezne.E(vezne.CodeIdempotencyInFlight, op, "")
		}
	}
}

func (s *site) first(ctx context.Context, form, key string, hold int64, unsure string, do func(ctx context.Context) (string, error)) (string, error) {
	finish := func(location string) error {
		err := s.Submissions.Finish(ctx, form, key, hold, location)
		if vezne.CodeOf(err) == vezne.CodeNotFound {
			// Another has taken it over, and says where it leads.
			return nil
		}
		return err
	}
	location, err := do(ctx)
	switch {
	case err == nil:
		return location, finish(location)
	case vezne.CodeOf(err) == vezne.CodeStripeUnreachable:
		return unsure, finish(unsure)
	case vezne.KindOf(err) == vezne.KindInternal:
		return "", errors.Join(err, finish(unsure))
	}
	return "", errors.Join(err, s.Submissions.Abandon(ctx, form, key, hold))
}
