package sandbox

import (
	"crypto/sha256"
	"net/http"
	"slices"
)

// methodConfigurationType is the type of the settings that say which methods an account's buyers see. Every account has a
// default one, which nobody created. Source: docs.stripe.com/payments/payment-method-configurations.
const methodConfigurationType = "payment_method_configuration"

func init() {
	behave("GET /v1/payment_method_configurations", listMethodConfigurations)
	behave("POST /v1/payment_method_configurations", createMethodConfiguration)
	behave("GET /v1/payment_method_configurations/{configuration}", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		return tx.findMethodConfiguration(r.Path("configuration"), "configuration", http.StatusNotFound)
	})
	behave("POST /v1/payment_method_configurations/{configuration}", updateMethodConfiguration)
}

// defaultConfigurationID is the id of the default configuration of the account that is acted in.
func (tx *accountTx) defaultConfigurationID() string {
	sum := sha256.Sum256([]byte(methodConfigurationType + " " + orElse(tx.scope, tx.account.id)))
	id := []byte("pmc_1")
	for _, b := range sum[:23] {
		id = append(id, base62[int(b)%len(base62)])
	}
	return string(id)
}

// defaultConfiguration is the account's default configuration. It is stored once it is changed; until then it shows the
// methods of the account's settings.
func (tx *accountTx) defaultConfiguration() *stripeObject {
	id := tx.defaultConfigurationID()
	if kept := tx.Get(methodConfigurationType, id); kept != nil {
		return kept
	}
	return tx.setPreferences(tx.New(methodConfigurationType).Set("id", id).Set("name", "Default").Set("active", true).Set("is_default", true), formParams{})
}

func (tx *accountTx) findMethodConfiguration(id, param string, status int) (*stripeObject, error) {
	if id == tx.defaultConfigurationID() {
		return tx.defaultConfiguration(), nil
	}
	if found := tx.Get(methodConfigurationType, id); found != nil {
		return found, nil
	}
	return nil, missing(methodConfigurationType, id, param, status)
}

func listMethodConfigurations(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	of := func(c *stripeObject) bool {
		switch application := p.Str("application"); application {
		case "":
		case "null":
			if c.Has("application") {
				return false
			}
		default:
			if c.Str("application") != application {
				return false
			}
		}
		return !p.Has("active") || c.Bool("active") == p.Bool("active")
	}
	first := tx.defaultConfiguration()
	var listed []*stripeObject
	tx.Each(methodConfigurationType, func(c *stripeObject) bool {
		if c.ID() != first.ID() {
			listed = append(listed, c)
		}
		return true
	})
	listed = append(listed, first) // the oldest
	return tx.ListObjects(r, slices.DeleteFunc(listed, func(c *stripeObject) bool { return !of(c) }))
}

func createMethodConfiguration(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	made := tx.New(methodConfigurationType).Set("name", p.Str("name")).Set("active", true).Set("is_default", false)
	if parent := p.Str("parent"); parent != "" {
		if _, err := tx.findMethodConfiguration(parent, "parent", http.StatusBadRequest); err != nil {
			return nil, err
		}
		made.Set("parent", parent)
	}
	tx.Put(tx.setPreferences(made, p))
	return made, nil
}

func updateMethodConfiguration(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	found, err := tx.findMethodConfiguration(r.Path("configuration"), "configuration", http.StatusNotFound)
	if err != nil {
		return nil, err
	}
	if found.Bool("is_default") && p.Has("active") && !p.Bool("active") {
		return nil, invalid("active", "", "The default payment method configuration cannot be deactivated.")
	}
	found = found.Edit()
	for _, key := range []string{"name", "active"} {
		if p.Has(key) {
			found.Set(key, p.find(key).value)
		}
	}
	tx.Put(tx.setPreferences(found, p))
	return found, nil
}

// setPreferences writes what a call says of methods, and what follows: a method without a preference is on when the account
// takes it, and one that is on is available when the sandbox acts it out.
func (tx *accountTx) setPreferences(c *stripeObject, p formParams) *stripeObject {
	taken := tx.paymentMethods()
	for i, node := range c.shape.nodes {
		if node == nil || node.Prop("display_preference") == nil {
			continue
		}
		name := c.shape.keys[i]
		at := name + ".display_preference."
		preference := orElse(p.Str(at+"preference"), orElse(c.Str(at+"preference"), "none"))
		value := preference
		if preference == "none" {
			value = "off"
			if slices.Contains(taken, name) {
				value = "on"
			}
		}
		display := tx.NewHash("payment_method_config_resource_display_preference").Set("preference", preference).Set("value", value)
		c.Set(name, tx.NewHash("payment_method_config_resource_payment_method_properties").
			Set("available", value == "on" && slices.Contains(simulatedTypes, name)).Set("display_preference", display))
	}
	return c
}

// configuredMethods are the methods that a configuration lets a payment in a currency take, "" for any, and which
// configuration it is: the one that a call names, else the default.
func (tx *accountTx) configuredMethods(p formParams, currency, captureMethod string) (types []string, details *stripeObject, err error) {
	id := orElse(p.Str("payment_method_configuration"), tx.defaultConfigurationID())
	details = tx.NewHash("payment_method_config_biz_payment_method_configuration_details").Set("id", id)
	if id == tx.defaultConfigurationID() && tx.Get(methodConfigurationType, id) == nil {
		return tx.accountMethods(currency, captureMethod), details, nil
	}
	c, err := tx.findMethodConfiguration(id, "payment_method_configuration", http.StatusBadRequest)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range simulatedTypes {
		if c.Bool(name+".available") && fits(name, currency, captureMethod) {
			types = append(types, name)
		}
	}
	if len(types) == 0 {
		return nil, nil, invalid("payment_method_configuration", "", "No method of the payment method configuration %s can be used here. The sandbox acts out card, sepa_debit and us_bank_account.", id)
	}
	return types, details.Set("parent", c.Get("parent")), nil
}

// fits says whether a method takes a currency, "" for none, and can hold money first if that is asked.
func fits(name, currency, captureMethod string) bool {
	return name == cardType || debitCurrency[name] == currency && captureMethod != "manual"
}
