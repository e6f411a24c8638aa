package simulate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
)

// somebody does what people do: a customer who buys, an operator at the desk, a
// bank, an operator at Stripe. What one of them does not get, because the desk
// is away or Stripe fails, is tried again a few times and then given up, as
// people do.
type somebody struct {
	world *world
	who   int
	rng   *rand.Rand
	ctx   context.Context
}

var (
	buyer    = vezne.Actor{Kind: vezne.ActorAPI, Name: "shop"}
	operator = vezne.Actor{Kind: vezne.ActorOperator, Name: "ada"}
)

func newSomebody(w *world, who int, rng *rand.Rand) *somebody {
	return &somebody{world: w, who: who, rng: rng}
}

func (s *somebody) reference() string { return fmt.Sprintf("customer-%d", s.who) }

func (s *somebody) do(ctx context.Context, kind string) {
	s.ctx = ctx
	switch kind {
	case "buy":
		s.buy()
	case "pay again":
		if id, ok := s.order("paid_at IS NULL AND canceled_at IS NULL AND cancel_requested_at IS NULL"); ok {
			s.pay(id, s.way())
		}
	case "land":
		if id, ok := s.order("TRUE"); ok {
			s.land(id)
		}
	case "cancel":
		if id, ok := s.order("paid_at IS NULL"); ok {
			s.cancel(id)
		}
	case "refund":
		if id, ok := s.order("paid_at IS NOT NULL"); ok {
			s.refund(id)
		}
	case "capture":
		if id, ok := s.order("amount_authorized > 0"); ok {
			s.capture(id)
		}
	case "clash":
		s.clash()
	case "save a card":
		s.saveCard()
	case "buy with a saved card":
		s.buySaved()
	case "detach a card":
		s.detach()
	case "pay an old page":
		s.payOldPage()
	case "check":
		if id, ok := s.order("TRUE"); ok {
			_ = s.desk("check "+string(id), func(p *process) error {
				_, err := p.Check(s.ctx, operator, id)
				return err
			})
		}
	default:
		s.elsewhere(kind)
	}
}

// think lets somebody think. Some are quick.
func (s *somebody) think(limit time.Duration) {
	if s.rng.IntN(3) == 0 {
		limit /= 40
	}
	pause(s.ctx, time.Duration(s.rng.Int64N(int64(limit))))
	s.world.sched.step(s.ctx, "thought")
}

// order picks one of the customer's orders, as the desk has them.
func (s *somebody) order(where string) (vezne.OrderID, bool) {
	s.world.sched.step(s.ctx, "looks for an order")
	ids := texts(s.world, "SELECT id FROM vezne_orders WHERE search LIKE $1 AND "+where+" ORDER BY number DESC LIMIT 12", "%x"+s.reference()+"x%")
	if len(ids) == 0 {
		return "", false
	}
	return vezne.OrderID(ids[s.rng.IntN(len(ids))]), true
}

func texts(w *world, query string, args ...any) []string {
	rows, err := w.asks(query).rows(args...)
	if err != nil {
		w.violate("look: %v", err)
		return nil
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			w.violate("look: %v", err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		w.violate("look: %v", err)
	}
	return list
}

// desk does something at the desk, again while it is away.
func (s *somebody) desk(what string, do func(p *process) error) error {
	w := s.world
	var err error
	for try := range 4 {
		if try > 0 {
			s.think(2 * time.Minute)
		}
		w.sched.step(s.ctx, "comes to the desk: "+what)
		p, ok := w.desk()
		if !ok {
			err = errGone
			continue
		}
		err = do(p)
		if p.life.isDead() {
			// Nobody heard how it ended.
			w.note("%s: the desk died meanwhile", what)
			err = errGone
			continue
		}
		w.note("%s: %v", what, err)
		s.judge(what, err)
		switch vezne.KindOf(err) {
		case vezne.KindUnavailable, vezne.KindRateLimited:
			continue
		}
		return err
	}
	return err
}

// judge says whether an error is one that people must expect here.
func (s *somebody) judge(what string, err error) {
	switch vezne.KindOf(err) {
	case "", vezne.KindConflict, vezne.KindDeclined, vezne.KindUnavailable, vezne.KindRateLimited, vezne.KindNotFound:
		return
	}
	switch vezne.CodeOf(err) {
	case vezne.CodeStripeRefused, vezne.CodeRefundTooLarge, vezne.CodeCaptureTooLarge, vezne.CodeStripeKeyRefused:
		return
	}
	s.world.violate("%s: %v", what, err)
}

// way is how an order is paid.
func (s *somebody) way() string {
	return pickOne(s.rng, "checkout", "checkout", "server", "server", "element", "two tabs", "double click", "held")
}

var methods = []string{
	"pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_mastercard", "pm_card_visa_chargeDeclined", "pm_card_visa_chargeDeclinedInsufficientFunds",
	"pm_card_threeDSecure2Required", "pm_card_authenticationRequired", "pm_card_createDispute", "pm_card_createDisputeInquiry", "pm_card_refundFail", "pm_card_pendingRefund",
}

func (s *somebody) method() string { return pickOne(s.rng, methods...) }

// exchanged is the currency that somebody puts in the place of another.
var exchanged = map[string]string{"usd": "eur", "eur": "usd", "try": "eur", "jpy": "usd"}

var currencies = []vezne.Currency{"usd", "eur", "try", "jpy"}

func (s *somebody) buy() {
	id, ok := s.newOrder(s.rng.IntN(4) > 0)
	if !ok {
		return
	}
	if s.rng.IntN(12) == 0 {
		return
	}
	s.pay(id, s.way())
	if s.rng.IntN(3) > 0 {
		s.land(id)
	}
}

// newOrder makes an order over REST, with a key: however often it is asked for,
// it is one order.
func (s *somebody) newOrder(known bool) (vezne.OrderID, bool) {
	w := s.world
	customer := fmt.Sprintf(`"name":"x%sx"`, s.reference())
	if known {
		customer += fmt.Sprintf(`,"reference":%q`, s.reference())
	}
	body := fmt.Sprintf(`{"currency":%q,"customer":{%s},"lines":[{"name":"Coffee","unit_amount":%d,"quantity":%d}]}`,
		pickOne(s.rng, currencies...), customer, 500+s.rng.IntN(5000), 1+s.rng.IntN(3))
	var order struct {
		ID vezne.OrderID `json:"id"`
	}
	_, ok := s.rest("make an order", http.MethodPost, "/v1/orders", body, s.rng.Uint64(), &order)
	if !ok {
		return "", false
	}
	w.stats.orders++
	return order.ID, true
}

// rest is a request of the application with a key, sent again with that key
// until there is an answer.
func (s *somebody) rest(what, method, path, body string, key uint64, into any) (int, bool) {
	w := s.world
	for try := range 6 {
		if try > 0 {
			s.think(time.Duration(try) * time.Minute)
		}
		res, err := w.call(s.ctx, method, path, body, "Content-Type", "application/json", "Authorization", "Bearer "+empty.token.Reveal(), "Idempotency-Key", fmt.Sprintf("k%016x", key))
		if err != nil {
			w.note("%s: %v", what, err)
			continue
		}
		var problem struct {
			Code string `json:"code"`
		}
		raw := readBody(w, res)
		w.note("%s: %d %.300s", what, res.StatusCode, raw)
		switch {
		case res.StatusCode < 300:
			if err := json.Unmarshal(raw, into); err != nil {
				w.violate("%s: the answer is %s", what, raw)
			}
			if s.rng.IntN(5) == 0 {
				w.later(time.Duration(s.rng.Int64N(int64(20*time.Hour))), func() {
					s.both("the same again", func(o *somebody) { o.repeat(what, method, path, body, key, raw) })
				})
			}
			return res.StatusCode, true
		case res.StatusCode >= 500 && res.StatusCode != http.StatusServiceUnavailable && res.StatusCode != http.StatusBadGateway && res.StatusCode != http.StatusGatewayTimeout:
			w.violate("%s: %d %s", what, res.StatusCode, raw)
			return res.StatusCode, false
		case res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests:
			continue
		}
		if err := json.Unmarshal(raw, &problem); err != nil {
			w.violate("%s: the problem is %s", what, raw)
		}
		if problem.Code == string(vezne.CodeIdempotencyInFlight) {
			continue
		}
		return res.StatusCode, false
	}
	return 0, false
}

// repeat sends a request that was answered again, with the same key, within the
// day that keys are kept: it must be answered as it was.
func (s *somebody) repeat(what, method, path, body string, key uint64, answered []byte) {
	w := s.world
	if w.over {
		return
	}
	res, err := w.call(s.ctx, method, path, body, "Content-Type", "application/json", "Authorization", "Bearer "+empty.token.Reveal(), "Idempotency-Key", fmt.Sprintf("k%016x", key))
	if err != nil || res.StatusCode >= 500 || w.restored {
		return
	}
	raw := readBody(w, res)
	w.note("%s, the same again: %d %.300s", what, res.StatusCode, raw)
	var before, after struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(answered, &before) != nil || json.Unmarshal(raw, &after) != nil || before.ID != after.ID {
		w.violate("%s, the same again with the same key: %d %s, before that %s", what, res.StatusCode, raw, answered)
	}
	if res.Header.Get("Idempotent-Replayed") != "true" {
		w.violate("%s, the same again with the same key: it was done again instead of being answered again", what)
	}
	s.differ(what, method, path, body, key)
}

// differ sends something else with a key that was used: it must be refused.
func (s *somebody) differ(what, method, path, body string, key uint64) {
	w := s.world
	body = strings.TrimSuffix(body, "}") + `,"metadata":{"other":"1"}}`
	if strings.HasSuffix(path, "/refunds") {
		body = `{"amount":1,"reason":"duplicate"}`
	}
	res, err := w.call(s.ctx, method, path, body, "Content-Type", "application/json", "Authorization", "Bearer "+empty.token.Reveal(), "Idempotency-Key", fmt.Sprintf("k%016x", key))
	if err != nil || res.StatusCode >= 500 || w.restored {
		return
	}
	raw := readBody(w, res)
	w.note("%s, something else with the same key: %d %.300s", what, res.StatusCode, raw)
	if res.StatusCode != http.StatusConflict {
		w.violate("%s, something else with the same key: %d %s", what, res.StatusCode, raw)
	}
}

// pay pays an order in a way.
func (s *somebody) pay(id vezne.OrderID, way string) {
	switch way {
	case "checkout":
		s.payCheckout(id, s.rng.IntN(2) == 0)
	case "server":
		s.payServer(id, engine.PaymentIntentParams{PaymentMethod: s.method(), Confirm: true, Replace: s.rng.IntN(2) == 0})
	case "held":
		s.payServer(id, engine.PaymentIntentParams{PaymentMethod: pickOne(s.rng, "pm_card_visa", "pm_card_threeDSecure2Required"), Confirm: true, CaptureMethod: "manual", Replace: true})
	case "element":
		s.payElement(id)
	case "two tabs":
		s.both("another tab", func(o *somebody) { o.payCheckout(id, true) })
		s.think(5 * time.Second)
		s.payElement(id)
	case "double click":
		p := engine.PaymentIntentParams{PaymentMethod: s.method(), Confirm: true, Replace: true}
		s.both("a second click", func(o *somebody) { o.payServer(id, p) })
		s.payServer(id, p)
	}
}

// both has the same person do something else at the same time.
func (s *somebody) both(name string, do func(o *somebody)) {
	seed := s.rng.Uint64()
	s.world.strand(name, func(ctx context.Context) {
		do(&somebody{world: s.world, who: s.who, rng: rand.New(rand.NewPCG(seed, 2)), ctx: ctx})
	})
}

func (s *somebody) payCheckout(id vezne.OrderID, replace bool) {
	var c engine.Checkout
	err := s.desk("check out "+string(id), func(p *process) (err error) {
		c, err = p.StartCheckout(s.ctx, buyer, id, engine.CheckoutParams{Replace: replace})
		return err
	})
	if err != nil || c.SessionID == "" || s.rng.IntN(5) == 0 {
		return
	}
	s.think(3 * time.Minute)
	for range 1 + s.rng.IntN(2) {
		method := s.method()
		if s.rng.IntN(8) == 0 {
			method = "pm_success_de"
		}
		s.world.stripe.simulate(s.ctx, "checkout", map[string]any{"session": string(c.SessionID), "payment_method": method, "email": "ada@example.com"})
		var session struct {
			Intent string `json:"payment_intent"`
			Status string `json:"status"`
		}
		if s.world.stripe.get("/v1/checkout/sessions/"+string(c.SessionID), nil, &session); session.Status != "open" {
			break
		}
		if session.Intent != "" {
			s.authenticate(session.Intent)
		}
		s.think(time.Minute)
	}
}

// authenticate answers a bank's challenge, or leaves it half-way.
func (s *somebody) authenticate(intent string) {
	var i intentTruth
	if !s.world.stripe.get("/v1/payment_intents/"+intent, nil, &i) || i.Status != "requires_action" {
		return
	}
	s.think(2 * time.Minute)
	if result := pickOne(s.rng, "succeed", "succeed", "succeed", "fail", "abandon", ""); result != "" {
		s.world.stripe.simulate(s.ctx, "3ds", map[string]any{"intent": intent, "result": result})
	}
}

func (s *somebody) payServer(id vezne.OrderID, p engine.PaymentIntentParams) {
	var i engine.PaymentIntent
	err := s.desk("pay "+string(id)+" with "+p.PaymentMethod, func(d *process) (err error) {
		i, err = d.StartPaymentIntent(s.ctx, buyer, id, p)
		return err
	})
	if err == nil && i.Status == "requires_action" {
		s.authenticate(string(i.ID))
	}
	if err == nil && i.Status == "requires_payment_method" && s.rng.IntN(2) == 0 {
		s.think(time.Minute)
		p.PaymentMethod = s.method()
		_ = s.desk("pay "+string(id)+" with another card", func(d *process) (err error) {
			i, err = d.StartPaymentIntent(s.ctx, buyer, id, p)
			return err
		})
	}
}

// payElement is our page: the desk makes the intent, the buyer's browser
// confirms it at Stripe.
func (s *somebody) payElement(id vezne.OrderID) {
	var i engine.PaymentIntent
	err := s.desk("make an intent for "+string(id), func(d *process) (err error) {
		i, err = d.StartPaymentIntent(s.ctx, buyer, id, engine.PaymentIntentParams{Replace: s.rng.IntN(3) > 0})
		return err
	})
	if err != nil || i.ID == "" {
		return
	}
	s.world.handed[string(i.ID)] = true
	if s.rng.IntN(6) == 0 {
		return
	}
	s.think(time.Minute)
	if s.rng.IntN(3) == 0 {
		// The page is loaded just before it is paid, and again as soon as it is.
		s.both("a page that is loaded meanwhile", func(o *somebody) { o.come(id) })
		defer s.come(id)
	}
	for range 1 + s.rng.IntN(2) {
		s.world.stripe.do(s.ctx, http.MethodPost, "/v1/payment_intents/"+string(i.ID)+"/confirm", url.Values{"payment_method": {s.method()}, "return_url": {deskURL + "/pay/" + string(id)}})
		s.authenticate(string(i.ID))
	}
}

// land is a buyer who comes back to the order's page.
func (s *somebody) land(id vezne.OrderID) {
	s.think(30 * time.Second)
	if s.rng.IntN(3) == 0 {
		s.come(id)
	}
	res, err := s.world.call(s.ctx, http.MethodGet, "/pay/"+string(id)+"?landed=1", "")
	if err != nil {
		return
	}
	s.world.note("land on %s: %d", id, res.StatusCode)
	if res.StatusCode >= 500 && res.StatusCode != http.StatusServiceUnavailable {
		s.world.violate("the page of %s answers %d", id, res.StatusCode)
	}
}

// come is the page asking how the order stands.
func (s *somebody) come(id vezne.OrderID) {
	before := s.taken(id)
	res, err := s.world.call(s.ctx, http.MethodGet, "/pay/"+string(id)+"/state", "")
	if err != nil {
		return
	}
	var state struct {
		Stage string `json:"stage"`
	}
	page := readBody(s.world, res)
	s.world.note("the page of %s: %d %s", id, res.StatusCode, page)
	if res.StatusCode != http.StatusOK {
		return
	}
	if err := json.Unmarshal(page, &state); err != nil {
		s.world.violate("the page of %s answers %s", id, page)
	}
	// Stripe had the money before the buyer came back: the page says so, or that
	// it is still asking.
	if before != "" && (state.Stage == "pay" || state.Stage == "action") && !s.world.restored {
		s.world.violate("the page of %s asks for money that Stripe had taken by %s before", id, before)
	}
}

// taken is the intent by which Stripe has an order's money now, as its newest
// attempt asked for it; empty when it has not.
func (s *somebody) taken(id vezne.OrderID) string {
	s.world.sched.step(s.ctx, "remembers")
	for _, intent := range texts(s.world, "SELECT payment_intent_id FROM vezne_attempts WHERE order_id = $1 AND payment_intent_id <> '' ORDER BY number DESC LIMIT 1", string(id)) {
		var i intentTruth
		if s.world.stripe.get("/v1/payment_intents/"+intent, nil, &i) && i.Status == "succeeded" && !s.world.altered[intent] {
			return intent
		}
	}
	return ""
}

// payOldPage is a buyer who finds a page still open, and pays there whatever
// has happened since.
func (s *somebody) payOldPage() {
	for _, i := range s.intents() {
		if s.world.handed[i.ID] && i.Status != "succeeded" && i.Status != "canceled" {
			s.world.stripe.do(s.ctx, http.MethodPost, "/v1/payment_intents/"+i.ID+"/confirm", url.Values{"payment_method": {"pm_card_visa"}, "return_url": {deskURL}})
			return
		}
	}
	for _, session := range texts(s.world, "SELECT a.session_id FROM vezne_attempts a JOIN vezne_orders o ON o.id = a.order_id WHERE a.session_id <> '' AND o.search LIKE $1 ORDER BY a.id", "%x"+s.reference()+"x%") {
		s.world.stripe.simulate(s.ctx, "checkout", map[string]any{"session": session, "payment_method": "pm_card_visa", "email": "ada@example.com"})
	}
}

func (s *somebody) cancel(id vezne.OrderID) {
	_ = s.desk("cancel "+string(id), func(p *process) error {
		_, err := p.Cancel(s.ctx, operator, id)
		return err
	})
}

func (s *somebody) capture(id vezne.OrderID) {
	var amount *int64
	if s.rng.IntN(3) == 0 {
		part := int64(1 + s.rng.IntN(600))
		amount = &part
	}
	_ = s.desk("capture "+string(id), func(p *process) error {
		_, err := p.Capture(s.ctx, operator, id, amount)
		return err
	})
}

// refund asks for a refund over REST with one key, as an application does that
// hears no answer: it is one refund.
func (s *somebody) refund(id vezne.OrderID) {
	body, key := `{}`, s.rng.Uint64()
	if s.rng.IntN(3) > 0 {
		body = fmt.Sprintf(`{"amount":%d}`, 1+s.rng.IntN(900))
	}
	if s.rng.IntN(4) == 0 {
		s.both("the same refund again", func(o *somebody) { o.sendRefund(id, body, key) })
	}
	s.sendRefund(id, body, key)
}

func (s *somebody) sendRefund(id vezne.OrderID, body string, key uint64) {
	var answer struct {
		ID string `json:"id"`
	}
	s.world.mu.Lock()
	if s.world.seen.asked[string(id)] == nil {
		s.world.seen.asked[string(id)] = map[uint64]bool{}
	}
	s.world.seen.asked[string(id)][key] = true
	s.world.mu.Unlock()
	if _, ok := s.rest("refund "+string(id)+" "+body, http.MethodPost, "/v1/orders/"+string(id)+"/refunds", body, key, &answer); !ok {
		return
	}
	w := s.world
	w.mu.Lock()
	former, other := w.seen.refunds[key], w.seen.refundKeys[answer.ID]
	w.seen.refunds[key], w.seen.refundKeys[answer.ID] = answer.ID, key
	w.mu.Unlock()
	if former != "" && former != answer.ID && !w.restored {
		w.violate("one key made the refunds %s and %s", former, answer.ID)
	}
	if other != 0 && other != key {
		w.violate("the refund %s is the answer to two keys", answer.ID)
	}
}

// clash is two who do different things to one order at the same instant.
func (s *somebody) clash() {
	id, ok := s.order("TRUE")
	if !ok {
		return
	}
	deeds := []func(o *somebody){
		func(o *somebody) { o.cancel(id) }, func(o *somebody) { o.refund(id) }, func(o *somebody) { o.capture(id) }, func(o *somebody) { o.land(id) },
		func(o *somebody) { o.pay(id, o.way()) }, func(o *somebody) { o.pay(id, o.way()) },
	}
	a, b := s.rng.IntN(len(deeds)), s.rng.IntN(len(deeds))
	s.both("the other one", deeds[a])
	deeds[b](s)
}

func (s *somebody) saveCard() {
	var i engine.SetupIntent
	err := s.desk("save a card", func(p *process) (err error) {
		i, err = p.CreateSetupIntent(s.ctx, buyer, engine.SetupIntentParams{
			CustomerReference: s.reference(), Name: "x" + s.reference() + "x", PaymentMethod: pickOne(s.rng, "pm_card_visa", "pm_card_mastercard", "pm_card_authenticationRequiredOnSetup"), Confirm: true,
		})
		return err
	})
	if err == nil && i.Status == "requires_action" {
		s.think(time.Minute)
		if result := pickOne(s.rng, "succeed", "succeed", "fail", ""); result != "" {
			s.world.stripe.simulate(s.ctx, "3ds", map[string]any{"intent": string(i.ID), "result": result})
		}
	}
}

// card picks one of the customer's saved cards, as the desk knows them.
func (s *somebody) card() (string, bool) {
	var found []vezne.PaymentMethod
	err := s.desk("list the cards", func(p *process) (err error) {
		found, err = p.PaymentMethods(s.ctx, s.reference())
		return err
	})
	if err != nil || len(found) == 0 {
		return "", false
	}
	return string(found[s.rng.IntN(len(found))].ID), true
}

func (s *somebody) buySaved() {
	card, ok := s.card()
	if !ok {
		s.saveCard()
		return
	}
	if id, ok := s.newOrder(true); ok {
		s.payServer(id, engine.PaymentIntentParams{PaymentMethod: card, Confirm: true, OffSession: s.rng.IntN(3) > 0})
	}
}

func (s *somebody) detach() {
	if card, ok := s.card(); ok {
		_ = s.desk("detach "+card, func(p *process) error {
			return p.DetachPaymentMethod(s.ctx, operator, s.reference(), vezne.ObjectID(card))
		})
	}
}

// elsewhere is what banks do, and operators in Stripe's own dashboard.
func (s *somebody) elsewhere(kind string) {
	intents := s.intents()
	if len(intents) == 0 && !strings.Contains(kind, "customer") && !strings.Contains(kind, "detach") {
		return
	}
	st := s.world.stripe
	if s.rng.IntN(4) == 0 {
		s.world.weather.silent = time.Now()
	}
	status := func(want ...string) (intentTruth, bool) {
		var fit []intentTruth
		for _, i := range intents {
			for _, s := range want {
				if i.Status == s {
					fit = append(fit, i)
				}
			}
		}
		if len(fit) == 0 {
			return intentTruth{}, false
		}
		return fit[s.rng.IntN(len(fit))], true
	}
	switch kind {
	case "dispute":
		if i, ok := status("succeeded"); ok {
			st.simulate(s.ctx, "dispute", map[string]any{"intent": i.ID, "kind": pickOne(s.rng, "chargeback", "chargeback", "inquiry")})
		}
	case "dispute ends":
		for _, d := range list[disputeTruth](st, "/v1/disputes", nil) {
			if d.Status == "needs_response" || d.Status == "warning_needs_response" || d.Status == "under_review" {
				result := pickOne(s.rng, "won", "lost")
				if strings.HasPrefix(d.Status, "warning") {
					result = pickOne(s.rng, "escalated", "closed")
				}
				st.simulate(s.ctx, "dispute", map[string]any{"dispute": d.ID, "result": result})
				return
			}
		}
	case "refund at Stripe":
		if i, ok := status("succeeded"); ok {
			form := url.Values{"payment_intent": {i.ID}}
			if s.rng.IntN(2) == 0 {
				form.Set("amount", fmt.Sprint(1+s.rng.IntN(400)))
			}
			st.do(s.ctx, http.MethodPost, "/v1/refunds", form)
		}
	case "amount changed at Stripe":
		if i, ok := status("requires_capture"); ok {
			code, _ := st.do(s.ctx, http.MethodPost, "/v1/payment_intents/"+i.ID+"/capture", url.Values{"amount_to_capture": {fmt.Sprint(i.Amount/2 + 1)}})
			s.world.altered[i.ID] = s.world.altered[i.ID] || code == http.StatusOK
			return
		}
		if i, ok := status("requires_payment_method"); ok {
			other := url.Values{"amount": {fmt.Sprint(i.Amount + 100)}}
			if s.rng.IntN(2) == 0 {
				other = url.Values{"currency": {exchanged[i.Currency]}}
			}
			code, _ := st.do(s.ctx, http.MethodPost, "/v1/payment_intents/"+i.ID, other)
			if code == http.StatusOK {
				s.world.altered[i.ID] = true
				st.do(s.ctx, http.MethodPost, "/v1/payment_intents/"+i.ID+"/confirm", url.Values{"payment_method": {"pm_card_visa"}, "return_url": {deskURL}})
			}
		}
	case "charged again at Stripe":
		// Somebody at Stripe charges once more for what was paid: it must go back.
		if i, ok := status("succeeded"); ok && len(texts(s.world, "SELECT id FROM vezne_orders WHERE id = $1 AND paid_at IS NOT NULL", i.Metadata[vezne.MetadataOrder])) > 0 {
			_, body := st.do(s.ctx, http.MethodPost, "/v1/payment_intents", url.Values{
				"amount": {fmt.Sprint(i.Amount)}, "currency": {i.Currency}, "payment_method": {"pm_card_visa"}, "confirm": {"true"}, "payment_method_types[]": {"card"},
				"metadata[" + vezne.MetadataOrder + "]": {i.Metadata[vezne.MetadataOrder]},
			})
			var made intentTruth
			if err := json.Unmarshal(body, &made); err != nil || made.Status != "succeeded" {
				s.world.violate("a second charge: %s", body)
			}
			s.world.again[made.ID] = i.Metadata[vezne.MetadataOrder]
		}
	case "cancel at Stripe":
		if i, ok := status("requires_payment_method", "requires_capture", "requires_action"); ok {
			st.do(s.ctx, http.MethodPost, "/v1/payment_intents/"+i.ID+"/cancel", nil)
		}
	case "debit ends":
		if i, ok := status("processing"); ok {
			st.simulate(s.ctx, "async_payment", map[string]any{"intent": i.ID, "result": pickOne(s.rng, "succeed", "succeed", "fail")})
		}
	case "customer deleted at Stripe", "detach at Stripe":
		for _, c := range list[customerTruth](st, "/v1/customers", nil) {
			if c.Name != "x"+s.reference()+"x" {
				continue
			}
			if kind == "customer deleted at Stripe" {
				st.do(s.ctx, http.MethodDelete, "/v1/customers/"+c.ID, nil)
				return
			}
			for _, m := range list[methodTruth](st, "/v1/customers/"+c.ID+"/payment_methods", nil) {
				st.do(s.ctx, http.MethodPost, "/v1/payment_methods/"+m.ID+"/detach", nil)
				return
			}
		}
	}
}

// intents are those at Stripe that belong to the customer's orders.
func (s *somebody) intents() []intentTruth {
	s.world.sched.step(s.ctx, "looks at Stripe")
	mine := map[string]bool{}
	for _, id := range texts(s.world, "SELECT id FROM vezne_orders WHERE search LIKE $1", "%x"+s.reference()+"x%") {
		mine[id] = true
	}
	var out []intentTruth
	for _, i := range list[intentTruth](s.world.stripe, "/v1/payment_intents", nil) {
		if mine[i.Metadata[vezne.MetadataOrder]] {
			out = append(out, i)
		}
	}
	return out
}
