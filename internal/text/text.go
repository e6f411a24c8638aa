// Package text holds every sentence that a person reads, in Turkish and in
// English, the table that turns declines into sentences, and amounts and dates
// as people read them.
package text

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Lang is a language of the product.
type Lang string

// The languages.
const (
	English Lang = "en"
	Turkish Lang = "tr"
)

// Langs returns all languages.
func Langs() []Lang { return []Lang{English, Turkish} }

// Parse returns the language of a locale such as "tr", "tr-TR" or "en_US", and
// false when there is none. Case does not matter, by the rules of ASCII: a
// Turkish lower-casing would not recognise "TR-TR".
func Parse(locale string) (Lang, bool) {
	locale = strings.TrimSpace(locale)
	if len(locale) < 2 || (len(locale) > 2 && locale[2] != '-' && locale[2] != '_') {
		return "", false
	}
	switch asciiLower(locale[:2]) {
	case "tr":
		return Turkish, true
	case "en":
		return English, true
	}
	return "", false
}

func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// Choose returns the first candidate that is a language of ours, and English
// when none is. An Accept-Language header counts as one candidate: its ranges
// are tried by their weight (RFC 9110, 12.5.4).
func Choose(candidates ...string) Lang {
	for _, c := range candidates {
		if strings.ContainsAny(c, ",;") {
			if l, ok := fromAcceptLanguage(c); ok {
				return l
			}
			continue
		}
		if l, ok := Parse(c); ok {
			return l
		}
	}
	return English
}

func fromAcceptLanguage(header string) (Lang, bool) {
	best, bestWeight, found := Lang(""), 0.0, false
	for part := range strings.SplitSeq(header, ",") {
		tag, params, _ := strings.Cut(part, ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			if _, err := fmt.Sscanf(q, "%g", &weight); err != nil {
				continue
			}
		}
		if l, ok := Parse(tag); ok && weight > bestWeight {
			best, bestWeight, found = l, weight, true
		}
	}
	return best, found
}

// sentence is one text in every language.
type sentence struct{ EN, TR string }

// tables are the sentences by area. A key stands in one of them only.
var tables = []map[string]sentence{
	declineSentences, orderSentences, invoiceSentences, webSentences, paySentences, shopSentences, adminSentences,
}

var sentences = func() map[string]sentence {
	all := map[string]sentence{}
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}()

// Keys returns the keys of all sentences, sorted.
func Keys() []string { return slices.Sorted(maps.Keys(sentences)) }

// Say returns the sentence of a key in a language. Its {names} are replaced by
// pairs of name and value. An unknown key is a fault of the caller and is shown
// as the key itself; a test looks for keys that are used and not defined.
func Say(lang Lang, key string, pairs ...any) string {
	s, ok := sentences[key]
	if !ok {
		return key
	}
	out := s.EN
	if lang == Turkish {
		out = s.TR
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		out = strings.ReplaceAll(out, "{"+fmt.Sprint(pairs[i])+"}", fmt.Sprint(pairs[i+1]))
	}
	return out
}

// Has reports whether a key is defined.
func Has(key string) bool { _, ok := sentences[key]; return ok }
