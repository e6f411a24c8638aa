package invoice_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/invoice"
)

func sample(locale string) vezne.Invoice {
	return vezne.Invoice{
		Number: "VZ-2026-000042", Series: "2026", Seq: 42, Locale: locale, Currency: "try", OrderNumber: 1007,
		Lines: []vezne.OrderLine{
			{Name: "İnce belli çay bardağı, altılı, ŞÇÖÜĞİ şçöüğı", UnitAmount: 12345, Quantity: 10, Amount: 123450},
			{Name: strings.Repeat("Uzun bir ürün adı ", 8), UnitAmount: 6, Quantity: 1, Amount: 6},
		},
		AmountTotal: 123456, AmountDiscount: 3456, AmountPaid: 120000,
		CustomerName: "Çağrı Öğüş", CustomerEmail: "cagri@example.com",
		Seller:          vezne.Seller{Name: "Örnek Dükkân", Address: "Şair Eşref Blv. 1\nİzmir", TaxID: "1234567890", Email: "dukkan@example.com"},
		PaymentIntentID: "pi_3Sample", Card: "visa •••• 4242",
		IssuedAt: time.Date(2026, 2, 3, 14, 5, 0, 0, time.UTC),
	}
}

// words returns the text of a PDF as a reader extracts it.
func words(t *testing.T, pdf []byte) string {
	t.Helper()
	cmd := exec.Command("pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("pdftotext (package poppler-utils): %v %s", err, stderr.String())
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

func TestPDFSaysEverythingInTheOrdersLanguage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		locale string
		want   []string
	}{
		{"tr", []string{"Satış belgesi", "VZ-2026-000042", "3 Şubat 2026", "#1007", "İnce belli çay bardağı, altılı, ŞÇÖÜĞİ", "₺1.234,50", "₺1.234,56",
			"−₺34,56", "₺1.200,00", "Çağrı Öğüş", "Örnek Dükkân", "İzmir", "1234567890", "visa •••• 4242", "mali değeri olan bir fatura değildir", "Sayfa 1 / 1"}},
		{"en", []string{"Receipt", "VZ-2026-000042", "February 3, 2026", "₺1,200.00", "Discount", "Çağrı Öğüş", "not a fiscal invoice", "Page 1 of 1"}},
	} {
		pdf, err := invoice.PDF(sample(tt.locale))
		if err != nil {
			t.Fatal(err)
		}
		got := words(t, pdf)
		for _, w := range tt.want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: %q is missing in %q", tt.locale, w, got)
			}
		}
	}
}

func TestPDFIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	a, err := invoice.PDF(sample("tr"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := invoice.PDF(sample("tr"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Error("two renderings of one invoice differ")
	}
}

func TestPDFOfManyLinesBreaksPagesAndKeepsTheSum(t *testing.T) {
	t.Parallel()
	inv := sample("en")
	inv.Lines = nil
	for i := range 100 {
		inv.Lines = append(inv.Lines, vezne.OrderLine{Name: fmt.Sprintf("Item %03d", i), UnitAmount: 100, Quantity: 1, Amount: 100})
	}
	inv.AmountTotal, inv.AmountDiscount, inv.AmountPaid = 10000, 0, 10000
	pdf, err := invoice.PDF(inv)
	if err != nil {
		t.Fatal(err)
	}
	got := words(t, pdf)
	for _, w := range []string{"Item 000", "Item 099", "₺100.00", "Page 4 of 4"} {
		if !strings.Contains(got, w) {
			t.Errorf("%q is missing", w)
		}
	}
}

func TestNumbersSortAndSeriesIsTheYearInUTC(t *testing.T) {
	t.Parallel()
	if got := invoice.Number("2026", 42); got != "VZ-2026-000042" {
		t.Errorf("Number = %q", got)
	}
	zone := time.FixedZone("TRT", 3*3600)
	if got := invoice.Series(time.Date(2027, 1, 1, 1, 0, 0, 0, zone)); got != "2026" {
		t.Errorf("Series = %q, want the year in UTC", got)
	}
}
