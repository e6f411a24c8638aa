// Package web is what people see: the pages on which buyers pay, the demo shop
// and the operators' dashboard. Pages are rendered on the server and work
// without script, except where Stripe's own element takes a card. The package
// decides nothing: it asks the desk, and shows what the desk says in the
// language of the visitor.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/desk"
)

// Desk is what the pages ask of the desk.
type Desk interface {
	CreateOrder(ctx context.Context, by vezne.Actor, n desk.NewOrder) (vezne.OrderView, error)
	Order(ctx context.Context, id vezne.OrderID) (vezne.OrderView, error)
	Orders(ctx context.Context, f desk.OrderFilter) ([]vezne.OrderView, error)
	Timeline(ctx context.Context, id vezne.OrderID) ([]vezne.Entry, error)
	Cancel(ctx context.Context, by vezne.Actor, id vezne.OrderID) (vezne.OrderView, error)
	StartCheckout(ctx context.Context, by vezne.Actor, id vezne.OrderID, p desk.CheckoutParams) (desk.Checkout, error)
	StartPaymentIntent(ctx context.Context, by vezne.Actor, id vezne.OrderID, p desk.PaymentIntentParams) (desk.PaymentIntent, error)
	Capture(ctx context.Context, by vezne.Actor, id vezne.OrderID, amount *int64) (vezne.OrderView, error)
	Refund(ctx context.Context, by vezne.Actor, id vezne.OrderID, amount *int64, reason string) (vezne.RefundRequest, vezne.OrderView, error)
	PaymentMethods(ctx context.Context, reference string) ([]vezne.PaymentMethod, error)
	Invoice(ctx context.Context, id vezne.OrderID) (vezne.Invoice, error)
	InvoicePDF(ctx context.Context, id vezne.OrderID) ([]byte, error)
	Events(ctx context.Context, f desk.EventFilter) ([]vezne.Event, error)
	Event(ctx context.Context, id vezne.EventID) (vezne.Event, error)
	// PreviewReplay says what applying an event again would change, Replay does it.
	PreviewReplay(ctx context.Context, by vezne.Actor, id vezne.EventID) (desk.Replay, error)
	Replay(ctx context.Context, by vezne.Actor, id vezne.EventID) (desk.Replay, error)
	// Check asks Stripe about everything that is known of an order.
	Check(ctx context.Context, by vezne.Actor, id vezne.OrderID) (vezne.OrderView, error)
	Attempts(ctx context.Context, id vezne.OrderID) ([]vezne.Attempt, error)
	Refunds(ctx context.Context, id vezne.OrderID) ([]vezne.RefundRequest, error)
	// Landed asks Stripe about the order's open attempt, for at most two
	// seconds, and returns the order as it is then.
	Landed(ctx context.Context, id vezne.OrderID) (desk.Landing, error)
	// Payment returns what a page shows beside the order.
	Payment(ctx context.Context, id vezne.OrderID) (desk.PaymentState, error)
	// Overview returns what the dashboard begins with.
	Overview(ctx context.Context) (desk.Overview, error)
}

// Operators checks the people who may open the dashboard.
type Operators interface {
	// Login returns the operator's name. CodeTokenInvalid when name and
	// password do not belong together.
	Login(ctx context.Context, name, password string) (string, error)
	// Redeem returns the operator whose one-time sign-in link holds the token,
	// and uses it up. CodeTokenInvalid when it is unknown, used or too old.
	Redeem(ctx context.Context, token string) (string, error)
}

// SessionStore keeps sessions.
type SessionStore interface {
	// Find returns a session's data; false when it is unknown or expired.
	Find(ctx context.Context, token string) ([]byte, bool, error)
	// Commit keeps a session's data until expiry.
	Commit(ctx context.Context, token string, data []byte, expiry time.Time) error
	// Delete forgets a session.
	Delete(ctx context.Context, token string) error
}

// Config is what the pages stand on.
type Config struct {
	Desk        Desk
	Operators   Operators
	Sessions    SessionStore
	Submissions Submissions
	// PublishableKey is given to Stripe.js.
	PublishableKey string
	Livemode       bool
	// StripeJS is the address of Stripe.js: https://js.stripe.com/…, or the
	// sandbox's.
	StripeJS string
	// StripeOrigins are further origins that pages with Stripe.js may load from
	// and send to, such as a domain of one's own for Checkout. Those of
	// StripeJS are known.
	StripeOrigins []string
	// PublicURL is where buyers find these pages. Cookies are marked secure
	// when it is https.
	PublicURL string
	// Seller greets buyers.
	Seller vezne.Seller
	// Shop serves the demo shop.
	Shop  bool
	Clock vezne.Clock
	Log   *slog.Logger
}

// site holds what the handlers share.
type site struct {
	Config
	sources  stripeSources
	mux      *http.ServeMux
	shopping *sessions
	signedIn *sessions
	throttle *throttle
	looked   looked
	origins  *http.CrossOriginProtection
}

// New returns the handler of all pages. It returns an error of CodeConfigInvalid
// when StripeJS or PublicURL is not an address.
func New(cfg Config) (http.Handler, error) {
	sources, err := newStripeSources(cfg.StripeJS, cfg.StripeOrigins)
	if err != nil {
		return nil, err
	}
	secure, origin, err := publicOrigin(cfg.PublicURL)
	if err != nil {
		return nil, err
	}
	s := &site{Config: cfg, sources: sources, mux: http.NewServeMux(), origins: http.NewCrossOriginProtection(), throttle: newThrottle(cfg.Clock)}
	s.shopping = newSessions(cfg.Sessions, "cart", secure, cartLife)
	s.signedIn = newSessions(cfg.Sessions, "operator", secure, operatorLife)
	if err := s.origins.AddTrustedOrigin(origin); err != nil {
		return nil, configInvalid("The public URL has no origin.").Because(err)
	}
	s.routes()
	return http.HandlerFunc(s.serve), nil
}

func (s *site) routes() {
	s.handle("GET /{$}", s.home)
	s.handle("GET /assets/{name}", s.asset)

	s.handle("GET /pay/{order}", s.order)
	s.handle("POST /pay/{order}/checkout", s.checkout)
	s.handleJSON("POST /pay/{order}/intent", s.paymentIntent)
	s.handleJSON("POST /pay/{order}/state", s.state)
	s.handle("GET /pay/{order}/invoice.pdf", s.invoice)

	if s.Shop {
		s.handle("GET /shop", s.shopping.in(s.shop))
		s.handle("GET /shop/cart", s.shopping.in(s.cart))
		s.handle("POST /shop/cart", s.shopping.in(s.changeCart))
		s.handle("POST /shop/orders", s.shopping.in(s.placeOrder))
	}

	s.handle("GET /admin/sign-in", s.signedIn.in(s.signInPage))
	s.handle("POST /admin/sign-in", s.signedIn.in(s.signIn))
	s.handle("POST /admin/sign-out", s.signedIn.in(s.signOut))
	s.handle("GET /admin", s.operator(s.overview))
	s.handle("GET /admin/orders", s.operator(s.adminOrders))
	s.handle("GET /admin/orders/{order}", s.operator(s.adminOrder))
	s.handle("POST /admin/orders/{order}/refund", s.operator(s.refund))
	s.handle("POST /admin/orders/{order}/capture", s.operator(s.capture))
	s.handle("POST /admin/orders/{order}/cancel", s.operator(s.cancel))
	s.handle("POST /admin/orders/{order}/check", s.operator(s.check))
	s.handle("GET /admin/events", s.operator(s.adminEvents))
	s.handle("GET /admin/events/{event}", s.operator(s.adminEvent))
	s.handle("POST /admin/events/{event}/replay", s.operator(s.replay))
}

// home leads to where a visitor most likely wants to be.
func (s *site) home(*http.Request) (*answer, error) {
	if s.Shop {
		return seeOther("/shop"), nil
	}
	return seeOther("/admin"), nil
}
