// Package invoice gives a paid order its document: numbers of a series without
// gaps, and a PDF in the order's language. The document confirms a payment; it
// is not a fiscal invoice and says so.
package invoice

import (
	"fmt"
	"time"
)

// Series returns the series of an instant: its year in UTC. Each series counts
// from 1.
func Series(t time.Time) string { return t.UTC().Format("2006") }

// Number returns the number that people read: "VZ-2026-000042".
func Number(series string, seq int64) string { return fmt.Sprintf("VZ-%s-%06d", series, seq) }
