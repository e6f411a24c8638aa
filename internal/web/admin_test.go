package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/internal/web"
)

func TestTheDashboardIsForOperators(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.desk.put(order("ord_1"))
	b.get("/admin").leadsTo(t, "/admin/sign-in")
	b.get("/admin/orders?q=a").leadsTo(t, "/admin/sign-in?next=%2Fadmin%2Forders%3Fq%3Da")
	for _, path := range []string{"/admin/orders/ord_1", "/admin/events", "/admin/events/evt_1"} {
		b.get(path).is(t, http.StatusSeeOther)
	}
	for _, path := range []string{"refund", "capture", "cancel", "check"} {
		b.post("/admin/orders/ord_1/"+path, url.Values{"confirm": {"yes"}, "key": {"k"}, "amount": {"1"}}).is(t, http.StatusUnauthorized).says(t, "Please sign in to go on.")
	}
	if len(b.desk.calls) != 0 {
		t.Errorf("strangers reached the desk: %q", b.desk.calls)
	}
}

func TestSigningInAndOut(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.header.Set("Accept-Language", "tr")
	b.post("/admin/sign-in", url.Values{"name": {"ayşe"}, "password": {"yanlış"}}).is(t, http.StatusUnauthorized).says(t, "Ad ya da parola doğru değil.", `value="ayşe"`).saysNot(t, "yanlış")
	b.post("/admin/sign-in", url.Values{"name": {"ayşe"}, "password": {"doğru parola"}, "next": {"/admin/orders?q=a"}}).leadsTo(t, "/admin/orders?q=a")
	before := b.cookie("vezne-operator")
	b.get("/admin").is(t, http.StatusOK).says(t, "ayşe", "Çıkış yap", "Test modu")
	b.get("/admin/sign-in").leadsTo(t, "/admin")
	b.post("/admin/sign-out", nil).leadsTo(t, "/admin/sign-in?out=1")
	b.get("/admin/sign-in?out=1").says(t, "Çıkış yaptınız.")
	b.get("/admin").is(t, http.StatusSeeOther)
	b.client.Jar = nil
	b.get("/admin", "Cookie", "vezne-operator="+before).is(t, http.StatusSeeOther)
}

func (b *bench) cookie(name string) string {
	u, err := url.Parse(b.url)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func TestSigningInGivesTheSessionAnotherToken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.signIn()
	planted := b.cookie("vezne-operator")
	b.post("/admin/sign-in", url.Values{"name": {"ayşe"}, "password": {"doğru parola"}}).leadsTo(t, "/admin")
	if again := b.cookie("vezne-operator"); again == planted || again == "" {
		t.Errorf("the session keeps its token %q", again)
	}
	b.client.Jar = nil
	b.get("/admin", "Cookie", "vezne-operator="+planted).is(t, http.StatusSeeOther)
}

func TestASignInLinkWorksOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.send(http.MethodHead, "/admin/sign-in?token=link", nil).is(t, http.StatusOK)
	b.get("/admin/sign-in?token=link", "Sec-Purpose", "prefetch").is(t, http.StatusOK)
	b.get("/admin").is(t, http.StatusSeeOther)
	b.get("/admin/sign-in?token=link").leadsTo(t, "/admin")
	b.get("/admin").is(t, http.StatusOK)
	b.get("/admin/sign-in?token=link").is(t, http.StatusUnauthorized).says(t, "This sign-in link is not valid any more.").saysNot(t, "token=link")
}

func TestAfterSigningInOnlyTheDashboardFollows(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"": "/admin", "/admin/events?state=dead": "/admin/events?state=dead", "https://evil.example/admin": "/admin", "//evil.example/admin": "/admin", `/\evil.example`: "/admin",
		"/shop": "/admin", "/admin/sign-out": "/admin", "/administrator": "/admin", "javascript:alert(1)": "/admin", "/admin/\r\nX: y": "/admin",
	} {
		newBench(t).post("/admin/sign-in", url.Values{"name": {"ayşe"}, "password": {"doğru parola"}, "next": {next}}).leadsTo(t, want)
	}
}

func TestWhoGuessesPasswordsIsSlowedDown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	guess := func(name string) reply {
		return b.post("/admin/sign-in", url.Values{"name": {name}, "password": {"x"}})
	}
	for range 8 {
		guess("ayşe").is(t, http.StatusUnauthorized)
	}
	r := guess("ayşe").is(t, http.StatusTooManyRequests).says(t, "There were too many tries.")
	guess("ali").is(t, http.StatusTooManyRequests)
	b.post("/admin/sign-in", url.Values{"name": {"ayşe"}, "password": {"doğru parola"}}).is(t, http.StatusTooManyRequests)
	wait, err := strconv.Atoi(r.Header.Get("Retry-After"))
	if err != nil || wait <= 0 {
		t.Fatalf("Retry-After is %q", r.Header.Get("Retry-After"))
	}
	b.clock.advance(time.Duration(wait) * time.Second)
	b.post("/admin/sign-in", url.Values{"name": {"ayşe"}, "password": {"doğru parola"}}).leadsTo(t, "/admin")
	for range 8 {
		guess("ayşe").is(t, http.StatusUnauthorized)
	}
}

func TestTheOverviewBeginsWithWhatNeedsAPerson(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.signIn()
	b.get("/admin").says(t, "No order needs attention.")
	o := paid("ord_1")
	o.Attention = []vezne.Attention{vezne.AttentionDisputed}
	b.desk.put(o)
	b.desk.put(order("ord_2"))
	b.desk.overview = desk.Overview{
		Orders: map[vezne.OrderStatus]int64{vezne.OrderPaid: 1234}, Attention: 12, Events: map[vezne.EventState]int64{vezne.EventDead: 2},
		MarksWaiting: 3, OldestMark: noon, CallsWaiting: 4,
	}
	r := b.get("/admin").says(t, "The holder of the card disputes this payment.", "/admin/orders/ord_1", "/admin/orders?attention=1", "All 12 of them", "Events that could not be applied: 2.", "1,234", "2026-02-03 12:00 UTC").saysNot(t, "No order needs attention.")
	if strings.Index(r.body, "The holder of the card") > strings.Index(r.body, "Orders by status") {
		t.Error("what needs a person does not come first")
	}
}

func TestTheListOfOrdersSearchesFiltersAndPages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.signIn()
	for i := range 30 {
		o := order(vezne.OrderID("ord_" + strconv.Itoa(i)))
		o.Number = int64(2000 + i)
		b.desk.put(o)
	}
	r := b.get("/admin/orders?q=%20I%C5%9F%C4%B1l%20&status=paid&attention=").says(t, ">2029<", ">2005<", `<option value="paid" selected>`, `value="Işıl"`).saysNot(t, ">2004<")
	if f := b.desk.filter; f.Query != "Işıl" || len(f.Statuses) != 1 || f.Statuses[0] != vezne.OrderPaid || f.OnlyAttention {
		t.Errorf("the filter is %+v", f)
	}
	next := html.UnescapeString(regexp.MustCompile(`href="(/admin/orders\?after=[^"]+)"`).FindStringSubmatch(r.body)[1])
	if want := "/admin/orders?after=ord_5&attention=&q=+I%C5%9F%C4%B1l+&status=paid"; next != want {
		t.Errorf("the next page is %q, want %q", next, want)
	}
	b.get(next).says(t, ">2004<", ">2000<", "First page").saysNot(t, ">2005<", "Next page")
	b.get("/admin/orders?status=nonsense&attention=1").says(t, "Nothing was found.")
	if f := b.desk.filter; len(f.Statuses) != 0 || !f.OnlyAttention {
		t.Errorf("the filter is %+v", f)
	}
}

func TestTheTimelineTellsOperatorsTheTrueCode(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.signIn()
	o := paid("ord_1")
	o.CustomerReference = "user_7"
	b.desk.put(o)
	b.desk.entries = []vezne.Entry{
		{Seq: 1, At: noon, Actor: vezne.Actor{Kind: vezne.ActorAPI, Name: "shop"}, Action: "order.created", After: map[string]any{"status": "open"}},
		{Seq: 2, At: noon, Actor: vezne.Actor{Kind: vezne.ActorWebhook}, Action: "payment.failed", EventID: "evt_1", Object: "ch_1", After: map[string]any{"amount": float64(234500)}, Detail: map[string]any{"decline_code": "stolen_card", "code": "card_declined"}},
		{Seq: 3, At: noon, Actor: vezne.Actor{Kind: vezne.ActorLandingPage}, Action: "order.paid", Before: map[string]any{"status": "open"}, After: map[string]any{"status": "paid", "amount_paid": int64(234500)}},
		{Seq: 4, At: noon, Actor: vezne.Actor{Kind: vezne.ActorSystem}, Action: "payment_intent.cancel.planned"},
		{Seq: 5, At: noon, Actor: vezne.Actor{Kind: vezne.ActorSystem}, Action: "something.new", After: map[string]any{"yes": true}},
	}
	b.desk.attempts = []vezne.Attempt{{Number: 1, Kind: vezne.AttemptPaymentIntent, State: vezne.AttemptPaid, Expected: 234_500, Currency: "try", PaymentIntentID: "pi_1", ManualCapture: true}}
	b.desk.methods = []vezne.PaymentMethod{{Brand: "visa", Last4: "4242", ExpMonth: 3, ExpYear: 2030}}
	b.desk.refunds = []vezne.RefundRequest{{Amount: 1000, State: "failed", Reason: "duplicate", Actor: vezne.Actor{Kind: vezne.ActorOperator, Name: "ayşe"}, CreatedAt: noon}}
	r := b.get("/admin/orders/ord_1").is(t, http.StatusOK).says(t, "stolen_card", "/admin/events/evt_1", "/admin/events?object=ch_1", "Waiting for payment → Paid", "₺2,345.00", "Landing page", "Application (shop)",
		"Your card was declined. Please try another card", "The desk asks Stripe: payment_intent.cancel", "something.new", "Payment Intent, money is held first", "visa ending in 4242", "03/2030", "Paid twice", "Operator (ayşe)", "VZ-2026-000001")
	if strings.Index(r.body, "order.paid") > strings.Index(r.body, "order.created") {
		t.Error("the newest line does not come first")
	}
	b.get("/admin/orders/none").is(t, http.StatusNotFound)
}

func TestWhatCanBeDoneIsOfferedAndNothingElse(t *testing.T) {
	t.Parallel()
	at := noon
	for _, tt := range []struct {
		name   string
		order  func(*vezne.OrderView)
		offers []string
	}{
		{"open", func(*vezne.OrderView) {}, []string{"cancel"}},
		{"reserved", func(o *vezne.OrderView) { o.AmountAuthorized = 234_500 }, []string{"capture", "cancel"}},
		{"paid", func(o *vezne.OrderView) { *o = paid(o.ID) }, []string{"refund"}},
		{"refunded", func(o *vezne.OrderView) { *o = paid(o.ID); o.AmountRefunded = o.AmountPaid }, nil},
		{"disputed", func(o *vezne.OrderView) { *o = paid(o.ID); o.AmountDisputed = o.AmountPaid }, nil},
		{"being canceled", func(o *vezne.OrderView) { o.CancelRequestedAt = &at; o.AmountAuthorized = 5 }, nil},
		{"canceled", func(o *vezne.OrderView) { o.CancelRequestedAt, o.CanceledAt = &at, &at }, nil},
	} {
		b := newBench(t)
		b.signIn()
		o := order("ord_1")
		tt.order(&o)
		b.desk.put(o)
		body := b.get("/admin/orders/ord_1").body
		var got []string
		for _, action := range []string{"refund", "capture", "cancel"} {
			if strings.Contains(body, `action="/admin/orders/ord_1/`+action+`"`) {
				got = append(got, action)
			}
		}
		if strings.Join(got, " ") != strings.Join(tt.offers, " ") {
			t.Errorf("%s: offers %v, want %v", tt.name, got, tt.offers)
		}
	}
}

// confirm takes the answer to a first form and sends the one that it asks with.
func confirm(b *bench, path string, asked reply) url.Values {
	b.t.Helper()
	asked.is(b.t, http.StatusOK)
	form := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`).FindAllStringSubmatch(asked.body, -1) {
		form.Set(m[1], m[2])
	}
	if form.Get("confirm") != "yes" || form.Get("key") == "" || !strings.Contains(asked.body, `action="`+path+`"`) {
		b.t.Fatalf("the page does not ask: %s", asked.body)
	}
	return form
}

func TestAnActionIsAskedForAndDoneOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		action string
		order  func(*vezne.OrderView)
		form   url.Values
		asks   string
		does   string
	}{
		{"refund", func(o *vezne.OrderView) { *o = paid(o.ID) }, url.Values{"amount": {"1.234,56"}, "reason": {"duplicate"}}, "1001 numaralı siparişin ₺1.234,56 tutarı iade edilsin mi?", "Refund operator:ayşe ord_1 1234.56 duplicate"},
		{"capture", func(o *vezne.OrderView) { o.AmountAuthorized = 234_500 }, url.Values{"amount": {"2000"}}, "1001 numaralı sipariş için ₺2.000,00 tahsil edilsin mi?", "Capture operator:ayşe ord_1 2000.00"},
		{"cancel", func(*vezne.OrderView) {}, url.Values{}, "1001 numaralı sipariş iptal edilsin mi?", "Cancel operator:ayşe ord_1"},
	} {
		t.Run(tt.action, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.header.Set("Accept-Language", "tr")
			b.signIn()
			o := order("ord_1")
			tt.order(&o)
			b.desk.put(o)
			path := "/admin/orders/ord_1/" + tt.action
			asked := b.post(path, tt.form).says(t, tt.asks)
			if n := b.desk.called(strings.Fields(tt.does)[0]); n != 0 {
				t.Fatal("it was done before it was confirmed")
			}
			form := confirm(b, path, asked)
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					if got := b.post(path, form).Header.Get("Location"); got != "/admin/orders/ord_1?said="+tt.action {
						t.Errorf("it leads to %q", got)
					}
				})
			}
			wg.Wait()
			if n := b.desk.called(tt.does); n != 1 || b.desk.called(strings.Fields(tt.does)[0]) != 1 {
				t.Errorf("%q was done %d times: %q", tt.does, n, b.desk.calls)
			}
			b.get("/admin/orders/ord_1?said="+tt.action).says(t, `role="status"`)
			// Asked for anew, it is another.
			b.post(path, confirm(b, path, b.post(path, tt.form))).is(t, http.StatusSeeOther)
			if n := b.desk.called(tt.does); n != 2 {
				t.Errorf("the second one was done %d times", n-1)
			}
		})
	}
}

func TestARefundWhoseAnswerIsUnclearIsNotMadeTwice(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.signIn()
	b.desk.put(paid("ord_1"))
	b.desk.fails["Refund"] = vezne.E(vezne.CodeStripeUnreachable, "", "")
	const path = "/admin/orders/ord_1/refund"
	form := confirm(b, path, b.post(path, url.Values{"amount": {"10"}, "reason": {""}}))
	for range 2 {
		b.post(path, form).leadsTo(t, "/admin/orders/ord_1?said=unsure")
	}
	if n := b.desk.called("Refund "); n != 1 {
		t.Errorf("it was made %d times", n)
	}
	b.get("/admin/orders/ord_1?said=unsure").says(t, "Stripe has not answered in time.")
}

func TestAnActionThatIsRefusedSaysWhyAndCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.signIn()
	b.desk.put(paid("ord_1"))
	const path = "/admin/orders/ord_1/refund"
	form := confirm(b, path, b.post(path, url.Values{"amount": {"10"}, "reason": {""}}))
	b.desk.fails["Refund"] = &vezne.Error{Kind: vezne.KindInvalid, Code: vezne.CodeStripeRefused, Stripe: &vezne.StripeError{Message: "Charge has been charged back."}}
	b.post(path, form).is(t, http.StatusUnprocessableEntity).says(t, "Stripe refused this request.", "Charge has been charged back.", "Timeline")
	b.desk.fails["Refund"] = vezne.E(vezne.CodeOrderDisputed, "", "")
	b.post(path, form).is(t, http.StatusConflict).says(t, "The payment is disputed, so it cannot be refunded.")
	delete(b.desk.fails, "Refund")
	b.post(path, form).leadsTo(t, "/admin/orders/ord_1?said=refund")
	// The desk knows the form by one key through all tries.
	if k := b.desk.keys; len(k) != 3 || k[0] == "" || k[0] != k[1] || k[1] != k[2] {
		t.Errorf("the keys are %q", k)
	}
}

func TestAmountsThatMakeNoSenseAreNotAskedAbout(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.signIn()
	b.desk.put(paid("ord_1"))
	b.header.Set("Accept-Language", "tr")
	for amount, says := range map[string]string{
		"": "Bu bir tutar değil. Şöyle yazın: 1234,56.", "-5": "Bu bir tutar değil", "0": "Bu bir tutar değil", "yüz": "Bu bir tutar değil", "1,234": "Bu bir tutar değil", "2345,01": "Bu, iade edilebilecek tutardan fazla.",
	} {
		b.post("/admin/orders/ord_1/refund", url.Values{"amount": {amount}, "reason": {""}}).is(t, http.StatusUnprocessableEntity).says(t, says, `value="`+amount+`"`)
	}
	b.post("/admin/orders/ord_1/refund", url.Values{"amount": {"1"}, "reason": {"because"}}).is(t, http.StatusUnprocessableEntity)
	b.post("/admin/orders/ord_1/capture", url.Values{"amount": {"1"}}).is(t, http.StatusConflict).says(t, "Tahsil edilecek ayrılmış bir tutar yok.")
	if n := b.desk.called("Refund "); n != 0 {
		t.Errorf("%d refunds were made", n)
	}
}

func TestAnEventsBodyIsShownWithoutSecrets(t *testing.T) {
	t.Parallel()
	// Published test numbers and made-up keys, in the places where real ones could stand.
	body := `{"id":"evt_1","livemode":false,"data":{"object":{"id":"pi_1","amount":12345678901234567,"client_secret":"pi_1_secret_abc","nested":[{"secret":"whsec_leaked1"}],
		"note":"card 4242 4242 4242 4242 and sk_` + `test_leaked2 and rk_` + `live_leaked3","url":"https://x/#pi_2_secret_leaked4"}}}`
	b := newBench(t)
	b.signIn()
	b.desk.put(order("ord_1"))
	b.desk.events = []vezne.Event{
		{ID: "evt_1", Type: "payment_intent.succeeded", ObjectID: "pi_1", ObjectType: vezne.TypePaymentIntent, State: vezne.EventApplied, Created: noon, ReceivedAt: noon, Deliveries: 2, Body: []byte(body)},
		{ID: "evt_2", Type: "charge.failed", ObjectID: "ch_1", State: vezne.EventDead, Reason: "the object cannot be decoded", Created: noon, ReceivedAt: noon},
		{ID: "evt_3", Type: "broken", State: vezne.EventIgnored, Created: noon, ReceivedAt: noon, Body: []byte(`{"client_secret": "pi_3_secret_leaked5`)},
	}
	b.get("/admin/events?state=dead&type=charge.failed&object=ch_1").is(t, http.StatusOK).says(t, "charge.failed")
	if f := b.desk.events_; f.State != vezne.EventDead || f.Type != "charge.failed" || f.ObjectID != "ch_1" {
		t.Errorf("the filter is %+v", f)
	}
	b.get("/admin/events/evt_1").says(t, "12345678901234567", "[secret]", "[card number]", "/admin/orders/ord_1").saysNot(t, "leaked", "secret_abc", "4242 4242")
	b.get("/admin/events/evt_2").says(t, "the object cannot be decoded", "What Stripe sent is no longer kept.")
	b.get("/admin/events/evt_3").says(t, "[secret]").saysNot(t, "leaked")
	b.get("/admin/events/none").is(t, http.StatusNotFound)
}

func TestAnEventIsAppliedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.signIn()
	b.desk.put(order("ord_1"))
	b.desk.events = []vezne.Event{
		{ID: "evt_1", Type: "payment_intent.succeeded", ObjectID: "pi_1", ObjectType: vezne.TypePaymentIntent, State: vezne.EventDead, Reason: "It cannot be read."},
		{ID: "evt_2", Type: "customer.created", ObjectID: "cus_1", State: vezne.EventIgnored},
		{ID: "evt_3", Type: "payment_intent.succeeded", ObjectID: "pi_1", State: vezne.EventQuarantined},
	}
	b.desk.replay = desk.Replay{
		Event: b.desk.events[0], OrderID: "ord_1", Before: vezne.OrderOpen, After: vezne.OrderPaid,
		Entries: []vezne.Entry{{At: noon, Actor: vezne.Actor{Kind: vezne.ActorOperator, Name: "ayşe"}, Action: "order.paid", After: map[string]any{"amount_paid": int64(234500)}}},
	}
	b.get("/admin/events/evt_1").is(t, http.StatusOK).says(t, "What would change?").saysNot(t, "Apply now")
	for _, id := range []string{"evt_2", "evt_3"} {
		b.get("/admin/events/"+id).is(t, http.StatusOK).saysNot(t, "What would change?")
	}
	b.post("/admin/events/evt_1/replay", nil).is(t, http.StatusOK).says(t, "The order would go from Waiting for payment to Paid.", "₺2,345.00", "/admin/orders/ord_1", "Apply now")
	b.post("/admin/events/evt_1/replay", url.Values{"confirm": {"yes"}}).leadsTo(t, "/admin/events/evt_1?said=replay")
	b.get("/admin/events/evt_1?said=replay").says(t, "The event was applied again.")
	if p, r := b.desk.called("PreviewReplay evt_1"), b.desk.called("Replay evt_1 operator:ayşe"); p != 1 || r != 1 {
		t.Errorf("the desk previewed %d and replayed %d times: %q", p, r, b.desk.calls)
	}
	b.desk.replay.Entries, b.desk.replay.After = nil, vezne.OrderOpen
	b.post("/admin/events/evt_1/replay", nil).says(t, "Nothing would change")
	b.desk.fails["PreviewReplay"] = vezne.E(vezne.CodeStripeUnreachable, "desk", "")
	b.post("/admin/events/evt_1/replay", nil).is(t, http.StatusServiceUnavailable).says(t, "could not be applied", "evt_1")
	b.desk.fails["PreviewReplay"] = vezne.E(vezne.CodeInvalidRequest, "desk", "")
	b.post("/admin/events/evt_1/replay", nil).is(t, http.StatusUnprocessableEntity).says(t, "change nothing here")
	b.post("/admin/orders/ord_1/check", nil).leadsTo(t, "/admin/orders/ord_1?said=check")
	b.get("/admin/orders/ord_1?said=check").says(t, "Stripe was asked")
}

func TestLiveModeIsWritten(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *web.Config) { c.Livemode = true })
	b.signIn()
	b.get("/admin").says(t, "Live: real money").saysNot(t, "Test mode")
}
