package mirror_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/mirror"
)

// look is an intent as an answer showed it: amount tells versions apart.
func look(amount int, status string, begin, end int64) vezne.Snapshot {
	return vezne.Snapshot{
		ID: "pi_1", Type: vezne.TypePaymentIntent, Terminal: status == "succeeded" || status == "canceled", Interval: vezne.Interval{Begin: begin, End: end},
		Body: fmt.Appendf(nil, `{"id":"pi_1","object":"payment_intent","status":%q,"amount":%d,"currency":"usd"}`, status, amount),
	}
}

func TestWhichAnswerStays(t *testing.T) {
	t.Parallel()
	open, done := "requires_action", "succeeded"
	keep, replace := mirror.Verdict{}, mirror.Verdict{Replace: true}
	deleted := look(1, open, 8, 9)
	deleted.Deleted, deleted.Terminal, deleted.Body = true, true, []byte(`{"id":"pi_1","deleted":true}`)
	unimportant := look(1, open, 3, 9)
	unimportant.Body = []byte(`{"id":"pi_1","object":"payment_intent","status":"requires_action","amount":1,"currency":"usd","description":"new"}`)
	for _, tt := range []struct {
		name string
		kept vezne.Snapshot
		in   vezne.Snapshot
		want mirror.Verdict
	}{
		{"later and different", look(1, open, 2, 4), look(2, open, 5, 9), replace},
		{"later and the same", look(1, open, 2, 4), look(1, open, 5, 9), replace},
		{"later and terminal", look(1, open, 2, 4), look(1, done, 5, 9), replace},
		{"later and gone", look(1, open, 2, 4), deleted, replace},
		{"both terminal, later and different", look(1, done, 2, 4), look(2, done, 5, 9), replace},
		{"later and no longer terminal is impossible", look(1, done, 2, 4), look(1, open, 5, 9), mirror.Verdict{Again: true, Alarm: true}},
		{"later and no longer gone is impossible", deleted, look(1, open, 10, 11), mirror.Verdict{Again: true, Alarm: true}},
		{"it began at the kept one's end: that is overlapping", look(1, open, 2, 4), look(2, open, 4, 9), mirror.Verdict{Again: true}},
		{"overlapping and the same", look(1, open, 2, 4), look(1, open, 3, 9), keep},
		{"overlapping and the same in all that decisions hang on", look(1, open, 2, 4), unimportant, keep},
		{"overlapping and different", look(1, open, 2, 4), look(2, open, 3, 9), mirror.Verdict{Again: true}},
		{"overlapping, and the new one is terminal", look(1, open, 2, 4), look(1, done, 3, 9), mirror.Verdict{Replace: true, Again: true}},
		{"overlapping, and the kept one is terminal", look(1, done, 2, 4), look(1, open, 3, 9), mirror.Verdict{Again: true}},
		{"overlapping, both terminal and different", look(1, done, 2, 4), look(1, "canceled", 3, 9), mirror.Verdict{Again: true}},
		{"earlier and different", look(1, open, 5, 6), look(2, open, 2, 9), mirror.Verdict{Again: true}},
		{"earlier and the same", look(1, open, 5, 6), look(1, open, 2, 9), keep},
		{"a replayed answer with the number of its first sending", look(2, open, 7, 8), look(1, open, 1, 9), mirror.Verdict{Again: true}},
	} {
		if got := mirror.Decide(&tt.kept, tt.in); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
	if got := mirror.Decide(nil, look(1, open, 1, 2)); got != replace {
		t.Errorf("the first answer: %+v", got)
	}
}

func TestAMarkIsAnsweredOnlyByAReadThatBeganAfterIt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mark, begin int64
		want        bool
	}{{5, 6, true}, {5, 5, false}, {5, 4, false}, {0, 1, true}} {
		if got := mirror.Clears(tt.mark, tt.begin); got != tt.want {
			t.Errorf("a mark %d, a read that began with %d: %v", tt.mark, tt.begin, got)
		}
	}
}

// history is an object at Stripe: its version at each number of the sequence.
// The last version may be final.
type history struct {
	version []int
	final   bool
}

func (h history) at(n int64) (amount int, status string) {
	v := h.version[n]
	if h.final && v == h.version[len(h.version)-1] {
		return v, "succeeded"
	}
	return v, "requires_action"
}

func drawHistory(t *rapid.T, length int) history {
	h := history{version: make([]int, length), final: rapid.Bool().Draw(t, "final")}
	for i := 1; i < length; i++ {
		h.version[i] = h.version[i-1]
		if rapid.IntRange(0, 2).Draw(t, "changes") == 0 {
			h.version[i]++
		}
	}
	return h
}

// amountOf reads the version back.
func amountOf(t *rapid.T, s vezne.Snapshot) int {
	p, err := mirror.PaymentIntent(s)
	if err != nil {
		t.Fatal(err)
	}
	return int(p.Amount)
}

func TestTrueAnswersNeverLeadBackAndDoubtIsAlwaysSaid(t *testing.T) {
	t.Parallel()
	const length = 24
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, length)
		var kept *vezne.Snapshot
		newest, mark := 0, int64(-1) // no mark
		// Answers are merged one after the other; each was true at some number
		// between its begin and its merging.
		for end := int64(1); end < length; end++ {
			if rapid.IntRange(0, 2).Draw(t, "answer") > 0 {
				continue
			}
			begin := rapid.Int64Range(0, end).Draw(t, "begin")
			amount, status := h.at(rapid.Int64Range(begin, end).Draw(t, "seen"))
			in := look(amount, status, begin, end)
			newest = max(newest, amount)
			v := mirror.Decide(kept, in)
			if v.Alarm {
				t.Fatalf("an alarm about true answers: kept %+v, in %+v", kept, in)
			}
			if mirror.Clears(mark, begin) {
				mark = -1
			}
			if v.Again {
				mark = end
			}
			if !v.Replace {
				continue
			}
			if kept != nil && amount < amountOf(t, *kept) {
				t.Fatalf("back from %d to %d: kept %+v, in %+v", amountOf(t, *kept), amount, kept, in)
			}
			kept = &in
		}
		if kept != nil && mark < 0 && amountOf(t, *kept) != newest {
			t.Fatalf("an answer had brought %d, kept is %d, and nobody looks again", newest, amountOf(t, *kept))
		}
	})
}

func TestVerdictsFitTogether(t *testing.T) {
	t.Parallel()
	draw := func(t *rapid.T, name string) vezne.Snapshot {
		begin := rapid.Int64Range(0, 9).Draw(t, name+" begins")
		return look(rapid.IntRange(0, 2).Draw(t, name), rapid.SampledFrom([]string{"requires_action", "processing", "succeeded", "canceled"}).Draw(t, name+" is"),
			begin, rapid.Int64Range(begin, 9).Draw(t, name+" ends"))
	}
	rapid.Check(t, func(t *rapid.T) {
		kept, in := draw(t, "kept"), draw(t, "in")
		v := mirror.Decide(&kept, in)
		later, same := in.Interval.Begin > kept.Interval.End, mirror.Same(kept, in)
		switch {
		case v.Replace && kept.Terminal && !in.Terminal:
			t.Fatal("a final state was left")
		case v.Alarm != (later && kept.Terminal && !in.Terminal):
			t.Fatalf("alarm %v", v.Alarm)
		case v.Alarm && (v.Replace || !v.Again):
			t.Fatal("an impossible answer must stay out and be looked into")
		case later && !v.Alarm && (!v.Replace || v.Again):
			t.Fatalf("a later answer is not in doubt: %+v", v)
		case !later && same && v != (mirror.Verdict{}):
			t.Fatalf("the same facts do nothing: %+v", v)
		case !later && !same && !v.Again:
			t.Fatal("doubt was settled by a guess")
		case !later && !same && v.Replace != (in.Terminal && !kept.Terminal):
			t.Fatalf("in doubt the terminal state wins: %+v", v)
		}
		if mirror.Same(kept, in) != mirror.Same(in, kept) || !mirror.Same(kept, kept) {
			t.Fatal("being the same is mutual")
		}
	})
}

func TestWhenAnObjectIsReadAgainIfNothingIsHeard(t *testing.T) {
	t.Parallel()
	object := func(t vezne.ObjectType, body string) vezne.Snapshot {
		return vezne.Snapshot{ID: "x", Type: t, Body: []byte(body)}
	}
	final := object(vezne.TypePaymentIntent, `{"status":"succeeded"}`)
	final.Terminal = true
	gone := object(vezne.TypeDispute, `{}`)
	gone.Deleted = true
	for _, tt := range []struct {
		name string
		s    vezne.Snapshot
		age  time.Duration
		want time.Duration
		ok   bool
	}{
		{"an intent of now", object(vezne.TypePaymentIntent, `{"status":"requires_action"}`), 0, 15 * time.Second, true},
		{"of a clock before ours", object(vezne.TypePaymentIntent, `{"status":"requires_action"}`), -time.Hour, 15 * time.Second, true},
		{"of an hour ago", object(vezne.TypePaymentIntent, `{"status":"requires_action"}`), time.Hour, 15 * time.Minute, true},
		{"of a year ago", object(vezne.TypePaymentIntent, `{"status":"requires_action"}`), 365 * 24 * time.Hour, 365 * 6 * time.Hour, true},
		{"of a month ago", object(vezne.TypePaymentIntent, `{"status":"requires_action"}`), 30 * 24 * time.Hour, 24 * time.Hour, true},
		{"a final one", final, 0, 0, false},
		{"one that is gone", gone, 0, 0, false},
		{"a session", object(vezne.TypeCheckoutSession, `{"status":"open"}`), time.Minute, 15 * time.Second, true},
		{"a pending charge", object(vezne.TypeCharge, `{"status":"pending"}`), 0, 15 * time.Second, true},
		{"a charge that succeeded", object(vezne.TypeCharge, `{"status":"succeeded"}`), 0, time.Hour, true},
		{"of a day ago", object(vezne.TypeCharge, `{"status":"succeeded"}`), 24 * time.Hour, 24 * time.Hour, true},
		{"of a quarter ago", object(vezne.TypeCharge, `{"status":"succeeded"}`), 90 * 24 * time.Hour, 7 * 24 * time.Hour, true},
		{"that nobody can dispute any more", object(vezne.TypeCharge, `{"status":"succeeded"}`), 120 * 24 * time.Hour, 0, false},
		{"a pending refund", object(vezne.TypeRefund, `{"status":"pending"}`), 0, 15 * time.Second, true},
		{"a refund that succeeded", object(vezne.TypeRefund, `{"status":"succeeded"}`), 0, time.Hour, true},
		{"of a year ago", object(vezne.TypeRefund, `{"status":"succeeded"}`), 365 * 24 * time.Hour, 0, false},
		{"a dispute", object(vezne.TypeDispute, `{"status":"needs_response"}`), 8 * time.Hour, 2 * time.Hour, true},
		{"a saved method", object(vezne.TypePaymentMethod, `{}`), 0, 0, false},
		{"a customer", object(vezne.TypeCustomer, `{}`), 0, 0, false},
	} {
		got, ok := mirror.RecheckAfter(tt.s, tt.age)
		if got != tt.want || ok != tt.ok {
			t.Errorf("%s: %s, %v; want %s, %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func TestReadsAskForWhatBelongsTogether(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		t    vezne.ObjectType
		id   vezne.ObjectID
		want string
	}{
		{vezne.TypePaymentIntent, "pi_1", "/v1/payment_intents/pi_1?expand%5B%5D=latest_charge"},
		{vezne.TypeCheckoutSession, "cs_1", "/v1/checkout/sessions/cs_1?expand%5B%5D=payment_intent.latest_charge"},
		{vezne.TypeCharge, "ch_1", "/v1/charges/ch_1?"},
		{vezne.TypeRefund, "re_1", "/v1/refunds/re_1?expand%5B%5D=charge"},
		{vezne.TypeDispute, "du_1", "/v1/disputes/du_1?expand%5B%5D=charge"},
		{vezne.TypeSetupIntent, "seti_1", "/v1/setup_intents/seti_1?expand%5B%5D=payment_method"},
		{vezne.TypePaymentMethod, "pm_1", "/v1/payment_methods/pm_1?"},
		{vezne.TypeCustomer, "cus_1", "/v1/customers/cus_1?"},
		{vezne.TypeCustomer, "../charges/ch_1?x", "/v1/customers/..%2Fcharges%2Fch_1%3Fx?"},
	} {
		path, query, ok := mirror.ReadPath(tt.t, tt.id)
		if got := path + "?" + query.Encode(); !ok || got != tt.want {
			t.Errorf("%s: %q, %v; want %q", tt.t, got, ok, tt.want)
		}
	}
	if _, _, ok := mirror.ReadPath("product", "prod_1"); ok {
		t.Error("a type that the mirror does not keep has a read")
	}
}
