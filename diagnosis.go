package vezne

// DiagnosisState says how an examined thing is.
type DiagnosisState string

// The states of a diagnosis.
const (
	DiagnosisOK DiagnosisState = "ok"
	// DiagnosisWarning: it works, and something should be better.
	DiagnosisWarning DiagnosisState = "warning"
	// DiagnosisProblem: money, events or safety are at risk until it is mended.
	DiagnosisProblem DiagnosisState = "problem"
	// DiagnosisUnknown: it could not be examined; Hint says why.
	DiagnosisUnknown DiagnosisState = "unknown"
)

// Diagnosis is what the doctor says of one thing.
type Diagnosis struct {
	// Check names the thing: "stripe.endpoint".
	Check string         `json:"check"`
	State DiagnosisState `json:"state" enum:"ok,warning,problem,unknown"`
	// Message is a sentence, Hint says what to do; empty when there is nothing.
	Message string `json:"message"`
	Hint    string `json:"hint"`
}
