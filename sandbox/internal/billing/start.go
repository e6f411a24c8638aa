package billing

import "math/big"

// StartUnprorated returns the lines of a subscription that begins at a moment
// and prorates nothing. An item is free until a whole period of it begins. A
// period that the subscription's end cuts costs all of it in flexible mode;
// classic mode prorates it all the same. It returns the errors of Start.
//
// Source: docs.stripe.com/billing/subscriptions/billing-cycle and
// billing-mode/compare.
func (s Subscription) StartUnprorated(at Instant) ([]Line, error) {
	if s.InTrial(at) {
		return s.Start(at)
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	var list []Line
	for _, i := range s.Items {
		natural := s.cycle(i).Containing(at)
		if i.Price.Metered || natural.Start != at {
			continue
		}
		lines, err := s.advance(i, at)
		if s.Mode != Classic {
			lines, err = s.full(KindPeriod, i, i.Quantity, Period{at, s.cut(natural.End)})
		}
		if err != nil {
			return nil, err
		}
		list = append(list, lines...)
	}
	return list, nil
}

// StartInThePast returns the lines of a classic subscription that is made at a
// moment and began before it: one proration for each item until its first whole
// period, counted in periods from the beginning, and that period when it begins
// now. Usage is that of the time before, by item id. It returns the errors of
// Start.
//
// Source: docs.stripe.com/billing/subscriptions/backdating.
func (s Subscription) StartInThePast(now Instant, usage map[string]Decimal) ([]Line, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	var list []Line
	for _, i := range s.Items {
		var lines []Line
		var err error
		if i.Price.Metered {
			lines, err = s.used(i, usage[i.ID], Period{s.Began, now})
		} else {
			lines, err = s.elapsed(i, now)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, lines...)
	}
	return list, nil
}

func (s Subscription) elapsed(i Item, now Instant) ([]Line, error) {
	until := s.cycle(i).Containing(now)
	end := s.cut(until.End)
	if until.Start == now {
		end = now
	}
	span := Period{s.Began, end}
	l, err := s.debit(i, span, s.Began)
	if err != nil {
		return nil, err
	}
	cost, _, err := s.cost(i, s.Began)
	if err != nil {
		return nil, err
	}
	if l.Amount, err = roundProration(mul(cost, Cycle{s.Began, i.Price.Recurring}.count(span))); err != nil {
		return nil, err
	}
	list := []Line{l}
	if end != now {
		return list, nil
	}
	whole, err := s.advance(i, now)
	return append(list, whole...), err
}

// count returns how many periods of the cycle a span is that begins with one.
func (c Cycle) count(span Period) *big.Rat {
	n := new(big.Rat)
	for p := c.Containing(span.Start); p.Start < span.End; p = c.Containing(p.End) {
		part := Period{p.Start, min(p.End, span.End)}
		n.Add(n, big.NewRat(int64(part.Length()), int64(p.Length())))
	}
	return n
}

// Unused returns a line of 0 for each metered item, which shows on the first
// invoice of a classic subscription; flexible ones have none. It returns the
// errors of Price.Parts.
//
// Source: docs.stripe.com/billing/subscriptions/billing-mode/compare.
func (s Subscription) Unused(at Instant) ([]Line, error) {
	var list []Line
	for _, i := range s.Items {
		if !i.Price.Metered || s.Mode != Classic {
			continue
		}
		parts, err := i.Price.Parts(Decimal{})
		if err != nil {
			return nil, err
		}
		parts[0].Amount = 0
		list = append(list, s.lines(KindTrial, i, parts[:1], Decimal{}, s.PeriodAt(i, at))...)
	}
	return list, nil
}
