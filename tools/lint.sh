#!/usr/bin/env bash
# Format, vet, linters, and every generated file fresh. The linter is built
# from its own module, so that its many parts are not ours.
set -euo pipefail
cd "$(dirname "$0")/.."
export GOTOOLCHAIN=local

unformatted=$(git ls-files '*.go' | xargs -r gofmt -l)
if [[ -n $unformatted ]]; then
  echo "Not formatted (run gofmt -w):" >&2
  echo "$unformatted" >&2
  exit 1
fi
go vet ./...
mkdir -p bin
if [[ ! -x bin/golangci-lint || tools/lint/go.mod -nt bin/golangci-lint ]]; then
  echo "Building the linter; this takes a few minutes the first time."
  (cd tools/lint && go build -o ../../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint)
  touch bin/golangci-lint
fi
bin/golangci-lint run --allow-parallel-runners ./...
tools/generate.sh -check
if [[ -n $(git ls-files -- '*.go' | xargs -r grep -nE '\bt\.Skip(f|Now)?\(' || true) ]]; then
  echo "A test that cannot run must fail, not be skipped." >&2
  exit 1
fi
