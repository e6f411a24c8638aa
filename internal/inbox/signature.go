package inbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/vezne/vezne"
)

// maxSignatures bounds how many signatures of a header are compared, so that a
// forged header cannot buy time.
const maxSignatures = 16

// verify checks the header Stripe-Signature: t=<unix>,v1=<hex>[,v1=<hex>…]. The
// signature is HMAC-SHA256 of "<t>.<body>" under the whole secret; schemes other
// than v1 are ignored. One signature that fits one secret is enough, so that a
// secret can be rolled. The time may lie within the tolerance of now, both ways.
// Source: docs.stripe.com/webhooks, verify manually.
func verify(body []byte, header string, secrets []vezne.Secret, now time.Time, tolerance time.Duration) error {
	const op = "inbox.verify"
	refuse := func(why string) error { return vezne.E(vezne.CodeSignatureInvalid, op, why) }
	if header == "" {
		return refuse("The signature is missing.")
	}
	unix, signatures, ok := parseHeader(header)
	if !ok {
		return refuse("The signature header is malformed.")
	}
	if len(signatures) == 0 {
		return refuse("The header has no v1 signature.")
	}
	stamp := strconv.FormatInt(unix, 10)
	fits := false
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret.Reveal()))
		mac.Write([]byte(stamp))
		mac.Write([]byte{'.'})
		mac.Write(body)
		want := mac.Sum(nil)
		for _, got := range signatures {
			if subtle.ConstantTimeCompare(want, got) == 1 {
				fits = true
			}
		}
	}
	if !fits {
		return refuse("No signature fits.")
	}
	if age := now.Sub(time.Unix(unix, 0)); age > tolerance || age < -tolerance {
		return refuse("The signature's time is too far from ours; compare the clocks.")
	}
	return nil
}

// parseHeader splits a header into its time and its v1 signatures. Signatures
// that are no hexadecimal are passed over, as Stripe's libraries do.
func parseHeader(header string) (unix int64, signatures [][]byte, ok bool) {
	timed := false
	for part := range strings.SplitSeq(header, ",") {
		key, value, found := strings.Cut(part, "=")
		if !found || strings.Contains(value, "=") {
			return 0, nil, false
		}
		switch key {
		case "t":
			var err error
			if unix, err = strconv.ParseInt(value, 10, 64); err != nil {
				return 0, nil, false
			}
			timed = true
		case "v1":
			sig, err := hex.DecodeString(value)
			if err != nil || len(signatures) == maxSignatures {
				continue
			}
			signatures = append(signatures, sig)
		}
	}
	return unix, signatures, timed
}
