package sandbox

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// start opens a sandbox over a folder; the caller closes it.
func start(t *testing.T, dir string) *Sandbox {
	t.Helper()
	sb, err := New(Options{Data: dir, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	return sb
}

func stop(t *testing.T, sb *Sandbox) {
	t.Helper()
	if err := sb.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestARestartFindsEverything(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sb := start(t, dir)
	kept := must(t, sb, "POST", "/v1/customers", "name=Ay%C5%9Fe&metadata[a.b]=1&shipping[name]=x&shipping[address][city]=Izmir")
	gone := must(t, sb, "POST", "/v1/customers", "").str("id")
	must(t, sb, "DELETE", "/v1/customers/"+gone, "")
	first := call(t, sb, "POST", "/v1/customers", "name=once", "Idempotency-Key", "k")
	paid := must(t, sb, "POST", "/v1/payment_intents", "amount=1500&currency=usd&confirm=true&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never&payment_method=pm_card_visa&expand[]=latest_charge")
	declined := call(t, sb, "POST", "/v1/payment_intents", "amount=1500&currency=usd&confirm=true&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never&payment_method=pm_card_visa_chargeDeclined", "Idempotency-Key", "declined")
	a := sb.account("core")
	a.locked(func() { a.issueKey("rk_test_reader1234", map[string]string{"customers": "read"}) })
	a.locked(func() { a.issueKey("rk_test_nothing", map[string]string{}) })
	hidden := ""
	if err := a.do(func(tx *accountTx) error {
		o := tx.New("product").Set("_plan.secret", "remembered")
		hidden = o.ID()
		tx.Put(o)
		tx.Publish("page_1")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := a.freeze(true); err != nil {
		t.Fatal(err)
	}
	if err := a.advance(t.Context(), a.now()+3600); err != nil {
		t.Fatal(err)
	}
	targets := []string{"/v1/customers", "/v1/events?limit=100", "/v1/charges", "/v1/balance_transactions", "/v1/payment_methods", "/v1/account", "/v1/customers/" + gone, "/v1/payment_intents/" + paid.str("id") + "?expand[]=latest_charge"}
	before := map[string]string{}
	for _, target := range targets {
		before[target] = must(t, sb, "GET", target, "").body
	}
	now := a.now()
	stop(t, sb)

	for range 2 { // what a start writes anew is whole, too
		sb = start(t, dir)
		for _, target := range targets {
			if got := must(t, sb, "GET", target, "").body; got != before[target] {
				t.Errorf("after the restart %s is\n%s\nit was\n%s", target, got, before[target])
			}
		}
		again := call(t, sb, "POST", "/v1/customers", "name=once", "Idempotency-Key", "k")
		if again.body != first.body || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("the key is forgotten: %d %s", again.status, again.body)
		}
		if again := call(t, sb, "POST", "/v1/customers", "name=other", "Idempotency-Key", "k"); again.status != 400 {
			t.Errorf("what the key stood for is forgotten: %d", again.status)
		}
		if again := call(t, sb, "POST", "/v1/payment_intents", "amount=1500&currency=usd&confirm=true&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never&payment_method=pm_card_visa_chargeDeclined", "Idempotency-Key", "declined"); again.status != declined.status || again.body != declined.body {
			t.Errorf("a decline is replayed as %d %s", again.status, again.body)
		}
		a = sb.account("core")
		if a.now() != now || !a.clock.frozen {
			t.Errorf("the clock stands at %d, frozen %v; it stood at %d", a.now(), a.clock.frozen, now)
		}
		if got := call(t, sb, "POST", "/v1/customers", "", "Authorization", "Bearer rk_test_reader1234"); got.status != 403 {
			t.Errorf("the restricted key may now do anything: %d", got.status)
		}
		if got := call(t, sb, "GET", "/v1/customers", "", "Authorization", "Bearer rk_test_nothing"); got.status != 403 {
			t.Errorf("a key without permissions may now do anything: %d", got.status)
		}
		if held, ok := sb.owners.Load("page_1"); !ok || held != (owner{account: a}) {
			t.Error("what was published is forgotten")
		}
		if err := a.do(func(tx *accountTx) error {
			if got := tx.Get("product", hidden).Str("_plan.secret"); got != "remembered" {
				t.Errorf("the hidden value is %q", got)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if id := must(t, sb, "GET", "/v1/customers/"+kept.str("id"), "").str("id"); id != kept.str("id") {
			t.Error(id)
		}
		stop(t, sb)
	}
}

func TestIDsDoNotRepeatAfterARestart(t *testing.T) {
	t.Parallel()
	dir, seen := t.TempDir(), map[string]bool{}
	for range 3 {
		sb := start(t, dir)
		for range 5 {
			id := must(t, sb, "POST", "/v1/customers", "").str("id")
			if seen[id] {
				t.Fatalf("%s was given twice", id)
			}
			seen[id] = true
		}
		stop(t, sb)
	}
	one, two := newTest(t, Options{Seed: 3}), newTest(t, Options{Seed: 3})
	must(t, one, "POST", "/v1/customers", "", "Authorization", "Bearer sk_test_another")
	if a, b := must(t, one, "POST", "/v1/customers", "").str("id"), must(t, two, "POST", "/v1/customers", "").str("id"); a != b {
		t.Errorf("the same seed gives %s and %s", a, b)
	}
}

func TestJobsOutliveARestart(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		sb := start(t, dir)
		begin := time.Now().Unix()
		a := sb.account("core")
		list := notes(a, begin)
		plan(t, a, 10, "done")
		plan(t, a, 100, "left", "again")
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if got := list(); !slices.Equal(got, []string{"done@10"}) {
			t.Errorf("ran %v", got)
		}
		stop(t, sb)

		time.Sleep(90 * time.Second) // what falls due while nobody runs is made up for
		sb = start(t, dir)
		must(t, sb, "GET", "/v1/customers", "")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := list(); !slices.Equal(got, []string{"done@10", "left@100", "again@100", "later@110"}) {
			t.Errorf("after the restart ran %v", got)
		}
		stop(t, sb)
	})
}

func TestATornLastLineIsLeftOut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sb := start(t, dir)
	id := must(t, sb, "POST", "/v1/customers", "").str("id")
	stop(t, sb)
	path := filepath.Join(dir, journalName)
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(`{"account":"core","put":[{"type":"customer","id":"cus_torn"`); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	sb = start(t, dir)
	must(t, sb, "GET", "/v1/customers/"+id, "")
	if got := call(t, sb, "GET", "/v1/customers/cus_torn", ""); got.status != 404 {
		t.Errorf("half a line was read: %d", got.status)
	}
	stop(t, sb)
	open := start(t, dir)
	if _, err := New(Options{Data: dir}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("two sandboxes write one journal: %v", err)
	}
	stop(t, open)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(whole, []byte(`{"account"`), []byte(`{"account`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{Data: dir}); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a damaged line in the middle: %v", err)
	}
}

// Many calls at once are each stored before they are answered.
func TestAnswersAreStoredFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sb := start(t, dir)
	var wg sync.WaitGroup
	ids := make([]string, 40)
	for i := range ids {
		wg.Go(func() {
			ids[i] = must(t, sb, "POST", "/v1/customers", "", "Authorization", fmt.Sprintf("Bearer sk_test_group%d", i%3)).str("id")
			stored, err := os.ReadFile(filepath.Join(dir, journalName))
			if err != nil || !bytes.Contains(stored, []byte(ids[i])) {
				t.Errorf("%s was answered before it was stored: %v", ids[i], err)
			}
		})
	}
	wg.Wait()
	stop(t, sb)
	sb = start(t, dir)
	for i, id := range ids {
		must(t, sb, "GET", "/v1/customers/"+id, "", "Authorization", fmt.Sprintf("Bearer sk_test_group%d", i%3))
	}
	stop(t, sb)
}

func TestEventsAreListedForThirtyDays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sb := start(t, dir)
	a := sb.account("core")
	if err := a.freeze(true); err != nil {
		t.Fatal(err)
	}
	must(t, sb, "POST", "/v1/customers", "name=old")
	if err := a.advance(t.Context(), a.now()+listedEvents+1); err != nil {
		t.Fatal(err)
	}
	must(t, sb, "POST", "/v1/customers", "name=new")
	if n := len(idsOf(must(t, sb, "GET", "/v1/events", ""))); n != 1 {
		t.Errorf("%d events are listed", n)
	}
	stop(t, sb)
	sb = start(t, dir)
	if n := len(idsOf(must(t, sb, "GET", "/v1/events", ""))); n != 1 {
		t.Errorf("%d events are listed after a restart", n)
	}
	stop(t, sb)
}

// No card number and no CVC outlives its call: not in the answer, the journal, the replay, nor in what is reported.
func TestCardNumbersLeaveNoTrace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var log bytes.Buffer
	sb, err := New(Options{Data: dir, Log: textLog(&log)})
	if err != nil {
		t.Fatal(err)
	}
	const number, cvc = "4242424242424242", "7319"
	card := "card[number]=" + number + "&card[exp_month]=12&card[exp_year]=2034&card[cvc]=" + cvc
	var seen strings.Builder
	for i, sent := range []struct{ target, form string }{
		{"/v1/tokens", card},
		{"/v1/payment_methods", "type=card&" + card},
		{"/v1/payment_methods", "type=card&nmae=1&" + card},
		{"/v1/customers", "name=" + number},
		{"/v1/customers", "balance=" + number + number},
		{"/v1/customers", "email[]=" + number},
		{"/v1/customers/" + number, ""},
		{"/v1/" + number, ""},
		{"/v1/payment_intents", "amount=1500&currency=usd&confirm=true&payment_method_data[type]=card&payment_method_data[" + strings.Replace(card, "card[", "card][", 1)},
	} {
		got := call(t, sb, http.MethodPost, sent.target, sent.form, "Idempotency-Key", fmt.Sprintf("key-%d", i))
		if !strings.Contains(sent.form, "name=") { // a name is the caller's own text
			seen.WriteString(got.body)
		}
	}
	seen.WriteString(must(t, sb, "GET", "/v1/events?limit=100", "").body)
	stop(t, sb)
	journal, err := os.ReadFile(filepath.Join(dir, journalName))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(seen.String()+log.String()+string(journal), `"name": "`+number, "")
	text = strings.ReplaceAll(text, `"name":"`+number, "")
	for _, secret := range []string{number, cvc} {
		if i := strings.Index(text, secret); i >= 0 {
			t.Errorf("%s is left: …%s…", secret, text[max(0, i-80):min(len(text), i+40)])
		}
	}
}
