package veznetest

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"syscall"
)

// errDown is what a client gets of a desk that is off the network.
var errDown = syscall.ECONNREFUSED

// closing closes the body of a request that goes nowhere, as a RoundTripper must.
func closing(req *http.Request, err error) error {
	if req.Body == nil {
		return err
	}
	return errors.Join(err, req.Body.Close())
}

// carry gives a request to a handler and returns its answer.
func carry(h http.Handler, req *http.Request) (*http.Response, error) {
	inner := req.Clone(req.Context())
	inner.RequestURI, inner.RemoteAddr = req.URL.RequestURI(), "127.0.0.1:1"
	if inner.Host == "" {
		inner.Host = req.URL.Host
	}
	if inner.Body == nil {
		inner.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, inner)
	if _, err := io.Copy(io.Discard, inner.Body); err != nil && !errors.Is(err, http.ErrBodyReadAfterClose) {
		return nil, closing(req, err)
	}
	res := rec.Result()
	res.Request = req
	return res, closing(req, nil)
}
