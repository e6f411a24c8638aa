package sandbox

import "strings"

// scanner reads a search query from left to right.
type scanner struct {
	text string
	at   int
}

func (s *scanner) end() bool { return s.at >= len(s.text) }

func (s *scanner) blanks() {
	for !s.end() && (s.text[s.at] == ' ' || s.text[s.at] == '\t' || s.text[s.at] == '\n') {
		s.at++
	}
}

// joint reads AND or OR in any case, "" when the next word is none.
func (s *scanner) joint() string {
	for _, word := range []string{"AND", "OR"} {
		end := s.at + len(word)
		if end < len(s.text) && strings.EqualFold(s.text[s.at:end], word) && s.text[end] == ' ' {
			s.at = end
			return word
		}
	}
	return ""
}

// clause reads [-]field operator value; ok is false when there is none.
func (s *scanner) clause() (c clause, ok bool) {
	if s.take("-") {
		c.negated = true
	}
	start := s.at
	for !s.end() && (isWordByte(s.text[s.at]) || s.text[s.at] == '.') {
		s.at++
	}
	c.path = s.text[start:s.at]
	if c.path == "" {
		return c, false
	}
	if c.path == "metadata" {
		key, ok := s.bracketed()
		if !ok {
			return c, false
		}
		c.path = "metadata." + key
	}
	s.blanks()
	for _, operator := range []string{">=", "<=", ":", "~", ">", "<"} {
		if s.take(operator) {
			c.operator = operator
			break
		}
	}
	s.blanks()
	if c.operator == "" || s.end() {
		return c, false
	}
	if quote := s.text[s.at]; quote == '"' || quote == '\'' {
		c.quoted = true
		c.value, ok = s.quotedText(quote)
		return c, ok
	}
	start = s.at
	for !s.end() && s.text[s.at] != ' ' {
		s.at++
	}
	c.value = s.text[start:s.at]
	return c, true
}

func (s *scanner) take(word string) bool {
	if !strings.HasPrefix(s.text[s.at:], word) {
		return false
	}
	s.at += len(word)
	return true
}

// bracketed reads ["key"].
func (s *scanner) bracketed() (string, bool) {
	if !s.take("[") || s.end() {
		return "", false
	}
	key, ok := s.quotedText(s.text[s.at])
	return key, ok && s.take("]")
}

// quotedText reads a text in quotes; a backslash keeps the next character from ending it.
func (s *scanner) quotedText(quote byte) (string, bool) {
	if quote != '"' && quote != '\'' {
		return "", false
	}
	var out strings.Builder
	for s.at++; !s.end(); s.at++ {
		switch c := s.text[s.at]; {
		case c == quote:
			s.at++
			return out.String(), true
		case c == '\\' && s.at+1 < len(s.text):
			s.at++
			out.WriteByte(s.text[s.at])
		default:
			out.WriteByte(c)
		}
	}
	return "", false
}
