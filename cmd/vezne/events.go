package main

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/internal/redact"
)

func (a *app) events() *cobra.Command {
	return parent("events", "The inbox: events of Stripe and what became of them", a.eventsList(), a.eventsShow(), a.eventsReplay())
}

// eventJSON is the JSON form of an event, as the REST API has it.
type eventJSON struct {
	ID         vezne.EventID    `json:"id"`
	Type       string           `json:"type"`
	ObjectID   vezne.ObjectID   `json:"object_id"`
	State      vezne.EventState `json:"state"`
	Reason     string           `json:"reason"`
	APIVersion string           `json:"api_version"`
	Account    string           `json:"account"`
	Livemode   bool             `json:"livemode"`
	Deliveries int              `json:"deliveries"`
	Created    time.Time        `json:"created"`
	ReceivedAt time.Time        `json:"received_at"`
	AppliedAt  *time.Time       `json:"applied_at"`
	Payload    json.RawMessage  `json:"payload,omitempty"`
	Digest     string           `json:"payload_sha256,omitempty"`
	RemovedAt  *time.Time       `json:"payload_removed_at,omitempty"`
}

func toEvent(e vezne.Event) eventJSON {
	j := eventJSON{
		ID: e.ID, Type: e.Type, ObjectID: e.ObjectID, State: e.State, Reason: e.Reason, APIVersion: e.APIVersion, Account: e.Account,
		Livemode: e.Livemode, Deliveries: e.Deliveries, Created: e.Created, ReceivedAt: e.ReceivedAt, AppliedAt: e.AppliedAt,
		Digest: e.Digest, RemovedAt: e.RemovedAt,
	}
	// A payload may hold client secrets.
	if masked := []byte(redact.Secrets(string(e.Body))); json.Valid(masked) {
		j.Payload = masked
	}
	return j
}

func (a *app) eventsList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List events, newest first", Args: words(),
		Long: `List shows the events of the inbox, newest first: of a running service, when
--server and a token are given, else of a database.`,
		Example: `  vezne events list --state dead
  VEZNE_SERVER=http://127.0.0.1:4242 VEZNE_TOKEN=vz_… vezne events list`,
	}
	take(cmd, databaseSettings...)
	take(cmd, "server", "token")
	flags := cmd.Flags()
	state := flags.String("state", "", "Only events of a state: received, applied, ignored, quarantined, dead")
	kind := flags.String("type", "", "Only events of a type, such as payment_intent.succeeded")
	object := flags.String("object", "", "Only events about an object of Stripe, such as pi_…")
	limit := flags.Int("limit", 20, "How many, at most 100")
	inJSON := asJSON(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *limit < 1 || *limit > 100 {
			return wrong("--limit must be from 1 to 100.", "Page with --type, --state or --object.")
		}
		show := func(rows []eventJSON) error {
			if *inJSON {
				return a.print(rows)
			}
			for _, e := range rows {
				if err := a.say("%s  %s  %-11s  %s  %s", e.ReceivedAt.Format(time.RFC3339), e.ID, e.State, e.Type, e.ObjectID); err != nil {
					return err
				}
			}
			return nil
		}
		if a.settings.Server != "" {
			query := url.Values{"limit": {strconv.Itoa(*limit)}}
			for name, value := range map[string]string{"state": *state, "type": *kind, "object": *object} {
				if value != "" {
					query.Set(name, value)
				}
			}
			var page struct {
				Data []eventJSON `json:"data"`
			}
			if err := a.ask(cmd.Context(), "/v1/events?"+query.Encode(), &page); err != nil {
				return err
			}
			return show(page.Data)
		}
		return a.onDatabase(func(ctx context.Context, d *engine.Database, _ []string) error {
			events, err := d.Events(ctx, engine.EventFilter{State: vezne.EventState(*state), Type: *kind, ObjectID: vezne.ObjectID(*object), Limit: *limit})
			if err != nil {
				return err
			}
			rows := make([]eventJSON, len(events))
			for i, e := range events {
				rows[i] = toEvent(e)
			}
			return show(rows)
		})(cmd, args)
	}
	return cmd
}

func (a *app) eventsShow() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show an event with its payload, as JSON", Args: words("ID"), Example: "  vezne events show evt_…",
		Long: `Show writes an event of the inbox as JSON, its payload included while that is
kept: of a running service, when --server and a token are given, else of a
database.`,
	}
	take(cmd, databaseSettings...)
	take(cmd, "server", "token")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if a.settings.Server != "" {
			var e eventJSON
			if err := a.ask(cmd.Context(), "/v1/events/"+url.PathEscape(args[0]), &e); err != nil {
				return err
			}
			return a.print(e)
		}
		return a.onDatabase(func(ctx context.Context, d *engine.Database, args []string) error {
			e, err := d.Event(ctx, vezne.EventID(args[0]))
			if err != nil {
				return err
			}
			return a.print(toEvent(e))
		})(cmd, args)
	}
	return cmd
}
