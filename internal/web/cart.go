package web

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/text"
)

// maxQuantity is how many of one thing can be in the cart.
const maxQuantity = 99

// cart is what a visitor of the demo shop wants to buy. It gets another id
// with every change, so that an order is made of what was seen.
type cart struct {
	ID         string           `json:"id"`
	Quantities map[string]int64 `json:"quantities"`
}

const cartKey = "cart"

// cartOf returns the cart of the session, an empty one when there is none.
func (s *site) cartOf(r *http.Request) cart {
	c := cart{Quantities: map[string]int64{}}
	if kept := s.shopping.GetBytes(r.Context(), cartKey); kept != nil {
		if err := json.Unmarshal(kept, &c); err != nil || c.Quantities == nil {
			return cart{Quantities: map[string]int64{}}
		}
	}
	return c
}

// keep puts a cart into the session.
func (s *site) keep(r *http.Request, c cart) error {
	b, err := json.Marshal(c)
	if err != nil {
		return vezne.E(vezne.CodeInternal, "web.keep", "").Because(err)
	}
	s.shopping.Put(r.Context(), cartKey, b)
	return nil
}

func (c cart) count() int64 {
	var n int64
	for _, q := range c.Quantities {
		n += q
	}
	return n
}

// cartLine is a line of the cart, amounts in the minor unit.
type cartLine struct {
	product
	Name             string
	Quantity, Amount int64
	// Most is true when there cannot be more of it.
	Most bool
}

// lines returns what is in the cart, in the order of the shop, and the sum.
func (c cart) lines(lang text.Lang) (list []cartLine, total int64) {
	for _, p := range products {
		q := c.Quantities[p.ID]
		if q <= 0 {
			continue
		}
		q = min(q, maxQuantity)
		list = append(list, cartLine{product: p, Name: p.name(lang), Quantity: q, Amount: q * p.Price, Most: q == maxQuantity})
		total += q * p.Price
	}
	return list, total
}

// changeCart adds to the cart or takes from it: change is how many, "remove"
// takes all.
func (s *site) changeCart(r *http.Request) (*answer, error) {
	const op = "web.changeCart"
	v := visitOf(r)
	p, ok := productOf(r.PostForm.Get("product"))
	if !ok {
		return nil, vezne.E(vezne.CodeInvalidRequest, op, "")
	}
	c := s.cartOf(r)
	next := int64(0)
	if change := r.PostForm.Get("change"); change != "remove" {
		n, err := strconv.ParseInt(change, 10, 64)
		if err != nil || n == 0 || n > maxQuantity || n < -maxQuantity {
			return nil, vezne.E(vezne.CodeInvalidRequest, op, "")
		}
		next = min(c.Quantities[p.ID]+n, maxQuantity)
	}
	c.ID = rand.Text()
	c.Quantities[p.ID] = next
	if next <= 0 {
		delete(c.Quantities, p.ID)
	}
	if err := s.keep(r, c); err != nil {
		return nil, err
	}
	if r.PostForm.Get("from") == "cart" {
		return seeOther("/shop/cart"), nil
	}
	v.chosen = "" // the choice is in the cookie already
	return seeOther("/shop?added=" + p.ID), nil
}

// cartPage is the cart with the form that makes an order of it.
type cartPage struct {
	page
	ID       string
	Lines    []cartLine
	Total    int64
	Currency vezne.Currency
	// Name, Email, Way and Method are what was typed and chosen.
	Name, Email, Way, Method string
	Methods                  []string
	// Errors are sentences by field, Notice one about the whole.
	Errors map[string]string
	Notice string
}

// cart serves the cart.
func (s *site) cart(r *http.Request) (*answer, error) {
	return s.showCart(r, http.StatusOK, cartPage{Way: "checkout"})
}

func (s *site) showCart(r *http.Request, status int, p cartPage) (*answer, error) {
	v := visitOf(r)
	v.toStripe = true
	c := s.cartOf(r)
	p.page = s.newPage(r, "shop", text.Say(v.lang, "shop.cart.title"))
	p.CartCount = c.count()
	p.ID, p.Currency = c.ID, shopCurrency
	p.Lines, p.Total = c.lines(v.lang)
	if !s.Livemode {
		p.Methods = testMethods
	}
	return s.render(status, "cart.html", p)
}

// stepForm is the button that adds one to a line of the cart, or takes one away.
type stepForm struct{ Product, Change, Sign, Label string }

// Step makes the form of such a button.
func (p cartPage) Step(l cartLine, change, sign, key string) stepForm {
	return stepForm{Product: l.ID, Change: change, Sign: sign, Label: p.T(key, "product", l.Name)}
}

// textField is an input with its label and what is wrong with it.
type textField struct{ ID, Label, Optional, Type, Autocomplete, Value, Error string }

// Field makes an input of the form.
func (p cartPage) Field(id, key, kind, autocomplete, value string) textField {
	return textField{ID: id, Label: p.T(key), Optional: p.T("shop.buyer.optional"), Type: kind, Autocomplete: autocomplete, Value: value, Error: p.Errors[id]}
}
