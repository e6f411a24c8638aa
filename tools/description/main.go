// Command description writes the sandbox's description of Stripe's API: one compact file made from the OpenAPI
// description and the sample objects that the Go module github.com/stripe/stripe-mock carries (MIT).
//
//	go run . [-check] [-out FILE]
//
// With -check it writes nothing and fails when the file is not fresh.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/stripe/stripe-mock/embedded"
)

func main() {
	check := flag.Bool("check", false, "fail when the file is not fresh, write nothing")
	out := flag.String("out", "../../sandbox/internal/description/description.bin", "the file")
	flag.Parse()
	if err := run(*out, *check); err != nil {
		fmt.Fprintln(os.Stderr, "description:", err)
		os.Exit(1)
	}
}

func run(out string, check bool) error {
	file, err := generate(embedded.OpenAPISpec, embedded.OpenAPIFixtures)
	if err != nil {
		return err
	}
	if !check {
		return os.WriteFile(out, file, 0o644)
	}
	kept, err := os.ReadFile(out)
	if err != nil {
		return err
	}
	if !bytes.Equal(kept, file) {
		return fmt.Errorf("%s is not fresh: run `go run .` in tools/description", out)
	}
	return nil
}

// generate makes the file's content. The same input gives the same bytes.
func generate(spec, fixtures []byte) ([]byte, error) {
	var api openAPI
	if err := json.Unmarshal(spec, &api); err != nil {
		return nil, fmt.Errorf("OpenAPI description: %w", err)
	}
	var samples struct {
		Resources map[string]json.RawMessage `json:"resources"`
	}
	if err := json.Unmarshal(fixtures, &samples); err != nil {
		return nil, fmt.Errorf("sample objects: %w", err)
	}
	if err := api.addRecorded(); err != nil {
		return nil, fmt.Errorf("recorded keys: %w", err)
	}
	if err := api.addLibraryParams(); err != nil {
		return nil, fmt.Errorf("parameters of libraries: %w", err)
	}
	b := newBuilder(&api)
	if err := b.addSchemas(samples.Resources); err != nil {
		return nil, err
	}
	if err := b.addOperations(); err != nil {
		return nil, err
	}
	return b.encode(), nil
}
