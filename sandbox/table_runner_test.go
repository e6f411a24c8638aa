package sandbox_test

import (
	"strings"
	"testing"
)

const runnerStates = "# Customer\n\n| state | how it comes about | what holds |\n|---|---|---|\n" +
	"| made | `POST /v1/customers name=Ada` | `name=Ada` |\n\n"

// Rows that do not hold, each with what the runner says of it.
func TestTheRunnerFindsRowsThatDoNotHold(t *testing.T) {
	t.Parallel()
	const head = "| state | call | next state | error | events, in order |\n|---|---|---|---|---|\n"
	server := newTableServer(t)
	for line, tc := range []struct{ name, row, want string }{
		{"right", "| made | `POST /v1/customers/{customer} name=Eda` | `name=Eda` | – | customer.updated (name=Ada) |", ""},
		{"another value", "| made | `POST /v1/customers/{customer} name=Eda` | `name=Ada` | – | customer.updated |", "name is Eda, not Ada"},
		{"a value that is there", "| made | `GET /v1/customers/{customer}` | `name=null` | – | – |", "name is Ada, not null"},
		{"a value that is not there", "| made | `GET /v1/customers/{customer}` | `phone=any` | – | – |", "phone is null, not any"},
		{"another object's value", "| made | `POST /v1/prices currency=usd unit_amount=500 product_data[name]=Tea` | `{price}.product.name=Coffee` | – | product.created, price.created |", "{price}.product.name is Tea, not Coffee"},
		{"an event less", "| made | `POST /v1/customers/{customer} name=Eda` | – | – | – |", "the events are customer.updated"},
		{"an event more", "| made | `GET /v1/customers/{customer}` | – | – | customer.updated |", "the events are –"},
		{"another order", "| made | `POST /v1/prices currency=usd unit_amount=500 product_data[name]=Tea` | – | – | price.created, product.created |", "the events are product.created, price.created"},
		{"a field before that is not named", "| made | `POST /v1/customers/{customer} name=Eda phone=1` | – | – | customer.updated (name) |", "previous_attributes are"},
		{"another value before", "| made | `POST /v1/customers/{customer} name=Eda` | – | – | customer.updated (name=Eda) |", "name is Ada, not Eda"},
		{"an error that is not said", "| made | `POST /v1/customers/{customer} nope=1` | – | – | – |", "refused: `400 invalid_request_error parameter_unknown param=nope"},
		{"no error", "| made | `GET /v1/customers/{customer}` | – | `400 invalid_request_error` | – |", "the answer is 200"},
		{"another status", "| made | `GET /v1/customers/none` | – | `400 invalid_request_error resource_missing param=id` | – |", "the answer is `404"},
		{"another code", "| made | `GET /v1/customers/none` | – | `404 invalid_request_error parameter_unknown param=id` | – |", "the answer is `404"},
		{"a param that is not said", "| made | `GET /v1/customers/none` | – | `404 invalid_request_error resource_missing` | – |", "the answer is `404"},
		{"another message", "| made | `GET /v1/customers/none` | – | `404 invalid_request_error resource_missing param=id` \"No such thing\" | – |", "the answer is `404"},
		{"a change", "| made | `POST /v1/customers/{customer} name=Eda` | unchanged | – | customer.updated |", "changed: name=Eda"},
		{"not gone", "| made | `GET /v1/customers/{customer}` | gone | – | – |", "is still there"},
		{"a refused call ahead", "| made | `GET /v1/customers/none`; `GET /v1/customers/{customer}` | – | – | – |", "No such customer"},
		{"a refusal that does not come", "| made; `refused GET /v1/customers/{customer}` | `GET /v1/customers/{customer}` | – | – | – |", "200"},
		{"a state that is not reached", "| made; `POST /v1/customers name=Eda`; wrong | `GET /v1/customers/{customer}` | – | – | – |", "the state wrong is not reached: name is Ada, not Eda"},
		{"a name without an object", "| made | `GET /v1/charges/{charge}` | – | – | – |", "charge"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			text := runnerStates
			if strings.Contains(tc.row, "wrong") {
				text = strings.TrimSuffix(text, "\n") + "| wrong | made | `name=Eda` |\n\n"
			}
			page, faults := parsePage("customer.md", text+head+tc.row+"\n")
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			account := server.account(t, page, line)
			got, err := account.perform(page.rows[0])
			if err != nil {
				faults = []string{err.Error()}
			} else {
				faults = account.verify(page.rows[0].want, got)
			}
			said := strings.Join(faults, "\n")
			if (tc.want == "") != (said == "") || !strings.Contains(said, tc.want) {
				t.Errorf("the runner says %q, want %q", said, tc.want)
			}
		})
	}
}

// Pages that are not in the grammar are refused, with the line.
func TestTheRunnerRefusesPagesThatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	const head = "| state | call | next state |\n|---|---|---|\n"
	for _, tc := range []struct{ name, text, want string }{
		{"right", runnerStates + head + "| made | `GET /v1/customers/{customer}` | `name=Ada` |\n", ""},
		{"right with a template", runnerStates + "State: made\n\nCall: `POST /v1/customers/{customer} name={new name}`\n\n| new name | `name` | note |\n|---|---|---|\n| Eda | Eda | Short. |\n", ""},
		{"right with two templates", runnerStates + "State: made\n\nCall: `POST /v1/customers/{customer} name={name}`\nCall: `POST /v1/customers/{customer} name={other}`\n\n| name | other | the new name `name` |\n|---|---|---|\n| Eda | – | Eda |\n", ""},
		{"no value for a template", runnerStates + "State: made\n\nCall: `POST /v1/customers/{customer} name={new}`\n\n| new | `name` |\n|---|---|\n| – | Eda |\n", "no call has all its words"},
		{"an unknown heading", runnerStates + "| state | call | next state | remarks |\n|---|---|---|---|\n| made | `GET /v1/customers/{customer}` | – | – |\n", `customer.md:7: the heading "remarks" is unknown`},
		{"no rows", runnerStates, "customer.md:1: a page without rows"},
		{"a table without rows", runnerStates + head, "customer.md:7: a table without rows"},
		{"a state that nobody uses", runnerStates + head + "| – | `POST /v1/customers` | – |\n", "customer.md:5: no row begins in the state made"},
		{"an unknown state", runnerStates + head + "| made; lost | `GET /v1/customers/{customer}` | – |\n", `customer.md:9: the state "lost" is not defined`},
		{"a state of which nothing holds", strings.Replace(runnerStates, "`name=Ada`", "–", 1) + head + "| made | `GET /v1/customers` | – |\n", "nothing says what the state made is"},
		{"a cell too many", runnerStates + head + "| made | `GET /v1/customers` | – | – |\n", "customer.md:9: 4 cells under 3 headings"},
		{"no call", runnerStates + head + "| made | nothing | – |\n", `"nothing" is no call`},
		{"an unknown verb", runnerStates + head + "| made | `FETCH /v1/customers` | – |\n", "no call: FETCH"},
		{"a call without an end", runnerStates + head + "| made | `GET /v1/customers | – |\n", "a code span without an end"},
		{"a quotation without an end", runnerStates + head + "| made | `POST /v1/customers name=\"Ada` | – |\n", "without its second"},
		{"a sentence as state", runnerStates + head + "| made | `GET /v1/customers` | it is 20% off |\n", "says nothing of what holds"},
		{"no error status", runnerStates + "| state | call | error |\n|---|---|---|\n| made | `GET /v1/customers` | invalid |\n", "is no status of an error"},
		{"an unknown field of errors", runnerStates + "| state | call | error |\n|---|---|---|\n| made | `GET /v1/customers` | `400 invalid_request_error reason=x` |\n", `an error has no "reason"`},
		{"no event", runnerStates + "| state | call | events, in order |\n|---|---|---|\n| made | `GET /v1/customers` | nothing happens |\n", "is no event"},
		{"an empty cell under a path", runnerStates + "| state | call | `name` |\n|---|---|---|\n| made | `GET /v1/customers` | |\n", "a dash says that there is no value"},
		{"a table that wants nothing", runnerStates + "| state | call |\n|---|---|\n| made | `GET /v1/customers` |\n", "a table that wants nothing"},
		{"two calls", runnerStates + "Call: `GET /v1/customers`\n\n" + head + "| made | `GET /v1/customers` | – |\n", "one column of calls"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, faults := parsePage("customer.md", tc.text)
			said := strings.Join(faults, "\n")
			if (tc.want == "") != (said == "") || !strings.Contains(said, tc.want) {
				t.Errorf("the runner says %q, want %q", said, tc.want)
			}
		})
	}
}
