package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/vezne/vezne"
)

const (
	// askTime bounds a question to a running service.
	askTime = 30 * time.Second
	// maxAnswer bounds its answer, in bytes.
	maxAnswer = 16 << 20
)

// ask reads from a running service.
func (a *app) ask(ctx context.Context, path string, into any) error {
	return a.call(ctx, http.MethodGet, path, nil, into)
}

// call calls a running service; what is not nil is sent as JSON.
func (a *app) call(ctx context.Context, method, path string, what, into any) error {
	const op = "vezne"
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	if a.settings.Token.IsZero() {
		return wrong("VEZNE_TOKEN is missing.", "Make a token with `vezne token create`, or ask a database instead of --server.")
	}
	var content io.Reader = http.NoBody
	if what != nil {
		b, err := json.Marshal(what)
		if err != nil {
			return vezne.E(vezne.CodeInternal, op, "").Because(err)
		}
		content = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.settings.Server+path, content)
	if err != nil {
		return wrong("--server is not a URL.", "Give it as http://127.0.0.1:4242.")
	}
	if what != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bearer "+a.settings.Token.Reveal())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return vezne.E(vezne.CodeInternal, op, "The service does not answer at "+a.settings.Server+".").Because(err).WithHint("Is it running there?")
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return vezne.E(vezne.CodeInternal, op, "The service's answer broke off.").Because(err)
	}
	if res.StatusCode < http.StatusMultipleChoices {
		if err := json.Unmarshal(body, into); err != nil {
			return vezne.E(vezne.CodeInternal, op, "What answers at "+a.settings.Server+" is not this service.").Because(err)
		}
		return nil
	}
	var problem struct {
		Code   vezne.Code `json:"code"`
		Detail string     `json:"detail"`
		Hint   string     `json:"hint"`
		Errors []struct {
			Field   string `json:"field"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(body, &problem); err != nil || problem.Code == "" {
		return vezne.E(vezne.CodeInternal, op, "What answers at "+a.settings.Server+" is not this service: "+strings.ToLower(res.Status)+".")
	}
	e := vezne.E(problem.Code, op, problem.Detail).WithHint(problem.Hint)
	for _, f := range problem.Errors {
		e = e.WithField(f.Field, f.Message)
	}
	return e
}
