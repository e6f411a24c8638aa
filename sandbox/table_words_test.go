package sandbox_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// act is one thing that is done: a call of the API, a movement of the clock, or a call of the control API. Its words are
// as written, placeholders included.
type act struct {
	// label names the object that the call answers, for later in the row; "" for none.
	label string
	// who is "browser" for a call with the publishable key, "nobody" for one without a key.
	who string
	// refused says that the call is refused, which only the last call of a row may be otherwise.
	refused bool
	verb    string
	words   []string
}

// expectation is what must hold after a row's acts.
type expectation struct {
	holds   []assertion
	refused *refusal
	events  []wantedEvent
	// counted says that events are all that may have happened.
	counted bool
}

// assertion compares a value. op is "=" for equal, "~" for contains; a path of "" is a word about the whole object: gone,
// unchanged.
type assertion struct{ path, op, value string }

func (a assertion) String() string { return a.path + a.op + a.value }

// refusal is an error as it must be answered: what it does not name must be missing. The message is compared when it is
// given.
type refusal struct {
	status  int
	fields  map[string]string
	message string
}

// refusalFields are the fields of an error that a row must name when they are there.
var refusalFields = []string{"type", "code", "decline_code", "param", "advice_code", "network_decline_code"}

// wantedEvent is an event by its name, with what previous_attributes must hold, nil when the row does not say.
type wantedEvent struct {
	name   string
	before []string
}

// none says that a cell is empty.
func none(cell string) bool { return cell == "" || cell == "–" }

// piece is a part of a cell: code, or the text between.
type piece struct {
	code bool
	text string
}

func pieces(cell string) ([]piece, error) {
	parts := strings.Split(cell, "`")
	if len(parts)%2 == 0 {
		return nil, fmt.Errorf("a code span without an end: %s", cell)
	}
	var list []piece
	for i, part := range parts {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, piece{i%2 == 1, part})
		}
	}
	return list, nil
}

// parseSteps reads the names of states and the acts of a cell, parted by semicolons.
func parseSteps(cell string) ([]step, error) {
	list, err := pieces(cell)
	if err != nil {
		return nil, err
	}
	var steps []step
	for _, part := range list {
		if part.code {
			a, err := parseAct(part.text)
			if err != nil {
				return nil, err
			}
			steps = append(steps, step{act: a})
			continue
		}
		for name := range strings.SplitSeq(part.text, ";") {
			if name = strings.TrimSpace(name); name != "" {
				steps = append(steps, step{state: name})
			}
		}
	}
	if len(steps) == 0 {
		return nil, fmt.Errorf("no state and no call: %q", cell)
	}
	return steps, nil
}

func parseActs(cell string) ([]act, error) {
	steps, err := parseSteps(cell)
	if err != nil {
		return nil, err
	}
	acts := make([]act, len(steps))
	for i, s := range steps {
		if s.state != "" {
			return nil, fmt.Errorf("%q is no call", s.state)
		}
		acts[i] = s.act
	}
	return acts, nil
}

// verbs are the first words of an act with the least number of words after them.
var verbs = map[string]int{"GET": 1, "POST": 1, "DELETE": 1, "PUT": 1, "PATCH": 1, "clock": 1, "test": 2, "simulate": 1, "settings": 1, "fault": 1}

func parseAct(text string) (act, error) {
	words, err := splitWords(text)
	if err != nil {
		return act{}, err
	}
	var a act
	if first := words[0]; strings.HasSuffix(first, ":") && len(words) > 1 {
		a.label, words = strings.TrimSuffix(first, ":"), words[1:]
	}
	for len(words) > 1 && (words[0] == "refused" || words[0] == "browser" || words[0] == "nobody") {
		if words[0] == "refused" {
			a.refused = true
		} else {
			a.who = words[0]
		}
		words = words[1:]
	}
	least, ok := verbs[words[0]]
	if !ok || len(words)-1 < least {
		return act{}, fmt.Errorf("no call: %s", text)
	}
	a.verb, a.words = words[0], words[1:]
	return a, nil
}

// splitWords parts a text at blanks. A quotation mark after a blank, an equals sign or a colon keeps blanks together up
// to the next one.
func splitWords(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	quote, last, open := rune(0), ' ', false
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case (r == '"' || r == '\'') && (strings.ContainsRune(" =~", last) || last == ':' && !strings.Contains(word.String(), "=")):
			quote, open = r, true
		case unicode.IsSpace(r):
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
		default:
			word.WriteRune(r)
			open = true
		}
		last = r
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quotation mark without its second: %s", text)
	}
	if open {
		words = append(words, word.String())
	}
	if len(words) == 0 {
		return nil, fmt.Errorf("nothing in code: %q", text)
	}
	return words, nil
}

// parseAssertions reads what must hold: a word is a status, "gone" or "unchanged", and in code path=value and path~text.
func parseAssertions(cell string) ([]assertion, error) {
	if none(cell) {
		return nil, nil
	}
	list, err := pieces(cell)
	if err != nil {
		return nil, err
	}
	var holds []assertion
	for _, part := range list {
		words := strings.FieldsFunc(part.text, func(r rune) bool { return r == ',' || r == ';' || r == ' ' })
		if part.code {
			if words, err = splitWords(part.text); err != nil {
				return nil, err
			}
		}
		for _, word := range words {
			at := strings.IndexAny(word, "=~")
			switch {
			case at > 0 && part.code:
				holds = append(holds, assertion{word[:at], word[at : at+1], word[at+1:]})
			case word == "gone" || word == "unchanged":
				holds = append(holds, assertion{value: word})
			case at < 0 && isName(word):
				holds = append(holds, assertion{"status", "=", word})
			default:
				return nil, fmt.Errorf("%q says nothing of what holds", word)
			}
		}
	}
	return holds, nil
}

func isName(word string) bool {
	return strings.IndexFunc(word, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' }) < 0
}

// columnAssertion is what a cell under a path says: its value, or that there is none.
func columnAssertion(path, cell string) ([]assertion, error) {
	switch cell {
	case "":
		return nil, fmt.Errorf("the cell under %s is empty; a dash says that there is no value", path)
	case "–":
		return []assertion{{path, "=", "null"}}, nil
	}
	return []assertion{{path, "=", strings.Trim(cell, "`\"")}}, nil
}

// parseRefusal reads `402 card_error card_declined insufficient_funds param=x` "message"; nil means that the call
// succeeds.
func parseRefusal(cell string) (*refusal, error) {
	if none(cell) {
		return nil, nil
	}
	code, message := cell, ""
	if strings.HasPrefix(cell, "`") {
		var ok bool
		if code, message, ok = strings.Cut(cell[1:], "`"); !ok {
			return nil, fmt.Errorf("a code span without an end: %s", cell)
		}
	}
	if message = strings.TrimSpace(message); message != "" {
		if len(message) < 3 || message[0] != '"' || message[len(message)-1] != '"' {
			return nil, fmt.Errorf("a message stands in quotation marks: %s", message)
		}
		message = message[1 : len(message)-1]
	}
	words, err := splitWords(code)
	if err != nil {
		return nil, err
	}
	r := &refusal{fields: map[string]string{}, message: message}
	if r.status, err = strconv.Atoi(words[0]); err != nil || r.status < 400 {
		return nil, fmt.Errorf("%q is no status of an error", words[0])
	}
	for i, word := range words[1:] {
		key, value, named := strings.Cut(word, "=")
		if !named {
			if i > 2 {
				return nil, fmt.Errorf("%q has no name", word)
			}
			key, value = refusalFields[i], word
		}
		if !containsWord(refusalFields, key) {
			return nil, fmt.Errorf("an error has no %q here", key)
		}
		r.fields[key] = value
	}
	return r, nil
}

func containsWord(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}

// parseEvents reads names parted by commas, each with what previous_attributes hold: charge.captured (captured,
// amount_captured=0).
func parseEvents(cell string) ([]wantedEvent, error) {
	if none(cell) {
		return nil, nil
	}
	var events []wantedEvent
	rest := strings.ReplaceAll(cell, "`", "")
	for rest != "" {
		end := strings.IndexAny(rest, ",(")
		if end < 0 {
			end = len(rest)
		}
		e := wantedEvent{name: strings.TrimSpace(rest[:end])}
		if strings.IndexFunc(e.name, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' && r != '.' }) >= 0 || !strings.Contains(e.name, ".") {
			return nil, fmt.Errorf("%q is no event", e.name)
		}
		if rest = rest[end:]; strings.HasPrefix(rest, "(") {
			inside, after, ok := strings.Cut(rest[1:], ")")
			if !ok {
				return nil, fmt.Errorf("a bracket without its second: %s", cell)
			}
			e.before = []string{}
			for field := range strings.SplitSeq(inside, ",") {
				if field = strings.TrimSpace(field); field != "" {
					e.before = append(e.before, field)
				}
			}
			rest = strings.TrimSpace(after)
		}
		events = append(events, e)
		rest = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(rest), ","))
	}
	return events, nil
}

// moved is a time after or before another: "+7d", "+4d18h", "+1month", "2026-03-01T00:00:00Z".
func moved(from time.Time, by string) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, by); err == nil {
		return at, nil
	}
	sign := 1
	rest := by
	switch {
	case strings.HasPrefix(rest, "+"):
	case strings.HasPrefix(rest, "-"):
		sign = -1
	default:
		return from, fmt.Errorf("%q is no time", by)
	}
	rest = rest[1:]
	for rest != "" {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		n, err := strconv.Atoi(rest[:digits])
		if err != nil {
			return from, fmt.Errorf("%q is no time", by)
		}
		n *= sign
		rest = rest[digits:]
		letters := len(rest) - len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyz"))
		switch rest[:letters] {
		case "s":
			from = from.Add(time.Duration(n) * time.Second)
		case "m":
			from = from.Add(time.Duration(n) * time.Minute)
		case "h":
			from = from.Add(time.Duration(n) * time.Hour)
		case "d":
			from = from.AddDate(0, 0, n)
		case "month", "months":
			from = from.AddDate(0, n, 0)
		case "year", "years":
			from = from.AddDate(n, 0, 0)
		default:
			return from, fmt.Errorf("%q is no time", by)
		}
		rest = rest[letters:]
	}
	return from, nil
}
