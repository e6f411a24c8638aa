package sandbox_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// tableType is where objects of a type are read, and how their ids begin. {id} is the id, another {name} a field of the
// object as it was seen.
type tableType struct{ typ, path, prefixes string }

var tableTypes = []tableType{
	{"account", "/v1/accounts/{id}", "acct_"},
	{"balance_transaction", "/v1/balance_transactions/{id}", "txn_"},
	{"billing.alert", "/v1/billing/alerts/{id}", "alrt_"},
	{"billing.credit_grant", "/v1/billing/credit_grants/{id}", "credgr_"},
	{"billing.meter", "/v1/billing/meters/{id}", "mtr_"},
	{"billing_portal.configuration", "/v1/billing_portal/configurations/{id}", "bpc_"},
	{"charge", "/v1/charges/{id}", "ch_ py_"},
	{"checkout.session", "/v1/checkout/sessions/{id}", "cs_"},
	{"climate.order", "/v1/climate/orders/{id}", "climorder_"},
	{"confirmation_token", "/v1/confirmation_tokens/{id}", "ctoken_"},
	{"coupon", "/v1/coupons/{id}", ""},
	{"credit_note", "/v1/credit_notes/{id}", "cn_"},
	{"customer", "/v1/customers/{id}", "cus_"},
	{"customer_balance_transaction", "/v1/customers/{customer}/balance_transactions/{id}", "cbtxn_"},
	{"dispute", "/v1/disputes/{id}", "du_"},
	{"entitlements.active_entitlement", "/v1/entitlements/active_entitlements/{id}", "ent_"},
	{"entitlements.feature", "/v1/entitlements/features/{id}", "feat_"},
	{"event", "/v1/events/{id}", "evt_"},
	{"file", "/v1/files/{id}", "file_"},
	{"file_link", "/v1/file_links/{id}", "link_"},
	{"financial_connections.account", "/v1/financial_connections/accounts/{id}", "fca_"},
	{"financial_connections.session", "/v1/financial_connections/sessions/{id}", "fcsess_"},
	{"identity.verification_session", "/v1/identity/verification_sessions/{id}", "vs_"},
	{"invoice", "/v1/invoices/{id}", "in_"},
	{"invoice_payment", "/v1/invoice_payments/{id}", "inpay_"},
	{"invoice_rendering_template", "/v1/invoice_rendering_templates/{id}", "inrtem_"},
	{"invoiceitem", "/v1/invoiceitems/{id}", "ii_"},
	{"issuing.authorization", "/v1/issuing/authorizations/{id}", "iauth_"},
	{"issuing.card", "/v1/issuing/cards/{id}", "ic_"},
	{"issuing.cardholder", "/v1/issuing/cardholders/{id}", "ich_"},
	{"issuing.dispute", "/v1/issuing/disputes/{id}", "idp_"},
	{"issuing.transaction", "/v1/issuing/transactions/{id}", "ipi_"},
	{"mandate", "/v1/mandates/{id}", "mandate_"},
	{"payment_intent", "/v1/payment_intents/{id}", "pi_"},
	{"payment_link", "/v1/payment_links/{id}", "plink_"},
	{"payment_method", "/v1/payment_methods/{id}", "pm_"},
	{"payout", "/v1/payouts/{id}", "po_"},
	{"plan", "/v1/plans/{id}", "plan_"},
	{"price", "/v1/prices/{id}", "price_"},
	{"product", "/v1/products/{id}", "prod_"},
	{"promotion_code", "/v1/promotion_codes/{id}", "promo_"},
	{"quote", "/v1/quotes/{id}", "qt_"},
	{"radar.early_fraud_warning", "/v1/radar/early_fraud_warnings/{id}", "issfr_"},
	{"refund", "/v1/refunds/{id}", "re_ pyr_"},
	{"review", "/v1/reviews/{id}", "prv_"},
	{"setup_intent", "/v1/setup_intents/{id}", "seti_"},
	{"shipping_rate", "/v1/shipping_rates/{id}", "shr_"},
	{"source", "/v1/sources/{id}", "src_"},
	{"subscription", "/v1/subscriptions/{id}", "sub_"},
	{"subscription_item", "/v1/subscription_items/{id}", "si_"},
	{"subscription_schedule", "/v1/subscription_schedules/{id}", "sub_sched_"},
	{"tax.calculation", "/v1/tax/calculations/{id}", "taxcalc_"},
	{"tax.transaction", "/v1/tax/transactions/{id}", "tax_1"},
	{"tax_id", "/v1/tax_ids/{id}", "txi_"},
	{"tax_rate", "/v1/tax_rates/{id}", "txr_"},
	{"test_helpers.test_clock", "/v1/test_helpers/test_clocks/{id}", "clock_"},
	{"reporting.report_run", "/v1/reporting/report_runs/{id}", "frr_"},
	{"token", "/v1/tokens/{id}", "tok_"},
	{"treasury.credit_reversal", "/v1/treasury/credit_reversals/{id}", "credrev_"},
	{"treasury.debit_reversal", "/v1/treasury/debit_reversals/{id}", "debrev_"},
	{"treasury.financial_account", "/v1/treasury/financial_accounts/{id}", "fa_"},
	{"treasury.inbound_transfer", "/v1/treasury/inbound_transfers/{id}", "ibt_"},
	{"treasury.outbound_payment", "/v1/treasury/outbound_payments/{id}", "obp_"},
	{"treasury.outbound_transfer", "/v1/treasury/outbound_transfers/{id}", "obt_"},
	{"treasury.received_credit", "/v1/treasury/received_credits/{id}", "rc_"},
	{"treasury.received_debit", "/v1/treasury/received_debits/{id}", "rd_"},
	{"topup", "/v1/topups/{id}", "tu_"},
	{"transfer", "/v1/transfers/{id}", "tr_"},
	{"webhook_endpoint", "/v1/webhook_endpoints/{id}", "we_"},
}

// readPath is where an object is read, "" when the id is of no type that is known.
func (a *tableAccount) readPath(id string) string {
	typ := a.objects[id].str("object")
	length := 0
	var found tableType
	for _, t := range tableTypes {
		if typ != "" {
			if t.typ == typ {
				found = t
			}
			continue
		}
		for prefix := range strings.FieldsSeq(t.prefixes) {
			if len(prefix) > length && strings.HasPrefix(id, prefix) {
				found, length = t, len(prefix)
			}
		}
	}
	return placeholder.ReplaceAllStringFunc(found.path, func(name string) string {
		return a.objects[id].str(name[1 : len(name)-1])
	})
}

// get reads an object as it is now. An object that has no route of its own is as it was seen last.
func (a *tableAccount) get(id string) (object, error) {
	if o := a.read[id]; o != nil {
		return o, nil
	}
	if a.objects[id] == nil {
		a.objects[id] = object{"id": id}
	}
	path := a.readPath(id)
	if path == "" {
		return a.objects[id], nil
	}
	o, err := a.own(http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	a.read[id] = o
	return o, nil
}

// named is the value of what stands in braces: a label, a type, or a path that begins with one; else a field of the page's
// object.
func (a *tableAccount) named(name string) (any, error) {
	if rest, ok := strings.CutPrefix(name, "answer."); ok {
		return a.walk(map[string]any(a.last.body), rest)
	}
	if rest, ok := strings.CutPrefix(name, "header."); ok {
		return a.last.headerValue(rest), nil
	}
	known := ""
	for typ := range a.newest {
		if len(typ) > len(known) && (name == typ || strings.HasPrefix(name, typ+".")) {
			known = typ
		}
	}
	if known == "" {
		return a.field(name)
	}
	if name == known {
		return a.newest[known], nil
	}
	return a.walk(a.newest[known], name[len(known)+1:])
}

// field is the value at a path of the page's object.
func (a *tableAccount) field(path string) (any, error) {
	if a.page.typ == "" {
		return nil, fmt.Errorf("%q: this page has no object of its own", path)
	}
	id := a.subject()
	if id == "" {
		return nil, fmt.Errorf("%q: there is no %s yet", path, a.page.typ)
	}
	return a.walk(id, path)
}

// walk goes along a path; an id on the way is the object that it names.
func (a *tableAccount) walk(v any, path string) (any, error) {
	for key := range strings.SplitSeq(path, ".") {
		if id, ok := v.(string); ok {
			o, err := a.get(id)
			if err != nil {
				return nil, err
			}
			v = map[string]any(o)
		}
		switch at := v.(type) {
		case map[string]any:
			if at["object"] == "list" && (key == "length" || strings.Trim(key, "0123456789") == "") {
				v = at["data"]
				next, err := a.walk(v, key)
				if err != nil {
					return nil, err
				}
				v = next
				continue
			}
			value, ok := at[key]
			if !ok {
				v = missingValue{}
				continue
			}
			v = value
		case []any:
			i, err := strconv.Atoi(key)
			switch {
			case key == "length":
				v = float64(len(at))
			case err != nil || i >= len(at):
				v = missingValue{}
			default:
				v = at[i]
			}
		case nil, missingValue:
			return missingValue{}, nil
		default:
			return nil, fmt.Errorf("%v has no %s", v, key)
		}
	}
	return v, nil
}

// headerValue is a header of an answer.
func (a answered) headerValue(name string) any {
	if values := a.header.Values(name); len(values) > 0 {
		return values[0]
	}
	return missingValue{}
}

// missingValue is what stands at a path that is not there.
type missingValue struct{}

// verify holds an outcome against what must hold, and answers what does not.
func (a *tableAccount) verify(want expectation, got outcome) []string {
	faults := want.refused.differences(a, got.answered)
	for _, h := range want.holds {
		if err := a.check(h, got); err != nil {
			faults = append(faults, err.Error())
		}
	}
	if want.counted {
		if names := eventNames(got.events); !slices.EqualFunc(names, want.events, func(name string, e wantedEvent) bool { return name == e.name }) {
			return append(faults, fmt.Sprintf("the events are %s", orDash(strings.Join(names, ", "))))
		}
		for i, e := range want.events {
			faults = append(faults, a.checkBefore(e, got.events[i])...)
		}
	}
	return faults
}

func eventNames(events []object) []string {
	names := make([]string, len(events))
	for i, e := range events {
		names[i] = e.str("type")
	}
	return names
}

func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

// check holds one assertion.
func (a *tableAccount) check(h assertion, got outcome) error {
	switch h.value {
	case "gone", "unchanged":
		if h.path == "" {
			return a.checkWhole(h.value, got)
		}
	}
	want, err := a.fill(h.value)
	if err != nil {
		return err
	}
	var v any
	switch {
	case strings.HasPrefix(h.path, "answer."):
		v, err = a.walk(map[string]any(got.answered.body), strings.TrimPrefix(h.path, "answer."))
	case strings.HasPrefix(h.path, "error."):
		v, err = a.walk(map[string]any(got.answered.body), h.path)
	case strings.HasPrefix(h.path, "header."):
		v = got.answered.headerValue(strings.TrimPrefix(h.path, "header."))
	case strings.HasPrefix(h.path, "{"):
		v, err = a.named(strings.Replace(h.path[1:], "}", "", 1))
	default:
		v, err = a.field(h.path)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", h, err)
	}
	return compare(h, v, want)
}

func compare(h assertion, v any, want string) error {
	_, missing := v.(missingValue)
	if missing {
		v = nil
	}
	is := plainValue(v)
	ok := is == want
	switch {
	case h.op == "~":
		ok = v != nil && strings.Contains(is, want)
	case h.value == "absent":
		ok = missing
	case h.value == "any":
		ok = v != nil && v != ""
	}
	if missing {
		is = "absent"
	}
	if !ok {
		return fmt.Errorf("%s is %s, not %s", h.path, is, want)
	}
	return nil
}

// checkWhole holds a word about the page's object.
func (a *tableAccount) checkWhole(word string, got outcome) error {
	id := a.subject()
	if id == "" {
		return fmt.Errorf("%s: there is no %s", word, a.page.typ)
	}
	after, err := a.get(id)
	var refused *refusedCall
	switch {
	case word == "gone" && errors.As(err, &refused) && refused.status == http.StatusNotFound:
		return nil
	case err != nil:
		return err
	case word == "gone":
		return fmt.Errorf("%s is still there", id)
	case got.before == nil:
		return fmt.Errorf("unchanged: there was no %s", a.page.typ)
	}
	if !reflect.DeepEqual(got.before, after) {
		return fmt.Errorf("%s changed: %s", id, changedKeys(got.before, after))
	}
	return nil
}

func changedKeys(before, after object) string {
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(after)) {
		if !reflect.DeepEqual(before[key], after[key]) {
			keys = append(keys, key+"="+plainValue(after[key]))
		}
	}
	return strings.Join(keys, " ")
}

// differences holds an answer against a refusal; a nil one wants success.
func (r *refusal) differences(a *tableAccount, got answered) []string {
	if r == nil {
		if got.status >= 400 {
			return []string{"refused: " + spelled(got)}
		}
		return nil
	}
	wrong := []string{"the answer is " + spelled(got)}
	if got.status != r.status {
		return wrong
	}
	for _, key := range refusalFields {
		want, err := a.fill(r.fields[key])
		if err != nil {
			return []string{err.Error()}
		}
		if got.body.str("error."+key) != want {
			return wrong
		}
	}
	message, err := a.fill(r.message)
	if err != nil {
		return []string{err.Error()}
	}
	if message != "" && got.body.str("error.message") != message {
		return wrong
	}
	return nil
}

// spelled is an answer in the grammar of the tables, to be held against the row.
func spelled(got answered) string {
	if got.status < 400 {
		return strconv.Itoa(got.status)
	}
	words := []string{strconv.Itoa(got.status)}
	for i, key := range refusalFields {
		switch v := got.body.str("error." + key); {
		case v == "":
		case i < 3 && len(words) == i+1:
			words = append(words, v)
		default:
			words = append(words, key+"="+v)
		}
	}
	return "`" + strings.Join(words, " ") + `" "` + got.body.str("error.message") + `"`
}

// checkBefore holds an event's previous_attributes against the fields that a row names: all of them, with a value where
// one is given.
func (a *tableAccount) checkBefore(want wantedEvent, event object) []string {
	if want.before == nil {
		return nil
	}
	before := event.hash("data.previous_attributes")
	var named, faults []string
	for _, field := range want.before {
		path, value, valued := strings.Cut(field, "=")
		key, _, _ := strings.Cut(path, ".")
		named = append(named, key)
		if !valued {
			continue
		}
		v, err := a.walk(map[string]any(before), path)
		if err == nil {
			if value, err = a.fill(value); err == nil {
				err = compare(assertion{path, "=", value}, v, value)
			}
		}
		if err != nil {
			faults = append(faults, fmt.Sprintf("before %s: %v", want.name, err))
		}
	}
	slices.Sort(named)
	if keys := slices.Sorted(maps.Keys(before)); !slices.Equal(slices.Compact(named), keys) {
		faults = append(faults, fmt.Sprintf("before %s: previous_attributes are %s", want.name, plainValue(before)))
	}
	return faults
}
