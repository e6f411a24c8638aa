package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// controlLimit is the longest body of a control call, in bytes.
const controlLimit = 4 << 20

// controlCall answers one control route for an account.
type controlCall func(a *Account, r *http.Request) (answer any, err error)

// controlRoute is a route of the control API. ok is the status of success.
type controlRoute struct {
	pattern string
	ok      int
	call    controlCall
}

// controlRoutes are all that need a key; health stands alone.
var controlRoutes = []controlRoute{
	{"GET /_sandbox/clock", 200, getClock},
	{"POST /_sandbox/clock", 200, postClock},
	{"GET /_sandbox/faults", 200, getFaults},
	{"POST /_sandbox/faults", 201, postFault},
	{"DELETE /_sandbox/faults", 200, deleteFaults},
	{"DELETE /_sandbox/faults/{id}", 200, deleteFault},
	{"GET /_sandbox/delivery-faults", 200, getDeliveryFaults},
	{"POST /_sandbox/delivery-faults", 201, postDeliveryFault},
	{"DELETE /_sandbox/delivery-faults", 200, deleteDeliveryFaults},
	{"DELETE /_sandbox/delivery-faults/{id}", 200, deleteDeliveryFault},
	{"GET /_sandbox/deliveries", 200, getDeliveries},
	{"GET /_sandbox/deliveries/{id}", 200, getDelivery},
	{"POST /_sandbox/deliveries/{id}/resend", 200, postResend},
	{"POST /_sandbox/deliveries/release", 200, postRelease},
	{"POST /_sandbox/webhook_endpoints/{id}/roll", 200, postRoll},
	{"GET /_sandbox/idle", 200, getIdle},
	{"POST /_sandbox/simulate", 200, postSimulate},
	{"GET /_sandbox/settings", 200, getSettings},
	{"POST /_sandbox/settings", 200, postSettings},
	{"GET /_sandbox/keys", 200, getKeys},
	{"POST /_sandbox/keys", 201, postKey},
	{"GET /_sandbox/snapshots", 200, getSnapshots},
	{"POST /_sandbox/snapshots", 201, postSnapshot},
	{"POST /_sandbox/snapshots/{id}/restore", 200, postRestore},
	{"DELETE /_sandbox/snapshots/{id}", 200, deleteSnapshot},
	{"POST /_sandbox/reset", 200, postReset},
	{"GET /_sandbox/requests", 200, getRequests},
	{"DELETE /_sandbox/requests", 200, deleteRequests},
	{"GET /_sandbox/export", 200, getExport},
}

// newControlHandler serves the control API of a sandbox.
func newControlHandler(sb *Sandbox) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_sandbox/health", func(w http.ResponseWriter, _ *http.Request) {
		writeControl(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	for _, route := range controlRoutes {
		mux.HandleFunc(route.pattern, func(w http.ResponseWriter, r *http.Request) {
			answer, err := route.serve(sb, r)
			if err != nil {
				writeControlError(w, err)
				return
			}
			writeControl(w, route.ok, answer)
		})
	}
	mux.HandleFunc("/_sandbox/", func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, method := range []string{http.MethodDelete, http.MethodGet, http.MethodPost} {
			if _, pattern := mux.Handler(&http.Request{Method: method, URL: r.URL, Host: r.Host}); strings.HasPrefix(pattern, method) {
				allowed = append(allowed, method)
			}
		}
		if len(allowed) == 0 {
			writeControlError(w, &Error{Status: http.StatusNotFound, Type: "invalid_request_error",
				Message: fmt.Sprintf("There is no control route %s %s. They are listed in docs/reference/sandbox-control.md.", r.Method, r.URL.Path)})
			return
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		writeControlError(w, &Error{Status: http.StatusMethodNotAllowed, Type: "invalid_request_error",
			Message: fmt.Sprintf("%s takes %s, not %s.", r.URL.Path, strings.Join(allowed, " and "), r.Method)})
	})
	return mux
}

func (route controlRoute) serve(sb *Sandbox, r *http.Request) (any, error) {
	key, ok := credentials(r)
	if !ok {
		return nil, unauthorized(noKeyMessage)
	}
	a := sb.Account(key)
	if a.err != nil {
		return nil, a.err
	}
	return route.call(a, r)
}

// decodeControl reads a JSON object into v. An empty body is an empty object. It says in a sentence what is wrong.
func decodeControl(r *http.Request, v any) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, controlLimit+1))
	switch {
	case err != nil:
		return invalid("", "", "The body could not be read: %v", err)
	case len(body) > controlLimit:
		return &Error{Status: http.StatusRequestEntityTooLarge, Type: "invalid_request_error", Message: fmt.Sprintf("The body is longer than %d bytes.", controlLimit)}
	case len(bytes.TrimSpace(body)) == 0:
		return nil
	}
	return decodeText(body, v)
}

// decodeText decodes one JSON value, in which every field must be known.
func decodeText(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return badJSON(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return invalid("", "", "The body has more than one JSON value.")
	}
	return nil
}

// badJSON turns an error of the decoder into a sentence with the field.
func badJSON(err error) error {
	var wrong *json.UnmarshalTypeError
	var known *Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &wrong) && wrong.Field == "":
		return invalid("", "", "The body must be a JSON object, not a %s.", wrong.Value)
	case errors.As(err, &wrong):
		return invalid(wrong.Field, "", "Invalid %s: a %s cannot stand here", wrong.Field, wrong.Value)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name, _ = strconv.Unquote(name)
		return invalid(name, "parameter_unknown", "Received unknown parameter: %s", name)
	}
	return invalid("", "", "The body is not JSON: %v", err)
}

// queryInt reads a whole number of the query, fallback when it is not there.
func queryInt(r *http.Request, name string, fallback, least, most int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, invalid(name, "parameter_invalid_integer", "Invalid %s: must be a whole number between %d and %d", name, least, most)
	}
	return n, nil
}

// noSuch is an id that the account does not have.
func noSuch(what, id string) *Error { return missing(what, id, "id", http.StatusNotFound) }

// controlList is a list as the control API writes it.
func controlList[T any](list []T) map[string]any {
	if list == nil {
		list = []T{}
	}
	return map[string]any{"object": "list", "data": list}
}

func writeControl(w http.ResponseWriter, status int, answer any) {
	text, ok := answer.(json.RawMessage)
	if !ok {
		var err error
		if text, err = json.Marshal(answer); err != nil {
			writeControlError(w, fmt.Errorf("the answer as JSON: %w", err))
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache, no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // a client who left needs no answer
}

// writeControlError writes an error in Stripe's body; what is no *Error is a fault of the sandbox.
func writeControlError(w http.ResponseWriter, err error) {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Status: http.StatusInternalServerError, Type: "api_error", Message: err.Error()}
	}
	body := map[string]any{"type": e.Type, "message": e.Message}
	for key, value := range map[string]string{"code": e.Code, "param": e.Param, "decline_code": e.DeclineCode} {
		if value != "" {
			body[key] = value
		}
	}
	writeControl(w, e.Status, map[string]any{"error": body})
}
