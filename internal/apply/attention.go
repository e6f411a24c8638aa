package apply

import (
	"slices"

	"github.com/vezne/vezne"
)

// kept are the reasons that facts do not give: they are raised and lowered by
// settle, which sees the hook and the merge.
var kept = []vezne.Attention{vezne.AttentionHeldByHook, vezne.AttentionRegression}

// attention brings the list to what the facts give, in a fixed order.
func (d *draft) attention() {
	for _, c := range d.Calls {
		if c.State == vezne.CallLooking {
			d.raise(vezne.AttentionUnsure)
		}
	}
	if d.LimitedBy != "" && d.Order.PaidAt == nil && d.Order.CanceledAt == nil {
		d.raise(vezne.AttentionCardTesting)
	}
	var next []vezne.Attention
	for _, a := range vezne.Attentions() {
		held := a == vezne.AttentionHeldByHook && d.Order.PaidAt != nil
		if slices.Contains(d.raised, a) || (slices.Contains(kept, a) && d.before.Has(a) && !held) {
			next = append(next, a)
		}
	}
	d.Order.Attention = next
	for _, a := range next {
		if !d.before.Has(a) {
			d.entry("attention.raised", "", nil, map[string]any{"attention": string(a)})
		}
	}
	for _, a := range d.before.Attention {
		if !slices.Contains(next, a) {
			d.entry("attention.lowered", "", map[string]any{"attention": string(a)}, nil)
		}
	}
	if len(d.before.Attention) == 0 && len(next) == 0 {
		d.Order.Attention = d.before.Attention
	}
}
