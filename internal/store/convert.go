package store

import (
	"encoding/json"
	"time"

	"github.com/vezne/vezne"
)

// Instants are kept as microseconds since 1970 in UTC.

func micros(t time.Time) int64 { return t.UnixMicro() }

func microsPtr(t *time.Time) *int64 {
	if t == nil {
		return nil
	}
	m := t.UnixMicro()
	return &m
}

func instant(m int64) time.Time { return time.UnixMicro(m).UTC() }

func instantPtr(m *int64) *time.Time {
	if m == nil {
		return nil
	}
	t := instant(*m)
	return &t
}

// encode writes what can always be written: our own types.
func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", vezne.E(vezne.CodeInternal, "store.encode", "").Because(err)
	}
	return string(b), nil
}

func decode(op, s string, into any) error {
	if err := json.Unmarshal([]byte(s), into); err != nil {
		return vezne.E(vezne.CodeCorrupt, op, "").Because(err)
	}
	return nil
}
