package sandbox

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// form is what the walk asks an operation for.
func (w *walker) form(op *description.Operation) url.Values {
	form := url.Values{}
	w.fill(form, op.Params, "")
	w.fillMore(form, walkForms[op.Method+" "+op.Path])
	return form
}

// send calls an operation's target with a form, in the body or behind the path.
func (w *walker) send(op *description.Operation, target string, form url.Values) reply {
	body := form.Encode()
	if op.Method != http.MethodPost && body != "" {
		target, body = target+"?"+body, ""
	}
	return call(w.t, w.sb, op.Method, target, body)
}

// refused says whether an answer is a refusal of a parameter.
func (w *walker) refused(op *description.Operation, what string, got reply, status int, code, param string) {
	w.t.Helper()
	if got.status != status || got.str("error.type") != "invalid_request_error" || got.str("error.code") != code || got.str("error.param") != param || got.str("error.message") == "" {
		w.t.Errorf("%s %s with %s answered %d %q %q, want %d %q %q: %s", op.Method, op.Path, what, got.status, got.str("error.code"), got.str("error.param"), status, code, param, got.str("error.message"))
	}
}

// Every operation refuses what it does not know, what it lacks, what is of the wrong kind, and ids that nobody has.
func TestEveryOperationRefusesBadInput(t *testing.T) {
	t.Parallel()
	w := newWalker(t)
	for _, op := range walkOrder() {
		target, ok := w.target(op)
		if !ok {
			target = namelessTarget(op.Path, "none")
		}
		form := w.form(op)

		form.Set("nonsense_parameter", "1")
		w.refused(op, "an unknown parameter", w.send(op, target, form), http.StatusBadRequest, "parameter_unknown", "nonsense_parameter")
		form.Del("nonsense_parameter")

		for _, p := range op.Params.Props {
			if p.Required {
				lacking := formWithout(form, p.Name)
				w.refused(op, "no "+p.Name, w.send(op, target, lacking), http.StatusBadRequest, "parameter_missing", p.Name)
			}
			if text, code := wrongText(p.Node); text != "" {
				wrong := formWithout(form, p.Name)
				wrong.Set(p.Name, text)
				w.refused(op, "a wrong "+p.Name, w.send(op, target, wrong), http.StatusBadRequest, code, p.Name)
			}
		}

		form.Set("expand[0]", "nonsense_field")
		if got := w.send(op, target, form); !op.Binary && (got.status != http.StatusBadRequest || !strings.Contains(got.str("error.message"), "This property cannot be expanded (nonsense_field)")) {
			t.Errorf("%s %s expands nonsense: %d %s", op.Method, op.Path, got.status, got.body)
		}
		form.Del("expand[0]")

		names := pathNames(op.Path)
		if len(names) == 0 {
			continue
		}
		got := w.send(op, namelessTarget(op.Path, "nobody_has_this"), form)
		if _, ok := w.target(op); ok && len(names) > 1 { // the last name alone is nobody's
			part := names[len(names)-1]
			before, after, _ := strings.Cut(op.Path, part)
			outermost := replaceOnce(target, segmentOf(target, names[0], op.Path), "nobody_has_this")
			if got := w.send(op, outermost, form); (got.status != http.StatusNotFound || got.str("error.code") != "resource_missing") &&
				(names[0] != "{account}" || got.status != http.StatusForbidden || got.str("error.code") != "account_invalid") {
				t.Errorf("%s %s of an unknown %s answered %d: %s", op.Method, op.Path, names[0], got.status, got.body)
			}
			outer, _ := w.target(&description.Operation{Method: op.Method, Path: strings.TrimSuffix(before, "/"), Answer: op.Answer})
			w.refused(op, "an unknown "+part, w.send(op, outer+"/nobody_has_this"+after, form), http.StatusNotFound, "resource_missing", strings.Trim(part, "{}"))
		}
		if names[0] == "{account}" && got.status == http.StatusForbidden && got.str("error.code") == "account_invalid" {
			continue // which accounts there are is nobody's business
		}
		if op.Path == "/v1/subscription_items/{item}" && got.status == http.StatusNotFound && got.str("error.message") == "Invalid subscription_item id: nobody_has_this" {
			continue // recorded so, without a code
		}
		if got.status != http.StatusNotFound || got.str("error.code") != "resource_missing" || !strings.HasPrefix(got.str("error.message"), "No such ") {
			t.Errorf("%s %s of an unknown id answered %d: %s", op.Method, op.Path, got.status, got.body)
		}
	}
}

// namelessTarget is a path with one id for all its names.
func namelessTarget(path, id string) string {
	for _, name := range pathNames(path) {
		path = replaceOnce(path, name, id)
	}
	return path
}

// formWithout is a form that lacks a parameter and all below it.
func formWithout(form url.Values, name string) url.Values {
	left := url.Values{}
	for key, v := range form {
		if key != name && !strings.HasPrefix(key, name+"[") {
			left[key] = v
		}
	}
	return left
}

// wrongText is a text that a parameter can never be, and the code of its refusal; "" when it may be any text.
func wrongText(n *description.Node) (text, code string) {
	switch {
	case n.Is(description.String) && len(n.Enum) > 0:
		return "nonsense_word", ""
	case n.Is(description.String):
		return "", ""
	case n.Is(description.Integer):
		return "1.5x", "parameter_invalid_integer"
	}
	return "nonsense", ""
}

// Each field that can be expanded is, where it points to something; each object takes metadata and gives it back.
func TestEveryOperationExpands(t *testing.T) {
	t.Parallel()
	w := newWalker(t)
	for _, op := range walkOrder() {
		if op.Method != http.MethodGet || op.Binary {
			continue
		}
		target, ok := w.target(op)
		if !ok {
			continue
		}
		form, prefix, n := w.form(op), "", op.Answer
		if e := n.Element(); e != nil {
			n, prefix = e, "data."
		}
		if n.Is(description.Union) && len(n.Of) > 0 {
			n = n.Of[0]
		}
		for _, p := range n.Props {
			if !p.Node.Is(description.Reference) {
				continue
			}
			form.Set("expand[0]", prefix+p.Name)
			got := w.send(op, target, form)
			w.check(op, got)
			if id := got.str(p.Name); prefix == "" && id != "" && slices.ContainsFunc(p.Node.Of, func(of *description.Node) bool { return slices.Contains(w.ids[of.Type()], id) }) {
				t.Errorf("%s %s with expand of %s leaves it at %s", op.Method, op.Path, p.Name, id)
			}
			if got.status != http.StatusOK && !slices.Contains(walkRefusals, op.Method+" "+op.Path) {
				t.Errorf("%s %s with expand of %s answered %d: %s", op.Method, op.Path, p.Name, got.status, got.body)
			}
		}
	}
}

// What is written as metadata is read again, and merged, and removed.
func TestEveryObjectKeepsMetadata(t *testing.T) {
	t.Parallel()
	w := newWalker(t)
	for _, op := range walkOrder() {
		n := newDefault(op)
		if op.Method != http.MethodPost || n.owner == "" || n.verb != "" || op.Params.Prop("metadata") == nil || len(n.schemas) == 0 || n.schemas[0].Prop("metadata") == nil {
			continue
		}
		target, ok := w.target(op)
		if !ok {
			continue
		}
		form := w.form(op)
		for _, step := range []struct{ send, want string }{
			{"metadata[order]=1001&metadata[kind]=test", `{"kind":"test","order":"1001"}`},
			{"metadata[kind]=", `{"order":"1001"}`},
			{"metadata=", `{}`},
		} {
			more, err := url.ParseQuery(step.send)
			if err != nil {
				t.Fatal(err)
			}
			sent := formWithout(form, "metadata")
			for key, v := range more {
				sent[key] = v
			}
			got := w.send(op, target, sent)
			if got.status != http.StatusOK && slices.Contains(walkRefusals, op.Method+" "+op.Path) {
				break
			}
			kept, err := json.Marshal(got.at("metadata"))
			if err != nil || got.status != http.StatusOK || string(kept) != step.want {
				t.Errorf("%s %s with %s keeps %d %s, want %s: %s", op.Method, op.Path, step.send, got.status, kept, step.want, got.str("error.message"))
				break
			}
			if read := description.Load().Find("GET " + op.Path); read != nil {
				again, _ := json.Marshal(w.send(read, target, w.form(read)).at("metadata"))
				if string(again) != step.want {
					t.Errorf("GET %s reads metadata %s, want %s", op.Path, again, step.want)
				}
			}
		}
	}
}

// Every list is walked one object at a time, there and back, and refuses a cursor that is nobody's.
func TestEveryListPages(t *testing.T) {
	t.Parallel()
	w := newWalker(t)
	for _, op := range walkOrder() { // a second object of each kind
		if op.Method == http.MethodPost {
			w.do(op)
		}
	}
	for _, op := range walkOrder() {
		if op.Method != http.MethodGet || !op.Answer.Is(description.List) || op.Params.Prop("starting_after") == nil {
			continue
		}
		target, ok := w.target(op)
		if !ok {
			continue
		}
		name := op.Method + " " + op.Path
		form := w.form(op)
		form.Set("limit", "100")
		all := idsOf(w.send(op, target, form))
		if len(all) > 6 {
			all = all[:6]
		}
		form.Set("limit", "1")
		for i, id := range all {
			got := w.send(op, target, form)
			page := idsOf(got)
			if len(page) != 1 || page[0] != id {
				t.Errorf("%s: page %d is %v, want %s: %s", name, i+1, page, id, got.str("error.message"))
				break
			}
			if more, _ := got.json["has_more"].(bool); !more && i+1 < len(all) {
				t.Errorf("%s: page %d of %d says that there is no more", name, i+1, len(all))
			}
			form.Set("starting_after", id)
		}
		form.Del("starting_after")
		if len(all) > 1 && op.Params.Prop("ending_before") != nil {
			form.Set("ending_before", all[1])
			if page := idsOf(w.send(op, target, form)); len(page) != 1 || page[0] != all[0] {
				t.Errorf("%s: before the second is %v, want %s", name, page, all[0])
			}
			form.Del("ending_before")
		}
		form.Set("starting_after", "nobody_has_this")
		if got := w.send(op, target, form); got.status != http.StatusBadRequest || got.str("error.param") != "starting_after" {
			t.Errorf("%s after nobody's id answered %d: %s", name, got.status, got.body)
		}
	}
}

// segmentOf is what stands in a target where the path has a name.
func segmentOf(target, name, path string) string {
	return strings.Split(target, "/")[slices.Index(strings.Split(path, "/"), name)]
}

// What belongs to one customer is not found below another.
func TestDefaultsKeepOwnersApart(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	mine, other := must(t, sb, "POST", "/v1/customers", "").str("id"), must(t, sb, "POST", "/v1/customers", "").str("id")
	id := must(t, sb, "POST", "/v1/customers/"+mine+"/tax_ids", "type=eu_vat&value=DE123456789").str("id")
	for _, method := range []string{"GET", "DELETE"} {
		if got := call(t, sb, method, "/v1/customers/"+other+"/tax_ids/"+id, ""); got.status != http.StatusNotFound {
			t.Errorf("%s of another customer's tax id answered %d: %s", method, got.status, got.body)
		}
	}
	must(t, sb, "DELETE", "/v1/customers/"+mine+"/tax_ids/"+id, "")
}
