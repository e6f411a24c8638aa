package simulate_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/vezne/vezne"
)

// rest is a request of the application with a key, sent again with that key
// until there is an answer.
func (s *somebody) rest(what, method, path, body string, key uint64, into any) (int, bool) {
	w := s.world
	for try := range 6 {
		if try > 0 {
			s.think(time.Duration(try) * time.Minute)
		}
		res, err := w.call(s.ctx, method, path, body, "Content-Type", "application/json", "Authorization", "Bearer "+empty.token.Reveal(), "Idempotency-Key", fmt.Sprintf("k%016x", key))
		if err != nil {
			w.note("%s: %v", what, err)
			continue
		}
		var problem struct {
			Code string `json:"code"`
		}
		raw := readBody(w, res)
		w.note("%s: %d %.300s", what, res.StatusCode, raw)
		switch {
		case res.StatusCode < 300:
			if err := json.Unmarshal(raw, into); err != nil {
				w.violate("%s: the answer is %s", what, raw)
			}
			if s.rng.IntN(5) == 0 {
				w.later(time.Duration(s.rng.Int64N(int64(20*time.Hour))), func() {
					s.both("the same again", func(o *somebody) { o.repeat(what, method, path, body, key, raw) })
				})
			}
			return res.StatusCode, true
		case res.StatusCode >= 500 && res.StatusCode != http.StatusServiceUnavailable && res.StatusCode != http.StatusBadGateway && res.StatusCode != http.StatusGatewayTimeout:
			w.violate("%s: %d %s", what, res.StatusCode, raw)
			return res.StatusCode, false
		case res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests:
			continue
		}
		if err := json.Unmarshal(raw, &problem); err != nil {
			w.violate("%s: the problem is %s", what, raw)
		}
		if problem.Code == string(vezne.CodeIdempotencyInFlight) {
			continue
		}
		return res.StatusCode, false
	}
	return 0, false
}

// repeat sends a request that was answered again, with the same key, within the
// day that keys are kept: it must be answered as it was.
func (s *somebody) repeat(what, method, path, body string, key uint64, answered []byte) {
	w := s.world
	if w.over {
		return
	}
	res, err := w.call(s.ctx, method, path, body, "Content-Type", "application/json", "Authorization", "Bearer "+empty.token.Reveal(), "Idempotency-Key", fmt.Sprintf("k%016x", key))
	if err != nil || res.StatusCode >= 500 || w.restored {
		return
	}
	raw := readBody(w, res)
	w.note("%s, the same again: %d %.300s", what, res.StatusCode, raw)
	var before, after struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(answered, &before) != nil || json.Unmarshal(raw, &after) != nil || before.ID != after.ID {
		w.violate("%s, the same again with the same key: %d %s, before that %s", what, res.StatusCode, raw, answered)
	}
	if res.Header.Get("Idempotent-Replayed") != "true" {
		w.violate("%s, the same again with the same key: it was done again instead of being answered again", what)
	}
	s.differ(what, method, path, body, key)
}

// differ sends something else with a key that was used: it must be refused.
func (s *somebody) differ(what, method, path, body string, key uint64) {
	w := s.world
	body = strings.TrimSuffix(body, "}") + `,"metadata":{"other":"1"}}`
	if strings.HasSuffix(path, "/refunds") {
		body = `{"amount":1,"reason":"duplicate"}`
	}
	res, err := w.call(s.ctx, method, path, body, "Content-Type", "application/json", "Authorization", "Bearer "+empty.token.Reveal(), "Idempotency-Key", fmt.Sprintf("k%016x", key))
	if err != nil || res.StatusCode > 500 || w.restored {
		return
	}
	raw := readBody(w, res)
	w.note("%s, something else with the same key: %d %.300s", what, res.StatusCode, raw)
	if res.StatusCode != http.StatusConflict {
		w.violate("%s, something else with the same key: %d %s", what, res.StatusCode, raw)
	}
}
