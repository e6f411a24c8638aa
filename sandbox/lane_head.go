package sandbox

import (
	"bytes"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// laneLines is how many lines of headers a lane reads.
const laneLines = 32

// laneHead is the head of a request. The texts of the last one are used again where they are the same: a client says
// most of its headers with every request of a connection.
type laneHead struct {
	// length is the body's, in bytes.
	length int
	method string
	target string
	url    *url.URL
	host   string
	// hosts counts the lines that named a host: more than one is a request that somebody else may read in another way.
	hosts int
	lines []laneLine
}

// laneLine is one header, and the line that said so.
type laneLine struct{ text, name, value string }

// laneMethods are the methods of Stripe's API.
var laneMethods = []string{http.MethodGet, http.MethodPost, http.MethodDelete}

// read reads the head of a request with its empty line. ok is false for all that is not a plain call of the API: then
// net/http says what is wrong with it, or does it.
func (h *laneHead) read(text []byte) (ok bool) {
	line, rest, ok := bytes.Cut(text, lineEnd)
	if !ok || !h.readRequest(line) {
		return false
	}
	h.length, h.host, h.hosts = -1, "", 0
	n := 0
	for ; !bytes.Equal(rest, lineEnd); n++ {
		if line, rest, ok = bytes.Cut(rest, lineEnd); !ok || n == laneLines || !h.readLine(n, line) {
			return false
		}
	}
	clear(h.lines[n:])
	h.lines = h.lines[:n]
	h.length = max(h.length, 0)
	return h.host != ""
}

var lineEnd = []byte("\r\n")

// readRequest reads the first line.
func (h *laneHead) readRequest(line []byte) (ok bool) {
	method, rest, _ := bytes.Cut(line, []byte(" "))
	target, version, _ := bytes.Cut(rest, []byte(" "))
	if string(version) != "HTTP/1.1" || !bytes.HasPrefix(target, []byte("/v1/")) {
		return false
	}
	h.method = ""
	for _, known := range laneMethods {
		if string(method) == known {
			h.method = known
		}
	}
	if string(target) != h.target {
		h.target, h.url = "", nil
		u, err := url.ParseRequestURI(string(target))
		if err != nil || !isPlainTarget(string(target)) {
			return false
		}
		h.target, h.url = string(target), u
	}
	return h.method != ""
}

// readLine reads a header. Those that say more of the connection or the body than a length are left to net/http.
func (h *laneHead) readLine(n int, line []byte) (ok bool) {
	if n == len(h.lines) {
		h.lines = append(h.lines, laneLine{})
	}
	l := &h.lines[n]
	if string(line) != l.text {
		if *l, ok = readHeader(string(line)); !ok {
			*l = laneLine{}
			return false
		}
	}
	switch l.name {
	case "Host":
		if h.hosts++; h.hosts > 1 || !isPlainHost(l.value) {
			return false
		}
		h.host = l.value
	case "Content-Length":
		length, ok := wholeNumber(l.value)
		if !ok || h.length >= 0 {
			return false
		}
		h.length = length
	case "Connection":
		return strings.EqualFold(l.value, "keep-alive")
	case "Transfer-Encoding", "Expect", "Upgrade", "Trailer", "Te":
		return false
	}
	return true
}

// readHeader reads the line of a header.
func readHeader(line string) (l laneLine, ok bool) {
	name, value, ok := strings.Cut(line, ":")
	if !ok || !isToken(name) {
		return laneLine{}, false
	}
	value = strings.Trim(value, " ")
	for i := range len(value) {
		if value[i] < ' ' || value[i] == 0x7f {
			return laneLine{}, false
		}
	}
	// What somebody keeps of a value is not to keep the whole line.
	return laneLine{line, textproto.CanonicalMIMEHeaderKey(name), strings.Clone(value)}, true
}

// fill writes what was read into a request.
func (h *laneHead) fill(r *http.Request) {
	u := *h.url
	r.Method, r.URL, r.RequestURI, r.Host, r.ContentLength = h.method, &u, h.target, h.host, int64(h.length)
	r.Header = make(http.Header, len(h.lines))
	values := make([]string, len(h.lines))
	for i, l := range h.lines {
		if l.name == "Host" {
			continue // net/http shows it as the request's host only
		}
		if before := r.Header[l.name]; before != nil {
			r.Header[l.name] = append(before, l.value)
			continue
		}
		values[i] = l.value
		r.Header[l.name] = values[i : i+1 : i+1]
	}
}
