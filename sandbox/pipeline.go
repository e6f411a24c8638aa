package sandbox

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// serveAPI answers a call of Stripe's API, from the route to the last byte.
func (sb *Sandbox) serveAPI(w http.ResponseWriter, httpRequest *http.Request) {
	r := &apiRequest{began: time.Now(), Method: httpRequest.Method, http: httpRequest, RequestID: sb.ids.id("req_", 14), IdempotencyKey: httpRequest.Header.Get("Idempotency-Key")}
	r.echoed[0] = r.RequestID
	w.Header()["Request-Id"] = r.echoed[0:1:1]
	sb.traffic.begin(sb.closing)
	defer sb.traffic.end()
	an, done := sb.answerCall(w, r)
	if done {
		return
	}
	room := bodies.Get().(*[]byte)
	defer bodies.Put(room)
	body := an.renderTo((*room)[:0], r)
	if sb.seams.answered != nil && r.account != nil {
		sb.seams.answered(r, an, body)
	}
	an.write(w, r, body)
	if an.text == nil && cap(body) <= maxKeptBody { // the bytes of a text are the answer's own
		*room = body
	}
}

// maxKeptBody is how large a buffer for bodies may be that is used again, in bytes.
const maxKeptBody = 64 << 10

// bodies are buffers for the bodies of answers. Nobody keeps one beyond its call.
var bodies = sync.Pool{New: func() any {
	room := make([]byte, 0, 4096)
	return &room
}}

// answerCall finds the answer; done says that a planted fault has already given one.
func (sb *Sandbox) answerCall(w http.ResponseWriter, r *apiRequest) (an *answer, done bool) {
	if err := sb.admit(r); err != nil {
		return failed(err), false
	}
	since := sb.journal.mark()
	if r.Method != http.MethodGet {
		var err error
		if since, err = sb.journal.enter(); err != nil {
			return failed(err), false
		}
	}
	running, replay, err := r.account.beginCall(r)
	if err != nil {
		return failed(err), false
	}
	r.free = func() {
		r.account.endCall(r.callKey(), running, nil)
		running = nil
	}
	defer func() { r.free() }()
	if sb.seams.before != nil && sb.seams.before(w, r) {
		return nil, true
	}
	if replay != nil {
		an = replay.again()
	} else {
		if r.instead == nil {
			if an = sb.execute(r); sb.options.StripeMock {
				an = sb.mock(r, an)
			}
		} else {
			an = failed(r.instead)
		}
		if sb.seams.keeping != nil {
			an = sb.seams.keeping(r, an)
		}
		if running != nil {
			if sb.journal != nil {
				an.text = an.render(r)
			}
			r.account.endCall(r.callKey(), running, an)
			running = nil
		}
	}
	if err := r.account.durable(since); err != nil && r.Method != http.MethodGet {
		return failed(err), false
	}
	if sb.seams.after != nil && sb.seams.after(w, r, an) {
		return nil, true
	}
	return an, false
}

// again is the kept answer as it is replayed.
func (c *idempotentCall) again() *answer {
	an := *c.answer
	an.header = http.Header{"Idempotent-Replayed": {"true"}, "Original-Request": {c.requestID}}
	return &an
}

func failed(err error) *answer {
	e := asError(err)
	return &answer{status: e.Status, failure: e}
}

// admit does all that comes before an operation begins: route, key, version, parameters. It returns Stripe's errors.
func (sb *Sandbox) admit(r *apiRequest) error {
	path := r.http.URL.EscapedPath()
	r.route, r.path = findRoute(r.Method, path)
	if r.route == nil {
		return &Error{
			Status: http.StatusNotFound, Type: "invalid_request_error",
			Message: fmt.Sprintf("Unrecognized request URL (%s: %s). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.", r.Method, r.http.URL.Path),
		}
	}
	r.Method, r.Route = r.route.method, r.route.path
	if err := sb.authenticate(r); err != nil {
		return err
	}
	if err := r.setVersion(); err != nil {
		return err
	}
	if old, path := r.dialect.find(r.Method, r.http.URL); old != nil {
		r.route, r.path, r.Route = old, path, old.path
	}
	if err := r.readParams(); err != nil {
		return err
	}
	if r.route.operation == nil {
		return nil
	}
	if err := r.dialect.refuse(r.route, r.params); err != nil {
		return err
	}
	if err := checkParams(r.params.node, r.dialect.params(r.route)); err != nil {
		return err
	}
	tree, err := parseExpand(r.params.Strs("expand"), r.route.answer, r.dialect)
	if err != nil && !sb.options.StripeMock { // stripe-mock passes over what cannot be expanded
		return err
	}
	if r.expand = tree; r.wantsCount() && r.route.answer.Is(description.List) && !countsLists(r.Version) {
		return countForbidden()
	}
	return nil
}

// authenticate finds the account. A private route may be asked without a key: then the account is the one that published
// the first part of the path.
func (sb *Sandbox) authenticate(r *apiRequest) error {
	a, key, err := sb.keyAccount(r.http)
	if err != nil {
		if r.route.operation == nil && !isV2(r.Route) && r.http.Header.Get("Authorization") == "" && len(r.route.names) > 0 {
			id := r.path[r.route.names[0]]
			if held, ok := sb.owners.Load(id); ok {
				r.account, r.scope = held.(owner).account, held.(owner).scope
				return nil
			}
			return missing("page", id, r.route.names[0], http.StatusNotFound)
		}
		return err
	}
	r.account, r.Key = a, key
	if strings.HasPrefix(key, tokenPrefix) && r.Route != streamRoute {
		return unauthorized("The token of a meter event session is good for meter events only.")
	}
	if other := r.http.Header.Get("Stripe-Account"); other != "" && other != a.id && !sb.options.StripeMock {
		if !a.connects(other) {
			return noAccess(key, other)
		}
		r.scope = other
	}
	if r.route.operation == nil && r.scope == "" && len(r.route.names) > 0 { // a page of a connected account, which sends no header
		if held, ok := sb.owners.Load(r.path[r.route.names[0]]); ok && held.(owner).account == a {
			r.scope = held.(owner).scope
		}
	}
	if r.Publishable() {
		return checkPublishable(r.route)
	}
	return a.checkPermission(key, r.route)
}

// setVersion takes the version of the header, or the account's. A wrong one is echoed with the refusal.
func (r *apiRequest) setVersion() error {
	r.Version = r.http.Header.Get("Stripe-Version")
	switch {
	case r.Version == "" && isV2(r.Route):
		return invalid("", "", "Calls of API v2 name a version: send the header Stripe-Version.")
	case r.Version == "":
		r.Version = r.account.apiVersion()
	default:
		if err := checkVersion(r.Version); err != nil {
			if !r.account.sandbox.options.StripeMock {
				return err
			}
			r.Version = r.account.apiVersion() // stripe-mock takes every version for its own
		}
	}
	if r.route.operation != nil { // the sandbox's own pages know its own shapes
		r.dialect = dialectOf(r.Version)
	}
	return nil
}

// readParams decodes query and body into one tree of texts.
func (r *apiRequest) readParams() error {
	root := &paramNode{hash: map[string]*paramNode{}}
	r.params = formParams{root}
	if err := decodeForm(root, r.http.URL.RawQuery); err != nil {
		return err
	}
	if r.Method == http.MethodGet {
		return nil
	}
	limit := maxBody
	if r.route.operation != nil && r.route.operation.Multipart {
		limit += maxFile
	}
	body, err := readBody(r.http, limit)
	if err != nil || len(body) == 0 {
		return err
	}
	if r.http.Header.Get("Content-Type") == formType && !isV2(r.Route) { // as nearly every call
		return decodeForm(root, string(body))
	}
	kind, attributes, err := mime.ParseMediaType(r.http.Header.Get("Content-Type"))
	switch {
	case isV2(r.Route) && (err != nil || kind != "application/json"):
		return invalid("", "", "Invalid request (check that your POST content type is application/json). If you have any questions, we can help at https://support.stripe.com/.")
	case isV2(r.Route):
		return decodeJSON(root, body)
	case r.http.Header.Get("Content-Type") == "", err == nil && kind == formType:
		return decodeForm(root, string(body))
	case err == nil && kind == "multipart/form-data" && r.route.operation != nil && r.route.operation.Multipart:
		return decodeMultipart(root, body, attributes["boundary"])
	}
	return invalid("", "", "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any questions, we can help at https://support.stripe.com/.")
}

// formType is what Stripe's libraries send.
const formType = "application/x-www-form-urlencoded"

// decodeJSON reads a JSON body into a tree.
func decodeJSON(root *paramNode, body []byte) error {
	var members map[string]any
	if err := decodeText(body, &members); err != nil {
		return invalid("", "", "Invalid request: the body is no JSON object.")
	}
	p, err := paramsOf(members)
	if err != nil {
		return err
	}
	*root = *p.node
	return nil
}

// readBody reads a body of at most limit bytes.
func readBody(r *http.Request, limit int) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	body, err := readAll(io.LimitReader(r.Body, int64(limit)+1), int(max(0, min(r.ContentLength, int64(limit)))))
	if err != nil {
		return nil, invalid("", "", "Invalid request: the body could not be read")
	}
	if len(body) > limit {
		return nil, &Error{Status: http.StatusRequestEntityTooLarge, Type: "invalid_request_error", Message: fmt.Sprintf("Request body is larger than %d bytes.", limit)}
	}
	return body, nil
}

// readAll reads everything; said is how many bytes it is told to be. It returns the reader's error.
func readAll(in io.Reader, said int) ([]byte, error) {
	body := make([]byte, 0, said+1) // the end is seen without more room
	for {
		n, err := in.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if errors.Is(err, io.EOF) {
			return body, nil
		}
		if err != nil {
			return nil, err
		}
		if len(body) == cap(body) {
			body = slices.Grow(body, len(body))
		}
	}
}

// execute runs the operation and finds what is to be expanded, in one accountTx.
func (sb *Sandbox) execute(r *apiRequest) (an *answer) {
	an = &answer{status: http.StatusOK}
	defer func() {
		if p := recover(); p != nil {
			sb.reportPanic(r, p)
			an = failed(errors.New("the operation could not be finished"))
		}
	}()
	err := r.account.update(r, func(tx *accountTx) error {
		if sb.options.Lenient || sb.options.StripeMock {
			tx.materialise(r)
		}
		if err := tx.checkClientSecret(r); err != nil {
			return err
		}
		o, err := tx.run(r)
		if err != nil {
			return tx.shownError(err)
		}
		if err := tx.checkMetadataSize(); err != nil {
			return err
		}
		if o == nil {
			return errors.New("the operation answered nothing")
		}
		o = tx.shown(o)
		tx.answer = o
		an.object, an.expanded = o, tx.resolve(o, r.expand)
		return nil
	})
	if err != nil {
		return failed(err)
	}
	return an
}

// run runs the operation of a call with its parameters brought up from the caller's version.
func (tx *accountTx) run(r *apiRequest) (*stripeObject, error) {
	if r.dialect != nil {
		if err := r.dialect.up(tx, r); err != nil {
			return nil, err
		}
	}
	tx.enterClock(r)
	return r.route.run(tx, r)
}

// checkMetadataSize refuses changes that leave an object with too many keys of metadata.
func (tx *accountTx) checkMetadataSize() error {
	for _, c := range tx.undo {
		if c.now == nil || c.was.record.object != c.now {
			continue // it was deleted, or has changed again since
		}
		if m := c.now.Hash("metadata"); m != nil && m.size() > maxMetadataPairs {
			return tooManyPairs(m.size())
		}
	}
	return nil
}

// What most answers say in their headers. The values are shared by all answers: nobody changes them in place.
var (
	jsonType     = []string{"application/json"}
	notCached    = []string{"no-cache, no-store"}
	allowOrigin  = []string{"*"}
	allowMethods = []string{"GET, HEAD, PUT, PATCH, POST, DELETE"}
	exposed      = []string{"Request-Id, Stripe-Manage-Version, Stripe-Should-Retry, X-Stripe-External-Auth-Required, X-Stripe-Privileged-Session-Required, Idempotent-Replayed"}
	corsAge      = []string{"300"}
)

// corsHeaders open the API to scripts of any origin: a key, not an origin, decides.
func corsHeaders(h http.Header) {
	h["Access-Control-Allow-Origin"] = allowOrigin
	h["Access-Control-Allow-Methods"] = allowMethods
	h["Access-Control-Expose-Headers"] = exposed
	h["Access-Control-Max-Age"] = corsAge
}

// preflight answers a browser that asks whether it may call.
func preflight(w http.ResponseWriter, r *http.Request) {
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		w.Header().Set("Access-Control-Allow-Headers", strings.ToLower(asked))
	}
	w.WriteHeader(http.StatusNoContent)
}
