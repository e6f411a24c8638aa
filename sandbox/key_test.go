package sandbox

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	basic := func(user string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(user)) }
	for _, tc := range []struct {
		name, authorization string
		status              int
		message             string
	}{
		{"Bearer", "Bearer sk_test_abc", 200, ""},
		{"bearer in small letters", "bearer sk_test_abc", 200, ""},
		{"the key as user", basic("sk_test_abc:"), 200, ""},
		{"the key as user without a colon", basic("sk_test_abc"), 200, ""},
		{"a restricted key that nobody restricted", "Bearer rk_test_abc", 200, ""},
		{"the shortest name", "Bearer sk_test_a_1", 200, ""},
		{"none", "", 401, noKeyMessage},
		{"an empty one", "Bearer ", 401, noKeyMessage},
		{"another scheme", "Digest sk_test_abc", 401, noKeyMessage},
		{"no base64", "Basic ???", 401, noKeyMessage},
		{"a name that is too short", "Bearer sk_test_ab", 401, "Invalid API Key provided: sk_test_**"},
		{"a name with other letters", "Bearer sk_test_abc-def", 401, "Invalid API Key provided: sk_test_***-def"},
		{"no key at all", "Bearer hunter2hunter2", 401, "Invalid API Key provided: **********ter2"},
		{"a live key", "Bearer sk_live_51abcdefWXYZ", 401, "This is a sandbox, and sk_live_********WXYZ is a live key: it was not sent anywhere and must not be used here. Use a key that begins with sk_test_."},
		{"a live publishable key", "Bearer pk_live_51abcdefWXYZ", 401, "This is a sandbox, and pk_live_********WXYZ is a live key: it was not sent anywhere and must not be used here. Use a key that begins with pk_test_."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := call(t, sb, "GET", "/v1/customers", "", "Authorization", tc.authorization)
			if got.status != tc.status || got.str("error.message") != tc.message {
				t.Errorf("%d %q, want %d %q", got.status, got.str("error.message"), tc.status, tc.message)
			}
			if got.status == 401 && (got.header.Get("WWW-Authenticate") == "" || got.str("error.type") != "invalid_request_error" || got.at("error.code") != nil) {
				t.Errorf("the refusal is %v %s", got.header, got.body)
			}
		})
	}
}

func TestAccountsNeverMeet(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	id := must(t, sb, "POST", "/v1/customers", "", "Authorization", "Bearer sk_test_one").str("id")
	if got := call(t, sb, "GET", "/v1/customers/"+id, "", "Authorization", "Bearer sk_test_two"); got.status != 404 {
		t.Errorf("another account reads the customer: %d", got.status)
	}
	must(t, sb, "GET", "/v1/customers/"+id, "", "Authorization", "Bearer rk_test_one")
	one, two := must(t, sb, "GET", "/v1/account", "", "Authorization", "Bearer sk_test_one"), must(t, sb, "GET", "/v1/account", "", "Authorization", "Bearer sk_test_two")
	if one.str("id") == two.str("id") || !strings.HasPrefix(one.str("id"), "acct_1") {
		t.Errorf("the accounts are %s and %s", one.str("id"), two.str("id"))
	}
	if got := call(t, sb, "GET", "/v1/customers", "", "Authorization", "Bearer sk_test_one", "Stripe-Account", two.str("id")); got.status != 403 || got.str("error.code") != "account_invalid" {
		t.Errorf("a stranger's account is answered with %d %s", got.status, got.body)
	}
	must(t, sb, "GET", "/v1/customers", "", "Authorization", "Bearer sk_test_one", "Stripe-Account", one.str("id"))
}

func TestStrictKeysKnowIssuedOnes(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{StrictKeys: true})
	if got := call(t, sb, "GET", "/v1/customers", ""); got.status != 401 || got.str("error.message") != "Invalid API Key provided: sk_test_core" && got.str("error.message") != "Invalid API Key provided: sk_test_****" {
		t.Errorf("%d %s", got.status, got.body)
	}
	a := sb.account("core")
	a.locked(func() { a.issueKey("sk_test_core", nil) })
	must(t, sb, "GET", "/v1/customers", "")
}

func TestRestrictedKeys(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	id := must(t, sb, "POST", "/v1/customers", "").str("id")
	a := sb.account("core")
	a.locked(func() {
		a.issueKey("rk_test_reader1234", map[string]string{"customers": "read", "products": "write"})
		a.issueKey("rk_test_all_but_one", map[string]string{"*": "write", "customers": "none"})
	})
	for _, tc := range []struct {
		key, method, target, form string
		status                    int
		needs                     string
	}{
		{"rk_test_reader1234", "GET", "/v1/customers/" + id, "", 200, ""},
		{"rk_test_reader1234", "GET", "/v1/customers/search?query=created>0", "", 200, ""},
		{"rk_test_reader1234", "POST", "/v1/customers", "", 403, "rak_customer_write"},
		{"rk_test_reader1234", "DELETE", "/v1/customers/" + id, "", 403, "rak_customer_write"},
		{"rk_test_reader1234", "POST", "/v1/products", "name=a", 200, ""},
		{"rk_test_reader1234", "GET", "/v1/products", "", 200, ""},
		{"rk_test_reader1234", "GET", "/v1/prices", "", 403, "rak_plan_read"},
		{"rk_test_reader1234", "GET", "/v1/checkout/sessions", "", 403, "rak_checkout_session_read"},
		{"rk_test_all_but_one", "GET", "/v1/tax_rates", "", 200, ""},
		{"rk_test_all_but_one", "GET", "/v1/customers", "", 403, "rak_customer_read"},
	} {
		got := call(t, sb, tc.method, tc.target, tc.form, "Authorization", "Bearer "+tc.key)
		want := "The provided key '" + maskKey(tc.key) + "' does not have the required permissions for this endpoint on account '" + a.id + "'. Having the '" + tc.needs + "' permission would allow this request to continue."
		if got.status != tc.status || tc.status == http.StatusForbidden && got.str("error.message") != want {
			t.Errorf("%s %s %s: %d %s", tc.key, tc.method, tc.target, got.status, got.body)
		}
	}
}

func TestPublishableKeys(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	a := sb.account("core")
	var intent *stripeObject
	err := a.do(func(tx *accountTx) error {
		intent = tx.New("payment_intent").Set("client_secret", "pi_x_secret_y").Set("amount", 500).Set("metadata", hash("order", "17"))
		tx.Put(intent)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, target, form string) reply {
		return call(t, sb, method, target, form, "Authorization", "Bearer pk_test_core")
	}
	for _, target := range []string{"/v1/customers", "/v1/payment_intents", "/v1/account"} {
		if got := ask("GET", target, ""); got.status != 401 || got.str("error.code") != "secret_key_required" {
			t.Errorf("%s is open to a publishable key: %d", target, got.status)
		}
	}
	path := "/v1/payment_intents/" + intent.ID()
	if got := ask("GET", path, ""); got.status != 400 || got.str("error.param") != "client_secret" {
		t.Errorf("an intent is open without its secret: %d %s", got.status, got.body)
	}
	if got := ask("GET", path+"?client_secret=pi_x_secret_z", ""); got.status != 400 || !strings.Contains(got.str("error.message"), "does not match") {
		t.Errorf("an intent is open with another secret: %d %s", got.status, got.body)
	}
	if got := call(t, sb, "GET", path+"?client_secret=pi_x_secret_z", ""); got.status != 400 {
		t.Errorf("a secret key may send a wrong secret: %d", got.status)
	}
	got := ask("GET", path+"?client_secret=pi_x_secret_y", "")
	if got.status != 200 || got.str("client_secret") != "pi_x_secret_y" || got.json["amount"] != 500.0 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	for _, private := range []string{"metadata", "customer", "latest_charge", "amount_received", "application_fee_amount", "transfer_data"} {
		if _, shown := got.json[private]; shown {
			t.Errorf("%s is shown to a publishable key", private)
		}
	}
}
