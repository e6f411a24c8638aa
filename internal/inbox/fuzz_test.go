package inbox

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v85/webhook"

	"github.com/vezne/vezne"
)

const fuzzSecret = "whsec_for_the_fuzzer"

// FuzzSignatureAgainstStripesLibrary holds verify against stripe-go's: what we
// take, it takes. In a header, NOW stands for the present second, SIG for a
// signature that fits it.
func FuzzSignatureAgainstStripesLibrary(f *testing.F) {
	for _, header := range []string{
		"t=NOW,v1=SIG", "v1=SIG,t=NOW", "t=NOW,v1=00,v1=SIG", "t=NOW,v0=SIG", "t=NOW,v0=00,v1=SIG,v2=zz", "t=NOW, v1=SIG", "t= NOW,v1=SIG", "t=+NOW,v1=SIG", "t=0NOW,v1=SIG",
		"t=NOW,v1=SIG,", ",t=NOW,v1=SIG", "t=NOW,v1=SIG,x", "t=NOW,v1=SIG,x=y=z", "t=NOW,v1=SIG=", "t=NOW,t=1,v1=SIG", "t=1,t=NOW,v1=SIG", "t=x,t=NOW,v1=SIG", "v1=SIG", "t=NOW", "t=,v1=SIG",
		"T=NOW,V1=SIG", "t=NOW;v1=SIG", "t=NOW,v1=zz,v1=SIG", "t=NOW,v1=,v1=SIG", "t=9999999999,v1=SIG", "t=-1,v1=SIG", "t=NOW,v1=SIG\n", "", "=", "t=99999999999999999999,v1=SIG",
	} {
		f.Add(header, []byte(`{"id":"evt_1"}`))
	}
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		const tolerance = time.Hour
		now := time.Now()
		sig := hex.EncodeToString(webhook.ComputeSignature(now, body, fuzzSecret))
		header = strings.ReplaceAll(strings.ReplaceAll(header, "NOW", strconv.FormatInt(now.Unix(), 10)), "SIG", sig)
		ours := verify(body, header, []vezne.Secret{vezne.NewSecret("whsec_another"), vezne.NewSecret(fuzzSecret)}, now, tolerance)
		theirs := webhook.ValidatePayloadWithTolerance(body, header, fuzzSecret, tolerance)
		if ours == nil && theirs != nil {
			t.Fatalf("%q was taken; Stripe's library says %v", header, theirs)
		}
		if ours != nil && theirs == nil && strings.Count(header, "v1=") <= maxSignatures {
			unix, _, ok := parseHeader(header)
			if !ok || time.Unix(unix, 0).Before(now.Add(tolerance)) {
				t.Fatalf("%q was refused: %v; Stripe's library takes it", header, ours)
			}
		}
		if ours != nil && vezne.CodeOf(ours) != vezne.CodeSignatureInvalid {
			t.Fatalf("%q: %v", header, ours)
		}
	})
}

// The types below read an envelope by encoding/json, key by key: names are
// exact, and what comes later wins.

type jsonEnvelope struct{ envelope }

type jsonData struct{ e *envelope }

type jsonObject struct{ e *envelope }

func members(b []byte, member func(key string, value json.RawMessage) error) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	start, err := dec.Token()
	if err != nil || start == nil {
		return err // null changes nothing
	}
	if start != json.Delim('{') {
		return errors.New("no object")
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		if err := member(key.(string), value); err != nil {
			return err
		}
	}
	return nil
}

func (j *jsonEnvelope) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return errors.New("no object")
	}
	e := &j.envelope
	return members(b, func(key string, value json.RawMessage) error {
		switch key {
		case "id":
			return json.Unmarshal(value, &e.id)
		case "type":
			return json.Unmarshal(value, &e.kind)
		case "api_version":
			return json.Unmarshal(value, &e.apiVersion)
		case "account":
			return json.Unmarshal(value, &e.account)
		case "created":
			return json.Unmarshal(value, &e.created)
		case "livemode":
			return json.Unmarshal(value, &e.livemode)
		case "data":
			return json.Unmarshal(value, &jsonData{e})
		}
		return nil
	})
}

func (j *jsonData) UnmarshalJSON(b []byte) error {
	return members(b, func(key string, value json.RawMessage) error {
		if key == "object" {
			return json.Unmarshal(value, &jsonObject{j.e})
		}
		return nil
	})
}

func (j *jsonObject) UnmarshalJSON(b []byte) error {
	return members(b, func(key string, value json.RawMessage) error {
		switch key {
		case "id":
			return json.Unmarshal(value, &j.e.objectID)
		case "object":
			return json.Unmarshal(value, &j.e.objectType)
		}
		return nil
	})
}

// FuzzScanAgainstEncodingJSON holds the scan to encoding/json: both accept or
// both refuse, and find the same.
func FuzzScanAgainstEncodingJSON(f *testing.F) {
	for _, body := range []string{
		`{"id":"evt_1","object":"event","api_version":"2026-01-28.clover","created":1764000000,"data":{"object":{"id":"pi_1","object":"payment_intent","amount":1999,"metadata":{"id":"x"}},"previous_attributes":{"id":"y"}},"livemode":false,"type":"payment_intent.succeeded","account":"acct_1"}`,
		` { "type" : "a" , "id" : "b" } `, `{"id":"a","type":"b","data":null}`, `{"id":"a","type":"b","data":{"object":null}}`, `{"id":"a","type":"b","data":5}`, `{"id":"a","type":"b","data":{"object":[]}}`,
		`{"id":"a","id":"b","type":"c","id":null}`, `{"id":"a","type":"b","data":{"object":{"id":"x"}},"data":{}}`, `{"ID":"a","Type":"b"}`, `{"id":1,"type":"b"}`, `{"id":"a","type":"b","created":1.0}`,
		`{"id":"a","type":"b","created":1e3}`, `{"id":"a","type":"b","created":-0}`, `{"id":"a","type":"b","created":9223372036854775808}`, `{"id":"a","type":"b","livemode":"true"}`,
		`{"\u0069d":"a","type":"b\u00e7\ud83d\ude00\ud800"}`, "{\"id\":\"\xff\",\"type\":\"b\xc3\"}", `{"id":"","type":""}`, `null`, `[]`, `"x"`, `{}`, `{"id":"a","type":"b"}x`, `{"id":"a","type":"b",}`,
		`{"id":"a","type":"b","x":[1,2,[{}],-1.5e+3,true,false,null]}`, `{"id":"a","type":"b","x":01}`, `{"id":"a","type":"b","x":+1}`, `{"id":"a","type":"b","x":"` + "\x01" + `"}`, "\ufeff{}",
		`{"id":"a","type":"b","x":` + strings.Repeat("[", 60) + strings.Repeat("]", 60) + `}`,
	} {
		f.Add([]byte(body))
	}
	f.Add([]byte(`{"id":"a","type":"b","x":` + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + `}`))
	f.Add([]byte(`{"id":"a","type":"b","x":` + strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1) + `}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var want jsonEnvelope
		theirs := json.Unmarshal(body, &want)
		if theirs == nil && (want.id == "" || want.kind == "") {
			theirs = errors.New("no id or no type")
		}
		got, ours := scan(body)
		if (ours == nil) != (theirs == nil) {
			t.Fatalf("%q: scan says %v, encoding/json %v", body, ours, theirs)
		}
		if ours == nil && got != want.envelope {
			t.Fatalf("%q: scan found %+v, encoding/json %+v", body, got, want.envelope)
		}
	})
}

// FuzzUnescapeAgainstEncodingJSON: whatever passes as a string is read as
// encoding/json reads it.
func FuzzUnescapeAgainstEncodingJSON(f *testing.F) {
	for _, s := range []string{"", "plain", `\"\\\/\b\f\n\r\t`, `\u0041\u00e7\u2028`, `\ud83d\ude00`, `\ud800`, `\udc00\ud800`, "\xff", "ç\xc3", `\x`, `\u12`, "\x1f", `a"b`, `\`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		quoted := append(append([]byte{'"'}, raw...), '"')
		var want string
		theirs := json.Unmarshal(quoted, &want)
		p := parser{b: quoted}
		got := ""
		ours := p.text(&got)
		if ours == nil && p.i != len(quoted) {
			ours = errSyntax
		}
		if (ours == nil) != (theirs == nil) || (ours == nil && got != want) {
			t.Fatalf("%q: %q, %v; encoding/json: %q, %v", raw, got, ours, want, theirs)
		}
	})
}
