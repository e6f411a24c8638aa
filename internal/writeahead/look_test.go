package writeahead_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/apply"
)

// fault is a failure of Stripe's that its key would only replay.
var fault = reply{status: 500, body: stripeError("api_error", "")}

// doubtful sends a call that ends in a stored failure.
func doubtful(b *bench, kind vezne.AttemptKind) vezne.Call {
	b.Helper()
	c := b.write(kind, api)
	b.stripe.say(func(int, request) reply { return fault })
	got, err := b.sender.Send(b.ctx, c.ID)
	if vezne.CodeOf(err) != vezne.CodeStripeUnreachable || got.State != vezne.CallLooking {
		b.Fatalf("call %+v, %v", got, err)
	}
	if !b.order().Has(vezne.AttentionUnsure) {
		b.Error("the order does not say that it is unsure")
	}
	b.stripe.say(func(_ int, r request) reply {
		b.Errorf("asked for %s %s before lists are complete", r.method, r.path)
		return fault
	})
	if _, err := b.sender.Send(b.ctx, c.ID); vezne.CodeOf(err) != vezne.CodeStripeUnreachable || b.sweep(apply.LookDelay/2) != 0 {
		b.Errorf("it was looked up at once: %v", err)
	}
	return c
}

func TestAStoredFailureIsLookedUpByEventsThenByLists(t *testing.T) {
	foreign := `{"id":"pi_0","object":"payment_intent","metadata":{"vezne_attempt":"att_0"}}`
	event := func(object string) string {
		return `{"id":"evt_1","object":"event","data":{"object":` + object + `}}`
	}
	for _, tt := range []struct {
		name string
		kind vezne.AttemptKind
		read map[string]string
		want []string
	}{
		{"events name it", vezne.AttemptPaymentIntent, map[string]string{
			"/v1/events": list(false, event(foreign), event(intent("requires_payment_method"))), "/v1/payment_intents/pi_1": intent("requires_payment_method"),
		}, []string{"/v1/events", "/v1/payment_intents/pi_1"}},
		{"the list has it", vezne.AttemptPaymentIntent, map[string]string{
			"/v1/events": list(false), "/v1/payment_intents": list(false, foreign, intent("requires_payment_method")), "/v1/payment_intents/pi_1": intent("requires_payment_method"),
		}, []string{"/v1/events", "/v1/payment_intents", "/v1/payment_intents/pi_1"}},
		{"the second page has it", vezne.AttemptPaymentIntent, map[string]string{
			"/v1/events": list(false), "/v1/payment_intents": list(true, foreign), "/v1/payment_intents?pi_0": list(false, intent("requires_payment_method")),
			"/v1/payment_intents/pi_1": intent("requires_payment_method"),
		}, []string{"/v1/events", "/v1/payment_intents", "/v1/payment_intents", "/v1/payment_intents/pi_1"}},
		{"sessions have no event", vezne.AttemptCheckout, map[string]string{
			"/v1/checkout/sessions": list(false, session), "/v1/checkout/sessions/cs_1": session,
		}, []string{"/v1/checkout/sessions", "/v1/checkout/sessions/cs_1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			each(t, func(b *bench) {
				c := doubtful(b, tt.kind)
				before := len(b.stripe.seen())
				b.stripe.say(func(_ int, r request) reply {
					key := r.path
					if after := r.query.Get("starting_after"); after != "" {
						key += "?" + after
					}
					if from := r.query.Get("created[gte]"); strings.Count(r.path, "/") < 4 && r.path != "/v1/payment_intents/pi_1" &&
						from != strconv.FormatInt(c.CreatedAt.Add(-time.Hour).Unix(), 10) {
						b.Errorf("%s is read from %q", r.path, from)
					}
					return reply{status: 200, body: tt.read[key]}
				})
				if b.sweep(apply.LookDelay) != 1 {
					b.Fatal("nothing was due")
				}
				got := b.call(c.ID)
				if got.State != vezne.CallDone || got.Object == "" || b.attempt().State != vezne.AttemptActive || b.order().Has(vezne.AttentionUnsure) {
					b.Errorf("call %+v, attempt %+v, attention %v", got, b.attempt(), b.order().Attention)
				}
				var paths []string
				for _, r := range b.stripe.seen()[before:] {
					if r.method != "GET" {
						b.Errorf("it was sent again: %+v", r)
					}
					paths = append(paths, r.path)
				}
				if strings.Join(paths, " ") != strings.Join(tt.want, " ") {
					b.Errorf("read %v, want %v", paths, tt.want)
				}
			})
		})
	}
}

func TestWhatIsNotFoundIsAbandoned(t *testing.T) {
	each(t, func(b *bench) {
		c := doubtful(b, vezne.AttemptPaymentIntent)
		b.stripe.say(func(int, request) reply { return reply{status: 200, body: list(false)} })
		b.sweep(apply.LookDelay)
		if got := b.call(c.ID); got.State != vezne.CallAbandoned || b.attempt().State != vezne.AttemptUnpaid || b.order().Has(vezne.AttentionUnsure) {
			b.Errorf("call %+v, attempt %+v, attention %v", got, b.attempt(), b.order().Attention)
		}
	})
}

func TestALookUpThatCannotBeFinishedIsDoneAgain(t *testing.T) {
	each(t, func(b *bench) {
		c := doubtful(b, vezne.AttemptPaymentIntent)
		for _, r := range []reply{{}, {status: 429, body: stripeError("invalid_request_error", "rate_limit")}, {status: 401, body: stripeError("invalid_request_error", "")}, {status: 200, body: "<html>"}} {
			b.stripe.say(func(int, request) reply { return r })
			b.sweep(time.Hour)
			if got := b.call(c.ID); got.State != vezne.CallLooking {
				b.Fatalf("after %+v the call is %s", r, got.State)
			}
		}
		b.stripe.say(func(_ int, r request) reply {
			if r.path == "/v1/payment_intents/pi_1" {
				return reply{status: 200, body: intent("requires_payment_method")}
			}
			return reply{status: 200, body: list(false, intent("requires_payment_method"))}
		})
		b.sweep(time.Hour)
		if got := b.call(c.ID); got.State != vezne.CallDone {
			b.Errorf("call %+v", got)
		}
	})
}

func TestWhatAnEventBroughtNeedsNoList(t *testing.T) {
	each(t, func(b *bench) {
		c := doubtful(b, vezne.AttemptPaymentIntent)
		n, err := b.store.NextNumber(b.ctx)
		b.must(err)
		b.settled(n, intent("requires_payment_method"))
		b.stripe.say(func(_ int, r request) reply {
			if r.path != "/v1/payment_intents/pi_1" {
				b.Errorf("asked for %s", r.path)
			}
			return reply{status: 200, body: intent("requires_payment_method")}
		})
		b.sweep(apply.LookDelay)
		if got := b.call(c.ID); got.State != vezne.CallDone || got.Object != "pi_1" {
			b.Errorf("call %+v", got)
		}
	})
}

func TestAnActIsLookedUpByReadingWhatItActsOn(t *testing.T) {
	for _, tt := range []struct {
		purpose      vezne.CallPurpose
		path         string
		read, object string
		want         vezne.CallState
	}{
		{vezne.CallCapturePaymentIntent, "/v1/payment_intents/pi_1/capture", "/v1/payment_intents/pi_1", intent("succeeded"), vezne.CallDone},
		{vezne.CallCapturePaymentIntent, "/v1/payment_intents/pi_1/capture", "/v1/payment_intents/pi_1", intent("requires_capture"), vezne.CallAbandoned},
		{vezne.CallCancelPaymentIntent, "/v1/payment_intents/pi_1/cancel", "/v1/payment_intents/pi_1", intent("canceled"), vezne.CallDone},
		{vezne.CallConfirmPaymentIntent, "/v1/payment_intents/pi_1/confirm", "/v1/payment_intents/pi_1", intent("requires_payment_method"), vezne.CallAbandoned},
		{vezne.CallExpireSession, "/v1/checkout/sessions/cs_1/expire", "/v1/checkout/sessions/cs_1", strings.Replace(session, `"open"`, `"expired"`, 1), vezne.CallDone},
		{vezne.CallExpireSession, "/v1/checkout/sessions/cs_1/expire", "/v1/checkout/sessions/cs_1", session, vezne.CallAbandoned},
	} {
		t.Run(string(tt.purpose)+" "+string(tt.want), func(t *testing.T) {
			each(t, func(b *bench) {
				c := b.insert(vezne.Call{ID: "call_2", Root: vezne.Root{Kind: vezne.RootOrder, ID: "ord_1"}, Purpose: tt.purpose, Path: tt.path, Key: "key_2", APIVersion: "2026-03-25.dahlia", Actor: api, State: vezne.CallPending}, nil)
				b.stripe.say(func(int, request) reply { return fault })
				b.sweep(0)
				b.stripe.say(func(_ int, r request) reply {
					if r.method != "GET" || r.path != tt.read {
						b.Errorf("asked for %s %s", r.method, r.path)
					}
					return reply{status: 200, body: tt.object}
				})
				b.sweep(apply.LookDelay)
				if got := b.call(c.ID); got.State != tt.want {
					b.Errorf("call %+v", got)
				}
			})
		})
	}
}

func TestARefusedActHasItsObjectRead(t *testing.T) {
	each(t, func(b *bench) {
		c := b.insert(vezne.Call{ID: "call_2", Root: vezne.Root{Kind: vezne.RootOrder, ID: "ord_1"}, Purpose: vezne.CallExpireSession, Path: "/v1/checkout/sessions/cs_1/expire", Key: "key_2", APIVersion: "2026-03-25.dahlia", Actor: api, State: vezne.CallPending}, nil)
		b.stripe.say(func(int, request) reply {
			return reply{status: 400, body: stripeError("invalid_request_error", "")}
		})
		_, err := b.sender.Send(b.ctx, c.ID)
		b.must(err)
		m, err := b.store.Mark(b.ctx, "cs_1")
		b.must(err)
		if m.Type != vezne.TypeCheckoutSession || m.DueAt.After(b.clock.Now()) {
			b.Errorf("mark %+v", m)
		}
	})
}
