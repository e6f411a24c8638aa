// Package browser drives real pages in a real browser.
package browser

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/vezne/vezne/proof/loopback"
	"github.com/vezne/vezne/sandbox"
)

// nodeTests are the sandbox's browser tests, one process each.
var nodeTests = []string{"sandbox_checkout.test.mjs", "sandbox_order.test.mjs", "sandbox_elements.test.mjs", "sandbox_intents.test.mjs", "sandbox_access.test.mjs", "sandbox_home.test.mjs", "sandbox_home_access.test.mjs"}

// TestSandboxInABrowser starts a sandbox on a free port and runs the browser tests against it. It needs chromium and the
// npm packages that tools/setup.sh installs, and fails without them.
func TestSandboxInABrowser(t *testing.T) {
	if _, err := os.Stat("node_modules/playwright-core"); err != nil {
		t.Fatalf("The npm packages are missing: run tools/setup.sh. (%v)", err)
	}
	sb, err := sandbox.New(sandbox.Options{DisplayName: "Çınar Kahve"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	address := loopback.Serve(t, sb)
	for _, name := range nodeTests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
			defer cancel()
			node := exec.CommandContext(ctx, "node", "--test", "--test-timeout=120000", "--test-reporter=spec", name)
			node.Env = append(os.Environ(), "SANDBOX_URL="+address)
			out, err := node.CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
