package store_test

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

func TestAnIdempotencyKeyBelongsToOneRequest(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		clock := storetest.NewClock()
		s := open(store.Config{Clock: clock})
		key := store.IdempotencyKey{TokenID: "tok_1", Route: "POST /v1/orders", Key: "k"}
		body, other := []byte("hash 1"), []byte("hash 2")
		begin := func(k store.IdempotencyKey, hash []byte) store.IdempotencyRecord {
			t.Helper()
			return must[store.IdempotencyRecord](t)(s.BeginIdempotent(ctx, k, hash, 24*time.Hour))
		}
		want := func(what string, got store.IdempotencyRecord, state store.KeyState) {
			t.Helper()
			if got.State != state {
				t.Errorf("%s: %s, want %s", what, got.State, state)
			}
		}
		first := begin(key, body)
		want("the first", first, store.KeyNew)
		want("the same while it is answered", begin(key, body), store.KeyInFlight)
		want("the same key for another body", begin(key, other), store.KeyMismatch)
		want("the same key of another token", begin(store.IdempotencyKey{TokenID: "tok_2", Route: key.Route, Key: "k"}, other), store.KeyNew)
		want("the same key on another route", begin(store.IdempotencyKey{TokenID: "tok_1", Route: "POST /v1/x", Key: "k"}, other), store.KeyNew)
		if err := s.FinishIdempotent(ctx, key, first.Hold, 201, "application/json", []byte(`{"id":"ord_1"}`)); err != nil {
			t.Fatal(err)
		}
		got := begin(key, body)
		if d := cmp.Diff(store.IdempotencyRecord{State: store.KeyDone, Status: 201, MediaType: "application/json", Body: []byte(`{"id":"ord_1"}`)}, got); d != "" {
			t.Errorf("the kept answer (-want +got):\n%s", d)
		}
		want("another body after the answer", begin(key, other), store.KeyMismatch)
		wantCode(t, "a second answer", s.FinishIdempotent(ctx, key, first.Hold, 500, "", nil), vezne.CodeNotFound)
		if err := s.AbandonIdempotent(ctx, key, first.Hold); err != nil {
			t.Fatal(err)
		}
		want("an answer cannot be abandoned", begin(key, body), store.KeyDone)
		clock.Advance(24*time.Hour - time.Second)
		want("just before the key's life ends", begin(key, body), store.KeyDone)
		clock.Advance(time.Second)
		later := begin(key, other)
		want("when it has ended", later, store.KeyNew)
		if err := s.AbandonIdempotent(ctx, key, later.Hold); err != nil {
			t.Fatal(err)
		}
		slow := begin(key, body)
		want("after it was given up", slow, store.KeyNew)
		clock.Advance(3 * time.Minute)
		next := begin(key, body)
		want("a process that died leaves its key behind", next, store.KeyNew)
		// It was not dead, only slow: the key is not its own any more.
		wantCode(t, "an answer of who lost the key", s.FinishIdempotent(ctx, key, slow.Hold, 500, "", nil), vezne.CodeNotFound)
		if err := s.AbandonIdempotent(ctx, key, slow.Hold); err != nil {
			t.Fatal(err)
		}
		want("while the next one is answered", begin(key, body), store.KeyInFlight)
		if err := s.FinishIdempotent(ctx, key, next.Hold, 201, "", []byte("2")); err != nil {
			t.Fatal(err)
		}
		if got := begin(key, body); got.State != store.KeyDone || got.Status != 201 {
			t.Errorf("the answer of who holds it: %+v", got)
		}
		clock.Advance(48 * time.Hour)
		if n := must[int64](t)(s.Prune(ctx)); n != 3 {
			t.Errorf("%d expired keys were removed, want 3", n)
		}
	})
}

func TestOfManyRequestsWithOneKeyOneGoesOn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		var mu sync.Mutex
		states := map[store.KeyState]int{}
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				r, err := s.BeginIdempotent(ctx, store.IdempotencyKey{TokenID: "t", Route: "r", Key: "k"}, []byte("h"), time.Hour)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				states[r.State]++
			})
		}
		group.Wait()
		if d := cmp.Diff(map[store.KeyState]int{store.KeyNew: 1, store.KeyInFlight: 9}, states); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
	})
}

func TestTokensAreKnownByTheirHashUntilRevoked(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		hash := sha256.Sum256([]byte("vz_token"))
		for range 2 { // a second time is nothing new
			if err := s.CreateToken(ctx, "shop", hash[:], "vz_tok"); err != nil {
				t.Fatal(err)
			}
		}
		tok := must[store.Token](t)(s.TokenByHash(ctx, hash[:]))
		if tok.Name != "shop" || tok.Prefix != "vz_tok" || tok.RevokedAt != nil {
			t.Errorf("%+v", tok)
		}
		if d := cmp.Diff([]store.Token{tok}, must[[]store.Token](t)(s.Tokens(ctx))); d != "" {
			t.Error(d)
		}
		_, err := s.TokenByHash(ctx, []byte("another"))
		wantCode(t, "an unknown token", err, vezne.CodeNotFound)
		wantCode(t, "revoked", s.RevokeToken(ctx, tok.ID), "")
		wantCode(t, "revoked twice", s.RevokeToken(ctx, tok.ID), vezne.CodeNotFound)
		_, err = s.TokenByHash(ctx, hash[:])
		wantCode(t, "a revoked token", err, vezne.CodeNotFound)
		if err := s.CreateToken(ctx, "shop", hash[:], "vz_tok"); err != nil {
			t.Fatal(err)
		}
		_, err = s.TokenByHash(ctx, hash[:])
		wantCode(t, "a revoked token that is made again", err, vezne.CodeNotFound)
	})
}

func TestOperatorsHaveOneNameEach(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		wantCode(t, "made", s.CreateOperator(ctx, "ada", "hash 1"), "")
		wantCode(t, "the name is taken", s.CreateOperator(ctx, "ada", "hash 2"), vezne.CodeInvalidRequest)
		if o := must[store.Operator](t)(s.Operator(ctx, "ada")); o.PasswordHash != "hash 1" {
			t.Errorf("%+v", o)
		}
		_, err := s.Operator(ctx, "eve")
		wantCode(t, "nobody", err, vezne.CodeNotFound)
	})
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		clock := storetest.NewClock()
		s := open(store.Config{Clock: clock})
		find := func(token string) string {
			t.Helper()
			data, found, err := s.SessionFind(ctx, token)
			if err != nil {
				t.Fatal(err)
			}
			if !found {
				return "none"
			}
			return string(data)
		}
		commit := func(token, data string, life time.Duration) {
			t.Helper()
			if err := s.SessionCommit(ctx, token, []byte(data), clock.Now().Add(life)); err != nil {
				t.Fatal(err)
			}
		}
		commit("a", "1", time.Minute)
		commit("a", "2", time.Hour)
		commit("b", "3", time.Minute)
		commit("c", "4", time.Hour)
		if find("a") != "2" || find("b") != "3" || find("unknown") != "none" {
			t.Error("a session is found by its token, with what was written last")
		}
		var kept int
		if err := s.DB().QueryRowContext(ctx, "SELECT COUNT(*) FROM vezne_sessions WHERE hash = $1", []byte("a")).Scan(&kept); err != nil || kept != 0 {
			t.Errorf("the token itself is kept (%v)", err)
		}
		if err := s.SessionDelete(ctx, "a"); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Minute)
		if find("a") != "none" || find("b") != "none" || find("c") != "4" {
			t.Error("a session that was deleted or has expired is still found")
		}
		if n := must[int64](t)(s.Prune(ctx)); n != 1 {
			t.Errorf("%d expired sessions were removed, want 1", n)
		}
		var mu sync.Mutex
		taken := 0
		var group sync.WaitGroup
		for range 6 {
			group.Go(func() {
				data, ok, err := s.SessionTake(ctx, "c")
				if err != nil {
					t.Error(err)
				}
				if ok {
					mu.Lock()
					taken++
					mu.Unlock()
					if string(data) != "4" {
						t.Errorf("took %q", data)
					}
				}
			})
		}
		group.Wait()
		if taken != 1 || find("c") != "none" {
			t.Errorf("a session was taken %d times, want once", taken)
		}
	})
}

func TestACustomerHasOneRecordHoweverManyCheckoutsStart(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		s := open(store.Config{})
		var mu sync.Mutex
		seen := map[vezne.CustomerID]bool{}
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				err := s.InTx(ctx, func(tx *store.Tx) error {
					c, err := tx.UpsertCustomer(ctx, "user-1", "ada@example.com", "Ada")
					mu.Lock()
					defer mu.Unlock()
					seen[c.ID] = true
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if len(seen) != 1 {
			t.Fatalf("%d records of one reference", len(seen))
		}
		var c vezne.Customer
		in(t, s, func(tx *store.Tx) error {
			var err error
			if c, err = tx.UpsertCustomer(ctx, "user-1", "", "Ada Lovelace"); err != nil {
				return err
			}
			c.StripeCustomerID = "cus_1"
			return tx.SaveCustomer(ctx, c)
		})
		got := must[vezne.Customer](t)(s.CustomerByReference(ctx, "user-1"))
		if got.Email != "ada@example.com" || got.Name != "Ada Lovelace" {
			t.Errorf("%+v: what is empty must not replace what is kept", got)
		}
		for what, read := range map[string]func() (vezne.Customer, error){
			"id":        func() (vezne.Customer, error) { return s.Customer(ctx, got.ID) },
			"Stripe id": func() (vezne.Customer, error) { return s.CustomerByStripeID(ctx, "cus_1") },
		} {
			if d := cmp.Diff(got, must[vezne.Customer](t)(read())); d != "" {
				t.Errorf("by %s:\n%s", what, d)
			}
		}
		err := s.InTx(ctx, func(tx *store.Tx) error {
			other, err := tx.UpsertCustomer(ctx, "user-2", "", "")
			if err != nil {
				return err
			}
			other.StripeCustomerID = "cus_1"
			return tx.SaveCustomer(ctx, other)
		})
		if !store.IsConstraint(err) {
			t.Errorf("two records of one Stripe customer: %v", err)
		}
		in(t, s, func(tx *store.Tx) error { _, err := tx.UpsertCustomer(ctx, "user-3", "", ""); return err })
		_, err = s.CustomerByStripeID(ctx, "")
		wantCode(t, "no Stripe id", err, vezne.CodeNotFound)
	})
}

func TestPaymentMethodsAreListedWhileAttached(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
		clock := storetest.NewClock()
		s := open(store.Config{Clock: clock})
		method := func(i int) vezne.PaymentMethod {
			return vezne.PaymentMethod{ID: vezne.ObjectID(fmt.Sprint("pm_", i)), Customer: "cst_1", Type: "card", Brand: "visa", Last4: "4242", ExpMonth: 12, ExpYear: 2034, CreatedAt: clock.Now()}
		}
		save := func(m vezne.PaymentMethod) error {
			return s.InTx(ctx, func(tx *store.Tx) error { return tx.SavePaymentMethod(ctx, m) })
		}
		var want []vezne.PaymentMethod
		for i := range 3 {
			wantCode(t, "saved", save(method(i)), "")
			want = append([]vezne.PaymentMethod{method(i)}, want...)
			clock.Advance(time.Second)
		}
		if d := cmp.Diff(want, must[[]vezne.PaymentMethod](t)(s.PaymentMethods(ctx, "cst_1"))); d != "" {
			t.Errorf("newest first (-want +got):\n%s", d)
		}
		gone := want[1]
		gone.DetachedAt = new(clock.Now())
		wantCode(t, "detached", save(gone), "")
		if list := must[[]vezne.PaymentMethod](t)(s.PaymentMethods(ctx, "cst_1")); len(list) != 2 {
			t.Errorf("%d methods after one was detached, want 2", len(list))
		}
		full := method(9)
		full.Last4 = "4242424242424242"
		if err := save(full); !store.IsConstraint(err) {
			t.Errorf("a whole card number where four digits belong: %v", err)
		}
	})
}
