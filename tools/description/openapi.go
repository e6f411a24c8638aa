package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// openAPI is Stripe's OpenAPI description, as far as the sandbox needs it.
type openAPI struct {
	Info struct {
		Version string `json:"version"`
	} `json:"info"`
	Paths      map[string]map[string]*openOperation `json:"paths"`
	Components struct {
		Schemas map[string]*schema `json:"schemas"`
	} `json:"components"`
}

type openOperation struct {
	OperationID string          `json:"operationId"`
	Parameters  []openParameter `json:"parameters"`
	RequestBody struct {
		Content map[string]struct {
			Schema *schema `json:"schema"`
		} `json:"content"`
	} `json:"requestBody"`
	Responses map[string]struct {
		Content map[string]struct {
			Schema *schema `json:"schema"`
		} `json:"content"`
	} `json:"responses"`
}

type openParameter struct {
	Name     string  `json:"name"`
	In       string  `json:"in"`
	Required bool    `json:"required"`
	Schema   *schema `json:"schema"`
}

// schema is a schema of an answer or of a parameter.
type schema struct {
	Ref                  string          `json:"$ref"`
	Type                 string          `json:"type"`
	Format               string          `json:"format"`
	Nullable             bool            `json:"nullable"`
	Enum                 words           `json:"enum"`
	MaxLength            int             `json:"maxLength"`
	Properties           properties      `json:"properties"`
	Required             []string        `json:"required"`
	Items                *schema         `json:"items"`
	AdditionalProperties json.RawMessage `json:"additionalProperties"`
	AnyOf                []*schema       `json:"anyOf"`
	ResourceID           string          `json:"x-resourceId"`
	// Expansion is there when the value is an id that may be expanded.
	Expansion json.RawMessage `json:"x-expansionResources"`
}

// freeKeys is the schema of a hash with keys of the caller's choice, nil when the keys are fixed.
func (s *schema) freeKeys() (*schema, error) {
	if len(s.AdditionalProperties) == 0 || s.AdditionalProperties[0] != '{' {
		return nil, nil
	}
	var of schema
	err := json.Unmarshal(s.AdditionalProperties, &of)
	return &of, err
}

// isEmptyString says whether the schema is the empty string that unsets a parameter.
func (s *schema) isEmptyString() bool {
	return s.Type == "string" && len(s.Enum) == 1 && s.Enum[0] == ""
}

// property is a named schema.
type property struct {
	name   string
	schema *schema
}

// words are the values of an enum; the flag that is always true is the word "true".
type words []string

// UnmarshalJSON reads texts and flags.
func (w *words) UnmarshalJSON(data []byte) error {
	var list []any
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	for _, v := range list {
		*w = append(*w, fmt.Sprint(v))
	}
	return nil
}

// properties keep the order in which the description has them.
type properties []property

func (p properties) get(name string) *schema {
	for _, x := range p {
		if x.name == name {
			return x.schema
		}
	}
	return nil
}

// UnmarshalJSON reads an object's members in order.
func (p *properties) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("properties: no object: %v, %w", t, err)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var s schema
		if err := d.Decode(&s); err != nil {
			return err
		}
		*p = append(*p, property{name.(string), &s})
	}
	return nil
}

// idFirst moves id and object to the front, as Stripe's answers have them; the rest keeps its order.
func idFirst(p properties) properties {
	sorted := slices.Clone(p)
	rank := func(name string) int {
		switch name {
		case "id":
			return 0
		case "object":
			return 1
		}
		return 2
	}
	slices.SortStableFunc(sorted, func(a, b property) int { return rank(a.name) - rank(b.name) })
	return sorted
}
