package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
	"github.com/vezne/vezne/internal/text"
)

// testMethods are Stripe's test payment methods that the demo shop confirms
// with on the server (docs.stripe.com/testing).
var testMethods = []string{
	"pm_card_visa", "pm_card_mastercard", "pm_card_authenticationRequired", "pm_card_visa_chargeDeclined",
	"pm_card_visa_chargeDeclinedInsufficientFunds", "pm_card_visa_chargeDeclinedLostCard",
}

// shopActor is the demo shop as the application that it plays.
var shopActor = vezne.Actor{Kind: vezne.ActorAPI, Name: "demo shop"}

const (
	maxName  = 250
	maxEmail = 512
)

// placeOrder makes an order of the cart, as an application would, and goes on
// in one of the three ways. A cart makes one order, however often it is sent.
func (s *site) placeOrder(r *http.Request) (*answer, error) {
	v := visitOf(r)
	form := cartPage{
		Name: strings.TrimSpace(r.PostForm.Get("name")), Email: strings.TrimSpace(r.PostForm.Get("email")),
		Way: r.PostForm.Get("way"), Method: r.PostForm.Get("method"), Errors: map[string]string{},
	}
	if s.checkPlacing(v.lang, form); len(form.Errors) > 0 {
		form.Notice = text.Say(v.lang, "shop.error")
		return s.showCart(r, http.StatusUnprocessableEntity, form)
	}
	cartID := r.PostForm.Get("cart")
	key := submissionKey(cartID, form.Name, form.Email)
	location, err := s.once(r.Context(), "shop.order", key, "/shop/cart", func(ctx context.Context) (string, error) {
		return s.orderFrom(ctx, r, cartID, form)
	})
	if vezne.KindOf(err) == vezne.KindConflict {
		form.Notice = text.Say(v.lang, "shop.cart.changed")
		return s.showCart(r, http.StatusConflict, form)
	}
	if err != nil {
		return nil, err
	}
	if s.cartOf(r).ID == cartID {
		s.shopping.Remove(r.Context(), cartKey)
	}
	escaped, ok := strings.CutPrefix(location, "/pay/")
	id, unescapeErr := url.PathUnescape(escaped)
	if !ok || unescapeErr != nil {
		return seeOther(location), nil
	}
	switch form.Way {
	case "checkout":
		return s.checkoutOf(r, vezne.OrderID(id))
	case "intents":
		return s.confirmOf(r, vezne.OrderID(id), key, form.Method)
	}
	return seeOther(location), nil
}

func (s *site) checkPlacing(lang text.Lang, form cartPage) {
	if utf8.RuneCountInString(form.Name) > maxName {
		form.Errors["name"] = text.Say(lang, "shop.error.name", "max", maxName)
	}
	if form.Email != "" && !isEmail(form.Email) {
		form.Errors["email"] = text.Say(lang, "shop.error.email")
	}
	switch form.Way {
	case "checkout", "elements":
	case "intents":
		if s.Livemode {
			form.Errors["way"] = text.Say(lang, "shop.error.way")
		} else if !slices.Contains(testMethods, form.Method) {
			form.Errors["method"] = text.Say(lang, "shop.error.method")
		}
	default:
		form.Errors["way"] = text.Say(lang, "shop.error.way")
	}
}

// isEmail reports whether s is a bare address with a dotted domain.
func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > maxEmail {
		return false
	}
	return strings.Contains(s[strings.LastIndex(s, "@"):], ".")
}

func submissionKey(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// orderFrom makes the order and returns its page. KindConflict when the cart is
// no longer the one that was seen.
func (s *site) orderFrom(ctx context.Context, r *http.Request, cartID string, form cartPage) (string, error) {
	lang := visitOf(r).lang
	c := s.cartOf(r)
	lines, _ := c.lines(lang)
	if cartID == "" || c.ID != cartID || len(lines) == 0 {
		return "", vezne.E(vezne.CodeIdempotencyMismatch, "web.orderFrom", "")
	}
	n := desk.NewOrder{Currency: shopCurrency, Locale: string(lang), Metadata: map[string]string{"shop": "demo"}}
	for _, l := range lines {
		price := l.Price
		n.Lines = append(n.Lines, desk.NewLine{Name: l.Name, UnitAmount: &price, Quantity: l.Quantity})
	}
	if form.Name != "" || form.Email != "" {
		n.Customer = &desk.NewCustomer{Name: form.Name, Email: form.Email}
	}
	o, err := s.Desk.CreateOrder(ctx, shopActor, n)
	if err != nil {
		return "", err
	}
	return payAddress(o.ID), nil
}

// checkoutOf sends the buyer to Stripe's page.
func (s *site) checkoutOf(r *http.Request, id vezne.OrderID) (*answer, error) {
	c, err := s.Desk.StartCheckout(r.Context(), shopActor, id, desk.CheckoutParams{Client: address(r), Replace: true})
	if err != nil {
		return s.refusedToPay(r, id, err)
	}
	return stripeAddress(c.URL)
}

// confirmOf pays from the server, with a test payment method in the place of a
// saved card. Where the bank asks for confirmation, the buyer is sent there.
func (s *site) confirmOf(r *http.Request, id vezne.OrderID, key, method string) (*answer, error) {
	page := payAddress(id)
	location, err := s.once(r.Context(), "shop.confirm", submissionKey(key, method), page, func(ctx context.Context) (string, error) {
		intent, err := s.Desk.StartPaymentIntent(ctx, shopActor, id, desk.PaymentIntentParams{PaymentMethod: method, Confirm: true, Client: address(r), Replace: true})
		if err != nil {
			return "", err
		}
		if intent.NextAction != nil && intent.NextAction.URL != "" {
			return intent.NextAction.URL, nil
		}
		return page, nil
	})
	switch {
	case vezne.KindOf(err) == vezne.KindDeclined:
		return seeOther(page), nil
	case err != nil:
		return s.refusedToPay(r, id, err)
	case location == page:
		return seeOther(page), nil
	}
	return stripeAddress(location)
}
