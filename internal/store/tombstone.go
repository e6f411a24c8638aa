package store

import (
	"bytes"
	"context"

	"github.com/vezne/vezne/internal/store/db"
)

// tombstones are the ids that tell that an event is about somebody who was
// erased. They only become more.
type tombstones struct {
	// erasures is how many erasures they are of.
	erasures int64
	ids      map[string]struct{}
}

// names reports whether one of the ids stands in a JSON text as a value or a
// key: quoted, and nothing else in the quotes.
func (t *tombstones) names(body []byte) bool {
	if len(t.ids) == 0 {
		return false
	}
	open := bytes.IndexByte(body, '"')
	for open >= 0 {
		body = body[open+1:]
		// What stands between two quotes that are next to each other: a value, a
		// key, or what parts them. None is left out where a quote is escaped.
		open = bytes.IndexByte(body, '"')
		if open > 0 {
			if _, ok := t.ids[string(body[:open])]; ok {
				return true
			}
		}
	}
	return false
}

// knownTombstones returns those of all erasures. What a process knows is looked
// up again when there was another erasure.
func (s *Store) knownTombstones(ctx context.Context, q queries) (*tombstones, error) {
	const op = "store.tombstones"
	n, err := q.q.CountErasures(ctx, db.CountErasuresParams{Account: s.scope.Account, Livemode: s.scope.Livemode})
	if err != nil {
		return nil, storageError(op, err)
	}
	if known := s.tombs.Load(); known != nil && known.erasures == n {
		return known, nil
	}
	t := &tombstones{erasures: n, ids: map[string]struct{}{}}
	if n > 0 {
		ids, err := q.q.ListTombstones(ctx, db.ListTombstonesParams{Account: s.scope.Account, Livemode: s.scope.Livemode})
		if err != nil {
			return nil, storageError(op, err)
		}
		for _, id := range ids {
			t.ids[id] = struct{}{}
		}
	}
	s.tombs.Store(t)
	return t, nil
}

// Naming returns a function that reports whether one of some ids stands in a
// JSON text, as a value or a key of its own.
func Naming(ids []string) func(body []byte) bool {
	t := &tombstones{ids: map[string]struct{}{}}
	for _, id := range ids {
		t.ids[id] = struct{}{}
	}
	return t.names
}
