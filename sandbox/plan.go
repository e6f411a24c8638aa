package sandbox

func init() {
	behave("POST /v1/plans", createPlan)
	behave("GET /v1/plans", listPlans)
	behave("GET /v1/plans/{plan}", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		price, err := findPlan(tx, r)
		if err != nil {
			return nil, err
		}
		return planOf(tx, price), nil
	})
	behave("POST /v1/plans/{plan}", updatePlan)
	behave("DELETE /v1/plans/{plan}", deletePlan)
}

// A plan is a recurring price in the words of before there were prices: it has the price's id, and what becomes of one
// becomes of the other. Only the price is stored.
const (
	// planTrial is where a price keeps a plan's trial_period_days.
	planTrial = "recurring.trial_period_days"
	// hiddenPlanDeleted says that a price was deleted as a plan. Subscriptions keep it.
	hiddenPlanDeleted = "_plan_deleted"
)

// planNames are a price's names of a plan's parameters.
var planNames = map[string]string{"amount": "unit_amount", "amount_decimal": "unit_amount_decimal", "transform_usage": "transform_quantity"}

func createPlan(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	id := p.Str("id")
	if id == "" {
		id = tx.New("plan").ID()
	} else if former := tx.Get("price", id); former != nil && !former.Bool(hiddenPlanDeleted) {
		return nil, invalid("id", "resource_already_exists", "Plan already exists.")
	}
	if !p.Has("amount") && !p.Has("amount_decimal") && !p.Has("tiers") {
		return nil, invalid("amount", "parameter_missing", "Missing required param: amount.")
	}
	product, made, err := productOfPlan(tx, p)
	if err != nil {
		return nil, err
	}
	price, err := newPrice(tx, priceParamsOf(p), product, "")
	if err != nil {
		return nil, err
	}
	price.Set("id", id)
	if p.Has("trial_period_days") {
		price.Set(planTrial, p.Int("trial_period_days"))
	}
	if made {
		tx.Put(product, "product.created")
	}
	return putPlan(tx, price, "created"), nil
}

// productOfPlan is the product that a plan names, or makes.
func productOfPlan(tx *accountTx, p formParams) (product *stripeObject, made bool, err error) {
	if data, ok := p.Hash("product"); ok {
		product, err = newProduct(tx, data)
		return product, true, err
	}
	if p.Str("product") == "" {
		return nil, false, invalid("product", "parameter_missing", "Missing required param: product.")
	}
	product, err = findProduct(tx, p.Str("product"), "product", 400)
	return product, false, err
}

// priceParamsOf are a plan's parameters as a price takes them.
func priceParamsOf(p formParams) formParams {
	named, recurring := &paramNode{hash: map[string]*paramNode{}}, &paramNode{hash: map[string]*paramNode{}}
	for _, key := range p.Keys() {
		to, name := named, key
		switch key {
		case "id", "product", "trial_period_days":
			continue
		case "interval", "interval_count", "usage_type", "meter":
			to = recurring
		default:
			if other := planNames[key]; other != "" {
				name = other
			}
		}
		to.hash[name] = p.node.hash[key]
		to.keys = append(to.keys, name)
	}
	named.hash["recurring"], named.keys = recurring, append(named.keys, "recurring")
	return formParams{named}
}

// putPlan stores the price of a plan and tells of both.
func putPlan(tx *accountTx, price *stripeObject, word string) *stripeObject {
	var former *stripeObject
	if old := tx.Get("price", price.ID()); old != nil && word == "updated" {
		former = planOf(tx, old)
	}
	tx.Put(price, "price."+word)
	plan := planOf(tx, price)
	tx.Event("plan."+word, plan, former)
	return plan
}

func findPlan(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	price := tx.Get("price", r.Path("plan"))
	if price == nil || !isPlan(price) {
		return nil, missing("plan", r.Path("plan"), "plan", 404)
	}
	return price, nil
}

// isPlan says whether a price is a plan, too.
func isPlan(price *stripeObject) bool {
	return price.Has("recurring") && !price.Bool(hiddenPlanDeleted)
}

func listPlans(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	list, err := tx.List(r, "price", func(price *stripeObject) bool {
		return isPlan(price) && (!p.Has("active") || price.Bool("active") == p.Bool("active")) &&
			(!p.Has("product") || price.Str("product") == p.Str("product"))
	})
	if err != nil {
		return nil, err
	}
	plans := make([]*stripeObject, 0, len(list.List("data")))
	for _, price := range list.List("data") {
		plans = append(plans, planOf(tx, price.(*stripeObject)))
	}
	return listObject(r.http.URL.Path, plans, list.Bool("has_more")), nil
}

func updatePlan(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	price, err := findPlan(tx, r)
	if err != nil {
		return nil, err
	}
	p := r.Params()
	price = price.Edit()
	if id := p.Str("product"); id != "" {
		product, err := findProduct(tx, id, "product", 400)
		if err != nil {
			return nil, err
		}
		price.Set("product", product.ID())
	}
	if p.Has("trial_period_days") {
		price.Set(planTrial, p.Int("trial_period_days"))
	}
	applyParams(tx, price, p, "product", "trial_period_days")
	return putPlan(tx, price, "updated"), nil
}

func deletePlan(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	price, err := findPlan(tx, r)
	if err != nil {
		return nil, err
	}
	plan := planOf(tx, price)
	tx.Put(price.Edit().Set("active", false).Set(hiddenPlanDeleted, true))
	tx.Event("price.deleted", tx.Get("price", price.ID()), nil)
	tx.Event("plan.deleted", plan, nil)
	return remainsOf(plan), nil
}
