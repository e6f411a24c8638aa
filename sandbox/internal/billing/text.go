package billing

import (
	"strconv"
	"strings"
)

// The texts of lines, in Stripe's wording as recorded:
//
//	1 user × Pro (at $25.00 / month)
//	1 × Pro (at $900.00 / every 3 months)
//	9892 × Voice (at $0.08 per 60 units / month)
//	31 credit × Usage (Tier 2 at $0.036 / month)
//	Usage (Tier 1 at $9.00 / month)
//	Free trial for 1 × Pro
//	Unused time on Pro after 14 Jan 2019
//	Remaining time on 2 × Pro (with 30.0% off) after 03 Jul 2024

// symbols stand before an amount; other currencies show their code and a space.
// Recorded are usd, eur, gbp, jpy, brl and chf.
var symbols = map[Currency]string{
	"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "brl": "R$ ", "inr": "₹", "krw": "₩", "ils": "₪", "vnd": "₫", "php": "₱",
	"aud": "A$", "cad": "CA$", "nzd": "NZ$", "hkd": "HK$", "mxn": "MX$", "twd": "NT$", "cny": "CN¥",
}

// FormatUnit writes a unit amount in minor units as Stripe's lines show it: all
// digits that the currency has, more if the amount has more, thousands in
// groups: "$0.036", "¥1,800", "CHF 1,750.00".
func FormatUnit(d Decimal, c Currency) string {
	sign, units, pico := "", d.units, d.pico
	if d.Sign() < 0 {
		sign, units, pico = "-", -units, -pico
	}
	digits := strconv.FormatUint(uint64(units), 10)
	places := c.Decimals()
	if len(digits) <= places {
		digits = strings.Repeat("0", places+1-len(digits)) + digits
	}
	major, minor := digits[:len(digits)-places], digits[len(digits)-places:]
	if pico != 0 {
		fraction := strconv.FormatInt(pico, 10)
		fraction = strings.Repeat("0", decimalPlaces-len(fraction)) + fraction
		minor += strings.TrimRight(fraction, "0")
	}
	if minor != "" {
		minor = "." + minor
	}
	symbol, ok := symbols[c]
	if !ok {
		symbol = strings.ToUpper(string(c)) + " "
	}
	return sign + symbol + grouped(major) + minor
}

func grouped(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// every writes "month" or "every 3 months".
func (r Recurrence) every() string {
	if r.count() == 1 {
		return string(r.Interval)
	}
	return "every " + strconv.FormatInt(r.count(), 10) + " " + string(r.Interval) + "s"
}

// phrase writes "1 user × Pro".
func phrase(p Product, quantity Decimal) string {
	units := quantity.String()
	if p.UnitLabel != "" {
		units += " " + p.UnitLabel
	}
	return units + " × " + p.Name
}

// describePart is the text of a line for a whole period or for usage.
func describePart(p Price, part Part) string {
	subject := p.Product.Name
	if !part.Flat {
		subject = phrase(p.Product, part.Quantity)
	}
	at := "at "
	if part.Tier > 0 {
		at = "Tier " + strconv.Itoa(part.Tier) + " at "
	}
	at += FormatUnit(part.Each, p.Currency)
	if p.Transform != nil {
		at += " per " + grouped(strconv.FormatInt(p.Transform.DivideBy, 10)) + " units"
	}
	return subject + " (" + at + " / " + p.Recurring.every() + ")"
}

// prorationPhrase writes what a proration is on: "Pro", "3 × Pro",
// "Pro (with 30.0% off)".
func prorationPhrase(p Price, quantity Decimal, discounts []Discount) string {
	subject := p.Product.Name
	if quantity != Whole(1) {
		subject = phrase(p.Product, quantity)
	}
	var off []string
	for _, d := range discounts {
		if d.Coupon.PercentOff.Sign() > 0 {
			off = append(off, oneDecimal(d.Coupon.PercentOff)+"% off")
		} else {
			off = append(off, FormatUnit(Whole(int64(d.Coupon.amountIn(p.Currency))), p.Currency)+" off")
		}
	}
	if len(off) == 0 {
		return subject
	}
	return subject + " (with " + strings.Join(off, ", ") + ")"
}

func oneDecimal(d Decimal) string {
	if d.pico == 0 {
		return d.String() + ".0"
	}
	return d.String()
}

func unused(subject string, from Instant) string {
	return "Unused time on " + subject + " after " + from.Time().Format("02 Jan 2006")
}

func remaining(subject string, from Instant) string {
	return "Remaining time on " + subject + " after " + from.Time().Format("02 Jan 2006")
}
