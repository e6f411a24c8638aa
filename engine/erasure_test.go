package engine_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/internal/store/storetest"
	"github.com/vezne/vezne/sandbox"
	"github.com/vezne/vezne/veznetest"
)

// ayse is a person of whom every word below may stand anywhere until she is
// erased. Each word is hers alone.
var ayse = struct{ reference, name, email, phone, street, ip, note string }{
	"person-4711", "Ayse Erasable", "Ayse.Erasable@example.com", "+905551112233", "Istiklal Caddesi 42", "203.0.113.77", "ring-twice",
}

var ayseWords = []string{
	"person-4711", "Erasable", "erasable", "5551112233", "Istiklal", "203.0.113.77", "ring-twice",
}

// stripe asks the sandbox with the account's key, and returns what it says.
func stripe(t *testing.T, h *veznetest.House, method, path string, form url.Values) map[string]any {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, veznetest.SandboxURL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+h.Keys.Secret.Reveal())
	res, err := h.Client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s %v: %v", method, path, res.Status, answer, err)
	}
	return answer
}

// method makes a card at Stripe that says everything of its holder.
func method(t *testing.T, h *veznetest.House, token string) string {
	t.Helper()
	m := stripe(t, h, http.MethodPost, "/v1/payment_methods", url.Values{
		"type": {"card"}, "card[token]": {token}, "billing_details[name]": {ayse.name}, "billing_details[email]": {ayse.email},
		"billing_details[phone]": {ayse.phone}, "billing_details[address][line1]": {ayse.street}, "billing_details[address][country]": {"TR"},
	})
	return m["id"].(string)
}

// life is what a person did here.
type life struct {
	paid, refunded, canceled, guest vezne.OrderID
	intent, guestIntent             vezne.ObjectID
	customer                        vezne.ObjectID
}

// live lets a person do everything that leaves something behind.
func live(t *testing.T, h *veznetest.House) life {
	t.Helper()
	var l life
	order := func(key, customer string) vezne.OrderID {
		body := fmt.Sprintf(`{"currency":"try","customer":%s,"metadata":{"ip":%q,"note":%q},"lines":[{"name":"A cup for %s","unit_amount":1999,"quantity":2}]}`, customer, ayse.ip, ayse.note, ayse.name)
		a := h.Call(http.MethodPost, "/v1/orders", body, "Idempotency-Key", key)
		var o vezne.OrderJSON
		if err := a.Decode(&o); err != nil || a.Status != http.StatusCreated {
			t.Fatalf("an order: %d %s, %v", a.Status, a.Body, err)
		}
		return o.ID
	}
	record := fmt.Sprintf(`{"reference":%q,"email":%q,"name":%q}`, ayse.reference, ayse.email, ayse.name)
	guest := fmt.Sprintf(`{"email":%q,"name":%q}`, strings.ToUpper(ayse.email), ayse.name)
	l.paid, l.refunded, l.canceled, l.guest = order("a", record), order("b", record), order("c", record), order("d", guest)
	saved, err := h.CreateSetupIntent(t.Context(), searcher, engine.SetupIntentParams{CustomerReference: ayse.reference, Email: ayse.email, Name: ayse.name, PaymentMethod: method(t, h, "tok_visa"), Confirm: true})
	if err != nil || saved.Status != "succeeded" {
		t.Fatalf("saving a card: %+v, %v", saved, err)
	}
	if i := h.Pay(l.refunded, "pm_card_chargeDeclinedInsufficientFunds"); i.Error == nil {
		t.Fatal("the card was not declined")
	}
	l.intent = h.Pay(l.paid, method(t, h, "tok_mastercard")).ID
	h.Pay(l.refunded, method(t, h, "tok_visa"))
	l.guestIntent = h.Pay(l.guest, method(t, h, "tok_visa")).ID
	h.Idle()
	if _, _, err := h.Refund(t.Context(), searcher, l.refunded, nil, "requested_by_customer"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Cancel(t.Context(), searcher, l.canceled); err != nil {
		t.Fatal(err)
	}
	x, err := h.ExportCustomer(t.Context(), vezne.CustomerQuery{Reference: ayse.reference})
	if err != nil || len(x.Customers) != 1 {
		t.Fatalf("the export: %v", err)
	}
	l.customer = x.Customers[0].StripeCustomerID
	// An event of a type that changes nothing here tells of her too.
	stripe(t, h, http.MethodPost, "/v1/customers/"+string(l.customer), url.Values{"phone": {ayse.phone}, "address[line1]": {ayse.street}, "name": {ayse.name}})
	h.Idle()
	return l
}

// cells calls found for every value of every table.
func cells(t *testing.T, database string, found func(table, column, text string)) {
	t.Helper()
	db := storetest.DB(t, database)
	query := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if !strings.HasPrefix(database, "sqlite:") {
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
	}
	var tables []string
	each := func(query string, row func(*sql.Rows) error) {
		rows, err := db.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			if err := row(rows); err != nil {
				t.Fatal(err)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	each(query, func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		tables = append(tables, name)
		return err
	})
	if len(tables) < 20 {
		t.Fatalf("tables %v", tables)
	}
	for _, table := range tables {
		each("SELECT * FROM "+table, func(r *sql.Rows) error {
			columns, err := r.Columns()
			if err != nil {
				return err
			}
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range into {
				into[i] = &values[i]
			}
			if err := r.Scan(into...); err != nil {
				return err
			}
			for i, v := range values {
				found(table, columns[i], fmt.Sprintf("%s", v))
			}
			return nil
		})
	}
}

// traces returns where words of hers stand, except in invoices.
func traces(t *testing.T, database string) []string {
	t.Helper()
	var found []string
	cells(t, database, func(table, column, text string) {
		for _, w := range ayseWords {
			if table != "vezne_invoices" && strings.Contains(text, w) {
				found = append(found, table+"."+column+" "+w)
			}
		}
	})
	slices.Sort(found)
	return slices.Compact(found)
}

// whole fails if the audit trail does not verify, in the database or exported.
func whole(t *testing.T, h *veznetest.House, erased bool) {
	t.Helper()
	report, err := h.VerifyAudit(t.Context())
	if err != nil || report.Broken != "" || (report.Erased > 0) != erased {
		t.Errorf("the audit trail: %+v, %v", report, err)
	}
	var out bytes.Buffer
	if _, err := h.ExportAudit(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if again, err := engine.VerifyExport(&out); err != nil || again != report {
		t.Errorf("the export of the audit trail: %+v, %v; the database says %+v", again, err, report)
	}
}

func TestNothingOfAPersonIsLeftOnceErased(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database))
		l := live(t, h)
		other := h.NewOrder(2999, "try")
		h.Pay(other.ID, "pm_card_visa")
		h.Idle()
		whole(t, h, false)
		before := traces(t, database)
		for _, table := range []string{"vezne_customers", "vezne_orders", "vezne_calls", "vezne_effects", "vezne_events", "vezne_snapshots", "vezne_idempotency_keys"} {
			if !slices.ContainsFunc(before, func(s string) bool { return strings.HasPrefix(s, table+".") }) {
				t.Fatalf("nothing of hers stands in %s: the test proves nothing; %v", table, before)
			}
		}
		views := map[vezne.OrderID]vezne.OrderJSON{}
		for _, id := range []vezne.OrderID{l.paid, l.refunded, l.canceled, l.guest} {
			v, err := h.Order(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			views[id] = v.JSON()
		}

		who := vezne.CustomerQuery{Email: strings.ToLower(ayse.email)}
		would, err := h.EraseCustomer(t.Context(), searcher, who, engine.EraseParams{DryRun: true})
		if err != nil || !would.DryRun || would.ID != "" {
			t.Fatalf("the dry run: %+v, %v", would, err)
		}
		if after := traces(t, database); !slices.Equal(before, after) {
			t.Fatalf("a dry run changed something: %v, before %v", after, before)
		}
		e, err := h.EraseCustomer(t.Context(), searcher, who, engine.EraseParams{})
		if err != nil || len(e.Customers) != 1 || len(e.Orders) != 4 || len(e.Invoices) != 3 || e.Counts.PaymentMethods != 1 {
			t.Fatalf("the erasure: %+v, %v", e, err)
		}
		// The dry run promised what happened, and looking at it later says the same.
		if would.Counts != e.Counts {
			t.Errorf("erased %+v, promised %+v", e.Counts, would.Counts)
		}
		if kept, err := h.Erasure(t.Context(), e.ID); err != nil || kept.Counts != e.Counts || len(kept.Invoices) != 3 || kept.CompletedAt != nil {
			t.Errorf("the erasure is kept as %+v, %v", kept, err)
		}
		if left := traces(t, database); len(left) > 0 {
			t.Errorf("left of her: %v", left)
		}
		whole(t, h, true)

		// What it cost and what became of it stays, and so does everybody else.
		for id, was := range views {
			v, err := h.Order(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			is := v.JSON()
			if is.ErasedAt == nil || is.Customer != nil || len(is.Metadata) > 0 || is.Status != was.Status || is.AmountPaid != was.AmountPaid ||
				is.AmountRefunded != was.AmountRefunded || is.InvoiceNumber != was.InvoiceNumber || is.Lines[0].Amount != was.Lines[0].Amount {
				t.Errorf("the order is %+v, was %+v", is, was)
			}
		}
		if v, err := h.Order(t.Context(), other.ID); err != nil || v.ErasedAt != nil || v.Lines[0].Name != "Coffee" {
			t.Errorf("somebody else's order is %+v, %v", v, err)
		}
		for _, q := range []vezne.CustomerQuery{{Reference: ayse.reference}, who, {StripeCustomer: l.customer}, {Reference: "erased:" + string(e.Customers[0])}} {
			_, err := h.EraseCustomer(t.Context(), searcher, q, engine.EraseParams{})
			refused(t, err, vezne.CodeNotFound, "")
		}
	})
}

func TestNothingBringsAPersonBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database))
		l := live(t, h)
		deliveries, err := h.Stripe.Deliveries(sandbox.DeliveryFilter{})
		if err != nil || len(deliveries) < 15 {
			t.Fatalf("%d deliveries, %v", len(deliveries), err)
		}
		for _, q := range []vezne.CustomerQuery{{Reference: ayse.reference}, {Email: ayse.email}} {
			if _, err := h.EraseCustomer(t.Context(), searcher, q, engine.EraseParams{}); err != nil {
				t.Fatal(err)
			}
		}
		clean := func(after string) {
			t.Helper()
			h.Idle()
			if left := traces(t, database); len(left) > 0 {
				t.Errorf("after %s: %v", after, left)
			}
		}
		// Stripe sends everything again, in the opposite order.
		for _, d := range slices.Backward(deliveries) {
			if _, err := h.Stripe.Resend(d.ID); err != nil {
				t.Fatal(err)
			}
		}
		clean("every event once more")
		if list, err := h.Events(t.Context(), engine.EventFilter{Limit: 1000}); err != nil || slices.ContainsFunc(list, func(e vezne.Event) bool { return e.Deliveries != 2 }) {
			t.Errorf("not every event came twice: %v", err)
		}
		// New events of her objects: money back, a dispute, an address.
		change(t, h, "/v1/refunds", url.Values{"payment_intent": {string(l.intent)}, "amount": {"500"}})
		h.Simulate("dispute", map[string]any{"intent": string(l.guestIntent)})
		stripe(t, h, http.MethodPost, "/v1/customers/"+string(l.customer), url.Values{"phone": {ayse.phone}, "email": {ayse.email}})
		stripe(t, h, http.MethodPost, "/v1/payment_methods/"+method(t, h, "tok_visa")+"/attach", url.Values{"customer": {string(l.customer)}})
		clean("new events")
		if v, err := h.Order(t.Context(), l.paid); err != nil || v.AmountRefunded != 500 {
			t.Errorf("the money that went back later is not there: %+v, %v", v, err)
		}
		if v, err := h.Order(t.Context(), l.guest); err != nil || v.Status() != vezne.OrderDisputed {
			t.Errorf("the dispute that came later is not there: %+v, %v", v, err)
		}
		for _, id := range []vezne.OrderID{l.paid, l.refunded, l.guest} {
			if _, err := h.Check(t.Context(), searcher, id); err != nil {
				t.Fatal(err)
			}
		}
		clean("asking Stripe about her orders")
		events, err := h.Events(t.Context(), engine.EventFilter{Type: "payment_intent.succeeded", Limit: 10})
		if err != nil || len(events) == 0 {
			t.Fatal(err)
		}
		for _, ev := range events {
			if _, err := h.Replay(t.Context(), searcher, ev.ID); err != nil {
				t.Fatal(err)
			}
		}
		clean("replays")
		lose(t, h)
		stripe(t, h, http.MethodPost, "/v1/payment_intents/"+string(l.intent), url.Values{"metadata[ip]": {ayse.ip}})
		change(t, h, "/v1/refunds", url.Values{"payment_intent": {string(l.intent)}, "amount": {"100"}})
		h.Clock.Advance(2 * time.Minute)
		found := reconcile(t, h, engine.ReconcileParams{Since: h.Clock.Now().Add(-time.Hour)})
		clean("a search for missed events")
		if again := reconcile(t, h, engine.ReconcileParams{Since: h.Clock.Now().Add(-time.Hour)}); again.Found > 0 || found.Found == 0 {
			t.Errorf("a search found %d, the next one %+v", found.Found, again.Findings)
		}
		whole(t, h, true)
		// The upkeep has completed the erasures by now.
		list, err := h.Erasures(t.Context(), 0)
		if err != nil || len(list) != 2 || list[0].CompletedAt == nil || list[1].CompletedAt == nil {
			t.Errorf("erasures = %+v, %v", list, err)
		}
		h.Restart()
		h.Advance(time.Hour)
		clean("a restart")

		// She may come back, as somebody new.
		o, err := h.CreateOrder(t.Context(), searcher, engine.NewOrder{
			Currency: "try", Lines: []engine.NewLine{{Name: "Coffee", UnitAmount: 1999, Quantity: 1}}, Customer: &engine.NewCustomer{Reference: ayse.reference, Email: ayse.email},
		})
		if err != nil || o.CustomerEmail != ayse.email || o.ErasedAt != nil || slices.Contains(list[0].Customers, o.CustomerID) || slices.Contains(list[1].Customers, o.CustomerID) {
			t.Errorf("her new order is %+v, %v", o, err)
		}
	})
}

func TestErasingIsRefusedWhileSomethingIsUnderWay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database))
		l := live(t, h)
		who := vezne.CustomerQuery{Reference: ayse.reference}
		busy := func(words string) {
			t.Helper()
			before := traces(t, database)
			_, err := h.EraseCustomer(t.Context(), searcher, who, engine.EraseParams{})
			refused(t, err, vezne.CodeCustomerBusy, "")
			would, dry := h.EraseCustomer(t.Context(), searcher, who, engine.EraseParams{DryRun: true})
			if dry != nil || !slices.ContainsFunc(would.Blockers, func(b vezne.Blocker) bool { return strings.Contains(b.Why, words) }) {
				t.Errorf("the dry run says %+v, %v; want %q", would.Blockers, dry, words)
			}
			if after := traces(t, database); !slices.Equal(before, after) {
				t.Errorf("a refused erasure changed something: %v, before %v", after, before)
			}
		}
		o, err := h.CreateOrder(t.Context(), searcher, engine.NewOrder{
			Currency: "try", Lines: []engine.NewLine{{Name: "Coffee", UnitAmount: 1999, Quantity: 1}}, Customer: &engine.NewCustomer{Reference: ayse.reference},
		})
		if err != nil {
			t.Fatal(err)
		}
		busy("cancel it")
		// A request that Stripe does not answer.
		if _, err := h.Stripe.AddFault(sandbox.Fault{Method: http.MethodPost, Path: "/v1/payment_intents", Effect: "status", Status: http.StatusServiceUnavailable, Count: 1}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.StartPaymentIntent(t.Context(), searcher, o.ID, engine.PaymentIntentParams{}); err == nil {
			t.Fatal("Stripe answered")
		}
		busy("has not answered")
		h.Advance(time.Minute)
		if _, err := h.Cancel(t.Context(), searcher, o.ID); err != nil {
			t.Fatal(err)
		}
		h.Idle()
		h.WantStatus(o.ID, vezne.OrderCanceled)
		h.Simulate("dispute", map[string]any{"intent": string(l.intent)})
		h.Idle()
		busy("dispute")
	})
}

func TestStripeIsAskedToDeleteItsCustomer(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database))
		l := live(t, h)
		// The first answer gets lost: the request is sent until there is one.
		if _, err := h.Stripe.AddFault(sandbox.Fault{Method: http.MethodDelete, Path: "/v1/customers/*", Effect: "status", Status: http.StatusServiceUnavailable, Count: 1}); err != nil {
			t.Fatal(err)
		}
		e, err := h.EraseCustomer(t.Context(), searcher, vezne.CustomerQuery{StripeCustomer: l.customer}, engine.EraseParams{AtStripe: true})
		if err != nil || len(e.Calls) != 1 {
			t.Fatalf("the erasure: %+v, %v", e, err)
		}
		if c := stripe(t, h, http.MethodGet, "/v1/customers/"+string(l.customer), nil); c["deleted"] == true {
			t.Fatal("the fault was not met")
		}
		h.Advance(time.Minute)
		if c := stripe(t, h, http.MethodGet, "/v1/customers/"+string(l.customer), nil); c["deleted"] != true {
			t.Errorf("Stripe still has %v", c)
		}
		if left := slices.DeleteFunc(traces(t, database), func(s string) bool { return !strings.Contains(s, ayse.reference) }); len(left) > 0 {
			t.Errorf("left of the record: %v", left)
		}
		whole(t, h, true)
	})
}

func TestAnExportHoldsEverythingThatIsKept(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database), veznetest.WithConfig(func(c *engine.Config) { c.BodyKey = bytes.Repeat([]byte{7}, 32) }))
		l := live(t, h)
		a := h.Call(http.MethodPost, "/v1/customer-exports", fmt.Sprintf(`{"email":%q}`, ayse.email))
		var x vezne.CustomerExport
		if err := a.Decode(&x); err != nil || a.Status != http.StatusOK {
			t.Fatalf("%d %s: %v", a.Status, a.Body, err)
		}
		if x.Object != "customer_export" || x.Version != 1 || len(x.Customers) != 1 || len(x.Orders) != 4 || len(x.Answers) != 4 || len(x.Customers[0].PaymentMethods) != 1 {
			t.Errorf("%d customers, %d orders, %d answers", len(x.Customers), len(x.Orders), len(x.Answers))
		}
		for _, o := range x.Orders {
			if (o.Order.ID == l.canceled) != (o.Invoice == nil) || len(o.Timeline) == 0 || (o.Order.ID != l.canceled) != (len(o.Objects) > 0 && len(o.Requests) > 0 && len(o.Attempts) > 0) {
				t.Errorf("of order %s: %+v", o.Order.ID, o)
			}
		}
		for _, w := range []string{ayse.reference, ayse.name, ayse.email, ayse.phone, ayse.street, ayse.ip, ayse.note, "insufficient_funds"} {
			if !bytes.Contains(a.Body, []byte(w)) {
				t.Errorf("the export has no %q", w)
			}
		}
		if bytes.Contains(a.Body, []byte("_secret_")) && !bytes.Contains(a.Body, []byte("_secret_[secret]")) {
			t.Error("the export holds a client secret")
		}
		// Each event whose payload tells of her is there, and no other.
		want := 0
		list, err := h.Events(t.Context(), engine.EventFilter{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			full, err := h.Event(t.Context(), e.ID)
			if err != nil {
				t.Fatal(err)
			}
			tells := slices.ContainsFunc(ayseWords, func(w string) bool { return bytes.Contains(full.Body, []byte(w)) })
			listed := slices.ContainsFunc(x.Events, func(k vezne.ExportedEvent) bool { return k.ID == e.ID })
			if tells && !listed {
				t.Errorf("event %s %s tells of her and is left out", e.ID, e.Type)
			}
			if listed {
				want++
			}
		}
		if want != len(x.Events) || want == 0 {
			t.Errorf("%d events in the export, %d of them in the inbox", len(x.Events), want)
		}
		for body, code := range map[string]vezne.Code{`{}`: vezne.CodeInvalidRequest, `{"reference":"x","email":"y@example.com"}`: vezne.CodeInvalidRequest, `{"reference":"nobody"}`: vezne.CodeNotFound} {
			if a := h.Call(http.MethodPost, "/v1/customer-exports", body); !bytes.Contains(a.Body, []byte(code)) {
				t.Errorf("%s: %d %s", body, a.Status, a.Body)
			}
		}
	})
}
