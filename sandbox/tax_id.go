package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

func init() {
	behave("POST /v1/customers/{customer}/tax_ids", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		customer, err := findCustomer(tx, r.Path("customer"), "customer", http.StatusNotFound)
		if err != nil {
			return nil, err
		}
		return addTaxID(tx, r.Params(), customer, "")
	})
	behave("POST /v1/tax_ids", createTaxID)
	behave("DELETE /v1/tax_ids/{id}", deleteTaxID)
	behave("DELETE /v1/customers/{customer}/tax_ids/{id}", deleteTaxID)
	onDue("tax_id.verify", verifyTaxID)
}

// taxSeconds is how long a government's register takes to answer; our choice for Stripe's "asynchronously".
const taxSeconds = 5

// The states of a tax id's verification.
const (
	taxPending    = "pending"
	taxVerified   = "verified"
	taxUnverified = "unverified"
)

// registers are the types of tax ids that Stripe looks up by itself (docs.stripe.com/billing/customer/tax-ids, "Validation").
var registers = []string{"au_abn", "eu_vat", "gb_vat"}

// testTaxIDs are the published test values, by the digits of the value: what the register answers. Others stay pending.
var testTaxIDs = map[string]string{"000000000": taxVerified, "111111111": taxUnverified, "222222222": taxPending}

// vatPrefixes are the countries of the European Union as VAT numbers begin: Greece's with EL, Northern Ireland's with XI.
var vatPrefixes = strings.Fields("AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI")

func createTaxID(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	switch p.Str("owner.type") {
	case "customer":
		customer, err := findCustomer(tx, p.Str("owner.customer"), "owner[customer]", http.StatusBadRequest)
		if err != nil {
			return nil, err
		}
		return addTaxID(tx, p, customer, "")
	case "account":
		account, err := findConnected(tx, p.Str("owner.account"), "owner[account]")
		if err != nil {
			return nil, err
		}
		return addTaxID(tx, p, nil, account.ID())
	}
	return addTaxID(tx, p, nil, "")
}

// addTaxID gives a customer a tax id, or the account itself when there is none. Those of customers have events.
func addTaxID(tx *accountTx, p formParams, customer *stripeObject, account string) (*stripeObject, error) {
	o, err := newTaxID(tx, p, "")
	if err != nil {
		return nil, err
	}
	owner := tx.NewHash("tax_i_ds_owner").Set("type", "self")
	switch {
	case customer != nil:
		owner.Set("type", "customer").Set("customer", customer.ID())
		o.Set("customer", customer.ID())
	case account != "":
		owner.Set("type", "account").Set("account", account)
	}
	o.Set("owner", owner)
	keepTaxID(tx, o)
	return o, nil
}

func keepTaxID(tx *accountTx, o *stripeObject) {
	if o.Str("verification.status") == taxPending {
		tx.Due(tx.Now()+taxSeconds, "tax_id.verify", o.ID())
	}
	if o.Str("customer") == "" {
		tx.Put(o)
		return
	}
	tx.Put(o, "customer.tax_id.created")
}

// newTaxID makes a tax id from its type and value. at is the name of the parameter that holds p, for errors.
func newTaxID(tx *accountTx, p formParams, at string) (*stripeObject, error) {
	typ, value := p.Str("type"), strings.ToUpper(strings.NewReplacer(" ", "", ".", "", "-", "").Replace(p.Str("value")))
	country := strings.ToUpper(typ[:min(2, len(typ))])
	if typ == "eu_vat" {
		country = value[:min(2, len(value))]
	}
	_, isTest := testTaxIDs[value]
	form := taxIDForms[typ]
	switch {
	case isTest && typ == "eu_vat":
		country = "DE"
	case isTest:
	case value == "", form != nil && !form.MatchString(value), typ == "eu_vat" && !slices.Contains(vatPrefixes, country):
		return nil, invalid(under(at, "value"), "tax_id_invalid", "Invalid value for %s.", typ)
	case country == "EL":
		country = "GR"
	}
	o := tx.New("tax_id").Set("type", typ).Set("value", p.Str("value")).Set("country", country)
	if typ == "eu_oss_vat" {
		o.Set("country", nil)
	}
	if slices.Contains(registers, typ) {
		o.Set("verification", tx.NewHash("tax_id_verification").Set("status", taxPending))
	}
	return o, nil
}

// verifyTaxID is the register's answer.
func verifyTaxID(tx *accountTx, id string) error {
	o := tx.Get("tax_id", id)
	if o == nil || o.Str("verification.status") != taxPending {
		return nil
	}
	digits := strings.TrimLeft(strings.ToUpper(o.Str("value")), "ABCDEFGHIJKLMNOPQRSTUVWXYZ ")
	verdict := testTaxIDs[digits]
	if verdict == "" || verdict == taxPending {
		return nil
	}
	o = o.Edit().Set("verification.status", verdict)
	if verdict == taxVerified {
		o.Set("verification.verified_name", "Test Company").Set("verification.verified_address", "1 Test Street, Test City")
	}
	if o.Str("customer") == "" {
		tx.Put(o)
		return nil
	}
	tx.Put(o, "customer.tax_id.updated")
	return nil
}

func deleteTaxID(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	o := tx.Get("tax_id", r.Path("id"))
	owner := r.Path("customer")
	if owner != "" {
		if _, err := findCustomer(tx, owner, "customer", http.StatusNotFound); err != nil {
			return nil, err
		}
	}
	if o == nil || owner != "" && o.Str("customer") != owner {
		return nil, missing("tax_id", r.Path("id"), "id", http.StatusNotFound)
	}
	event := ""
	if o.Str("customer") != "" {
		event = "customer.tax_id.deleted"
	}
	tx.Delete(o, event)
	return hash("id", o.ID(), "object", "tax_id", "deleted", true), nil
}

// givenTaxIDs are the tax ids that come with a new customer: tax_id_data.
func givenTaxIDs(tx *accountTx, customer *stripeObject, p formParams) ([]*stripeObject, error) {
	var list []*stripeObject
	for i, given := range p.List("tax_id_data") {
		o, err := newTaxID(tx, given, fmt.Sprintf("tax_id_data[%d]", i))
		if err != nil {
			return nil, err
		}
		o.Set("customer", customer.ID()).Set("owner", tx.NewHash("tax_i_ds_owner").Set("type", "customer").Set("customer", customer.ID()))
		list = append(list, o)
	}
	return list, nil
}
