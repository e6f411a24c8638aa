package engine

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// metrics counts what goes through one process and, when asked, looks up what
// waits in the database.
type metrics struct {
	registry *prometheus.Registry
	inbox    *prometheus.CounterVec
	removed  *prometheus.CounterVec
	http     *prometheus.HistogramVec
	held     *prometheus.CounterVec
}

func newMetrics(s *store.Store) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		inbox: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vezne_inbox_deliveries_total", Help: "Events that arrived, by what became of them: a state, duplicate, or the code of a refusal.",
		}, []string{"result"}),
		removed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vezne_retention_removed_total", Help: "Payloads that were removed after the retention period: of events, effects and calls.",
		}, []string{"what"}),
		http: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "vezne_http_request_duration_seconds", Help: "Time to answer requests.", Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"area", "method", "status"}),
	}
	m.held = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "vezne_payments_throttled_total", Help: "Payments that were held back because too many were tried or declined, by the limit: client, card or order.",
	}, []string{"by"})
	for _, by := range []vezne.LimitedBy{vezne.LimitedByClient, vezne.LimitedByCard, vezne.LimitedByOrder} {
		m.held.WithLabelValues(string(by))
	}
	m.registry.MustRegister(m.inbox, m.removed, m.http, m.held, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), waiting{s})
	return m
}

func (m *metrics) removedPayloads(kind string, n int64) {
	m.removed.WithLabelValues(kind).Add(float64(n))
}

func (m *metrics) received(result string) { m.inbox.WithLabelValues(result).Inc() }

func (m *metrics) throttled(by vezne.LimitedBy) { m.held.WithLabelValues(string(by)).Inc() }

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// observe times requests by area, method and status.
func (m *metrics) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &statusWriter{ResponseWriter: w}
		defer func() {
			m.http.WithLabelValues(area(r.URL.Path), method(r.Method), strconv.Itoa(max(rec.status, http.StatusOK))).Observe(time.Since(start).Seconds())
		}()
		next.ServeHTTP(rec, r)
	})
}

// area returns the first step of a path if it is one of ours: a label that
// strangers choose would grow without bound.
func area(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch first {
	case "v1", "webhooks", "pay", "shop", "admin", "assets", "healthz", "readyz", "metrics", "docs":
		return first
	}
	return "other"
}

func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodPost, http.MethodDelete, http.MethodHead, http.MethodOptions:
		return m
	}
	return "other"
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// waiting looks up what waits in the database.
type waiting struct{ store *store.Store }

// lookTime bounds the look.
const lookTime = 2 * time.Second

var (
	waitingCount = prometheus.NewDesc("vezne_waiting", "What waits in the database: marks to be read, calls without a conclusive answer, effects that nobody accepted.", []string{"what"}, nil)
	coveredAge   = prometheus.NewDesc("vezne_reconcile_uncovered_seconds", "How long ago the time lies until which Stripe's events were looked through; alarm when it grows beyond minutes.", nil, nil)
	troubled     = prometheus.NewDesc("vezne_events", "Events that a person should look at: dead ones could not be applied, quarantined ones are of another account or mode.", []string{"state"}, nil)
	missedTotal  = prometheus.NewDesc("vezne_reconcile_missed_events_total", "Events that were never delivered and found in Stripe's list.", nil, nil)
	keptAge      = prometheus.NewDesc("vezne_retention_oldest_seconds", "How old the oldest payload is that is not needed any more, 0 when there is none; alarm when it grows beyond the retention period.", []string{"what"}, nil)
	waitingAge   = prometheus.NewDesc("vezne_waiting_oldest_seconds", "How long the oldest of them waits, 0 when none does.", []string{"what"}, nil)
)

// Describe names the metrics.
func (waiting) Describe(ch chan<- *prometheus.Desc) {
	ch <- waitingCount
	ch <- waitingAge
	ch <- coveredAge
	ch <- missedTotal
	ch <- keptAge
	ch <- troubled
}

// Collect looks.
func (w waiting) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), lookTime)
	defer cancel()
	now, err := w.store.Now(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(waitingCount, err)
		return
	}
	for _, look := range []struct {
		what  string
		stats func(context.Context) (int64, time.Time, error)
	}{{"marks", w.store.MarkStats}, {"calls", w.store.CallStats}, {"effects", w.store.EffectStats}} {
		n, oldest, err := look.stats(ctx)
		if err != nil {
			ch <- prometheus.NewInvalidMetric(waitingCount, err)
			return
		}
		age := 0.0
		if n > 0 {
			age = max(0, now.Sub(oldest).Seconds())
		}
		ch <- prometheus.MustNewConstMetric(waitingCount, prometheus.GaugeValue, float64(n), look.what)
		ch <- prometheus.MustNewConstMetric(waitingAge, prometheus.GaugeValue, age, look.what)
	}
	w.watch(ctx, now, ch)
	w.kept(ctx, now, ch)
	w.events(ctx, ch)
}

// events tells of those that a person should look at.
func (w waiting) events(ctx context.Context, ch chan<- prometheus.Metric) {
	counts, err := w.store.TroubledEvents(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(troubled, err)
		return
	}
	for _, state := range []vezne.EventState{vezne.EventDead, vezne.EventQuarantined} {
		ch <- prometheus.MustNewConstMetric(troubled, prometheus.GaugeValue, float64(counts[state]), string(state))
	}
}

// kept tells how old the oldest payload is that retention may take.
func (w waiting) kept(ctx context.Context, now time.Time, ch chan<- prometheus.Metric) {
	oldest, err := w.store.OldestKept(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(keptAge, err)
		return
	}
	for _, kept := range []struct {
		what  string
		since time.Time
	}{{"event", oldest.Events}, {"effect", oldest.Effects}, {"call", oldest.Calls}} {
		age := 0.0
		if !kept.since.IsZero() {
			age = max(0, now.Sub(kept.since).Seconds())
		}
		ch <- prometheus.MustNewConstMetric(keptAge, prometheus.GaugeValue, age, kept.what)
	}
}

// watch tells how far the search for missed events has come; nothing before it
// began.
func (w waiting) watch(ctx context.Context, now time.Time, ch chan<- prometheus.Metric) {
	watch, err := w.store.Watch(ctx)
	switch {
	case vezne.CodeOf(err) == vezne.CodeNotFound:
	case err != nil:
		ch <- prometheus.NewInvalidMetric(coveredAge, err)
	default:
		ch <- prometheus.MustNewConstMetric(coveredAge, prometheus.GaugeValue, max(0, now.Sub(watch.CoveredUntil).Seconds()))
		ch <- prometheus.MustNewConstMetric(missedTotal, prometheus.CounterValue, float64(watch.Missed))
	}
}
