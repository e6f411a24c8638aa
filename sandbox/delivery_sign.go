package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	stdhash "hash"
	"strconv"
)

// signer signs deliveries. It keeps what it made of the secrets of the last one: two blocks of a hash each.
type signer struct {
	secrets []string
	macs    []stdhash.Hash
	text    []byte
}

// sign makes the Stripe-Signature header: the instant in seconds since 1970, and one v1 for each secret.
// Source: docs.stripe.com/webhooks, "Verify webhook signatures manually".
func (s *signer) sign(at int64, body []byte, secrets []string) string {
	var sum [sha256.Size]byte
	instant := strconv.AppendInt(nil, at, 10)
	s.text = append(append(s.text[:0], "t="...), instant...)
	instant = append(instant, '.')
	for i, secret := range secrets {
		mac := s.mac(i, secret)
		mac.Write(instant) // a hash never fails
		mac.Write(body)
		s.text = hex.AppendEncode(append(s.text, ",v1="...), mac.Sum(sum[:0]))
	}
	return string(s.text)
}

// mac is the keyed hash of the secret at a place, ready to be written to.
func (s *signer) mac(place int, secret string) stdhash.Hash {
	if place == len(s.macs) {
		s.secrets, s.macs = append(s.secrets, ""), append(s.macs, nil)
	}
	if s.macs[place] == nil || s.secrets[place] != secret {
		s.secrets[place], s.macs[place] = secret, hmac.New(sha256.New, []byte(secret))
	}
	s.macs[place].Reset()
	return s.macs[place]
}

// signEvent makes the Stripe-Signature header of one body.
func signEvent(at int64, body []byte, secrets ...string) string {
	var s signer
	return s.sign(at, body, secrets)
}
