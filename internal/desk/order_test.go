package desk_test

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
)

// fields returns the paths of the wrong fields of an error.
func fields(err error) []string {
	var out []string
	if e, ok := errors.AsType[*vezne.Error](err); ok {
		for _, f := range e.Fields {
			out = append(out, f.Field)
		}
	}
	return out
}

func amount(n int64) *int64 { return &n }

func TestWrongOrdersAreRefusedByField(t *testing.T) {
	each(t, func(s *shop) {
		recurring := s.call("POST", "/v1/prices", url.Values{"currency": {"usd"}, "unit_amount": {"500"}, "recurring[interval]": {"month"}, "product_data[name]": {"Club"}})
		euro := s.call("POST", "/v1/prices", url.Values{"currency": {"eur"}, "unit_amount": {"500"}, "product_data[name]": {"Coffee"}})
		gone := s.call("POST", "/v1/prices", url.Values{"currency": {"usd"}, "unit_amount": {"500"}, "product_data[name]": {"Old"}})
		s.call("POST", "/v1/prices/"+fmt.Sprint(gone["id"]), url.Values{"active": {"false"}})
		priced := func(p map[string]any) func(*desk.NewOrder) {
			return func(n *desk.NewOrder) {
				n.Lines = []desk.NewLine{{Price: vezne.ObjectID(fmt.Sprint(p["id"])), Quantity: 1}}
			}
		}
		unit := func(v int64) func(*desk.NewOrder) {
			return func(n *desk.NewOrder) { n.Lines[0].UnitAmount = amount(v) }
		}
		for _, tt := range []struct {
			name   string
			change func(*desk.NewOrder)
			code   vezne.Code
			fields []string
		}{
			{"an unknown currency", func(n *desk.NewOrder) { n.Currency = "xxx" }, vezne.CodeCurrencyUnknown, []string{"currency"}},
			{"a currency in capitals", func(n *desk.NewOrder) { n.Currency = "USD" }, vezne.CodeCurrencyUnknown, []string{"currency"}},
			{"no lines", func(n *desk.NewOrder) { n.Lines = nil }, vezne.CodeInvalidRequest, []string{"lines"}},
			{"too many lines", func(n *desk.NewOrder) { n.Lines = slices.Repeat(n.Lines, 101) }, vezne.CodeInvalidRequest, []string{"lines"}},
			{"no name", func(n *desk.NewOrder) { n.Lines[0].Name = " " }, vezne.CodeInvalidRequest, []string{"lines[0].name"}},
			{"no amount", func(n *desk.NewOrder) { n.Lines[0].UnitAmount = nil }, vezne.CodeInvalidRequest, []string{"lines[0].unit_amount"}},
			{"a negative amount", unit(-1), vezne.CodeAmountInvalid, []string{"lines[0].unit_amount"}},
			{"a sum of nothing", unit(0), vezne.CodeAmountInvalid, []string{"lines"}},
			{"below the minimum", unit(49), vezne.CodeAmountTooSmall, []string{"lines"}},
			{"nine digits", unit(100_000_000), vezne.CodeAmountTooLarge, []string{"lines"}},
			{"more than an integer holds", func(n *desk.NewOrder) { n.Lines[0].UnitAmount, n.Lines[0].Quantity = amount(math.MaxInt64), 2 }, vezne.CodeAmountTooLarge, []string{"lines"}},
			{"two lines that overflow", func(n *desk.NewOrder) {
				n.Lines[0].UnitAmount = amount(math.MaxInt64)
				n.Lines = append(n.Lines, n.Lines[0])
			}, vezne.CodeAmountTooLarge, []string{"lines"}},
			{"three decimals that do not end in 0", func(n *desk.NewOrder) { n.Currency, n.Lines[0].UnitAmount = "kwd", amount(1995) }, vezne.CodeAmountInvalid, []string{"lines[0].unit_amount"}},
			{"no quantity", func(n *desk.NewOrder) { n.Lines[0].Quantity = 0 }, vezne.CodeInvalidRequest, []string{"lines[0].quantity"}},
			{"a huge quantity", func(n *desk.NewOrder) { n.Lines[0].Quantity = 1_000_000 }, vezne.CodeInvalidRequest, []string{"lines[0].quantity"}},
			{"price and name", func(n *desk.NewOrder) { n.Lines[0].Price = "price_1" }, vezne.CodeInvalidRequest, []string{"lines[0].price"}},
			{"a price that is none", func(n *desk.NewOrder) { n.Lines[0] = desk.NewLine{Price: "prod_1", Quantity: 1} }, vezne.CodeInvalidRequest, []string{"lines[0].price"}},
			{"a price that leads elsewhere", func(n *desk.NewOrder) { n.Lines[0] = desk.NewLine{Price: "price_1/../../x", Quantity: 1} }, vezne.CodeInvalidRequest, []string{"lines[0].price"}},
			{"a price that Stripe does not know", func(n *desk.NewOrder) { n.Lines[0] = desk.NewLine{Price: "price_nobody", Quantity: 1} }, vezne.CodeInvalidRequest, []string{"lines[0].price"}},
			{"a price of a subscription", priced(recurring), vezne.CodeInvalidRequest, []string{"lines[0].price"}},
			{"a price in another currency", priced(euro), vezne.CodeInvalidRequest, []string{"lines[0].price"}},
			{"a price that is not active", priced(gone), vezne.CodeInvalidRequest, []string{"lines[0].price"}},
			{"a long name", func(n *desk.NewOrder) { n.Lines[0].Name = strings.Repeat("ğ", 251) }, vezne.CodeInvalidRequest, []string{"lines[0].name"}},
			{"control characters", func(n *desk.NewOrder) { n.Lines[0].Name = "Tea\x00" }, vezne.CodeInvalidRequest, []string{"lines[0].name"}},
			{"a line break", func(n *desk.NewOrder) { n.Lines[0].Name = "Tea\nCoffee" }, vezne.CodeInvalidRequest, []string{"lines[0].name"}},
			{"letters that run backwards", func(n *desk.NewOrder) { n.Lines[0].Name = "Tea\u202egpj" }, vezne.CodeInvalidRequest, []string{"lines[0].name"}},
			{"broken UTF-8", func(n *desk.NewOrder) { n.Lines[0].Name = "Tea\xff" }, vezne.CodeInvalidRequest, []string{"lines[0].name"}},
			{"no e-mail", func(n *desk.NewOrder) { n.Customer = &desk.NewCustomer{Email: "ayşe at example"} }, vezne.CodeInvalidRequest, []string{"customer.email"}},
			{"an e-mail with a name", func(n *desk.NewOrder) { n.Customer = &desk.NewCustomer{Email: "A <a@example.com>"} }, vezne.CodeInvalidRequest, []string{"customer.email"}},
			{"a card number as reference", func(n *desk.NewOrder) { n.Customer = &desk.NewCustomer{Reference: "4242424242424242"} }, vezne.CodeInvalidRequest, []string{"customer.reference"}},
			{"an unknown language", func(n *desk.NewOrder) { n.Locale = "de" }, vezne.CodeInvalidRequest, []string{"locale"}},
			{"a long key", func(n *desk.NewOrder) { n.Metadata = map[string]string{strings.Repeat("k", 41): "v"} }, vezne.CodeInvalidRequest, []string{"metadata." + strings.Repeat("k", 41)}},
			{"brackets in a key", func(n *desk.NewOrder) { n.Metadata = map[string]string{"a[b]": "v"} }, vezne.CodeInvalidRequest, []string{"metadata.a[b]"}},
			{"a long value", func(n *desk.NewOrder) { n.Metadata = map[string]string{"k": strings.Repeat("v", 501)} }, vezne.CodeInvalidRequest, []string{"metadata.k"}},
			{"several at once", func(n *desk.NewOrder) { n.Currency, n.Lines[0].Quantity, n.Locale = "xxx", 0, "de" }, vezne.CodeInvalidRequest, []string{"currency", "locale", "lines[0].quantity"}},
		} {
			n := desk.NewOrder{Currency: "usd", Lines: []desk.NewLine{{Name: "Tea", UnitAmount: amount(1999), Quantity: 1}}}
			tt.change(&n)
			_, err := s.desk.CreateOrder(s.ctx, by, n)
			if vezne.CodeOf(err) != tt.code || !slices.Equal(fields(err), tt.fields) {
				s.Errorf("%s: %q %v, want %q %v", tt.name, vezne.CodeOf(err), fields(err), tt.code, tt.fields)
			}
		}
		list, err := s.desk.Orders(s.ctx, desk.OrderFilter{})
		s.must(err)
		if len(list) != 0 {
			s.Errorf("%d orders were made", len(list))
		}
	})
}

func TestOrdersInEveryKindOfCurrency(t *testing.T) {
	each(t, func(s *shop) {
		for currency, unit := range map[vezne.Currency]int64{"jpy": 50, "kwd": 1990, "try": 123456, "isk": 10000, "usd": 50} {
			id := s.order(func(n *desk.NewOrder) { n.Currency, n.Lines[0].UnitAmount = currency, amount(unit) })
			s.pay(id)
			if v := s.is(id, vezne.OrderPaid); v.AmountPaid != unit {
				s.Errorf("%s: paid %d, want %d", currency, v.AmountPaid, unit)
			}
		}
	})
}

func TestACardNumberThatSomebodyPastesIsMaskedBeforeItIsStored(t *testing.T) {
	each(t, func(s *shop) {
		const number = "4242424242424242"
		id := s.order(func(n *desk.NewOrder) {
			n.Lines[0].Name = "Tea for 4242 4242 4242 4242"
			n.Customer = &desk.NewCustomer{Reference: "u1", Name: "Ayşe " + number}
			n.Metadata = map[string]string{"note": "card: 4242-4242-4242-4242\nthanks"}
		})
		s.pay(id)
		s.keepsOut(number, "4242 4242", "4242-4242")
		v := s.view(id)
		if !strings.Contains(v.CustomerName, "Ayşe ") || !strings.Contains(v.Metadata["note"], "thanks") {
			s.Errorf("order %+v", v)
		}
		for _, p := range []desk.PaymentIntentParams{{PaymentMethod: number, Confirm: true}, {PaymentMethod: "pm_" + number}, {ReturnURL: "https://shop.example.com/?n=" + number}} {
			_, err := s.desk.StartPaymentIntent(s.ctx, by, s.order(), p)
			s.wants(vezne.CodeInvalidRequest, err)
		}
		_, err := s.desk.CreateSetupIntent(s.ctx, by, desk.SetupIntentParams{CustomerReference: "u1", Name: number})
		s.must(err)
		s.keepsOut(number)
	})
}

func TestPagesOfOrders(t *testing.T) {
	each(t, func(s *shop) {
		var ids []vezne.OrderID
		for range 3 {
			ids = append(ids, s.order(withCustomer))
		}
		s.pay(ids[1])
		list, err := s.desk.Orders(s.ctx, desk.OrderFilter{Limit: 2})
		s.must(err)
		if len(list) != 2 || list[0].ID != ids[2] || list[1].ID != ids[1] || list[1].InvoiceNumber == "" {
			s.Errorf("page %+v", list)
		}
		list, err = s.desk.Orders(s.ctx, desk.OrderFilter{After: list[1].ID, Query: "yilmaz"})
		s.must(err)
		if len(list) != 1 || list[0].ID != ids[0] {
			s.Errorf("page %+v", list)
		}
		o, err := s.desk.Overview(s.ctx)
		s.must(err)
		if o.Orders[vezne.OrderPaid] != 1 || o.Orders[vezne.OrderOpen] != 2 || o.Attention != 0 {
			s.Errorf("overview %+v", o)
		}
		for _, ask := range []func() error{
			func() error { _, err := s.desk.Order(s.ctx, "ord_other"); return err },
			func() error { _, err := s.desk.Timeline(s.ctx, "ord_other"); return err },
			func() error { _, err := s.desk.Invoice(s.ctx, ids[0]); return err },
			func() error { _, err := s.desk.Attempts(s.ctx, "ord_other"); return err },
			func() error { _, err := s.desk.Refunds(s.ctx, "ord_other"); return err },
			func() error { _, err := s.desk.Payment(s.ctx, "ord_other"); return err },
			func() error { _, err := s.desk.Secrets(s.ctx, "pi_other"); return err },
			func() error { _, err := s.desk.PaymentMethods(s.ctx, "nobody"); return err },
			func() error { _, err := s.desk.Event(s.ctx, "evt_other"); return err },
		} {
			s.wants(vezne.CodeNotFound, ask())
		}
		pdf, err := s.desk.InvoicePDF(s.ctx, ids[1])
		s.must(err)
		if !strings.HasPrefix(string(pdf), "%PDF-") {
			s.Errorf("the PDF begins with %.10q", pdf)
		}
	})
}

func TestAKeyMakesOneOrderHoweverManyAskAtOnce(t *testing.T) {
	each(t, func(s *shop) {
		ctx := desk.WithKey(s.ctx, "token\nPOST /v1/orders\ncart-1")
		price := int64(500)
		n := desk.NewOrder{Currency: "usd", Lines: []desk.NewLine{{Name: "Tea", UnitAmount: &price, Quantity: 1}}}
		var made [16]vezne.OrderView
		var errs [len(made)]error
		var all sync.WaitGroup
		for i := range made {
			all.Go(func() { made[i], errs[i] = s.desk.CreateOrder(ctx, by, n) })
		}
		all.Wait()
		for i := range made {
			s.must(errs[i])
			if made[i].ID != made[0].ID {
				s.Errorf("the key made %s and %s", made[0].ID, made[i].ID)
			}
		}
		n.Currency = "eur"
		if _, err := s.desk.CreateOrder(ctx, by, n); vezne.CodeOf(err) != vezne.CodeIdempotencyMismatch {
			s.Errorf("something else under the key: %v", err)
		}
		list, err := s.desk.Orders(s.ctx, desk.OrderFilter{})
		s.must(err)
		if len(list) != 1 {
			s.Errorf("%d orders, want 1", len(list))
		}
	})
}
