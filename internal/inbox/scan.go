package inbox

import (
	"bytes"
	"errors"
	"strconv"
	"unicode/utf8"
)

// envelope is what the inbox needs of an event: all of it stands at the top
// level or at the top of data.object. type and livemode come after data.
type envelope struct {
	id, kind, apiVersion, account string
	objectID, objectType          string
	created                       int64
	livemode                      bool
}

// scan reads an envelope in one pass without building anything of the rest. It
// accepts exactly what encoding/json accepts; a fuzz test holds the two
// together. Later duplicates of a key win, as there.
func scan(body []byte) (envelope, error) {
	var e envelope
	p := parser{b: body}
	p.space()
	err := p.object(func(key []byte) error {
		switch string(key) {
		case "id":
			return p.text(&e.id)
		case "type":
			return p.text(&e.kind)
		case "api_version":
			return p.text(&e.apiVersion)
		case "account":
			return p.text(&e.account)
		case "created":
			return p.integer(&e.created)
		case "livemode":
			return p.boolean(&e.livemode)
		case "data":
			return p.within(func(key []byte) error {
				if string(key) != "object" {
					return p.skip()
				}
				return p.within(func(key []byte) error {
					switch string(key) {
					case "id":
						return p.text(&e.objectID)
					case "object":
						return p.text(&e.objectType)
					}
					return p.skip()
				})
			})
		}
		return p.skip()
	})
	if err != nil {
		return envelope{}, err
	}
	p.space()
	if p.i != len(p.b) {
		return envelope{}, errSyntax
	}
	if e.id == "" || e.kind == "" {
		return envelope{}, errors.New("an event has an id and a type")
	}
	return e, nil
}

var errSyntax = errors.New("the body is not valid JSON")

// maxDepth bounds nesting, as encoding/json does.
const maxDepth = 10000

// parser walks JSON (RFC 8259) without allocating.
type parser struct {
	b     []byte
	i     int
	depth int
}

func (p *parser) space() {
	for p.i < len(p.b) {
		switch p.b[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

func (p *parser) peek() byte {
	if p.i < len(p.b) {
		return p.b[p.i]
	}
	return 0
}

func (p *parser) expect(c byte) error {
	if p.peek() != c || p.i >= len(p.b) {
		return errSyntax
	}
	p.i++
	return nil
}

// object reads an object and calls member at each value.
func (p *parser) object(member func(key []byte) error) error {
	if err := p.expect('{'); err != nil {
		return err
	}
	p.depth++
	if p.depth > maxDepth {
		return errSyntax
	}
	p.space()
	if p.peek() == '}' {
		p.i++
		p.depth--
		return nil
	}
	for {
		key, err := p.key()
		if err != nil {
			return err
		}
		p.space()
		if err := p.expect(':'); err != nil {
			return err
		}
		p.space()
		if err := member(key); err != nil {
			return err
		}
		p.space()
		switch p.peek() {
		case ',':
			p.i++
			p.space()
		case '}':
			p.i++
			p.depth--
			return nil
		default:
			return errSyntax
		}
	}
}

// within reads an object; null is passed over.
func (p *parser) within(member func(key []byte) error) error {
	if p.peek() == 'n' {
		return p.word("null")
	}
	return p.object(member)
}

func (p *parser) array() error {
	p.i++
	p.depth++
	if p.depth > maxDepth {
		return errSyntax
	}
	p.space()
	if p.peek() == ']' {
		p.i++
		p.depth--
		return nil
	}
	for {
		if err := p.skip(); err != nil {
			return err
		}
		p.space()
		switch p.peek() {
		case ',':
			p.i++
			p.space()
		case ']':
			p.i++
			p.depth--
			return nil
		default:
			return errSyntax
		}
	}
}

// skip passes over one value and checks that it is one.
func (p *parser) skip() error {
	switch c := p.peek(); {
	case c == '{':
		return p.object(func([]byte) error { return p.skip() })
	case c == '[':
		return p.array()
	case c == '"':
		_, _, err := p.quoted()
		return err
	case c == '-' || '0' <= c && c <= '9':
		_, err := p.number()
		return err
	case c == 't':
		return p.word("true")
	case c == 'f':
		return p.word("false")
	case c == 'n':
		return p.word("null")
	}
	return errSyntax
}

func (p *parser) word(w string) error {
	if !bytes.HasPrefix(p.b[p.i:], []byte(w)) {
		return errSyntax
	}
	p.i += len(w)
	return nil
}

// quoted returns what stands between two quotes, and whether it has escapes.
func (p *parser) quoted() (raw []byte, escaped bool, err error) {
	if err := p.expect('"'); err != nil {
		return nil, false, err
	}
	start := p.i
	for p.i < len(p.b) {
		switch c := p.b[p.i]; {
		case c == '"':
			raw = p.b[start:p.i]
			p.i++
			return raw, escaped, nil
		case c < 0x20:
			return nil, false, errSyntax
		case c == '\\':
			escaped = true
			if err := p.escape(); err != nil {
				return nil, false, err
			}
		default:
			p.i++
		}
	}
	return nil, false, errSyntax
}

func (p *parser) escape() error {
	p.i++
	switch p.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		p.i++
		return nil
	case 'u':
		for n := 1; n <= 4; n++ {
			if p.i+n >= len(p.b) || !isHex(p.b[p.i+n]) {
				return errSyntax
			}
		}
		p.i += 5
		return nil
	}
	return errSyntax
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// key returns a member's name, unescaped.
func (p *parser) key() ([]byte, error) {
	raw, escaped, err := p.quoted()
	if err != nil || !escaped {
		return raw, err
	}
	s, err := unescape(raw)
	return []byte(s), err
}

// text reads a string into s; null leaves it as it is.
func (p *parser) text(s *string) error {
	if p.peek() == 'n' {
		return p.word("null")
	}
	if p.peek() != '"' {
		return errors.New("a string was expected")
	}
	raw, escaped, err := p.quoted()
	if err != nil {
		return err
	}
	if !escaped && utf8.Valid(raw) {
		*s = string(raw)
		return nil
	}
	*s, err = unescape(raw)
	return err
}

func (p *parser) boolean(b *bool) error {
	switch p.peek() {
	case 't':
		*b = true
		return p.word("true")
	case 'f':
		*b = false
		return p.word("false")
	case 'n':
		return p.word("null")
	}
	return errors.New("true or false was expected")
}

func (p *parser) integer(n *int64) error {
	if p.peek() == 'n' {
		return p.word("null")
	}
	raw, err := p.number()
	if err != nil {
		return err
	}
	v, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return errors.New("an integer was expected")
	}
	*n = v
	return nil
}

func (p *parser) number() ([]byte, error) {
	start := p.i
	if p.peek() == '-' {
		p.i++
	}
	switch c := p.peek(); {
	case c == '0':
		p.i++
	case '1' <= c && c <= '9':
		p.digits()
	default:
		return nil, errSyntax
	}
	if p.peek() == '.' {
		p.i++
		if !p.digits() {
			return nil, errSyntax
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.i++
		if c := p.peek(); c == '+' || c == '-' {
			p.i++
		}
		if !p.digits() {
			return nil, errSyntax
		}
	}
	return p.b[start:p.i], nil
}

func (p *parser) digits() bool {
	start := p.i
	for p.i < len(p.b) && '0' <= p.b[p.i] && p.b[p.i] <= '9' {
		p.i++
	}
	return p.i > start
}
