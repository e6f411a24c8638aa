package web

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/text"
)

// entryRow is a line of an order's timeline.
type entryRow struct {
	At     time.Time
	Actor  string
	Title  string
	Action string
	// Mark chooses the sign and colour.
	Mark    string
	EventID vezne.EventID
	Object  vezne.ObjectID
	Changes []change
	Details []pair
	// Tell is what a buyer should be told about a decline.
	Tell string
}

// change is one fact or sum before and after.
type change struct{ Name, Before, After string }

// timeline makes lines of entries, newest first.
func timeline(lang text.Lang, currency vezne.Currency, entries []vezne.Entry) []entryRow {
	list := make([]entryRow, 0, len(entries))
	for _, e := range slices.Backward(entries) {
		row := entryRow{At: e.At, Actor: actorWord(lang, e.Actor), Title: actionWord(lang, e.Action), Action: e.Action, Mark: actionMark(e.Action), EventID: e.EventID, Object: e.Object}
		row.Changes = changes(lang, currency, e.Before, e.After)
		for _, name := range slices.Sorted(maps.Keys(e.Detail)) {
			row.Details = append(row.Details, pair{name, valueWord(lang, currency, name, e.Detail[name])})
		}
		if e.Action == "payment.failed" {
			row.Tell = text.Say(lang, text.Decline(&vezne.StripeError{Type: "card_error", Status: 402, Code: stringOf(e.Detail["code"]), DeclineCode: stringOf(e.Detail["decline_code"])}))
		}
		list = append(list, row)
	}
	return list
}

func stringOf(v any) string {
	s, ok := v.(string)
	if !ok {
		return ""
	}
	return s
}

// actionWord returns what an action is called. Requests to Stripe are called by
// their purpose, and an action without a word by its own name.
func actionWord(lang text.Lang, action string) string {
	if key := "action." + action; text.Has(key) {
		return text.Say(lang, key)
	}
	for _, end := range []string{"planned", "refused"} {
		if purpose, ok := strings.CutSuffix(action, "."+end); ok {
			return text.Say(lang, "action."+end, "purpose", purpose)
		}
	}
	return action
}

// actionMark chooses the sign of an action among those of statuses.
func actionMark(action string) string {
	switch action {
	case "order.paid", "refund.succeeded", "dispute.won", "attempt.paid":
		return "paid"
	case "order.refunded", "refund.requested":
		return "refunded"
	case "order.authorized":
		return "authorized"
	case "order.canceled", "payment.failed", "refund.failed", "refund.refused", "dispute.lost":
		return "canceled"
	case "order.disputed", "order.held_by_hook", "dispute.created", "dispute.needs_response":
		return "disputed"
	}
	if strings.HasSuffix(action, ".refused") {
		return "canceled"
	}
	return "open"
}

// changes pairs what was with what is. Names are those of the API, which
// operators find in the documents too.
func changes(lang text.Lang, currency vezne.Currency, before, after map[string]any) []change {
	names := map[string]bool{}
	for name := range before {
		names[name] = true
	}
	for name := range after {
		names[name] = true
	}
	var list []change
	for _, name := range slices.Sorted(maps.Keys(names)) {
		c := change{Name: name, Before: valueWord(lang, currency, name, before[name]), After: valueWord(lang, currency, name, after[name])}
		if c.Before == c.After {
			c.Before = ""
		}
		list = append(list, c)
	}
	return list
}

// valueWord returns a value as people read it: amounts as money, statuses of
// orders by their words.
func valueWord(lang text.Lang, currency vezne.Currency, name string, v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		if v {
			return text.Say(lang, "web.yes")
		}
		return text.Say(lang, "web.no")
	case string:
		switch name {
		case "status":
			return sayOr(lang, "status."+v, v)
		case "state":
			return sayOr(lang, "admin.attempt.state."+v, sayOr(lang, "admin.refund.state."+v, v))
		case "kind":
			return sayOr(lang, "admin.attempt.kind."+v, v)
		}
		return v
	}
	if strings.HasPrefix(name, "amount") {
		if n, ok := wholeNumber(v); ok {
			return text.Money(lang, vezne.Money{Amount: n, Currency: currency})
		}
	}
	return fmt.Sprint(v)
}

// wholeNumber reads the forms in which integers come out of JSON.
func wholeNumber(v any) (int64, bool) {
	switch n := v.(type) {
	case int64:
		return n, true
	case int:
		return int64(n), true
	case float64:
		return int64(n), n == float64(int64(n))
	case fmt.Stringer:
		var out int64
		_, err := fmt.Sscan(n.String(), &out)
		return out, err == nil
	}
	return 0, false
}
