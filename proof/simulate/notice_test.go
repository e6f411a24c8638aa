package simulate_test

import (
	"database/sql/driver"
	"errors"
	"sync/atomic"

	"modernc.org/sqlite"
)

// notice is a change in the desk's database that the world looks into after the
// commit: its kind, and the id of what changed.
type notice struct{ kind, id string }

// The kinds of notices.
const (
	// sawMoney: an order was paid or canceled, or something hangs on that.
	sawMoney = "money"
	// sawBack: a revision, or the kept form of an object, went back.
	sawBack = "back"
	// sawSnapshot: what is kept of an object says something else.
	sawSnapshot = "snapshot"
	// sawCall: a request to Stripe is in another state.
	sawCall = "call"
	// sawRewritten: a request that was written down is another one now.
	sawRewritten = "rewritten"
	// sawSent: an effect counts as delivered.
	sawSent = "sent"
	// sawRefund: a refund was asked for.
	sawRefund = "refund"
)

// noticing triggers tell the world of what changes. They stand beside the
// desk's tables and share no line with its queries.
const noticing = `
CREATE TRIGGER saw_order AFTER UPDATE ON vezne_orders
WHEN NEW.paid_at IS NOT OLD.paid_at OR NEW.canceled_at IS NOT OLD.canceled_at OR NEW.paid_by IS NOT OLD.paid_by OR NEW.amount_paid IS NOT OLD.amount_paid
BEGIN SELECT world_saw('money', NEW.id); END;
CREATE TRIGGER saw_revision AFTER UPDATE ON vezne_orders WHEN NEW.revision < OLD.revision
BEGIN SELECT world_saw('back', NEW.id || ': its revision'); END;
CREATE TRIGGER saw_entry AFTER INSERT ON vezne_entries WHEN NEW.action = 'order.paid' BEGIN SELECT world_saw('money', NEW.root_id); END;
CREATE TRIGGER saw_ship AFTER INSERT ON ships BEGIN SELECT world_saw('money', NEW.order_id); END;
CREATE TRIGGER saw_invoice AFTER INSERT ON vezne_invoices BEGIN SELECT world_saw('money', NEW.order_id); END;
CREATE TRIGGER saw_effect AFTER INSERT ON vezne_effects WHEN NEW.topic = 'order.paid' BEGIN SELECT world_saw('money', NEW.root_id); END;
CREATE TRIGGER saw_sent AFTER UPDATE ON vezne_effects WHEN OLD.sent_at IS NULL AND NEW.sent_at IS NOT NULL BEGIN SELECT world_saw('sent', NEW.id); END;
CREATE TRIGGER saw_first AFTER INSERT ON vezne_snapshots BEGIN SELECT world_saw('snapshot', NEW.id); END;
CREATE TRIGGER saw_next AFTER UPDATE ON vezne_snapshots WHEN NEW.body IS NOT OLD.body OR NEW.deleted IS NOT OLD.deleted
BEGIN SELECT world_saw('snapshot', NEW.id); END;
CREATE TRIGGER saw_older AFTER UPDATE ON vezne_snapshots
WHEN NEW.number_begin <> OLD.number_begin AND NEW.number_begin <= OLD.number_end AND NOT (NEW.terminal AND NOT OLD.terminal)
BEGIN SELECT world_saw('back', NEW.id || ': what is kept may be older than what was'); END;
CREATE TRIGGER saw_call AFTER UPDATE ON vezne_calls WHEN NEW.state IS NOT OLD.state BEGIN SELECT world_saw('call', NEW.id); END;
CREATE TRIGGER saw_rewritten AFTER UPDATE ON vezne_calls
WHEN NEW.key IS NOT OLD.key OR NEW.form IS NOT OLD.form OR NEW.path IS NOT OLD.path OR NEW.number IS NOT OLD.number
BEGIN SELECT world_saw('rewritten', NEW.id); END;
CREATE TRIGGER saw_refund AFTER INSERT ON vezne_refund_requests BEGIN SELECT world_saw('refund', NEW.order_id); END`

// watcher is the world that is told: a process lives one at a time.
var watcher atomic.Pointer[world]

func init() {
	sqlite.MustRegisterScalarFunction("world_saw", 2, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		kind, ok := args[0].(string)
		id, fine := args[1].(string)
		if !ok || !fine {
			return nil, errors.New("world_saw takes a kind and an id")
		}
		if w := watcher.Load(); w != nil {
			w.mu.Lock()
			w.open = append(w.open, notice{kind, id})
			w.mu.Unlock()
		}
		return int64(0), nil
	})
}

// notices returns what changed since the last look, each once, and whether
// anything was committed.
func (w *world) notices() ([]notice, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.dirty {
		return nil, false
	}
	w.dirty = false
	known := make(map[notice]bool, len(w.noticed))
	list := w.noticed[:0]
	for _, n := range w.noticed {
		if !known[n] {
			known[n] = true
			list = append(list, n)
		}
	}
	w.noticed = nil
	return list, true
}
