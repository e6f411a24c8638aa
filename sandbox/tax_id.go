package sandbox

import "strings"

func init() {
	behave("POST /v1/customers/{customer}/tax_ids", createTaxID)
}

func createTaxID(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	customer, err := findCustomer(tx, r.Path("customer"), "id", 404)
	if err != nil {
		return nil, err
	}
	return newTaxID(tx, customer.ID(), r.Params().Str("type"), r.Params().Str("value")), nil
}

// newTaxID gives a customer a tax id. Nobody verifies it here.
func newTaxID(tx *accountTx, customer, typ, value string) *stripeObject {
	id := tx.New("tax_id").Set("type", typ).Set("value", value).Set("customer", customer).Set("country", taxCountry(typ, value)).
		Set("owner", tx.NewHash("tax_i_ds_owner").Set("type", "customer").Set("customer", customer)).
		Set("verification", tx.NewHash("tax_id_verification").Set("status", "pending"))
	tx.Put(id, "customer.tax_id.created")
	return id
}

// taxCountry is the country of a tax id: that of its type, or for those of the EU the first letters of the number.
func taxCountry(typ, value string) string {
	if strings.HasPrefix(typ, "eu_") && len(value) >= 2 {
		return strings.ToUpper(value[:2])
	}
	return strings.ToUpper(typ[:2])
}
