package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// pageLanguages are the languages of the pages; the first is the fallback.
var pageLanguages = []string{"en", "tr"}

// pageTexts are the sentences by language and key, read when the first one is said.
var pageTexts = sync.OnceValue(func() map[string]map[string]string {
	texts := map[string]map[string]string{}
	for _, lang := range pageLanguages {
		var sentences map[string]string
		if err := json.Unmarshal([]byte(mustReadPage("text/"+lang+".json")), &sentences); err != nil {
			panic(err) // a fault of the build: the file is embedded
		}
		texts[lang] = sentences
	}
	return texts
})

// pageText says sentences in one language.
type pageText struct {
	// Lang is the language's code, for the lang attribute.
	Lang string
}

// textFor picks the language: the visitor's choice in ?lang, then the object's locale, then Accept-Language.
func textFor(r *http.Request, locale string) pageText {
	for _, tag := range append([]string{r.URL.Query().Get("lang"), locale}, acceptedLanguages(r.Header.Get("Accept-Language"))...) {
		lang, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if slices.Contains(pageLanguages, lang) {
			return pageText{Lang: lang}
		}
	}
	return pageText{Lang: pageLanguages[0]}
}

// acceptedLanguages lists the tags of an Accept-Language header, the most wanted first (RFC 9110, 12.5.4).
func acceptedLanguages(header string) []string {
	type wish struct {
		tag    string
		weight float64
	}
	var wishes []wish
	for part := range strings.SplitSeq(header, ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			if w, err := strconv.ParseFloat(q, 64); err == nil {
				weight = w
			}
		}
		if tag != "" && weight > 0 {
			wishes = append(wishes, wish{tag, weight})
		}
	}
	slices.SortStableFunc(wishes, func(a, b wish) int {
		switch {
		case a.weight > b.weight:
			return -1
		case a.weight < b.weight:
			return 1
		}
		return 0
	})
	tags := make([]string, len(wishes))
	for i, w := range wishes {
		tags[i] = w.tag
	}
	return tags
}

// T says the sentence of a key with its {name}s replaced by the pairs that follow.
func (t pageText) T(key string, pairs ...string) string {
	sentence, ok := pageTexts()[t.Lang][key]
	if !ok {
		return key
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		sentence = strings.ReplaceAll(sentence, "{"+pairs[i]+"}", pairs[i+1])
	}
	return sentence
}

// script gives a page's script its sentences, without those of the page for developers.
func (t pageText) script() scriptData {
	texts := maps.Clone(pageTexts()[t.Lang])
	maps.DeleteFunc(texts, func(key, _ string) bool { return strings.HasPrefix(key, "home.") })
	return scriptData{Lang: t.Lang, Text: texts}
}

// currencySigns are signs that stand before an amount; other currencies show their code.
var currencySigns = map[string]string{
	"try": "₺", "usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "cny": "CN¥", "inr": "₹", "krw": "₩", "brl": "R$", "cad": "CA$",
	"aud": "A$", "nzd": "NZ$", "mxn": "MX$", "hkd": "HK$", "twd": "NT$", "ils": "₪", "vnd": "₫", "php": "₱", "uah": "₴", "azn": "₼",
}

// money writes an amount, in the currency's minor unit, as people of the language read it: ₺1.234,56 in Turkish, ₺1,234.56 in English.
func (t pageText) money(amount int64, currency string, decimals int) string {
	group, point := ",", "."
	if t.Lang == "tr" {
		group, point = ".", ","
	}
	sign := ""
	digits := strconv.FormatInt(amount, 10)
	if rest, negative := strings.CutPrefix(digits, "-"); negative {
		sign, digits = "-", rest
	}
	if pad := decimals + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	whole, fraction := digits[:len(digits)-decimals], digits[len(digits)-decimals:]
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + group + whole[i:]
	}
	if fraction != "" {
		whole += point + fraction
	}
	if symbol, ok := currencySigns[strings.ToLower(currency)]; ok {
		return sign + symbol + whole
	}
	return sign + strings.ToUpper(currency) + "\u00a0" + whole
}
