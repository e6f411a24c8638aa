package sandbox_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// tablePages is where the pages are whose tables are run. Their grammar is in its README.md.
const tablePages = "../docs/reference/sandbox"

// tablePage is one page: a resource, or a subject, as tables.
type tablePage struct {
	file string
	// typ is the type whose pages it is, "payment_intent"; "" when the page is about no single resource.
	typ    string
	states map[string]*tableRow
	rows   []*tableRow
}

// tableRow is one row: from where, what is done, and what must hold then.
type tableRow struct {
	line int
	name string
	from []step
	acts []act
	want expectation
}

// step is a state by its name, or an act.
type step struct {
	state string
	act   act
}

// tableSubjects are the pages that are not named after a resource, with the one that their rows read, "" for none.
var tableSubjects = map[string]string{"cards": "payment_intent", "billing_threshold": "subscription", "money": "payment_intent", "idempotency": "customer", "search": "", "errors": "", "tax": "", "treasury": "", "issuing": "issuing.authorization", "test_clock": "test_helpers.test_clock"}

func pageFiles() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(tablePages, "*.md"))
	return slices.DeleteFunc(files, func(f string) bool { return filepath.Base(f) == "README.md" }), err
}

func readPage(file string) (*tablePage, []string) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, []string{err.Error()}
	}
	return parsePage(filepath.Base(file), string(text))
}

// parsePage reads a page and answers what is wrong with it: every table must be one of the two kinds, every cell of it in
// the grammar, and every state be used.
func parsePage(file, text string) (*tablePage, []string) {
	page := &tablePage{file: file, typ: strings.TrimSuffix(file, ".md"), states: map[string]*tableRow{}}
	if typ, ok := tableSubjects[page.typ]; ok {
		page.typ = typ
	}
	p := pageParser{page: page}
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		switch {
		case strings.HasPrefix(line, "```"):
			for i++; i < len(lines) && !strings.HasPrefix(strings.TrimSpace(lines[i]), "```"); i++ {
			}
		case strings.HasPrefix(line, "#"):
			p.state, p.calls = "", nil
		case strings.HasPrefix(line, "State: "):
			p.state = strings.TrimPrefix(line, "State: ")
		case strings.HasPrefix(line, "Call: "):
			p.calls = append(p.calls, strings.TrimPrefix(line, "Call: "))
		case strings.HasPrefix(line, "|"):
			end := i
			for end < len(lines) && strings.HasPrefix(strings.TrimSpace(lines[end]), "|") {
				end++
			}
			p.table(i+1, lines[i:end])
			p.state, p.calls = "", nil
			i = end - 1
		}
	}
	p.checkStates()
	return page, p.faults
}

type pageParser struct {
	page *tablePage
	// state and calls are the templates above the next table. With several calls a row holds for each.
	state  string
	calls  []string
	faults []string
}

func (p *pageParser) fault(line int, format string, args ...any) {
	p.faults = append(p.faults, fmt.Sprintf("%s:%d: %s", p.page.file, line, fmt.Sprintf(format, args...)))
}

// table reads one table; first is the line of its head.
func (p *pageParser) table(first int, lines []string) {
	if len(lines) < 3 || strings.Trim(lines[1], "|-: ") != "" {
		p.fault(first, "a table without rows")
		return
	}
	head := cells(lines[0])
	states := slices.Equal(head, []string{"state", "how it comes about", "what holds"})
	if !states {
		p.checkHead(first, head)
	}
	for i, text := range lines[2:] {
		line, row := first+2+i, cells(text)
		if len(row) != len(head) {
			p.fault(line, "%d cells under %d headings", len(row), len(head))
			continue
		}
		values := make(map[string]string, len(head))
		for c, name := range head {
			values[name] = row[c]
		}
		if states {
			p.stateRow(line, values)
		} else {
			p.row(line, head, values)
		}
	}
}

// cells are the cells of a table's row; a bar with a backslash is text.
func cells(line string) []string {
	line = strings.ReplaceAll(strings.TrimSpace(line), `\|`, "\x00")
	parts := strings.Split(strings.Trim(line, "|"), "|")
	for i, part := range parts {
		parts[i] = strings.TrimSpace(strings.ReplaceAll(part, "\x00", "|"))
	}
	return parts
}

// The headings with a meaning of their own; one in code is a path whose value the cells hold, any other a {name} in the
// templates above.
var callHeadings = []string{"call", "call, or time", "time"}

const (
	stateHeading  = "state"
	nextHeading   = "next state"
	errorHeading  = "error"
	eventsHeading = "events, in order"
	noteHeading   = "note"
)

// pathOf is the path in a heading, which may have words around it: brand `card.brand`.
func pathOf(heading string) (path string, ok bool) {
	parts := strings.Split(heading, "`")
	if len(parts) != 3 {
		return "", false
	}
	return parts[1], true
}

func isPath(heading string) bool {
	_, ok := pathOf(heading)
	return ok
}

func (p *pageParser) checkHead(line int, head []string) {
	calls, wants := 0, 0
	for i, name := range head {
		switch {
		case slices.Contains(head[:i], name):
			p.fault(line, "the heading %q stands twice", name)
		case slices.Contains(callHeadings, name):
			calls++
		case name == nextHeading, name == errorHeading, name == eventsHeading, isPath(name):
			wants++
		case name == stateHeading, name == noteHeading:
		case !strings.Contains(p.state+strings.Join(p.calls, ""), "{"+name+"}"):
			p.fault(line, "the heading %q is unknown", name)
		}
	}
	if len(p.calls) > 0 {
		calls++
	}
	if p.state != "" && slices.Contains(head, stateHeading) {
		p.fault(line, "the state is said twice")
	}
	if calls != 1 {
		p.fault(line, "a table needs one column of calls, or one line that begins with \"Call: \" above it")
	}
	if wants == 0 {
		p.fault(line, "a table that wants nothing")
	}
}

func (p *pageParser) stateRow(line int, values map[string]string) {
	name := strings.Trim(values["state"], "`")
	if p.page.states[name] != nil {
		p.fault(line, "the state %s stands twice", name)
		return
	}
	row := &tableRow{line: line, name: "the state " + name}
	var err error
	if row.from, err = parseSteps(values["how it comes about"]); err != nil {
		p.fault(line, "%v", err)
	}
	if row.want.holds, err = parseAssertions(values["what holds"]); err != nil {
		p.fault(line, "%v", err)
	}
	if len(row.want.holds) == 0 {
		p.fault(line, "nothing says what the state %s is", name)
	}
	for _, s := range row.from {
		if s.state != "" && p.page.states[s.state] == nil {
			p.fault(line, "the state %q is not defined above", s.state)
		}
	}
	p.page.states[name] = row
}

// row reads a row: once for each call above the table whose words it has a value for.
func (p *pageParser) row(line int, head []string, values map[string]string) {
	calls := p.calls
	for _, name := range callHeadings {
		if cell, ok := values[name]; ok {
			calls = []string{cell}
		}
	}
	want, err := rowExpectation(head, values)
	if err != nil {
		p.fault(line, "%v", err)
	}
	rows := 0
	for _, call := range calls {
		row := &tableRow{line: line, want: want}
		state := p.state
		if cell, ok := values[stateHeading]; ok {
			state = cell
		}
		missing := false
		for _, name := range head {
			word, value := "{"+name+"}", strings.Trim(values[name], "`")
			missing = missing || none(value) && strings.Contains(state+call, word)
			state, call = strings.ReplaceAll(state, word, value), strings.ReplaceAll(call, word, value)
		}
		if missing {
			continue
		}
		rows++
		if !none(state) {
			if row.from, err = parseSteps(state); err != nil {
				p.fault(line, "%v", err)
			}
		}
		if row.acts, err = parseActs(call); err != nil {
			p.fault(line, "%v", err)
		}
		row.name = strings.ReplaceAll(call, "`", "")
		p.page.rows = append(p.page.rows, row)
	}
	if rows == 0 && len(calls) > 0 {
		p.fault(line, "no call has all its words in this row")
	}
}

// rowExpectation reads what a row wants.
func rowExpectation(head []string, values map[string]string) (want expectation, err error) {
	for _, name := range head {
		cell := values[name]
		var holds []assertion
		path, isPath := pathOf(name)
		switch {
		case name == nextHeading:
			holds, err = parseAssertions(cell)
		case name == errorHeading:
			want.refused, err = parseRefusal(cell)
		case name == eventsHeading:
			want.counted = true
			want.events, err = parseEvents(cell)
		case isPath:
			holds, err = columnAssertion(path, cell)
		}
		if err != nil {
			return want, err
		}
		want.holds = append(want.holds, holds...)
	}
	return want, nil
}

// checkStates refuses a state that no row begins in, and a row that begins in a state that is not there.
func (p *pageParser) checkStates() {
	used := map[string]bool{}
	for _, row := range p.page.rows {
		for _, s := range row.from {
			if s.state != "" && p.page.states[s.state] == nil {
				p.fault(row.line, "the state %q is not defined", s.state)
			}
			used[s.state] = true
		}
	}
	for _, row := range p.page.states {
		for _, s := range row.from {
			used[s.state] = true
		}
	}
	for name, row := range p.page.states {
		if !used[name] {
			p.fault(row.line, "no row begins in the state %s", name)
		}
	}
	if len(p.page.rows) == 0 {
		p.fault(1, "a page without rows")
	}
}
