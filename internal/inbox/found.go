package inbox

import (
	"context"

	"github.com/vezne/vezne"
)

// Sort reads an event as Stripe's list shows it, unsigned, and says what it
// means here. An event that changes something is of state received.
// CodeMalformedBody when it is no event.
func (in *Inbox) Sort(row []byte) (vezne.Event, error) {
	e, err := scan(row)
	if err != nil {
		return vezne.Event{}, vezne.E(vezne.CodeMalformedBody, "inbox.Sort", "").Because(err)
	}
	event := in.classify(e)
	event.Body = row
	return event, nil
}

// Find keeps events that Stripe lists and that never arrived, marks their
// objects, and returns which were missing. They come from a read with our own
// key, so that no signature is needed.
func (in *Inbox) Find(ctx context.Context, events []vezne.Event) ([]vezne.Event, error) {
	missing, err := in.cfg.Store.FindEvents(ctx, events)
	if err == nil {
		in.wake(missing)
	}
	return missing, err
}
