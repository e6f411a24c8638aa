package server

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/internal/redact"
)

type listEvents struct {
	State  string         `query:"state" enum:"received,applied,ignored,quarantined,dead"`
	Type   string         `query:"type" maxLength:"100"`
	Object vezne.ObjectID `query:"object" maxLength:"255" doc:"Events about this object"`
	After  vezne.EventID  `query:"after" maxLength:"255" doc:"The next of the former page"`
	Limit  int            `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

type eventJSON struct {
	ID         vezne.EventID    `json:"id"`
	Object     string           `json:"object"`
	Type       string           `json:"type"`
	ObjectID   vezne.ObjectID   `json:"object_id" doc:"The object that it made us read"`
	State      vezne.EventState `json:"state" enum:"received,applied,ignored,quarantined,dead"`
	Reason     string           `json:"reason" doc:"Why it is ignored, quarantined or dead"`
	APIVersion string           `json:"api_version"`
	Account    string           `json:"account" doc:"The connected account, empty for our own"`
	Livemode   bool             `json:"livemode"`
	Deliveries int              `json:"deliveries" doc:"How often it arrived with a valid signature"`
	Created    time.Time        `json:"created"`
	ReceivedAt time.Time        `json:"received_at"`
	AppliedAt  *time.Time       `json:"applied_at"`
	Payload    json.RawMessage  `json:"payload,omitempty" doc:"The event as Stripe sent it; absent in lists and once it was removed"`
	Digest     string           `json:"payload_sha256,omitempty" doc:"SHA-256 of a payload that was removed"`
	RemovedAt  *time.Time       `json:"payload_removed_at" doc:"When the payload was removed, after the retention period or with its customer; null while it is kept"`
}

type eventList struct {
	Body struct {
		Data    []eventJSON   `json:"data"`
		HasMore bool          `json:"has_more"`
		Next    vezne.EventID `json:"next,omitempty" doc:"Send it as after to get the next page"`
	}
}

type eventAnswer struct {
	Body eventJSON
}

func (s *server) events() {
	const tag = "Events"
	handle(s, route{id: "list-events", method: http.MethodGet, path: "/v1/events", summary: "List the events of the inbox, newest first", tag: tag}, s.listEvents)
	handle(s, route{id: "get-event", method: http.MethodGet, path: "/v1/events/{id}", summary: "Get an event with its payload", tag: tag},
		func(ctx context.Context, in *struct {
			ID vezne.EventID `path:"id" maxLength:"255"`
		}) (*eventAnswer, error) {
			e, err := s.Desk.Event(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return &eventAnswer{toEvent(e)}, nil
		})
	handle(s, route{
		id: "replay-event", method: http.MethodPost, path: "/v1/events/{id}/replay", summary: "Apply an event again, or see what that would change", tag: tag,
		description: "Its object is read at Stripe and settled as always, whatever became of the event before: also one that is dead.",
	}, s.replayEvent)
}

type replayEvent struct {
	ID   vezne.EventID `path:"id" maxLength:"255"`
	Body struct {
		Preview bool `json:"preview,omitempty" doc:"Say what would change, and change nothing"`
	}
}

type replayAnswer struct {
	Body struct {
		Event        eventJSON         `json:"event"`
		Preview      bool              `json:"preview"`
		OrderID      vezne.OrderID     `json:"order_id" doc:"The order that it concerns; empty for none"`
		StatusBefore vezne.OrderStatus `json:"status_before" doc:"Empty without an order"`
		StatusAfter  vezne.OrderStatus `json:"status_after"`
		Entries      []timelineEntry   `json:"entries" doc:"The lines that the timeline got, or would get"`
	}
}

func (s *server) replayEvent(ctx context.Context, in *replayEvent) (*replayAnswer, error) {
	do := s.Desk.Replay
	if in.Body.Preview {
		do = s.Desk.PreviewReplay
	}
	r, err := do(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	r.Event.Body = nil
	out := &replayAnswer{}
	b := &out.Body
	b.Event, b.Preview, b.OrderID, b.StatusBefore, b.StatusAfter, b.Entries = toEvent(r.Event), in.Body.Preview, r.OrderID, r.Before, r.After, []timelineEntry{}
	for _, e := range r.Entries {
		b.Entries = append(b.Entries, toTimelineEntry(e))
	}
	return out, nil
}

func (s *server) listEvents(ctx context.Context, in *listEvents) (*eventList, error) {
	list, err := s.Desk.Events(ctx, desk.EventFilter{State: vezne.EventState(in.State), Type: in.Type, ObjectID: in.Object, After: in.After, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	out := &eventList{}
	out.Body.Data = []eventJSON{}
	if out.Body.HasMore = len(list) > in.Limit; out.Body.HasMore {
		list = list[:in.Limit]
		out.Body.Next = list[len(list)-1].ID
	}
	for _, e := range list {
		e.Body = nil
		out.Body.Data = append(out.Body.Data, toEvent(e))
	}
	return out, nil
}

// toEvent shows an event. Its payload may hold client secrets, which are
// blanked; a payload that is no JSON any more then is left out.
func toEvent(e vezne.Event) eventJSON {
	j := eventJSON{
		ID: e.ID, Object: "event", Type: e.Type, ObjectID: e.ObjectID, State: e.State, Reason: e.Reason, APIVersion: e.APIVersion,
		Account: e.Account, Livemode: e.Livemode, Deliveries: e.Deliveries, Created: e.Created, ReceivedAt: e.ReceivedAt, AppliedAt: e.AppliedAt,
		Digest: e.Digest, RemovedAt: e.RemovedAt,
	}
	if masked := []byte(redact.Secrets(string(e.Body))); len(masked) > 0 && json.Valid(masked) {
		j.Payload = masked
	}
	return j
}
