package sandbox

import (
	"net/http"
	"slices"

	"github.com/vezne/vezne/sandbox/internal/billing"
)

func init() {
	behave("POST /v1/billing/alerts", createAlert)
	behave("GET /v1/billing/alerts", listAlerts)
	for verb, status := range map[string]string{"activate": "active", "deactivate": "inactive", "archive": archived} {
		behave("POST /v1/billing/alerts/{id}/"+verb, func(tx *accountTx, r *apiRequest) (*stripeObject, error) { return switchAlert(tx, r, status) })
	}
}

const (
	alertType = "billing.alert"
	archived  = "archived"
	// maxAlerts is how many alerts there may be for a meter and a customer. Source:
	// docs.stripe.com/billing/subscriptions/usage-based/alerts.
	maxAlerts = 25
	// hiddenAlerted are the customers of whom an alert told, hiddenCreated is when it was made.
	hiddenAlerted = "_alerted"
	hiddenCreated = "_created"
)

func createAlert(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	h, ok := r.Params().Hash("usage_threshold")
	if !ok {
		return nil, invalid("usage_threshold", "parameter_missing", "Missing required param: usage_threshold.")
	}
	meter, err := findMeter(tx, h.Str("meter"), "usage_threshold[meter]", http.StatusBadRequest)
	if err != nil {
		return nil, err
	}
	filters := h.List("filters")
	switch {
	case h.Int("gte") <= 0:
		return nil, invalid("usage_threshold[gte]", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	case len(filters) > 1:
		return nil, invalid("usage_threshold[filters]", "", "You can only specify up to one filter.")
	}
	threshold := tx.NewHash("thresholds_resource_usage_threshold_config").Set("gte", h.Int("gte")).Set("meter", meter.ID()).Set("recurrence", h.Str("recurrence"))
	shown := []*stripeObject{}
	for _, f := range filters {
		customer, err := findCustomer(tx, f.Str("customer"), "usage_threshold[filters][0][customer]", http.StatusBadRequest)
		if err != nil {
			return nil, err
		}
		shown = append(shown, tx.NewHash("thresholds_resource_usage_alert_filter").Set("type", f.Str("type")).Set("customer", customer.ID()))
	}
	alert := tx.New(alertType).Set("alert_type", "usage_threshold").Set("title", r.Params().Str("title")).Set("status", "active").Set("livemode", false).
		Set("usage_threshold", threshold.Set("filters", shown)).Set(hiddenCreated, tx.now)
	if count := len(alertsLike(tx, alert)); count >= maxAlerts {
		return nil, invalid("", "", "You can have at most %d alerts for a meter and a customer.", maxAlerts)
	}
	tx.Put(alert)
	return alert, nil
}

// alertsLike are the alerts of an alert's meter and customer that are not archived.
func alertsLike(tx *accountTx, alert *stripeObject) []*stripeObject {
	return slices.DeleteFunc(ofField(tx, alertType, "usage_threshold.meter", alert.Str("usage_threshold.meter")), func(a *stripeObject) bool {
		return a.Str("status") == archived || alertCustomer(a) != alertCustomer(alert)
	})
}

// alertCustomer is the customer whom an alert watches, "" for all.
func alertCustomer(alert *stripeObject) string {
	for _, f := range objectsOf(alert.List("usage_threshold.filters")) {
		return f.Str("customer")
	}
	return ""
}

// listAlerts lists alerts; archived ones have left the list.
func listAlerts(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	return tx.List(r, alertType, func(a *stripeObject) bool {
		return a.Str("status") != archived && (!p.Has("meter") || a.Str("usage_threshold.meter") == p.Str("meter")) &&
			(!p.Has("alert_type") || a.Str("alert_type") == p.Str("alert_type"))
	})
}

// switchAlert turns an alert on or off, or archives it for good.
func switchAlert(tx *accountTx, r *apiRequest, status string) (*stripeObject, error) {
	alert := tx.Get(alertType, r.Path("id"))
	switch {
	case alert == nil:
		return nil, missingInPath(r, "alert", "id")
	case alert.Str("status") == archived:
		return nil, invalid("", "", "This alert is archived and cannot be changed.")
	case alert.Str("status") == status:
		return nil, invalid("", "", "This alert is already %s.", status)
	}
	alert = alert.Edit().Set("status", status)
	tx.Put(alert)
	return alert, nil
}

// tellAlerts sends billing.alert.triggered for the alerts that a use makes come true: once for each customer, for usage that
// was reported since the alert was made. Alerts do not work with test clocks. Source:
// docs.stripe.com/billing/subscriptions/usage-based/alerts.
func (tx *accountTx) tellAlerts(use *stripeObject) error {
	customer := use.Str("customer")
	if tx.Get("customer", customer).clockOfCustomer() != "" {
		return nil
	}
	for _, alert := range slices.Backward(ofField(tx, alertType, "usage_threshold.meter", use.Str("meter"))) {
		if of := alertCustomer(alert); alert.Str("status") != "active" || of != "" && of != customer || slices.Contains(alert.List(hiddenAlerted), any(customer)) {
			continue
		}
		value, err := tx.usedSince(alert, customer)
		if err != nil {
			return err
		}
		if value.Cmp(billing.Whole(alert.Int("usage_threshold.gte"))) < 0 {
			continue
		}
		alert = alert.Edit().Set(hiddenAlerted, append(slices.Clone(alert.List(hiddenAlerted)), any(customer)))
		tx.Put(alert)
		tx.Event("billing.alert.triggered", closed(hash("object", "billing.alert_triggered", "alert", alert, "created", tx.now, "customer", customer,
			"livemode", false, "value", value.Truncate())), nil)
	}
	return nil
}

// usedSince is what a customer used of an alert's meter in events that came since the alert was made.
func (tx *accountTx) usedSince(alert *stripeObject, customer string) (billing.Decimal, error) {
	meter, since := tx.Get(meterType, alert.Str("usage_threshold.meter")), alert.Int(hiddenCreated)
	return tx.usedWhere(meter, customer, billing.Period{End: lastInstant}, func(use *stripeObject) bool { return use.Int("received") >= since })
}
