package sandbox

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// payWithCard sends a card's number in every way that the API takes one, and keeps nothing of it.
func payWithCard(t *testing.T, sb *Sandbox, halves [2]string) {
	t.Helper()
	card := strings.ReplaceAll("card[number]=N&card[exp_month]=12&card[exp_year]=2034&card[cvc]=314", "N", halves[0]+halves[1])
	for target, form := range map[string]string{
		"/v1/tokens":          card,
		"/v1/payment_methods": "type=card&" + card,
		"/v1/payment_intents": "amount=1500&currency=usd&confirm=true&return_url=https://shop.example&payment_method_data[type]=card&" + strings.ReplaceAll(card, "card[", "payment_method_data[card]["),
	} {
		r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form))
		r.Header.Set("Authorization", "Bearer sk_test_heap")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Idempotency-Key", target)
		w := httptest.NewRecorder()
		sb.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Fatalf("%s answered %d %s", target, w.Code, w.Body)
		}
	}
}

// A dump of the process's memory has no card number in it once the calls are over. The halves of the number are apart in
// this file, so that the test itself does not hold it; the table of published numbers is no heap object.
func TestNoCardNumberStaysInMemory(t *testing.T) {
	sb := newTest(t, Options{})
	halves := [2]string{"40000007", "60000002"}
	payWithCard(t, sb, halves)
	runtime.GC()
	runtime.GC()
	path := filepath.Join(t.TempDir(), "heap")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	debug.WriteHeapDump(file.Fd())
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	dump, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(dump, []byte("acct_1")) {
		t.Fatal("the dump does not hold the sandbox's texts")
	}
	if i := bytes.Index(dump, []byte(halves[0]+halves[1])); i >= 0 {
		t.Errorf("the number is in memory: %q", dump[max(0, i-100):min(len(dump), i+60)])
	}
}
