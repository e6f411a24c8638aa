package desk

import (
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/redact"
)

// Limits of what is sent to us, in characters. Source of those of metadata:
// docs.stripe.com/api/metadata.
const (
	maxLines         = 100
	maxQuantity      = 999_999
	maxName          = 250
	maxReference     = 200
	maxEmail         = 512
	maxURL           = 2048
	maxID            = 255
	maxMetadata      = 50
	maxMetadataKey   = 40
	maxMetadataValue = 500
)

// problems collects what is wrong with a request, so that all of it is told at
// once.
type problems struct {
	code   vezne.Code
	fields []vezne.FieldError
}

func (p *problems) add(code vezne.Code, field, format string, args ...any) {
	if p.code == "" {
		p.code = code
	} else if p.code != code {
		p.code = vezne.CodeInvalidRequest
	}
	p.fields = append(p.fields, vezne.FieldError{Field: field, Message: fmt.Sprintf(format, args...)})
}

func (p *problems) wrong(field, format string, args ...any) {
	p.add(vezne.CodeInvalidRequest, field, format, args...)
}

// err returns the error, nil when nothing was wrong. One problem that has a
// code of its own is told in its own words.
func (p *problems) err(op string) error {
	if len(p.fields) == 0 {
		return nil
	}
	message := ""
	if len(p.fields) == 1 && p.code != vezne.CodeInvalidRequest {
		message = p.fields[0].Message
	}
	e := vezne.E(p.code, op, message)
	e.Fields = p.fields
	return e
}

// text checks what people typed, and masks card numbers in it before anything
// is stored.
func (p *problems) text(field, s string, limit int) string {
	s = strings.TrimSpace(s)
	switch {
	case !utf8.ValidString(s):
		p.wrong(field, "It is not valid UTF-8.")
	case strings.ContainsFunc(s, isControl):
		p.wrong(field, "It holds control characters.")
	case utf8.RuneCountInString(s) > limit:
		p.wrong(field, "It has more than %d characters.", limit)
	}
	return redact.Text(s)
}

// exact checks what must not be changed, such as an identifier: a card number
// in it is refused.
func (p *problems) exact(field, s string, limit int) string {
	if p.text(field, s, limit) != strings.TrimSpace(s) {
		p.wrong(field, "It looks like a card number, which does not belong here.")
	}
	return strings.TrimSpace(s)
}

// isControl covers control characters and those that turn the direction of
// writing, with which a text can be made to look like another.
func isControl(r rune) bool {
	return unicode.IsControl(r) || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// email checks that something could be an address; whether it is one, only a
// mail can tell.
func (p *problems) email(field, s string) string {
	if s = p.exact(field, s, maxEmail); s == "" {
		return ""
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || !strings.Contains(s[strings.LastIndexByte(s, '@')+1:], ".") {
		p.wrong(field, "It is not an e-mail address.")
	}
	return s
}

// address checks an absolute URL.
func (p *problems) address(field, s string) {
	if s == "" {
		return
	}
	u, err := url.Parse(p.exact(field, s, maxURL))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		p.wrong(field, "It is not an absolute URL such as https://shop.example.com/thanks.")
	}
}

// id checks an identifier of Stripe with a prefix, and reports whether it may
// be one.
func (p *problems) id(field, s string, prefixes ...string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(s, prefix) && len(s) <= maxID && !strings.ContainsFunc(s, notInID) && redact.Text(s) == s {
			return true
		}
	}
	p.wrong(field, "It is not an identifier of Stripe that begins with %s.", strings.Join(prefixes, " or "))
	return false
}

func notInID(r rune) bool {
	return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_'
}

func (p *problems) oneOf(field, s string, choices ...string) {
	for _, c := range choices {
		if s == c {
			return
		}
	}
	p.wrong(field, "It is none of %s.", strings.Join(choices[1:], ", "))
}

func (p *problems) metadata(field string, m map[string]string) map[string]string {
	if len(m) > maxMetadata {
		p.wrong(field, "It has more than %d pairs.", maxMetadata)
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		at := field + "." + k
		if k == "" || strings.ContainsAny(k, "[]") {
			p.wrong(at, "A key is not empty and has no brackets.")
		}
		lines := strings.NewReplacer("\n", " ", "\r", " ", "\t", " ").Replace(v)
		p.text(at, lines, maxMetadataValue)
		out[p.exact(at, k, maxMetadataKey)] = redact.Text(v)
	}
	return out
}
