package sandbox

import (
	"slices"
	"strconv"
	"strings"
)

func init() {
	behave("POST /v1/promotion_codes", createPromotionCode)
	behave("POST /v1/promotion_codes/{promotion_code}", updatePromotionCode)
	behave("GET /v1/promotion_codes", listPromotionCodes)
	onExpand("promotion_codes_resource_restrictions", "currency_options", func(_ *accountTx, restrictions *stripeObject) []*stripeObject {
		if options := restrictions.Hash(hiddenMinimums); options != nil {
			return []*stripeObject{options}
		}
		return nil
	})
	onDue("promotion_code.end", func(tx *accountTx, id string) error {
		if code := tx.Get("promotion_code", id); code != nil && code.Bool("active") {
			tx.Put(code.Edit().Set("active", false), "promotion_code.updated")
		}
		return nil
	})
}

// hiddenMinimums are, of a code's restrictions, minimum amounts in other currencies. They are shown when they are expanded.
const hiddenMinimums = "_currency_options"

func createPromotionCode(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	coupon := tx.Get("coupon", p.Str("promotion.coupon"))
	if coupon == nil {
		return nil, missing("coupon", p.Str("promotion.coupon"), "promotion[coupon]", 400)
	}
	code := orElse(p.Str("code"), strings.ToUpper(tx.NewID("", 8)))
	if err := checkNewCode(tx, coupon, code, p); err != nil {
		return nil, err
	}
	pc := tx.New("promotion_code").Set("active", !p.Has("active") || p.Bool("active")).Set("code", code).Set("times_redeemed", 0).
		Set("promotion", tx.NewHash("promotion_codes_resource_promotion").Set("coupon", coupon.ID()).Set("type", "coupon"))
	restrictions := tx.NewHash("promotion_codes_resource_restrictions").Set("first_time_transaction", p.Bool("restrictions.first_time_transaction"))
	if p.Has("restrictions.minimum_amount") {
		restrictions.Set("minimum_amount", p.Int("restrictions.minimum_amount")).Set("minimum_amount_currency", strings.ToLower(p.Str("restrictions.minimum_amount_currency")))
	}
	if err := setMinimums(tx, restrictions, p); err != nil {
		return nil, err
	}
	pc.Set("restrictions", restrictions)
	applyParams(tx, pc, p, "active", "code", "promotion", "restrictions")
	if p.Has("expires_at") {
		tx.Due(p.Int("expires_at"), "promotion_code.end", pc.ID())
	}
	tx.Put(pc, "promotion_code.created")
	return pc, nil
}

// checkNewCode refuses what a new code cannot be. The sentences beside the first are ours.
func checkNewCode(tx *accountTx, coupon *stripeObject, code string, p formParams) error {
	amount, currency := p.Has("restrictions.minimum_amount"), p.Has("restrictions.minimum_amount_currency")
	switch {
	case activeCode(tx, code) != nil && (!p.Has("active") || p.Bool("active")):
		return invalid("code", "", "An active promotion code with `code: %s` already exists.", code)
	case strings.ContainsFunc(code, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}):
		return invalid("code", "", "Invalid code: only letters, digits and dashes.")
	case !coupon.Bool("valid"):
		return invalid("promotion[coupon]", "coupon_expired", "Coupon expired: %s", coupon.ID())
	case p.Has("max_redemptions") && p.Int("max_redemptions") <= 0:
		return invalid("max_redemptions", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case p.Has("max_redemptions") && coupon.Has("max_redemptions") && p.Int("max_redemptions") > coupon.Int("max_redemptions"):
		return invalid("max_redemptions", "", "max_redemptions must not be more than the coupon's, %d.", coupon.Int("max_redemptions"))
	case p.Has("expires_at") && p.Int("expires_at") <= tx.Now():
		return invalid("expires_at", "", "expires_at must be a time in the future.")
	case p.Has("expires_at") && coupon.Has("redeem_by") && p.Int("expires_at") > coupon.Int("redeem_by"):
		return invalid("expires_at", "", "expires_at must not be after the coupon's redeem_by, %d.", coupon.Int("redeem_by"))
	case amount && !currency:
		return invalid("restrictions[minimum_amount_currency]", "parameter_missing", "Missing required param: restrictions[minimum_amount_currency].")
	case currency && !amount:
		return invalid("restrictions[minimum_amount]", "parameter_missing", "Missing required param: restrictions[minimum_amount].")
	case amount && p.Int("restrictions.minimum_amount") <= 0:
		return invalid("restrictions[minimum_amount]", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	}
	if id := p.Str("customer"); id != "" {
		_, err := findCustomer(tx, id, "customer", 400)
		return err
	}
	return nil
}

// setMinimums writes minimum amounts in other currencies than a code's own.
func setMinimums(tx *accountTx, restrictions *stripeObject, p formParams) error {
	given, ok := p.Hash("restrictions.currency_options")
	if !ok {
		return nil
	}
	options := hash()
	if had := restrictions.Hash(hiddenMinimums); had != nil {
		options = had.Edit()
	}
	for _, code := range given.Keys() {
		param := "restrictions[currency_options][" + code + "]"
		currency := strings.ToLower(code)
		switch err := checkCurrency(currency, param); {
		case err != nil:
			return err
		case !restrictions.Has("minimum_amount") || currency == restrictions.Str("minimum_amount_currency"):
			return invalid(param, "", "`currency_options` name minimum amounts in other currencies than the code's own.")
		case given.Int(code+".minimum_amount") <= 0:
			return invalid(param+"[minimum_amount]", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
		}
		options.Set(currency, tx.NewHash("promotion_code_currency_option").Set("minimum_amount", given.Int(code+".minimum_amount")))
	}
	restrictions.Set(hiddenMinimums, options)
	return nil
}

// updatePromotionCode changes a code. It is active again only while it could be redeemed. Source: API reference, update a
// promotion code.
func updatePromotionCode(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	was, p := tx.Get("promotion_code", r.Path("promotion_code")), r.Params()
	if was == nil {
		return nil, missingInPath(r, "promotion code", "promotion_code")
	}
	pc := applyParams(tx, was.Edit(), p, "restrictions")
	if p.Bool("active") && !was.Bool("active") {
		coupon := tx.Get("coupon", pc.Str("promotion.coupon"))
		switch {
		case coupon == nil || !coupon.Bool("valid") || codeIsUsedUp(tx, pc):
			return nil, invalid("active", "", "This promotion code cannot be active: it, or its coupon, is expired or used up.")
		case activeCode(tx, pc.Str("code")) != nil:
			return nil, invalid("active", "", "An active promotion code with `code: %s` already exists.", pc.Str("code"))
		}
	}
	restrictions := pc.Hash("restrictions").Edit()
	if err := setMinimums(tx, restrictions, p); err != nil {
		return nil, err
	}
	pc.Set("restrictions", restrictions)
	if equalObjects(was, pc) && !p.Has("restrictions.currency_options") {
		return was, nil
	}
	tx.Put(pc, "promotion_code.updated")
	return pc, nil
}

// codeIsUsedUp says whether a code's own end has come.
func codeIsUsedUp(tx *accountTx, code *stripeObject) bool {
	return code.Has("expires_at") && code.Int("expires_at") <= tx.Now() || code.Has("max_redemptions") && code.Int("times_redeemed") >= code.Int("max_redemptions")
}

// endCodes ends the codes of a coupon that cannot be redeemed any more: a code is active only while its coupon is valid.
func (tx *accountTx) endCodes(coupon string) {
	for _, code := range ofField(tx, "promotion_code", "promotion.coupon", coupon) {
		if code.Bool("active") {
			tx.Put(code.Edit().Set("active", false))
		}
	}
}

// purchase is what a promotion code is held against.
type purchase struct {
	customer, currency string
	// amount is what is bought, before discounts, in minor units; -1 where it is not known yet.
	amount int64
}

// refuseCode holds a promotion code's own limits against a purchase; nil when the code may be redeemed.
func refuseCode(tx *accountTx, code *stripeObject, of purchase) *discountRefusal {
	customer := code.Str("customer")
	switch {
	case code.Has("expires_at") && code.Int("expires_at") <= tx.Now():
		return &discountRefusal{"expired", "This promotion code is expired or inactive."}
	case code.Has("max_redemptions") && code.Int("times_redeemed") >= code.Int("max_redemptions"):
		return &discountRefusal{"used_up", "This promotion code has been redeemed as often as it may be."}
	case !code.Bool("active"):
		return &discountRefusal{"invalid", "This promotion code is expired or inactive."}
	case customer != "" && customer != of.customer:
		return &discountRefusal{"customer", "This promotion code cannot be redeemed by this customer."}
	case of.amount >= 0 && !reachesMinimum(code, of):
		return &discountRefusal{"minimum", "This promotion code cannot be redeemed because the order does not reach the minimum amount."}
	case code.Bool("restrictions.first_time_transaction") && hasPaid(tx, of.customer):
		return &discountRefusal{"first_time", "This promotion code cannot be redeemed because the associated customer has prior transactions."}
	}
	return nil
}

// reachesMinimum says whether a purchase is as large as a code asks for, in the purchase's currency.
func reachesMinimum(code *stripeObject, of purchase) bool {
	least := code.Int("restrictions.minimum_amount")
	if least == 0 {
		return true
	}
	if code.Str("restrictions.minimum_amount_currency") != of.currency {
		if least = code.Int("restrictions." + hiddenMinimums + "." + of.currency + ".minimum_amount"); least == 0 {
			return false
		}
	}
	return of.amount >= least
}

// checkMinimums refuses discounts, of those that a call redeems, whose codes ask for more than a purchase.
func (tx *accountTx) checkMinimums(p formParams, of purchase) error {
	for i, given := range p.List("discounts") {
		if code := tx.Get("promotion_code", given.Str("promotion_code")); code != nil && !reachesMinimum(code, of) {
			return invalid("discounts["+strconv.Itoa(i)+"][promotion_code]", "", "This promotion code cannot be redeemed because the order does not reach the minimum amount.")
		}
	}
	return nil
}

// hasPaid says whether a customer has a payment or an invoice behind them.
func hasPaid(tx *accountTx, customer string) bool {
	if customer == "" {
		return false
	}
	return slices.ContainsFunc(ofField(tx, "payment_intent", "customer", customer), func(pi *stripeObject) bool { return pi.Str("status") == succeeded }) ||
		slices.ContainsFunc(ofField(tx, "charge", "customer", customer), func(ch *stripeObject) bool { return ch.Str("status") == succeeded }) ||
		slices.ContainsFunc(ofField(tx, "invoice", "customer", customer), func(inv *stripeObject) bool {
			return inv.Str("status") != invoiceDraftStatus && inv.Str("status") != invoiceVoid
		})
}

// listPromotionCodes filters as the description says; capitals of a code do not count, and a coupon is found inside promotion.
func listPromotionCodes(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	return tx.List(r, "promotion_code", func(pc *stripeObject) bool {
		return (!p.Has("code") || strings.EqualFold(p.Str("code"), pc.Str("code"))) && (!p.Has("coupon") || p.Str("coupon") == pc.Str("promotion.coupon")) &&
			(!p.Has("active") || p.Bool("active") == pc.Bool("active")) && (!p.Has("customer") || p.Str("customer") == pc.Str("customer"))
	})
}

// activeCode finds the active promotion code that a buyer means; capitals do not count.
func activeCode(tx *accountTx, code string) *stripeObject {
	var found *stripeObject
	tx.Each("promotion_code", func(pc *stripeObject) bool {
		if pc.Bool("active") && strings.EqualFold(pc.Str("code"), code) {
			found = pc
		}
		return found == nil
	})
	return found
}
