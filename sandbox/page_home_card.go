package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// homeCardsPage is the list of published test cards.
type homeCardsPage struct {
	*homePage
	Groups []homeCardGroup
	All    []homeCard
}

type homeCardGroup struct {
	Label string
	Cards []homeCard
}

// homeCard is a test card: its number, and the PaymentMethod that stands for it.
type homeCard struct{ Number, Shown, Method, Brand, Label string }

// serveCards lists the test cards: those that people reach for most with what they do, then all.
func (h *home) serveCards(p *homePage, _ *http.Request) (string, any, error) {
	v := &homeCardsPage{homePage: p}
	methods := map[string]string{}
	for _, card := range testCards {
		method := "pm_card_" + card.name
		methods[card.number] = method
		v.All = append(v.All, homeCard{Number: card.number, Shown: spaced(card.number), Method: method, Brand: orElse(card.brand, "visa")})
	}
	for _, group := range cardGroups(p.pageText) {
		shown := homeCardGroup{Label: group.Label}
		for _, card := range group.Cards {
			shown.Cards = append(shown.Cards, homeCard{Number: card.Number, Shown: card.Shown, Method: methods[card.Number], Label: card.Label})
		}
		v.Groups = append(v.Groups, shown)
	}
	return "home_cards.html", v, nil
}

// permissionText writes what a restricted key may do on one line.
func permissionText(permissions map[string]string) string {
	list := make([]string, 0, len(permissions))
	for _, name := range slices.Sorted(maps.Keys(permissions)) {
		list = append(list, name+": "+permissions[name])
	}
	return strings.Join(list, ", ")
}
