package sandbox

// checkoutSession is the answer of GET /v1/payment_pages/{session}, as far as the page shows it. Amounts are in the
// currency's minor unit.
type checkoutSession struct {
	Session struct {
		ID             string `json:"id"`
		Status         string `json:"status"`
		Mode           string `json:"mode"`
		Currency       string `json:"currency"`
		AmountSubtotal int64  `json:"amount_subtotal"`
		AmountTotal    int64  `json:"amount_total"`
		TotalDetails   struct {
			AmountDiscount int64 `json:"amount_discount"`
			AmountShipping int64 `json:"amount_shipping"`
			AmountTax      int64 `json:"amount_tax"`
		} `json:"total_details"`
		AutomaticTax struct {
			Enabled bool   `json:"enabled"`
			Status  string `json:"status"`
		} `json:"automatic_tax"`
		CancelURL       string `json:"cancel_url"`
		Locale          string `json:"locale"`
		SubmitType      string `json:"submit_type"`
		CustomerEmail   string `json:"customer_email"`
		CustomerDetails struct {
			Phone string `json:"phone"`
		} `json:"customer_details"`
		AllowPromotionCodes       bool   `json:"allow_promotion_codes"`
		PaymentMethodCollection   string `json:"payment_method_collection"`
		BillingAddressCollection  string `json:"billing_address_collection"`
		SavedPaymentMethodOptions *struct {
			Remove string `json:"payment_method_remove"`
			Save   string `json:"payment_method_save"`
		} `json:"saved_payment_method_options"`
		askedOfBuyer
	} `json:"session"`
	LineItems []struct {
		ID               string `json:"id"`
		CustomUnitAmount *struct {
			Preset int64 `json:"preset"`
		} `json:"custom_unit_amount"`
		Adjustable *struct {
			Minimum int64 `json:"minimum"`
			Maximum int64 `json:"maximum"`
		} `json:"adjustable_quantity"`
		Description    string `json:"description"`
		Quantity       int64  `json:"quantity"`
		UnitAmount     int64  `json:"unit_amount"`
		AmountSubtotal int64  `json:"amount_subtotal"`
		Optional       string `json:"optional"`
		Recurring      *struct {
			Interval      string `json:"interval"`
			IntervalCount int64  `json:"interval_count"`
		} `json:"recurring"`
	} `json:"line_items"`
	OptionalItems []struct {
		Price       string `json:"price"`
		Description string `json:"description"`
		Quantity    int64  `json:"quantity"`
		Amount      int64  `json:"amount"`
	} `json:"optional_items"`
	ShippingOptions     []shippingOption `json:"shipping_options"`
	SavedPaymentMethods []struct {
		ID       string `json:"id"`
		Brand    string `json:"brand"`
		Last4    string `json:"last4"`
		ExpMonth int64  `json:"exp_month"`
		ExpYear  int64  `json:"exp_year"`
	} `json:"saved_payment_methods"`
	PaymentMethodTypes []string `json:"payment_method_types"`
	PromotionCode      string   `json:"promotion_code"`
	PrefilledEmail     string   `json:"prefilled_email"`
	TrialDays          int64    `json:"trial_days"`
	AfterCompletion    string   `json:"after_completion"`
	PublishableKey     string   `json:"publishable_key"`
	Account            struct {
		DisplayName string `json:"display_name"`
	} `json:"account"`
	RedirectURL string `json:"redirect_url"`
}

// shippingOption is a way of shipping; the estimate is in units of time.
type shippingOption struct {
	ID          string `json:"id"`
	DisplayName string `json:"display_name"`
	Amount      int64  `json:"amount"`
	Chosen      bool   `json:"chosen"`
	Estimate    *struct {
		Minimum *deliveryTime `json:"minimum"`
		Maximum *deliveryTime `json:"maximum"`
	} `json:"delivery_estimate"`
}

type deliveryTime struct {
	Unit  string `json:"unit"`
	Value int64  `json:"value"`
}
