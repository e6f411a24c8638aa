package sandbox

import (
	"slices"
	"strconv"
	"strings"
)

// askedOfBuyer is what a session asks beside a payment method, as far as the page shows it.
type askedOfBuyer struct {
	ShippingAddressCollection *struct {
		AllowedCountries []string `json:"allowed_countries"`
	} `json:"shipping_address_collection"`
	ConsentCollection *struct {
		Promotions     string `json:"promotions"`
		TermsOfService string `json:"terms_of_service"`
	} `json:"consent_collection"`
	PhoneNumberCollection struct {
		Enabled bool `json:"enabled"`
	} `json:"phone_number_collection"`
	NameCollection struct {
		Business   askedName `json:"business"`
		Individual askedName `json:"individual"`
	} `json:"name_collection"`
	TaxIDCollection struct {
		Enabled  bool   `json:"enabled"`
		Required string `json:"required"`
	} `json:"tax_id_collection"`
	CustomText struct {
		AfterSubmit     *askedText `json:"after_submit"`
		ShippingAddress *askedText `json:"shipping_address"`
		Submit          *askedText `json:"submit"`
		Terms           *askedText `json:"terms_of_service_acceptance"`
	} `json:"custom_text"`
	CustomFields []struct {
		Key   string `json:"key"`
		Label struct {
			Custom string `json:"custom"`
		} `json:"label"`
		Optional bool   `json:"optional"`
		Type     string `json:"type"`
		Dropdown struct {
			askedRule
			Options []askedOption `json:"options"`
		} `json:"dropdown"`
		Text    askedRule `json:"text"`
		Numeric askedRule `json:"numeric"`
	} `json:"custom_fields"`
	Permissions struct {
		UpdateShippingDetails string `json:"update_shipping_details"`
	} `json:"permissions"`
}

type askedName struct{ Enabled, Optional bool }

type askedText struct {
	Message string `json:"message"`
}

type askedOption struct {
	Label    string `json:"label"`
	Value    string `json:"value"`
	Selected bool   `json:"-"`
}

type askedRule struct {
	DefaultValue  string `json:"default_value"`
	MinimumLength int    `json:"minimum_length"`
	MaximumLength int    `json:"maximum_length"`
}

// askedField is one field of the form; Param is the parameter that it becomes.
type askedField struct {
	ID, Param, Kind, Label, Value, Autocomplete string
	// Text is the label of a box to tick, with links of the shop.
	Text []textPart
	// Live says that a change is sent at once, because it changes the sum.
	Live, Required bool
	Options        []askedOption
	// Decimals is one more than the digits behind the point of an amount, 0 for what is no amount.
	Decimals  int
	Min, Max  int
	InputMode string
	// Half says that two such fields share a row.
	Half bool
}

// askedGroup is a part of the form with its heading and the shop's words.
type askedGroup struct {
	ID, Title string
	Text      []textPart
	Fields    []askedField
}

// asks collects the fields of a form in the page's language.
type asks struct {
	text pageText
	page checkoutSession
}

// before are the groups that stand above the way of shipping.
func (a asks) before(decimals int) []askedGroup {
	var groups []askedGroup
	for _, group := range []askedGroup{
		{ID: "amounts", Fields: a.amounts(decimals)},
		{ID: "shipping-address", Title: a.text.T("checkout.shipping.address"), Text: wordsOf(a.page.Session.CustomText.ShippingAddress), Fields: a.shipping()},
	} {
		if len(group.Fields) > 0 {
			groups = append(groups, group)
		}
	}
	return groups
}

// contact are the fields beside the address of e-mail.
func (a asks) contact() []askedField {
	var fields []askedField
	session := a.page.Session
	name := func(id, param, label, autocomplete string, rule askedName) {
		if rule.Enabled {
			fields = append(fields, askedField{ID: id, Param: param, Label: a.label(label, rule.Optional), Autocomplete: autocomplete, Required: !rule.Optional, Max: 150})
		}
	}
	name("individualName", "individual_name", "field.name", "name", session.NameCollection.Individual)
	name("businessName", "business_name", "field.business", "organization", session.NameCollection.Business)
	if session.PhoneNumberCollection.Enabled {
		fields = append(fields, askedField{ID: "phoneNumber", Param: "phone", Kind: "tel", Label: a.text.T("field.phone"), Value: session.CustomerDetails.Phone, Autocomplete: "tel", Required: true, Max: 20, InputMode: "tel"})
	}
	return fields
}

// label says a sentence, with a word that the field may stay empty.
func (a asks) label(key string, optional bool) string {
	if optional {
		return a.text.T("field.optional", "label", a.text.T(key))
	}
	return a.text.T(key)
}

func (a asks) amounts(decimals int) []askedField {
	var fields []askedField
	for i, item := range a.page.LineItems {
		if item.CustomUnitAmount == nil {
			continue
		}
		value := ""
		if amount := max(item.CustomUnitAmount.Preset, item.UnitAmount); amount > 0 {
			value = strconv.FormatFloat(float64(amount)/pow10(decimals), 'f', decimals, 64)
		}
		fields = append(fields, askedField{
			ID: "itemAmount" + strconv.Itoa(i), Param: itemParam(i, "[custom_unit_amount]"), Kind: "numeric", Label: item.Description, Value: value, Required: true,
			Decimals: decimals + 1, Live: true, InputMode: "decimal",
		})
	}
	return fields
}

func (a asks) shipping() []askedField {
	collect := a.page.Session.ShippingAddressCollection
	if collect == nil || a.page.Session.Permissions.UpdateShippingDetails == serverOnly {
		return nil
	}
	countries := make([]askedOption, len(collect.AllowedCountries))
	for i, code := range collect.AllowedCountries {
		countries[i] = askedOption{Label: code, Value: code}
	}
	return []askedField{
		{ID: "shippingName", Param: "shipping[name]", Label: a.text.T("field.name"), Autocomplete: "shipping name", Required: true},
		{ID: "shippingCountry", Param: "shipping[address][country]", Kind: "select", Label: a.text.T("field.country"), Autocomplete: "shipping country", Options: countries, Required: true},
		{ID: "shippingAddressLine1", Param: "shipping[address][line1]", Label: a.text.T("field.line1"), Autocomplete: "shipping address-line1", Required: true},
		{ID: "shippingAddressLine2", Param: "shipping[address][line2]", Label: a.text.T("field.line2"), Autocomplete: "shipping address-line2"},
		{ID: "shippingPostalCode", Param: "shipping[address][postal_code]", Label: a.text.T("field.postal"), Autocomplete: "shipping postal-code", Half: true},
		{ID: "shippingLocality", Param: "shipping[address][city]", Label: a.text.T("field.city"), Autocomplete: "shipping address-level2", Required: true, Half: true},
	}
}

func (a asks) custom() []askedField {
	fields := make([]askedField, 0, len(a.page.Session.CustomFields))
	for _, f := range a.page.Session.CustomFields {
		rule := map[string]askedRule{"text": f.Text, "numeric": f.Numeric, "dropdown": f.Dropdown.askedRule}[f.Type]
		label := f.Label.Custom
		if f.Optional {
			label = a.text.T("field.optional", "label", label)
		}
		field := askedField{
			ID: "custom-" + f.Key, Param: "custom_fields[" + f.Key + "]", Kind: f.Type, Label: label, Value: rule.DefaultValue, Required: !f.Optional,
			Min: rule.MinimumLength, Max: rule.MaximumLength,
		}
		switch f.Type {
		case "dropdown":
			field.Kind, field.Options = "select", append([]askedOption{{}}, f.Dropdown.Options...)
			for i := range field.Options {
				field.Options[i].Selected = field.Options[i].Value == rule.DefaultValue
			}
		case "numeric":
			field.InputMode = "numeric"
		}
		fields = append(fields, field)
	}
	return fields
}

// taxID are the fields of a business that buys; they are shown when the buyer says so, or always when one is demanded.
func (a asks) taxID() []askedField {
	collect := a.page.Session.TaxIDCollection
	if !collect.Enabled {
		return nil
	}
	options := make([]askedOption, 0, 128)
	for _, typ := range taxIDTypes() {
		options = append(options, askedOption{Label: strings.ToUpper(strings.ReplaceAll(typ, "_", " ")), Value: typ, Selected: typ == "eu_vat"})
	}
	slices.SortFunc(options, func(one, other askedOption) int { return strings.Compare(one.Label, other.Label) })
	var fields []askedField
	if !a.page.Session.NameCollection.Business.Enabled {
		fields = append(fields, askedField{ID: "taxBusinessName", Param: "business_name", Label: a.text.T("field.business"), Autocomplete: "organization"})
	}
	return append(fields,
		askedField{ID: "taxIdType", Param: "tax_id[type]", Kind: "select", Label: a.text.T("field.tax_id.type"), Options: options},
		askedField{ID: "taxId", Param: "tax_id[value]", Label: a.text.T("field.tax_id"), Required: collect.Required == "if_supported"})
}

// consents are the boxes that a buyer ticks right before the button.
func (a asks) consents() []askedField {
	consent := a.page.Session.ConsentCollection
	if consent == nil {
		return nil
	}
	var fields []askedField
	if consent.TermsOfService == "required" {
		terms := wordsOf(a.page.Session.CustomText.Terms)
		if len(terms) == 0 {
			terms = []textPart{{Text: a.text.T("checkout.terms")}}
		}
		fields = append(fields, askedField{ID: "termsOfServiceConsentCheckbox", Param: "consent[terms_of_service]", Kind: "checkbox", Text: terms, Required: true})
	}
	if consent.Promotions == "auto" {
		fields = append(fields, askedField{ID: "promotionsConsentCheckbox", Param: "consent[promotions]", Kind: "checkbox", Live: true,
			Text: []textPart{{Text: a.text.T("checkout.promotions", "merchant", a.page.Account.DisplayName)}}})
	}
	return fields
}

// textPart is a piece of the shop's words; URL is where it leads, "" for plain words.
type textPart struct{ Text, URL string }

// wordsOf reads the shop's words, in which [words](address) is a link (docs.stripe.com/payments/checkout/customization).
func wordsOf(given *askedText) []textPart {
	if given == nil {
		return nil
	}
	var parts []textPart
	rest := given.Message
	for {
		open := strings.IndexByte(rest, '[')
		if open < 0 {
			break
		}
		words, after, found := strings.Cut(rest[open+1:], "](")
		address, tail, closed := strings.Cut(after, ")")
		if !found || !closed || strings.ContainsAny(words, "[\n") || !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
			parts = append(parts, textPart{Text: rest[:open+1]})
			rest = rest[open+1:]
			continue
		}
		parts = append(parts, textPart{Text: rest[:open]}, textPart{Text: words, URL: address})
		rest = tail
	}
	return append(parts, textPart{Text: rest})
}

func pow10(digits int) float64 {
	n := 1.0
	for range digits {
		n *= 10
	}
	return n
}
