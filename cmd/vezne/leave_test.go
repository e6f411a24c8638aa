package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// leaving is a sandbox and a service that are run as a person runs them.
type leaving struct {
	t       *testing.T
	ctx     context.Context //nolint:containedctx // bounds the whole test
	dir     string
	sandbox *killedSandbox
	env     []string
	service string
	token   string
}

func newLeaving(t *testing.T) *leaving {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	l := &leaving{t: t, ctx: ctx, dir: t.TempDir(), sandbox: startSandboxOver(t, t.TempDir())}
	account, status, err := l.sandbox.ask(ctx, http.MethodGet, "/v1/account", "")
	if err != nil || status != http.StatusOK {
		t.Fatalf("the account: %d, %v", status, err)
	}
	l.env = append(os.Environ(), "STRIPE_SECRET_KEY=sk_test_killed", "STRIPE_PUBLISHABLE_KEY=pk_test_killed", "STRIPE_WEBHOOK_SECRET=whsec_test",
		"STRIPE_API_BASE="+l.sandbox.url, "VEZNE_DATABASE_URL=sqlite:"+filepath.Join(l.dir, "vezne.db"), "VEZNE_ADDR=127.0.0.1:0",
		"VEZNE_ACCOUNT="+strings.TrimSpace(account))
	return l
}

// start runs the service and waits until it is ready.
func (l *leaving) start(name string, flags ...string) *exec.Cmd {
	l.t.Helper()
	ready := filepath.Join(l.dir, name)
	cmd := exec.CommandContext(l.ctx, "vezne", append([]string{"serve", "--ready-file", ready}, flags...)...)
	cmd.Env, cmd.Stderr = l.env, l.t.Output()
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	var said struct{ Service string }
	l.until(func() bool {
		text, err := os.ReadFile(ready)
		return err == nil && json.Unmarshal(text, &said) == nil && said.Service != ""
	})
	l.service = said.Service
	return cmd
}

// until waits until something is so, as long as the test may take.
func (l *leaving) until(so func() bool) {
	l.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-l.ctx.Done():
			l.t.Fatal("it never came to that")
		case <-tick.C:
		}
	}
}

// post sends JSON with a key and returns status and answer.
func (l *leaving) post(url, key, body string) (int, []byte) {
	l.t.Helper()
	r, err := http.NewRequestWithContext(l.ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		l.t.Error(err)
		return 0, nil
	}
	text, err := io.ReadAll(a.Body)
	if closed := a.Body.Close(); err != nil || closed != nil {
		l.t.Error(err, closed)
	}
	return a.StatusCode, text
}

// hits returns how many calls the fault of the sandbox met.
func (l *leaving) hits() int {
	l.t.Helper()
	r, err := http.NewRequestWithContext(l.ctx, http.MethodGet, l.sandbox.url+"/_sandbox/faults", http.NoBody)
	if err != nil {
		l.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer sk_test_killed")
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	var list struct{ Data []struct{ Hits int } }
	err = json.NewDecoder(a.Body).Decode(&list)
	if closed := a.Body.Close(); err != nil || closed != nil || len(list.Data) != 1 {
		l.t.Fatalf("the faults: %+v, %v, %v", list, err, closed)
	}
	return list.Data[0].Hits
}

// A service that is told to end while Stripe does not answer ends in order, its
// caller is answered, and the next start sends the same call.
func TestTheServiceEndsInOrderDuringACallThatHangs(t *testing.T) {
	t.Parallel()
	l := newLeaving(t)
	create := exec.CommandContext(l.ctx, "vezne", "token", "create", "shop")
	create.Env, create.Stderr = l.env, t.Output()
	token, err := create.Output()
	if err != nil {
		t.Fatal(err)
	}
	l.token = string(bytes.TrimSpace(token))
	first := l.start("first.json", "--shutdown-timeout", "8s")
	status, text := l.post(l.service+"/v1/orders", l.token, `{"currency":"usd","lines":[{"name":"Tea","unit_amount":500}]}`)
	var order struct{ ID string }
	if err := json.Unmarshal(text, &order); err != nil || status != http.StatusCreated {
		t.Fatalf("the order: %d %s, %v", status, text, err)
	}
	if status, text := l.post(l.sandbox.url+"/_sandbox/faults", "sk_test_killed", `{"method":"POST","path":"/v1/checkout/sessions","effect":"timeout"}`); status != http.StatusCreated {
		t.Fatalf("the fault: %d %s", status, text)
	}
	answered := make(chan int, 1)
	go func() {
		status, _ := l.post(l.service+"/v1/orders/"+order.ID+"/checkout", l.token, "")
		answered <- status
	}()
	l.until(func() bool { return l.hits() == 1 })
	if err := first.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := <-answered; status < 500 {
		t.Errorf("whoever waited for the call was answered %d", status)
	}
	if err := first.Wait(); err != nil {
		t.Errorf("the service ended with %v", err)
	}

	second := l.start("second.json")
	if status, text = l.post(l.service+"/v1/orders/"+order.ID+"/checkout", l.token, ""); status != http.StatusOK && status != http.StatusCreated {
		t.Errorf("the checkout after the next start: %d %s", status, text)
	}
	if err := second.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := second.Wait(); err != nil {
		t.Errorf("the second service ended with %v", err)
	}
}
