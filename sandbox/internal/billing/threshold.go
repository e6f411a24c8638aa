package billing

import "slices"

// Counted is usage of a period that an invoice before the period's end has billed,
// because it reached a threshold.
type Counted struct {
	// Start is where the period began, Until the moment of the newest such invoice.
	Start, Until Instant
	// Usage is all usage of the period that was billed.
	Usage Decimal
}

// CountedFrom returns what of the period that began at a moment was billed before
// its end.
func (i Item) CountedFrom(start Instant) (Counted, bool) {
	n := slices.IndexFunc(i.Counted, func(c Counted) bool { return c.Start == start })
	if n < 0 {
		return Counted{}, false
	}
	return i.Counted[n], true
}

// Threshold returns lines for the usage so far of periods that go on: an invoice
// that a billing threshold makes. It returns the errors of Start.
func (s Subscription) Threshold(at Instant, usage map[string]Decimal) ([]Line, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	var list []Line
	for _, i := range s.Items {
		if !i.Price.Metered || s.InTrial(at) {
			continue
		}
		lines, err := s.used(i, usage[i.ID], Period{s.PeriodAt(i, at).Start, at})
		if err != nil {
			return nil, err
		}
		list = append(list, lines...)
	}
	return list, nil
}

// Count returns the subscription with what Threshold billed of it at a moment
// remembered. Of each item the newest two periods stay: usage of the former one may
// still be billed while its invoice is a draft.
func (s Subscription) Count(at Instant, usage map[string]Decimal) Subscription {
	s.Items = slices.Clone(s.Items)
	for n, i := range s.Items {
		if !i.Price.Metered {
			continue
		}
		now := Counted{s.PeriodAt(i, at).Start, at, usage[i.ID]}
		kept := slices.DeleteFunc(slices.Clone(i.Counted), func(c Counted) bool { return c.Start == now.Start })
		s.Items[n].Counted = append(kept[max(0, len(kept)-1):], now)
	}
	return s
}

// used returns the lines of a period's usage, less what was billed of it before:
// the tiers go on where they were.
func (s Subscription) used(i Item, usage Decimal, p Period) ([]Line, error) {
	counted, ok := i.CountedFrom(p.Start)
	if !ok {
		return s.full(KindUsage, i, usage, p)
	}
	p.Start = counted.Until
	if usage.Cmp(counted.Usage) < 0 {
		usage = counted.Usage // what was billed is not given back
	}
	all, err := i.Price.Parts(usage)
	if err != nil {
		return nil, err
	}
	before, err := i.Price.Parts(counted.Usage)
	if err != nil {
		return nil, err
	}
	parts, err := less(all, before)
	if err != nil {
		return nil, err
	}
	rest, err := usage.Minus(counted.Usage)
	return s.lines(KindUsage, i, parts, rest, p), err
}

// UsedIn returns the period whose usage a line of a metered item bills: that of
// the line, or more where a threshold has billed its beginning.
func (i Item) UsedIn(line Period) Period {
	for _, c := range i.Counted {
		if c.Until == line.Start {
			line.Start = c.Start
		}
	}
	return line
}

// Used returns the lines of a metered item's usage in a period that is over,
// whatever the subscription's periods are now. It returns the errors of Start.
func (s Subscription) Used(i Item, usage Decimal, p Period) ([]Line, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return s.used(i, usage, p)
}

// less returns what parts are more than former ones. Where a tier prices every unit
// and another tier is reached, the last part bears the difference.
func less(all, before []Part) ([]Part, error) {
	var parts []Part
	for _, part := range all {
		n := slices.IndexFunc(before, func(b Part) bool { return b.Tier == part.Tier && b.Flat == part.Flat })
		if n >= 0 {
			var err error
			if part.Quantity, err = part.Quantity.Minus(before[n].Quantity); err != nil {
				return nil, err
			}
			part.Amount -= before[n].Amount
			before = slices.Delete(slices.Clone(before), n, n+1)
		}
		parts = append(parts, part)
	}
	for _, b := range before {
		n := slices.IndexFunc(parts, func(p Part) bool { return p.Flat == b.Flat })
		if n < 0 {
			n = len(parts) - 1
		}
		var err error
		if parts[n].Quantity, err = parts[n].Quantity.Minus(b.Quantity); err != nil {
			return nil, err
		}
		parts[n].Amount -= b.Amount
	}
	more := slices.DeleteFunc(slices.Clone(parts), func(p Part) bool { return p.Amount == 0 && p.Quantity.Sign() == 0 })
	if len(more) == 0 {
		return parts[:1], nil
	}
	return more, nil
}
