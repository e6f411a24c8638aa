package sandbox

// hiddenRenderings is what an event tells in other API versions than the sandbox's own, by the name of the dialect. It is
// fixed when the event is made: for the account's default version, and for that of every endpoint that wants the event.
const hiddenRenderings = "_renderings"

// fixEvents renders the events of a accountTx in the versions that somebody will read them in. It runs once, when the operation
// ended well.
func (tx *accountTx) fixEvents() {
	if len(tx.events) == 0 {
		return
	}
	own := dialectOf(tx.account.apiVersion())
	var endpoints []*stripeObject
	if len(tx.account.store.list("webhook_endpoint")) > 0 {
		tx.Each("webhook_endpoint", func(endpoint *stripeObject) bool {
			if dialectOf(endpoint.Str("api_version")) != nil {
				endpoints = append(endpoints, endpoint)
			}
			return true
		})
	}
	if own == nil && len(endpoints) == 0 {
		return
	}
	for _, ev := range tx.events {
		tx.fixEvent(ev.object, ev.former, own)
		for _, endpoint := range endpoints {
			if wantsEvent(endpoint, ev.name) {
				tx.fixEvent(ev.object, ev.former, dialectOf(endpoint.Str("api_version")))
			}
		}
	}
}

// fixEvent renders an event that is not stored yet in a dialect. What looks the same is not kept twice.
func (tx *accountTx) fixEvent(ev, former *stripeObject, d *dialect) {
	if d == nil || rendering(ev, d) != nil {
		return
	}
	t := &translation{tx, d}
	o := ev.Hash("data.object")
	if now := t.object(o); now != o {
		keepRendering(ev, d, eventData(now, t.object(former)))
	}
}

func keepRendering(ev *stripeObject, d *dialect, data *stripeObject) {
	renderings := hash()
	if kept := ev.Hash(hiddenRenderings); kept != nil {
		renderings = kept.Edit()
	}
	renderings.setOwn(d.name, data)
	ev.Set(hiddenRenderings, renderings)
}

// fixLate renders a stored event for an endpoint in whose version nobody wanted it before. What the object was before is
// told in the sandbox's own version.
func (tx *accountTx) fixLate(ev *stripeObject, d *dialect) {
	if d == nil || rendering(ev, d) != nil {
		return
	}
	o := ev.Hash("data.object")
	if now := (&translation{tx, d}).object(o); now != o {
		ev = ev.Edit()
		keepRendering(ev, d, eventDataWith(now, ev.Hash("data.previous_attributes")))
		tx.Put(ev)
	}
}

// rendering is what an event tells in a dialect, nil when that is as in the sandbox's own version.
func rendering(ev *stripeObject, d *dialect) *stripeObject {
	renderings := ev.Hash(hiddenRenderings)
	if d == nil || renderings == nil {
		return nil
	}
	i := renderings.slot(d.name)
	if i < 0 {
		return nil
	}
	data, _ := renderings.at(i).(*stripeObject)
	return data
}

// dataIn is what an event tells in a dialect.
func dataIn(ev *stripeObject, d *dialect) *stripeObject {
	if data := rendering(ev, d); data != nil {
		return data
	}
	return ev.Hash("data")
}

// asMade is an event as the API shows it: in the version that was the account's default when it was made, whatever the
// version of the call (docs.stripe.com/api/events/object, api_version).
func asMade(ev *stripeObject) *stripeObject {
	if ev == nil || ev.Hash(hiddenRenderings) == nil {
		return ev
	}
	return ev.Edit().Set("data", dataIn(ev, dialectOf(ev.Str("api_version"))))
}
