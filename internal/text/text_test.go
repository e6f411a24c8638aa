package text_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/text"
)

func TestEverySentenceExistsInBothLanguages(t *testing.T) {
	t.Parallel()
	for _, key := range text.Keys() {
		en, tr := text.Say(text.English, key), text.Say(text.Turkish, key)
		if strings.TrimSpace(en) == "" || strings.TrimSpace(tr) == "" {
			t.Errorf("%s: en %q, tr %q", key, en, tr)
		}
		for _, part := range strings.Split(en, "{")[1:] {
			if name, _, ok := strings.Cut(part, "}"); !ok || !strings.Contains(tr, "{"+name+"}") {
				t.Errorf("%s: {%s} of the English sentence is missing in the Turkish one", key, name)
			}
		}
	}
}

func TestStatusesAndAttentionsHaveSentences(t *testing.T) {
	t.Parallel()
	for _, s := range vezne.OrderStatuses() {
		if !text.Has("status." + string(s)) {
			t.Errorf("status %s has no sentence", s)
		}
	}
	for _, a := range vezne.Attentions() {
		if !text.Has("attention." + string(a)) {
			t.Errorf("attention %s has no sentence", a)
		}
	}
	if got := text.Status(text.Turkish, vezne.OrderPaid); got != "Ödendi" {
		t.Errorf("paid in Turkish = %q", got)
	}
}

func TestDeclinesThatMustNotBeToldApartAreTheSameToTheByte(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Langs() {
		want := text.Say(lang, text.Decline(&vezne.StripeError{Status: 402, Type: "card_error", Code: "card_declined", DeclineCode: "generic_decline"}))
		for _, code := range []string{"lost_card", "stolen_card", "fraudulent", "merchant_blacklist", "pickup_card", "restricted_card",
			"highest_risk_level", "rule", "a_code_that_nobody_has_seen", "lost_or_stolen_card"} {
			got := text.Say(lang, text.Decline(&vezne.StripeError{Status: 402, Type: "card_error", Code: "card_declined", DeclineCode: code}))
			if got != want {
				t.Errorf("%s %s: %q, want the generic %q", lang, code, got, want)
			}
		}
	}
}

func TestDeclineKeys(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		e    *vezne.StripeError
		want string
	}{
		{"a decline code goes before the error code", &vezne.StripeError{Status: 402, Code: "card_declined", DeclineCode: "insufficient_funds"}, "funds"},
		{"an expired card without a decline code", &vezne.StripeError{Status: 402, Type: "card_error", Code: "expired_card"}, "expired"},
		{"a wrong security code", &vezne.StripeError{Status: 402, Type: "card_error", Code: "incorrect_cvc"}, "cvc"},
		{"a processing error", &vezne.StripeError{Status: 402, Type: "card_error", Code: "processing_error"}, "again2"},
		{"a failed authentication", &vezne.StripeError{Status: 402, Type: "invalid_request_error", Code: "payment_intent_authentication_failure"}, "authfail"},
		{"velocity", &vezne.StripeError{Status: 402, Type: "card_error", Code: "card_declined", DeclineCode: "card_velocity_exceeded"}, "limit"},
		{"an outage never says that nothing was charged", &vezne.StripeError{Status: 500, Type: "api_error"}, "pending"},
		{"a request of ours that is wrong", &vezne.StripeError{Status: 400, Type: "invalid_request_error", Code: "something_new"}, "ours"},
		{"nothing at all", nil, "generic"},
	} {
		if got := text.Decline(tt.e); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	for code, key := range text.DeclineKeys() {
		if !text.Has(key) {
			t.Errorf("code %s points to the unknown sentence %q", code, key)
		}
	}
}

func TestMoneyAsPeopleReadIt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		lang text.Lang
		m    vezne.Money
		want string
	}{
		{text.Turkish, vezne.Money{Amount: 123456, Currency: "try"}, "₺1.234,56"},
		{text.English, vezne.Money{Amount: 123456, Currency: "try"}, "₺1,234.56"},
		{text.Turkish, vezne.Money{Amount: 5, Currency: "usd"}, "$0,05"},
		{text.English, vezne.Money{Amount: 1999, Currency: "jpy"}, "¥1,999"},
		{text.English, vezne.Money{Amount: 1990, Currency: "kwd"}, "KWD\u00a01.990"},
		{text.English, vezne.Money{Amount: 500, Currency: "isk"}, "ISK\u00a05"},
		{text.English, vezne.Money{Amount: -1999, Currency: "usd"}, "−$19.99"},
		{text.English, vezne.Money{Amount: 9223372036854775807, Currency: "usd"}, "$92233720368547758.07"},
	} {
		if got := text.Money(tt.lang, tt.m); got != tt.want {
			t.Errorf("%s %v: %q, want %q", tt.lang, tt.m, got, tt.want)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 2, 3, 14, 5, 6, 0, time.UTC)
	if got := text.Date(text.Turkish, at); got != "3 Şubat 2026" {
		t.Errorf("Turkish date = %q", got)
	}
	if got := text.Date(text.English, at); got != "February 3, 2026" {
		t.Errorf("English date = %q", got)
	}
	if got := text.DateTime(text.Turkish, at); got != "03.02.2026 14:05 UTC" {
		t.Errorf("Turkish instant = %q", got)
	}
}

func TestChooseTakesTheFirstLanguageOfOurs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		candidates []string
		want       text.Lang
	}{
		{"the order's", []string{"tr", "en", "", "en-GB,en;q=0.9"}, text.Turkish},
		{"the query, when the order has none", []string{"", "tr-TR"}, text.Turkish},
		{"capital letters by ASCII rules", []string{"TR_TR"}, text.Turkish},
		{"the header by weight", []string{"", "", "de,en;q=0.5,tr;q=0.8"}, text.Turkish},
		{"a language with zero weight is refused", []string{"tr;q=0,de"}, text.English},
		{"an unknown one falls through", []string{"de", "tr"}, text.Turkish},
		{"nothing", nil, text.English},
		{"a longer word is not a language", []string{"trust"}, text.English},
	} {
		if got := text.Choose(tt.candidates...); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
