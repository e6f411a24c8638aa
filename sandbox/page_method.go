package sandbox

import (
	"slices"
	"strings"
)

// methodForm is a payment method other than a card that the pages have a form for: one whose bank answers later.
type methodForm struct {
	Type   string        `json:"type"`
	Fields []methodField `json:"fields"`
}

// methodField is an input of such a form. Param is its name under payment_method_data[type]; Example is a published test value.
type methodField struct {
	ID      string `json:"id"`
	Name    string `json:"-"`
	Param   string `json:"param"`
	Label   string `json:"-"`
	Example string `json:"-"`
	Rule    string `json:"rule,omitempty"`
	Numeric bool   `json:"-"`
}

// delayedMethods are the delayed methods that the pages offer, in the order shown; labels are keys of sentences.
var delayedMethods = []methodForm{
	{Type: "sepa_debit", Fields: []methodField{
		{ID: "iban", Name: "iban", Param: "iban", Label: "field.iban", Example: "DE89 3704 0044 0532 0130 00", Rule: "iban"},
	}},
	{Type: "us_bank_account", Fields: []methodField{
		{ID: "routingNumber", Name: "routingNumber", Param: "routing_number", Label: "field.routing", Example: "110000000", Numeric: true},
		{ID: "accountNumber", Name: "accountNumber", Param: "account_number", Label: "field.account", Example: "000123456789", Numeric: true},
	}},
}

// delayedForms are the forms among types, with their labels in the page's language.
func delayedForms(text pageText, types []string) []methodForm {
	forms := []methodForm{}
	for _, method := range delayedMethods {
		if !slices.Contains(types, method.Type) {
			continue
		}
		method.Fields = slices.Clone(method.Fields)
		for i := range method.Fields {
			method.Fields[i].Label = text.T(method.Fields[i].Label)
		}
		forms = append(forms, method)
	}
	return forms
}

// methodView is a payment method as a template shows it.
type methodView struct {
	pageText
	methodForm
	Label    string
	Merchant string
	Later    bool
}

// methodViews are the methods among types that the pages can take, cards first.
func methodViews(text pageText, types []string, merchant string) []methodView {
	var views []methodView
	if slices.Contains(types, "card") {
		views = append(views, methodView{pageText: text, methodForm: methodForm{Type: "card"}, Label: text.T("method.card"), Merchant: merchant})
	}
	for _, form := range delayedForms(text, types) {
		views = append(views, methodView{pageText: text, methodForm: form, Label: text.T("method." + form.Type), Merchant: merchant, Later: true})
	}
	return views
}

// cardGroup is a heading of the list of test cards.
type cardGroup struct {
	Label string
	Cards []cardChoice
}

// cardChoice is a test card that fills in the form.
type cardChoice struct{ Number, Shown, Label string }

// shownCards are the published test cards that people reach for most; labels are keys of sentences.
var shownCards = []struct {
	group string
	cards [][2]string
}{
	{"group.success", [][2]string{
		{"4242424242424242", "card.success"}, {"5555555555554444", "card.success"}, {"378282246310005", "card.success"},
	}},
	{"group.secure", [][2]string{
		{"4000002760003184", "card.3ds.always"}, {"4000002500003155", "card.3ds.setup"}, {"4000008260003178", "card.3ds.funds"}, {"4000000032200000", "card.3ds.frictionless"},
	}},
	{"group.declined", [][2]string{
		{"4000000000000002", "card.generic"}, {"4000000000009995", "card.funds"}, {"4000000000009987", "card.lost"},
		{"4000000000000069", "card.expired"}, {"4000000000000127", "card.cvc"}, {"4000000000000119", "card.processing"},
	}},
	{"group.later", [][2]string{
		{"4000000000000259", "card.dispute"}, {"4000000000007726", "card.refund_pending"}, {"4000000000005126", "card.refund_fail"},
	}},
}

func cardGroups(text pageText) []cardGroup {
	groups := make([]cardGroup, len(shownCards))
	for i, shown := range shownCards {
		groups[i].Label = text.T(shown.group)
		for _, card := range shown.cards {
			groups[i].Cards = append(groups[i].Cards, cardChoice{Number: card[0], Shown: spaced(card[0]), Label: text.T(card[1])})
		}
	}
	return groups
}

// spaced writes a number as it stands on a card: in fours, American Express as 4-6-5.
func spaced(number string) string {
	sizes := []int{4, 4, 4, 4, 3}
	if len(number) == 15 {
		sizes = []int{4, 6, 5}
	}
	var groups []string
	for _, size := range sizes {
		if size = min(size, len(number)); size > 0 {
			groups = append(groups, number[:size])
			number = number[size:]
		}
	}
	return strings.Join(groups, " ")
}
