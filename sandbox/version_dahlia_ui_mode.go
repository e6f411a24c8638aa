package sandbox

import "strings"

// uiModes are the names of Checkout's ui_mode: before dahlia, and since.
var uiModes = [][2]string{{"custom", "elements"}, {"embedded", "embedded_page"}, {"hosted", "hosted_page"}}

func init() {
	registerChange(versionChange{
		since:  "2026-03-25.dahlia",
		what:   "`ui_mode` of a Checkout Session is `hosted_page`, `embedded_page` or `elements`; before it was `hosted`, `embedded` or `custom`, in parameters and answers.",
		source: "docs.stripe.com/changelog/dahlia/2026-03-25/updates-available-checkout-session-ui-modes",
		shapes: []shapeChange{{
			schema: "checkout.session", edit: []nodeEdit{withWords("ui_mode", "custom", "embedded", "hosted")},
			fill: func(_ *translation, from, to *stripeObject) {
				for _, mode := range uiModes {
					if from.Str("ui_mode") == mode[1] {
						to.Set("ui_mode", mode[0])
					}
				}
			},
		}},
		calls: []callChange{{
			ops: []string{"POST /v1/checkout/sessions"}, edit: []nodeEdit{withWords("ui_mode", "custom", "embedded", "hosted")},
			up: func(_ *accountTx, p *paramNode) error {
				for _, mode := range uiModes {
					if n := p.hash["ui_mode"]; n != nil && n.value == mode[0] {
						p.put("ui_mode", leafOf(mode[1]))
						break
					}
				}
				return nil
			},
			words: strings.NewReplacer("`elements`", "`custom`", "`embedded_page`", "`embedded`", "`hosted_page`", "`hosted`"),
		}},
	})
}
