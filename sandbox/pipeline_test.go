package sandbox

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// newTest makes a sandbox that ends with the test.
func newTest(t testing.TB, o Options) *Sandbox {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	sb, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	return sb
}

// reply is an answer of the sandbox.
type reply struct {
	status int
	header http.Header
	body   string
	json   map[string]any
}

// str reads a text at a dotted path.
func (r reply) str(path string) string {
	s, _ := r.at(path).(string)
	return s
}

func (r reply) at(path string) any {
	var v any = r.json
	for key := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

// call asks a sandbox as sk_test_core does. Pairs of header may follow the form.
func call(t testing.TB, h http.Handler, method, target, form string, header ...string) reply {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(form))
	r.Header.Set("Authorization", "Bearer sk_test_core")
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i+1] == "" {
			r.Header.Del(header[i])
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	got := reply{status: w.Code, header: w.Header(), body: w.Body.String()}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(w.Body.Bytes(), &got.json); err != nil {
			t.Fatalf("%s %s answered no JSON: %v\n%s", method, target, err, w.Body)
		}
	}
	return got
}

func TestSmoke(t *testing.T) {
	sb := newTest(t, Options{})
	c := call(t, sb, "POST", "/v1/customers", "email=a@b.example&metadata[x]=y")
	t.Log(c.body)
	t.Log(call(t, sb, "POST", "/v1/customers/"+c.str("id"), "metadata[x]=&metadata[z]=2&name=N").body)
	t.Log(call(t, sb, "GET", "/v1/customers", "").body)
	t.Log(call(t, sb, "GET", "/v1/events", "").body)
	t.Log(call(t, sb, "DELETE", "/v1/customers/"+c.str("id"), "").body)
	t.Log(call(t, sb, "GET", "/v1/customers/"+c.str("id"), "").body)
	t.Log(call(t, sb, "GET", "/v1/customers/nope", "").body)
}
