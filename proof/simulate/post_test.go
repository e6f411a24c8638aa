package simulate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vezne/vezne"
)

// post carries events from Stripe to the desk: late, twice, in any order, or
// never. What the desk did not take is sent again, as Stripe does, over days.
type post struct {
	world *world

	mu sync.Mutex
	// come are events that the sandbox has just sent.
	come [][]byte
	// sent are all events that were ever made, by id, in the order of their
	// making.
	sent  []letter
	known map[string]bool
	// owners are the orders of intents; open counts the letters of an order that
	// are on their way, and those that were lost.
	owners map[string]string
	open   map[string]int
	// lost are letters that were lost for good, and of which nobody has told the
	// desk otherwise since.
	lost []letter
	// acknowledged are the ids that the desk answered 200 to since the last look.
	acknowledged []string
	// told are the objects, and the intents that they hang on, of which the desk
	// took an event that it heeds.
	told map[string]bool
}

// letter is an event on its way.
type letter struct {
	id, kind string
	created  time.Time
	body     []byte
	object   string
	// of is the order that a lost one is about, empty for none.
	of string
}

// retries are the pauses after which Stripe sends an event again that was not
// taken; it gives up after three days. Source: docs.stripe.com/webhooks.
var retries = []time.Duration{
	time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 20 * time.Hour,
}

// tolerated is how wrong the desk's clock may be without any doubt about the time
// of a signature.
const tolerated = 4 * time.Minute

func newPost(w *world) *post {
	return &post{world: w, known: map[string]bool{}, owners: map[string]string{}, open: map[string]int{}, told: map[string]bool{}}
}

// take is the sandbox giving an event to the post.
func (p *post) take(body []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.come = append(p.come, body)
}

// sort sends on what the sandbox gave, in the order in which it was made.
func (p *post) sort() bool {
	p.mu.Lock()
	come := p.come
	p.come = nil
	p.mu.Unlock()
	if len(come) == 0 {
		return false
	}
	letters := make([]letter, 0, len(come))
	for _, body := range come {
		letters = append(letters, p.read(body))
	}
	slices.SortFunc(letters, func(a, b letter) int { return strings.Compare(a.id, b.id) })
	for _, l := range letters {
		p.sent = append(p.sent, l)
		p.world.stats.events++
		p.way(l)
	}
	return true
}

func (p *post) read(body []byte) letter {
	var e struct {
		ID      string `json:"id"`
		Type    string `json:"type"`
		Created int64  `json:"created"`
		Data    struct {
			Object struct {
				ID string `json:"id"`
			} `json:"object"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		p.world.violate("the sandbox sent %s: %v", body, err)
	}
	return letter{id: e.ID, kind: e.Type, created: time.Unix(e.Created, 0), body: body, object: e.Data.Object.ID}
}

// way decides what becomes of an event.
func (p *post) way(l letter) {
	w := p.world
	way := w.weather.way(l.kind)
	switch {
	case way.drop:
		w.stats.dropped++
		w.note("the post loses %s %s for good", l.kind, l.id)
		l.of = p.owner(l)
		p.lost = append(p.lost, l)
		w.suspect()
		return
	case way.twin:
		twin := l
		twin.id = l.id + "twin"
		twin.body = bytes.Replace(l.body, []byte(l.id), []byte(twin.id), 1)
		p.later(twin, way.delay/2+time.Second)
	}
	p.later(l, way.delay)
	if way.again > 0 {
		p.later(l, way.again)
	}
}

// order and intent find in an event what it is about.
var (
	ofOrder  = regexp.MustCompile(`ord_[0-9a-z]{26}`)
	ofIntent = regexp.MustCompile(`\bpi_[0-9a-zA-Z]{20,}`)
)

// owner is the order that an event is about, empty for none.
func (p *post) owner(l letter) string {
	if id := ofOrder.Find(l.body); id != nil {
		if intent := ofIntent.Find(l.body); intent != nil {
			p.owners[string(intent)] = string(id)
		}
		return string(id)
	}
	intent := string(ofIntent.Find(l.body))
	if known, ok := p.owners[intent]; ok || intent == "" {
		return known
	}
	var i intentTruth
	if p.world.stripe.get("/v1/payment_intents/"+intent, nil, &i) {
		p.owners[intent] = i.Metadata[vezne.MetadataOrder]
	}
	return p.owners[intent]
}

// untold are orders of which something is still on its way, or lost.
func (p *post) untold() map[string]bool {
	out := map[string]bool{}
	for id, n := range p.open {
		out[id] = n > 0
	}
	for _, l := range p.lost {
		out[l.of] = true
	}
	return out
}

// found forgets the losses of before an instant: the desk has asked Stripe.
func (p *post) found(before time.Time) {
	p.lost = slices.DeleteFunc(p.lost, func(l letter) bool { return l.created.Before(before) })
}

func (p *post) later(l letter, after time.Duration) {
	p.open[p.owner(l)]++
	p.world.later(after, func() { p.deliver(l, 0) })
}

// deliver brings an event to the desk.
func (p *post) deliver(l letter, tries int) {
	w := p.world
	w.strand("event "+l.id, func(ctx context.Context) {
		now := time.Now()
		status := w.webhook(ctx, l.body, w.stripe.sign(l.body, now))
		w.note("event %s %s: %d", l.kind, l.id, status)
		if off := w.clock.offset(); status >= 400 && status < 500 && off.Abs() < tolerated {
			w.violate("the event %s of Stripe is answered %d", l.id, status)
		}
		if status == http.StatusOK {
			p.acknowledged = append(p.acknowledged, l.id)
			if l.kind != "payment_intent.created" {
				p.told[string(ofIntent.Find(l.body))] = true
				p.told[l.object] = true
			}
			p.open[p.owner(l)]--
			return
		}
		if tries < len(retries) && !w.over {
			w.later(retries[tries], func() { p.deliver(l, tries+1) })
			return
		}
		if w.over {
			w.later(time.Minute, func() { p.deliver(l, tries) })
		}
	})
}

// forge sends what Stripe never sent; it must be refused, or change nothing.
func (p *post) forge(ctx context.Context, pick int) {
	w := p.world
	if len(p.sent) == 0 {
		return
	}
	l := p.sent[pick%len(p.sent)]
	now := time.Now()
	want := http.StatusBadRequest
	body, header := l.body, w.stripe.sign(l.body, now)
	what := ""
	switch pick % 9 {
	case 0:
		what, header = "a wrong secret", signature(body, now, "whsec_forgedforgedforgedforgedforged")
	case 1:
		what, header = "an old request replayed", w.stripe.sign(body, now.Add(-6*time.Minute))
	case 2:
		what, body = "an altered body", bytes.Replace(body, []byte(`"livemode"`), []byte(`"livemode" `), 1)
	case 3:
		what, header = "no signature", ""
	case 4:
		what, header = "a signature of the far future", w.stripe.sign(body, now.Add(20*time.Minute))
	case 5:
		what, body = "a cut body", body[:len(body)/2]
		header = w.stripe.sign(body, now)
	case 6:
		// Validly signed, of another account: kept aside.
		body = bytes.Replace(body, []byte(l.id), []byte(l.id+"foreign"), 1)
		body = append([]byte(`{"account":"acct_1Foreign00000000",`), body[1:]...)
		what, header, want = "an event of another account", w.stripe.sign(body, now), http.StatusOK
	case 7:
		body = bytes.Replace(body, []byte(l.id), []byte(l.id+"live"), 1)
		body = bytes.ReplaceAll(body, []byte(`"livemode": false`), []byte(`"livemode": true`))
		what, header, want = "an event of the other mode", w.stripe.sign(body, now), http.StatusOK
	case 8:
		w.lie(ctx, l)
		return
	}
	status := w.webhook(ctx, body, header)
	w.note("forged, %s: %d", what, status)
	if status != want && status != http.StatusServiceUnavailable && status != 0 {
		w.violate("%s is answered %d", what, status)
	}
}

// lie is an event with a valid signature that says what is not true: an intent
// that nobody paid is called paid. It may make the desk look, and nothing else.
func (w *world) lie(ctx context.Context, l letter) {
	intents := list[intentTruth](w.stripe, "/v1/payment_intents", nil)
	if len(intents) == 0 {
		return
	}
	i := intents[len(l.id)*7%len(intents)]
	w.lies++
	id := fmt.Sprintf("evt_lie%d", w.lies)
	body, err := json.Marshal(map[string]any{
		"id": id, "object": "event", "api_version": "2020-08-27", "created": time.Now().Unix(), "type": "payment_intent.succeeded", "livemode": false,
		"pending_webhooks": 1, "request": nil,
		"data": map[string]any{"object": map[string]any{
			"id": i.ID, "object": "payment_intent", "status": "succeeded", "amount": i.Amount, "amount_received": i.Amount, "currency": i.Currency,
			"livemode": false, "metadata": i.Metadata, "created": time.Now().Unix(), "latest_charge": "ch_lie",
		}},
	})
	if err != nil {
		w.violate("%v", err)
		return
	}
	status := w.webhook(ctx, body, w.stripe.sign(body, time.Now()))
	w.note("a lie about %s (%s): %d", i.ID, i.Status, status)
	if status == http.StatusOK {
		w.post.acknowledged = append(w.post.acknowledged, id)
	}
}
