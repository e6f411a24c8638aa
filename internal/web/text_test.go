package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/text"
)

// families are the keys that pages make of a beginning and something that the
// desk says; each must be there for all that it can say.
func families() map[string][]string {
	f := map[string][]string{
		"web.lang.":            {"tr", "en"},
		"action.":              {"planned", "refused"},
		"admin.attempt.kind.":  {string(vezne.AttemptCheckout), string(vezne.AttemptPaymentIntent)},
		"admin.attempt.state.": {string(vezne.AttemptOpening), string(vezne.AttemptActive), string(vezne.AttemptPaid), string(vezne.AttemptUnpaid)},
		"admin.refund.state.":  {"pending", "requires_action", "succeeded", "failed", "canceled", "refused"},
		"admin.reason.":        {"duplicate", "fraudulent", "requested_by_customer"},
		"admin.said.":          {"refund", "capture", "cancel", "unsure"},
		"admin.":               {"refund.ask", "refund.ask.lead", "refund.do", "capture.ask", "capture.ask.lead", "capture.do", "cancel.ask", "cancel.ask.lead", "cancel.do"},
		"shop.product.":        {"kahve", "cezve", "bardak", "lokum", "cini", "ortu"},
		"shop.method.":         {"pm_card_visa", "pm_card_mastercard", "pm_card_authenticationRequired", "pm_card_visa_chargeDeclined", "pm_card_visa_chargeDeclinedInsufficientFunds", "pm_card_visa_chargeDeclinedLostCard"},
		"event.":               {string(vezne.EventReceived), string(vezne.EventApplied), string(vezne.EventIgnored), string(vezne.EventQuarantined), string(vezne.EventDead)},
		"action.order.":        {"created", "paid", "authorized", "authorization_released", "processing", "processing_ended", "refunded", "refund_reversed", "disputed", "dispute_closed", "canceled", "held_by_hook"},
		"action.payment.":      {"failed", "requires_action"},
	}
	for _, info := range vezne.Codes() {
		f["error."] = append(f["error."], string(info.Code))
		f["error.title."] = append(f["error.title."], string(info.Kind))
	}
	for _, s := range vezne.OrderStatuses() {
		f["status."] = append(f["status."], string(s))
	}
	for _, a := range vezne.Attentions() {
		f["attention."] = append(f["attention."], string(a))
	}
	for _, k := range []vezne.ActorKind{vezne.ActorCustomer, vezne.ActorOperator, vezne.ActorAPI, vezne.ActorWebhook, vezne.ActorLandingPage, vezne.ActorReconcile, vezne.ActorSystem} {
		f["actor."] = append(f["actor."], string(k))
	}
	return f
}

// literals are the keys, and beginnings of keys, that code and templates name.
func literals(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			if s, err := strconv.Unquote(lit.Value); err == nil {
				found[s] = name
			}
			return true
		})
	}
	templates, err := filepath.Glob("html/*.html")
	if err != nil || len(templates) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	action := regexp.MustCompile(`{{[^}]*}}`)
	quoted := regexp.MustCompile(`"([a-z0-9_]+(?:\.[a-zA-Z0-9_]+)*\.?)"`)
	for _, name := range templates {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range action.FindAllString(string(b), -1) {
			for _, m := range quoted.FindAllStringSubmatch(a, -1) {
				found[m[1]] = name
			}
		}
	}
	return found
}

func TestEveryKeyThatPagesUseHasASentence(t *testing.T) {
	t.Parallel()
	say := regexp.MustCompile(`(?:\.T|Say\([^,"]*,|sayOr\([^,"]*,|\$\.Step \. "[^"]*" "[^"]*"|\$\.Field "[^"]*")\s*\(?"([a-z][a-zA-Z0-9_.]*[a-zA-Z0-9_])"`)
	files, err := filepath.Glob("html/*.html")
	if err != nil {
		t.Fatal(err)
	}
	code, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range append(files, code...) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range say.FindAllStringSubmatch(string(b), -1) {
			if n++; !text.Has(m[1]) {
				t.Errorf("%s says %q, which has no sentence", name, m[1])
			}
		}
	}
	if n < 150 {
		t.Fatalf("only %d keys were found: the pattern is out of date", n)
	}
	for beginning, ends := range families() {
		for _, end := range ends {
			if !text.Has(beginning + end) {
				t.Errorf("%s%s has no sentence", beginning, end)
			}
		}
	}
}

func TestEverySentenceOfPagesIsUsed(t *testing.T) {
	t.Parallel()
	used := literals(t)
	for _, key := range text.Keys() {
		area, _, _ := strings.Cut(key, ".")
		if !strings.Contains(" web pay card shop admin error actor action event ", " "+area+" ") {
			continue
		}
		if _, ok := used[key]; ok || inFamily(key, used) {
			continue
		}
		t.Errorf("%s is used nowhere", key)
	}
}

// inFamily reports whether code makes the key of a beginning that it names.
func inFamily(key string, used map[string]string) bool {
	for i := len(key) - 1; i > 0; i-- {
		if key[i] != '.' {
			continue
		}
		if _, ok := used[key[:i+1]]; ok && key[:i+1] != "admin." && key[:i+1] != "shop." {
			return true
		}
	}
	for _, end := range families()["admin."] {
		if key == "admin."+end {
			return true
		}
	}
	return false
}

func TestTemplatesHoldNoSentence(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("html/*.html")
	if err != nil || len(files) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	action := regexp.MustCompile(`{{[^}]*}}`)
	spoken := regexp.MustCompile(`\s(?:aria-label|title|alt|placeholder|value)="([^"]*)"`)
	tag := regexp.MustCompile(`<[^>]*>`)
	word := regexp.MustCompile(`\p{L}{2,}`)
	// What is no sentence: our name, and things as Stripe writes them.
	names := map[string]bool{"Vezne": true}
	values := map[string]bool{"payment_intent.succeeded": true, "pi_…": true, "cart": true, "remove": true, "checkout": true, "elements": true, "intents": true, "yes": true, "1": true, "": true}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		page := action.ReplaceAllString(string(b), "")
		for _, m := range spoken.FindAllStringSubmatch(page, -1) {
			if word.MatchString(m[1]) && !values[m[1]] {
				t.Errorf("%s: an attribute says %q", name, m[1])
			}
		}
		for _, w := range word.FindAllString(tag.ReplaceAllString(page, " "), -1) {
			if !names[w] {
				t.Errorf("%s says %q", name, w)
			}
		}
	}
}
