// Package mirror is the merge rule: whether an answer of Stripe replaces what
// is kept of an object, and how answers become snapshots and facts. It is pure.
package mirror

import (
	"reflect"
	"time"

	"github.com/vezne/vezne"
)

// Verdict is what follows when an answer meets what is kept.
type Verdict struct {
	// Replace: the incoming snapshot becomes the kept one.
	Replace bool
	// Again: the object must be read again; doubt is settled by a read.
	Again bool
	// Alarm: Stripe showed an object leaving a final state.
	Alarm bool
}

// Decide compares an incoming snapshot with the kept one, nil if there is
// none. An interval that begins after the kept one's end is later for certain.
// Intervals that overlap leave the order open: if both say the same nothing
// happens; otherwise a terminal state wins, or the kept one stays, and the
// object is read again. A non-terminal answer from later than a terminal one is
// impossible, so it is kept out and looked into.
func Decide(kept *vezne.Snapshot, in vezne.Snapshot) Verdict {
	switch {
	case kept == nil:
		return Verdict{Replace: true}
	case in.Interval.Begin > kept.Interval.End && kept.Terminal && !in.Terminal:
		return Verdict{Again: true, Alarm: true}
	case in.Interval.Begin > kept.Interval.End:
		return Verdict{Replace: true}
	case Same(*kept, in):
		return Verdict{}
	default:
		return Verdict{Replace: in.Terminal && !kept.Terminal, Again: true}
	}
}

// Clears reports whether a read that began with a number has seen what a mark
// announced: only if it began after the mark was set.
func Clears(markNumber, begin int64) bool { return markNumber < begin }

// Same reports whether two snapshots of an object state the same facts. Keys
// that nothing depends on may differ.
func Same(a, b vezne.Snapshot) bool {
	if a.Deleted || b.Deleted {
		return a.Deleted == b.Deleted
	}
	a, b, err := alike(a, b)
	if err != nil {
		return false
	}
	x, errX := facts(a)
	y, errY := facts(b)
	return errX == nil && errY == nil && reflect.DeepEqual(x, y)
}

func facts(s vezne.Snapshot) (any, error) {
	switch s.Type {
	case vezne.TypePaymentIntent:
		return PaymentIntent(s)
	case vezne.TypeCheckoutSession:
		return CheckoutSession(s)
	case vezne.TypeCharge:
		return Charge(s)
	case vezne.TypeRefund:
		return Refund(s)
	case vezne.TypeDispute:
		return Dispute(s)
	case vezne.TypeSetupIntent:
		return SetupIntent(s)
	case vezne.TypePaymentMethod:
		return PaymentMethod(s)
	}
	return Customer(s)
}

// Rechecks begin soon after something was tried and grow with the object's
// age, so that a lost event costs seconds at first and, for a month, never more
// than a day.
const (
	recheckFirst = 15 * time.Second
	recheckLast  = 24 * time.Hour
	// recheckShare is the part of its age after which an object is read again.
	recheckShare = 4
	// recheckOld is the age from which on the pauses grow with it again: what
	// nobody has touched for a month is most likely never touched any more.
	recheckOld = 30 * 24 * time.Hour
)

// Money that came in or went back can still move: a dispute, a refund in
// Stripe's dashboard, a refund that fails weeks later. Events tell; should one
// be lost, these looks find out.
const (
	movedFirst = time.Hour
	movedLast  = 7 * 24 * time.Hour
	// movedUntil is how old a payment is when it is let go. Card networks give
	// holders 120 days to dispute.
	movedUntil = 120 * 24 * time.Hour
)

// RecheckAfter returns how long after now an object of an age is to be read
// again if nothing is heard, and false when it need not be.
func RecheckAfter(s vezne.Snapshot, age time.Duration) (time.Duration, bool) {
	if s.Terminal || s.Deleted {
		return 0, false
	}
	switch s.Type {
	case vezne.TypePaymentMethod, vezne.TypeCustomer:
		// Nothing that we decide waits for them.
		return 0, false
	case vezne.TypeCharge:
		if c, err := Charge(s); err == nil && c.Status == "succeeded" {
			return moved(age)
		}
	case vezne.TypeRefund:
		if r, err := Refund(s); err == nil && r.Status == "succeeded" {
			return moved(age)
		}
	}
	last := recheckLast
	if age > recheckOld {
		last = age
	}
	return max(recheckFirst, min(age/recheckShare, last)), true
}

// moved is RecheckAfter for money that came in or went back.
func moved(age time.Duration) (time.Duration, bool) {
	if age >= movedUntil {
		return 0, false
	}
	return max(movedFirst, min(age, movedLast)), true
}
