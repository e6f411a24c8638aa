package sandbox

import (
	"bufio"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// laneAnswer collects an answer and sends it in one piece.
type laneAnswer struct {
	conn     *laneConn
	header   http.Header
	status   int
	body     []byte
	hijacked bool
	// keys and out are used again for the next answer.
	keys []string
	out  []byte
}

// begin makes ready for the next answer.
func (a *laneAnswer) begin() {
	clear(a.header)
	a.status, a.body = 0, a.body[:0]
	if cap(a.body) > maxKeptBody {
		a.body = nil
	}
	if cap(a.out) > maxKeptBody {
		a.out = nil
	}
}

// Header is what the answer says beside its body.
func (a *laneAnswer) Header() http.Header { return a.header }

// WriteHeader takes the first status.
func (a *laneAnswer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write takes a part of the body.
func (a *laneAnswer) Write(part []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.body = append(a.body, part...)
	return len(part), nil
}

// Hijack leaves the connection to the caller. It never fails.
func (a *laneAnswer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	a.hijacked = true
	conn := a.conn.conn
	return conn, bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn)), nil
}

// send writes the answer. It says false when the client is gone.
func (a *laneAnswer) send() bool {
	a.WriteHeader(http.StatusOK)
	out := append(a.out[:0], "HTTP/1.1 "...)
	out = strconv.AppendInt(out, int64(a.status), 10)
	out = append(append(append(out, ' '), http.StatusText(a.status)...), "\r\n"...)
	out = a.appendHeader(out)
	if a.header["Date"] == nil {
		out = append(time.Now().UTC().AppendFormat(append(out, "Date: "...), http.TimeFormat), "\r\n"...)
	}
	if a.status == http.StatusNoContent || a.status == http.StatusNotModified {
		a.body = a.body[:0]
	} else {
		out = strconv.AppendInt(append(out, "Content-Length: "...), int64(len(a.body)), 10)
		out = append(out, "\r\n"...)
	}
	if a.conn.context.watched.Load() || a.conn.lane.closing.Load() {
		out = append(out, "Connection: close\r\n"...)
	}
	a.out = append(append(out, "\r\n"...), a.body...)
	_, err := a.conn.conn.Write(a.out)
	return err == nil
}

// appendHeader writes the headers in the order of their names.
func (a *laneAnswer) appendHeader(out []byte) []byte {
	a.keys = a.keys[:0]
	for name := range a.header {
		a.keys = append(a.keys, name)
	}
	slices.Sort(a.keys)
	for _, name := range a.keys {
		for _, value := range a.header[name] {
			if strings.ContainsAny(value, "\r\n") {
				value = headerBreaks.Replace(value)
			}
			out = append(append(append(append(out, name...), ": "...), value...), "\r\n"...)
		}
	}
	return out
}

// headerBreaks keeps a value from ending its line.
var headerBreaks = strings.NewReplacer("\r", " ", "\n", " ")
