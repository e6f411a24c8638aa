package vezne

import "log/slog"

// Secret is a string that cannot be printed: keys, signing secrets, client
// secrets and tokens. Every way of formatting it yields a mask; only Reveal
// returns the value, so that each use can be found by name.
type Secret struct{ value string }

const secretMask = "[secret]"

// NewSecret wraps a value.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal returns the value. Call it where the value leaves for the place it
// is meant for, and nowhere else.
func (s Secret) Reveal() string { return s.value }

// IsZero reports whether no value was given.
func (s Secret) IsZero() bool { return s.value == "" }

// String returns a mask.
func (s Secret) String() string { return secretMask }

// GoString returns a mask, so that %#v shows nothing.
func (s Secret) GoString() string { return secretMask }

// LogValue returns a mask for structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(secretMask) }

// MarshalText returns a mask, which also covers JSON values and map keys.
func (s Secret) MarshalText() ([]byte, error) { return []byte(secretMask), nil }
