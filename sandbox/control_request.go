package sandbox

import "net/http"

// CallFilter chooses calls of the journal; what is empty chooses all.
type CallFilter struct {
	// Method is GET, POST or DELETE. Path is the URL's path and may have parts for any text, as a Fault's.
	Method, Path string
	// Object is the id of what the answer showed; IdempotencyKey the call's.
	Object, IdempotencyKey string
	// Status is the answer's.
	Status int
}

func (f CallFilter) matches(c Call) bool {
	return (f.Method == "" || f.Method == c.Method) && (f.Path == "" || matchesPath(f.Path, c.Path)) && (f.Object == "" || f.Object == c.Object) &&
		(f.IdempotencyKey == "" || f.IdempotencyKey == c.IdempotencyKey) && (f.Status == 0 || f.Status == c.Status)
}

// Requests lists the account's last calls, the oldest first; the journal keeps a thousand.
func (a *Account) Requests(f CallFilter) ([]Call, error) {
	c, err := a.control()
	if err != nil {
		return nil, err
	}
	list := []Call{}
	for _, call := range c.calls.list() {
		if !f.matches(call.Call) {
			continue
		}
		whole, err := call.call()
		if err != nil {
			return nil, err
		}
		list = append(list, whole)
	}
	return list, nil
}

// ForgetRequests empties the journal.
func (a *Account) ForgetRequests() error {
	c, err := a.control()
	if err != nil {
		return err
	}
	c.calls.replace(nil)
	return nil
}

func getRequests(a *Account, r *http.Request) (any, error) {
	status, err := queryInt(r, "status", 0, 100, 599)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	list, err := a.Requests(CallFilter{Method: q.Get("method"), Path: q.Get("path"), Object: q.Get("object"), IdempotencyKey: q.Get("idempotency_key"), Status: status})
	return controlList(list), err
}

func deleteRequests(a *Account, _ *http.Request) (any, error) {
	return removed{Deleted: true}, a.ForgetRequests()
}
