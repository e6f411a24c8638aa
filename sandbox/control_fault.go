package sandbox

import "net/http"

// AddFault plants a fault of the API and returns it with its id. It returns an *Error that says what is wrong with it.
func (a *Account) AddFault(f Fault) (Fault, error) {
	c, err := a.control()
	if err != nil {
		return Fault{}, err
	}
	if err := f.check(); err != nil {
		return Fault{}, err
	}
	if f.ID, err = c.newControlID("fault_"); err != nil {
		return Fault{}, err
	}
	c.faults.add(f)
	return f, nil
}

// Faults lists the planted faults of the API with their hits.
func (a *Account) Faults() ([]Fault, error) {
	c, err := a.control()
	if err != nil {
		return nil, err
	}
	return c.faults.list(), nil
}

// RemoveFault takes a fault of the API out; with "" all of them.
func (a *Account) RemoveFault(id string) error {
	c, err := a.control()
	if err != nil {
		return err
	}
	if id == "" {
		c.faults.replace(nil)
		return nil
	}
	if !c.faults.remove(id) {
		return noSuch("fault", id)
	}
	return nil
}

// AddDeliveryFault plants a fault on the way of events and returns it with its id. It returns an *Error that says what is
// wrong with it, or that there is no such endpoint.
func (a *Account) AddDeliveryFault(f DeliveryFault) (DeliveryFault, error) {
	c, err := a.control()
	if err != nil {
		return DeliveryFault{}, err
	}
	if err := f.check(); err != nil {
		return DeliveryFault{}, err
	}
	if f.Endpoint != "" {
		err = c.account.do(func(tx *accountTx) error {
			_, err := findEndpoint(tx, f.Endpoint)
			return err
		})
		if err != nil {
			return DeliveryFault{}, err
		}
	}
	if f.ID, err = c.newControlID("dfault_"); err != nil {
		return DeliveryFault{}, err
	}
	c.deliveryFaults.add(f)
	return f, nil
}

// DeliveryFaults lists the planted faults on the way of events with their hits.
func (a *Account) DeliveryFaults() ([]DeliveryFault, error) {
	c, err := a.control()
	if err != nil {
		return nil, err
	}
	return c.deliveryFaults.list(), nil
}

// RemoveDeliveryFault takes a fault on the way of events out; with "" all of them. What it holds stays held until a
// release.
func (a *Account) RemoveDeliveryFault(id string) error {
	c, err := a.control()
	if err != nil {
		return err
	}
	if id == "" {
		c.deliveryFaults.replace(nil)
		return nil
	}
	if !c.deliveryFaults.remove(id) {
		return noSuch("delivery fault", id)
	}
	return nil
}

func getFaults(a *Account, _ *http.Request) (any, error) {
	list, err := a.Faults()
	return controlList(list), err
}

func postFault(a *Account, r *http.Request) (any, error) {
	var f Fault
	if err := decodeControl(r, &f); err != nil {
		return nil, err
	}
	return a.AddFault(f)
}

// removed is the answer to a DELETE.
type removed struct {
	ID      string `json:"id,omitempty"`
	Deleted bool   `json:"deleted"`
}

func deleteFault(a *Account, r *http.Request) (any, error) {
	return removed{r.PathValue("id"), true}, a.RemoveFault(r.PathValue("id"))
}

func deleteFaults(a *Account, _ *http.Request) (any, error) {
	return removed{Deleted: true}, a.RemoveFault("")
}

func getDeliveryFaults(a *Account, _ *http.Request) (any, error) {
	list, err := a.DeliveryFaults()
	return controlList(list), err
}

func postDeliveryFault(a *Account, r *http.Request) (any, error) {
	var f DeliveryFault
	if err := decodeControl(r, &f); err != nil {
		return nil, err
	}
	return a.AddDeliveryFault(f)
}

func deleteDeliveryFault(a *Account, r *http.Request) (any, error) {
	return removed{r.PathValue("id"), true}, a.RemoveDeliveryFault(r.PathValue("id"))
}

func deleteDeliveryFaults(a *Account, _ *http.Request) (any, error) {
	return removed{Deleted: true}, a.RemoveDeliveryFault("")
}
