package sandbox

import (
	"bytes"
	"fmt"
	"strings"
)

// pdfDocument is a PDF of plain pages: text in Helvetica, which every reader has, and thin lines. Lengths are points, from
// the upper left corner of an A4 page.
type pdfDocument struct {
	title string
	pages []*bytes.Buffer
}

// The size of A4, and of the margin around the text.
const (
	pdfWidth  = 595.0
	pdfHeight = 842.0
	pdfMargin = 50.0
)

// pdfEncoding puts the Turkish letters where WinAnsi has none that are needed, as code page 1254 does.
const pdfEncoding = "<< /Type /Encoding /BaseEncoding /WinAnsiEncoding /Differences [208 /Gbreve 221 /Idotaccent 222 /Scedilla 240 /gbreve 253 /dotlessi 254 /scedilla] >>"

// pdfCodes are the codes of characters that are not their own code; the lira's sign has no glyph.
var pdfCodes = map[rune]string{
	'Ğ': "\xd0", 'İ': "\xdd", 'Ş': "\xde", 'ğ': "\xf0", 'ı': "\xfd", 'ş': "\xfe", '€': "\x80", '–': "\x96", '—': "\x97", '‘': "\x91", '’': "\x92", '“': "\x93", '”': "\x94", '•': "\x95", '…': "\x85", '₺': "TL ",
}

// pdfWidths are the widths of ASCII from the space on, in thousandths of the size (Adobe's metrics of Helvetica).
var pdfWidths = [...]int{
	278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
	1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
	333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
}

// pdfText is a text in the document's encoding; what it does not have becomes a question mark.
func pdfText(s string) string {
	var b strings.Builder
	for _, r := range s {
		code, special := pdfCodes[r]
		switch {
		case special:
			b.WriteString(code)
		case r == '\u00a0':
			b.WriteByte(' ')
		case r < ' ':
			b.WriteByte(' ')
		case r < 0x7f, r >= 0xa0 && r <= 0xff && !strings.ContainsRune("ÐÝÞðýþ", r):
			b.WriteByte(byte(r))
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}

// pdfLength is how long a text is at a size.
func pdfLength(s string, size float64) float64 {
	sum := 0
	for _, c := range []byte(pdfText(s)) {
		switch at := int(c) - ' '; {
		case at >= 0 && at < len(pdfWidths):
			sum += pdfWidths[at]
		default:
			sum += 556
		}
	}
	return float64(sum) * size / 1000
}

// addPage begins a new page.
func (d *pdfDocument) addPage() { d.pages = append(d.pages, &bytes.Buffer{}) }

func (d *pdfDocument) page() *bytes.Buffer { return d.pages[len(d.pages)-1] }

// text writes a line of text that begins at x; its feet stand at y.
func (d *pdfDocument) text(x, y, size float64, bold bool, s string) {
	pdfWrite(d.page(), x, y, size, bold, s)
}

func pdfWrite(page *bytes.Buffer, x, y, size float64, bold bool, s string) {
	font := "F1"
	if bold {
		font = "F2"
	}
	escaped := strings.NewReplacer(`\`, `\\`, `(`, `\(`, `)`, `\)`).Replace(pdfText(s))
	fmt.Fprintf(page, "BT /%s %.2f Tf %.2f %.2f Td (%s) Tj ET\n", font, size, x, pdfHeight-y, escaped)
}

// right writes a line of text that ends at x.
func (d *pdfDocument) right(x, y, size float64, bold bool, s string) {
	d.text(x-pdfLength(s, size), y, size, bold, s)
}

// rule draws a thin line across the page.
func (d *pdfDocument) rule(x1, x2, y float64) {
	fmt.Fprintf(d.page(), "0.8 G 0.5 w %.2f %.2f m %.2f %.2f l S\n", x1, pdfHeight-y, x2, pdfHeight-y)
}

// pdfWrap breaks a text into lines that are no longer than width.
func pdfWrap(s string, size, width float64) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		for pdfLength(word, size) > width { // a word that is longer than a line
			cutAt := len([]rune(word))
			for cutAt > 1 && pdfLength(string([]rune(word)[:cutAt]), size) > width {
				cutAt--
			}
			if line != "" {
				lines, line = append(lines, line), ""
			}
			lines, word = append(lines, string([]rune(word)[:cutAt])), string([]rune(word)[cutAt:])
		}
		if next := strings.TrimSpace(line + " " + word); pdfLength(next, size) <= width {
			line = next
			continue
		}
		lines, line = append(lines, line), word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// encode writes the file: catalogue, fonts, pages, and where each of them stands.
func (d *pdfDocument) encode() []byte {
	var b bytes.Buffer
	var at []int
	object := func(body string) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(at), body)
	}
	b.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	const firstPage = 6
	kids := make([]string, len(d.pages))
	for i := range d.pages {
		kids[i] = fmt.Sprintf("%d 0 R", firstPage+2*i)
	}
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object(fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(d.pages)))
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding " + pdfEncoding + " >>")
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding " + pdfEncoding + " >>")
	object("<< /Title (" + strings.NewReplacer(`\`, `\\`, `(`, `\(`, `)`, `\)`).Replace(pdfText(d.title)) + ") /Producer (Vezne sandbox) >>")
	for i, page := range d.pages {
		object(fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.0f %.0f] /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents %d 0 R >>", pdfWidth, pdfHeight, firstPage+2*i+1))
		object(fmt.Sprintf("<< /Length %d >>\nstream\n%sendstream", page.Len(), page.String()))
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, table)
	return b.Bytes()
}
