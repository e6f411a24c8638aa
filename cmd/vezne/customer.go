package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
)

func (a *app) customer() *cobra.Command {
	return parent("customer", "Persons: export what is kept of one, or erase it", a.customerExport(), a.customerErase())
}

// personJSON says who is meant, as the REST API has it.
type personJSON struct {
	Reference      string         `json:"reference,omitempty"`
	StripeCustomer vezne.ObjectID `json:"stripe_customer,omitempty"`
	Email          string         `json:"email,omitempty"`
}

// asPerson gives a command the flags that say who is meant.
func asPerson(cmd *cobra.Command) func() (personJSON, error) {
	flags := cmd.Flags()
	reference := flags.String("reference", "", "Who: the application's own id of the person")
	stripe := flags.String("stripe-customer", "", "Who: Stripe's id, cus_…")
	email := flags.String("email", "", "Who: everybody who has or had the address here, guests too")
	return func() (personJSON, error) {
		given := 0
		for _, s := range []string{*reference, *stripe, *email} {
			if s != "" {
				given++
			}
		}
		if given != 1 {
			return personJSON{}, wrong("`"+cmd.CommandPath()+"` needs one of --reference, --stripe-customer and --email.", "See `"+cmd.CommandPath()+" --help`.")
		}
		return personJSON{*reference, vezne.ObjectID(*stripe), *email}, nil
	}
}

func (p personJSON) query() vezne.CustomerQuery {
	return vezne.CustomerQuery{Reference: p.Reference, StripeCustomer: p.StripeCustomer, Email: p.Email}
}

// onEngine gives a command an engine that was not started.
func (a *app) onEngine(ctx context.Context, do func(*engine.Engine) error) (err error) {
	e, err := engine.Open(ctx, a.settings.engine("http://127.0.0.1", engine.Logger(a.err, a.settings.LogLevel)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close(context.WithoutCancel(ctx))) }()
	return do(e)
}

func (a *app) customerExport() *cobra.Command {
	cmd := &cobra.Command{
		Use: "export", Short: "Write everything that is kept of a person, as one JSON document", Args: words(),
		Long: `Export writes everything that is kept of a person as one JSON document: records,
saved methods, orders with their attempts, refunds and invoices, the audit trail,
requests to Stripe, call-backs, objects of Stripe as they are kept, and events
whose payload tells of the person.

It asks a running service, when --server and a token are given; else it opens
the database, which must be the only one at a SQLite file.`,
		Example: `  vezne customer export --reference 4711 > 4711.json
  VEZNE_SERVER=http://127.0.0.1:4242 VEZNE_TOKEN=vz_… vezne customer export --email ayse@example.com`,
	}
	take(cmd, "database", "body-key", "public-url", "server", "token", "log-level")
	take(cmd, stripeSettings...)
	who := asPerson(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		p, err := who()
		if err != nil {
			return err
		}
		var x vezne.CustomerExport
		if a.settings.Server != "" {
			err = a.call(cmd.Context(), http.MethodPost, "/v1/customer-exports", p, &x)
		} else {
			err = a.onEngine(cmd.Context(), func(e *engine.Engine) (err error) {
				x, err = e.ExportCustomer(cmd.Context(), p.query())
				return err
			})
		}
		if err != nil {
			return err
		}
		return a.print(x)
	}
	return cmd
}

// eraseJSON asks for an erasure, as the REST API has it.
type eraseJSON struct {
	personJSON
	DryRun   bool `json:"dry_run,omitempty"`
	AtStripe bool `json:"at_stripe,omitempty"`
}

func (a *app) customerErase() *cobra.Command {
	cmd := &cobra.Command{
		Use: "erase", Short: "Erase everything that tells of a person, for good", Args: words(),
		Long: `Erase takes everything that tells of a person: names, addresses, references,
metadata, what Stripe said of them, what was sent and answered, payloads of
events. It cannot be taken back, and what Stripe says later does not bring it
back. Money, states and times stay; so do invoices, which the law that has them
written also has kept. The audit trail still verifies: it keeps the digests of
what was erased.

While something is under way, such as an open order or a dispute, it refuses and
says what. With --dry-run it says what it would do. It asks for confirmation,
unless --yes is given. --at-stripe has Stripe delete its customer too, which ends
saved methods there; what Stripe keeps of payments is erased in Stripe's own
dashboard.

Backups hold what they held: erase again after a restore.

It asks a running service, when --server and a token are given; else it opens
the database, which must be the only one at a SQLite file.`,
		Example: `  vezne customer erase --reference 4711 --dry-run
  VEZNE_SERVER=http://127.0.0.1:4242 VEZNE_TOKEN=vz_… vezne customer erase --reference 4711 --yes`,
	}
	take(cmd, "database", "body-key", "public-url", "server", "token", "log-level")
	take(cmd, stripeSettings...)
	who := asPerson(cmd)
	dry := cmd.Flags().Bool("dry-run", false, "Say what would be erased, and erase nothing")
	atStripe := cmd.Flags().Bool("at-stripe", false, "Have Stripe delete its customer too")
	yes := cmd.Flags().Bool("yes", false, "Do not ask for confirmation")
	inJSON := asJSON(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		p, err := who()
		if err != nil {
			return err
		}
		if !*dry && !*yes {
			preview, err := a.erase(cmd.Context(), eraseJSON{p, true, *atStripe})
			if err != nil {
				return err
			}
			if err := a.confirm(preview); err != nil {
				return err
			}
		}
		e, err := a.erase(cmd.Context(), eraseJSON{p, *dry, *atStripe})
		if err != nil {
			return err
		}
		if *inJSON {
			return a.print(e)
		}
		return a.sayErasure(e)
	}
	return cmd
}

// erase asks the service, or does it here.
func (a *app) erase(ctx context.Context, p eraseJSON) (out vezne.ErasureJSON, err error) {
	if a.settings.Server != "" {
		return out, a.call(ctx, http.MethodPost, "/v1/customer-erasures", p, &out)
	}
	return out, a.onEngine(ctx, func(e *engine.Engine) error {
		r, err := e.EraseCustomer(ctx, commandLine, p.query(), engine.EraseParams{AtStripe: p.AtStripe, DryRun: p.DryRun})
		out = r.JSON()
		return err
	})
}

// confirm asks whoever sits there; what is no yes is a no.
func (a *app) confirm(e vezne.ErasureJSON) error {
	if _, err := fmt.Fprintf(a.err, "Erase %d customers and %d orders for good? Write yes: ", e.Erased.Customers, e.Erased.Orders); err != nil {
		return err
	}
	line, err := bufio.NewReader(a.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if strings.TrimSpace(line) != "yes" {
		return wrong("Nothing was erased.", "Write yes to erase, or give --yes.")
	}
	return nil
}

func (a *app) sayErasure(e vezne.ErasureJSON) error {
	for _, b := range e.Blockers {
		if err := a.say("%s  %s", b.What, b.Why); err != nil {
			return err
		}
	}
	verb, n := "Erased", e.Erased
	if e.DryRun {
		verb = "Would erase"
	}
	if err := a.say("%s: %d customers, %d orders, %d saved methods, %d objects of Stripe, %d requests, %d call-backs, %d audit lines, %d kept answers, %d payloads of events.",
		verb, n.Customers, n.Orders, n.PaymentMethods, n.Objects, n.Calls, n.Effects, n.Entries, n.Answers, n.Events); err != nil {
		return err
	}
	for _, i := range e.Invoices {
		if err := a.say("Kept, because the law has invoices kept: %s of %s.", i.Number, i.IssuedAt.Format("2006-01-02")); err != nil {
			return err
		}
	}
	for _, id := range e.Calls {
		if err := a.say("Stripe is asked to delete its customer: %s.", id); err != nil {
			return err
		}
	}
	if e.DryRun && len(e.Blockers) > 0 {
		return a.say("It would be refused: something is under way.")
	}
	return nil
}
