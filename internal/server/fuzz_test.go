package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/server"
)

// FuzzOrderBody: whatever is sent as an order is made or refused with a reason;
// nothing else happens, and what is made is what was sent.
func FuzzOrderBody(f *testing.F) {
	for _, body := range []string{
		goodOrder, "", "{", "null", "[]", `"x"`, `{"currency":"usd","lines":[]}`, `{"currency":5}`, `{"currency":"usd","lines":[{"name":"Tea","unit_amount":19.99}]}`,
		`{"currency":"usd","lines":[{"name":"Tea","unit_amount":1e3,"quantity":2}]}`, `{"currency":"usd","lines":[{"name":"Tea","unit_amount":-1}]}`,
		`{"currency":"usd","lines":[{"name":"Tea","unit_amount":99999999999999999999}]}`, `{"currency":"usd","lines":[{"name":"Tea","unit_amount":"1999"}]}`,
		`{"currency":"usd","lines":[{"name":"Tea","unit_amount":1999}],"unknown":1}`, `{"currency":"usd","currency":"eur","lines":[{"name":"Tea","unit_amount":1999}]}`,
		`{"Currency":"usd","LINES":[{"Name":"Tea","unit_amount":1999}]}`, `{"currency":"usd","lines":[{"name":"\u0000\ud800","unit_amount":1999}]}`, "\ufeff" + goodOrder, goodOrder + goodOrder, goodOrder + "\n",
		`{"currency":"usd","lines":[{"price":"price_1","quantity":1}],"customer":{"reference":"u","email":"a@b","name":"Çağrı"},"locale":"tr","metadata":{"a":"b"}}`,
		`{"currency":"usd","lines":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`, `{"metadata":{"a":1}}`, `{"metadata":null,"customer":null,"lines":null,"currency":null}`, "{\"currency\":\"\xff\"}",
	} {
		f.Add([]byte(body))
	}
	d := &fakeDesk{}
	handler := server.New(server.Config{
		Desk: d, Inbox: fakeInbox{}, Access: fakeAccess{}, Keys: &fakeKeys{kept: map[server.KeyScope]*keptKey{}}, Ready: func(context.Context) error { return nil },
		PublishableKey: "pk_test_abc", PublicURL: "https://pay.example.com", Clock: vezne.SystemClock{}, Log: slog.New(slog.DiscardHandler),
	})
	f.Fuzz(func(t *testing.T, body []byte) {
		before := d.created
		req := httptest.NewRequest(http.MethodPost, "/v1/orders", bytes.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, req)
		if !slices.Contains([]int{http.StatusCreated, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity}, rec.Code) {
			t.Fatalf("%q: %d %s", body, rec.Code, rec.Body)
		}
		if !json.Valid(rec.Body.Bytes()) {
			t.Fatalf("%q: the answer is no JSON: %q", body, rec.Body)
		}
		if made := d.created - before; (rec.Code == http.StatusCreated) != (made == 1) {
			t.Fatalf("%q: %d, and %d orders were made", body, rec.Code, made)
		}
		if rec.Code != http.StatusCreated {
			var p server.Problem
			if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil || p.Code == "" || p.Detail == "" || p.Status != rec.Code || rec.Header().Get("Content-Type") != "application/problem+json" {
				t.Fatalf("%q: %s %+v, %v", body, rec.Header().Get("Content-Type"), p, err)
			}
			return
		}
		if !json.Valid(body) || !utf8.Valid(body) {
			t.Fatalf("%q was taken", body)
		}
		for _, l := range d.seen.Lines {
			if !utf8.ValidString(l.Name) {
				t.Fatalf("%q: a name that is no text: %q", body, l.Name)
			}
		}
	})
}
