package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// AuditReport is the outcome of checking the audit trail.
type AuditReport struct {
	// Entries is how many sealed entries were checked.
	Entries int64 `json:"entries"`
	// Erased is how many of them have only their digest left: what they said of a
	// person was erased. Each erasure has a line of its own that counts them.
	Erased int64 `json:"erased"`
	// Head is the hash of the last one.
	Head string `json:"head"`
	// Broken says what is wrong, empty when the chain is whole.
	Broken string `json:"broken"`
	// BrokenAt is the place of the first break, 0 when there is none.
	BrokenAt int64 `json:"broken_at"`
}

// VerifyAudit seals what is not sealed yet, recomputes the hash chain of the
// audit trail and reports the first break.
func (d *Database) VerifyAudit(ctx context.Context) (AuditReport, error) {
	if _, err := d.store.SealAll(ctx); err != nil {
		return AuditReport{}, err
	}
	r, err := d.store.VerifyAudit(ctx)
	return AuditReport(r), err
}

// auditBatch is how many entries are read at once.
const auditBatch = 1000

// ExportAudit seals what is not sealed yet and writes the audit trail to w, a
// JSON object a line, in the order of the chain. It returns the number of lines
// and the hash of the last: keep both elsewhere, since a chain proves nothing
// against somebody who rewrites all of it.
func (d *Database) ExportAudit(ctx context.Context, w io.Writer) (AuditReport, error) {
	const op = "engine.ExportAudit"
	var report AuditReport
	if _, err := d.store.SealAll(ctx); err != nil {
		return report, err
	}
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for {
		lines, err := d.store.AuditLines(ctx, report.Entries, auditBatch)
		if err != nil {
			return report, err
		}
		for _, l := range lines {
			if err := enc.Encode(l); err != nil {
				return report, vezne.E(vezne.CodeInternal, op, "The export cannot be written.").Because(err)
			}
			report.Entries, report.Head = l.ChainSeq, l.Hash
			if l.ErasedAt != nil {
				report.Erased++
			}
		}
		if len(lines) < auditBatch {
			break
		}
	}
	if err := out.Flush(); err != nil {
		return report, vezne.E(vezne.CodeInternal, op, "The export cannot be written.").Because(err)
	}
	return report, nil
}

// VerifyExport checks what ExportAudit wrote, without a database.
// CodeInvalidRequest when a line is not one of an export.
func VerifyExport(r io.Reader) (AuditReport, error) {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	n := 0
	report, err := store.VerifyLines(func() (store.AuditLine, error) {
		var l store.AuditLine
		n++
		err := dec.Decode(&l)
		if err != nil && !errors.Is(err, io.EOF) {
			return l, vezne.E(vezne.CodeInvalidRequest, "engine.VerifyExport", fmt.Sprintf("Line %d is not a line of an export.", n)).Because(err)
		}
		return l, err
	})
	return AuditReport(report), err
}
