package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/sandbox"
)

// TestTheShopSells runs the program as it is, against an offline Stripe: a
// buyer pays on Stripe's page, and the shop's row is written.
func TestTheShopSells(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	roads := &forward{}
	sb, err := sandbox.New(sandbox.Options{Account: "embeddedshop", ForwardTo: "http://shop.test/webhooks/stripe", Transport: roads})
	if err != nil {
		t.Fatal(err)
	}
	stripe, err := sb.Listen(ctx, sandbox.Listen{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- stripe.Serve() }()
	ready, err := sb.Ready(stripe)
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"ADDR": "127.0.0.1:0", "DATABASE": filepath.Join(t.TempDir(), "shop.db"), "STRIPE_API_BASE": ready.Sandbox, "STRIPE_SECRET_KEY": ready.SecretKey,
		"STRIPE_PUBLISHABLE_KEY": ready.PublishableKey, "STRIPE_WEBHOOK_SECRET": ready.WebhookSecret,
	}
	said, says := io.Pipe()
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		err := run(running, func(name string) string { return env[name] }, says)
		says.CloseWithError(io.EOF)
		ended <- err
	}()
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatalf("the shop does not open: %v, %v", err, <-ended)
	}
	url := line[strings.Index(line, "http://") : len(line)-1]
	roads.to.Store(&url)

	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	get := func(method, address string) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return res, string(body)
	}
	if _, body := get(http.MethodGet, url+"/"); !strings.Contains(body, "Shipped so far: 0") {
		t.Fatalf("the shop shows %s", body)
	}
	res, _ := get(http.MethodPost, url+"/buy")
	page := res.Header.Get("Location")
	if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(page, ready.Sandbox+"/c/pay/") {
		t.Fatalf("buying: %d, to %q", res.StatusCode, page)
	}
	account := sb.Account(ready.SecretKey)
	if _, err := account.Simulate("checkout", map[string]any{"session": path.Base(strings.SplitN(page, "#", 2)[0]), "payment_method": "pm_card_visa"}); err != nil {
		t.Fatal(err)
	}
	// The event is delivered once this returns, the order paid soon after: the
	// buyer who comes back makes the desk ask.
	if err := account.Idle(ctx); err != nil {
		t.Fatal(err)
	}
	for {
		_, body := get(http.MethodGet, url+"/")
		if strings.Contains(body, "Shipped so far: 1") {
			break
		}
		if ctx.Err() != nil {
			t.Fatalf("nothing was shipped: %s", body)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("the shop ends: %v", err)
	}
	if err := stripe.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if err := sb.Close(); err != nil {
		t.Error(err)
	}
}
