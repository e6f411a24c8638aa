package sandbox

import "net/http"

func init() {
	behave("POST /v1/invoice_rendering_templates/{template}/archive", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		return switchTemplate(tx, r, "active", archived)
	})
	behave("POST /v1/invoice_rendering_templates/{template}/unarchive", func(tx *accountTx, r *apiRequest) (*stripeObject, error) {
		return switchTemplate(tx, r, archived, "active")
	})
	behave("GET /v1/invoice_rendering_templates/{template}", readTemplate)
	simulation("invoice_rendering_template", drawTemplate)
}

const (
	templateType = "invoice_rendering_template"
	// firstTemplateVersion is that of a template that was never changed.
	firstTemplateVersion = 1
)

// drawTemplate is what somebody does in the dashboard, as no call does: {nickname} makes a template, {template} a new version
// of one.
func drawTemplate(tx *accountTx, p formParams) (*stripeObject, error) {
	template := tx.New(templateType).Set("livemode", false).Set("status", "active").Set("nickname", textOrNull(p.Str("nickname"))).
		Set("version", firstTemplateVersion).Set("metadata", hash())
	if id := p.Str("template"); id != "" {
		former := tx.Get(templateType, id)
		if former == nil {
			return nil, missing("invoice rendering template", id, "template", http.StatusNotFound)
		}
		template = former.Edit().Set("version", former.Int("version")+1)
		if p.Has("nickname") {
			template.Set("nickname", p.Str("nickname"))
		}
	}
	tx.Put(template)
	return template, nil
}

func findTemplate(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	if template := tx.Get(templateType, r.Path("template")); template != nil {
		return template, nil
	}
	return nil, missingInPath(r, "invoice rendering template", "template")
}

// readTemplate answers a template, in the version that is asked for.
func readTemplate(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	template, err := findTemplate(tx, r)
	if err != nil || !r.Params().Has("version") {
		return template, err
	}
	version := r.Params().Int("version")
	if version < firstTemplateVersion || version > template.Int("version") {
		return nil, invalid("version", "", "The template %s has no version %d.", template.ID(), version)
	}
	return closed(template.Edit().Set("version", version)), nil
}

func switchTemplate(tx *accountTx, r *apiRequest, from, to string) (*stripeObject, error) {
	template, err := findTemplate(tx, r)
	if err != nil {
		return nil, err
	}
	if template.Str("status") != from {
		return nil, invalid("", "", "This template is already %s.", to)
	}
	template = template.Edit().Set("status", to)
	tx.Put(template)
	return template, nil
}

// checkTemplate refuses a template for an invoice that is not there, archived, or has no such version. Source:
// docs.stripe.com/invoicing/invoice-rendering-template.
func (tx *accountTx) checkTemplate(p formParams) error {
	id := p.Str("rendering.template")
	if id == "" {
		return nil
	}
	template := tx.Get(templateType, id)
	switch {
	case template == nil:
		return missing("invoice rendering template", id, "rendering[template]", http.StatusBadRequest)
	case template.Str("status") == archived:
		return invalid("rendering[template]", "", "The template %s is archived.", id)
	case p.Has("rendering.template_version") && (p.Int("rendering.template_version") < firstTemplateVersion || p.Int("rendering.template_version") > template.Int("version")):
		return invalid("rendering[template_version]", "", "The template %s has no version %d.", id, p.Int("rendering.template_version"))
	}
	return nil
}
