package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// idsOf are the ids of a list's members.
func idsOf(r reply) []string {
	ids := []string{}
	data, _ := r.json["data"].([]any)
	for _, m := range data {
		id, _ := m.(map[string]any)["id"].(string)
		ids = append(ids, id)
	}
	return ids
}

// makeCustomers makes n customers and answers their ids, the newest first, as lists have them.
func makeCustomers(t *testing.T, sb *Sandbox, n int) []string {
	t.Helper()
	ids := make([]string, n)
	for i := range n {
		ids[n-1-i] = must(t, sb, "POST", "/v1/customers", fmt.Sprintf("name=n%d&email=c%d@shop.example", i, i%2)).str("id")
	}
	return ids
}

func TestPagesOfAList(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	ids := makeCustomers(t, sb, 15)
	for _, tc := range []struct {
		name, query string
		want        []string
		more        bool
	}{
		{"ten without a limit", "", ids[:10], true},
		{"a limit", "limit=3", ids[:3], true},
		{"the rest", "limit=3&starting_after=" + ids[11], ids[12:], false},
		{"behind the last", "starting_after=" + ids[14], []string{}, false},
		{"the page before", "limit=3&ending_before=" + ids[7], ids[4:7], true},
		{"the page before, at the beginning", "limit=5&ending_before=" + ids[2], ids[:2], false},
		{"before the first", "ending_before=" + ids[0], []string{}, false},
		{"a limit of nothing is one", "limit=0", ids[:1], true},
		{"a negative limit is one", "limit=-4", ids[:1], true},
		{"a huge limit is a hundred", "limit=5000", ids, false},
		{"a filter", "limit=100&email=c1@shop.example", every(ids, 1), false},
		{"a range of times", "created[gt]=1", ids[:10], true},
		{"a range that none is in", "created[lt]=1", []string{}, false},
		{"one instant", "created=7", []string{}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := must(t, sb, "GET", "/v1/customers?"+tc.query, "")
			if !slices.Equal(idsOf(got), tc.want) || got.json["has_more"] != tc.more || got.str("url") != "/v1/customers" || got.str("object") != "list" {
				t.Errorf("got %v, has_more %v, url %v; want %v, %v", idsOf(got), got.json["has_more"], got.json["url"], tc.want, tc.more)
			}
		})
	}
	if body := must(t, sb, "GET", "/v1/customers?limit=1", "").body; !inOrder(body, `"object": "list"`, `"url"`, `"has_more"`, `"data"`) {
		t.Errorf("the keys of a list are in another order than Stripe's: %s", body)
	}
}

// every is every second id, from an offset.
func every(ids []string, from int) []string {
	var some []string
	for i := from; i < len(ids); i += 2 {
		some = append(some, ids[i])
	}
	return some
}

func inOrder(text string, parts ...string) bool {
	for _, p := range parts {
		i := strings.Index(text, p)
		if i < 0 {
			return false
		}
		text = text[i+len(p):]
	}
	return true
}

func TestBadCursors(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	ids := makeCustomers(t, sb, 3)
	for _, tc := range []struct{ name, query, code, param, message string }{
		{"an unknown one", "starting_after=cus_aaa", "resource_missing", "starting_after", "No such customer: 'cus_aaa'"},
		{"an unknown one backwards", "ending_before=cus_aaa", "resource_missing", "ending_before", "No such customer: 'cus_aaa'"},
		{"both", "starting_after=" + ids[0] + "&ending_before=" + ids[2], "", "", "Received both starting_after and ending_before parameters. Please pass in only one."},
		{"both, one unknown", "starting_after=" + ids[0] + "&ending_before=cus_aaa", "resource_missing", "ending_before", "No such customer: 'cus_aaa'"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := call(t, sb, "GET", "/v1/customers?"+tc.query, "")
			if got.status != 400 || got.str("error.code") != tc.code || got.str("error.param") != tc.param || got.str("error.message") != tc.message {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
}

// Whatever was made and deleted, walking a list by its cursors, forwards and backwards, meets each object once, the
// newest first.
func TestWalkingAListMeetsEachOnce(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	account := 0
	rapid.Check(t, func(rt *rapid.T) {
		account++
		auth := fmt.Sprintf("Bearer sk_test_walk%d", account)
		ask := func(method, target, form string) reply {
			return must(t, sb, method, target, form, "Authorization", auth)
		}
		var alive []string // the newest first
		for range rapid.IntRange(0, 25).Draw(rt, "steps") {
			if len(alive) > 0 && rapid.IntRange(0, 3).Draw(rt, "what") == 0 {
				i := rapid.IntRange(0, len(alive)-1).Draw(rt, "which")
				ask("DELETE", "/v1/customers/"+alive[i], "")
				alive = slices.Delete(alive, i, i+1)
				continue
			}
			alive = slices.Insert(alive, 0, ask("POST", "/v1/customers", "").str("id"))
		}
		limit := rapid.IntRange(1, 7).Draw(rt, "limit")
		var met []string
		for cursor := ""; ; {
			page := ask("GET", fmt.Sprintf("/v1/customers?limit=%d%s", limit, cursor), "")
			met = append(met, idsOf(page)...)
			if page.json["has_more"] != true {
				break
			}
			cursor = "&starting_after=" + met[len(met)-1]
		}
		if !slices.Equal(met, alive) {
			rt.Fatalf("forwards %v, want %v", met, alive)
		}
		if len(alive) == 0 {
			return
		}
		back := alive[len(alive)-1:]
		for {
			page := ask("GET", fmt.Sprintf("/v1/customers?limit=%d&ending_before=%s", limit, back[0]), "")
			back = append(idsOf(page), back...)
			if page.json["has_more"] != true {
				break
			}
		}
		if !slices.Equal(back, alive) {
			rt.Fatalf("backwards %v, want %v", back, alive)
		}
	})
}

// What is written is read: random creations and updates of a customer against a plain map.
func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	text := rapid.StringMatching(`[a-zA-ZçğıöşüÇĞİÖŞÜ0-9 &=+%\[\]"\\]{1,30}`)
	key := rapid.StringMatching(`[a-zA-Z_.][a-zA-Z0-9_.-]{0,12}`)
	rapid.Check(t, func(rt *rapid.T) {
		want := map[string]any{"name": nil, "phone": nil}
		metadata := map[string]any{}
		form := func() string {
			pairs := []string{}
			for _, field := range []string{"name", "phone"} {
				if rapid.Bool().Draw(rt, "set "+field) {
					v := text.Filter(func(s string) bool { return len([]rune(s)) <= 20 }).Draw(rt, field)
					want[field] = v
					pairs = append(pairs, field+"="+escape(v))
				}
			}
			for range rapid.IntRange(0, 3).Draw(rt, "keys") {
				k := key.Draw(rt, "key")
				v := ""
				if rapid.Bool().Draw(rt, "keep") {
					v = text.Draw(rt, "value")
				}
				if v == "" {
					delete(metadata, k)
				} else {
					metadata[k] = v
				}
				pairs = append(pairs, "metadata["+escape(k)+"]="+escape(v))
			}
			return strings.Join(pairs, "&")
		}
		c := must(t, sb, "POST", "/v1/customers", form())
		for range rapid.IntRange(0, 4).Draw(rt, "updates") {
			must(t, sb, "POST", "/v1/customers/"+c.str("id"), form())
		}
		got := must(t, sb, "GET", "/v1/customers/"+c.str("id"), "")
		for field, v := range want {
			if got.json[field] != v {
				rt.Fatalf("%s is %q, want %q", field, got.json[field], v)
			}
		}
		read, _ := got.json["metadata"].(map[string]any)
		if fmt.Sprint(read) != fmt.Sprint(metadata) {
			rt.Fatalf("metadata %v, want %v", read, metadata)
		}
	})
}
