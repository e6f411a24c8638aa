package simulate_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/vezne/vezne/engine"
)

func readBody(w *world, res *http.Response) []byte {
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.violate("an answer breaks off: %v", err)
	}
	return b
}

// backup is a copy of the database and when it was made.
type backup struct {
	file []byte
	at   time.Time
}

// keep makes a backup, as the documents say: a copy that the database itself
// makes.
func (w *world) keep() {
	path := w.path + ".backup"
	db, err := sql.Open("sqlite", "file:"+w.path+"?_pragma=busy_timeout(0)")
	if err == nil {
		_, err = db.Exec("VACUUM INTO ?", path)
		if closing := db.Close(); err == nil {
			err = closing
		}
	}
	if err != nil {
		// Somebody was writing: the next one will be made.
		w.note("no backup: %v", err)
		return
	}
	file, err := os.ReadFile(path)
	if err == nil {
		err = os.Remove(path)
	}
	if err != nil {
		w.violate("a backup cannot be read: %v", err)
		return
	}
	w.backup = &backup{file: file, at: time.Now()}
}

// restore loses the database and puts the newest backup in its place.
func (w *world) restore() {
	if w.backup == nil || w.now == nil || !w.now.opened {
		return
	}
	w.note("the database is lost; the backup of %s is restored", w.backup.at.Sub(w.began).Round(time.Second))
	w.bury(w.now)
	w.sched.drain()
	if err := errors.Join(w.pool.close(), w.look.Close()); err != nil {
		w.violate("%v", err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		_ = os.Remove(w.path + suffix)
	}
	if err := os.WriteFile(w.path, w.backup.file, 0o600); err != nil {
		w.violate("%v", err)
		return
	}
	if err := w.openLook(); err != nil {
		w.violate("%v", err)
		return
	}
	w.losses++
	// From here on the desk finds by itself what it missed: nothing is sent again.
	done, err := engine.Restore(context.Background(), engine.RestoreParams{DatabaseURL: "sqlite:" + w.path, AsOf: w.backup.at, SkipInvoices: skipped * w.losses})
	if err != nil || len(done) != 1 {
		w.violate("the database is not marked as restored: %v, %v", done, err)
	}
	w.restored = true
	w.record.forget(w.backup.at)
	w.seen = newSeen()
	w.post.acknowledged = nil
	w.later(time.Minute, w.start)
}

// skipped is how many invoice numbers are left out after a restore, for each
// loss: more than were given since the backup.
const skipped = 1000

// refuseKey has Stripe refuse the desk's key for a while.
func (w *world) refuseKey(span time.Duration) {
	w.weather.unauthorized = time.Now().Add(span / 4)
}

func (w *world) restoreKey() { w.weather.unauthorized = time.Time{} }
