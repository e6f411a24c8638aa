package sandbox

import (
	"net/http"
	"slices"
)

func init() {
	behave("POST /v1/entitlements/features", createFeature)
	behave("POST /v1/entitlements/features/{id}", updateFeature)
	behave("POST /v1/products/{product}/features", attachFeature)
	behave("GET /v1/products/{product}/features", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		if _, err := findProduct(tx, r.Path("product"), "product", http.StatusNotFound); err != nil {
			return nil, err
		}
		return tx.List(r, productFeatureType, func(f *stripeObject) bool { return f.Str(hiddenProduct) == r.Path("product") })
	})
	behave("GET /v1/products/{product}/features/{id}", findProductFeature)
	behave("DELETE /v1/products/{product}/features/{id}", detachFeature)
	behave("GET /v1/entitlements/active_entitlements", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		customer, err := findCustomer(tx, r.Params().Str("customer"), "customer", http.StatusBadRequest)
		if err != nil {
			return nil, err
		}
		return tx.ListOf(r, entitlementType, hiddenHolder, customer.ID(), nil)
	})
}

const (
	featureType        = "entitlements.feature"
	productFeatureType = "product_feature"
	entitlementType    = "entitlements.active_entitlement"
	summaryType        = "entitlements.active_entitlement_summary"

	// hiddenProduct is the product that a product's feature belongs to, hiddenHolder whom an entitlement does.
	hiddenProduct = "_product"
	hiddenHolder  = "_holder"
)

// createFeature makes a feature; of the active ones no two have one lookup key.
func createFeature(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	for _, other := range ofField(tx, featureType, "lookup_key", p.Str("lookup_key")) {
		if other.Bool("active") {
			return nil, invalid("lookup_key", "resource_already_exists", "An active feature already has the lookup_key `%s`.", p.Str("lookup_key"))
		}
	}
	feature := tx.New(featureType).Set("active", true).Set("livemode", false)
	applyParams(tx, feature, p)
	tx.Put(feature)
	return feature, nil
}

// updateFeature changes a feature. One that was archived cannot be changed any more; who has it keeps it.
func updateFeature(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	feature := tx.Get(featureType, r.Path("id"))
	if feature == nil {
		return nil, missing("feature", r.Path("id"), "id", http.StatusNotFound)
	}
	if !feature.Bool("active") {
		return nil, invalid("", "", "This feature is archived, and archived features cannot be updated.")
	}
	feature = feature.Edit()
	applyParams(tx, feature, r.Params())
	tx.Put(feature)
	return feature, nil
}

// attachFeature gives a product a feature: whoever has the product by a subscription is entitled to it from now on.
func attachFeature(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	product, err := findProduct(tx, r.Path("product"), "product", http.StatusNotFound)
	if err != nil {
		return nil, err
	}
	id := r.Params().Str("entitlement_feature")
	feature := tx.Get(featureType, id)
	switch {
	case feature == nil:
		return nil, missing("feature", id, "entitlement_feature", http.StatusBadRequest)
	case !feature.Bool("active"):
		return nil, invalid("entitlement_feature", "", "The feature `%s` is archived and cannot be attached to a product.", id)
	}
	for _, other := range ofField(tx, productFeatureType, hiddenProduct, product.ID()) {
		if other.Str("entitlement_feature.id") == id {
			return nil, invalid("entitlement_feature", "resource_already_exists", "The feature `%s` is attached to this product already.", id)
		}
	}
	attached := tx.New(productFeatureType).Set("livemode", false).Set("entitlement_feature", feature).Set(hiddenProduct, product.ID())
	tx.Put(attached)
	tx.entitleBuyers(product.ID())
	return attached, nil
}

func findProductFeature(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	if f := tx.Get(productFeatureType, r.Path("id")); f != nil && f.Str(hiddenProduct) == r.Path("product") {
		return f, nil
	}
	return nil, missing("product feature", r.Path("id"), "id", http.StatusNotFound)
}

func detachFeature(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	f, err := findProductFeature(tx, r)
	if err != nil {
		return nil, err
	}
	tx.Delete(f, "")
	tx.entitleBuyers(r.Path("product"))
	return hash("id", f.ID(), "object", productFeatureType, "deleted", true), nil
}

// entitleBuyers looks at the entitlements of all who have a product.
func (tx *accountTx) entitleBuyers(product string) {
	tx.Each("subscription", func(sub *stripeObject) bool {
		for _, item := range subscriptionItems(sub) {
			if item.Str("price.product") == product {
				tx.entitle(sub.Str("customer"))
			}
		}
		return true
	})
}

// entitle has a customer's entitlements looked at once the call or job has done what it does.
func (tx *accountTx) entitle(customer string) {
	if !slices.Contains(tx.entitled, customer) {
		tx.entitled = append(tx.entitled, customer)
	}
}

// settleEntitlements gives customers what they are entitled to now, takes the rest, and tells of it.
func (tx *accountTx) settleEntitlements() {
	for _, customer := range tx.entitled {
		tx.settleEntitlementsOf(customer)
	}
	tx.entitled = nil
}

// entitles says whether a subscription gives what its products have. Source: docs.stripe.com/billing/entitlements says that
// entitlements come with an active subscription and end with it; that past_due keeps them is our choice.
func entitles(sub *stripeObject) bool {
	switch sub.Str("status") {
	case subActive, subTrialing, subPastDue:
		return true
	}
	return false
}

func (tx *accountTx) settleEntitlementsOf(customer string) {
	had := ofField(tx, entitlementType, hiddenHolder, customer)
	features := tx.featuresOf(customer)
	before := summaryOf(customer, had)
	changed := false
	for _, e := range had {
		if i := slices.IndexFunc(features, func(f *stripeObject) bool { return f.ID() == e.Str("feature") }); i >= 0 {
			features = slices.Delete(features, i, i+1)
			continue
		}
		tx.Delete(e, "")
		changed = true
	}
	for _, f := range features {
		tx.Put(tx.New(entitlementType).Set("livemode", false).Set("feature", f.ID()).Set("lookup_key", f.Str("lookup_key")).Set(hiddenHolder, customer))
		changed = true
	}
	if changed {
		tx.Event(summaryType+".updated", summaryOf(customer, ofField(tx, entitlementType, hiddenHolder, customer)), before)
	}
}

// featuresOf are the features of all that a customer has by subscriptions, each once, in the order in which they came.
func (tx *accountTx) featuresOf(customer string) []*stripeObject {
	var list []*stripeObject
	for _, sub := range slices.Backward(ofField(tx, "subscription", "customer", customer)) {
		if !entitles(sub) {
			continue
		}
		for _, item := range subscriptionItems(sub) {
			for _, attached := range slices.Backward(ofField(tx, productFeatureType, hiddenProduct, item.Str("price.product"))) {
				feature := tx.Get(featureType, attached.Str("entitlement_feature.id"))
				if feature != nil && !slices.ContainsFunc(list, func(f *stripeObject) bool { return f.ID() == feature.ID() }) {
					list = append(list, feature)
				}
			}
		}
	}
	return list
}

// summaryOf is what the event about a customer's entitlements shows.
func summaryOf(customer string, entitlements []*stripeObject) *stripeObject {
	return closed(hash("object", summaryType, "customer", customer, "entitlements", listObject("/v1/customer/"+customer+"/entitlements", entitlements, false), "livemode", false))
}
