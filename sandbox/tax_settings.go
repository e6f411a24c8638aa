package sandbox

const taxSettingsType = "tax.settings"

func init() {
	behave("GET /v1/tax/settings", retrieveTaxSettings)
	behave("POST /v1/tax/settings", updateTaxSettings)
}

func retrieveTaxSettings(tx *accountTx, _ *apiRequest) (*stripeObject, error) {
	return taxSettings(tx), nil
}

// taxSettings are the account's. Those of a new one wait for its place of business (docs.stripe.com/tax/settings-api).
func taxSettings(tx *accountTx) *stripeObject {
	if o := tx.Get(taxSettingsType, onlyID); o != nil {
		return o
	}
	return stateOfTax(tx, tx.New(taxSettingsType).Set("defaults.provider", "stripe"))
}

// stateOfTax makes settings active when they say where the business is, and pending as long as they do not.
func stateOfTax(tx *accountTx, settings *stripeObject) *stripeObject {
	details := tx.NewHash("tax_product_resource_tax_settings_status_details")
	if settings.Has("head_office") {
		return settings.Set("status", "active").
			Set("status_details", details.Set("active", tx.NewHash("tax_product_resource_tax_settings_status_details_resource_active")))
	}
	pending := tx.NewHash("tax_product_resource_tax_settings_status_details_resource_pending").Set("missing_fields", []string{"head_office"})
	return settings.Set("status", "pending").Set("status_details", details.Set("pending", pending))
}

func updateTaxSettings(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	former := taxSettings(tx)
	settings := stateOfTax(tx, applyParams(tx, former.Edit(), r.Params()))
	settings.close()
	tx.put(objectKey{taxSettingsType, onlyID}, settings)
	tx.Event("tax.settings.updated", settings, former)
	return settings, nil
}
