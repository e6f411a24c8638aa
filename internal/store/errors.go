package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"github.com/vezne/vezne"
)

// SQLite's primary result codes, source: sqlite.org/rescode.html.
const (
	sqliteBusy       = 5
	sqliteLocked     = 6
	sqliteReadOnly   = 8
	sqliteIOErr      = 10
	sqliteCorrupt    = 11
	sqliteFull       = 13
	sqliteCantOpen   = 14
	sqliteConstraint = 19
	sqliteNotADB     = 26
)

// failure classifies what a database said.
type failure int

const (
	failureOther failure = iota
	failureConstraint
	failureRetry
	failureReadOnly
	failureGone
	failureCorrupt
)

func classify(err error) failure {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff {
		case sqliteBusy, sqliteLocked:
			return failureRetry
		case sqliteReadOnly:
			return failureReadOnly
		case sqliteConstraint:
			return failureConstraint
		case sqliteIOErr, sqliteFull, sqliteCantOpen:
			return failureGone
		case sqliteCorrupt, sqliteNotADB:
			return failureCorrupt
		}
		return failureOther
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case strings.HasPrefix(e.Code, "23"):
			return failureConstraint
		case e.Code == "40001" || e.Code == "40P01" || e.Code == "55P03":
			return failureRetry
		case e.Code == "25006":
			return failureReadOnly
		case strings.HasPrefix(e.Code, "08") || strings.HasPrefix(e.Code, "53") || strings.HasPrefix(e.Code, "57P"):
			return failureGone
		}
		return failureOther
	}
	var network net.Error
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network) || pgconn.SafeToRetry(err) || errors.Is(err, context.Canceled) {
		return failureGone
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return failureGone
	}
	return failureOther
}

// storageError gives a database's error a kind. Errors of ours pass unchanged,
// so that a transaction's function may return them.
func storageError(op string, err error) error {
	if err == nil {
		return nil
	}
	if _, ours := errors.AsType[*vezne.Error](err); ours {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return vezne.E(vezne.CodeNotFound, op, "").Because(err)
	}
	switch classify(err) {
	case failureRetry, failureGone:
		return vezne.E(vezne.CodeStorageUnavailable, op, "").Because(err)
	case failureReadOnly:
		return vezne.E(vezne.CodeReadOnly, op, "").Because(err)
	case failureCorrupt:
		return vezne.E(vezne.CodeCorrupt, op, "The database file is damaged.").Because(err)
	}
	return vezne.E(vezne.CodeInternal, op, "").Because(err)
}

// notFound names what is missing.
func notFound(op, what string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return vezne.E(vezne.CodeNotFound, op, "There is no such "+what+".")
	}
	return storageError(op, err)
}

// IsConstraint reports whether a rule of the schema refused a write.
func IsConstraint(err error) bool { return classify(err) == failureConstraint }

// IsBusy reports whether somebody else held what a statement needed.
func IsBusy(err error) bool { return classify(err) == failureRetry }
