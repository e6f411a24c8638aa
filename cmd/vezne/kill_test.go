package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// killedSandbox is a process of vezne sandbox over a folder.
type killedSandbox struct {
	cmd *exec.Cmd
	url string
}

// startSandboxOver starts the program and waits until it says that it is ready.
func startSandboxOver(t *testing.T, dir string) *killedSandbox {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready.json")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "vezne", "sandbox", "--addr", "127.0.0.1:0", "--data", dir, "--ready-file", ready)
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &killedSandbox{cmd: cmd}
	t.Cleanup(s.kill)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			t.Fatal("the sandbox is not ready")
		case <-tick.C:
		}
		text, err := os.ReadFile(ready)
		if err != nil {
			continue
		}
		var told struct{ Sandbox string }
		if err := json.Unmarshal(text, &told); err != nil || told.Sandbox == "" {
			continue // it is still being written
		}
		s.url = told.Sandbox
		return s
	}
}

// kill ends the process as kill -9 does, and waits until it is gone. A second time it does nothing.
func (s *killedSandbox) kill() {
	_ = s.cmd.Process.Kill() // it may be gone
	_ = s.cmd.Wait()         // it was killed, and says so
}

// ask calls the API; it returns an error when no whole answer came.
func (s *killedSandbox) ask(ctx context.Context, method, path, form string) (id string, status int, err error) {
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(form))
	if err != nil {
		return "", 0, err
	}
	r.Header.Set("Authorization", "Bearer sk_test_killed")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", 0, err
	}
	body, err := io.ReadAll(answer.Body)
	if closed := answer.Body.Close(); err == nil {
		err = closed
	}
	var o struct{ ID, Status string }
	if err == nil {
		err = json.Unmarshal(body, &o)
	}
	return o.ID + " " + o.Status, answer.StatusCode, err
}

// A sandbox that is killed under load, whenever it is, has everything that it answered when it starts again.
func TestAKilledSandboxLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kept := map[string]string{} // answers by path
	for round := range 4 {
		s := startSandboxOver(t, dir)
		for path, want := range kept {
			if got, status, err := s.ask(t.Context(), http.MethodGet, path, ""); err != nil || status != http.StatusOK || got != want {
				t.Fatalf("round %d: %s is %d %q %v, was answered as %q", round, path, status, got, err, want)
			}
		}
		var mu sync.Mutex
		var load sync.WaitGroup
		answered := 0
		enough := make(chan struct{})
		for range 4 {
			load.Go(func() {
				for i := 0; ; i++ {
					path, form := "/v1/customers", fmt.Sprintf("name=n%d", i)
					if i%2 == 1 {
						path, form = "/v1/payment_intents", "amount=1500&currency=usd&confirm=true&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never&payment_method=pm_card_visa"
					}
					got, status, err := s.ask(t.Context(), http.MethodPost, path, form)
					if err != nil {
						return // it was killed
					}
					id, _, _ := strings.Cut(got, " ")
					mu.Lock()
					if status != http.StatusOK {
						t.Errorf("POST %s answered %d", path, status)
					} else {
						kept[path+"/"+id] = got
					}
					if answered++; answered == 20+round*17 {
						close(enough)
					}
					mu.Unlock()
				}
			})
		}
		<-enough
		s.kill()
		load.Wait()
	}
	s := startSandboxOver(t, dir)
	for path, want := range kept {
		if got, status, err := s.ask(t.Context(), http.MethodGet, path, ""); err != nil || status != http.StatusOK || got != want {
			t.Errorf("%s is %d %q %v, was answered as %q", path, status, got, err, want)
		}
	}
}
