package redact

import (
	"context"
	"fmt"
	"log/slog"
)

// Handler masks card numbers and secrets in everything that a logger says
// before it reaches h, for loggers whose writer is not ours.
func Handler(h slog.Handler) slog.Handler { return handler{h} }

type handler struct{ next slog.Handler }

// Enabled reports whether a record is written.
func (h handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle masks a record and passes it on.
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	masked := slog.NewRecord(r.Time, r.Level, clean(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		masked.AddAttrs(attr(a))
		return true
	})
	return h.next.Handle(ctx, masked)
}

// WithAttrs keeps attributes, masked.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	masked := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		masked[i] = attr(a)
	}
	return handler{h.next.WithAttrs(masked)}
}

// WithGroup opens a group.
func (h handler) WithGroup(name string) slog.Handler { return handler{h.next.WithGroup(name)} }

func clean(s string) string { return Secrets(Text(s)) }

func attr(a slog.Attr) slog.Attr {
	a.Value = a.Value.Resolve()
	switch a.Value.Kind() {
	case slog.KindString:
		a = Attr(nil, a)
		return slog.String(a.Key, clean(a.Value.String()))
	case slog.KindGroup:
		group := a.Value.Group()
		masked := make([]slog.Attr, len(group))
		for i, in := range group {
			masked[i] = attr(in)
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(masked...)}
	case slog.KindInt64, slog.KindUint64:
		// A number can be a card's too.
		if s := a.Value.String(); clean(s) != s {
			return slog.String(a.Key, clean(s))
		}
	case slog.KindAny:
		// What it is cannot be known: an error, a struct. As text it is left as it
		// is unless there is something to hide.
		if s := fmt.Sprintf("%+v", a.Value.Any()); clean(s) != s {
			return slog.String(a.Key, clean(s))
		}
	}
	return a
}
