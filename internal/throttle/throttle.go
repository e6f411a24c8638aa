// Package throttle says who must wait before another payment is tried: it
// counts tries by client, by card and by order, in windows that slide with the
// database's clock.
package throttle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strings"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
)

// Subject is who tries to pay what.
type Subject struct {
	// Root is the order, or the customer whose card is saved.
	Root string
	// Client is what Client returned, Card is Stripe's fingerprint of the card
	// that is about to be used; each is empty when it is not known.
	Client, Card string
}

// Client returns what stands for a client in the tables: a digest, since an
// address is personal data. Addresses of one household (a /64 of IPv6, since
// anybody gets one) are one client.
func Client(name string) string {
	name = strings.TrimSpace(name)
	if name == "" {
		return ""
	}
	if a, err := netip.ParseAddr(name); err == nil {
		a = a.Unmap().WithZone("")
		if a.Is6() {
			a = netip.PrefixFrom(a, 64).Masked().Addr()
		}
		name = a.String()
	}
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:16])
}

// Verdict says whether a payment may be tried. The zero value allows it.
type Verdict struct {
	// By is the limit that is reached, Wait is how long it will be.
	By   vezne.LimitedBy
	Wait time.Duration
}

// Allowed reports whether the payment may be tried.
func (v Verdict) Allowed() bool { return v.By == "" }

// Tries is what is known of tries.
type Tries interface {
	TriesOfRoot(ctx context.Context, root string, since time.Time) ([]store.Try, error)
	TriesOfClient(ctx context.Context, client string, since time.Time) ([]store.Try, error)
	TriesOfCard(ctx context.Context, card string, since time.Time) ([]store.Try, error)
	TriedCards(ctx context.Context, root, client string, since time.Time) ([]string, error)
}

// Check says whether a subject has met too many declines, or, when starting is
// true, begun too many payments. Of several limits that are reached it names
// the one that takes longest.
func Check(ctx context.Context, known Tries, l vezne.Limits, now time.Time, s Subject, starting bool) (Verdict, error) {
	c := check{limits: l, now: now, since: now.Add(-l.Window)}
	root, err := known.TriesOfRoot(ctx, s.Root, c.since)
	if err != nil {
		return Verdict{}, err
	}
	c.reached(vezne.LimitedByOrder, root, store.TryDecline, l.OrderDeclines, 0)
	if starting {
		c.reached(vezne.LimitedByOrder, root, store.TryStart, l.OrderStarts, 0)
	}
	cards, err := known.TriedCards(ctx, s.Root, s.Client, c.since)
	if err != nil {
		return Verdict{}, err
	}
	for _, card := range append(cards, s.Card) {
		if card == "" {
			continue
		}
		list, err := known.TriesOfCard(ctx, card, c.since)
		if err != nil {
			return Verdict{}, err
		}
		c.reached(vezne.LimitedByCard, list, store.TryDecline, l.CardDeclines, 0)
	}
	if s.Client == "" {
		return c.verdict, nil
	}
	client, err := known.TriesOfClient(ctx, s.Client, c.since)
	if err != nil {
		return Verdict{}, err
	}
	// Who pays is a buyer, or many of them behind one address.
	c.reached(vezne.LimitedByClient, client, store.TryDecline, l.ClientDeclines, len(times(client, store.TryPaid)))
	if starting {
		c.reached(vezne.LimitedByClient, client, store.TryStart, l.ClientStarts, 0)
	}
	return c.verdict, nil
}

type check struct {
	limits     vezne.Limits
	now, since time.Time
	verdict    Verdict
}

// reached notes a limit that is reached. The wait ends when so many tries have
// left the window that one more fits.
func (c *check) reached(by vezne.LimitedBy, tries []store.Try, kind store.TryKind, limit, more int) {
	list := times(tries, kind)
	if limit <= 0 || len(list) < limit+more {
		return
	}
	wait := list[limit+more-1].Add(c.limits.Window).Sub(c.now)
	if c.verdict.Allowed() || wait > c.verdict.Wait {
		c.verdict = Verdict{By: by, Wait: wait}
	}
}

// times returns when tries of a kind were, newest first.
func times(tries []store.Try, kind store.TryKind) []time.Time {
	var list []time.Time
	for _, t := range tries {
		if t.Kind == kind {
			list = append(list, t.At)
		}
	}
	return list
}

// Take counts a payment that is begun, unless it must wait: then nothing is
// written. Two who take the last one at once get one.
func Take(ctx context.Context, tx *store.Tx, l vezne.Limits, s Subject, id string) (Verdict, error) {
	subjects := []string{"root " + s.Root}
	if s.Client != "" {
		subjects = append(subjects, "client "+s.Client)
	}
	if err := tx.LockTries(ctx, subjects...); err != nil {
		return Verdict{}, err
	}
	v, err := Check(ctx, tx, l, tx.Now(), s, true)
	if err != nil || !v.Allowed() {
		return v, err
	}
	_, err = tx.NoteTry(ctx, store.NewTry{Kind: store.TryStart, ID: id, Root: s.Root, Client: s.Client})
	return v, err
}
