package sandbox

import (
	"crypto/sha256"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// account is one merchant: its objects, its clock, what it has still to do. The suffix of a key names it.
type account struct {
	sandbox *Sandbox
	name    string
	id      string
	source  *source

	// advancing lets one move of the clock end before the next begins.
	advancing sync.Mutex

	// mu guards all below. A request or a job holds it from its first read to its commit.
	mu    sync.Mutex
	store *store
	clock accountClock
	jobs  dueHeap
	// clocks are the jobs of the test clocks, by their ids.
	clocks    map[string]*dueHeap
	lastJob   int64
	lastEvent int64
	keys      map[string]*issuedKey
	calls     map[string]*idempotentCall
	pruned    int64
	timer     *time.Timer
	alarm     alarm
	// undone is where the next accountTx notes its changes.
	undone  []change
	baseURL string
	closed  bool
	// rests says that nothing could be stored of the account, and that nothing was changed since.
	rests bool

	// control is what the account has beside all that: deliveries, planted faults, the journal of its calls.
	control *control
}

// account finds the account of a name, made at first use.
func (sb *Sandbox) account(name string) *account {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	a := sb.accounts[name]
	if a == nil {
		a = sb.newAccount(name)
		sb.accounts[name] = a
	}
	return a
}

// newAccount makes an account whose own object is its first.
func (sb *Sandbox) newAccount(name string) *account {
	a := &account{sandbox: sb, name: name, id: accountID(name), store: newStore(), clocks: map[string]*dueHeap{}, keys: map[string]*issuedKey{}, calls: map[string]*idempotentCall{}}
	a.source = newSource(sb.options.Seed, sb.run, name)
	a.closed = sb.closed
	a.control = newControl(a)
	tx := &accountTx{account: a, now: a.now()}
	tx.Put(newAccountObject(tx, sb.options.DisplayName))
	a.record(tx)
	a.rests = sb.journal.failure() != nil
	if opened := sb.seams.opened; opened != nil && !sb.replaying {
		opened(a)
	}
	return a
}

// accountID is derived from the name, so that it is the same in every sandbox.
func accountID(name string) string {
	sum := sha256.Sum256([]byte("account " + name))
	id := []byte("acct_1")
	for _, b := range sum[:15] {
		id = append(id, base62[int(b)%len(base62)])
	}
	return string(id)
}

// newAccountObject is the merchant as Stripe shows it: a standard account in the United States that may do everything.
func newAccountObject(tx *accountTx, displayName string) *stripeObject {
	o := tx.New("account").
		Set("id", tx.account.id).
		Set("type", "standard").
		Set("country", "US").
		Set("default_currency", "usd").
		Set("created", tx.now).
		Set("charges_enabled", true).
		Set("payouts_enabled", true).
		Set("details_submitted", true)
	if displayName == "" {
		displayName = "Sandbox " + tx.account.name
	}
	return o.Set("settings.dashboard.display_name", displayName).Set("business_profile.name", displayName)
}

// Account is the object of the account that is acted in: id, display name, settings.
func (tx *accountTx) Account() *stripeObject {
	if tx.scope != "" {
		return tx.Get("account", tx.scope)
	}
	return tx.Get("account", tx.account.id)
}

// apiVersion is the version of events and of calls that name none.
func (a *account) apiVersion() string {
	if v := a.control.current.Load().DefaultAPIVersion; v != "" {
		return v
	}
	return a.sandbox.apiVersion()
}

// apiVersion is the version of accounts that set none.
func (sb *Sandbox) apiVersion() string {
	if v := sb.options.DefaultAPIVersion; v != "" {
		return v
	}
	return newestVersion()
}

// do runs f in a accountTx that belongs to no call, and returns when its changes are stored. It returns f's error or that of
// storing.
func (a *account) do(f func(tx *accountTx) error) error {
	since, err := a.sandbox.journal.enter()
	if err != nil {
		return err
	}
	err = a.update(nil, f)
	if failed := a.durable(since); failed != nil {
		return failed
	}
	return err
}

// locked runs f under the account's lock, for reads and for what is no change of objects.
func (a *account) locked(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
}

// update runs f in a accountTx: what fell due before comes first; all changes are kept, or none. It returns f's error, after the
// changes of an error that keeps them were kept.
func (a *account) update(r *apiRequest, f func(tx *accountTx) error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.sandbox.journal.failure(); err != nil && (r == nil || r.Method != http.MethodGet) {
		return err
	}
	a.runPast()
	tx := &accountTx{account: a, request: r, now: a.now()}
	if r != nil {
		tx.scope = r.scope
	}
	err := a.transact(tx, f)
	a.arm()
	return err
}

// maxUndone is how much room for changes is kept from one accountTx to the next.
const maxUndone = 256

// transact runs f and commits or rolls back. A panic rolls back and goes on.
func (a *account) transact(tx *accountTx, f func(tx *accountTx) error) error {
	kept := false
	tx.undo, a.undone = a.undone, nil
	defer func() {
		if !kept {
			tx.rollback()
			return
		}
		if a.undone = tx.undo[:0]; cap(tx.undo) > maxUndone {
			a.undone = nil
		}
		clear(tx.undo)
		tx.undo = nil
	}()
	err := f(tx)
	if err != nil && !keepsChanges(err) {
		return err
	}
	tx.settleEntitlements()
	tx.clock = "" // deliveries go by the account's clock
	tx.fixEvents()
	if committing := a.sandbox.seams.committing; committing != nil && len(tx.events) > 0 {
		committing(tx)
	}
	if len(tx.undo) > 0 || len(tx.due) > 0 || len(tx.published) > 0 {
		if failed := a.sandbox.journal.failure(); failed != nil {
			return failed
		}
	}
	kept = true
	a.commit(tx)
	return err
}

// commit makes a accountTx final: events get their numbers, jobs their places, the log and the deliveries their share.
func (a *account) commit(tx *accountTx) {
	for _, e := range tx.events {
		e.object.close()
		a.lastEvent++
		e.seq = a.lastEvent
		a.store.told(e.object, e.scope, tx.origin())
	}
	for i := range tx.due {
		a.lastJob++
		tx.due[i].seq = a.lastJob
		a.plan(tx.due[i])
	}
	for _, id := range tx.published {
		a.own(id)
	}
	if tx.told = tx.step(); tx.told != nil {
		a.control.story.add(*tx.told)
	}
	a.record(tx)
	if len(tx.events) > 0 {
		a.pruneEvents()
	}
	if committed := a.sandbox.seams.committed; committed != nil && len(tx.events) > 0 {
		committed(a, tx.events)
	}
	for _, f := range tx.after {
		f()
	}
}

// fail reports what nobody waits for: a due job that ended with an error.
func (a *account) fail(job dueJob, err error) {
	a.sandbox.log.Error("A due job failed.", slog.String("account", a.name), slog.String("job", job.job), slog.String("id", job.id), slog.Any("error", err))
}

// nameOfKey is the account's name in a key: what follows sk_test_, pk_test_ or rk_test_.
func nameOfKey(key string) string {
	_, rest, _ := strings.Cut(key, "_test_")
	return rest
}
