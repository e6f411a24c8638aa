package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vezne/vezne"
)

func TestTheBarIsDrawnOnATerminalAndNowhereElse(t *testing.T) {
	t.Parallel()
	var plain bytes.Buffer
	if terminalOf(&plain) != nil {
		t.Error("a bar would be drawn into a pipe")
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	if terminalOf(file) != nil {
		t.Error("a bar would be drawn into a file")
	}
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if terminalOf(terminal) == nil {
		t.Error("no bar would be drawn on a terminal")
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	if err := terminal.Close(); err != nil {
		t.Error(err)
	}

	var out bytes.Buffer
	(&app{}).progressBar().show(vezne.ReconciliationJSON{})
	bar := (&app{terminal: &out}).progressBar()
	bar.clear()
	if out.Len() != 0 {
		t.Errorf("a bar that was never drawn is cleared: %q", out.String())
	}
	last := -1
	for i, stage := range vezne.ReconciliationStages() {
		out.Reset()
		bar.show(vezne.ReconciliationJSON{Stage: stage, Seen: int64(100 * i), Found: int64(i)})
		line := out.String()
		if full := strings.Count(line, "#"); full <= last || full+strings.Count(line, ".") != barWidth {
			t.Errorf("at stage %d: %q", i, line)
		} else {
			last = full
		}
		if !strings.HasPrefix(line, "\r") || !strings.Contains(line, stageWord(stage)) || strings.Contains(line, "\n") {
			t.Errorf("at stage %d: %q", i, line)
		}
	}
	out.Reset()
	bar.clear()
	if out.Len() == 0 {
		t.Error("the bar stays behind what is said after it")
	}
}
