package simulate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/vezne/vezne/sandbox"
)

// fate is what becomes of one request to Stripe.
type fate string

const (
	// fine: it is answered.
	fine fate = ""
	// refused: it never gets there.
	refused fate = "refused"
	// lost: it takes effect, and the connection is cut before the answer.
	lost fate = "lost"
	// silent: it never gets there, and nobody says so.
	silent fate = "silent"
	// mute: it takes effect, and no answer ever comes.
	mute fate = "mute"
	// late: nobody answers; it takes effect when nobody waits any more.
	late fate = "late"
	// slow: the answer comes, long after it was made.
	slow fate = "slow"
	// limited: 429.
	limited fate = "limited"
	// broken: 500 without effect, kept under the key.
	broken fate = "broken"
	// brokenAfter: 500 after it took effect.
	brokenAfter fate = "broken_after"
	// brokenLate: 500, and within a minute it takes effect after all.
	brokenLate fate = "broken_late"
	// brokenLater: the same, but after the lists were taken as complete.
	brokenLater fate = "broken_later"
	// hiccup: 500 without effect, forgotten.
	hiccup fate = "hiccup"
	// gateway: a proxy's page instead of an answer.
	gateway fate = "gateway"
	// gatewayAfter: the same, after it took effect.
	gatewayAfter fate = "gateway_after"
	// killed: it takes effect, and the process dies before it hears the answer.
	killed fate = "killed"
	// unauthorized: the key is refused, this once.
	unauthorized fate = "unauthorized"
)

var fates = []fate{refused, lost, silent, mute, late, slow, limited, broken, brokenAfter, brokenLate, brokenLater, hiccup, gateway, gatewayAfter, killed, unauthorized}

// road carries the requests of one life to Stripe.
type road struct{ life *life }

// RoundTrip carries a request: a step before it gets there, a step before its
// answer is heard.
func (r road) RoundTrip(req *http.Request) (*http.Response, error) {
	w, ctx := r.life.world, req.Context()
	label := req.Method + " " + req.URL.Path
	w.sched.step(ctx, label)
	if err := r.life.take(false); err != nil {
		return nil, err
	}
	body, err := readAll(req)
	if err != nil {
		return nil, err
	}
	f := w.weather.fate(req)
	w.note("%s %s %s", req.Method, req.URL.Path, f)
	known := w.record.request(req, body)
	if p := w.now; known != nil && p != nil && p.life == r.life && p.opened && p.CatchingUp() {
		w.violate("a restored desk asks for %s before it knows what happened since the backup", req.URL.Path)
	}
	charge := req.URL.Query().Get("charge")
	if charge != "" {
		w.record.asked[charge]++
	}
	res, err := r.carry(req, body, known, f)
	w.sched.step(ctx, "answer of "+label)
	if charge != "" {
		w.record.asked[charge]--
	}
	if gone := r.life.take(false); gone != nil {
		return nil, gone
	}
	if err == nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil {
		w.record.heard(ctx, r.life, known, res, f)
	}
	return res, err
}

func readAll(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	b, err := io.ReadAll(req.Body)
	if closing := req.Body.Close(); err == nil {
		err = closing
	}
	return b, err
}

func (r road) carry(req *http.Request, body []byte, known *request, f fate) (*http.Response, error) {
	w, ctx := r.life.world, req.Context()
	if f != fine {
		w.stats.fates[f]++
	}
	switch f {
	case refused:
		return nil, syscall.ECONNRESET
	case silent:
		<-ctx.Done()
		return nil, ctx.Err()
	case late:
		after := w.weather.pause(time.Minute)
		again := req.Clone(context.WithoutCancel(ctx))
		w.later(time.Minute+after, func() { _, _ = w.stripe.send(again, body, known, false) })
		<-ctx.Done()
		return nil, ctx.Err()
	case brokenLate, brokenLater:
		after := time.Second + w.weather.pause(45*time.Second)
		if f == brokenLater {
			// Nobody promises that this cannot be; what comes of it is given back.
			after = 2*time.Minute + w.weather.pause(time.Hour)
			w.twice = true
		}
		again := req.Clone(context.WithoutCancel(ctx))
		w.later(after, func() { _, _ = w.stripe.send(again, body, known, f == brokenLater) })
		return answerBroken(req), nil
	case gateway:
		return page(req, http.StatusBadGateway), nil
	}
	pause(ctx, w.weather.latency())
	w.sched.step(ctx, "arrival of "+req.Method+" "+req.URL.Path)
	if f == unauthorized || !w.weather.clear && time.Now().Before(w.weather.unauthorized) {
		req.Header.Set("Authorization", "Bearer sk_live_wrong")
	}
	if f == limited || f == broken || f == hiccup || f == brokenAfter {
		plant(w, req, f)
	}
	res, err := w.stripe.send(req, body, known, false)
	if err == nil && req.URL.Path == "/v1/events" {
		err = w.young(res)
	}
	// A replayed answer meets no fault: it must not wait for somebody else.
	if removing := w.stripe.account.RemoveFault(""); removing != nil {
		w.violate("the sandbox keeps a fault: %v", removing)
	}
	switch {
	case err != nil:
		return nil, err
	case f == lost:
		return nil, syscall.ECONNRESET
	case f == killed:
		r.life.kill()
		return nil, syscall.ECONNRESET
	case f == mute:
		<-ctx.Done()
		return nil, ctx.Err()
	case f == gatewayAfter:
		return page(req, http.StatusServiceUnavailable), nil
	case f == slow:
		pause(ctx, w.weather.pause(25*time.Second))
	case known != nil && res.StatusCode < 300 && w.weather.climate.haste && !w.weather.clear && w.weather.rng.IntN(6) == 0:
		w.hasty(res)
		pause(ctx, 2*time.Second+w.weather.pause(6*time.Second))
	default:
		// What is true when it is read may not be any more when it is heard.
		pause(ctx, w.weather.wayBack())
	}
	return res, nil
}

// listed is how late an event may stand in Stripe's list of events.
const listed = 8 * time.Minute

// young takes out of a list of events those that do not stand in it yet. Only an
// event's own page knows it then.
func (w *world) young(res *http.Response) error {
	body, err := readAnswer(res)
	if err != nil || res.StatusCode != http.StatusOK || w.weather.clear {
		return err
	}
	var page map[string]json.RawMessage
	var rows []json.RawMessage
	if err := json.Unmarshal(body, &page); err != nil {
		return err
	}
	if err := json.Unmarshal(page["data"], &rows); err != nil {
		return err
	}
	last := len(rows) - 1
	kept := rows[:0]
	for i, raw := range rows {
		var e struct {
			ID      string `json:"id"`
			Created int64  `json:"created"`
		}
		if err := json.Unmarshal(raw, &e); err != nil {
			return err
		}
		// The last row says where the next page begins.
		if i == last || time.Since(time.Unix(e.Created, 0)) >= lateness(e.ID) {
			kept = append(kept, raw)
		}
	}
	if page["data"], err = json.Marshal(kept); err != nil {
		return err
	}
	body, err = json.Marshal(page)
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	res.Header.Del("Content-Length")
	return err
}

// lateness is how long after its making an event stands in the list: most at
// once, some late, whatever else is younger.
func lateness(id string) time.Duration {
	h := fnv.New32a()
	h.Write([]byte(id))
	sum := h.Sum32()
	if sum%4 > 0 {
		return 0
	}
	return time.Duration(sum/4) % listed
}

// plant has the sandbox itself answer a request so.
func plant(w *world, req *http.Request, f fate) {
	kept := f != hiccup
	fault := sandbox.Fault{Method: req.Method, Path: req.URL.Path, Effect: "status", Status: http.StatusInternalServerError, Kept: &kept}
	switch f {
	case limited:
		fault = sandbox.Fault{Method: req.Method, Path: req.URL.Path, Effect: "rate_limit"}
	case brokenAfter:
		fault.When = "after"
	}
	if _, err := w.stripe.account.AddFault(fault); err != nil {
		w.violate("the sandbox plants no fault: %v", err)
	}
}

// answerBroken is Stripe's own 500.
func answerBroken(req *http.Request) *http.Response {
	res := page(req, http.StatusInternalServerError)
	res.Header = http.Header{"Content-Type": {"application/json"}, "Request-Id": {"req_broken"}, "Stripe-Should-Retry": {"false"}}
	res.Body = io.NopCloser(strings.NewReader(`{"error":{"type":"api_error","message":"Something went wrong on Stripe's end."}}`))
	return res
}

func page(req *http.Request, status int) *http.Response {
	return &http.Response{
		StatusCode: status, Status: fmt.Sprint(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{"Content-Type": {"text/html"}}, Body: io.NopCloser(strings.NewReader("<html>upstream</html>")),
	}
}

// pause sleeps, but not longer than anybody waits.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func withBody(req *http.Request, body []byte) *http.Request {
	out := req.Clone(req.Context())
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return out
}
