package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// elementTypes are the elements that have a frame; the others need none.
var elementTypes = []string{"payment", "card", "cardNumber", "cardExpiry", "cardCvc", "address", "linkAuthentication"}

type elementView struct {
	view
	Type          string
	TitleKey      string
	Methods       []methodView
	Countries     []string
	AddressFields []addressField
}

// addressField is an input of the Address Element.
type addressField struct {
	Name, Label, Autocomplete string
	Wide, Hidden              bool
	Options                   []string
}

type elementData struct {
	scriptData
	Cards   []string     `json:"cards"`
	Delayed []methodForm `json:"delayed"`
}

// serveElement serves the frame that a shop's page gets for one element. Card numbers are typed here, at the sandbox's
// origin, and leave for the sandbox from here.
func (p *pages) serveElement(w http.ResponseWriter, r *http.Request) {
	kind := r.URL.Query().Get("type")
	if !slices.Contains(elementTypes, kind) {
		http.Error(w, "The sandbox has no frame for an element of this type.", http.StatusNotFound)
		return
	}
	text := textFor(r, "")
	all := []string{"card"}
	for _, method := range delayedMethods {
		all = append(all, method.Type)
	}
	v := elementView{
		view:      p.newView(text, "/pages/element.js", "frame.css"),
		Type:      kind,
		TitleKey:  "frame." + kind,
		Methods:   methodViews(text, all, ""),
		Countries: countries,
	}
	if kind == "address" {
		v.AddressFields = addressFields(text)
	}
	v.Data = elementData{scriptData: text.script(), Cards: p.numbers, Delayed: delayedForms(text, all)}
	p.render(w, r, http.StatusOK, "frame.html", v.Nonce, v)
}

func addressFields(text pageText) []addressField {
	return []addressField{
		{Name: "name", Label: text.T("field.name"), Autocomplete: "name", Wide: true},
		{Name: "country", Label: text.T("field.country"), Autocomplete: "country", Wide: true, Options: countries},
		{Name: "line1", Label: text.T("field.line1"), Autocomplete: "address-line1", Wide: true},
		{Name: "line2", Label: text.T("field.line2"), Autocomplete: "address-line2", Wide: true},
		{Name: "city", Label: text.T("field.city"), Autocomplete: "address-level2"},
		{Name: "postal_code", Label: text.T("field.postal"), Autocomplete: "postal-code"},
		{Name: "state", Label: text.T("field.state"), Autocomplete: "address-level1", Wide: true},
		{Name: "phone", Label: text.T("field.phone"), Autocomplete: "tel", Wide: true, Hidden: true},
	}
}

// countries are codes of ISO 3166-1 alpha-2; the browser names them in its language.
var countries = strings.Fields(`AD AE AF AG AI AL AM AO AQ AR AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CD CF
CG CH CI CK CL CM CN CO CR CV CW CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS
GT GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IS IT JE JM JO JP KE KG KH KI KM KN KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD
ME MF MG MK ML MM MN MO MQ MR MS MT MU MV MW MX MY MZ NA NC NE NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PY QA RE RO
RS RU RW SA SB SC SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC
VE VG VN VU WF WS XK YE YT ZA ZM ZW`)
