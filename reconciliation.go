package vezne

import "time"

// ReconciliationID names one search for what was missed: "rec_…".
type ReconciliationID string

// ReconciliationPrefix begins the ids of reconciliations.
const ReconciliationPrefix = "rec_"

// ReconciliationState says how far a search is.
type ReconciliationState string

// The states of a reconciliation.
const (
	// ReconciliationRunning: it goes on, or waits for a process that goes on
	// with it where it stopped.
	ReconciliationRunning ReconciliationState = "running"
	// ReconciliationComplete: everything was looked at. Final.
	ReconciliationComplete ReconciliationState = "complete"
	// ReconciliationFailed: Stripe or the database refused; what was not looked
	// at stays unknown. Final.
	ReconciliationFailed ReconciliationState = "failed"
)

// ReconciliationStage is a part of a search.
type ReconciliationStage string

// The stages of a reconciliation, in their order.
const (
	StageEvents         ReconciliationStage = "events"
	StagePaymentIntents ReconciliationStage = "payment_intents"
	StageSessions       ReconciliationStage = "checkout_sessions"
	StageRefunds        ReconciliationStage = "refunds"
	StageDisputes       ReconciliationStage = "disputes"
	StageSetupIntents   ReconciliationStage = "setup_intents"
	// StageOpen reads again whatever has not come to an end.
	StageOpen ReconciliationStage = "open_objects"
)

// ReconciliationStages returns the stages in their order.
func ReconciliationStages() []ReconciliationStage {
	return []ReconciliationStage{StageEvents, StagePaymentIntents, StageSessions, StageRefunds, StageDisputes, StageSetupIntents, StageOpen}
}

// MaxFindings is how many findings a reconciliation lists; more are counted.
const MaxFindings = 1000

// Reconciliation is one search for what was missed.
type Reconciliation struct {
	ID ReconciliationID
	// Since and Until bound what is looked at, by the time at which Stripe made
	// it.
	Since, Until time.Time
	// DryRun finds and changes nothing.
	DryRun bool
	State  ReconciliationState
	Stage  ReconciliationStage
	// Cursor is the last object of the stage's list that was looked at.
	Cursor string
	// Seen counts what was looked at.
	Seen int64
	// Findings are the first MaxFindings; Found counts all.
	Findings []Finding
	Found    int64
	// Error says why it failed.
	Error     string
	Actor     Actor
	CreatedAt time.Time
	EndedAt   *time.Time
}

// FindingKind says what is wrong with an object.
type FindingKind string

// The kinds of findings.
const (
	// FindingMissedEvent: Stripe lists an event that never arrived.
	FindingMissedEvent FindingKind = "missed_event"
	// FindingUnknown: an object of an order or a customer of ours was never read.
	FindingUnknown FindingKind = "unknown_object"
	// FindingDiffers: Stripe's list shows another state than the kept one.
	FindingDiffers FindingKind = "differs"
	// FindingOrphan: an object names an order or a customer that is not here, as
	// after a restore, or when two databases share an account.
	FindingOrphan FindingKind = "orphan"
)

// Finding is one difference between Stripe and the desk.
type Finding struct {
	Kind   FindingKind `json:"kind"`
	Object ObjectID    `json:"object"`
	Type   ObjectType  `json:"type"`
	Event  EventID     `json:"event,omitempty"`
	// Detail says what differs: the event's type, or both states.
	Detail string `json:"detail"`
	// Action is "marked" (to be read now), "would_mark", or "none".
	Action string `json:"action"`
}

// What was done about a finding.
const (
	ActionMarked    = "marked"
	ActionWouldMark = "would_mark"
	ActionNone      = "none"
)

// Watch is how far the continuous search has come.
type Watch struct {
	// CoveredUntil: everything that Stripe lists as made before was looked at.
	CoveredUntil time.Time
	// Until and Cursor are those of the window that is being looked at.
	Until  time.Time
	Cursor string
	// Missed counts the events that it found.
	Missed int64
	// LastError is why the last try failed, empty when it did not.
	LastError string
}

// ReconciliationJSON is the JSON form of a reconciliation. It only grows.
type ReconciliationJSON struct {
	ID        ReconciliationID    `json:"id" doc:"Identifier: rec_…"`
	Object    string              `json:"object" doc:"Always \"reconciliation\""`
	State     ReconciliationState `json:"state" enum:"running,complete,failed" doc:"Only complete says that everything was looked at"`
	Since     time.Time           `json:"since" doc:"What Stripe made before is not looked at"`
	Until     time.Time           `json:"until"`
	DryRun    bool                `json:"dry_run" doc:"True when nothing was marked to be read"`
	Stage     ReconciliationStage `json:"stage" enum:"events,payment_intents,checkout_sessions,refunds,disputes,setup_intents,open_objects"`
	Seen      int64               `json:"seen" doc:"How many events and objects were looked at"`
	Found     int64               `json:"found" doc:"How many differences there were"`
	Findings  []Finding           `json:"findings" doc:"The first 1000 differences"`
	Error     string              `json:"error" doc:"Why it failed, or waits for its next try"`
	CreatedAt time.Time           `json:"created_at"`
	EndedAt   *time.Time          `json:"ended_at"`
}

// JSON returns the JSON form.
func (r Reconciliation) JSON() ReconciliationJSON {
	return ReconciliationJSON{
		ID: r.ID, Object: "reconciliation", State: r.State, Since: r.Since, Until: r.Until, DryRun: r.DryRun, Stage: r.Stage, Seen: r.Seen, Found: r.Found,
		Findings: append([]Finding{}, r.Findings...), Error: r.Error, CreatedAt: r.CreatedAt, EndedAt: r.EndedAt,
	}
}
