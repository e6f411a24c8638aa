package web

import (
	"errors"
	"net/http"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/internal/text"
)

// replayView is what applying an event again would change.
type replayView struct {
	OrderURL      string
	Before, After statusWord
	// Moves is true when the order's status would change.
	Moves bool
	Lines []entryRow
}

// replay shows what applying an event again would change, and applies it when
// that is confirmed. It may be done any number of times: the object is read and
// settled as always.
func (s *site) replay(r *http.Request) (*answer, error) {
	id := vezne.EventID(r.PathValue("event"))
	by := operatorOf(r.Context())
	if r.PostForm.Get("confirm") == "yes" {
		if _, err := s.Desk.Replay(r.Context(), by, id); err != nil {
			return s.refusedToReplay(r, err)
		}
		return seeOther(eventAddress(id) + "?said=replay"), nil
	}
	found, err := s.Desk.PreviewReplay(r.Context(), by, id)
	if err != nil {
		return s.refusedToReplay(r, err)
	}
	view, err := s.newReplayView(r, found)
	if err != nil {
		return nil, err
	}
	return s.showAdminEvent(r, http.StatusOK, eventPage{Preview: view})
}

func (s *site) newReplayView(r *http.Request, found desk.Replay) (*replayView, error) {
	lang := visitOf(r).lang
	view := &replayView{Before: orderStatusWord(lang, found.Before), After: orderStatusWord(lang, found.After), Moves: found.Before != found.After}
	currency := vezne.Currency("")
	if found.OrderID != "" {
		o, err := s.Desk.Order(r.Context(), found.OrderID)
		if err != nil {
			return nil, err
		}
		currency, view.OrderURL = o.Currency, adminAddress(o.ID)
	}
	view.Lines = timeline(lang, currency, found.Entries)
	return view, nil
}

// refusedToReplay shows the event with the reason why it was not applied.
func (s *site) refusedToReplay(r *http.Request, err error) (*answer, error) {
	e, ok := errors.AsType[*vezne.Error](err)
	if !ok || e.Kind == vezne.KindNotFound && e.Stripe == nil {
		return nil, err
	}
	status := e.HTTPStatus()
	if status >= http.StatusInternalServerError {
		s.failure(r, err) // for the log
	}
	key := "admin.replay.refused"
	if e.Code == vezne.CodeInvalidRequest {
		key = "admin.replay.nothing"
	}
	return s.showAdminEvent(r, status, eventPage{Alert: text.Say(visitOf(r).lang, key)})
}

// check asks Stripe about everything that is known of an order.
func (s *site) check(r *http.Request) (*answer, error) {
	o, err := s.orderToActOn(r)
	if err != nil {
		return nil, err
	}
	if _, err := s.Desk.Check(r.Context(), operatorOf(r.Context()), o.ID); err != nil {
		return s.refusedToAct(r, err)
	}
	return seeOther(adminAddress(o.ID) + "?said=check"), nil
}
