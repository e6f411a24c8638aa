package sandbox

import (
	"bytes"
	"net/http"
	"strings"
)

// peekHead gives the lines of an answer up to the empty one, without taking them off the connection. It is nil when they
// do not fit into the buffer.
func (w *wire) peekHead() ([]byte, error) {
	for {
		text, err := w.in.Peek(w.in.Buffered())
		if err != nil {
			return nil, err
		}
		if end := headEnd(text); end > 0 {
			return text[:end], nil
		}
		if len(text) == w.in.Size() {
			return nil, nil
		}
		if _, err := w.in.Peek(len(text) + 1); err != nil {
			return nil, err
		}
	}
}

// headEnd is where the body begins, 0 when the empty line is not there yet. Lines end with a line feed, mostly with a
// carriage return before it.
func headEnd(text []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(text[at:], '\n')
		if i < 0 {
			return 0
		}
		at += i + 1
		switch rest := text[at:]; {
		case bytes.HasPrefix(rest, []byte("\n")):
			return at + 1
		case bytes.HasPrefix(rest, []byte("\r\n")):
			return at + 2
		}
	}
}

// simpleHead reads status and length of an answer's head. ok is false for all that is not as plain as can be.
func simpleHead(head []byte) (status, length int, ok bool) {
	line, rest, _ := strings.Cut(string(head), "\r\n")
	version, after, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(after, " ")
	status, ok = wholeNumber(code)
	if version != "HTTP/1.1" || !ok || len(code) != 3 || status < http.StatusOK || status == http.StatusNoContent || status == http.StatusNotModified {
		return 0, 0, false
	}
	known := false
	for rest != "\r\n" {
		line, rest, ok = strings.Cut(rest, "\r\n")
		name, value, named := strings.Cut(line, ":")
		if !ok || !named || !isToken(name) || strings.ContainsAny(value, "\n\r\x00") {
			return 0, 0, false
		}
		switch {
		case strings.EqualFold(name, "Connection"), strings.EqualFold(name, "Transfer-Encoding"), strings.EqualFold(name, "Trailer"):
			return 0, 0, false
		case strings.EqualFold(name, "Content-Length"):
			if length, ok = wholeNumber(strings.Trim(value, " \t")); !ok || known {
				return 0, 0, false
			}
			known = true
		}
	}
	return status, length, known && length <= answerLimit
}

// wholeNumber reads up to nine digits and nothing else.
func wholeNumber(text string) (n int, ok bool) {
	if text == "" || len(text) > 9 {
		return 0, false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = 10*n + int(text[i]-'0')
	}
	return n, true
}

// isToken says whether a text may name a header (RFC 9110, section 5.6.2).
func isToken(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return name != ""
}
