package sandbox

import (
	"bytes"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// sentInvoice makes an open invoice of a Turkish customer, of one item for each description.
func sentInvoice(t *testing.T, sb *Sandbox, descriptions ...string) (id string) {
	t.Helper()
	customer := must(t, sb, "POST", "/v1/customers", "name=Şule+Işık&email=sule@example.com&preferred_locales[0]=tr").str("id")
	for _, description := range descriptions {
		must(t, sb, "POST", "/v1/invoiceitems", "currency=try&amount=75000&customer="+customer+"&description="+url.QueryEscape(description))
	}
	id = must(t, sb, "POST", "/v1/invoices", "currency=try&pending_invoice_items_behavior=include&customer="+customer).str("id")
	must(t, sb, "POST", "/v1/invoices/"+id+"/finalize", "")
	return id
}

func TestTheHostedInvoiceTakesAPayment(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{DisplayName: "Çınar Kahve"})
	id := sentInvoice(t, sb, "Türk kahvesi <b>250 g</b>")
	body := get(t, sb, "/i/"+id).Body.String()
	for _, want := range []string{`<html lang="tr">`, "₺750,00", "Türk kahvesi &lt;b&gt;250 g&lt;/b&gt;", "Çınar Kahve", `id="cardNumber"`, `data-testid="hosted-invoice-submit-button"`, "/i/" + id + "/pdf?lang=tr"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if english := get(t, sb, "/i/"+id+"?lang=en").Body.String(); !strings.Contains(english, "₺750.00") || !strings.Contains(english, "Invoice from Çınar Kahve") {
		t.Error("the page does not speak English when it is asked to")
	}
	page := call(t, sb, "GET", "/v1/invoice_pages/"+id, "", "Authorization", "")
	intent, secret := page.str("payment_intent.id"), page.str("payment_intent.client_secret")
	paid := must(t, sb, "POST", "/v1/payment_intents/"+intent+"/confirm", "client_secret="+secret+"&use_stripe_sdk=true&payment_method_data[type]=card&payment_method_data[card][number]=4242424242424242"+
		"&payment_method_data[card][exp_month]=12&payment_method_data[card][exp_year]=2034&payment_method_data[card][cvc]=123", "Authorization", "Bearer "+page.str("publishable_key"))
	if paid.str("status") != "succeeded" {
		t.Fatalf("the payment: %s", paid.body)
	}
	if status := must(t, sb, "GET", "/v1/invoices/"+id, "").str("status"); status != "paid" {
		t.Errorf("the invoice is %s", status)
	}
	over := get(t, sb, "/i/"+id).Body.String()
	if strings.Contains(over, "cardNumber") || !strings.Contains(over, "Bu fatura ödendi") {
		t.Error("the page of a paid invoice still takes cards")
	}
}

// A page that nobody may pay says so; a draft has none, and what the shop keeps for itself is not on it.
func TestTheHostedInvoiceIsHonestAboutItsState(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	id := sentInvoice(t, sb, "Kahve")
	must(t, sb, "POST", "/v1/invoices/"+id, "metadata[margin]=secret")
	if page := call(t, sb, "GET", "/v1/invoice_pages/"+id, "", "Authorization", ""); strings.Contains(page.body, "margin") {
		t.Error("metadata is shown to whoever has the link")
	}
	must(t, sb, "POST", "/v1/invoices/"+id+"/void", "")
	if body := get(t, sb, "/i/"+id+"?lang=en").Body.String(); !strings.Contains(body, "This invoice was voided") || strings.Contains(body, "cardNumber") {
		t.Errorf("the page of a void invoice: %s", body)
	}
	customer := must(t, sb, "POST", "/v1/customers", "").str("id")
	draft := must(t, sb, "POST", "/v1/invoices", "customer="+customer).str("id")
	for _, path := range []string{"/i/" + draft, "/i/in_nobody", "/i/" + draft + "/pdf", "/credit_notes/cn_nobody/pdf"} {
		if w := get(t, sb, path); w.Code != 404 {
			t.Errorf("%s answered %d", path, w.Code)
		}
	}
}

// The page says what an invoice waits for, and simulate does what its buyer would.
func TestTheHostedInvoiceTellsItsState(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	shows := func(id, state string, payable bool) {
		t.Helper()
		body := get(t, sb, "/i/"+id+"?lang=en").Body.String()
		if !strings.Contains(body, `<dd id="state">`+state+`</dd>`) || strings.Contains(body, "cardNumber") != payable {
			t.Errorf("the page of %s does not say %q, or takes cards when it should not", id, state)
		}
	}
	pay := func(id, method string) error {
		t.Helper()
		return simulate(t, sb, "invoice", map[string]any{"invoice": id, "payment_method": method})
	}
	id := sentInvoice(t, sb, "Kahve")
	shows(id, "Open", true)
	if err := pay(id, "pm_card_chargeDeclined"); err == nil {
		t.Error("a declined card paid")
	}
	shows(id, "Open", true)
	if err := pay(id, "pm_card_authenticationRequired"); err != nil {
		t.Fatal(err)
	}
	shows(id, "Open, to be authenticated", true)
	intent := call(t, sb, "GET", "/v1/invoice_pages/"+id, "", "Authorization", "").str("payment_intent.id")
	if err := simulate(t, sb, "3ds", map[string]any{"intent": intent, "result": "succeed"}); err != nil {
		t.Fatal(err)
	}
	shows(id, "Paid", false)
	if err := pay(id, ""); err == nil {
		t.Error("a paid invoice was paid again")
	}
	customer := must(t, sb, "POST", "/v1/customers", "").str("id")
	late := must(t, sb, "POST", "/v1/invoices", "collection_method=send_invoice&days_until_due=2&customer="+customer).str("id")
	must(t, sb, "POST", "/v1/invoiceitems", "currency=usd&amount=900&customer="+customer+"&invoice="+late)
	must(t, sb, "POST", "/v1/invoices/"+late+"/finalize", "")
	must(t, sb, "POST", "/_sandbox/clock", `{"advance_seconds":259200}`)
	shows(late, "Past due", true)
	must(t, sb, "POST", "/v1/invoices/"+late+"/mark_uncollectible", "")
	shows(late, "Uncollectible", true)
	if err := pay(late, ""); err != nil {
		t.Fatal(err)
	}
	shows(late, "Paid", false)
}

// checkPDF reads a PDF's table of objects: each stands where the table says.
func checkPDF(t *testing.T, file []byte) (pages int) {
	t.Helper()
	start := bytes.LastIndex(file, []byte("startxref\n"))
	if !bytes.HasPrefix(file, []byte("%PDF-1.4")) || start < 0 {
		t.Fatalf("no PDF: %.60q", file)
	}
	at, err := strconv.Atoi(strings.Fields(string(file[start:]))[1])
	if err != nil || !bytes.HasPrefix(file[at:], []byte("xref\n0 ")) {
		t.Fatalf("the table does not stand at %d: %v", at, err)
	}
	rows := strings.Split(string(file[at:start]), "\n")[2:]
	for n, row := range rows {
		if !strings.HasSuffix(row, " n ") {
			continue
		}
		offset, err := strconv.Atoi(row[:10])
		if want := fmt.Sprintf("%d 0 obj", n); err != nil || !bytes.HasPrefix(file[offset:], []byte(want)) {
			t.Errorf("object %d does not stand at %d: %v", n, offset, err)
		}
	}
	return bytes.Count(file, []byte("/Type /Page /Parent"))
}

func TestAnInvoiceIsPrinted(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{DisplayName: "Çınar Kahve"})
	id := sentInvoice(t, sb, "Işıl (ince)")
	w := get(t, sb, "/i/"+id+"/pdf")
	if w.Header().Get("Content-Type") != "application/pdf" || checkPDF(t, w.Body.Bytes()) != 1 {
		t.Errorf("the PDF: %s", w.Header())
	}
	number := must(t, sb, "GET", "/v1/invoices/"+id, "").str("number")
	// ş, ı are 0xfe and 0xfd in the document's encoding; parentheses are escaped.
	for _, want := range []string{number, "I\xfe\xfdl \\(ince\\)", "TL 750,00", "\xc7\xfdnar Kahve"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the PDF lacks %q", want)
		}
	}
	long := make([]string, 60)
	for i := range long {
		long[i] = "Kahve " + strings.Repeat("uzun ", i)
	}
	if pages := checkPDF(t, get(t, sb, "/i/"+sentInvoice(t, sb, long...)+"/pdf").Body.Bytes()); pages < 3 {
		t.Errorf("60 lines stand on %d pages", pages)
	}
	note := must(t, sb, "POST", "/v1/credit_notes", "amount=25000&memo=Özür&invoice="+id)
	u, err := url.Parse(note.str("pdf"))
	if err != nil {
		t.Fatal(err)
	}
	printed := get(t, sb, u.Path)
	if checkPDF(t, printed.Body.Bytes()) != 1 || !strings.Contains(printed.Body.String(), note.str("number")) || !strings.Contains(printed.Body.String(), "\xd6z\xfcr") {
		t.Errorf("the credit note's PDF: %.300q", printed.Body.String())
	}
}
