package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOnlyPagesAsTheFileHasThemAreGivenBack(t *testing.T) {
	t.Parallel()
	const smaps = `00400000-013f4000 r-xp 00000000 fe:00 11296573                           /opt/vezne
Size:              16336 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
013f4000-024e5000 r--p 00ff4000 fe:00 11296573                           /opt/vezne
Anonymous:             0 kB
024e5000-02500000 r--p 020e5000 fe:00 11296573                           /opt/vezne
Anonymous:             4 kB
02500000-02717000 rw-p 02100000 fe:00 11296573                           /opt/vezne
Anonymous:             0 kB
7fb051ed0000-7fb052090000 r-xp 00000000 fe:00 77                         /lib/libc.so.6
Anonymous:             0 kB
7fb098a13000-7fb098ac7000 rw-p 00000000 00:00 0
Anonymous:             0 kB
7ffd0f9f2000-7ffd0f9f4000 r-xp 00000000 00:00 0                          [vdso]
Anonymous:             0 kB
`
	got := untouched([]byte(smaps), "/opt/vezne")
	want := []mapping{{0x400000, 0x13f4000}, {0x13f4000, 0x24e5000}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(mapping{})); diff != "" {
		t.Error(diff)
	}
}

func TestTheProgramRunsOnWithoutThePagesOfItsStart(t *testing.T) {
	t.Parallel()
	if err := leaveStart(); err != nil {
		t.Fatal(err)
	}
	if got := roomPercent(256 << 20); got != 100 {
		t.Errorf("afterwards it counts %d", got)
	}
}
