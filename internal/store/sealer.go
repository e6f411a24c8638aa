package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
)

// sealer encrypts the raw bodies of events by AES-256-GCM. Without a key it
// keeps them as they are; bodies kept so can still be read once there is one.
type sealer struct{ aead cipher.AEAD }

// The first byte of a kept body says what it is.
const (
	bodyPlain  = 0
	bodySealed = 1
)

// keySize is how many bytes a key has.
const keySize = 32

func newSealer(key []byte) (*sealer, error) {
	if len(key) == 0 {
		return &sealer{}, nil
	}
	if len(key) != keySize {
		return nil, fmt.Errorf("the key has %d bytes, not %d", len(key), keySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &sealer{aead}, nil
}

func (s *sealer) seal(body []byte) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	if s.aead == nil {
		return append([]byte{bodyPlain}, body...), nil
	}
	return s.aead.Seal([]byte{bodySealed}, nil, body, nil), nil
}

func (s *sealer) open(kept []byte) ([]byte, error) {
	switch {
	case len(kept) == 0:
		return nil, nil
	case kept[0] == bodyPlain:
		return kept[1:], nil
	case s.aead == nil:
		return nil, errors.New("the body is encrypted and there is no key")
	}
	body, err := s.aead.Open(nil, nil, kept[1:], nil)
	if err != nil {
		return nil, fmt.Errorf("open a body: %w", err)
	}
	return body, nil
}

// newSalt returns 16 random bytes.
func newSalt() ([]byte, error) {
	salt := make([]byte, 16)
	_, err := rand.Read(salt)
	return salt, err
}
