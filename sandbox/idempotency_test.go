package sandbox

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTheFirstAnswerIsReplayed(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	sb := newTest(t, Options{Clock: func() time.Time { return now }})
	ask := func(form, key string) reply {
		return call(t, sb, "POST", "/v1/customers", form, "Idempotency-Key", key)
	}
	first := ask("name=a&metadata[x]=1", "k")
	must(t, sb, "POST", "/v1/customers/"+first.str("id"), "name=changed")
	again := ask("metadata[x]=1&name=a", "k")
	if again.status != http.StatusOK || again.body != first.body {
		t.Errorf("the same call, in another order, is answered with %s; first %s", again.body, first.body)
	}
	if again.header.Get("Idempotent-Replayed") != "true" || again.header.Get("Original-Request") != first.header.Get("Request-Id") || again.header.Get("Request-Id") == first.header.Get("Request-Id") {
		t.Errorf("the headers of a replay are %v", again.header)
	}
	if first.header.Get("Idempotent-Replayed") != "" {
		t.Error("the first answer says that it is a replay")
	}
	if n := len(idsOf(must(t, sb, "GET", "/v1/customers", ""))); n != 1 {
		t.Errorf("%d customers were made", n)
	}
	for name, other := range map[string]reply{
		"Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than 'k' if you meant to execute a different request.":               ask("name=b", "k"),
		"Keys for idempotent requests can only be used for the same endpoint they were first used for ('/v1/customers'). Try using a key other than 'k' if you meant to execute a different request.": call(t, sb, "POST", "/v1/products", "name=a", "Idempotency-Key", "k"),
	} {
		if other.status != 400 || other.str("error.type") != "idempotency_error" || other.str("error.message") != name || other.at("error.code") != nil {
			t.Errorf("%d %s, want 400 %s", other.status, other.body, name)
		}
	}
	// Another account's key is another key; a key has no effect on reads.
	if other := call(t, sb, "POST", "/v1/customers", "name=b", "Idempotency-Key", "k", "Authorization", "Bearer sk_test_other"); other.status != http.StatusOK {
		t.Errorf("another account may not use the key: %s", other.body)
	}
	must(t, sb, "GET", "/v1/products", "", "Idempotency-Key", "k")
	now = now.Add(keptCalls)
	if after := ask("name=b", "k"); after.status != http.StatusOK || after.str("name") != "b" {
		t.Errorf("after a day the key is not new: %d %s", after.status, after.body)
	}
}

func TestWhatIsKeptUnderAKey(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	ask := func(target, form string) reply { return call(t, sb, "POST", target, form, "Idempotency-Key", "k") }
	if got := ask("/v1/customers", "nmae=x"); got.status != 400 {
		t.Fatal(got.body)
	}
	if got := ask("/v1/customers/cus_x", ""); got.status != 404 {
		t.Fatalf("a key whose call was not valid is not free: %s", got.body)
	}
	if got := ask("/v1/customers/cus_x", ""); got.status != 404 || got.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("a failure of the operation is not replayed: %d %v", got.status, got.header)
	}
	if got := call(t, sb, "POST", "/v1/customers", "", "Idempotency-Key", strings.Repeat("ü", 256)); got.status != 400 {
		t.Errorf("a key of 256 characters is answered with %d", got.status)
	}
	must(t, sb, "POST", "/v1/customers", "", "Idempotency-Key", strings.Repeat("ü", 255))
}

// Of many calls with one key at once, one takes effect; the others replay it or are told that it runs.
func TestOneKeyAtOnce(t *testing.T) {
	t.Parallel()
	sb := newTest(t, Options{})
	started, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	sb.seams.before = func(http.ResponseWriter, *apiRequest) bool {
		once.Do(func() {
			close(started)
			<-release
		})
		return false
	}
	done := make(chan reply)
	ask := func() reply { return call(t, sb, "POST", "/v1/customers", "name=a", "Idempotency-Key", "k") }
	go func() { done <- ask() }()
	<-started
	busy := ask()
	if busy.status != http.StatusConflict || busy.str("error.code") != "idempotency_key_in_use" || busy.header.Get("Stripe-Should-Retry") != "true" {
		t.Errorf("a call of a key that runs is answered with %d %s", busy.status, busy.body)
	}
	close(release)
	first := <-done
	if later := ask(); first.status != http.StatusOK || later.body != first.body {
		t.Errorf("first %d %s, later %s", first.status, first.body, later.body)
	}
}
