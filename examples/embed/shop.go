package main

import (
	"database/sql"
	"fmt"
	"net/http"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
)

// shop is the program's own part.
type shop struct {
	desk   *engine.Engine
	db     *sql.DB
	public string
}

// home shows what is sold and how much was shipped.
func (s shop) home(w http.ResponseWriter, r *http.Request) {
	n := 0
	if err := s.db.QueryRowContext(r.Context(), "SELECT count(*) FROM shipments").Scan(&n); err != nil {
		http.Error(w, "The shop is closed for a moment.", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Coffee</title>
<h1>Coffee</h1><p>Shipped so far: %d</p>
<form method="post" action="/buy"><button>Buy a bag for ₺189.00</button></form></html>
`, n)
}

// buy makes an order and sends the buyer to Stripe's page.
func (s shop) buy(w http.ResponseWriter, r *http.Request) {
	by := vezne.Actor{Kind: vezne.ActorAPI, Name: "shop"}
	order, err := s.desk.CreateOrder(r.Context(), by, engine.NewOrder{
		Currency: "try", Lines: []engine.NewLine{{Name: "Filtre kahve", UnitAmount: 18900, Quantity: 1}}, // ₺189.00
	})
	if err != nil {
		http.Error(w, "The order could not be taken.", http.StatusServiceUnavailable)
		return
	}
	checkout, err := s.desk.StartCheckout(r.Context(), by, order.ID, engine.CheckoutParams{})
	if err != nil {
		// The order is there, and its page offers to pay.
		http.Redirect(w, r, order.PayURL, http.StatusSeeOther)
		return
	}
	http.Redirect(w, r, checkout.URL, http.StatusSeeOther)
}
