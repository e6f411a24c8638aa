package sandbox

import "fmt"

// operation is what a route does: it changes objects through tx and answers one.
type operation func(tx *accountTx, r *apiRequest) (*stripeObject, error)

// behaviours are the hand-written operations by "METHOD /path" of the description; privates are routes that the
// description does not have; dueJobs are what due jobs run; simulations are what people and banks do.
// All are filled before main and never change.
var (
	behaviours  = map[string]operation{}
	privates    = map[string]operation{}
	dueJobs     = map[string]func(tx *accountTx, id string) error{}
	simulations = map[string]func(tx *accountTx, p formParams) (*stripeObject, error){}
)

// behave gives an operation of the description its behaviour: "POST /v1/payment_intents/{intent}/confirm". What has none
// gets the default. It panics when the operation has one already.
func behave(op string, f func(tx *accountTx, r *apiRequest) (*stripeObject, error)) {
	register(behaviours, op, operation(f))
}

// private serves a route that the description does not have. Its parameters are decoded but not checked.
func private(op string, f func(tx *accountTx, r *apiRequest) (*stripeObject, error)) {
	register(privates, op, operation(f))
}

// onDue names a job that accountTx.Due may plan.
func onDue(job string, f func(tx *accountTx, id string) error) { register(dueJobs, job, f) }

// simulation names what POST /_sandbox/simulate may do.
func simulation(typ string, f func(tx *accountTx, p formParams) (*stripeObject, error)) {
	register(simulations, typ, f)
}

func register[F any](table map[string]F, name string, f F) {
	if _, ok := table[name]; ok {
		panic(fmt.Sprintf("sandbox: %s is registered twice", name))
	}
	table[name] = f
}
