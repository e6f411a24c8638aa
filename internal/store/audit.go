package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store/db"
)

// entryContent is what an entry says beside who, when and what.
type entryContent struct {
	Before map[string]any `json:"before,omitempty"`
	After  map[string]any `json:"after,omitempty"`
	Detail map[string]any `json:"detail,omitempty"`
}

// AppendEntries writes audit lines of roots that the transaction has locked,
// and gives each its place in its root's timeline.
func (tx *Tx) AppendEntries(ctx context.Context, entries []vezne.Entry) error {
	const op = "store.AppendEntries"
	next := map[vezne.Root]int64{}
	for _, e := range entries {
		if _, known := next[e.Root]; !known {
			n, err := tx.entryCount(ctx, e.Root)
			if err != nil {
				return storageError(op, err)
			}
			next[e.Root] = n
		}
		next[e.Root]++
		content, err := encode(entryContent{e.Before, e.After, e.Detail})
		if err != nil {
			return err
		}
		at := e.At
		if at.IsZero() {
			at = tx.now
		}
		err = tx.q.InsertEntry(ctx, db.InsertEntryParams{
			Account: tx.scope.Account, Livemode: tx.scope.Livemode, RootKind: string(e.Root.Kind), RootID: e.Root.ID, Seq: next[e.Root], At: micros(at),
			Actor: e.Actor.String(), Action: e.Action, EventID: string(e.EventID), ObjectID: string(e.Object), Content: content,
		})
		if err != nil {
			return storageError(op, err)
		}
	}
	for root, n := range next {
		if err := tx.setEntryCount(ctx, root, n); err != nil {
			return storageError(op, err)
		}
	}
	return nil
}

func (tx *Tx) entryCount(ctx context.Context, root vezne.Root) (int64, error) {
	if root.Kind == vezne.RootCustomer {
		return tx.q.GetCustomerEntries(ctx, db.GetCustomerEntriesParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: root.ID})
	}
	return tx.q.GetOrderEntries(ctx, db.GetOrderEntriesParams{Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: root.ID})
}

func (tx *Tx) setEntryCount(ctx context.Context, root vezne.Root, n int64) error {
	if root.Kind == vezne.RootCustomer {
		return tx.q.SetCustomerEntries(ctx, db.SetCustomerEntriesParams{Entries: n, Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: root.ID})
	}
	return tx.q.SetOrderEntries(ctx, db.SetOrderEntriesParams{Entries: n, Account: tx.scope.Account, Livemode: tx.scope.Livemode, ID: root.ID})
}

// Entries returns the timeline of a root, oldest first.
func (q queries) Entries(ctx context.Context, root vezne.Root) ([]vezne.Entry, error) {
	rows, err := q.q.ListEntries(ctx, db.ListEntriesParams{Account: q.scope.Account, Livemode: q.scope.Livemode, RootKind: string(root.Kind), RootID: root.ID})
	if err != nil {
		return nil, storageError("store.Entries", err)
	}
	return collect(rows, toEntry)
}

func toEntry(r db.Entry) (vezne.Entry, error) {
	e := vezne.Entry{
		Root: vezne.Root{Kind: vezne.RootKind(r.RootKind), ID: r.RootID}, Seq: r.Seq, At: instant(r.At), Actor: vezne.ParseActor(r.Actor), Action: r.Action,
		EventID: vezne.EventID(r.EventID), Object: vezne.ObjectID(r.ObjectID), ErasedAt: instantPtr(r.ErasedAt),
	}
	if r.ErasedAt != nil {
		return e, nil
	}
	var c entryContent
	if err := decode("store.Entries", r.Content, &c); err != nil {
		return e, err
	}
	e.Before, e.After, e.Detail = c.Before, c.After, c.Detail
	return e, nil
}

// digest covers everything that an entry says. The salt keeps a reader of the
// chain from guessing short values once the content is erased, and the salt
// with it.
func digest(salt string, r db.Entry) (string, error) {
	b, err := json.Marshal([]string{
		salt, r.Account, strconv.FormatBool(r.Livemode), r.RootKind, r.RootID, strconv.FormatInt(r.Seq, 10), strconv.FormatInt(r.At, 10), r.Actor, r.Action,
		r.EventID, r.ObjectID, r.Content,
	})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

func link(former string, seq int64, digest string) string {
	sum := sha256.Sum256([]byte(former + "\n" + strconv.FormatInt(seq, 10) + "\n" + digest))
	return hex.EncodeToString(sum[:])
}

// Seal gives up to limit entries that have none a place in the hash chain, and
// returns how many. Of two sealers at once one does nothing.
func (s *Store) Seal(ctx context.Context, limit int) (int, error) {
	const op = "store.Seal"
	waits, err := s.q.HasUnsealed(ctx, db.HasUnsealedParams{Account: s.scope.Account, Livemode: s.scope.Livemode})
	if err != nil || !waits {
		return 0, storageError(op, err)
	}
	sealed := 0
	err = s.InTx(ctx, func(tx *Tx) error {
		sealed = 0
		scope := tx.scope
		if err := tx.q.InitChainHead(ctx, db.InitChainHeadParams{Account: scope.Account, Livemode: scope.Livemode}); err != nil {
			return err
		}
		head, err := tx.q.GetChainHead(ctx, db.GetChainHeadParams{Account: scope.Account, Livemode: scope.Livemode})
		if err != nil {
			return err
		}
		rows, err := tx.q.UnsealedEntries(ctx, db.UnsealedEntriesParams{Account: scope.Account, Livemode: scope.Livemode, RowLimit: rowLimit(limit)})
		if err != nil || len(rows) == 0 {
			return err
		}
		moved, err := tx.q.MoveChainHead(ctx, db.MoveChainHeadParams{
			Seq: head.Seq, Hash: head.Hash, Account: scope.Account, Livemode: scope.Livemode, OldSeq: head.Seq, OldHash: head.Hash,
		})
		if err != nil || moved != 1 {
			return err
		}
		seq, hash := head.Seq, head.Hash
		for _, r := range rows {
			raw, err := newSalt()
			if err != nil {
				return vezne.E(vezne.CodeInternal, op, "").Because(err)
			}
			salt := hex.EncodeToString(raw)
			d, err := digest(salt, r)
			if err != nil {
				return vezne.E(vezne.CodeInternal, op, "").Because(err)
			}
			seq++
			hash = link(hash, seq, d)
			n, err := tx.q.SealEntry(ctx, db.SealEntryParams{
				ChainSeq: &seq, Salt: salt, Digest: d, Hash: hash, Account: scope.Account, Livemode: scope.Livemode, RootKind: r.RootKind, RootID: r.RootID, Seq: r.Seq,
			})
			if err != nil {
				return err
			}
			if n != 1 {
				return vezne.E(vezne.CodeInternal, op, "An entry was sealed by somebody else.")
			}
		}
		moved, err = tx.q.MoveChainHead(ctx, db.MoveChainHeadParams{Seq: seq, Hash: hash, Account: scope.Account, Livemode: scope.Livemode, OldSeq: head.Seq, OldHash: head.Hash})
		if err != nil {
			return err
		}
		if moved != 1 {
			return vezne.E(vezne.CodeInternal, op, "The head of the chain moved.")
		}
		sealed = len(rows)
		return nil
	})
	return sealed, err
}

// sealBatch is how many entries are sealed in one transaction.
const sealBatch = 500

// SealAll seals everything that is not sealed yet, in batches, and returns how
// many entries that were.
func (s *Store) SealAll(ctx context.Context) (int, error) {
	total := 0
	for {
		n, err := s.Seal(ctx, sealBatch)
		total += n
		if err != nil || n < sealBatch {
			return total, err
		}
	}
}

// AuditLine is one sealed entry as it is exported: exactly what the digest
// covers, so that whoever holds an export can check it without the database.
type AuditLine struct {
	// ChainSeq counts the sealed entries of the scope from 1, without gaps.
	ChainSeq int64  `json:"chain_seq"`
	Account  string `json:"account"`
	Livemode bool   `json:"livemode"`
	RootKind string `json:"root_kind"`
	RootID   string `json:"root_id"`
	Seq      int64  `json:"seq"`
	// At is in microseconds since 1970 in UTC.
	At       int64  `json:"at"`
	Actor    string `json:"actor"`
	Action   string `json:"action"`
	EventID  string `json:"event_id"`
	ObjectID string `json:"object_id"`
	// Content is the JSON text that was sealed, as it is; empty once it was
	// erased with its salt, which leaves its digest.
	Content string `json:"content"`
	// ErasedAt is when it was, in microseconds since 1970 in UTC; absent for never.
	ErasedAt *int64 `json:"erased_at,omitempty"`
	// Salt, Digest and Hash are lower-case hexadecimal.
	Salt   string `json:"salt"`
	Digest string `json:"digest"`
	Hash   string `json:"hash"`
}

func (l AuditLine) entry() db.Entry {
	return db.Entry{
		Account: l.Account, Livemode: l.Livemode, RootKind: l.RootKind, RootID: l.RootID, Seq: l.Seq, At: l.At, Actor: l.Actor, Action: l.Action,
		EventID: l.EventID, ObjectID: l.ObjectID, Content: l.Content, ChainSeq: &l.ChainSeq, Salt: l.Salt, Digest: l.Digest, Hash: l.Hash,
		ErasedAt: l.ErasedAt,
	}
}

// AuditLines lists sealed entries in the order of the chain, from the place
// after the given one.
func (s *Store) AuditLines(ctx context.Context, after int64, limit int) ([]AuditLine, error) {
	rows, err := s.q.SealedEntries(ctx, db.SealedEntriesParams{Account: s.scope.Account, Livemode: s.scope.Livemode, After: &after, RowLimit: rowLimit(limit)})
	if err != nil {
		return nil, storageError("store.AuditLines", err)
	}
	lines := make([]AuditLine, len(rows))
	for i, r := range rows {
		lines[i] = AuditLine{
			Account: r.Account, Livemode: r.Livemode, RootKind: r.RootKind, RootID: r.RootID, Seq: r.Seq, At: r.At, Actor: r.Actor, Action: r.Action,
			EventID: r.EventID, ObjectID: r.ObjectID, Content: r.Content, Salt: r.Salt, Digest: r.Digest, Hash: r.Hash, ErasedAt: r.ErasedAt,
		}
		if r.ChainSeq != nil {
			lines[i].ChainSeq = *r.ChainSeq
		}
	}
	return lines, nil
}

// AuditHead returns how many entries are sealed and the hash of the last one,
// 0 and "" when none is.
func (s *Store) AuditHead(ctx context.Context) (seq int64, hash string, err error) {
	head, err := s.q.GetChainHead(ctx, db.GetChainHeadParams{Account: s.scope.Account, Livemode: s.scope.Livemode})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, "", nil
	}
	return head.Seq, head.Hash, storageError("store.AuditHead", err)
}

// VerifyLines recomputes the hash chain of an export and reports the first
// break. next returns io.EOF after the last line; its other errors pass.
func VerifyLines(next func() (AuditLine, error)) (AuditReport, error) {
	var report AuditReport
	for {
		l, err := next()
		if errors.Is(err, io.EOF) {
			return report, nil
		}
		if err != nil {
			return report, err
		}
		broken, err := checkEntry(l.entry(), report.Entries+1, report.Head)
		if err != nil {
			return report, vezne.E(vezne.CodeInternal, "store.VerifyLines", "").Because(err)
		}
		if broken != "" {
			report.Broken, report.BrokenAt = broken, report.Entries+1
			return report, nil
		}
		report.add(l.entry())
	}
}

// AuditReport is the outcome of checking the hash chain.
type AuditReport struct {
	// Entries is how many sealed entries were checked.
	Entries int64 `json:"entries"`
	// Erased is how many of them have only their digest left.
	Erased int64 `json:"erased"`
	// Head is the hash of the last one.
	Head string `json:"head"`
	// Broken says what is wrong, empty when the chain is whole.
	Broken string `json:"broken"`
	// BrokenAt is the place of the first break, 0 when there is none.
	BrokenAt int64 `json:"broken_at"`
}

// add counts an entry that holds.
func (a *AuditReport) add(r db.Entry) {
	a.Entries++
	a.Head = r.Hash
	if r.ErasedAt != nil {
		a.Erased++
	}
}

// verifyBatch is how many entries are read at once.
const verifyBatch = 1000

// VerifyAudit recomputes the hash chain and reports the first break. What is
// sealed while it runs is left to the next time.
func (s *Store) VerifyAudit(ctx context.Context) (AuditReport, error) {
	const op = "store.VerifyAudit"
	var report AuditReport
	// The head is read first: a chain only grows, so everything up to it stands.
	head, found, err := s.chainHead(ctx)
	if err != nil {
		return report, err
	}
	for !found || report.Entries < head.Seq {
		rows, err := s.q.SealedEntries(ctx, db.SealedEntriesParams{Account: s.scope.Account, Livemode: s.scope.Livemode, After: &report.Entries, RowLimit: verifyBatch})
		if err != nil {
			return report, storageError(op, err)
		}
		if !found && len(rows) > 0 {
			// Did the first sealing come between the two questions?
			if head, found, err = s.chainHead(ctx); err != nil {
				return report, err
			}
			if !found {
				report.Broken, report.BrokenAt = "the head of the chain is missing", 1
				return report, nil
			}
		}
		for _, r := range rows {
			if report.Entries == head.Seq {
				break
			}
			broken, err := checkEntry(r, report.Entries+1, report.Head)
			if err != nil {
				return report, vezne.E(vezne.CodeInternal, op, "").Because(err)
			}
			if broken != "" {
				report.Broken, report.BrokenAt = broken, report.Entries+1
				return report, nil
			}
			report.add(r)
		}
		if len(rows) == 0 {
			break
		}
	}
	if head.Seq != report.Entries || head.Hash != report.Head {
		report.Broken, report.BrokenAt = fmt.Sprintf("the chain ends at %d, its head says %d", report.Entries, head.Seq), report.Entries
	}
	return report, nil
}

func (s *Store) chainHead(ctx context.Context) (head db.GetChainHeadRow, found bool, err error) {
	head, err = s.q.GetChainHead(ctx, db.GetChainHeadParams{Account: s.scope.Account, Livemode: s.scope.Livemode})
	if errors.Is(err, sql.ErrNoRows) {
		return head, false, nil
	}
	return head, err == nil, storageError("store.VerifyAudit", err)
}

func checkEntry(r db.Entry, want int64, former string) (string, error) {
	if r.ChainSeq == nil || *r.ChainSeq != want {
		return "an entry is missing", nil
	}
	switch d, err := digest(r.Salt, r); {
	case err != nil:
		return "", err
	case r.ErasedAt != nil && (r.Content != "" || r.Salt != ""):
		return "an entry that was erased has a content or a salt", nil
	case r.ErasedAt == nil && d != r.Digest:
		return "the content of an entry is not what was sealed", nil
	}
	if link(former, want, r.Digest) != r.Hash {
		return "the hash of an entry does not follow from the former one", nil
	}
	return "", nil
}
