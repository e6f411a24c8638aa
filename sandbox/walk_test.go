package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// walker calls operations with what the description asks for, and with ids of objects that it made before.
type walker struct {
	t  testing.TB
	sb *Sandbox
	// ids are the objects of each type.
	ids map[string][]string
	// version is the API version of the calls, "" for the sandbox's own; dialect is how it differs.
	version string
	dialect *dialect
}

// value makes a good text for a parameter.
func (w *walker) value(name string, n *description.Node) string {
	switch {
	case name == "query":
		return "created>0"
	case strings.HasSuffix(name, "url"):
		return "https://shop.example/back"
	case name == "reference":
		return "order-" + strconv.Itoa(len(w.ids["tax.transaction"]))
	case name == "email":
		return "ayse@shop.example"
	case len(n.Enum) > 0:
		return n.Enum[0]
	case n.Is(description.Currency):
		return "usd"
	case n.Is(description.UnixTime):
		return "1900000000"
	case n.Is(description.Integer):
		return "1500"
	case n.Is(description.Number | description.Decimal):
		return "10"
	case n.Is(description.Boolean):
		return "true"
	}
	for _, typ := range []string{name, "test_helpers." + name, "issuing." + name, "treasury." + name, "billing." + name} {
		if ids := w.ids[typ]; len(ids) > 0 {
			return ids[len(ids)-1]
		}
	}
	if len(w.ids[name]) > 0 {
		return w.ids[name][0]
	}
	return "text"
}

// fill adds what is required, below a path.
func (w *walker) fill(form url.Values, n *description.Node, path string) {
	for _, p := range n.Props {
		if p.Required {
			w.fillValue(form, p.Name, p.Node, below(path, p.Name))
		}
	}
}

func (w *walker) fillValue(form url.Values, name string, n *description.Node, path string) {
	switch {
	case n.Is(description.String | description.Integer | description.Number | description.Boolean):
		form.Set(path, w.value(name, n))
	case n.Is(description.Array):
		w.fillValue(form, name, n.Items, path+"[0]")
	case len(n.Props) > 0:
		before := len(form)
		w.fill(form, n, path)
		if len(form) == before { // a hash of optional keys: one of them makes it be there
			w.fillValue(form, n.Props[0].Name, n.Props[0].Node, below(path, n.Props[0].Name))
		}
	case n.Is(description.Map):
		form.Set(path+"[key]", w.value(name, n.Items))
	}
}

// fillMore adds a form whose {type} stands for an id.
func (w *walker) fillMore(form url.Values, more string) {
	w.t.Helper()
	values, err := url.ParseQuery(more)
	if err != nil {
		w.t.Fatal(err)
	}
	for path, v := range values {
		value := v[0]
		if typ, ok := strings.CutPrefix(value, "{"); ok {
			value = w.value(strings.TrimSuffix(typ, "}"), &description.Node{Kind: description.String})
		}
		form.Set(path, value)
	}
}

// remake makes a new object for an operation that deletes one.
func (w *walker) remake(op *description.Operation) {
	collection, last := cutLast(op.Path)
	if create := description.Load().Find("POST " + collection); create != nil && strings.HasPrefix(last, "{") {
		w.do(create)
	}
}

// lacks is the type of the first object in an operation's path that nobody made.
func (w *walker) lacks(op *description.Operation) string {
	for _, name := range pathNames(op.Path) {
		if typ := w.pathType(op, name); len(w.ids[typ]) == 0 {
			return typ
		}
	}
	return ""
}

// pathNames are the names of a path, with their braces.
func pathNames(path string) []string {
	var names []string
	for segment := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(segment, "{") {
			names = append(names, segment)
		}
	}
	return names
}

// pathType is the type of what a name in a path stands for.
func (w *walker) pathType(op *description.Operation, name string) string {
	outer := &defaultOperation{op: op, owner: op.Path[:endOf(op.Path, name)]}
	typ := outer.ownerType()
	switch {
	case name == "{id}" && ofExternalAccounts(op):
		return "external_account"
	case name == "{product}" && strings.HasPrefix(op.Path, "/v1/products/{product}/features"):
		return "featured_product"
	case strings.HasSuffix(op.Path, "/sources/{id}/verify") && name == "{id}":
		return "bank_account"
	case typ == "":
		return newDefault(op).typ()
	case typ == "card" && len(w.ids[typ]) == 0:
		return "bank_account"
	}
	return typ
}

// ofExternalAccounts says whether an operation is about where an account's payouts go.
func ofExternalAccounts(op *description.Operation) bool {
	return strings.HasPrefix(op.Path, "/v1/accounts/{account}/external_accounts") || strings.HasPrefix(op.Path, "/v1/accounts/{account}/bank_accounts")
}

// target fills the names of a path with ids; ok is false when there is no object for one.
func (w *walker) target(op *description.Operation) (path string, ok bool) {
	path = op.Path
	for _, name := range pathNames(op.Path) {
		ids := w.ids[w.pathType(op, name)]
		if len(ids) == 0 {
			return path, false
		}
		path = replaceOnce(path, name, url.PathEscape(ids[len(ids)-1]))
	}
	return path, true
}

func replaceOnce(text, part, with string) string { return strings.Replace(text, part, with, 1) }

// do calls an operation and says what was answered; unmet says that there was nothing to call it on.
func (w *walker) do(op *description.Operation) (got reply, unmet bool) {
	path, ok := w.target(op)
	if !ok {
		return reply{}, true
	}
	form := url.Values{}
	w.fill(form, w.dialect.params(routes().mustFind(w.t, op.Method, op.Path)), "")
	w.fillMore(form, walkForms[op.Method+" "+op.Path])
	if w.dialect != nil {
		for path := range form {
			if strings.HasPrefix(path, "promotion[") && train(w.version) < "clover" { // a parameter since clover
				form.Del(path)
			}
		}
	}
	target, body := path, form.Encode()
	if op.Method != http.MethodPost && body != "" {
		target, body = path+"?"+body, ""
	}
	got = call(w.t, w.sb, op.Method, target, body, "Stripe-Version", w.version)
	if id, typ := got.str("id"), got.str("object"); got.status == http.StatusOK && id != "" && typ != "" && op.Method == http.MethodPost && !strings.HasPrefix(id, "upcoming_") { // a preview is not kept
		if ofExternalAccounts(op) {
			typ = "external_account"
		}
		w.ids[typ] = append(w.ids[typ], id)
	}
	return got, false
}

// check holds an answer against the description.
func (w *walker) check(op *description.Operation, got reply) {
	w.t.Helper()
	for _, wrong := range w.faults(op, got) {
		w.t.Error(wrong)
	}
}

// faults are what is wrong with an answer.
func (w *walker) faults(op *description.Operation, got reply) []string {
	name := op.Method + " " + op.Path
	if got.status != http.StatusOK {
		if got.status >= http.StatusInternalServerError || got.str("error.type") == "" || got.str("error.message") == "" {
			return []string{fmt.Sprintf("%s answered %d: %s", name, got.status, got.body)}
		}
		return nil
	}
	d := json.NewDecoder(strings.NewReader(got.body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return []string{fmt.Sprintf("%s: %v", name, err)}
	}
	var wrong []string
	for _, difference := range differencesIn(w.dialect, v, op.Answer, "") {
		wrong = append(wrong, name+" answers "+difference)
	}
	return wrong
}

// walkForms are what operations ask for beyond what the description requires of them.
var walkForms = map[string]string{
	"POST /v1/charges":                                                  "customer={customer}",
	"POST /v1/payment_links":                                            "line_items[0][price]={price}&line_items[0][quantity]=1",
	"POST /v1/checkout/sessions":                                        "mode=payment&success_url=https://shop.example&line_items[0][price]={price}&line_items[0][quantity]=1",
	"POST /v1/invoices":                                                 "customer={customer}",
	"POST /v1/credit_notes":                                             "invoice={paid_invoice}&amount=100&refund_amount=100",
	"GET /v1/credit_notes/preview":                                      "invoice={paid_invoice}&amount=100&refund_amount=100",
	"GET /v1/credit_notes/preview/lines":                                "invoice={paid_invoice}&amount=100&refund_amount=100",
	"POST /v1/invoices/create_preview":                                  "customer={customer}&invoice_items[0][amount]=500&invoice_items[0][currency]=usd",
	"POST /v1/invoiceitems":                                             "customer={customer}&amount=500&currency=usd",
	"POST /v1/coupons":                                                  "percent_off=10",
	"POST /v1/payment_methods":                                          "type=card&card[token]=tok_visa",
	"POST /v1/payment_methods/{payment_method}/attach":                  "customer={customer}",
	"POST /v1/plans":                                                    "product={product}&amount=500",
	"POST /v1/prices":                                                   "product={product}&unit_amount=500",
	"POST /v1/promotion_codes":                                          "promotion[coupon]={coupon}",
	"POST /v1/refunds":                                                  "charge={charge}&amount=100",
	"POST /v1/customers/{customer}/cards":                               "source=tok_visa",
	"POST /v1/customers/{customer}/sources":                             "source=tok_visa",
	"POST /v1/setup_intents/{intent}/confirm":                           "payment_method=pm_card_visa",
	"POST /v1/test_helpers/confirmation_tokens":                         "payment_method=pm_card_visa",
	"POST /v1/tokens":                                                   "card[number]=4242424242424242&card[exp_month]=12&card[exp_year]=2034&card[cvc]=314",
	"POST /v1/climate/orders":                                           "metric_tons=1.5",
	"POST /v1/customers/{customer}/bank_accounts":                       "bank_account[country]=US&bank_account[currency]=usd&bank_account[account_number]=000123456789&bank_account[routing_number]=110000000",
	"POST /v1/issuing/cards":                                            "status=active&type=physical&cardholder={issuing.cardholder}&shipping[name]=Ayse&shipping[address][line1]=1 Cad&shipping[address][city]=Izmir&shipping[address][country]=TR&shipping[address][postal_code]=35000",
	"POST /v1/customers/{customer}/bank_accounts/{id}/verify":           "amounts[0]=32&amounts[1]=45",
	"POST /v1/customers/{customer}/sources/{id}/verify":                 "amounts[0]=32&amounts[1]=45",
	"POST /v1/tax/transactions/create_from_calculation":                 "calculation={tax.calculation}",
	"POST /v1/tax/transactions/create_reversal":                         "original_transaction={tax.transaction}",
	"POST /v1/test_helpers/issuing/authorizations":                      "amount=700&card={issuing.card}",
	"POST /v1/test_helpers/issuing/transactions/create_force_capture":   "card={issuing.card}",
	"POST /v1/test_helpers/issuing/transactions/create_unlinked_refund": "card={issuing.card}",
	"POST /v1/tax/calculations":                                         "customer_details[address][country]=DE&customer_details[address_source]=billing&line_items[0][amount]=1000",
	"POST /v1/webhook_endpoints":                                        "enabled_events[0]=customer.deleted",
	"GET /v1/prices/search":                                             "query=active:'true'",
	"GET /v1/products/search":                                           "query=active:'true'",
	"POST /v1/webhook_endpoints/{webhook_endpoint}":                     "enabled_events[0]=customer.deleted",

	"POST /v1/customers/{customer}/subscriptions":            "items[0][price]={recurring}&collection_method=send_invoice&days_until_due=7",
	"POST /v1/subscription_items":                            "subscription={subscription}&price={another_recurring}",
	"POST /v1/subscription_schedules":                        "customer={payer}&phases[0][items][0][price]={recurring}",
	"POST /v1/subscriptions":                                 "customer={payer}&items[0][price]={recurring}&collection_method=send_invoice&days_until_due=7",
	"POST /v1/test_helpers/test_clocks/{test_clock}/advance": "frozen_time=1900000060",
}

// madeElsewhere are types of objects that no call makes: Stripe or a bank does.
var madeElsewhere = []string{
	"application_fee", "balance_transaction", "billing.credit_balance_transaction", "capability", "climate.product", "climate.supplier", "country_spec", "entitlements.active_entitlement",
	"exchange_rate", "fee_refund", "financial_connections.account", "financial_connections.transaction", "identity.verification_report", "invoice_payment", "invoice_rendering_template",
	"issuing.physical_bundle", "issuing.token", "issuing.transaction", "line_item", "mandate", "payment_attempt_record", "radar.early_fraud_warning", "reporting.report_type", "review",
	"scheduled_query_run", "sigma.sigma_api_query", "source_mandate_notification", "source_transaction", "tax_code", "treasury.transaction", "treasury.transaction_entry",
}

// walkFirst are the calls that an operation needs before it, where the objects that are there are past its state: a new
// object, and what brings it there.
var walkFirst = map[string][]string{}

func init() {
	const (
		account       = "POST /v1/treasury/financial_accounts"
		payment       = "POST /v1/treasury/outbound_payments"
		transfer      = "POST /v1/treasury/outbound_transfers"
		inbound       = "POST /v1/treasury/inbound_transfers"
		authorization = "POST /v1/test_helpers/issuing/authorizations"
		card          = "POST /v1/issuing/cards"
		ship          = "POST /v1/test_helpers/issuing/cards/{card}/shipping/ship"
		received      = "POST /v1/test_helpers/treasury/received_"
		calculation   = "POST /v1/tax/calculations"
		tax           = "POST /v1/tax/transactions/create_"
		bank          = "POST /v1/customers/{customer}/bank_accounts"
		secret        = "POST /v1/apps/secrets"
	)
	for _, verb := range []string{"fail", "post", "return"} {
		walkFirst["POST /v1/test_helpers/treasury/outbound_payments/{id}/"+verb] = []string{account, payment}
		walkFirst["POST /v1/test_helpers/treasury/outbound_transfers/{outbound_transfer}/"+verb] = []string{account, transfer}
	}
	for _, verb := range []string{"fail", "succeed"} {
		walkFirst["POST /v1/test_helpers/treasury/inbound_transfers/{id}/"+verb] = []string{account, inbound}
	}
	walkFirst["POST /v1/test_helpers/treasury/inbound_transfers/{id}/return"] = []string{account, inbound, "POST /v1/test_helpers/treasury/inbound_transfers/{id}/succeed"}
	for _, verb := range []string{"capture", "expire", "reverse", "increment", "finalize_amount"} {
		walkFirst[authorization+"/{authorization}/"+verb] = []string{card, authorization}
	}
	for _, verb := range []string{"approve", "decline"} {
		walkFirst["POST /v1/issuing/authorizations/{authorization}/"+verb] = []string{card, authorization}
	}
	for _, verb := range []string{"submit", "ship"} {
		walkFirst["POST /v1/test_helpers/issuing/cards/{card}/shipping/"+verb] = []string{card}
	}
	for _, verb := range []string{"deliver", "fail", "return"} {
		walkFirst["POST /v1/test_helpers/issuing/cards/{card}/shipping/"+verb] = []string{card, ship}
	}
	for _, flow := range []string{"credit", "debit"} {
		walkFirst["POST /v1/treasury/"+flow+"_reversals"] = []string{account, received + flow + "s"}
	}
	walkFirst[tax+"from_calculation"] = []string{calculation}
	walkFirst[tax+"reversal"] = []string{calculation, tax + "from_calculation"}
	walkFirst[bank+"/{id}/verify"] = []string{bank}
	walkFirst["POST /v1/customers/{customer}/sources/{id}/verify"] = []string{bank}
	walkFirst["POST /v1/accounts/{account}/unreject"] = []string{"POST /v1/accounts/{account}/reject"}
	walkFirst["GET /v1/apps/secrets/find"] = []string{secret}
	walkFirst[secret+"/delete"] = []string{secret}
}

// ready makes the calls that an operation needs before it.
func (w *walker) ready(op *description.Operation) {
	w.t.Helper()
	for _, name := range walkFirst[op.Method+" "+op.Path] {
		first := description.Load().Find(name)
		if got, unmet := w.do(first); unmet || got.status != http.StatusOK {
			w.t.Errorf("%s, which goes before %s %s, was refused: %s", name, op.Method, op.Path, got.str("error.message"))
		}
	}
}

// prepare makes what payments leave behind, with their cards.
func (w *walker) prepare() {
	w.t.Helper()
	customer := must(w.t, w.sb, "POST", "/v1/customers", "").str("id")
	w.ids["customer"], w.ids["payer"] = []string{customer}, []string{must(w.t, w.sb, "POST", "/v1/customers", "").str("id")}
	must(w.t, w.sb, "POST", "/v1/invoiceitems", "amount=150000&currency=usd&customer="+customer)
	invoice := must(w.t, w.sb, "POST", "/v1/invoices", "pending_invoice_items_behavior=include&customer="+customer).str("id")
	must(w.t, w.sb, "POST", "/v1/invoices/"+invoice+"/pay", "payment_method=pm_card_visa")
	w.ids["paid_invoice"] = []string{invoice}
	product := must(w.t, w.sb, "POST", "/v1/products", "name=Kahve").str("id")
	for _, name := range []string{"recurring", "another_recurring"} {
		w.ids[name] = []string{must(w.t, w.sb, "POST", "/v1/prices", "currency=usd&unit_amount=900&recurring[interval]=month&product="+product).str("id")}
	}
	w.ids["subscription"] = []string{must(w.t, w.sb, "POST", "/v1/subscriptions", "collection_method=send_invoice&days_until_due=7&customer="+w.ids["payer"][0]+"&items[0][price]="+w.ids["recurring"][0]).str("id")}
	w.prepareBilling(customer, product)
	price := must(w.t, w.sb, "POST", "/v1/prices", "currency=usd&unit_amount=500&product="+product).str("id")
	must(w.t, w.sb, "POST", "/v1/checkout/sessions", "mode=payment&success_url=https://shop.example&line_items[0][quantity]=1&line_items[0][price]="+price)
	bank := must(w.t, w.sb, "POST", "/v1/customers/"+customer+"/bank_accounts", "source=btok_us_verified")
	w.ids[bank.str("object")] = append(w.ids[bank.str("object")], bank.str("id"))
	for _, card := range []string{"pm_card_visa", "pm_card_createDispute"} {
		must(w.t, w.sb, "POST", "/v1/payment_intents", "amount=1500&currency=usd&confirm=true&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never&payment_method="+card)
	}
	paid := must(w.t, w.sb, "POST", "/v1/payment_intents", "amount=1500&currency=usd&confirm=true&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never&payment_method=pm_card_visa")
	must(w.t, w.sb, "POST", "/v1/refunds", "amount=100&payment_intent="+paid.str("id"))
	connected := must(w.t, w.sb, "POST", "/v1/accounts", "type=custom&capabilities[transfers][requested]=true").str("id")
	platform := w.sb.Account("sk_test_core")
	if _, err := platform.Simulate("account_onboarding", map[string]any{"account": connected}); err != nil {
		w.t.Fatal(err)
	}
	if _, err := platform.Advance(w.t.Context(), verifySeconds*time.Second); err != nil {
		w.t.Fatal(err)
	}
	w.ids["connected"] = []string{connected}
	w.uploadFile()
	must(w.t, w.sb, "POST", "/v1/payment_intents", "amount=9000000&currency=usd&confirm=true&capture_method=automatic&payment_method_types[]=card&payment_method=pm_card_bypassPending")
	w.collect()
}

// collect takes the ids from all lists that stand alone.
func (w *walker) collect() {
	w.t.Helper()
	for i := range description.Load().Operations {
		op := &description.Load().Operations[i]
		if op.Method != http.MethodGet || !op.Answer.Is(description.List) || strings.Contains(op.Path, "{") {
			continue
		}
		form := url.Values{}
		w.fill(form, op.Params, "")
		got := call(w.t, w.sb, op.Method, op.Path+"?"+form.Encode(), "")
		data, _ := got.json["data"].([]any)
		for _, m := range slices.Backward(data) {
			id, _ := m.(map[string]any)["id"].(string)
			if typ, _ := m.(map[string]any)["object"].(string); id != "" && !slices.Contains(w.ids[typ], id) {
				w.ids[typ] = append(w.ids[typ], id)
			}
		}
	}
}

// walkOrder puts first what makes objects, the shortest path before what hangs below it, and last what deletes them.
func walkOrder() []*description.Operation {
	api := description.Load()
	order := make([]*description.Operation, 0, len(api.Operations))
	for i := range api.Operations {
		order = append(order, &api.Operations[i])
	}
	rank := func(op *description.Operation) int {
		switch op.Method {
		case http.MethodPost:
			return 100 + strings.Count(op.Path, "/")*2 + strings.Count(op.Path, "{")
		case http.MethodGet:
			return 200
		}
		return 1000 - strings.Count(op.Path, "/")
	}
	sort.SliceStable(order, func(i, j int) bool { return rank(order[i]) < rank(order[j]) })
	return order
}

// walkRefusals are operations that refuse the one call of the walk, because the state that they ask for needs more than
// one: an intent to capture, a discount to remove.
var walkRefusals = []string{
	"POST /v1/charges",
	"POST /v1/invoices/{invoice}/add_lines",
	"POST /v1/invoices/{invoice}/attach_payment",
	"POST /v1/invoices/{invoice}/mark_uncollectible",
	"POST /v1/invoices/{invoice}/pay",
	"POST /v1/invoices/{invoice}/remove_lines",
	"POST /v1/invoices/{invoice}/send",
	"POST /v1/invoices/{invoice}/update_lines",
	"POST /v1/invoices/{invoice}/void",
	"POST /v1/payment_methods/{payment_method}",
	"POST /v1/charges/{charge}/capture",
	"POST /v1/charges/{charge}/refunds",
	"POST /v1/credit_notes/{id}/void",
	"POST /v1/payment_intents/{intent}/apply_customer_balance",
	"POST /v1/payment_intents/{intent}/capture",
	"POST /v1/payment_intents/{intent}/confirm",
	"POST /v1/payment_intents/{intent}/increment_authorization",
	"POST /v1/payment_intents/{intent}/verify_microdeposits",
	"POST /v1/refunds/{refund}/cancel",
	"POST /v1/setup_intents/{intent}/confirm",
	"POST /v1/subscription_schedules/{schedule}/release",
	"POST /v1/subscriptions/{subscription}/migrate",
	"POST /v1/subscriptions/{subscription}/resume",
	"POST /v1/setup_intents/{intent}/verify_microdeposits",
	"GET /v1/customers/{customer}/discount",
	"GET /v1/customers/{customer}/payment_methods/{payment_method}",
	"GET /v1/customers/{customer}/subscriptions/{subscription_exposed_id}/discount",
	"GET /v1/quotes/{quote}/pdf",
	"GET /v1/tax/associations/find",
	"DELETE /v1/invoiceitems/{invoiceitem}",
	"DELETE /v1/subscription_items/{item}",
	"DELETE /v1/invoices/{invoice}",
	"DELETE /v1/customers/{customer}/subscriptions/{subscription_exposed_id}/discount",
	"DELETE /v1/customers/{customer}/discount",
	"DELETE /v1/subscriptions/{subscription_exposed_id}/discount",
}

// Every operation is called once, as well as the description tells how: a good answer is closed against the description, a
// refusal is a whole error.
func TestEveryOperationAnswersItsShape(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"", "2025-02-24.acacia", "2025-08-27.basil", "2026-02-25.clover", "2026-10-28.endive"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			walkAll(t, version)
		})
	}
}

func walkAll(t *testing.T, version string) {
	w := &walker{t: t, sb: newTest(t, Options{}), ids: map[string][]string{"account": {accountID("core")}}, version: version, dialect: dialectOf(version)}
	w.prepare()
	collected := false
	for _, op := range walkOrder() {
		if op.Method == http.MethodGet && !collected {
			w.collect()
			collected = true
		}
		if op.Method == http.MethodDelete {
			w.remake(op)
		}
		w.ready(op)
		got, unmet := w.do(op)
		name := op.Method + " " + op.Path
		switch {
		case unmet:
			if typ := w.lacks(op); !slices.Contains(madeElsewhere, typ) {
				t.Errorf("%s has nothing to be called on: a %s", name, typ)
			}
			continue
		case got.status == http.StatusOK:
		case !slices.Contains(walkRefusals, name):
			t.Errorf("%s refuses: %s", name, got.str("error.message"))
		}
		w.check(op, got)
	}
}

// newWalker is one that has called whatever makes objects.
func newWalker(t testing.TB) *walker {
	t.Helper()
	w := &walker{t: t, sb: newTest(t, Options{}), ids: map[string][]string{"account": {accountID("core")}}}
	w.prepare()
	for _, op := range walkOrder() {
		if op.Method == http.MethodPost {
			w.do(op)
		}
	}
	w.collect()
	return w
}
