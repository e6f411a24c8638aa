package settle_test

import (
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/settle"
	"github.com/vezne/vezne/internal/store"
)

func (b *bench) customer() vezne.Customer {
	b.t.Helper()
	c, err := b.store.CustomerByReference(b.ctx, "u1")
	b.must(err)
	return c
}

func (b *bench) methods() []vezne.PaymentMethod {
	b.t.Helper()
	list, err := b.store.PaymentMethods(b.ctx, b.customer().ID)
	b.must(err)
	return list
}

const method = `{"id":"pm_1","object":"payment_method","type":"card","customer":"cus_1","created":1768478400,"card":{"brand":"visa","last4":"4242","exp_month":12,"exp_year":2034}}`

func TestACustomerAndItsMethodsFollowStripe(t *testing.T) {
	for name, lose := range map[string]func(b *bench){
		"deleted": func(b *bench) { b.answer(`{"id":"cus_1","object":"customer","deleted":true}`) },
		"gone": func(b *bench) {
			b.answer("", func(a *settle.Answer) { a.Gone = []vezne.ReadMove{{ID: "cus_1", Type: vezne.TypeCustomer}} })
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, nil, func(b *bench) {
				created := `{"id":"cus_1","object":"customer","metadata":{"vezne_customer":"` + string(b.customer().ID) + `"}}`
				early := b.number()
				b.answer(created)
				b.answer(method)
				if b.customer().StripeCustomerID != "cus_1" || len(b.methods()) != 1 || b.methods()[0].Last4 != "4242" {
					b.t.Fatalf("customer %+v, methods %+v", b.customer(), b.methods())
				}
				lose(b)
				if b.customer().StripeCustomerID != "" || len(b.methods()) != 0 {
					b.t.Errorf("customer %+v, methods %+v", b.customer(), b.methods())
				}
				if name == "deleted" {
					// The answer that made it, replayed late, does not bring it back.
					b.answer(created, func(a *settle.Answer) { a.Begin = early })
					if b.customer().StripeCustomerID != "" {
						b.t.Error("a deleted customer came back")
					}
				}
			})
		})
	}
}

func TestADetachedMethodIsNotListed(t *testing.T) {
	each(t, nil, func(b *bench) {
		b.answer(`{"id":"cus_1","object":"customer","metadata":{"vezne_customer":"` + string(b.customer().ID) + `"}}`)
		b.answer(method)
		b.answer(`{"id":"pm_1","object":"payment_method","type":"card","customer":null,"created":1768478400,"card":{"brand":"visa","last4":"4242"}}`)
		if len(b.methods()) != 0 {
			b.t.Errorf("methods %+v", b.methods())
		}
		b.answer(method)
		if len(b.methods()) != 1 {
			b.t.Error("a method that was attached again is not listed")
		}
	})
}

func TestAPaymentThatSavesItsMethodHasItRead(t *testing.T) {
	each(t, nil, func(b *bench) {
		const saving = `{"id":"pi_1","object":"payment_intent","status":"succeeded","amount":1999,"amount_received":1999,"currency":"usd","customer":"cus_1","payment_method":"pm_1",
			"setup_future_usage":"off_session","metadata":{"vezne_order":"ord_1","vezne_attempt":"att_1"}}`
		b.answer(saving)
		m := b.marked("pm_1")
		if m == nil || m.Type != vezne.TypePaymentMethod || m.Priority != vezne.PriorityCustomer {
			b.t.Fatalf("mark %+v", m)
		}
		b.must(b.store.InTx(b.ctx, func(tx *store.Tx) error {
			_, err := tx.ClearMark(b.ctx, "pm_1", m.Number+1)
			return err
		}))
		b.answer(saving)
		if b.marked("pm_1") != nil {
			b.t.Error("it is read for every look at the payment")
		}
	})
}
