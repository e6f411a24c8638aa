package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
)

// homeJSONLimit is how much of a JSON text a page shows, in bytes of HTML.
const homeJSONLimit = 512 << 10

// jsonPage writes JSON as HTML: ids that are known are links, and what changed is marked and followed by what it was.
type jsonPage struct {
	in   *json.Decoder
	out  strings.Builder
	link func(id string) homeRef
	// was has the former value of each path that changed, as JSON.
	was map[string]string
}

// errLongJSON ends a text that is longer than a page shows.
var errLongJSON = errors.New("the text is too long to show")

// jsonHTML draws a JSON text; one that is none is shown as it is.
func (p *homePage) jsonHTML(text []byte, was map[string]string) template.HTML {
	w := &jsonPage{in: json.NewDecoder(bytes.NewReader(text)), link: p.link, was: was}
	w.in.UseNumber()
	err := w.value("", 0)
	switch {
	case errors.Is(err, errLongJSON): // what stands there is well formed as far as it goes: marks are closed on the way out
		w.out.WriteString("\n…")
	case err != nil:
		return template.HTML(template.HTMLEscapeString(string(text)))
	}
	return template.HTML(w.out.String())
}

func (w *jsonPage) value(path string, depth int) error {
	if w.out.Len() > homeJSONLimit {
		return errLongJSON
	}
	former, changed := w.was[path]
	changed = changed && path != ""
	if changed {
		w.out.WriteString("<ins>")
	}
	err := w.plain(path, depth)
	if changed {
		w.out.WriteString("</ins> <del>")
		w.out.WriteString(template.HTMLEscapeString(former))
		w.out.WriteString("</del>")
	}
	return err
}

func (w *jsonPage) plain(path string, depth int) error {
	token, err := w.in.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	switch t := token.(type) {
	case json.Delim:
		return w.container(t, path, depth)
	case string:
		w.text(t)
	case json.Number:
		w.out.WriteString(t.String())
		w.time(path, t)
	case bool:
		w.out.WriteString(strconv.FormatBool(t))
	case nil:
		w.out.WriteString("null")
	}
	return nil
}

func (w *jsonPage) container(open json.Delim, path string, depth int) error {
	w.out.WriteString(open.String())
	n := 0
	for ; w.in.More(); n++ {
		if n > 0 {
			w.out.WriteByte(',')
		}
		w.line(depth + 1)
		inner := path + "[" + strconv.Itoa(n) + "]"
		if open == '{' {
			key, err := w.in.Token()
			if err != nil {
				return err
			}
			name := fmt.Sprint(key)
			w.out.WriteString(`<span class="key">`)
			w.out.WriteString(template.HTMLEscapeString(quoted(name)))
			w.out.WriteString("</span>: ")
			inner = joinPath(path, name)
		}
		if err := w.value(inner, depth+1); err != nil {
			return err
		}
	}
	end, err := w.in.Token()
	if err != nil {
		return err
	}
	if n > 0 {
		w.line(depth)
	}
	fmt.Fprint(&w.out, end)
	return nil
}

// timeKeys end the names of fields that hold an instant in seconds.
var timeKeys = []string{"created", "_at", "_on", "_start", "_end", "start", "end", "_time", "_anchor", "_by", "_date", "_after", "date", "frozen_time"}

// The years that are taken for instants in seconds: from 2001 to 2286.
const (
	firstReadable = 1_000_000_000
	lastReadable  = 9_999_999_999
)

// time writes what people call an instant behind its seconds.
func (w *jsonPage) time(path string, n json.Number) {
	key := path[strings.LastIndexAny(path, ".]")+1:]
	at, err := n.Int64()
	if err != nil || at < firstReadable || at > lastReadable || !slices.ContainsFunc(timeKeys, func(end string) bool { return strings.HasSuffix(key, end) }) {
		return
	}
	fmt.Fprintf(&w.out, ` <span class="time">%s</span>`, homeTime(at))
}

// text writes a string: a link when it is the address of a page or an id that the account knows.
func (w *jsonPage) text(s string) {
	shown := template.HTMLEscapeString(quoted(s))
	address := ""
	switch {
	case strings.HasPrefix(s, "https://"), strings.HasPrefix(s, "http://"):
		address = s
	case couldBeID(s):
		address = w.link(s).URL
	}
	if address == "" {
		w.out.WriteString(shown)
		return
	}
	fmt.Fprintf(&w.out, `<a href="%s" rel="noreferrer">%s</a>`, template.HTMLEscapeString(address), shown)
}

func (w *jsonPage) line(depth int) {
	w.out.WriteByte('\n')
	for range depth {
		w.out.WriteString("  ")
	}
}

func quoted(s string) string { return string(appendString(nil, s)) }

func joinPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// couldBeID keeps texts that are certainly no id from being looked for.
func couldBeID(s string) bool {
	if len(s) < 3 || len(s) > 200 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isWordByte(c) && c != '-' {
			return false
		}
	}
	return true
}

// homeChange is a leaf that changed, as JSON texts.
type homeChange struct{ Path, Was, Now string }

// changesBetween lists the leaves of now that were something else in former.
func changesBetween(former, now *stripeObject) []homeChange {
	return listChanges(nil, "", changedLeaves(former, now), now)
}

// listChanges turns previous_attributes into a list of leaves, with what they are now.
func listChanges(list []homeChange, path string, changed, now *stripeObject) []homeChange {
	for i, was := range changed.all() {
		key := changed.key(i)
		var is any
		if at := now.slot(key); at >= 0 && now.at(at) != absent {
			is = now.at(at)
		}
		before, wasHash := was.(*stripeObject)
		after, isHash := is.(*stripeObject)
		if wasHash && isHash && !isList(before) {
			list = listChanges(list, joinPath(path, key), before, after)
			continue
		}
		list = append(list, homeChange{joinPath(path, key), valueText(was), valueText(is)})
	}
	return list
}

// formerValues is a list of changes for marking them in a JSON text, below a path.
func formerValues(changes []homeChange, below string) map[string]string {
	was := make(map[string]string, len(changes))
	for _, c := range changes {
		was[joinPath(below, c.Path)] = c.Was
	}
	return was
}

// homeValueLimit is how much of a value a list of changes shows, in bytes.
const homeValueLimit = 300

// valueText is a value as JSON on one line, cut when it is long.
func valueText(v any) string {
	var text bytes.Buffer
	e := encoder{}
	e.value(v, nil)
	if json.Compact(&text, e.out) != nil {
		return "" // the encoder writes JSON
	}
	if text.Len() <= homeValueLimit {
		return text.String()
	}
	return strings.ToValidUTF8(text.String()[:homeValueLimit], "") + "…"
}
