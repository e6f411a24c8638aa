package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// leaveStart gives back the pages of the program's own file that were read while it started. Every part of the program is
// set up at the start, those that a sandbox never uses too; that is most of what an idle one occupies. What is needed
// again is mapped again, from the system's cache of the file. It returns an error when the system refuses.
func leaveStart() error {
	file, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return err
	}
	for _, part := range untouched(text, file) {
		if _, _, failed := syscall.Syscall(syscall.SYS_MADVISE, part.start, part.end-part.start, syscall.MADV_DONTNEED); failed != 0 {
			return fmt.Errorf("madvise: %w", failed)
		}
	}
	return nil
}

// mapping is a range of addresses.
type mapping struct{ start, end uintptr }

// untouched are the mappings of a file that are as the file has them: nobody may write to them, and no page of them is
// another than the file's.
func untouched(smaps []byte, file string) (parts []mapping) {
	var at mapping
	ours := false
	for lines := bufio.NewScanner(bytes.NewReader(smaps)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) >= 5 && strings.Contains(fields[0], "-"):
			begin, end, _ := strings.Cut(fields[0], "-")
			start, err := strconv.ParseUint(begin, 16, 64)
			stop, err2 := strconv.ParseUint(end, 16, 64)
			at = mapping{uintptr(start), uintptr(stop)}
			ours = err == nil && err2 == nil && len(fields) == 6 && fields[5] == file && (fields[1] == "r-xp" || fields[1] == "r--p")
		case ours && len(fields) == 3 && fields[0] == "Anonymous:":
			if fields[1] == "0" {
				parts = append(parts, at)
			}
			ours = false
		}
	}
	return parts
}
