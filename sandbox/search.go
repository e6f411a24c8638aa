package sandbox

func (d *defaultOperation) search(tx *Tx, r *Request) (*Object, error) { return nil, nil }
