package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vezne/vezne/sandbox"
)

// tableAccount is the account of one row: it begins empty, and its clock stands at start.
type tableAccount struct {
	ctx    context.Context //nolint:containedctx // a row's account lives as long as its test
	server string
	client *http.Client
	name   string
	page   *tablePage
	// objects are the objects that were seen, by their id; newest is the id of the newest of a type, or of a label.
	objects map[string]object
	newest  map[string]string
	// read are objects as they are after the last act, by their id.
	read map[string]object
	// seen is the newest event that was read.
	seen string
	last answered
}

// answered is the last answer.
type answered struct {
	status int
	body   object
	header http.Header
}

// perform runs a row: from where, the acts, what came of it. before is the page's object ahead of the acts.
func (a *tableAccount) perform(row *tableRow) (o outcome, err error) {
	if err := a.reach(row.from); err != nil {
		return o, err
	}
	if _, err := a.happened(); err != nil {
		return o, err
	}
	if id := a.subject(); id != "" {
		var gone *refusedCall
		if o.before, err = a.get(id); err != nil && !errors.As(err, &gone) {
			return o, err
		}
	}
	for i, act := range row.acts {
		if err := a.do(act); err != nil {
			return o, err
		}
		if err := a.asSaid(act); err != nil && i < len(row.acts)-1 {
			return o, err
		}
	}
	if o.answered = a.last; len(row.acts) == 0 {
		o.answered.status = http.StatusOK
	}
	o.events, err = a.happened()
	return o, err
}

// outcome is what came of a row.
type outcome struct {
	before   object
	answered answered
	events   []object
}

// reach does the steps of a state, and of the states that it builds on.
func (a *tableAccount) reach(steps []step) error {
	for _, s := range steps {
		if s.state != "" {
			state := a.page.states[s.state]
			if err := a.reach(state.from); err != nil {
				return err
			}
			for _, h := range state.want.holds {
				if err := a.check(h, outcome{answered: a.last}); err != nil {
					return fmt.Errorf("the state %s is not reached: %w", s.state, err)
				}
			}
			continue
		}
		if err := a.do(s.act); err != nil {
			return err
		}
		if err := a.asSaid(s.act); err != nil {
			return err
		}
	}
	return nil
}

// asSaid says whether the last answer is what an act before the last one must have: success, or a refusal that was
// announced.
func (a *tableAccount) asSaid(act act) error {
	if refused := a.last.status >= 400; refused != act.refused {
		return fmt.Errorf("%s %s: %s", act.verb, strings.Join(act.words, " "), spelled(a.last))
	}
	return nil
}

// do does one act.
func (a *tableAccount) do(act act) error {
	words := make([]string, len(act.words))
	for i, word := range act.words {
		var err error
		if words[i], err = a.fill(word); err != nil {
			return err
		}
	}
	a.read = map[string]object{}
	switch act.verb {
	case "clock":
		return a.moveClock(words[0])
	case "test":
		return a.moveTestClock(words)
	case "simulate":
		return a.control("simulate", "type", words)
	case "fault":
		return a.control("faults", "effect", words)
	case "settings":
		return a.control("settings", "", words)
	}
	return a.call(act, words)
}

// call sends a request. A word is a parameter name=value, a header Name:value, body:text, or upload:name,bytes.
func (a *tableAccount) call(act act, words []string) error {
	form, header, body, upload := url.Values{}, http.Header{}, "", ""
	for _, word := range words[1:] {
		if name, value, ok := strings.Cut(word, ":"); ok && !strings.Contains(name, "=") && !strings.Contains(name, "[") {
			switch name {
			case "body":
				body = value
			case "upload":
				upload = value
			default:
				header.Set(name, value)
			}
			continue
		}
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			return fmt.Errorf("%q is no parameter", word)
		}
		form.Add(name, value)
	}
	target := words[0]
	switch {
	case upload != "":
		sent, kind, err := multipartOf(form, upload)
		if err != nil {
			return err
		}
		body = sent
		header.Set("Content-Type", kind)
	case body != "":
	case act.verb == http.MethodGet && len(form) > 0:
		target += "?" + form.Encode()
	default:
		body = form.Encode()
	}
	key := "sk_test_" + a.name
	switch act.who {
	case "browser":
		key = "pk_test_" + a.name
	case "nobody":
		key = ""
	}
	if body != "" && header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if key != "" && header.Get("Authorization") == "" {
		header.Set("Authorization", "Bearer "+key)
	}
	status, text, got, err := a.send(act.verb, target, header, body)
	if err != nil {
		return err
	}
	a.last = answered{status: status, body: object{}, header: got}
	if err := json.Unmarshal(text, &a.last.body); err != nil {
		return fmt.Errorf("%s %s: %w", act.verb, target, err)
	}
	if status != http.StatusOK {
		_, err := a.peek()
		return err
	}
	if act.who == "" {
		path, _, _ := strings.Cut(target, "?")
		if faults := sandbox.AnswerFaults(act.verb, path, string(text)); len(faults) > 0 && header.Get("Stripe-Version") == "" {
			return fmt.Errorf("not as described: %s", strings.Join(faults, "; "))
		}
	}
	if _, err := a.peek(); err != nil {
		return err
	}
	a.meet(a.last.body, true)
	if act.label != "" {
		a.newest[act.label] = a.last.body.str("id")
	}
	return nil
}

// send sends one request as it stands.
// multipartOf is a form with a file in the field of its name: "receipt.pdf", which holds one byte, or "receipt.pdf,4000".
func multipartOf(form url.Values, upload string) (body, contentType string, err error) {
	name, length, sized := strings.Cut(upload, ",")
	n := 1
	if sized {
		if n, err = strconv.Atoi(length); err != nil {
			return "", "", fmt.Errorf("%q is no number of bytes", length)
		}
	}
	var sent bytes.Buffer
	w := multipart.NewWriter(&sent)
	for key, values := range form {
		for _, value := range values {
			if err := w.WriteField(key, value); err != nil {
				return "", "", err
			}
		}
	}
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		return "", "", err
	}
	if _, err := io.WriteString(part, strings.Repeat("a", n)); err != nil {
		return "", "", err
	}
	err = w.Close()
	return sent.String(), w.FormDataContentType(), err
}

func (a *tableAccount) send(method, target string, header http.Header, body string) (int, []byte, http.Header, error) {
	r, err := http.NewRequestWithContext(a.ctx, method, a.server+target, strings.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	r.Header = header
	answer, err := a.client.Do(r)
	if err != nil {
		return 0, nil, nil, err
	}
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, text, answer.Header, errors.Join(err, answer.Body.Close())
}

// own sends a request of the runner itself, which must succeed.
func (a *tableAccount) own(method, target string, body []byte) (object, error) {
	header := http.Header{"Authorization": {"Bearer sk_test_" + a.name}}
	status, text, _, err := a.send(method, target, header, string(body))
	if err != nil {
		return nil, err
	}
	var o object
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, err
	}
	if status >= 300 {
		return o, &refusedCall{method + " " + target, answered{status: status, body: o}}
	}
	return o, nil
}

// refusedCall is a request of the runner that was refused.
type refusedCall struct {
	call string
	answered
}

func (e *refusedCall) Error() string { return e.call + ": " + spelled(e.answered) }

// control sends an order to the sandbox: JSON, with the first word under its own name.
func (a *tableAccount) control(route, first string, words []string) error {
	order := map[string]any{}
	if first != "" {
		order[first], words = words[0], words[1:]
	}
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			return fmt.Errorf("%q is no field", word)
		}
		var v any
		if json.Unmarshal([]byte(value), &v) != nil {
			v = value
		}
		order[name] = v
	}
	body, err := json.Marshal(order)
	if err != nil {
		return err
	}
	o, err := a.own(http.MethodPost, "/_sandbox/"+route, body)
	var refused *refusedCall
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	a.last = answered{status: http.StatusOK, body: o}
	if refused != nil {
		a.last.status = refused.status
	}
	if _, err := a.peek(); err != nil {
		return err
	}
	a.meet(o, true)
	return nil
}

// moveClock moves the account's clock.
func (a *tableAccount) moveClock(by string) error {
	now, err := a.now()
	if err != nil {
		return err
	}
	to, err := moved(now, by)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]int64{"now": to.Unix()})
	if err != nil {
		return err
	}
	a.last = answered{status: http.StatusOK}
	a.last.body, err = a.own(http.MethodPost, "/_sandbox/clock", body)
	if err != nil {
		return err
	}
	_, err = a.peek()
	return err
}

// moveTestClock advances the newest test clock and waits until it stands again.
func (a *tableAccount) moveTestClock(words []string) error {
	id := a.newest["test_helpers.test_clock"]
	if words[0] != "clock" || len(words) != 2 || id == "" {
		return fmt.Errorf("no test clock to move: test %s", strings.Join(words, " "))
	}
	clock, err := a.get(id)
	if err != nil {
		return err
	}
	delete(a.read, id) // it will be another one
	to, err := moved(time.Unix(clock.num("frozen_time"), 0).UTC(), words[1])
	if err != nil {
		return err
	}
	err = a.call(act{verb: http.MethodPost}, []string{"/v1/test_helpers/test_clocks/" + id + "/advance", "frozen_time=" + strconv.FormatInt(to.Unix(), 10)})
	if err != nil || a.last.status >= 400 {
		return err
	}
	if _, err := a.own(http.MethodGet, "/_sandbox/idle", nil); err != nil {
		return err
	}
	_, err = a.peek()
	return err
}

func (a *tableAccount) now() (time.Time, error) {
	o, err := a.own(http.MethodGet, "/_sandbox/clock", nil)
	return time.Unix(o.num("now"), 0).UTC(), err
}

// peek meets the objects of events that happened since happened was called, and leaves them for it.
func (a *tableAccount) peek() ([]object, error) {
	target := "/v1/events?limit=100"
	if a.seen != "" {
		target += "&ending_before=" + a.seen
	}
	list, err := a.own(http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	if list.at("has_more") == true {
		return nil, errors.New("more than a hundred events: too many for one row")
	}
	events := list.list("data")
	slices.Reverse(events)
	for _, e := range events {
		a.meet(e.hash("data.object"), true)
		a.newest["event"], a.objects[e.str("id")] = e.str("id"), e
	}
	return events, nil
}

// happened are the events since the last call of it, the oldest first.
func (a *tableAccount) happened() ([]object, error) {
	events, err := a.peek()
	if len(events) > 0 {
		a.seen = events[len(events)-1].str("id")
	}
	return events, err
}

// meet remembers an object and those in it; outer says that it is the newest of its type.
func (a *tableAccount) meet(o object, outer bool) {
	for _, v := range o {
		switch v := v.(type) {
		case map[string]any:
			a.meet(v, false)
		case []any:
			for _, e := range slices.Backward(v) {
				if h, ok := e.(map[string]any); ok {
					a.meet(h, outer && o["object"] == "list")
				}
			}
		}
	}
	typ, id := o.str("object"), o.str("id")
	if typ == "" || id == "" {
		return
	}
	a.objects[id] = o
	if outer || a.newest[typ] == "" {
		a.newest[typ] = id
	}
}

// subject is the id of the page's object: the newest of its type.
func (a *tableAccount) subject() string { return a.newest[a.page.typ] }

var placeholder = regexp.MustCompile(`\{[a-z][A-Za-z0-9_.+-]*\}`)

// fill puts values in the place of {names}: of an object its id, of a path its value, of {now+7d} the seconds.
func (a *tableAccount) fill(text string) (string, error) {
	var failed error
	filled := placeholder.ReplaceAllStringFunc(text, func(name string) string {
		name = name[1 : len(name)-1]
		if by, ok := strings.CutPrefix(name, "now"); ok {
			at, err := a.now()
			if err == nil && by != "" {
				at, err = moved(at, by)
			}
			failed = errors.Join(failed, err)
			return strconv.FormatInt(at.Unix(), 10)
		}
		if name == "publishable_key" {
			return "pk_test_" + a.name
		}
		v, err := a.named(name)
		failed = errors.Join(failed, err)
		return plainValue(v)
	})
	return filled, failed
}

// plainValue is a value as a table has it.
func plainValue(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return v
	case map[string]any:
		if id, ok := v["id"].(string); ok {
			return id
		}
	case object:
		return plainValue(map[string]any(v))
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(text.String())
}
