package sandbox

import (
	"regexp"
	"slices"
	"strings"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// euCountries have the tax id eu_vat, beside those of their own.
var euCountries = strings.Fields("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK")

// taxIDTypes are the types of tax ids that Stripe knows.
func taxIDTypes() []string {
	return description.Load().Schema("payment_pages_checkout_session_tax_id").Prop("type").Node.Enum
}

// takesTaxID says whether buyers of a country can have a tax id; without a country they can.
func takesTaxID(country string) bool {
	if country == "" || slices.Contains(euCountries, country) {
		return true
	}
	prefix := strings.ToLower(country) + "_"
	return slices.ContainsFunc(taxIDTypes(), func(typ string) bool { return strings.HasPrefix(typ, prefix) })
}

// taxIDForms are the forms of the tax ids that are looked at (docs.stripe.com/billing/customer/tax-ids); the others may be
// any text.
var taxIDForms = map[string]*regexp.Regexp{
	"eu_vat": regexp.MustCompile(`^(EL|[A-Z]{2})[0-9A-Z+*]{2,12}$`),
	"gb_vat": regexp.MustCompile(`^(GB|XI)([0-9]{9}|[0-9]{12}|(GD|HA)[0-9]{3})$`),
	"tr_tin": regexp.MustCompile(`^[0-9]{10}$`),
	"us_ein": regexp.MustCompile(`^[0-9]{2}-?[0-9]{7}$`),
	"ch_vat": regexp.MustCompile(`^CHE-?[0-9]{3}\.?[0-9]{3}\.?[0-9]{3} ?(MWST|TVA|IVA)$`),
	"no_vat": regexp.MustCompile(`^[0-9]{9}MVA$`),
	"in_gst": regexp.MustCompile(`^[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]Z[0-9A-Z]$`),
	"au_abn": regexp.MustCompile(`^[0-9]{11}$`),
}

// collectTaxID takes a business's tax id: tax_id[type] and tax_id[value], with business_name. It is demanded only where the
// session says so and the buyer's country has tax ids.
func collectTaxID(_ *accountTx, session *stripeObject, p formParams) error {
	if !session.Bool("tax_id_collection.enabled") {
		return nil
	}
	typ, value := p.Str("tax_id.type"), strings.ToUpper(strings.TrimSpace(p.Str("tax_id.value")))
	country := orElse(p.Str("payment_method_data.billing_details.address.country"), session.Str("customer_details.address.country"))
	form := taxIDForms[typ]
	switch {
	case value == "" && session.Str("tax_id_collection.required") == "if_supported" && takesTaxID(country):
		return invalid("tax_id[value]", "parameter_missing", "Missing required param: tax_id[value].")
	case value == "":
		return nil
	case !slices.Contains(taxIDTypes(), typ):
		return invalid("tax_id[type]", "", "Invalid tax_id[type]: must be one of %s", strings.Join(taxIDTypes(), ", "))
	case form != nil && !form.MatchString(strings.ReplaceAll(value, " ", "")):
		return invalid("tax_id[value]", "tax_id_invalid", "Invalid value for %s.", typ)
	}
	session.Set("customer_details.tax_ids", []*stripeObject{hash("type", typ, "value", value)})
	if name := strings.TrimSpace(p.Str("business_name")); name != "" {
		session.Set("customer_details.business_name", name)
	}
	return nil
}
