package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/engine"
	"github.com/vezne/vezne/veznetest"
)

// paidOrder pays an order in a desk whose call-backs go to an address.
func paidOrder(t *testing.T, url string) (*veznetest.House, vezne.OrderView) {
	t.Helper()
	h := veznetest.New(t, veznetest.WithConfig(func(c *engine.Config) { c.Callback.URL, c.Callback.Transport = url, nil }))
	order := h.NewOrder(1999, "try")
	h.Pay(order.ID, "pm_card_visa")
	h.Idle()
	return h, h.WantStatus(order.ID, vezne.OrderPaid)
}

// forge sends a call-back that nobody signed.
func forge(t *testing.T, url string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(`{"type":"order.paid","revision":9,"data":{"id":"ord_forged"}}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("webhook-id", "eff_1")
	req.Header.Set("webhook-timestamp", "1")
	req.Header.Set("webhook-signature", "v1,AAAA")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode
}

func TestTheReceiverInGoBelievesWhatIsSigned(t *testing.T) {
	t.Parallel()
	rc, err := newReceiver(veznetest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(rc)
	t.Cleanup(server.Close)
	_, order := paidOrder(t, server.URL)
	rc.mu.Lock()
	paid, revision := rc.paid[string(order.ID)], rc.revisions[string(order.ID)]
	rc.mu.Unlock()
	if !paid || revision == 0 {
		t.Errorf("paid %t at revision %d", paid, revision)
	}
	if got := forge(t, server.URL); got != http.StatusBadRequest {
		t.Errorf("a forged call-back: %d", got)
	}
	rc.mu.Lock()
	defer rc.mu.Unlock()
	if rc.paid["ord_forged"] {
		t.Error("a forged call-back is believed")
	}
}

func TestTheReceiverInNodeBelievesWhatIsSigned(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	node := exec.CommandContext(ctx, "node", "callback.mjs")
	node.Env = append(os.Environ(), "VEZNE_CALLBACK_SECRET="+veznetest.Secret, "PORT=0")
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	node.Stderr = os.Stderr
	if err := node.Start(); err != nil {
		t.Fatalf("node is needed for this test: %v", err)
	}
	t.Cleanup(func() {
		if err := node.Process.Kill(); err != nil {
			t.Error(err)
		}
		// It was killed, which is what Wait reports.
		if err := node.Wait(); err == nil {
			t.Error("node ended by itself")
		}
	})
	said := bufio.NewReader(out)
	next := func() string {
		t.Helper()
		line, err := said.ReadString('\n')
		if err != nil && err != io.EOF {
			t.Fatal(err)
		}
		return strings.TrimSpace(line)
	}
	port, ok := strings.CutPrefix(next(), "listening ")
	if !ok {
		t.Fatal("node does not listen")
	}
	url := "http://127.0.0.1:" + port
	if got := forge(t, url); got != http.StatusBadRequest {
		t.Errorf("a forged call-back: %d", got)
	}
	_, order := paidOrder(t, url)
	if got := next(); !strings.HasPrefix(got, "order.paid "+string(order.ID)+" revision ") {
		t.Errorf("node heard %q", got)
	}
}
