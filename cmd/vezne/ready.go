package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
)

// writeReady writes the ready file, if one is wanted.
func writeReady(path string, content any) error {
	if path == "" {
		return nil
	}
	if err := writeJSON(path, content); err != nil {
		return wrong("The ready file cannot be written.", "Check the folder of --ready-file: "+cause(err)+".")
	}
	return nil
}

// writeJSON writes a file of JSON, readable by its owner only, in one step:
// whoever sees it sees all of it.
func writeJSON(path string, content any) error {
	text, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".writing-*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// removeReady takes the file away, so that nobody takes what ended for ready.
func removeReady(path string) error {
	if path == "" {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
