package faults

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
)

// Overlay writes a copy of the files of the module at root that a fault
// changes into dir, and returns the file that says to the compiler (-overlay)
// to take them in the place of the true ones.
func (f Fault) Overlay(root, dir string) (overlay string, err error) {
	changed, err := f.Apply(os.DirFS(root))
	if err != nil {
		return "", err
	}
	module, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for path, text := range changed {
		copied := filepath.Join(dir, strings.ReplaceAll(path, "/", "_"))
		if err := os.WriteFile(copied, text, 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(module, path)] = copied
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o600)
}
