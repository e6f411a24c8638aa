package sandbox

import (
	"net/http"
	"strings"
	"testing"
)

// A finalised quote has a PDF of its number, lines, sums and texts, in the customer's language; a draft has none.
func TestAQuoteHasAPDF(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	customer := must(t, sb, "POST", "/v1/customers", "name=Elif+Demir&email=elif@example.com&preferred_locales[0]=tr").str("id")
	product := must(t, sb, "POST", "/v1/products", "name=Servis").str("id")
	price := must(t, sb, "POST", "/v1/prices", "currency=usd&unit_amount=12500&product="+product).str("id")
	must(t, sb, "POST", "/v1/coupons", "id=TEN&percent_off=10")
	quote := must(t, sb, "POST", "/v1/quotes", "customer="+customer+"&line_items[0][price]="+price+"&line_items[0][quantity]=2&discounts[0][coupon]=TEN&header=Hello&footer=Thank+you").str("id")
	if early := call(t, sb, "GET", "/v1/quotes/"+quote+"/pdf", ""); early.status != http.StatusBadRequest || early.str("error.code") != "quote_not_finalized" {
		t.Errorf("a draft's PDF: %d %s", early.status, early.body)
	}
	number := must(t, sb, "POST", "/v1/quotes/"+quote+"/finalize", "").str("number")
	pdf := call(t, sb, "GET", "/v1/quotes/"+quote+"/pdf", "")
	if pdf.status != http.StatusOK || !strings.HasPrefix(pdf.body, "%PDF-1.4") || !strings.HasSuffix(pdf.body, "%%EOF\n") {
		t.Fatalf("the PDF: %d %.40q", pdf.status, pdf.body)
	}
	if kind := pdf.header.Get("Content-Type"); kind != "application/pdf" {
		t.Errorf("its type is %q", kind)
	}
	for _, want := range []string{"Teklif", number, "Elif Demir", "Servis", "$125,00", "$250,00", "-$25,00", "$225,00", "Hello", "Thank you"} {
		if !strings.Contains(pdf.body, "("+want+")") {
			t.Errorf("it does not say %q", want)
		}
	}
	if gone := call(t, sb, "GET", "/v1/quotes/qt_none/pdf", ""); gone.status != http.StatusNotFound {
		t.Errorf("the PDF of no quote: %d %s", gone.status, gone.body)
	}
}
