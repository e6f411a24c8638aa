package simulate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/vezne/vezne"
)

// record is what Stripe said to the desk, in the order in which it was true:
// the world stands at Stripe's side of the network, where no answer is lost,
// late or replayed. Against it is held what the desk keeps.
type record struct {
	world *world
	now   int
	// states are, of each object, the states that answers showed, and when an
	// answer showed them first and last.
	states map[string]map[string]span
	// sent are the requests by key: which they were, and how Stripe took them.
	sent map[string]*request
	// made are the objects that requests made, by the id of ours in their metadata.
	made map[string]string
	// shown are the objects of an answer that is on its way; news are those that
	// arrived since the last look.
	shown map[*http.Response][]sight
	news  []news
	// asked counts the requests on their way that ask what hangs on a charge: who
	// heard of a charge with disputes asks for them before it keeps either.
	asked map[string]int
	// read are, of each path, the newest answer as it was and as it was read: most
	// reads show what the one before them showed.
	read map[string]reading
}

// reading is an answer's body, and what it says.
type reading struct {
	body string
	said map[string]any
}

// sight is an object as an answer shows it, and when that was true.
type sight struct {
	id, state string
	at        int
}

// news is what a life has heard.
type news struct {
	sight
	by *life
	// until is when whoever heard it had to be done with it, zero for no such time.
	until time.Time
}

// span is from the first to the last answer of a kind.
type span struct{ first, last int }

// request is one that changes something, as it was sent under one key.
type request struct {
	path, body string
	// status is how Stripe answered it when it was carried out, 0 before that.
	status int
	// later is true when Stripe did it long after it said that it failed.
	later bool
	// at is when it was first sent.
	at time.Time
	// broken counts the answers that were the stored 500, by lives.
	broken map[*life]int
}

// forget lets go of what was sent since a backup: a desk whose database was
// lost may be asked again under a caller's key, and writes it down anew.
func (r *record) forget(since time.Time) {
	maps.DeleteFunc(r.sent, func(_ string, sent *request) bool { return !sent.at.Before(since) })
}

func newRecord(w *world) *record {
	return &record{world: w, states: map[string]map[string]span{}, sent: map[string]*request{}, made: map[string]string{}, shown: map[*http.Response][]sight{}, asked: map[string]int{}, read: map[string]reading{}}
}

// request notes what the desk sends under a key. What is sent again must be the
// same, byte for byte.
func (r *record) request(req *http.Request, body []byte) *request {
	key := req.Header.Get("Idempotency-Key")
	if req.Method != http.MethodPost {
		return nil
	}
	if key == "" {
		r.world.violate("a request to %s has no key", req.URL.Path)
		return nil
	}
	known, ok := r.sent[key]
	if !ok {
		known = &request{path: req.URL.Path, body: string(body), at: time.Now(), broken: map[*life]int{}}
		r.sent[key] = known
	}
	if known.path != req.URL.Path || known.body != string(body) {
		r.world.violate("the key %s was sent with\n%s %s\nand is sent with\n%s %s", key, known.path, known.body, req.URL.Path, body)
	}
	return known
}

// heard notes that a life heard an answer. One that hears the stored 500 again
// and again has not understood it.
func (r *record) heard(ctx context.Context, l *life, known *request, res *http.Response, f fate) {
	until, _ := ctx.Deadline()
	for _, s := range r.shown[res] {
		r.news = append(r.news, news{s, l, until})
	}
	delete(r.shown, res)
	if known == nil || res == nil || f != broken && f != brokenAfter && (res.StatusCode != http.StatusInternalServerError || res.Header.Get("Idempotent-Replayed") != "true") {
		return
	}
	if known.broken[l]++; known.broken[l] > 2 {
		r.world.violate("%s was asked for %d times although its key answers with a stored 500", known.path, known.broken[l])
	}
}

// answer notes what an answer shows, and what a request made.
func (r *record) answer(req *http.Request, known *request, res *http.Response, body []byte, later bool) {
	status := res.StatusCode
	if res.Header.Get("Idempotent-Replayed") == "true" {
		return
	}
	r.now++
	said, ok := r.reads(req.URL.RequestURI(), body)
	if !ok {
		return
	}
	var sights []sight
	r.see(said, &sights)
	if said["object"] != "list" {
		r.shown[res] = sights
	}
	if known == nil || status == http.StatusTooManyRequests || status == http.StatusUnauthorized || status == http.StatusConflict {
		return
	}
	known.status, known.later = status, known.later || later
	r.world.doubt(req.Header.Get("Idempotency-Key"))
	if status >= 300 {
		return
	}
	kind, _ := said["object"].(string)
	id, _ := said["id"].(string)
	metadata, _ := said["metadata"].(map[string]any)
	for _, name := range madeBy[req.URL.Path] {
		ours, _ := metadata[name].(string)
		if ours == "" {
			continue
		}
		tag := kind + " of " + ours
		if former := r.made[tag]; former != "" && former != id && !later && !r.world.restored && !r.gone(req.URL.Path+"/"+former) {
			r.world.violate("Stripe has two objects that are the %s: %s and %s", tag, former, id)
		}
		if !later {
			r.made[tag] = id
		}
	}
}

// reads reads an answer, and reports whether it is one of Stripe's.
func (r *record) reads(path string, body []byte) (map[string]any, bool) {
	if former, ok := r.read[path]; ok && former.body == string(body) {
		return former.said, true
	}
	var said map[string]any
	if json.Unmarshal(body, &said) != nil {
		return nil, false
	}
	r.read[path] = reading{string(body), said}
	return said, true
}

// gone reports whether an object was deleted at Stripe.
func (r *record) gone(path string) bool {
	var o struct {
		Deleted bool `json:"deleted"`
	}
	return !r.world.stripe.get(path, nil, &o) || o.Deleted
}

// madeBy are the paths that make something, and what in its metadata tells it
// from all others.
var madeBy = map[string][]string{
	"/v1/payment_intents":   {vezne.MetadataAttempt},
	"/v1/checkout/sessions": {vezne.MetadataAttempt},
	"/v1/refunds":           {vezne.MetadataRefund},
	"/v1/customers":         {vezne.MetadataCustomer},
	"/v1/setup_intents":     {vezne.MetadataCall},
}

// told are the facts of an object that decide.
var told = []string{
	"status", "amount", "amount_received", "amount_capturable", "amount_captured", "amount_refunded", "amount_total", "currency", "payment_status", "disputed", "deleted", "reason",
}

// stateOf sums up what an object says.
func stateOf(o map[string]any) string {
	var b strings.Builder
	for _, key := range told {
		if v, ok := o[key]; ok && v != nil {
			fmt.Fprintf(&b, "%s %v ", key, v)
		}
	}
	return b.String()
}

// see walks an answer and notes every object in it. What an object says of an
// error of the past is no answer about what stands there.
func (r *record) see(o map[string]any, sights *[]sight) {
	for key, v := range o {
		if strings.HasPrefix(key, "last_") {
			continue
		}
		if child, ok := v.(map[string]any); ok {
			r.see(child, sights)
		}
	}
	id, _ := o["id"].(string)
	if _, ok := o["object"].(string); !ok || id == "" {
		return
	}
	states := r.states[id]
	if states == nil {
		states = map[string]span{}
		r.states[id] = states
	}
	state := stateOf(o)
	s, ok := states[state]
	if !ok {
		s.first = r.now
	}
	s.last = r.now
	states[state] = s
	*sights = append(*sights, sight{id, state, r.now})
}

// checkSnapshot holds what the desk keeps of an object against what Stripe said:
// it must have said so, and not only before it said what was kept until now.
func (w *world) checkSnapshot(id string) {
	found := texts(w, "SELECT body FROM vezne_snapshots WHERE id = $1 AND NOT deleted", id)
	if len(found) == 0 {
		// It was deleted at Stripe: nothing more is said of it.
		delete(w.seen.kept, id)
		return
	}
	var o map[string]any
	if err := json.Unmarshal([]byte(found[0]), &o); err != nil {
		w.violate("what is kept of %s cannot be read: %v", id, err)
		return
	}
	state := stateOf(o)
	states := w.record.states[id]
	now, ok := states[state]
	if !ok {
		w.violate("of %s is kept what Stripe never said: %s", id, state)
		return
	}
	if before, ok := w.seen.kept[id]; ok && now.last < states[before].first {
		w.violate("%s went back from %q to %q", id, before, state)
	}
	w.seen.kept[id] = state
}

// checkNews holds that no answer that was heard is thrown away: unless the
// object is to be read again, what is kept of it is as new.
func (w *world) checkNews() {
	list := w.record.news
	w.record.news = nil
	for _, n := range list {
		if w.record.asked[n.id] > 0 {
			w.record.news = append(w.record.news, n)
			continue
		}
		kept, ok := w.seen.kept[n.id]
		late := !n.until.IsZero() && !time.Now().Before(n.until) // before it could be written down
		if !ok || late || n.by.isTroubled() || w.record.states[n.id][kept].last >= n.at {
			continue
		}
		if w.record.states[n.id][n.state].first > w.record.states[n.id][kept].last && len(texts(w, `SELECT m.id FROM vezne_marks m WHERE m.id = $1
			UNION ALL SELECT c.id FROM vezne_calls c JOIN vezne_snapshots s ON s.root_id = c.root_id WHERE s.id = $1 AND c.state IN ('pending', 'looking')`, n.id)) == 0 {
			w.violate("of %s was heard %q, and kept is the older %q", n.id, n.state, kept)
		}
	}
	if w.now != nil {
		w.now.life.inTime()
	}
}

// checkCall holds how a request ended against what Stripe did.
func (w *world) checkCall(id string) {
	found, err := w.asks("SELECT state, purpose, path, form, key, status, created_at, root_id FROM vezne_calls WHERE id = $1").rows(id)
	if err != nil {
		w.violate("look at a call: %v", err)
		return
	}
	defer found.Close()
	var state, purpose, path, form, key, root string
	var status, created int64
	if !found.Next() {
		if err := found.Err(); err != nil {
			w.violate("look at a call: %v", err)
		}
		return
	}
	if err := found.Scan(&state, &purpose, &path, &form, &key, &status, &created, &root); err != nil {
		w.violate("look at a call: %v", err)
		return
	}
	if state != "refused" && state != "abandoned" || w.restored {
		return
	}
	// The next question needs the only connection.
	if err := found.Close(); err != nil {
		w.violate("look at a call: %v", err)
		return
	}
	// Such an answer says that somebody else is to blame, or that it is too early.
	// A request that was only turned away may be withdrawn: then nothing says that
	// Stripe refused it.
	withdrawn := status == http.StatusTooManyRequests && len(texts(w, "SELECT action FROM vezne_entries WHERE root_id = $1 AND action = $2", root, purpose+".refused")) == 0
	if state == "refused" && status != 0 && !withdrawn && (status < 400 || status == http.StatusConflict || status == http.StatusTooManyRequests || status >= 500) {
		w.violate("%s (%s) counts as refused, by an answer of status %d", id, purpose, status)
	}
	known := w.record.sent[key]
	if known == nil || known.later {
		return
	}
	if known.status >= 200 && known.status < 300 {
		w.violate("%s (%s) is %s after status %d, and Stripe did it", id, purpose, state, status)
		return
	}
	if names, makes := madeBy[path]; makes && state == "abandoned" {
		values, err := url.ParseQuery(form)
		if err != nil {
			w.violate("the form of %s: %v", id, err)
			return
		}
		ours := values.Get("metadata[" + names[0] + "]")
		for _, m := range list[withMetadata](w.stripe, path, nil) {
			if ours != "" && m.Metadata[names[0]] == ours {
				w.violate("%s (%s) is %s, and Stripe has %s", id, purpose, state, m.ID)
			}
		}
	}
}

// doubt has the request with a key held against what Stripe did once more: it
// may have been given up before Stripe did it.
func (w *world) doubt(key string) {
	w.doubts = append(w.doubts, texts(w, "SELECT id FROM vezne_calls WHERE key = $1 AND state IN ('refused', 'abandoned')", key)...)
}

type withMetadata struct {
	ID       string            `json:"id"`
	Metadata map[string]string `json:"metadata"`
}

// readAnswer reads an answer's body and leaves it to be read again.
func readAnswer(res *http.Response) ([]byte, error) {
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil {
		return nil, err
	}
	if err := res.Body.Close(); err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(b.Bytes()))
	return b.Bytes(), nil
}
