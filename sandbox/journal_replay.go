package sandbox

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
)

// replayLine applies a line of the journal. It returns an error for a line that no sandbox wrote.
func (sb *Sandbox) replayLine(line []byte) error {
	var l journalLine
	if err := json.Unmarshal(line, &l); err != nil {
		return err
	}
	if l.Secret != "" {
		secret, err := parseSecret(l.Secret)
		sb.secret, sb.run = secret, l.Run
		return err
	}
	if l.Account == "" {
		return errors.New("a line without an account")
	}
	a := sb.account(l.Account)
	if l.Reset {
		a.clear()
	}
	if err := a.replayObjects(&l); err != nil {
		return err
	}
	for _, g := range l.Gone {
		left, err := decodeObject("deleted_"+plainType(g.Type), g.Object)
		if err != nil {
			return err
		}
		a.store.gone[objectKey{g.Type, g.ID}] = left
	}
	a.lastEvent = max(a.lastEvent, l.Events)
	for _, d := range l.Due {
		a.plan(dueJob{d.At, d.Seq, d.Job, d.ID, d.Clock, d.Scope})
		a.lastJob = max(a.lastJob, d.Seq)
	}
	if l.Ran != 0 {
		a.unplan(l.Ran)
	}
	for _, id := range l.Publish {
		a.own(id)
	}
	if c := l.Clock; c != nil {
		a.clock = accountClock{offset: c.Offset}
		if c.Frozen != nil {
			a.clock = accountClock{frozen: true, at: *c.Frozen}
		}
	}
	if k := l.Key; k != nil {
		a.issueKey(k.Key, k.Permissions)
	}
	if c := l.Call; c != nil {
		a.calls[c.Key] = &idempotentCall{
			route: c.Route, fingerprint: [sha256.Size]byte(append(slices.Clip(c.Fingerprint), make([]byte, sha256.Size)...)[:sha256.Size]),
			at: c.At, requestID: c.Request, answer: &answer{status: c.Status, text: c.Body},
		}
	}
	return nil
}

func (a *account) replayObjects(l *journalLine) error {
	versions := make([]*stripeObject, len(l.Put))
	for i, v := range l.Put {
		key := objectKey{v.Type, v.ID}
		if v.Deleted {
			a.store.remove(key)
			if v.Type == testClockType {
				delete(a.clocks, v.ID)
			}
			continue
		}
		o, err := decodeObject(plainType(v.Type), v.Object)
		if err != nil {
			return err
		}
		if v.Of > 0 && v.Of <= i {
			o = o.Edit().Set("data", o.Hash("data").Edit().Set("object", versions[v.Of-1]))
			o.close()
		}
		versions[i] = o
		if was := a.store.put(key, o, nil); plainType(key.typ) == "event" && was.object == nil {
			a.store.told(o, o.Str("account"), &cause{at: o.Int("created"), request: o.Str("request.id")})
		}
	}
	return nil
}

// clear empties the account.
func (a *account) clear() {
	a.store = newStore()
	a.jobs, a.clocks = nil, map[string]*dueHeap{}
	a.keys = map[string]*issuedKey{}
	a.calls = map[string]*idempotentCall{}
	a.clock = accountClock{}
}
