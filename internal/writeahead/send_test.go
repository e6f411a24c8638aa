package writeahead_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/apply"
	"github.com/vezne/vezne/internal/store"
)

func TestACallIsSentAgainByteForByteAndKeepsItsNumber(t *testing.T) {
	each(t, func(b *bench) {
		want := b.write(vezne.AttemptPaymentIntent, api)
		b.stripe.say(func(n int, _ request) reply {
			switch n {
			case 1:
				return reply{} // it took effect, and the answer was lost
			case 2:
				return reply{status: 409, body: stripeError("invalid_request_error", "idempotency_key_in_use")}
			}
			return reply{status: 200, body: intent("requires_payment_method")}
		})
		c, err := b.sender.Send(b.ctx, want.ID)
		if vezne.CodeOf(err) != vezne.CodeStripeUnreachable || c.State != vezne.CallPending || !c.Unclear {
			b.Fatalf("after a lost answer: %+v, %v", c, err)
		}
		if b.attempt().State != vezne.AttemptOpening {
			b.Fatalf("the attempt is %s", b.attempt().State)
		}
		for range 2 {
			if n := b.sweep(time.Minute); n != 1 {
				b.Fatalf("%d calls were due, want 1", n)
			}
		}
		seen := b.stripe.seen()
		for i, r := range seen {
			if r.method != "POST" || r.path != want.Path || r.form != want.Form || r.key != want.Key || r.version != want.APIVersion {
				b.Errorf("sending %d was %+v", i+1, r)
			}
		}
		c = b.call(want.ID)
		kept, err := b.store.Snapshot(b.ctx, "pi_1")
		b.must(err)
		if len(seen) != 3 || c.State != vezne.CallDone || c.Object != "pi_1" || c.Tries != 3 || kept.Interval.Begin != want.Number {
			b.Errorf("%d sendings, call %+v, snapshot %+v", len(seen), c, kept.Interval)
		}
		if a := b.attempt(); a.State != vezne.AttemptActive || a.PaymentIntentID != "pi_1" {
			b.Errorf("attempt %+v", a)
		}
		if b.sweep(time.Hour) != 0 {
			b.Error("a call that is done is sent again")
		}
	})
}

func TestWhatWasCommittedIsSentByWhoeverLives(t *testing.T) {
	each(t, func(b *bench) {
		b.write(vezne.AttemptPaymentIntent, api)
		b.stripe.say(func(int, request) reply { return reply{status: 200, body: intent("requires_payment_method")} })
		// The process that wrote it died before it sent; another one sweeps.
		b.sender = b.process("p2")
		if b.sweep(time.Minute) != 1 || b.attempt().State != vezne.AttemptActive {
			b.Errorf("attempt %+v", b.attempt())
		}
	})
}

func TestAProcessThatDiesWhileSendingLeavesACallThatKnows(t *testing.T) {
	each(t, func(b *bench) {
		c := b.write(vezne.AttemptPaymentIntent, api)
		claimed, err := b.store.ClaimCall(b.ctx, c.ID, "dead", time.Minute)
		b.must(err)
		_, err = b.store.BeginCall(b.ctx, c.ID, "dead")
		b.must(err)
		if !claimed || b.sweep(0) != 0 {
			b.Fatal("the lease is not kept")
		}
		b.stripe.say(func(int, request) reply {
			return reply{status: 401, body: stripeError("invalid_request_error", "")}
		})
		if b.sweep(2*time.Minute) != 1 {
			b.Fatal("the lease does not end")
		}
		// A refused key proves nothing about the sending that nobody saw end.
		if c = b.call(c.ID); c.State != vezne.CallPending || c.Tries != 2 || c.FirstSentAt == nil {
			b.Fatalf("call %+v", c)
		}
		b.stripe.say(func(int, request) reply { return reply{status: 200, body: intent("requires_payment_method")} })
		if b.sweep(time.Hour) != 1 || b.call(c.ID).State != vezne.CallDone {
			b.Errorf("call %+v", b.call(c.ID))
		}
	})
}

func TestADeclineBringsTheIntentAlong(t *testing.T) {
	each(t, func(b *bench) {
		c := b.write(vezne.AttemptPaymentIntent, api)
		b.stripe.say(func(int, request) reply {
			return reply{status: 402, body: `{"error":{"type":"card_error","code":"card_declined","decline_code":"lost_card","message":"Your card was declined.","payment_intent":` + intent("requires_payment_method") + `}}`}
		})
		c, err := b.sender.Send(b.ctx, c.ID)
		b.must(err)
		if c.State != vezne.CallRefused || c.Object != "pi_1" || c.Refusal.DeclineCode != "lost_card" || b.attempt().State != vezne.AttemptActive {
			b.Errorf("call %+v, attempt %+v", c, b.attempt())
		}
	})
}

func TestARefusalEndsTheAttempt(t *testing.T) {
	each(t, func(b *bench) {
		c := b.write(vezne.AttemptCheckout, api)
		b.stripe.say(func(int, request) reply {
			return reply{status: 400, body: stripeError("invalid_request_error", "parameter_unknown")}
		})
		c, err := b.sender.Send(b.ctx, c.ID)
		b.must(err)
		if c.State != vezne.CallRefused || c.Refusal == nil || b.attempt().State != vezne.AttemptUnpaid {
			b.Errorf("call %+v, attempt %+v", c, b.attempt())
		}
	})
}

func TestOutagesAreTriedAgainForEver(t *testing.T) {
	for name, r := range map[string]reply{
		"too many requests": {status: 429, body: stripeError("invalid_request_error", "rate_limit")},
		"a gateway":         {status: 503, body: "<html>"},
		"a proxy's page":    {status: 200, body: "<html>please sign in</html>"},
		"no answer":         {},
		"a refused key":     {status: 401, body: stripeError("invalid_request_error", "")},
		"no permission":     {status: 403, body: stripeError("invalid_request_error", "")},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(b *bench) {
				c := b.write(vezne.AttemptPaymentIntent, vezne.Actor{Kind: vezne.ActorSystem})
				b.stripe.say(func(int, request) reply { return r })
				for range 30 {
					b.sweep(16 * time.Minute)
				}
				if got := b.call(c.ID); got.State != vezne.CallPending || got.Tries != 30 {
					b.Errorf("call %+v", got)
				}
			})
		})
	}
}

func TestTwoWhoSendAtOnceSendOnce(t *testing.T) {
	each(t, func(b *bench) {
		c := b.write(vezne.AttemptPaymentIntent, api)
		b.stripe.say(func(int, request) reply { return reply{status: 200, body: intent("requires_payment_method")} })
		b.stripe.arrived, b.stripe.hold = make(chan struct{}), make(chan struct{})
		other := b.process("p2")
		var wg sync.WaitGroup
		states := make([]vezne.CallState, 6)
		send := func(i int) {
			wg.Go(func() {
				s := b.sender
				if i%2 == 1 {
					s = other
				}
				got, err := s.Send(b.ctx, c.ID)
				if err != nil {
					b.Error(err)
				}
				states[i] = got.State
			})
		}
		send(0)
		<-b.stripe.arrived
		for i := 1; i < len(states); i++ {
			send(i)
		}
		close(b.stripe.hold)
		wg.Wait()
		for _, s := range states {
			if s != vezne.CallDone {
				b.Errorf("states %v", states)
				break
			}
		}
		if n := len(b.stripe.seen()); n != 1 {
			b.Errorf("it was sent %d times", n)
		}
	})
}

func TestNobodyWaitsForAnotherProcessWhenThisOneEnds(t *testing.T) {
	each(t, func(b *bench) {
		c := b.write(vezne.AttemptPaymentIntent, api)
		claimed, err := b.store.ClaimCall(b.ctx, c.ID, "dead#1", time.Minute)
		b.must(err)
		if !claimed {
			b.Fatal("it cannot be claimed")
		}
		failed := make(chan error)
		go func() {
			_, err := b.sender.Send(b.ctx, c.ID)
			failed <- err
		}()
		b.sender.Wait()
		if err := <-failed; vezne.CodeOf(err) != vezne.CodeStripeUnreachable {
			b.Errorf("err = %v", err)
		}
		if n := len(b.stripe.seen()); n != 0 {
			b.Errorf("it was sent %d times", n)
		}
	})
}

func TestWhatAProcessLeftBehindIsItsOwn(t *testing.T) {
	each(t, func(b *bench) {
		c := b.write(vezne.AttemptPaymentIntent, api)
		b.stripe.say(func(int, request) reply { return reply{status: 200, body: intent("requires_payment_method")} })
		// The database was gone when an earlier claim was to be given back.
		claimed, err := b.store.ClaimCall(b.ctx, c.ID, b.sender.Owner+"#0", time.Minute)
		b.must(err)
		if !claimed {
			b.Fatal("it cannot be claimed")
		}
		if other, err := b.store.ClaimCall(b.ctx, c.ID, b.sender.Owner+"0#1", time.Minute); err != nil || other {
			b.Errorf("another process may have it: %v, %v", other, err)
		}
		if got, err := b.sender.Send(b.ctx, c.ID); err != nil || got.State != vezne.CallDone {
			b.Errorf("call %+v, %v", got, err)
		}
	})
}

func TestRunSendsWhatItIsWokenFor(t *testing.T) {
	each(t, func(b *bench) {
		sent := make(chan struct{})
		b.stripe.say(func(int, request) reply {
			defer close(sent)
			return reply{status: 200, body: intent("requires_payment_method")}
		})
		ctx, cancel := context.WithCancel(b.ctx)
		var running sync.WaitGroup
		running.Go(func() { b.sender.Run(ctx) })
		c := b.write(vezne.AttemptPaymentIntent, api)
		b.sender.Wake()
		<-sent
		cancel()
		running.Wait()
		// It ends only when what was on its way is settled.
		if got := b.call(c.ID); got.State != vezne.CallDone || b.sender.InFlight() != 0 {
			b.Errorf("call %+v", got)
		}
	})
}

func TestASendingGoesOnWhenNobodyWaits(t *testing.T) {
	each(t, func(b *bench) {
		c := b.write(vezne.AttemptPaymentIntent, api)
		b.stripe.say(func(int, request) reply { return reply{status: 200, body: intent("requires_payment_method")} })
		b.stripe.arrived, b.stripe.hold = make(chan struct{}), make(chan struct{})
		ctx, cancel := context.WithCancel(b.ctx)
		failed := make(chan error)
		go func() {
			_, err := b.sender.Send(ctx, c.ID)
			failed <- err
		}()
		<-b.stripe.arrived
		cancel()
		if err := <-failed; vezne.CodeOf(err) != vezne.CodeStripeUnreachable || !errors.Is(err, context.Canceled) {
			b.Errorf("err = %v", err)
		}
		close(b.stripe.hold)
		if got, err := b.sender.Send(b.ctx, c.ID); err != nil || got.State != vezne.CallDone || len(b.stripe.seen()) != 1 {
			b.Errorf("call %+v, %v, %d requests", got, err, len(b.stripe.seen()))
		}
	})
}

func TestWhatIsWithdrawnIsNotSent(t *testing.T) {
	each(t, func(b *bench) {
		c := b.write(vezne.AttemptPaymentIntent, api)
		withdraw := func() (gone bool) {
			b.must(b.store.InTx(b.ctx, func(tx *store.Tx) (err error) {
				gone, err = tx.WithdrawCall(b.ctx, c.ID)
				return err
			}))
			return gone
		}
		b.stripe.say(func(int, request) reply { return reply{} })
		if !withdraw() {
			b.Fatal("a call that was never sent cannot be withdrawn")
		}
		if got, err := b.sender.Send(b.ctx, c.ID); err != nil || got.State != vezne.CallRefused || len(b.stripe.seen()) != 0 {
			b.Errorf("call %+v, %v", got, err)
		}
	})
}

func TestWhatMayHaveHappenedIsNotWithdrawn(t *testing.T) {
	each(t, func(b *bench) {
		c := b.write(vezne.AttemptPaymentIntent, api)
		b.stripe.say(func(int, request) reply { return reply{} })
		b.sweep(0)
		b.must(b.store.InTx(b.ctx, func(tx *store.Tx) error {
			gone, err := tx.WithdrawCall(b.ctx, c.ID)
			if gone {
				b.Error("a call that may have taken effect was withdrawn")
			}
			return err
		}))
	})
}

func TestAnOldKeyIsNotUsedAgain(t *testing.T) {
	each(t, func(b *bench) {
		c := b.write(vezne.AttemptPaymentIntent, api)
		b.stripe.say(func(int, request) reply { return reply{} })
		b.sweep(0)
		b.stripe.say(func(_ int, r request) reply {
			if r.method == "POST" {
				b.Errorf("it was sent again after %s", apply.KeyLife)
			}
			return reply{status: 200, body: list(false)}
		})
		b.sweep(apply.KeyLife)
		if got := b.call(c.ID); got.State != vezne.CallAbandoned || b.attempt().State != vezne.AttemptUnpaid {
			b.Errorf("call %+v, attempt %+v", got, b.attempt())
		}
	})
}
