package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxNames is how many accounts are offered to choose from; the list of accounts has all.
const maxNames = 50

// existing finds an account without making it, nil when nobody has used it.
func (sb *Sandbox) existing(name string) *account {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	return sb.accounts[name]
}

// recent lists the accounts, the one with the newest call first.
func (sb *Sandbox) recent() []*account {
	list := sb.everyAccount()
	last := make(map[*account]time.Time, len(list))
	for _, a := range list {
		last[a] = a.control.calls.newest()
	}
	slices.SortFunc(list, func(a, b *account) int { return cmp.Or(last[b].Compare(last[a]), strings.Compare(a.name, b.name)) })
	return list
}

func (sb *Sandbox) recentNames(most int) []string {
	list := sb.recent()
	names := make([]string, min(len(list), most))
	for i := range names {
		names[i] = list[i].name
	}
	return names
}

// typeOf is the type of the object that has an id, also of one that was deleted; "" when there is none. The caller holds
// the lock.
func (a *account) typeOf(id string) string {
	for typ := range a.store.kinds {
		if a.store.newest(typ, id) != nil || a.store.gone[objectKey{typ, id}] != nil {
			return typ
		}
	}
	return ""
}

// pulse is a text that is another after each change that the pages show.
func (a *account) pulse() string {
	var changes int64
	var clock accountClock
	a.locked(func() { changes, clock = a.store.changes, a.clock })
	hits := 0
	for _, f := range a.control.faults.list() {
		hits += 1 + f.Hits
	}
	for _, f := range a.control.deliveryFaults.list() {
		hits += 1 + f.Hits
	}
	return fmt.Sprintf("%d.%d.%d.%d.%d", changes, a.control.calls.count(), hits, clock.at.Unix(), clock.offset)
}

// servePulse tells the script of a page whether there is something new.
func (h *home) servePulse(w http.ResponseWriter, r *http.Request) {
	a := h.sandbox.existing(r.PathValue("account"))
	if a == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(a.pulse())) // a visitor who left needs no answer
}

// newest is the real time of the newest call.
func (j *callLog) newest() time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// count counts what was written into the journal.
func (j *callLog) count() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.changes
}

// find is a call by its id, nil when the journal does not have it any more.
func (j *callLog) find(id string) *loggedCall {
	if !strings.HasPrefix(id, "req_") {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.calls {
		if j.calls[i].ID == id {
			call := j.calls[i]
			return &call
		}
	}
	return nil
}

// homeAccountRow is an account in the list of accounts.
type homeAccountRow struct {
	Name, URL, Last string
	Objects, Events int
	First           bool
}

// homeAccountsPage is the list of accounts.
type homeAccountsPage struct {
	*homePage
	Rows  []homeAccountRow
	Older string
	Total int
}

// serveAccounts lists the accounts that there are, the last used first.
func (h *home) serveAccounts(w http.ResponseWriter, r *http.Request) {
	p := h.newPage(r, "home.accounts")
	if name := strings.TrimSpace(strings.TrimPrefix(r.URL.Query().Get("name"), "sk_test_")); name != "" {
		http.Redirect(w, r, p.toAccount(name), http.StatusSeeOther)
		return
	}
	list := h.sandbox.recent()
	v := homeAccountsPage{homePage: p, Total: len(list)}
	at := 0
	if after := r.URL.Query().Get("after"); after != "" {
		at = 1 + slices.IndexFunc(list, func(a *account) bool { return a.name == after })
	}
	for _, a := range list[at:min(at+homeRows, len(list))] {
		v.Rows = append(v.Rows, p.accountRow(a, h.sandbox.firstName()))
	}
	if at+homeRows < len(list) {
		v.Older = p.with(p.AccountsURL(), "after", v.Rows[homeRows-1].Name)
	}
	h.render(w, r, p, "home_accounts.html", v)
}

// accountRow tells how much an account has.
func (p *homePage) accountRow(a *account, first string) homeAccountRow {
	row := homeAccountRow{Name: a.name, URL: p.toAccount(a.name), First: a.name == first}
	a.locked(func() {
		for typ := range a.store.kinds {
			if hasHistory(typ) && typ != "account" {
				row.Objects += a.store.alive(typ)
			}
		}
		row.Events = len(a.store.list("event"))
	})
	if last := a.control.calls.newest(); !last.IsZero() {
		row.Last = homeTime(last.Unix())
	}
	return row
}

// toAccount is the address of another account's page.
func (p *homePage) toAccount(name string) string {
	other := homePage{Account: name, chosen: p.chosen}
	return other.To()
}
