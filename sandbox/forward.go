package sandbox

// defaultAccount is the account of ForwardTo and Ready unless Options.Account names another.
const defaultAccount = "sandbox"

// firstAccount is the account that the sandbox begins with.
func (sb *Sandbox) firstAccount() *account { return sb.account(sb.firstName()) }

func (sb *Sandbox) firstName() string {
	if sb.options.Account != "" {
		return sb.options.Account
	}
	return defaultAccount
}

// beginForwarding issues the keys of the first account where only issued ones are known, and registers the endpoint of
// ForwardTo: the one of an earlier start where the data has it, so that its secret stays.
func (sb *Sandbox) beginForwarding() error {
	o := sb.options
	if !o.StrictKeys && o.ForwardTo == "" {
		return nil
	}
	since, err := sb.journal.enter()
	if err != nil {
		return err
	}
	a := sb.firstAccount()
	a.locked(a.control.issueFirstKeys)
	if o.ForwardTo == "" {
		return a.durable(since)
	}
	return a.do(func(tx *accountTx) error {
		var kept *stripeObject
		tx.Each("webhook_endpoint", func(o *stripeObject) bool {
			if o.Bool("_forward") {
				kept = o
			}
			return kept == nil
		})
		switch {
		case kept == nil:
			made, err := addEndpoint(tx, o.ForwardTo, []string{"*"}, func(o *stripeObject) { o.Set("_forward", true) })
			if err != nil {
				return err
			}
			kept = tx.Get("webhook_endpoint", made.ID())
		case kept.Str("url") != o.ForwardTo:
			if err := checkEndpointURL(o.ForwardTo); err != nil {
				return err
			}
			kept = kept.Edit().Set("url", o.ForwardTo)
			tx.Put(kept)
		}
		a.control.forward = kept
		return nil
	})
}

// issueFirstKeys makes the keys of the first account known where only issued ones are. The caller holds the lock.
func (c *control) issueFirstKeys() {
	if c.account.sandbox.options.StrictKeys {
		c.account.issueKey("sk_test_"+c.account.name, nil)
		c.account.issueKey("pk_test_"+c.account.name, nil)
	}
}

// keepForward remembers the endpoint of ForwardTo as it is now, its rolled secrets too. The caller holds the lock.
func (c *control) keepForward() {
	if c.forward == nil {
		return
	}
	if o := c.account.store.newest("webhook_endpoint", c.forward.ID()); o != nil {
		c.forward = o
	}
}

// beginAnew gives an account that was reset what it had at the start of the sandbox. The caller holds the lock.
func (c *control) beginAnew() {
	if c.account.name != c.account.sandbox.firstName() {
		return
	}
	c.issueFirstKeys()
	if c.forward != nil {
		tx := &accountTx{account: c.account, now: c.account.now()}
		tx.Put(c.forward)
		c.account.record(tx)
	}
}

// Ready says how the sandbox is reached, as the ready file has it; s is nil for a sandbox that does not listen.
func (sb *Sandbox) Ready(s *Server) (Ready, error) {
	a := sb.firstAccount()
	r := Ready{Sandbox: sb.options.PublicURL, Account: a.id, SecretKey: "sk_test_" + a.name, PublishableKey: "pk_test_" + a.name}
	if s != nil {
		r.Sandbox, r.TLS = s.URL, s.TLSURL
	}
	err := a.do(func(tx *accountTx) error {
		if forward := a.control.forward; forward != nil {
			if o := tx.Get("webhook_endpoint", forward.ID()); o != nil {
				r.WebhookSecret = liveSecrets(o, tx.Now())[0]
			}
		}
		return nil
	})
	return r, err
}
