package sandbox

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vezne/vezne/sandbox/internal/description"
)

const versionDocs = "../docs/reference/sandbox-versions.md"

const versionDocsHead = `# API versions

<!-- Written by go test ./sandbox -run TestVersionDocsAreFresh -update, from the changes that the sandbox itself works by. -->

A call names its version in ` + "`Stripe-Version`" + `; one that does not is in the account's default version, which is the newest
(` + "`%[1]s`" + `) unless ` + "`Options.DefaultAPIVersion`" + ` or ` + "`POST /_sandbox/settings`" + ` says otherwise. Parameters, answers, lists,
expanded objects, and the objects that errors carry are in that version. A version that Stripe does not have is 400
` + "`Invalid Stripe API version: …`" + `; so, with a sentence more, is one from before ` + "`%[2]s`" + `.

An event is rendered when it is made and never again: in the version of each webhook endpoint that wants it
(` + "`api_version`" + `, else the account's default), and in the account's default version for ` + "`GET /v1/events`" + `.
` + "`previous_attributes`" + ` are in the same version as the object. An answer that is replayed for its ` + "`Idempotency-Key`" + ` stays in the
version of the first call. The sandbox's own pages and scripts speak the newest version.

Known versions: %[3]s.

What a version adds and breaks nobody is shown in all versions, as at Stripe
([backwards-compatible changes](https://docs.stripe.com/upgrades)). Only what a version adds in the place of something that it
removes is hidden from the versions before it. Of acacia, the first train, nothing is listed: its own changes concern the
versions before it.

The default ` + "`capture_method`" + ` (` + "`automatic_async`" + `) is the same in all these versions.

`

const versionDocsTail = `## Not brought over

Calls of any version meet the newest shape in what the sandbox keeps as state only and in details that it does not act out: connected
accounts, persons and capabilities; financial connections; issuing, terminal, treasury, climate; tax registrations and
calculations; payment records and radar evaluations; ` + "`preferred_settlement_speed`" + ` of US bank accounts (before dahlia); what
` + "`POST /v1/payment_methods/{payment_method}`" + ` no longer takes (` + "`link`, `pay_by_bank`, `naver_pay`, `payto`" + `); usage records (before basil); how
schedules computed the end of a phase (before clover).

## Event destinations and thin events

` + "`/v2/core/event_destinations`" + ` (create, read, update, delete, list, enable, disable, ping) and ` + "`/v2/core/events`" + ` (read, list) take JSON
bodies and ask for ` + "`Stripe-Version`" + `. A destination of type ` + "`webhook_endpoint`" + ` gets snapshots in its ` + "`snapshot_api_version`" + `, or thin
events: every event ` + "`x.y`" + ` of the first generation is also the thin ` + "`v1.x.y`" + `, with ` + "`related_object`" + ` (id, type, url; null where no address
reads the object), signed and retried as any delivery. Destinations count towards the 16 endpoints of an account, and are not listed
under ` + "`/v1/webhook_endpoints`" + `.

| subject | here | source or reason |
|---|---|---|
| id of a thin event | derived from the snapshot's; nothing more is stored | choice |
| thin names that no snapshot has (` + "`v1.price.activated`" + `, ` + "`v2.core.account.…`" + `) | can be selected, never sent, but for the ping | only what the sandbox acts out has events |
| destinations of type amazon_eventbridge and azure_event_grid | refused | nothing to send to |
| a payload and a version that do not fit together | 400 | choice |

## What the official clients make of it

stripe-go refuses an event whose train is not its own (` + "`webhook.ConstructEvent`" + `; v85 is of dahlia), unless it is told to ignore the
version. stripe-node 23.1.0 is of endive and checks the signature only: it takes an event of any version, so an application that
wants to be sure compares ` + "`event.api_version`" + ` with ` + "`Stripe.API_VERSION`" + `. Both refuse a thin event where a snapshot is expected, and the
reverse. All of this is tested with both clients.
`

// versionPage writes the page.
func versionPage() string {
	var b strings.Builder
	var known []string
	for _, version := range slices.Concat(knownVersions(), laterVersions) {
		if version >= firstVersion {
			known = append(known, "`"+version+"`")
		}
	}
	fmt.Fprintf(&b, versionDocsHead, newestVersion(), firstVersion, strings.Join(known, ", "))
	changes := slices.Clone(versionChanges)
	slices.SortStableFunc(changes, func(x, y *versionChange) int { return strings.Compare(y.since, x.since) })
	last := ""
	for _, c := range changes {
		if c.since != last {
			if last != "" {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "## Since %s\n\n| what differs | what the sandbox does not do of it | source |\n|---|---|---|\n", c.since)
			last = c.since
		}
		limits := c.limits
		if limits == "" {
			limits = "–"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", cell(c.what), cell(limits), cell(c.source))
	}
	b.WriteString("\n" + versionDocsTail)
	return b.String()
}

func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

func TestVersionDocsAreFresh(t *testing.T) {
	t.Parallel()
	page := versionPage()
	if *Update {
		if err := os.WriteFile(versionDocs, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if kept := readText(t, versionDocs); kept != page {
		t.Errorf("%s is not what the changes say: go test ./sandbox -run TestVersionDocsAreFresh -update", versionDocs)
	}
}

// TestVersionChangesAreWhole holds each change to what it must have, and to the description: a schema, operation or key
// that it names is there, and what it edits becomes another.
func TestVersionChangesAreWhole(t *testing.T) {
	t.Parallel()
	api := description.Load()
	for _, c := range versionChanges {
		name := c.since + ": " + c.what
		if _, known := spokenVersions()[c.since]; !known || c.what == "" || c.source == "" || !strings.HasSuffix(c.what, ".") || len(c.shapes)+len(c.calls)+len(c.routes) == 0 {
			t.Errorf("%s: it lacks a version, a text, a source or a change", name)
		}
		for _, s := range c.shapes {
			n := api.Schema(s.schema)
			if n == nil {
				t.Errorf("%s: there is no schema %s", name, s.schema)
				continue
			}
			for i, edit := range s.edit {
				edited := copyNode(n)
				if edit(edited); sameProps(n, edited) {
					t.Errorf("%s: edit %d of %s changes nothing", name, i, s.schema)
				}
			}
			if len(s.edit) == 0 && s.fill == nil {
				t.Errorf("%s: %s is not changed", name, s.schema)
			}
		}
		for _, call := range c.calls {
			if len(call.ops) == 0 && call.match == nil {
				t.Errorf("%s: a call without an operation", name)
			}
			for _, op := range call.ops {
				found := api.Find(op)
				if found == nil {
					t.Errorf("%s: there is no operation %s", name, op)
					continue
				}
				for i, edit := range call.edit {
					edited := copyNode(found.Params)
					if edit(edited); sameProps(found.Params, edited) {
						t.Errorf("%s: edit %d of %s changes nothing", name, i, op)
					}
				}
			}
		}
		for _, old := range c.routes {
			if api.Find(old.by) == nil || api.Find(old.method+" "+old.path) != nil {
				t.Errorf("%s: %s %s is not answered, or not old", name, old.method, old.path)
			}
		}
	}
}

// sameProps says whether two nodes have the same keys of the same nodes.
func sameProps(a, b *description.Node) bool {
	return slices.EqualFunc(a.Props, b.Props, func(x, y description.Prop) bool { return x.Name == y.Name && x.Node == y.Node })
}

// TestVersionsOfTheNewestTrainNeedNoWork: their calls take the way without a dialect.
func TestVersionsOfTheNewestTrainNeedNoWork(t *testing.T) {
	t.Parallel()
	for version, d := range spokenVersions() {
		if (d == nil) != (train(version) == train(newestVersion())) {
			t.Errorf("%s: dialect %v", version, d)
		}
	}
}
