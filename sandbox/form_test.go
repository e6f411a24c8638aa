package sandbox

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func escape(s string) string { return url.QueryEscape(s) }

// write is a tree as a form again.
func (n *paramNode) write(pairs []string, path string) []string {
	if n.hash == nil {
		s, _ := n.value.(string)
		return append(pairs, escape(path)+"="+escape(s))
	}
	for _, k := range n.keys {
		at := k
		if path != "" {
			at = path + "[" + k + "]"
		}
		pairs = n.hash[k].write(pairs, at)
	}
	return pairs
}

func TestFormsAsTrees(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]string{
		"a=1&b=2":                            `{"a":"1","b":"2"}`,
		"a[b][c]=1&a[d]=2":                   `{"a":{"b":{"c":"1"},"d":"2"}}`,
		"a[]=1&a[]=2":                        `{"a":{"0":"1","1":"2"}}`,
		"a[][b]=1&a[][c]=2&a[][b]=3":         `{"a":{"0":{"b":"1","c":"2"},"1":{"b":"3"}}}`,
		"a[0][b]=1&a[1][b]=2":                `{"a":{"0":{"b":"1"},"1":{"b":"2"}}}`,
		"a%5Bb%5D=%C3%A7&&":                  `{"a":{"b":"ç"}}`,
		"a=1&a=2":                            `{"a":"2"}`,
		"a=1&a[b]=2":                         `{"a":{"b":"2"}}`,
		"a[b]=1&a=2":                         `{"a":"2"}`,
		"a":                                  `{"a":""}`,
		"[a]=1":                              `{"[a]":"1"}`,
		"metadata[a.b]=x+y&metadata[_c]=%26": `{"metadata":{"a.b":"x y","_c":"&"}}`,
	} {
		root := &paramNode{hash: map[string]*paramNode{}}
		if err := decodeForm(root, form); err != nil {
			t.Errorf("%s: %v", form, err)
		} else if root.text() != want {
			t.Errorf("%s is %s, want %s", form, root.text(), want)
		}
	}
}

func TestArraysComeByNumber(t *testing.T) {
	t.Parallel()
	root := &paramNode{hash: map[string]*paramNode{}}
	if err := decodeForm(root, "a[2]=c&a[0]=a&a[10]=d&a[1]=b"); err != nil {
		t.Fatal(err)
	}
	if got := (formParams{root}).Strs("a"); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
		t.Errorf("the elements come as %v", got)
	}
	if err := decodeForm(&paramNode{}, strings.Repeat("a=1&", maxPairs+1)); err == nil {
		t.Error("a form of any length is taken")
	}
}

// A form never ends in anything but a tree or an error of Stripe's, and a tree that is written and read again is the same.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{"a=1", "a[b]=1&a[]=2", "a[][b]=1&a[][c]=2", "a[0][b][]=%zz", "[=]&]=[", "a[b", "metadata[a.b]=%F0%9F%8D%B5", "a[b]=1&a=2&a[c]=3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, form string) {
		root := &paramNode{hash: map[string]*paramNode{}}
		if err := decodeForm(root, form); err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Status != 400 {
				t.Fatalf("the error is %v", err)
			}
			return
		}
		if slices.ContainsFunc(root.keys, func(k string) bool { return strings.ContainsAny(k, "[]") }) || hasOddKey(root) {
			return // a bracket where no nesting begins cannot be written back
		}
		again := &paramNode{hash: map[string]*paramNode{}}
		if err := decodeForm(again, strings.Join(root.write(nil, ""), "&")); err != nil || again.text() != root.text() {
			t.Fatalf("%q is %s, then %s, %v", form, root.text(), again.text(), err)
		}
	})
}

// hasOddKey finds keys inside that are empty or have an opening bracket.
func hasOddKey(n *paramNode) bool {
	for _, k := range n.keys {
		if k == "" || strings.Contains(k, "[") || hasOddKey(n.hash[k]) {
			return true
		}
	}
	return false
}
