package sandbox

func init() {
	behave("POST /v1/products", createProduct)
	behave("POST /v1/products/{id}", updateProduct)
	behave("DELETE /v1/products/{id}", deleteProduct)
}

func createProduct(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	if p.Str("name") == "" {
		return nil, invalid("name", "parameter_invalid_empty", "You passed an empty string for 'name'. We assume empty values are an attempt to unset a parameter; however 'name' cannot be unset. You should remove 'name' from your request or supply a non-empty value.")
	}
	product, err := newProduct(tx, p)
	if err != nil {
		return nil, err
	}
	data, ok := p.Hash("default_price_data")
	if !ok {
		tx.Put(product, "product.created")
		return product, nil
	}
	price, err := newPrice(tx, data, product, "default_price_data")
	if err != nil {
		return nil, err
	}
	// The product's event shows its price already (recorded).
	tx.Put(product.Set("default_price", price.ID()), "product.created")
	tx.Put(price, "price.created")
	return product, nil
}

// newProduct makes a product of the parameters of POST /v1/products; its id may be given.
func newProduct(tx *accountTx, p formParams) (*stripeObject, error) {
	product := tx.New("product").Set("active", true).Set("images", []any{}).Set("marketing_features", []any{}).Set("updated", tx.Now())
	if id := p.Str("id"); id != "" {
		if tx.Get("product", id) != nil {
			return nil, invalid("id", "resource_already_exists", "Product already exists.")
		}
		product.Set("id", id)
	}
	applyParams(tx, product, p, "id", "default_price_data")
	return product, nil
}

func findProduct(tx *accountTx, id, param string, status int) (*stripeObject, error) {
	if product := tx.Get("product", id); product != nil {
		return product, nil
	}
	return nil, missing("product", id, param, status)
}

func updateProduct(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	product, err := findProduct(tx, r.Path("id"), "id", 404)
	if err != nil {
		return nil, err
	}
	product = product.Edit()
	if id := p.Str("default_price"); id != "" {
		price := tx.Get("price", id)
		if price == nil || price.Str("product") != product.ID() {
			return nil, missing("price", id, "default_price", 400)
		}
	}
	applyParams(tx, product, p)
	tx.Put(product.Set("updated", tx.Now()), "product.updated")
	return product, nil
}

func deleteProduct(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	product, err := findProduct(tx, r.Path("id"), "id", 404)
	if err != nil {
		return nil, err
	}
	if len(ofField(tx, "price", "product", product.ID())) > 0 {
		return nil, invalid("", "", "This product cannot be deleted because it has one or more user-created prices.")
	}
	tx.Delete(product, "product.deleted")
	return hash("id", product.ID(), "object", "product", "deleted", true), nil
}
