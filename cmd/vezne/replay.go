package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
)

// replayJSON is the JSON form of a replay, as the REST API has it.
type replayJSON struct {
	Event        eventJSON         `json:"event"`
	Preview      bool              `json:"preview"`
	OrderID      vezne.OrderID     `json:"order_id"`
	StatusBefore vezne.OrderStatus `json:"status_before"`
	StatusAfter  vezne.OrderStatus `json:"status_after"`
	Entries      []replayEntry     `json:"entries"`
}

type replayEntry struct {
	Action string         `json:"action"`
	Object vezne.ObjectID `json:"object"`
	Before map[string]any `json:"before"`
	After  map[string]any `json:"after"`
}

func (a *app) eventsReplay() *cobra.Command {
	cmd := &cobra.Command{
		Use: "replay ID", Short: "Apply an event again, or see what that would change", Args: words("ID"),
		Long: `Replay reads an event's object at Stripe and settles it as always, whatever
became of the event before: also one that is dead. With --preview it says what
that would change, and changes nothing.

It asks a running service, when --server and a token are given; else it opens
the database, which must be the only one at a SQLite file.`,
		Example: `  vezne events replay --preview evt_…
  VEZNE_SERVER=http://127.0.0.1:4242 VEZNE_TOKEN=vz_… vezne events replay evt_…`,
	}
	take(cmd, "database", "body-key", "public-url", "server", "token", "log-level")
	take(cmd, stripeSettings...)
	preview := cmd.Flags().Bool("preview", false, "Say what would change, and change nothing")
	inJSON := asJSON(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		replay := a.replayHere
		if a.settings.Server != "" {
			replay = a.replayThere
		}
		r, err := replay(cmd.Context(), vezne.EventID(args[0]), *preview)
		if err != nil {
			return err
		}
		if *inJSON {
			return a.print(r)
		}
		return a.sayReplay(r)
	}
	return cmd
}

func (a *app) replayThere(ctx context.Context, id vezne.EventID, preview bool) (r replayJSON, err error) {
	return r, a.call(ctx, http.MethodPost, "/v1/events/"+url.PathEscape(string(id))+"/replay", map[string]bool{"preview": preview}, &r)
}

func (a *app) replayHere(ctx context.Context, id vezne.EventID, preview bool) (out replayJSON, err error) {
	e, err := engine.Open(ctx, a.settings.engine("http://127.0.0.1", engine.Logger(a.err, a.settings.LogLevel)))
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, e.Close(context.WithoutCancel(ctx))) }()
	do := e.Replay
	if preview {
		do = e.PreviewReplay
	}
	r, err := do(ctx, commandLine, id)
	if err != nil {
		return out, err
	}
	r.Event.Body = nil
	out = replayJSON{Event: toEvent(r.Event), Preview: preview, OrderID: r.OrderID, StatusBefore: r.Before, StatusAfter: r.After, Entries: []replayEntry{}}
	for _, line := range r.Entries {
		out.Entries = append(out.Entries, replayEntry{Action: line.Action, Object: line.Object, Before: line.Before, After: line.After})
	}
	return out, nil
}

func (a *app) sayReplay(r replayJSON) error {
	for _, line := range r.Entries {
		if err := a.say("%s  %s", line.Action, line.Object); err != nil {
			return err
		}
	}
	switch {
	case r.OrderID == "":
		return a.say("The event %s concerns no order; it is %s.", r.Event.ID, r.Event.State)
	case r.Preview && len(r.Entries) == 0 && r.StatusBefore == r.StatusAfter:
		return a.say("Nothing would change: what Stripe says is here already.")
	case r.Preview:
		return a.say("The order %s would go from %s to %s.", r.OrderID, r.StatusBefore, r.StatusAfter)
	}
	return a.say("The event is %s; the order %s was %s and is %s.", r.Event.State, r.OrderID, r.StatusBefore, r.StatusAfter)
}
