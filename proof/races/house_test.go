// Package races holds one test for each scenario of races, of money and of
// attacks, through public doors and on both databases. README.md says which
// test proves which scenario.
package races

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/internal/store/storetest"
	"github.com/vezne/vezne/sandbox"
	"github.com/vezne/vezne/veznetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// seed decides everything that chance decides in the sandbox.
const seed = 20260117

// by is who asks in the application's name.
var by = vezne.Actor{Kind: vezne.ActorAPI, Name: "shop"}

// house is a desk, an offline Stripe, and a witness who counts what was
// shipped in a table that the desk does not know.
type house struct {
	*veznetest.House
	t        *testing.T
	database string
	db       *sql.DB
}

// each runs a scenario on both databases, side by side with all others, and
// checks at its end what must hold whatever happened.
func each(t *testing.T, run func(h *house), with ...veznetest.Option) {
	t.Helper()
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		h := open(t, url, with...)
		run(h)
		h.whole()
	})
}

// openOn is open on a database of a kind.
func openOn(t *testing.T, kind string, with ...veznetest.Option) *house {
	t.Helper()
	urls := map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres}
	return open(t, urls[kind](t), with...)
}

func open(t *testing.T, database string, with ...veznetest.Option) *house {
	t.Helper()
	h := &house{t: t, database: database}
	h.House = veznetest.New(t, append([]veznetest.Option{
		veznetest.WithDatabase(database), veznetest.WithSandbox(func(o *sandbox.Options) { o.Seed = seed }), veznetest.WithHooks(h.witness),
	}, with...)...)
	return h
}

// witness has each Paid order shipped, in the transaction that pays it.
func (h *house) witness(e *engine.Engine) {
	if h.db == nil {
		h.db = storetest.DB(h.t, h.database)
		h.exec("CREATE TABLE ships (order_id TEXT NOT NULL)")
	}
	e.OnOrderPaid(func(ctx context.Context, tx *sql.Tx, o vezne.OrderView) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO ships (order_id) VALUES ($1)", string(o.ID))
		return err
	})
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) exec(statement string, args ...any) {
	h.t.Helper()
	_, err := h.db.ExecContext(h.t.Context(), statement, args...)
	h.must(err)
}

func (h *house) count(query string, args ...any) int {
	h.t.Helper()
	n := 0
	h.must(h.db.QueryRowContext(h.t.Context(), query, args...).Scan(&n))
	return n
}

// shipped returns how often an order was shipped.
func (h *house) shipped(id vezne.OrderID) int {
	h.t.Helper()
	return h.count("SELECT COUNT(*) FROM ships WHERE order_id = $1", string(id))
}

// whole checks the invariants: each paid order has one paying line, one invoice
// and one shipment, an unpaid one has none; numbers have no gap; nothing waits
// under a lease; the audit trail is whole; a search finds nothing that differs;
// no secret is in the log.
func (h *house) whole() {
	h.t.Helper()
	h.Idle()
	orders, err := h.Orders(h.t.Context(), engine.OrderFilter{Limit: 1000})
	h.must(err)
	var numbers []string
	for _, o := range orders {
		want := 0
		if o.PaidAt != nil {
			want = 1
			h.WantPaidOnce(o.ID)
			numbers = append(numbers, o.InvoiceNumber)
		}
		if got := h.shipped(o.ID); got != want {
			h.t.Errorf("order %s (%s) was shipped %d times, want %d", o.ID, o.Status(), got, want)
		}
	}
	slices.Sort(numbers)
	for i, number := range numbers {
		if want := fmt.Sprintf("%06d", i+1); !strings.HasSuffix(number, want) {
			h.t.Errorf("invoice number %d is %s, want it to end with %s", i+1, number, want)
		}
	}
	audit, err := h.VerifyAudit(h.t.Context())
	if err != nil || audit.Broken != "" {
		h.t.Errorf("the audit trail: %+v, %v", audit, err)
	}
	h.WantNoSecrets()
}

// agrees checks that a search through Stripe's lists finds nothing that differs.
func (h *house) agrees(since time.Duration) {
	h.t.Helper()
	r, err := h.Reconcile(h.t.Context(), by, engine.ReconcileParams{Since: h.Clock.Now().Add(-since), DryRun: true})
	if err != nil || r.State != vezne.ReconciliationComplete || r.Found != 0 {
		h.t.Errorf("a search finds %d differences (%s, %v): %+v", r.Found, r.State, err, r.Findings)
	}
}

// stripe calls Stripe's API with a key; form is encoded.
func (h *house) stripe(key, method, path, form string) (status int, body map[string]any) {
	h.t.Helper()
	var content io.Reader = http.NoBody
	if method == http.MethodPost {
		content = strings.NewReader(form)
	} else if form != "" {
		path += "?" + form
	}
	req, err := http.NewRequestWithContext(h.t.Context(), method, veznetest.SandboxURL+path, content)
	h.must(err)
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, _, b := h.send(req)
	h.must(json.Unmarshal(b, &body))
	return status, body
}

// dashboard calls Stripe's API as somebody at Stripe's dashboard would.
func (h *house) dashboard(method, path, form string) map[string]any {
	h.t.Helper()
	status, body := h.stripe(h.Keys.Secret.Reveal(), method, path, form)
	if status != http.StatusOK {
		h.t.Fatalf("%s %s: %d: %v", method, path, status, body)
	}
	return body
}

// buyerPays confirms an intent from the buyer's browser, straight at Stripe.
func (h *house) buyerPays(i engine.PaymentIntent, number string) (status int, body map[string]any) {
	h.t.Helper()
	form := url.Values{
		"client_secret": {i.ClientSecret.Reveal()}, "return_url": {veznetest.DeskURL + "/back"}, "payment_method_data[type]": {"card"}, "payment_method_data[card][number]": {number},
		"payment_method_data[card][exp_month]": {"12"}, "payment_method_data[card][exp_year]": {"2034"}, "payment_method_data[card][cvc]": {"123"},
	}
	return h.stripe(h.Keys.Publishable, http.MethodPost, "/v1/payment_intents/"+string(i.ID)+"/confirm", form.Encode())
}

// intent makes, or gets, the open PaymentIntent of an order for a client.
func (h *house) intent(id vezne.OrderID, client string) (engine.PaymentIntent, error) {
	h.t.Helper()
	return h.StartPaymentIntent(h.t.Context(), by, id, engine.PaymentIntentParams{Client: client, Replace: true})
}

// visit asks for a page of the desk, or sends a form to it. headers are pairs.
func (h *house) visit(method, path, form string, headers ...string) (status int, header http.Header, body string) {
	h.t.Helper()
	var content io.Reader = http.NoBody
	if form != "" {
		content = strings.NewReader(form)
	}
	req, err := http.NewRequestWithContext(h.t.Context(), method, veznetest.DeskURL+path, content)
	h.must(err)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if form != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	status, header, b := h.send(req)
	return status, header, string(b)
}

func (h *house) send(req *http.Request) (int, http.Header, []byte) {
	h.t.Helper()
	res, err := h.Client.Do(req)
	h.must(err)
	b, err := io.ReadAll(res.Body)
	h.must(err)
	h.must(res.Body.Close())
	return res.StatusCode, res.Header, b
}

// rows counts the rows of one of Stripe's lists.
func (h *house) rows(path string) int {
	h.t.Helper()
	list, ok := h.dashboard(http.MethodGet, path, "limit=100")["data"].([]any)
	if !ok {
		h.t.Fatalf("%s is no list", path)
	}
	return len(list)
}

// asked counts the requests that Stripe got since the last time.
func (h *house) asked(method, path string) int {
	h.t.Helper()
	list, err := h.Stripe.Requests(sandbox.CallFilter{Method: method, Path: path})
	h.must(err)
	return len(list)
}

// events returns Stripe's events of a type as it sends them, newest first.
func (h *house) events(typ string) []json.RawMessage {
	h.t.Helper()
	var all []json.RawMessage
	for after := ""; ; {
		page := h.dashboard(http.MethodGet, "/v1/events", "limit=100&type="+typ+after)
		list, ok := page["data"].([]any)
		if !ok {
			h.t.Fatal("Stripe lists no events")
		}
		for _, e := range list {
			b, err := json.Marshal(e)
			h.must(err)
			all = append(all, b)
			after = "&starting_after=" + e.(map[string]any)["id"].(string)
		}
		if page["has_more"] != true {
			return all
		}
	}
}

// deliver sends an event as Stripe would, and returns the answer's status.
func (h *house) deliver(f sandbox.Forgery) int {
	sent, err := h.Stripe.Forge(h.t.Context(), f)
	if err != nil {
		h.t.Errorf("an event cannot be sent: %v", err)
	}
	return sent.Status
}

// edited returns an event with some of its fields changed; a path is parted by
// dots.
func (h *house) edited(event json.RawMessage, changes map[string]any) json.RawMessage {
	h.t.Helper()
	var e map[string]any
	h.must(json.Unmarshal(event, &e))
	for path, value := range changes {
		in, keys := e, strings.Split(path, ".")
		for _, key := range keys[:len(keys)-1] {
			next, ok := in[key].(map[string]any)
			if !ok {
				h.t.Fatalf("the event has no %s", path)
			}
			in = next
		}
		in[keys[len(keys)-1]] = value
	}
	b, err := json.Marshal(e)
	h.must(err)
	return b
}

// state returns what became of an event here.
func (h *house) state(id string) vezne.Event {
	h.t.Helper()
	e, err := h.Event(h.t.Context(), vezne.EventID(id))
	h.must(err)
	return e
}

// hold keeps all deliveries back until let is called, which lets them go in an
// order.
func (h *house) hold() (let func(order string, seed uint64)) {
	h.t.Helper()
	f, err := h.Stripe.AddDeliveryFault(sandbox.DeliveryFault{Effect: "hold"})
	h.must(err)
	return func(order string, seed uint64) {
		h.t.Helper()
		h.must(h.Stripe.RemoveDeliveryFault(f.ID))
		_, err := h.Stripe.Release(sandbox.Release{Order: order, Seed: seed})
		h.must(err)
	}
}
