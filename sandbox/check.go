package sandbox

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// expandProp is the parameter that every operation takes, said in the description or not.
var expandProp = &description.Prop{Name: "expand", Node: &description.Node{Kind: description.Array, Items: &description.Node{Kind: description.String}}}

// checkParams holds a request's parameters against the operation's tree, and turns texts into numbers, flags and arrays. It
// returns Stripe's error for the first fault: what is unknown, then what does not fit in the order in which it was sent,
// then what is missing.
func checkParams(root *paramNode, tree *description.Node) error {
	return checkHash(root, tree, "")
}

func checkHash(n *paramNode, tree *description.Node, path string) error {
	renamePlan(n, tree, path)
	if err := checkUnknown(n, tree, path); err != nil {
		return err
	}
	for _, key := range n.keys {
		p := propAt(tree, path, key)
		switch {
		case p != nil:
		case path == "" && key == expandProp.Name:
			p = expandProp
		default: // a key of the caller's choice
			if err := checkFree(n.hash[key], tree.Items, below(path, key)); err != nil {
				return err
			}
			continue
		}
		at := below(path, key)
		if m := n.hash[key]; path == "" && key == "metadata" && m.hash == nil && m.value == "" {
			m.value, m.null = nil, true // everywhere, says the sentence on metadata, also where the description's tree does not
			continue
		}
		if err := checkValue(n.hash[key], p.Node, at); err != nil {
			return err
		}
		if key == "metadata" {
			if err := checkMetadata(n.hash[key], at); err != nil {
				return err
			}
		}
	}
	if n.hash[inferProp.Name] != nil {
		return nil // what would be required is inferred
	}
	for i := range tree.Props {
		if p := &tree.Props[i]; p.Required && n.hash[p.Name] == nil {
			at := below(path, p.Name)
			return invalid(at, "parameter_missing", "Missing required param: %s.", at)
		}
	}
	return nil
}

// renamePlan takes an item's plan, the name that prices had before, for its price. The description has it no more; Stripe
// and its libraries do.
func renamePlan(n *paramNode, tree *description.Node, path string) {
	plan := n.hash["plan"]
	if plan == nil || n.hash["price"] != nil || tree.Prop("plan") != nil || tree.Prop("price") == nil {
		return
	}
	list := strings.TrimRight(path, "[]0123456789")
	ofItem := path == "" && tree.Prop("proration_behavior") != nil // a subscription item of its own
	if !ofItem && list != "items" && list != "subscription_items" && !strings.HasSuffix(list, "[items") {
		return
	}
	n.hash["price"] = plan
	delete(n.hash, "plan")
	n.keys[slices.Index(n.keys, "plan")] = "price"
}

// formerLineItem are what lines of a Checkout Session were made of before there were prices. Many tutorials still show them,
// and Stripe has a sentence of its own for them.
var formerLineItem = []string{"amount", "currency", "name", "description", "images"}

// checkUnknown refuses keys that the tree does not have.
func checkUnknown(n *paramNode, tree *description.Node, path string) error {
	if tree.Is(description.Map) {
		return nil
	}
	var unknown []string
	for _, key := range n.keys {
		if propAt(tree, path, key) == nil && (path != "" || key != expandProp.Name) {
			unknown = append(unknown, key)
		}
	}
	if len(unknown) > 0 && slices.Contains(formerLineItem, unknown[0]) && strings.HasPrefix(path, "line_items[") && tree.Prop("adjustable_quantity") != nil {
		return invalid("", "", "You cannot use `line_items.amount`, `line_items.currency`, `line_items.name`, `line_items.description`, or `line_items.images` in this API version. "+
			"Please use `line_items.price` or `line_items.price_data`.")
	}
	switch len(unknown) {
	case 0:
		return nil
	case 1:
		at := below(path, unknown[0])
		message := "Received unknown parameter: " + at
		if near := nearest(unknown[0], tree); near != "" {
			message += ". Did you mean " + near + "?"
		}
		return invalid(at, "parameter_unknown", "%s", message)
	}
	for i, key := range unknown {
		unknown[i] = below(path, key)
	}
	return invalid(unknown[0], "parameter_unknown", "Received unknown parameters: %s", strings.Join(unknown, ", "))
}

// inferProp is Stripe.js's way to leave it to Stripe to see from where a buyer agrees to a mandate.
var inferProp = &description.Prop{Name: "infer_from_client", Node: &description.Node{Kind: description.Boolean}}

// propAt is what the description says of a parameter. Two that Stripe.js sends are not in it: a payment_method_data of type
// card, which is as in POST /v1/payment_methods, and infer_from_client.
func propAt(tree *description.Node, path, key string) *description.Prop {
	switch {
	case path == "payment_method_data" && (key == "card" || key == "type"):
		tree = description.Load().Find("POST /v1/payment_methods").Params
	case path == "mandate_data[customer_acceptance][online]" && key == inferProp.Name:
		return inferProp
	}
	if p := tree.Prop(key); p != nil || path != "" || tree != sourceParams() {
		return p
	}
	if _, isType := sourceFlows[key]; isType {
		return &description.Prop{Name: key, Node: freeParams}
	}
	return nil
}

// sourceParams is the tree of POST /v1/sources, which takes a hash of the source's own type besides what is described:
// sepa_debit[iban], three_d_secure[card].
func sourceParams() *description.Node { return description.Load().Find("POST /v1/sources").Params }

// freeParams is a hash of whatever keys.
var freeParams = &description.Node{Kind: description.Map, Items: &description.Node{Kind: description.String}}

// below is the name of a member in brackets: items[0][price].
func below(path, key string) string {
	if path == "" {
		return key
	}
	return path + "[" + key + "]"
}

// checkFree checks the value of a key of the caller's choice; it may be empty, which unsets it.
func checkFree(n *paramNode, items *description.Node, path string) error {
	if n.value == "" {
		n.value, n.null = "", true
		return nil
	}
	if items == nil || items.Kind == 0 {
		return nil
	}
	return checkValue(n, items, path)
}

func checkValue(n *paramNode, tree *description.Node, path string) error {
	if n.hash != nil {
		return checkBranch(n, tree, path)
	}
	text, _ := n.value.(string)
	if text == "" {
		if tree.Is(description.Null) || partOfAddress(path) {
			n.value, n.null = nil, true
			return nil
		}
		return invalid(path, "parameter_invalid_empty", "You passed an empty string for '%[1]s'. We assume empty values are an attempt to unset a parameter; however '%[1]s' cannot be unset. "+
			"You should remove '%[1]s' from your request or supply a non-empty value.", path)
	}
	return checkLeaf(n, tree, text, path)
}

// partOfAddress says whether a parameter is a part of where somebody pays or where goods are sent. Applications send the
// lines that a buyer left empty, and Stripe takes them: such a part is null.
func partOfAddress(path string) bool {
	within := strings.TrimSuffix(path[:max(0, strings.LastIndexByte(path, '['))], "[address]")
	return path != within && (within == "shipping" || within == "billing_details" || strings.HasSuffix(within, "[shipping]") || strings.HasSuffix(within, "[billing_details]"))
}

func checkBranch(n *paramNode, tree *description.Node, path string) error {
	switch {
	case tree.Is(description.Array):
		list, ok := n.elements()
		if !ok && tree.Is(description.Hash) {
			return checkHash(n, tree, path)
		}
		if !ok {
			return invalid(path, "", "Invalid array")
		}
		if tree.Is(description.Null) && len(list) == 1 && list[0].hash == nil && list[0].value == "" {
			n.hash, n.keys, n.null = nil, nil, true // an array of one empty text unsets it (recorded for full_name_aliases)
			return nil
		}
		for i, e := range list {
			if err := checkValue(e, tree.Items, below(path, strconv.Itoa(i))); err != nil {
				return err
			}
		}
		n.list = list
		return nil
	case tree.Is(description.Hash | description.Map):
		return checkHash(n, tree, path)
	}
	return invalid(path, "", "Invalid %s: %s", kindName(tree), n.text())
}

// kindName is what Stripe's errors call the kind of a value.
func kindName(tree *description.Node) string {
	switch {
	case tree.Is(description.String):
		return "string"
	case tree.Is(description.Integer):
		return "integer"
	case tree.Is(description.Number):
		return "decimal"
	}
	return "boolean"
}

func checkLeaf(n *paramNode, tree *description.Node, text, path string) error {
	if tree.Is(description.Integer) {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			n.value = i
			return nil
		}
	}
	if tree.Is(description.Number) {
		if f, ok := parseDecimal(text); ok {
			n.value = f
			return nil
		}
	}
	if tree.Is(description.Boolean) && (text == "true" || text == "false") {
		n.value = text == "true"
		return nil
	}
	switch {
	case tree.Is(description.String):
		return checkText(n, tree, text, path)
	case tree.Is(description.Integer):
		return invalid(path, "parameter_invalid_integer", "Invalid integer: %s", text)
	case tree.Is(description.Number):
		return invalid(path, "", "Invalid decimal: %s", text)
	case tree.Is(description.Boolean):
		return invalid(path, "", "Invalid boolean: %s", text)
	case tree.Is(description.Array):
		return invalid(path, "", "Invalid array")
	}
	return invalid(path, "", "Invalid object")
}

func checkText(n *paramNode, tree *description.Node, text, path string) error {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\ufffd")
		n.value = text
	}
	switch {
	case len(tree.Enum) > 0 && !slices.Contains(tree.Enum, text):
		return invalid(path, "", "Invalid %s: must be %s", path, choices(tree.Enum))
	case tree.Is(description.Decimal):
		if _, ok := parseDecimal(text); !ok {
			return invalid(path, "", "Invalid decimal: %s", text)
		}
	case tree.Is(description.Currency):
		n.value = strings.ToLower(text)
	}
	if tree.MaxLength > 0 && len(text) > tree.MaxLength && utf8.RuneCountInString(text) > tree.MaxLength {
		runes := []rune(text)
		short := text
		if len(runes) > 23 {
			short = string(runes[:10]) + "..." + string(runes[len(runes)-10:])
		}
		return invalid(path, "", "Invalid string: %s; must be at most %d characters", short, tree.MaxLength)
	}
	return nil
}

// parseDecimal reads a number in decimal notation: no infinity, no hexadecimal.
func parseDecimal(text string) (f float64, ok bool) {
	if strings.Trim(text, "0123456789.eE+-") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

// choiceOrders are the orders in which Stripe tells choices, where a recorded answer shows another than the description's,
// which is the alphabet's.
var choiceOrders = [][]string{
	{"none", "reverse", "exempt"},
	{"active", "past_due", "unpaid", "canceled", "incomplete", "incomplete_expired", "trialing", "paused", "all", "ended"},
	{"draft", "open", "void", "paid", "uncollectible"},
}

// choices are words as Stripe's errors join them: "one of none, reverse, or exempt".
func choices(words []string) string {
	for _, order := range choiceOrders {
		if len(order) == len(words) && !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(order, w) }) {
			words = order
		}
	}
	switch n := len(words); n {
	case 1:
		return words[0]
	case 2:
		return "one of " + words[0] + " or " + words[1]
	default:
		return "one of " + strings.Join(words[:n-1], ", ") + ", or " + words[n-1]
	}
}

// Limits of metadata, in characters. Source: Stripe's documentation on metadata.
const (
	maxMetadataPairs = 50
	maxMetadataKey   = 40
	maxMetadataValue = 500
)

func checkMetadata(n *paramNode, path string) error {
	for _, key := range n.keys {
		value, _ := n.hash[key].value.(string)
		if size := utf8.RuneCountInString(key); size > maxMetadataKey {
			return invalid(path, "", "Metadata keys can have up to %d characters, but you passed in a key that is %d characters. Invalid key: %s", maxMetadataKey, size, key)
		}
		if size := utf8.RuneCountInString(value); size > maxMetadataValue {
			return invalid(below(path, key), "", "Metadata values can have up to %d characters, but you passed in a value that is %d characters. Invalid value: %s", maxMetadataValue, size, value)
		}
	}
	return nil
}

func tooManyPairs(n int) *Error {
	return invalid("metadata", "", "You can only have up to %d metadata keys, but this would make %d.", maxMetadataPairs, n)
}

// nearest is the key of the tree that a wrong one most likely meant, "" when none is near.
func nearest(key string, tree *description.Node) string {
	best, near := "", 1+len(key)/3+1 // a third of the letters may be wrong, and one more
	if len(key) < 4 {
		near = 2
	}
	for i := range tree.Props {
		if d := editDistance(key, tree.Props[i].Name); d < near {
			best, near = tree.Props[i].Name, d
		}
	}
	return best
}

// editDistance counts the letters to add, drop or change between two words.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

// String shows a parameter for a person who debugs, without its value.
func (p formParams) String() string { return fmt.Sprintf("parameters %v", p.Keys()) }
