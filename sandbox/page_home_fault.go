package sandbox

import (
	"net/http"
	"strconv"
	"strings"
)

// homeChoice is a value of a field with the sentence that says what it does.
type homeChoice struct{ Value, Label string }

// faultSentences say what the effects of faults of the API do, deliverySentences those on the way of events.
var (
	faultSentences = map[string]string{
		effectStatus: "home.effect.status", effectTimeout: "home.effect.timeout", effectReset: "home.effect.reset", effectDelay: "home.effect.delay",
		effectDecline: "home.effect.decline", effectRateLimit: "home.effect.rate_limit", effectStaleRead: "home.effect.stale_read",
	}
	deliverySentences = map[string]string{
		effectDrop: "home.effect.drop", effectDelay: "home.effect.late", effectDuplicate: "home.effect.duplicate", effectTwin: "home.effect.twin",
		effectReorder: "home.effect.reorder", effectHold: "home.effect.hold",
	}
	// faultPaths are offered for a fault of the API, besides those that were called.
	faultPaths = []string{"/v1/payment_intents", "/v1/payment_intents/{intent}/confirm", "/v1/checkout/sessions", "/v1/refunds", "/v1/customers"}
)

// homeFaultRow is a planted fault of the API.
type homeFaultRow struct {
	Fault
	Calls []homeRef
	Kind  string
}

// homeDeliveryFaultRow is a planted fault on the way of events.
type homeDeliveryFaultRow struct {
	DeliveryFault
	To   homeRef
	Kind string
}

// homeFaultsPage are the planted faults of an account.
type homeFaultsPage struct {
	*homePage
	Faults                   []homeFaultRow
	DeliveryFaults           []homeDeliveryFaultRow
	Effects, DeliveryEffects []homeChoice
	Paths                    []string
	Endpoints                []homeEndpoint
	Strict                   bool
}

// Value is a field of the form that was refused, or what it begins with.
func (p *homePage) Value(name, fallback string) string {
	if p.Form.Has(name) {
		return p.Form.Get(name)
	}
	return fallback
}

func (h *home) serveFaults(p *homePage, _ *http.Request) (string, any, error) {
	c := p.account.control
	v := &homeFaultsPage{homePage: p, Endpoints: p.endpoints(), Paths: faultPaths, Strict: h.sandbox.options.StrictWorld}
	for _, effect := range faultEffects {
		v.Effects = append(v.Effects, homeChoice{effect, p.T(faultSentences[effect])})
	}
	for _, effect := range deliveryEffects {
		v.DeliveryEffects = append(v.DeliveryEffects, homeChoice{effect, p.T(deliverySentences[effect])})
	}
	for _, f := range c.faults.list() {
		row := homeFaultRow{Fault: f, Kind: p.T(faultSentences[f.Effect])}
		for _, id := range f.Requests {
			row.Calls = append(row.Calls, p.requestRef(id))
		}
		v.Faults = append(v.Faults, row)
	}
	for _, f := range c.deliveryFaults.list() {
		row := homeDeliveryFaultRow{DeliveryFault: f, Kind: p.T(deliverySentences[f.Effect])}
		if f.Endpoint != "" {
			row.To = p.link(f.Endpoint)
		}
		v.DeliveryFaults = append(v.DeliveryFaults, row)
	}
	return "home_faults.html", v, nil
}

// homeForm reads the fields of a form; the first one that is wrong stays in err.
type homeForm struct {
	r   *http.Request
	err error
}

func (f *homeForm) text(name string) string { return strings.TrimSpace(f.r.PostFormValue(name)) }

// whole reads a whole number; an empty field is 0.
func (f *homeForm) whole(name string) int64 {
	text := f.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil && f.err == nil {
		f.err = invalid(name, "parameter_invalid_integer", "Invalid %s: %s is no whole number", name, text)
	}
	return n
}

// fraction reads a number; an empty field is 0.
func (f *homeForm) fraction(name string) float64 {
	text := f.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	if err != nil && f.err == nil {
		f.err = invalid(name, "", "Invalid %s: %s is no number", name, text)
	}
	return n
}

func plantFault(a *Account, r *http.Request) ([]string, string, error) {
	form := &homeForm{r: r}
	fault := Fault{Method: form.text("method"), Path: form.text("path"), Nth: int(form.whole("nth")), Count: int(form.whole("count")), When: form.text("when"),
		Effect: form.text("effect"), Status: int(form.whole("status")), Code: form.text("code"), DeclineCode: form.text("decline_code"), DelayMS: form.whole("delay_ms")}
	if form.err != nil {
		return nil, "", form.err
	}
	_, err := a.AddFault(fault)
	return []string{"faults"}, "fault", err
}

func plantDeliveryFault(a *Account, r *http.Request) ([]string, string, error) {
	form := &homeForm{r: r}
	fault := DeliveryFault{Endpoint: form.text("endpoint"), Effect: form.text("on_the_way"), Rate: form.fraction("rate"), Seed: uint64(max(form.whole("seed"), 0)),
		Count: int(form.whole("times")), DelaySeconds: form.whole("delay_seconds")}
	fault.Types = strings.FieldsFunc(form.text("types"), func(c rune) bool { return c == ',' || c == ' ' })
	if form.err != nil {
		return nil, "", form.err
	}
	_, err := a.AddDeliveryFault(fault)
	return []string{"faults"}, "fault", err
}

func takeFault(a *Account, r *http.Request) ([]string, string, error) {
	return []string{"faults"}, "removed", a.RemoveFault(r.PostFormValue("id"))
}

func takeDeliveryFault(a *Account, r *http.Request) ([]string, string, error) {
	return []string{"faults"}, "removed", a.RemoveDeliveryFault(r.PostFormValue("id"))
}
