package vezne

import "time"

// Limits are how often somebody may try to pay, so that nobody tests stolen
// cards here. A value of 0 means its default, less than 0 means no limit. What
// is counted is forgotten after Window.
type Limits struct {
	// Window is the time in which tries are counted; 0 means an hour.
	Window time.Duration
	// ClientStarts are payments that one client (an address, or what the
	// application calls its visitor) may begin without paying; 0 means 120.
	ClientStarts int
	// ClientDeclines are declines that one client may meet, and one more for each
	// order that it paid: many buyers may share an address. 0 means 30.
	ClientDeclines int
	// OrderStarts are payments that may be begun for one order; 0 means 20.
	OrderStarts int
	// OrderDeclines are declines that one order may meet; 0 means 10.
	OrderDeclines int
	// CardDeclines are declines that one card may meet, whoever uses it and for
	// whatever order; 0 means 15.
	CardDeclines int
}

// The default limits.
const (
	DefaultLimitWindow    = time.Hour
	DefaultClientStarts   = 120
	DefaultClientDeclines = 30
	DefaultOrderStarts    = 20
	DefaultOrderDeclines  = 10
	DefaultCardDeclines   = 15
)

// MaxLimitWindow is the longest window: for so long tries are kept.
const MaxLimitWindow = 24 * time.Hour

// WithDefaults returns the limits with what was left out filled in.
func (l Limits) WithDefaults() Limits {
	fill := func(n *int, value int) {
		if *n == 0 {
			*n = value
		}
	}
	if l.Window == 0 {
		l.Window = DefaultLimitWindow
	}
	fill(&l.ClientStarts, DefaultClientStarts)
	fill(&l.ClientDeclines, DefaultClientDeclines)
	fill(&l.OrderStarts, DefaultOrderStarts)
	fill(&l.OrderDeclines, DefaultOrderDeclines)
	fill(&l.CardDeclines, DefaultCardDeclines)
	return l
}

// LimitedBy says what a limit counts by.
type LimitedBy string

// What limits count by.
const (
	LimitedByClient LimitedBy = "client"
	LimitedByCard   LimitedBy = "card"
	LimitedByOrder  LimitedBy = "order"
)
