package sandbox

import (
	"strings"
	"testing"

	"github.com/vezne/vezne/sandbox/internal/description"
)

func testTx(t *testing.T) *accountTx {
	t.Helper()
	sb := newTest(t, Options{})
	return &accountTx{account: sb.account("objects"), now: 1_700_000_000}
}

func TestVersionsNeverChange(t *testing.T) {
	t.Parallel()
	tx := testTx(t)
	first := tx.New("customer").Set("name", "Ayşe").Set("address.city", "İzmir").Set("metadata", hash("a", "1"))
	tx.Put(first)
	second := first.Edit().Set("address.city", "Ankara").Set("name", nil).Set("balance", 5)
	second.Hash("metadata") // reading does not open
	second.Set("metadata.b", "2")
	if first.Str("address.city") != "İzmir" || first.Str("name") != "Ayşe" || first.Int("balance") != 0 || first.Hash("metadata").Has("b") {
		t.Errorf("editing changed the version: %s", render(first))
	}
	if second.Str("address.city") != "Ankara" || second.Has("name") || second.Int("balance") != 5 || second.Str("metadata.b") != "2" || second.Str("metadata.a") != "1" {
		t.Errorf("the edited version is %s", render(second))
	}
	if tx.Get("customer", first.ID()) != first {
		t.Error("an edited version is stored before Put")
	}
}

func TestFaultsOfOursPanic(t *testing.T) {
	t.Parallel()
	tx := testTx(t)
	stored := tx.New("customer")
	tx.Put(stored)
	for name, f := range map[string]func(){
		"a key that the shape does not have": func() { tx.New("customer").Set("nmae", "x") },
		"a stored version":                   func() { stored.Set("name", "x") },
		"a stored version's hash":            func() { stored.Set("address.city", "x") },
		"a shape that nobody described":      func() { tx.New("custard") },
		"a path through a text":              func() { tx.New("customer").Set("name.first", "x") },
		"an object without an id":            func() { tx.Put(hash("object", "customer")) },
		"a job that nobody registered":       func() { tx.Due(1, "no such job", "") },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

func TestHiddenKeysAreNeverShown(t *testing.T) {
	t.Parallel()
	tx := testTx(t)
	o := tx.New("customer").Set("_token", "secret-1").Set("_plan.step", 2).Set("address._checked", true)
	if o.Str("_token") != "secret-1" || o.Int("_plan.step") != 2 || !o.Bool("address._checked") {
		t.Fatal("hidden values cannot be read")
	}
	former := o.Edit()
	former.close()
	later := o.Edit().Set("_token", "secret-2").Set("name", "x")
	if o.Str("_token") != "secret-1" {
		t.Error("editing changed a hidden value of the version before")
	}
	changed := changedLeaves(former, later)
	for _, text := range []string{string(render(o)), string(render(later)), string(render(changed))} {
		if strings.Contains(text, "secret") || strings.Contains(text, "_") && strings.Contains(text, `"_`) {
			t.Errorf("a hidden value is shown: %s", text)
		}
	}
	kept, err := decodeObject("customer", encodeCompact(later))
	if err != nil || kept.Str("_token") != "secret-2" || kept.Int("_plan.step") != 2 || !kept.Bool("address._checked") {
		t.Errorf("the journal keeps %s, %v", render(kept), err)
	}
}

func TestKeysThatMayBeMissing(t *testing.T) {
	t.Parallel()
	tx := testTx(t)
	pm := tx.New("payment_method")
	if strings.Contains(string(render(pm)), `"card":`) {
		t.Error("a payment method of no type shows a card")
	}
	pm.Set("card.brand", "visa")
	if !strings.Contains(string(render(pm)), `"brand": "visa"`) {
		t.Errorf("the card is not shown: %s", render(pm))
	}
	if pm.Set("card", nil); strings.Contains(string(render(pm)), `"card":`) {
		t.Error("a card that was taken away is null")
	}
}

func TestEveryShapeCanBeMade(t *testing.T) {
	t.Parallel()
	tx := testTx(t)
	api := description.Load()
	for _, op := range api.Operations {
		for _, n := range newDefault(&op).schemas {
			if op.Binary {
				continue
			}
			o := tx.New(n.Name)
			kept, err := decodeObject(n.Name, encodeCompact(closed(o)))
			if err != nil {
				t.Errorf("%s: %v", n.Name, err)
				continue
			}
			if string(render(kept)) != string(render(o)) {
				t.Errorf("%s becomes\n%s\nin the journal, was\n%s", n.Name, render(kept), render(o))
			}
		}
	}
}

func TestTextsAsJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`a"b\c`: `"a\"b\\c"`, "tab\tline\nreturn\r": `"tab\tline\nreturn\r"`, "\x01": `"\u0001"`, "Çınar <b>&": `"Çınar <b>&"`, "bad\xffbyte": "\"bad\ufffdbyte\"", "": `""`,
	} {
		if got := string(appendString(nil, text)); got != want {
			t.Errorf("%q is written as %s, want %s", text, got, want)
		}
	}
	for number, want := range map[float64]string{10: "10.0", 8.875: "8.875", 0: "0.0", 1e16: "10000000000000000.0"} {
		if got := string(appendFloat(nil, number)); got != want {
			t.Errorf("%v is written as %s, want %s", number, got, want)
		}
	}
}
