package storetest_test

import (
	"context"
	"testing"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/internal/store"
	"github.com/vezne/vezne/internal/store/storetest"
)

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	for range 2 {
		storetest.Each(t, func(t *testing.T, open func(cfg store.Config) *store.Store) {
			s := open(store.Config{})
			if _, found, err := s.Setting(context.Background(), "seen"); err != nil || found {
				t.Errorf("found %v, %v: another test was here", found, err)
			}
			if err := s.SetSetting(context.Background(), "seen", "yes"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAServerKeepsWhatItCommittedOverACrash(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	server := storetest.NewServer(t)
	s := storetest.Open(t, store.Config{URL: server.URL()})
	if err := s.SetSetting(ctx, "k", "v"); err != nil {
		t.Fatal(err)
	}
	server.Stop("immediate")
	if err := s.Ping(ctx); vezne.CodeOf(err) != vezne.CodeStorageUnavailable {
		t.Errorf("a database that is gone: %v", err)
	}
	server.Start()
	if _, found, err := s.Setting(ctx, "k"); err != nil || !found {
		t.Errorf("found %v, %v", found, err)
	}
}
