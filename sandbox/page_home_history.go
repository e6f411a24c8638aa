package sandbox

import "strconv"

// homeVersion is a step in the history of an object: a version, or events that told of one later.
type homeVersion struct {
	Number  int32
	URL, At string
	// Request made it, by the route Call; or the due Job did; or, when both are empty, the control API.
	Request   homeRef
	Call, Job string
	Events    []homeEventRef
	// Changes are what is another than before; First says that there was nothing before.
	Changes []homeChange
	More    int
	First   bool
	// Told says that the step is no version: nothing changed.
	Told bool

	object *stripeObject
}

// homeEventRef is an event with its name.
type homeEventRef struct {
	homeRef
	Type string
}

// homeChanges is how many changes of one version a page lists.
const homeChanges = 40

// history lists the steps of an object, the newest first. cut says that there were more before.
func (p *homePage) history(newest *past, address string) (list []homeVersion, cut bool) {
	// told are the events that wait for the version that they tell of.
	told := map[*stripeObject][]homeEventRef{}
	for step := newest; step != nil; step = step.before {
		cut = step.before == nil && step.number > 1
		if step.isAside() {
			told[step.object] = append([]homeEventRef{p.eventRef(step.event)}, told[step.object]...)
			continue
		}
		v := homeVersion{Number: step.number, URL: p.with(address, "version", strconv.Itoa(int(step.number))), At: homeTime(step.cause.at), Job: step.cause.job,
			Events: told[step.object], object: step.object}
		delete(told, step.object)
		if step.event != "" {
			v.Events = append(v.Events, p.eventRef(step.event))
		}
		if id := step.cause.request; id != "" {
			v.Request = homeRef{ID: id}
			if p.account.control.calls.find(id) != nil {
				v.Request.URL = p.To("requests", id)
			}
		}
		if step.cause.route != nil {
			v.Call = step.cause.route.name()
		}
		if former := step.formerVersion(); former != nil {
			v.Changes = changesBetween(former.object, step.object)
			v.Told = step.event != "" && len(v.Changes) == 0
		} else {
			v.First = step.number == 1
		}
		if v.More = len(v.Changes) - homeChanges; v.More > 0 {
			v.Changes = v.Changes[:homeChanges]
		}
		list = append(list, v)
	}
	return list, cut
}

// eventRef is an event with its page; one that is no longer kept has a name no more.
func (p *homePage) eventRef(id string) homeEventRef {
	ref := homeEventRef{homeRef: homeRef{ID: id}}
	p.account.locked(func() {
		if o := p.account.store.newest("event", id); o != nil {
			ref.Type = o.Str("type")
		}
	})
	if ref.Type != "" {
		ref.URL = p.To("events", id)
	}
	return ref
}
