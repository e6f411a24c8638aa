package invoice

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"

	"github.com/go-pdf/fpdf"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/text"
)

// The fonts have Turkish letters and the lira sign, which the fonts built into
// PDF readers lack. Their licence is in fonts/LICENSE.
var (
	//go:embed fonts/DejaVuSans.ttf
	regular []byte
	//go:embed fonts/DejaVuSans-Bold.ttf
	bold []byte
)

const (
	family = "DejaVu"
	// margin and width are in millimetres on A4.
	margin = 20.0
	width  = 210.0 - 2*margin
	line   = 5.5
)

// columns are the widths of item, quantity, unit price and amount.
var columns = [4]float64{width - 20 - 35 - 35, 20, 35, 35}

// PDF returns the document of an invoice. The same invoice always gives the
// same bytes. It fails only when the fonts cannot be read.
func PDF(inv vezne.Invoice) ([]byte, error) {
	lang := text.Choose(inv.Locale)
	d := document{Fpdf: fpdf.New("P", "mm", "A4", ""), lang: lang, inv: inv}
	d.SetCreationDate(inv.IssuedAt)
	d.SetModificationDate(inv.IssuedAt)
	d.SetCatalogSort(true)
	d.AddUTF8FontFromBytes(family, "", regular)
	d.AddUTF8FontFromBytes(family, "B", bold)
	d.SetLang(string(lang))
	d.SetTitle(d.say("title")+" "+inv.Number, true)
	d.SetAuthor(inv.Seller.Name, true)
	d.SetProducer("Vezne", true)
	d.SetMargins(margin, margin, margin)
	d.SetAutoPageBreak(true, 30)
	d.AliasNbPages("")
	d.SetFooterFunc(d.footer)
	d.AddPage()
	d.head()
	d.lines()
	d.sums()
	d.payment()
	var b bytes.Buffer
	if err := d.Output(&b); err != nil {
		return nil, fmt.Errorf("invoice: write the PDF of %s: %w", inv.Number, err)
	}
	return b.Bytes(), nil
}

type document struct {
	*fpdf.Fpdf
	lang text.Lang
	inv  vezne.Invoice
}

func (d *document) say(key string, pairs ...any) string {
	return text.Say(d.lang, "invoice."+key, pairs...)
}

func (d *document) money(amount int64) string {
	return text.Money(d.lang, vezne.Money{Amount: amount, Currency: d.inv.Currency})
}

func (d *document) ink(grey int) { d.SetTextColor(grey, grey, grey) }

func (d *document) head() {
	d.SetFont(family, "B", 20)
	d.CellFormat(width, 10, d.say("title"), "", 1, "L", false, 0, "")
	d.Ln(4)
	d.facts([][2]string{
		{d.say("number"), d.inv.Number},
		{d.say("date"), text.Date(d.lang, d.inv.IssuedAt)},
		{d.say("order"), fmt.Sprintf("#%d", d.inv.OrderNumber)},
	})
	d.Ln(6)
	top := d.GetY()
	from := d.party(margin, top, d.say("from"), d.inv.Seller.Name, d.inv.Seller.Address, taxID(d, d.inv.Seller.TaxID), d.inv.Seller.Email)
	to := d.party(margin+width/2, top, d.say("to"), d.inv.CustomerName, d.inv.CustomerEmail)
	d.SetXY(margin, max(from, to)+8)
}

func taxID(d *document, id string) string {
	if id == "" {
		return ""
	}
	return d.say("tax_id") + " " + id
}

// facts writes pairs of label and value, one a line.
func (d *document) facts(pairs [][2]string) {
	for _, p := range pairs {
		d.SetFont(family, "", 9)
		d.ink(90)
		d.CellFormat(45, line, p[0], "", 0, "L", false, 0, "")
		d.ink(0)
		d.CellFormat(width-45, line, p[1], "", 1, "L", false, 0, "")
	}
}

// party writes a block of who sells or buys and returns where it ended.
func (d *document) party(x, y float64, label string, rows ...string) float64 {
	d.SetXY(x, y)
	d.SetFont(family, "", 9)
	d.ink(90)
	d.CellFormat(width/2, line, label, "", 2, "L", false, 0, "")
	d.ink(0)
	for i, row := range rows {
		if strings.TrimSpace(row) == "" {
			continue
		}
		style := ""
		if i == 0 {
			style = "B"
		}
		d.SetFont(family, style, 10)
		d.SetX(x)
		d.MultiCell(width/2-4, line, row, "", "L", false)
	}
	return d.GetY()
}

func (d *document) lines() {
	d.SetFont(family, "B", 9)
	d.SetDrawColor(160, 160, 160)
	for i, key := range []string{"item", "quantity", "unit_amount", "amount"} {
		d.CellFormat(columns[i], 7, d.say(key), "B", 0, align(i), false, 0, "")
	}
	d.Ln(8)
	d.SetFont(family, "", 10)
	for _, l := range d.inv.Lines {
		rows := d.SplitText(l.Name, columns[0]-2)
		if len(rows) == 0 {
			rows = []string{""}
		}
		_, _, _, bottom := d.GetMargins()
		_, height := d.GetPageSize()
		if d.GetY()+float64(len(rows))*line > height-max(bottom, 30) {
			d.AddPage()
		}
		for i, row := range rows {
			cells := [4]string{row}
			if i == 0 {
				cells = [4]string{row, text.Number(d.lang, l.Quantity), d.money(l.UnitAmount), d.money(l.Amount)}
			}
			for c, s := range cells {
				d.CellFormat(columns[c], line, s, "", 0, align(c), false, 0, "")
			}
			d.Ln(line)
		}
		d.Ln(1.5)
	}
}

func align(column int) string {
	if column == 0 {
		return "L"
	}
	return "R"
}

func (d *document) sums() {
	inv := d.inv
	d.Ln(2)
	d.Line(margin, d.GetY(), margin+width, d.GetY())
	d.Ln(3)
	rest := inv.AmountTotal - inv.AmountDiscount + inv.AmountShipping + inv.AmountTax - inv.AmountPaid
	if inv.AmountTotal != inv.AmountPaid {
		d.sum("", d.say("subtotal"), d.money(inv.AmountTotal))
	}
	for _, s := range []struct {
		key    string
		amount int64
	}{{"discount", -inv.AmountDiscount}, {"shipping", inv.AmountShipping}, {"tax", inv.AmountTax}, {"not_charged", -rest}} {
		if s.amount != 0 {
			d.sum("", d.say(s.key), d.money(s.amount))
		}
	}
	d.sum("B", d.say("total"), d.money(inv.AmountPaid))
}

func (d *document) sum(style, label, amount string) {
	d.SetFont(family, style, 11)
	d.CellFormat(width-45, 7, label, "", 0, "R", false, 0, "")
	d.CellFormat(45, 7, amount, "", 1, "R", false, 0, "")
}

func (d *document) payment() {
	d.Ln(8)
	var pairs [][2]string
	if d.inv.Card != "" {
		pairs = append(pairs, [2]string{d.say("paid_with"), d.inv.Card})
	}
	if d.inv.PaymentIntentID != "" {
		pairs = append(pairs, [2]string{d.say("reference"), string(d.inv.PaymentIntentID)})
	}
	d.facts(pairs)
}

func (d *document) footer() {
	d.SetY(-22)
	d.SetFont(family, "", 8)
	d.ink(90)
	d.CellFormat(width, line, d.say("not_fiscal"), "", 1, "C", false, 0, "")
	d.CellFormat(width, line, d.say("page", "page", d.PageNo(), "pages", "{nb}"), "", 0, "C", false, 0, "")
	d.ink(0)
}
