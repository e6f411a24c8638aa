package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// fixtureFile is a fixture file of the Stripe CLI.
type fixtureFile struct {
	Meta struct {
		TemplateVersion int `json:"template_version"`
	} `json:"_meta"`
	Fixtures []fixture `json:"fixtures"`
	// Lacks is what an export could not say.
	Lacks []missingStep `json:"_lacks,omitempty"`
}

// missingStep is a change that is no call of the API, and after how many of the fixtures it was made.
type missingStep struct {
	Lacks string `json:"what"`
	After int    `json:"after"`
}

// fixture is one call of it.
type fixture struct {
	Name string `json:"name"`
	// ExpectedErrorType is the type of the error that the call must end with, "" for none.
	ExpectedErrorType string         `json:"expected_error_type,omitempty"`
	Path              string         `json:"path"`
	Method            string         `json:"method"`
	Params            map[string]any `json:"params,omitempty"`
}

// fixtureReference is ${name:path.in.the.answer}, or ${.env:NAME|default} for a variable of the environment.
var fixtureReference = regexp.MustCompile(`\$\{([^:}]+):([^|}]+)(?:\|([^}]*))?\}`)

// RunFixtures makes the calls of a fixture file of the Stripe CLI, in order, in process. It stops at the first call that
// does not end as the file expects and returns an error with its name; what was done before stays.
func (a *Account) RunFixtures(ctx context.Context, file []byte) error {
	if a.err != nil {
		return a.err
	}
	var fixtures fixtureFile
	d := json.NewDecoder(bytes.NewReader(file))
	d.UseNumber()
	if err := d.Decode(&fixtures); err != nil {
		return fmt.Errorf("sandbox: the fixture file is not JSON: %w", err)
	}
	answers := map[string]any{}
	for i, f := range fixtures.Fixtures {
		answer, err := a.runFixture(ctx, f, answers)
		if err != nil {
			return fmt.Errorf("sandbox: fixture %d, %q: %w", i+1, f.Name, err)
		}
		answers[f.Name] = answer
	}
	return nil
}

func (a *Account) runFixture(ctx context.Context, f fixture, answers map[string]any) (answer any, err error) {
	path, err := resolve(f.Path, answers)
	if err != nil {
		return nil, err
	}
	form := url.Values{}
	if err := fillForm(form, "", f.Params, answers); err != nil {
		return nil, err
	}
	method, target, body := strings.ToUpper(f.Method), path, form.Encode()
	if method == http.MethodGet && body != "" {
		target, body = path+"?"+body, ""
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://sandbox"+target, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+a.key)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := a.a.sandbox.Transport().RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&answer); err != nil {
		return nil, fmt.Errorf("%s %s answers no JSON: %w", method, path, err)
	}
	kind, _ := lookUp(answer, "error.type").(string)
	if kind != f.ExpectedErrorType {
		message, _ := lookUp(answer, "error.message").(string)
		return nil, fmt.Errorf("%s %s: error type %q (%s), expected %q", method, path, kind, message, f.ExpectedErrorType)
	}
	return answer, nil
}

// fillForm writes parameters as Stripe's form: a[b]=1, a[0]=2.
func fillForm(form url.Values, name string, v any, answers map[string]any) error {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			inner := k
			if name != "" {
				inner = name + "[" + k + "]"
			}
			if err := fillForm(form, inner, v[k], answers); err != nil {
				return err
			}
		}
	case []any:
		for i, e := range v {
			if err := fillForm(form, fmt.Sprintf("%s[%d]", name, i), e, answers); err != nil {
				return err
			}
		}
	case nil:
		form.Set(name, "")
	default:
		text, err := resolve(fmt.Sprint(v), answers)
		if err != nil {
			return err
		}
		form.Set(name, text)
	}
	return nil
}

// resolve puts values of earlier answers and of the environment into a text.
func resolve(text string, answers map[string]any) (string, error) {
	var wrong error
	text = fixtureReference.ReplaceAllStringFunc(text, func(reference string) string {
		m := fixtureReference.FindStringSubmatch(reference)
		if m[1] == ".env" {
			if value, ok := os.LookupEnv(m[2]); ok {
				return value
			}
			return m[3]
		}
		switch v := lookUp(answers[m[1]], m[2]).(type) {
		case nil, map[string]any, []any:
			wrong = errors.Join(wrong, fmt.Errorf("%s points to nothing", reference))
			return ""
		default:
			return fmt.Sprint(v)
		}
	})
	return text, wrong
}

// lookUp reads a dotted path of decoded JSON; a part that is a number is an index. It gives nil when nothing is there.
func lookUp(v any, path string) any {
	for key := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}
