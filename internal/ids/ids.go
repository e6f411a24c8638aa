// Package ids makes our own identifiers: a prefix and a UUIDv7 (RFC 9562) in
// lower-case base32, so that they sort by time and cannot be guessed.
package ids

import (
	"encoding/base32"
	"fmt"

	"github.com/google/uuid"
)

// alphabet is Crockford's without easily confused letters; it keeps the order
// of the bytes. Letters between digits keep an id from looking like a number.
var alphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// New returns prefix followed by 26 characters. It fails only when the
// system's source of randomness does.
func New(prefix string) (string, error) {
	u, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("ids: read randomness: %w", err)
	}
	return prefix + alphabet.EncodeToString(u[:]), nil
}
