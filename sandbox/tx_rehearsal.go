package sandbox

// rehearse runs f and takes back all that it changed: a preview is what would happen, seen before it happens. What f
// answers stays readable.
func (tx *accountTx) rehearse(f func() (*stripeObject, error)) (*stripeObject, error) {
	clock, frozen, held := tx.clock, tx.frozen, tx.held
	now, undo, events, due, published, after := tx.now, len(tx.undo), len(tx.events), len(tx.due), len(tx.published), len(tx.after)
	defer func() {
		for i := len(tx.undo) - 1; i >= undo; i-- {
			tx.account.store.undo(tx.undo[i].key, tx.undo[i].was)
		}
		tx.now, tx.undo, tx.events, tx.due = now, tx.undo[:undo], tx.events[:events], tx.due[:due]
		tx.clock, tx.frozen, tx.held = clock, frozen, held
		tx.published, tx.after = tx.published[:published], tx.after[:after]
	}()
	o, err := f()
	if o != nil {
		tx.account.store.shared.close(o)
	}
	return o, err
}
