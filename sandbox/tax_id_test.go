package sandbox_test

import (
	"testing"
	"time"
)

// Each published test value: what the register says, and when.
func TestEachPublishedTaxID(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		typ, value, first, then string
		events                  []string
	}{
		{"eu_vat", "000000000", "pending", "verified", []string{"customer.tax_id.updated"}},
		{"eu_vat", "DE000000000", "pending", "verified", []string{"customer.tax_id.updated"}},
		{"eu_vat", "111111111", "pending", "unverified", []string{"customer.tax_id.updated"}},
		{"eu_vat", "222222222", "pending", "pending", nil},
		{"gb_vat", "111111111", "pending", "unverified", []string{"customer.tax_id.updated"}},
		{"au_abn", "000000000", "pending", "verified", []string{"customer.tax_id.updated"}},
		{"eu_vat", "DE123456789", "pending", "pending", nil},
		{"tr_tin", "1234567890", "", "", nil},
	} {
		t.Run(tc.typ+" "+tc.value, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			customer := s.post("/v1/customers").str("id")
			s.events()
			id := s.post("/v1/customers/"+customer+"/tax_ids", "type", tc.typ, "value", tc.value)
			id.want(t, "type", tc.typ, "value", tc.value, "owner.type", "customer", "owner.customer", customer, "customer", customer)
			if got := id.str("verification.status"); got != tc.first {
				t.Errorf("verification is %q, want %q", got, tc.first)
			}
			wantEvents(t, s.events(), "customer.tax_id.created")
			s.wait(5 * time.Second)
			then := s.get("/v1/customers/" + customer + "/tax_ids/" + id.str("id"))
			if got := then.str("verification.status"); got != tc.then {
				t.Errorf("verification becomes %q, want %q", got, tc.then)
			}
			wantEvents(t, s.events(), tc.events...)
		})
	}
}

func TestTaxIDsOfCustomersAndOfTheAccount(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers", "tax_id_data[0][type]", "eu_vat", "tax_id_data[0][value]", "EL123456789").str("id")
	wantEvents(t, s.events(), "customer.created", "customer.tax_id.created")
	s.get("/v1/customers/"+customer, "expand[]", "tax_ids").want(t, "tax_ids.data.0.country", "GR", "tax_ids.data.0.value", "EL123456789")
	own := s.post("/v1/tax_ids", "type", "tr_tin", "value", "1234567890")
	own.want(t, "owner.type", "self", "customer", nil, "country", "TR", "verification", nil)
	theirs := s.post("/v1/tax_ids", "type", "gb_vat", "value", "GB123456789", "owner[type]", "customer", "owner[customer]", customer)
	theirs.want(t, "owner.customer", customer, "country", "GB")
	wantEvents(t, s.events(), "customer.tax_id.created")
	s.must("DELETE", "/v1/tax_ids/"+own.str("id")).want(t, "deleted", true)
	wantEvents(t, s.events())
	s.must("DELETE", "/v1/customers/"+customer+"/tax_ids/"+theirs.str("id")).want(t, "deleted", true)
	wantEvents(t, s.events(), "customer.tax_id.deleted")
	s.refused("POST", "/v1/customers/"+customer+"/tax_ids", "type", "eu_vat", "value", "nonsense").want(t, "status", 400, "param", "value", "code", "tax_id_invalid", "message", "Invalid value for eu_vat.")
	s.refused("POST", "/v1/customers", "tax_id_data[0][type]", "eu_vat", "tax_id_data[0][value]", "US1").want(t, "status", 400, "param", "tax_id_data[0][value]", "code", "tax_id_invalid")
	s.refused("POST", "/v1/customers/cus_none/tax_ids", "type", "eu_vat", "value", "DE123456789").want(t, "status", 404, "code", "resource_missing")
	s.refused("DELETE", "/v1/tax_ids/txi_none").want(t, "status", 404)
}

func TestCustomerSessionsAndEphemeralKeys(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	customer := s.post("/v1/customers").str("id")
	made := s.post("/v1/customer_sessions", "customer", customer, "components[payment_element][enabled]", "true", "components[payment_element][features][payment_method_save]", "enabled")
	made.want(t, "object", "customer_session", "customer", customer, "expires_at", start+1800, "components.payment_element.enabled", true,
		"components.payment_element.features.payment_method_save", "enabled", "components.payment_element.features.payment_method_save_usage", "off_session",
		"components.payment_element.features.payment_method_remove", "disabled", "components.buy_button.enabled", false)
	if secret := made.str("client_secret"); len(secret) < 40 || secret[:12] != "cuss_secret_" {
		t.Errorf("client_secret is %q", secret)
	}
	s.refused("POST", "/v1/customer_sessions", "customer", customer, "components[payment_element][enabled]", "false").want(t, "status", 400, "param", "components")
	s.refused("POST", "/v1/customer_sessions", "components[payment_element][enabled]", "true").want(t, "status", 400, "code", "parameter_missing")
	s.refused("POST", "/v1/customer_sessions", "customer", "cus_none", "components[payment_element][enabled]", "true").want(t, "status", 400, "code", "resource_missing", "param", "customer")
	key := s.post("/v1/ephemeral_keys", "customer", customer)
	key.want(t, "object", "ephemeral_key", "expires", start+3600)
	if secret := key.str("secret"); len(secret) < 40 || secret[:8] != "ek_test_" {
		t.Errorf("secret is %q", secret)
	}
	s.must("DELETE", "/v1/ephemeral_keys/"+key.str("id")).want(t, "id", key.str("id"), "expires", start)
	s.refused("DELETE", "/v1/ephemeral_keys/"+key.str("id")).want(t, "status", 404)
	s.refused("POST", "/v1/ephemeral_keys").want(t, "status", 400, "code", "parameter_missing")
	s.refused("POST", "/v1/ephemeral_keys", "customer", "cus_none").want(t, "status", 400, "param", "customer")
}
