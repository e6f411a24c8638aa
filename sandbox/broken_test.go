package sandbox

import (
	"strings"
	"testing"
)

// brokenRequests are calls that no client means, below /v1, and the beginnings of their refusals.
var brokenRequests = []struct {
	method, path, contentType, body string
	status                          int
	says                            string
}{
	{"PUT", "/customers", formType, "name=x", 404, "Unrecognized request URL (PUT: /v1/customers)."},
	{"PATCH", "/customers/cus_1", formType, "name=x", 404, "Unrecognized request URL (PATCH: /v1/customers/cus_1)."},
	{"DELETE", "/customers", formType, "", 404, "Unrecognized request URL (DELETE: /v1/customers)."},
	{"POST", "/balance", formType, "", 404, "Unrecognized request URL (POST: /v1/balance)."},
	{"GET", "/nothing", "", "", 404, "Unrecognized request URL (GET: /v1/nothing)."},
	{"GET", "/", "", "", 404, "Unrecognized request URL (GET: /v1/)."},
	{"GET", "//customers", "", "", 404, "Unrecognized request URL"},
	{"GET", "/customers/a/b/c/d/e/f/g/h", "", "", 404, "Unrecognized request URL"},
	{"GET", "/customers/%00", "", "", 404, "No such customer: '\x00'"},
	{"GET", "/customers/a%2Fb", "", "", 404, "No such customer: 'a/b'"},
	{"GET", "/customers/%ff", "", "", 404, "No such customer"},
	{"POST", "/customers", "application/json", `{"name":"x"}`, 400, "Invalid request (check that your POST content type is application/x-www-form-urlencoded)."},
	{"POST", "/customers", "text/plain", "name=x", 400, "Invalid request (check that your POST content type is application/x-www-form-urlencoded)."},
	{"POST", "/customers", ";;", "name=x", 400, "Invalid request (check that your POST content type is application/x-www-form-urlencoded)."},
	{"POST", "/customers", "multipart/form-data; boundary=x", "--x--", 400, "Invalid request (check that your POST content type is application/x-www-form-urlencoded)."},
	{"POST", "/files", "multipart/form-data", "--x--", 400, ""},
	{"POST", "/files", "multipart/form-data; boundary=x", "--x\r\nno header", 400, ""},
	{"POST", "/customers", formType, "%zz=1", 400, "Invalid request: '%zz' is not form-encoded"},
	{"POST", "/customers", formType, "name=%", 400, "Invalid request: 'name' is not form-encoded"},
	{"POST", "/customers", formType, "address[city=1", 400, "Invalid request: the parameter name 'address[city' cannot be read"},
	{"POST", "/customers", formType, "address]city=1", 400, "Received unknown parameter: address]city"},
	{"POST", "/customers", formType, "=1", 400, "Received unknown parameter"},
	{"POST", "/customers", formType, "[name]=1", 400, "Received unknown parameter: [name]"},
	{"POST", "/customers", formType, "address[city][x]=1", 400, "Invalid string: {\"x\":\"1\"}"},
	{"POST", "/customers", formType, "address=1", 400, "Invalid object"},
	{"POST", "/customers", formType, "preferred_locales=tr", 400, "Invalid array"},
	{"POST", "/customers", formType, "preferred_locales[x]=tr", 400, "Invalid array"},
	{"POST", "/customers", formType, "metadata=1", 400, "Invalid object"},
	{"POST", "/customers", formType, "metadata[a][b]=1", 400, "Invalid"},
	{"POST", "/customers", formType, "name" + strings.Repeat("[a]", 5_000) + "=1", 400, "Invalid request: the parameter name 'name[a]"},
	{"POST", "/customers", formType, strings.Repeat("a&", 20_000), 400, "This request has more than 10000 parameters."},
	{"POST", "/customers", formType, "name=" + strings.Repeat("x", 2<<20), 413, "Request body is larger than"},
	{"POST", "/payment_intents", formType, "amount=99999999999999999999&currency=usd", 400, "Invalid integer: ****************9999"},
	{"POST", "/payment_intents", formType, "amount=1e3&currency=usd", 400, "Invalid integer: 1e3"},
	{"POST", "/payment_intents", formType, "amount=15.5&currency=usd", 400, "Invalid integer: 15.5"},
	{"POST", "/payment_intents", formType, "amount=&currency=usd", 400, "You passed an empty string for 'amount'."},
	{"POST", "/payment_intents", formType, "amount[]=1&currency=usd", 400, "Invalid integer: {\"0\":\"1\"}"},
	{"GET", "/customers?limit=x", "", "", 400, "Invalid integer: x"},
	{"GET", "/customers?limit[gt]=1", "", "", 400, "Invalid integer: {\"gt\":\"1\"}"},
	{"GET", "/customers?created[nonsense]=1", "", "", 400, "Received unknown parameter: created[nonsense]"},
	{"GET", "/customers?expand=data", "", "", 400, "Invalid array"},
	{"GET", "/customers?expand[]=data.a.b.c.d.e.f", "", "", 400, "You cannot expand more than 4 levels of a property."},
}

// What no client means is refused as Stripe refuses it, and changes nothing.
func TestBrokenRequestsAreRefused(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	for _, bad := range brokenRequests {
		got := call(t, sb, bad.method, "/v1"+bad.path, bad.body, "Content-Type", bad.contentType)
		message := got.str("error.message")
		if got.status != bad.status || got.str("error.type") != "invalid_request_error" || message == "" || !strings.HasPrefix(message, bad.says) {
			t.Errorf("%s /v1%s %.40q answered %d %.200q, want %d %q", bad.method, bad.path, bad.body, got.status, message, bad.status, bad.says)
		}
	}
	if n := len(idsOf(must(t, sb, "GET", "/v1/events", ""))); n != 0 {
		t.Errorf("%d events were made", n)
	}
}
