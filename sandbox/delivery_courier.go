package sandbox

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// courier carries the deliveries of an endpoint, one after the other. Buffers, keyed hashes and the connection of one serve
// the next.
type courier struct {
	sender *sender
	// parcel is what is left of the one under way.
	parcel parcel
	signer signer
	body   []byte

	// What the next attempt carries; event is nil when there is nothing to send.
	event, endpoint *stripeObject
	pending         int64
	timeout         time.Duration
	secrets         []string

	// url is where the last attempt went, to what it says of it; plain that the wire reaches it.
	url   string
	to    target
	plain bool
	wire  *wire
	// idle hangs up when nothing was carried for a while. It is set while the courier rests.
	idle *time.Timer
}

// errand is a delivery that a courier is sent with.
type errand struct {
	id string
	// pause is a delay in real time before it leaves.
	pause time.Duration
	// manual is a resend, which leaves the automatic attempts as they are.
	manual bool
}

// attempt sends what is loaded. done is false when there was nothing, or when the sender was stopped meanwhile.
func (c *courier) attempt(e errand) (attempt Attempt, done bool) {
	if c.event == nil {
		return Attempt{}, false
	}
	// Versions never change: they are written without the account's lock.
	c.body = appendEventBody(c.body[:0], c.event, c.endpoint, c.pending)
	out := outgoing{url: c.endpoint.Str("url"), body: c.body, signature: c.signer.sign(time.Now().Unix(), c.body, c.secrets), timeout: c.timeout}
	c.event = nil
	attempt = out.send(c.sender.ctx, c)
	attempt.Automatic = !e.manual
	return attempt, c.sender.ctx.Err() == nil
}

// turn writes down what an errand came to and loads the courier with the next one, in one accountTx. Either may be nil.
func (c *courier) turn(done *errand, attempt Attempt, next *errand) {
	c.event = nil
	stored := c.sender.control.background(c.sender, func(tx *accountTx) {
		if done != nil {
			recordAttempt(tx, done.id, attempt)
		}
		if next != nil {
			c.prepare(tx, next.id)
		}
	})
	if !stored { // what could not be stored was refused: nobody hears of it
		c.event = nil
	}
}

// carry sends a request over the courier's connection, over a new one when that has ended, or with net/http where the wire
// does not reach.
func (c *courier) carry(ctx context.Context, out outgoing) (status int, body []byte, err error) {
	if c.url != out.url {
		c.url = out.url
		c.to, c.plain = targetOf(out.url)
		c.plain = c.plain && c.sender.control.account.sandbox.wired
	}
	if !c.plain {
		return clientCarrier{c.sender.control.account.sandbox.webhooks}.carry(ctx, out)
	}
	deadline := time.Now().Add(out.timeout)
	if c.wire != nil && c.wire.addr != c.to.addr {
		c.hangUp()
	}
	if c.wire != nil {
		if status, body, err = c.exchange(out, deadline); !errors.Is(err, errUnheard) {
			return status, body, err
		}
		// The endpoint had closed the connection that it kept open until then.
	}
	if c.wire, err = dialWire(ctx, c.to.addr, deadline); err != nil {
		return 0, nil, fmt.Errorf("Post %q: %w", out.url, err)
	}
	return c.exchange(out, deadline)
}

// exchange is one request on the courier's connection, which is kept when it can be used again.
func (c *courier) exchange(out outgoing, deadline time.Time) (status int, body []byte, err error) {
	status, body, keep, err := c.wire.exchange(c.to, out, deadline)
	if err != nil || !keep {
		c.hangUp()
	}
	if err != nil {
		err = fmt.Errorf("Post %q: %w", out.url, err)
	}
	return status, body, err
}

func (c *courier) hangUp() {
	if c.wire != nil {
		c.wire.hangUp()
		c.wire = nil
	}
}
