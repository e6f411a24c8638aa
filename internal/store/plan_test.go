package store_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

// wide are the statements that may look at every row of an account or of a
// table, and why; all others must find their rows by more.
var wide = map[string]string{
	"AnsweredKeys":        "erasure looks through every answer",
	"CallStats":           "counts what is open, by an index of that alone",
	"CountAttention":      "a figure of the dashboard",
	"CountEvents":         "a figure of the command line",
	"CountErasures":       "erasures are few",
	"CountHotCards":       "a figure of the tries of one day",
	"CountOrders":         "a figure of the dashboard",
	"CountOperators":      "operators are few",
	"EffectStats":         "counts what nobody accepted, by an index of that alone",
	"FreeCalls":           "at the start",
	"FreeMarks":           "at the start",
	"FreeReconciliations": "at the start",
	"FreeWatches":         "at the start",
	"GetChainHead":        "one row",
	"InitChainHead":       "one row",
	"GetWatch":            "one row",
	"ClaimWatch":          "one row",
	"SaveWatch":           "one row",
	"MoveChainHead":       "one row",
	"ListErasures":        "erasures are few",
	"ListReconciliations": "searches are few",
	"ClaimReconciliation": "searches are few",
	"ListOrders":          "pages through all orders, newest first",
	"ListTokens":          "tokens are few",
	"ListTombstones":      "read once, into memory",
	"MarkStats":           "counts what waits; marks are few",
	"MarksUntil":          "counts what waits; marks are few",
	"OldestKept":          "takes the first of an index",
	"PruneSessions":       "sessions are few",
	"SnapshotsLike":       "erasure looks through every object",
	"SkipInvoiceNumbers":  "counters are few",
	"UnfinishedErasures":  "erasures are few",
	"ListEvents":          "pages through all events, newest first",
	"EventsFrom":          "pages through all events",
	"ListEffects":         "pages through all effects",
	"UnsealedEntries":     "by an index of what has no seal",
	"CountOpenSnapshots":  "counts what is open, by an index of that alone",
	"RecheckNow":          "everything that is open",
	"CountTroubledEvents": "by an index of them alone",
}

// statements returns the queries by name, with ordinary placeholders.
func statements(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("query/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of queries: %v", len(files), err)
	}
	heading := regexp.MustCompile(`(?m)^-- name: (\w+) :\w+$`)
	argument := regexp.MustCompile(`sqlc\.n?arg\(\w+\)`)
	out := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		places := heading.FindAllSubmatchIndex(text, -1)
		for i, place := range places {
			end := len(text)
			if i+1 < len(places) {
				end = places[i+1][0]
			}
			body, _, _ := strings.Cut(string(text[place[1]:end]), ";")
			out[string(text[place[2]:place[3]])] = argument.ReplaceAllString(body, "?")
		}
	}
	return out
}

// TestNoStatementLooksAtEveryRow holds that what is done for one order costs
// the same however many there are: SQLite, which keeps no statistics unless it
// is asked to, takes the index that gives the order of the rows before the one
// that finds them.
func TestNoStatementLooksAtEveryRow(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, store.Config{URL: storetest.SQLite(t)})
	all := statements(t)
	everyRow := regexp.MustCompile(`^SCAN vezne_|^SEARCH \w+ USING (COVERING )?INDEX \w+ \(account=\? AND livemode=\?\)$`)
	for name, query := range all {
		for _, step := range explain(t, s, query) {
			if everyRow.MatchString(step) && wide[name] == "" {
				t.Errorf("%s looks at every row: %s", name, step)
			}
		}
	}
	for name := range wide {
		if all[name] == "" {
			t.Errorf("there is no statement %s", name)
		}
	}
}

// explain returns the steps by which SQLite would carry a statement out.
func explain(t *testing.T, s *store.Store, query string) []string {
	t.Helper()
	rows, err := s.DB().QueryContext(ctx, "EXPLAIN QUERY PLAN "+query, slices.Repeat([]any{nil}, strings.Count(query, "?"))...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return steps
}
