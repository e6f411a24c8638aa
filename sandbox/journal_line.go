package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// journalLine is one commit, or one change of what is beside the objects. Keys that are empty are left out.
type journalLine struct {
	// Secret and Run stand in the first line: the key of the fingerprints, and how often the data were opened.
	Secret string `json:"secret,omitempty"`
	Run    uint64 `json:"run,omitempty"`

	Account string `json:"account,omitempty"`
	// Reset says that the account begins anew with this line.
	Reset   bool            `json:"reset,omitempty"`
	Put     []journalObject `json:"put,omitempty"`
	Gone    []journalObject `json:"gone,omitempty"`
	Events  int64           `json:"events,omitempty"` // the number of the last one
	Due     []journalJob    `json:"due,omitempty"`
	Ran     int64           `json:"ran,omitempty"`
	Publish []string        `json:"publish,omitempty"`
	Clock   *journalClock   `json:"clock,omitempty"`
	Key     *journalKey     `json:"key,omitempty"`
	Call    *journalCall    `json:"call,omitempty"`
	Step    *journalStep    `json:"step,omitempty"`
}

type objectID struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// journalObject is a version. Of an event, whose object is mostly a version of the same line, Of is that one's place
// from 1, and the event itself has null there.
type journalObject struct {
	objectID
	Object json.RawMessage `json:"object,omitempty"`
	// Deleted removes the object; Object is then left out.
	Deleted bool `json:"deleted,omitempty"`
	Of      int  `json:"of,omitempty"`
}

type journalJob struct {
	At  int64  `json:"at"`
	Seq int64  `json:"seq"`
	Job string `json:"job"`
	ID  string `json:"id,omitempty"`
	// Clock is the id of the test clock that the job is planned on.
	Clock string `json:"clock,omitempty"`
	// Scope is the connected account, "" for the account itself.
	Scope string `json:"scope,omitempty"`
}

// journalClock is an account's clock: an offset in nanoseconds, or an instant at which it stands.
type journalClock struct {
	Offset time.Duration `json:"offset,omitempty"`
	Frozen *time.Time    `json:"frozen,omitempty"`
}

// journalKey is an issued key. No permissions at all (null) is every one; an empty list is none.
type journalKey struct {
	Key         string            `json:"key"`
	Permissions map[string]string `json:"permissions"`
}

type journalCall struct {
	Key         string `json:"key"`
	Route       string `json:"route"`
	Fingerprint []byte `json:"fingerprint"`
	At          int64  `json:"at"`
	Request     string `json:"request"`
	Status      int    `json:"status"`
	Body        []byte `json:"body"`
}

// write appends a line for the account. It does nothing in memory.
func (a *account) write(l *journalLine) {
	if a.sandbox.journal == nil {
		return
	}
	l.Account = a.name
	line, err := json.Marshal(l)
	if err != nil {
		panic(fmt.Sprintf("sandbox: a journal line cannot be written: %v", err))
	}
	a.sandbox.journal.append(line)
}

// durable waits until all that was committed is on the disk; since is what the journal's enter gave before. It returns the
// error of writing.
func (a *account) durable(since int64) error { return a.sandbox.journal.wait(since) }

// record writes a commit.
func (a *account) record(tx *accountTx) {
	if a.sandbox.journal == nil {
		return
	}
	l := &journalLine{Events: a.lastEvent, Ran: tx.ran, Publish: tx.published}
	places := map[*stripeObject]int{}
	for _, c := range tx.undo {
		l.Put = append(l.Put, journalVersion(c.key, c.now, places))
		if c.now != nil {
			places[c.now] = len(l.Put)
		}
	}
	if tx.told != nil {
		l.Step = tx.told.line(places)
	}
	for _, d := range tx.due {
		l.Due = append(l.Due, journalJob{d.at, d.seq, d.job, d.id, d.clock, d.scope})
	}
	if len(l.Put) == 0 && len(l.Due) == 0 && len(l.Publish) == 0 && l.Ran == 0 {
		return
	}
	a.write(l)
}

func journalVersion(key objectKey, o *stripeObject, places map[*stripeObject]int) journalObject {
	v := journalObject{objectID: objectID{key.typ, key.id}, Deleted: o == nil}
	if o == nil {
		return v
	}
	if data := o.Hash("data.object"); data != nil && plainType(key.typ) == "event" && places[data] > 0 {
		v.Of = places[data]
		data := o.Hash("data")
		data = data.Edit()
		data.values[0] = nil
		o = o.Edit().Set("data", data)
	}
	v.Object = encodeCompact(o)
	return v
}

func (a *account) recordClock() {
	a.write(&journalLine{Clock: a.clock.line()})
}

func (c accountClock) line() *journalClock {
	if c.frozen {
		return &journalClock{Frozen: &c.at}
	}
	return &journalClock{Offset: c.offset}
}

// recordRan writes that a job ran, though it changed nothing.
func (a *account) recordRan(d dueJob) { a.write(&journalLine{Ran: d.seq}) }

func (a *account) recordKey(k *issuedKey) {
	a.write(&journalLine{Key: &journalKey{k.key, k.permissions}})
}

func (a *account) recordCall(key string, c *idempotentCall) {
	if a.sandbox.journal == nil {
		return
	}
	a.write(&journalLine{Call: c.line(key)})
}

func (c *idempotentCall) line(key string) *journalCall {
	return &journalCall{key, c.route, c.fingerprint[:], c.at, c.requestID, c.answer.status, c.answer.text}
}

// recordAll writes the account as it is, after a reset or a snapshot's return.
func (a *account) recordAll() {
	if a.sandbox.journal == nil {
		return
	}
	for _, l := range a.lines() {
		a.write(l)
	}
}

// lines are the account as it is. The objects of a type come in the order of their creation.
func (a *account) lines() []*journalLine {
	l := &journalLine{Account: a.name, Reset: true, Events: a.lastEvent, Clock: a.clock.line()}
	type placed struct {
		typ string
		*record
	}
	var all []placed
	for typ, k := range a.store.kinds {
		for _, r := range k.objects {
			all = append(all, placed{typ, r})
		}
	}
	slices.SortFunc(all, func(x, y placed) int { return cmp.Compare(x.seq, y.seq) })
	places := map[*stripeObject]int{}
	for _, p := range all {
		l.Put = append(l.Put, journalVersion(objectKey{p.typ, p.id}, p.object, places))
		places[p.object] = len(l.Put)
	}
	for key, left := range a.store.gone {
		l.Gone = append(l.Gone, journalObject{objectID: objectID{key.typ, key.id}, Object: encodeCompact(left)})
	}
	for _, d := range a.planned() {
		l.Due = append(l.Due, journalJob{d.at, d.seq, d.job, d.id, d.clock, d.scope})
	}
	a.sandbox.owners.Range(func(id, held any) bool {
		if owner := held.(owner); owner.account == a {
			l.Publish = append(l.Publish, scopedText(id.(string), owner.scope))
		}
		return true
	})
	lines := []*journalLine{l}
	for _, k := range a.keys {
		lines = append(lines, &journalLine{Account: a.name, Key: &journalKey{k.key, k.permissions}})
	}
	for key, c := range a.calls {
		if c.answer != nil {
			lines = append(lines, &journalLine{Account: a.name, Call: c.line(key)})
		}
	}
	for _, s := range a.control.story.list() {
		lines = append(lines, &journalLine{Account: a.name, Step: s.line(nil)})
	}
	return lines
}

// dump writes the sandbox as it is.
func (sb *Sandbox) dump(w io.Writer) error {
	lines := []*journalLine{{Secret: secretText(sb.secret), Run: sb.run}}
	for _, name := range slices.Sorted(maps.Keys(sb.accounts)) {
		a := sb.accounts[name]
		a.pruneEvents()
		lines = append(lines, a.lines()...)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, l := range lines {
		if err := e.Encode(l); err != nil {
			return err
		}
	}
	return nil
}
