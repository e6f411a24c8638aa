package web

import (
	"net/http"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/text"
)

// product is something that the demo shop sells. Its name and note are in the
// table of sentences under shop.product.
type product struct {
	ID string
	// Price is in the minor unit of shopCurrency.
	Price int64
}

// shopCurrency is what the demo shop sells in.
const shopCurrency vezne.Currency = "try"

var products = []product{
	{"kahve", 18_500}, {"cezve", 64_900}, {"bardak", 32_950}, {"lokum", 27_500}, {"cini", 89_000}, {"ortu", 48_990},
}

func productOf(id string) (product, bool) {
	for _, p := range products {
		if p.ID == id {
			return p, true
		}
	}
	return product{}, false
}

func (p product) name(l text.Lang) string { return text.Say(l, "shop.product."+p.ID) }

// shopPage is the demo shop's first page.
type shopPage struct {
	page
	Products []shopProduct
	// Added is what was just put into the cart, empty for nothing.
	Added string
	// MaxQuantity is how many of one thing can be in the cart.
	MaxQuantity int64
}

type shopProduct struct {
	product
	Name, Note string
}

// shop serves the products.
func (s *site) shop(r *http.Request) (*answer, error) {
	v := visitOf(r)
	p := shopPage{page: s.newPage(r, "shop", text.Say(v.lang, "shop.title")), MaxQuantity: maxQuantity}
	p.CartCount = s.cartOf(r).count()
	for _, one := range products {
		p.Products = append(p.Products, shopProduct{one, one.name(v.lang), text.Say(v.lang, "shop.product."+one.ID+".note")})
	}
	if added, ok := productOf(r.URL.Query().Get("added")); ok {
		p.Added = text.Say(v.lang, "shop.added", "product", added.name(v.lang))
	}
	return s.render(http.StatusOK, "shop.html", p)
}
