// Package clients drives the sandbox with official clients of other languages.
package clients

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/vezne/vezne/proof/loopback"
	"github.com/vezne/vezne/sandbox"
)

// TestStripeNode runs the tests of stripe-node against a sandbox on a free port. It needs node and the npm package that
// tools/setup.sh installs, and fails without them.
func TestStripeNode(t *testing.T) {
	if _, err := os.Stat("node_modules/stripe"); err != nil {
		t.Fatalf("The npm packages are missing: run tools/setup.sh. (%v)", err)
	}
	sb, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	node := exec.CommandContext(ctx, "node", "--test", "--test-timeout=60000", "--test-reporter=spec", "stripe_node_events.test.mjs")
	node.Env = append(os.Environ(), "SANDBOX_URL="+loopback.Serve(t, sb), "STRIPE_SUPPRESS_NOTICES=true")
	if out, err := node.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
