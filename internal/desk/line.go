package desk

import (
	"context"
	"encoding/json"
	"net/url"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/redact"
)

// line checks a line; one that names a price is filled in from Stripe. An
// error means that Stripe could not be asked.
func (d *Desk) line(ctx context.Context, p *problems, at string, l NewLine, currency vezne.Currency) (vezne.OrderLine, error) {
	line := vezne.OrderLine{Name: p.text(at+".name", l.Name, maxName), PriceID: l.Price, Quantity: l.Quantity}
	if l.Quantity < 1 || l.Quantity > maxQuantity {
		p.wrong(at+".quantity", "It is a number from 1 to %d.", maxQuantity)
	}
	if l.Price != "" {
		if l.Name != "" || l.UnitAmount != nil {
			p.wrong(at+".price", "Give either a price, or a name and a unit_amount.")
			return line, nil
		}
		if !p.id(at+".price", string(l.Price), "price_", "plan_") || !currency.Known() {
			return line, nil
		}
		return line, d.price(ctx, p, at, &line, currency)
	}
	if line.Name == "" {
		p.wrong(at+".name", "Say what is bought.")
	}
	switch {
	case l.UnitAmount == nil:
		p.wrong(at+".unit_amount", "Say what one costs, in the minor unit.")
	case *l.UnitAmount < 0:
		p.add(vezne.CodeAmountInvalid, at+".unit_amount", "It must not be below 0.")
	default:
		line.UnitAmount = *l.UnitAmount
		p.step(at+".unit_amount", line.UnitAmount, currency)
	}
	return line, nil
}

// step checks that an amount can be said in its currency at all: some have
// amounts that end in 0 or 00.
func (p *problems) step(field string, amount int64, currency vezne.Currency) {
	if amount == 0 || !currency.Known() {
		return
	}
	if err := (vezne.Money{Amount: amount, Currency: currency}).CheckCharge(); vezne.CodeOf(err) == vezne.CodeAmountInvalid {
		p.add(vezne.CodeAmountInvalid, field, "%s", messageOf(err))
	}
}

func messageOf(err error) string {
	if e, ok := asError(err); ok {
		return e.Message
	}
	return err.Error()
}

// price fills a line in from one of Stripe's prices, which must be a plain
// amount, once, in the order's currency.
func (d *Desk) price(ctx context.Context, p *problems, at string, line *vezne.OrderLine, currency vezne.Currency) error {
	field := at + ".price"
	answer, err := d.Refresher.Get(ctx, "/v1/prices/"+url.PathEscape(string(line.PriceID)), url.Values{"expand[]": {"product"}}, "price", vezne.PriorityOrder)
	if vezne.CodeOf(err) == vezne.CodeNotFound {
		p.wrong(field, "There is no such price at Stripe.")
		return nil
	}
	if err != nil {
		return err
	}
	var price struct {
		Active     bool            `json:"active"`
		Currency   vezne.Currency  `json:"currency"`
		UnitAmount *int64          `json:"unit_amount"`
		Type       string          `json:"type"`
		Scheme     string          `json:"billing_scheme"`
		Transform  json.RawMessage `json:"transform_quantity"`
		Product    struct {
			Name string `json:"name"`
		} `json:"product"`
	}
	if err := json.Unmarshal(answer.Body, &price); err != nil {
		return vezne.E(vezne.CodeCorrupt, "desk.price", "A price of Stripe cannot be read.").Because(err)
	}
	switch {
	case price.Type == "recurring":
		p.wrong(field, "It is a price of a subscription; an order is paid once.")
	case !price.Active:
		p.wrong(field, "It is not active any more.")
	case price.Currency != currency:
		p.wrong(field, "It is in %s, the order is in %s.", price.Currency, currency)
	case price.UnitAmount == nil || price.Scheme == "tiered" || len(price.Transform) > 0 && string(price.Transform) != "null":
		p.wrong(field, "It is not a plain amount for one.")
	default:
		line.Name, line.UnitAmount = redact.Text(price.Product.Name), *price.UnitAmount
	}
	return nil
}

// total multiplies and sums up, and checks that Stripe can charge the sum.
func (p *problems) total(lines []vezne.OrderLine, currency vezne.Currency) int64 {
	sum := int64(0)
	for i := range lines {
		amount, fits := vezne.Times(lines[i].UnitAmount, lines[i].Quantity)
		if fits {
			lines[i].Amount = amount
			sum, fits = vezne.Plus(sum, amount)
		}
		if !fits {
			p.add(vezne.CodeAmountTooLarge, "lines", "The sum of the lines is too large.")
			return 0
		}
	}
	if err := (vezne.Money{Amount: sum, Currency: currency}).CheckCharge(); err != nil {
		p.add(vezne.CodeOf(err), "lines", "%s", messageOf(err))
	}
	return sum
}
