package sandbox

import (
	"slices"
	"strings"
	"testing"
)

func TestSearch(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	ids := map[string]string{}
	for name, form := range map[string]string{
		"ayse":   "name=Ay%C5%9Fe&email=ayse@shop.example&metadata[cart]=17&metadata[a.b]=x",
		"bora":   "name=Bora&email=bora@shop.example&metadata[cart]=18",
		"nobody": "",
	} {
		ids[name] = must(t, sb, "POST", "/v1/customers", form).str("id")
	}
	for _, tc := range []struct{ query, want string }{
		{`email:"ayse@shop.example"`, "ayse"},
		{`email:'AYSE@shop.example'`, "ayse"},
		{`name~"bor"`, "bora"},
		{`metadata["cart"]:"17"`, "ayse"},
		{`metadata['a.b']:'x'`, "ayse"},
		{`metadata['cart']:null`, "nobody"},
		{`-metadata['cart']:null`, "ayse bora"},
		{`-email:"ayse@shop.example" metadata["cart"]:"18"`, "bora"},
		{`email:"ayse@shop.example" AND metadata["cart"]:"18"`, ""},
		{`email:"ayse@shop.example" or metadata["cart"]:"18"`, "ayse bora"},
		{`created>0`, "ayse bora nobody"},
		{`created<1`, ""},
		{`created>=1 created<=9999999999`, "ayse bora nobody"},
		{`name:"say \"hi\""`, ""},
	} {
		got := idsOf(must(t, sb, "GET", "/v1/customers/search?query="+escape(tc.query), ""))
		want := []string{}
		for _, name := range strings.Fields(tc.want) {
			want = append(want, ids[name])
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s finds %v, want %s", tc.query, got, tc.want)
		}
	}
	for query, message := range map[string]string{
		`phoney:"1"`:                         "Field `phoney` is an unsupported search field for resource `customers`. See https://stripe.com/docs/search#query-fields-for-customers for a list of supported fields.",
		`email:`:                             "We were unable to parse your search query. Try using the format `metadata[\"key\"]:\"value\"` to query for metadata or key:\"value\" to query for other fields.",
		`hello`:                              "We were unable to parse your search query. Try using the format `metadata[\"key\"]:\"value\"` to query for metadata or key:\"value\" to query for other fields.",
		`email:"a" AND name:"b" OR name:"c"`: "Search queries cannot mix AND and OR.",
		`name~"bo"`:                          "Substring queries need at least 3 characters.",
		`email:"open`:                        "We were unable to parse your search query. Try using the format `metadata[\"key\"]:\"value\"` to query for metadata or key:\"value\" to query for other fields.",
	} {
		if got := call(t, sb, "GET", "/v1/customers/search?query="+escape(query), ""); got.status != 400 || got.str("error.message") != message {
			t.Errorf("%s is answered with %d %s", query, got.status, got.str("error.message"))
		}
	}
}

func TestPagesOfASearch(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	ids := makeCustomers(t, sb, 7)
	first := must(t, sb, "GET", "/v1/customers/search?limit=3&query=created>0&expand[]=total_count", "")
	if first.str("object") != "search_result" || first.json["has_more"] != true || first.json["total_count"] != 7.0 || first.str("url") != "/v1/customers/search" {
		t.Errorf("%s", first.body)
	}
	met := idsOf(first)
	for page := first; page.json["has_more"] == true; {
		page = must(t, sb, "GET", "/v1/customers/search?limit=3&query=created>0&page="+page.str("next_page"), "")
		if _, shown := page.json["total_count"]; shown {
			t.Error("total_count is shown without being asked for")
		}
		met = append(met, idsOf(page)...)
		if page.json["has_more"] == false && page.json["next_page"] != nil {
			t.Error("the last page has a next one")
		}
	}
	if !slices.Equal(met, ids) {
		t.Errorf("met %v, want %v", met, ids)
	}
	if got := call(t, sb, "GET", "/v1/customers/search?query=created>0&page=nonsense", ""); got.status != 400 {
		t.Errorf("a page that is none is answered with %d", got.status)
	}
}
