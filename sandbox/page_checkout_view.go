package sandbox

import (
	"fmt"
	"strconv"
)

// checkoutView is what the hosted checkout's template gets.
type checkoutView struct {
	view
	Embedded    bool
	Merchant    string
	BackURL     string
	Languages   []languageChoice
	CardGroups  []cardGroup
	Email       string
	EmailLocked bool
	Contact     []askedField
	Groups      []askedGroup
	Details     []askedField
	TaxID       []askedField
	TaxRequired bool
	Consents    []askedField
	SubmitText  []textPart
	AfterSubmit []textPart
	Shipping    []shippingView
	Saved       []savedView
	Removable   bool
	SaveCard    bool
	Methods     []methodView
	Countries   []string
	FullAddress bool
	Promotions  bool
	Code        string
	Setup       bool
	Free        bool
	Subscribes  bool
	Trial       string
	Submit      string
	Total       string
	Subtotal    string
	Lines       []lineView
	Optional    []optionalView
	Adjustments []adjustmentView
}

type languageChoice struct {
	Code, Label, Name, URL string
	Current                bool
}

// lineView is a line of the order. A buyer may choose from Least to Most of it, or take it away again.
type lineView struct {
	ID, Description, Amount, Every, Quantity, Each string
	Many, Adjustable, Removable                    bool
	N, Least, Most                                 int64
}

type optionalView struct{ Price, Description, Amount, Quantity string }

type shippingView struct {
	ID, Name, Amount, Estimate string
	Chosen                     bool
}

type savedView struct{ ID, Label, Expires string }

type adjustmentView struct{ Label, Amount string }

// checkoutData is what the hosted checkout's script gets.
type checkoutData struct {
	scriptData
	Session    string       `json:"session"`
	Key        string       `json:"key"`
	Cards      []string     `json:"cards"`
	Methods    []string     `json:"methods"`
	Delayed    []methodForm `json:"delayed"`
	Free       bool         `json:"free"`
	Submit     string       `json:"submit"`
	SummaryURL string       `json:"summaryURL"`
	Embedded   bool         `json:"embedded"`
	// Taxed says that the sum depends on the buyer's place.
	Taxed bool `json:"taxed"`
}

// choosesAmount says whether the buyer chooses what to pay.
func choosesAmount(page checkoutSession) bool {
	for _, item := range page.LineItems {
		if item.CustomUnitAmount != nil {
			return true
		}
	}
	return false
}

// needsNoMethod says whether an order can be placed without a way to pay: confirmPage's rule. A subscription whose payments
// begin later needs one now, unless the shop says that it need not.
func needsNoMethod(page checkoutSession) bool {
	s := page.Session
	return s.Mode != "setup" && s.AmountTotal == 0 && s.PaymentMethodCollection != "always" && !choosesAmount(page)
}

// trialText says how long a subscription costs nothing, "" when it costs from the first day.
func trialText(text pageText, days int64) string {
	switch days {
	case 0:
		return ""
	case 1:
		return text.T("checkout.trial.one")
	}
	return text.T("checkout.trial", "n", strconv.FormatInt(days, 10))
}

// everyText says how often an amount is due: per month, every 3 months.
func everyText(text pageText, interval string, count int64) string {
	if count > 1 {
		return text.T("every."+interval, "n", strconv.FormatInt(count, 10))
	}
	return text.T("every." + interval + ".one")
}

// headings are the page's title and the words on its button, by what is sold.
func (v checkoutView) headings(submit string) (title, button string) {
	title = v.T("checkout.title", "merchant", v.Merchant)
	switch {
	case v.Setup:
		return v.T("checkout.title.setup", "merchant", v.Merchant), v.T("checkout.save")
	case v.Subscribes && v.Trial != "":
		return v.T("checkout.title.subscribe", "merchant", v.Merchant), v.T("checkout.trial.start")
	case v.Subscribes && submit == "":
		return v.T("checkout.title.subscribe", "merchant", v.Merchant), v.T("checkout.subscribe.now")
	case v.Free:
		return title, v.T("checkout.order")
	case submit == "book":
		return title, v.T("checkout.book", "amount", v.Total)
	case submit == "donate":
		return title, v.T("checkout.donate", "amount", v.Total)
	case submit == "subscribe":
		return title, v.T("checkout.subscribe", "amount", v.Total)
	}
	return title, v.T("checkout.pay", "amount", v.Total)
}

// addOrder writes the lines of the order and what is added to them.
func (v *checkoutView) addOrder(page checkoutSession, amount func(int64) string) {
	for _, item := range page.LineItems {
		line := lineView{
			ID:          item.ID,
			Description: item.Description,
			Amount:      amount(item.AmountSubtotal),
			Quantity:    v.T("checkout.quantity", "n", strconv.FormatInt(item.Quantity, 10)),
			Each:        v.T("checkout.each", "amount", amount(item.UnitAmount)),
			Many:        item.Quantity > 1,
			Removable:   item.Optional != "",
			N:           item.Quantity,
		}
		if item.Recurring != nil {
			line.Every = everyText(v.pageText, item.Recurring.Interval, item.Recurring.IntervalCount)
		}
		if rule := item.Adjustable; rule != nil {
			line.Adjustable, line.Least, line.Most = true, rule.Minimum, rule.Maximum
		}
		v.Lines = append(v.Lines, line)
	}
	for _, item := range page.OptionalItems {
		offer := optionalView{Price: item.Price, Description: item.Description, Amount: amount(item.Amount)}
		if item.Quantity > 1 {
			offer.Quantity = v.T("checkout.quantity", "n", strconv.FormatInt(item.Quantity, 10))
		}
		v.Optional = append(v.Optional, offer)
	}
	details := page.Session.TotalDetails
	for _, part := range []struct {
		key    string
		amount int64
		shown  bool
	}{
		{"checkout.discount", -details.AmountDiscount, details.AmountDiscount != 0},
		{"checkout.shipping", details.AmountShipping, details.AmountShipping != 0 || len(page.ShippingOptions) > 0},
		{"checkout.tax", details.AmountTax, details.AmountTax != 0 || page.Session.AutomaticTax.Status == "complete"},
	} {
		if part.shown {
			v.Adjustments = append(v.Adjustments, adjustmentView{v.T(part.key), amount(part.amount)})
		}
	}
	if page.Session.AutomaticTax.Status == "requires_location_inputs" {
		v.Adjustments = append(v.Adjustments, adjustmentView{v.T("checkout.tax"), v.T("checkout.tax.address")})
	}
}

// addChoices writes the ways of shipping and the saved cards.
func (v *checkoutView) addChoices(page checkoutSession, amount func(int64) string) {
	for _, option := range page.ShippingOptions {
		price := amount(option.Amount)
		if option.Amount == 0 {
			price = v.T("checkout.shipping.free")
		}
		v.Shipping = append(v.Shipping, shippingView{ID: option.ID, Name: option.DisplayName, Amount: price, Estimate: v.estimate(option), Chosen: option.Chosen})
	}
	for _, card := range page.SavedPaymentMethods {
		v.Saved = append(v.Saved, savedView{
			ID: card.ID, Label: brandLabel(card.Brand) + " •••• " + card.Last4, Expires: fmt.Sprintf("%02d / %02d", card.ExpMonth, card.ExpYear%100),
		})
	}
}

// brandLabel is the name of a card's brand as it is written on the card.
func brandLabel(brand string) string {
	if name, ok := map[string]string{"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "discover": "Discover", "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay"}[brand]; ok {
		return name
	}
	return brand
}

// estimate says how long a way of shipping takes: 3–5 business days.
func (v *checkoutView) estimate(option shippingOption) string {
	if option.Estimate == nil {
		return ""
	}
	least, most := option.Estimate.Minimum, option.Estimate.Maximum
	lasts := func(t *deliveryTime) string {
		if t.Value == 1 {
			return v.T("unit." + t.Unit + ".one")
		}
		return v.T("unit."+t.Unit, "n", strconv.FormatInt(t.Value, 10))
	}
	switch {
	case least == nil && most == nil:
		return ""
	case least == nil:
		return v.T("checkout.within", "time", lasts(most))
	case most == nil:
		return v.T("checkout.from", "time", lasts(least))
	case least.Unit != most.Unit:
		return lasts(least) + " – " + lasts(most)
	case least.Value == most.Value:
		return lasts(most)
	}
	return v.T("unit."+most.Unit, "n", fmt.Sprintf("%d–%d", least.Value, most.Value))
}
