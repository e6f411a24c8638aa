package sandbox

import "strconv"

// askedOfBuyer is what a session asks beside a payment method, as far as the page shows it.
type askedOfBuyer struct {
	ShippingAddressCollection *struct {
		AllowedCountries []string `json:"allowed_countries"`
	} `json:"shipping_address_collection"`
	ConsentCollection *struct {
		Promotions     string `json:"promotions"`
		TermsOfService string `json:"terms_of_service"`
	} `json:"consent_collection"`
	CustomFields []struct {
		Key   string `json:"key"`
		Label struct {
			Custom string `json:"custom"`
		} `json:"label"`
		Optional bool   `json:"optional"`
		Type     string `json:"type"`
		Dropdown struct {
			Options []askedOption `json:"options"`
		} `json:"dropdown"`
		Text    askedDefault `json:"text"`
		Numeric askedDefault `json:"numeric"`
	} `json:"custom_fields"`
}

type askedOption struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

type askedDefault struct {
	DefaultValue string `json:"default_value"`
}

// askedField is one field of the form; Param is the parameter that it becomes.
type askedField struct {
	ID, Param, Kind, Label, Value string
	Required                      bool
	Options                       []askedOption
	// Decimals is one more than the digits behind the point of an amount, 0 for what is no amount.
	Decimals int
}

// amountAsked says whether the buyer chooses what to pay.
func amountAsked(page checkoutSession) bool {
	for _, item := range page.LineItems {
		if item.CustomUnitAmount != nil {
			return true
		}
	}
	return false
}

// askedFields are the fields that a session's form has beside address of e-mail and payment method.
func (p *pages) askedFields(text pageText, page checkoutSession) []askedField {
	var fields []askedField
	digits := p.decimals(page.Session.Currency)
	for i, item := range page.LineItems {
		if item.CustomUnitAmount == nil {
			continue
		}
		at := "line_items[" + strconv.Itoa(i) + "]"
		value := ""
		if preset := item.CustomUnitAmount.Preset; preset > 0 {
			value = strconv.FormatFloat(float64(preset)/pow10(digits), 'f', digits, 64)
		}
		fields = append(fields,
			askedField{ID: "itemAmount" + strconv.Itoa(i), Param: at + "[custom_unit_amount]", Kind: "numeric", Label: item.Description, Value: value, Required: true, Decimals: digits + 1})
	}
	if collect := page.Session.ShippingAddressCollection; collect != nil {
		countries := make([]askedOption, len(collect.AllowedCountries))
		for i, code := range collect.AllowedCountries {
			countries[i] = askedOption{code, code}
		}
		fields = append(fields,
			askedField{ID: "shippingName", Param: "shipping[name]", Label: text.T("field.name"), Required: true},
			askedField{ID: "shippingAddressLine1", Param: "shipping[address][line1]", Label: text.T("field.line1"), Required: true},
			askedField{ID: "shippingAddressLine2", Param: "shipping[address][line2]", Label: text.T("field.line2")},
			askedField{ID: "shippingPostalCode", Param: "shipping[address][postal_code]", Label: text.T("field.postal.optional")},
			askedField{ID: "shippingLocality", Param: "shipping[address][city]", Label: text.T("field.city"), Required: true},
			askedField{ID: "shippingCountry", Param: "shipping[address][country]", Kind: "select", Label: text.T("field.country"), Options: countries, Required: true})
	}
	for _, f := range page.Session.CustomFields {
		field := askedField{ID: "custom-" + f.Key, Param: "custom_fields[" + f.Key + "]", Kind: f.Type, Label: f.Label.Custom, Value: f.Text.DefaultValue + f.Numeric.DefaultValue, Required: !f.Optional}
		if f.Type == "dropdown" {
			field.Kind, field.Options = "select", append([]askedOption{{}}, f.Dropdown.Options...)
		}
		fields = append(fields, field)
	}
	if consent := page.Session.ConsentCollection; consent != nil {
		if consent.TermsOfService == "required" {
			fields = append(fields, askedField{ID: "termsOfServiceConsentCheckbox", Param: "consent[terms_of_service]", Kind: "checkbox", Label: text.T("checkout.terms"), Required: true})
		}
		if consent.Promotions == "auto" {
			fields = append(fields, askedField{ID: "promotionsConsentCheckbox", Param: "consent[promotions]", Kind: "checkbox", Label: text.T("checkout.promotions", "merchant", page.Account.DisplayName)})
		}
	}
	return fields
}

func pow10(digits int) float64 {
	n := 1.0
	for range digits {
		n *= 10
	}
	return n
}
