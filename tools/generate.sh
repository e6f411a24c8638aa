#!/usr/bin/env bash
# Writes every generated file anew. With -check it changes nothing and fails
# when a file is not what its generator writes.
set -euo pipefail
cd "$(dirname "$0")/.."
export GOTOOLCHAIN=local

# Generated files, and the command that writes each group of them.
generated=(
  internal/store/db
  internal/server/testdata/openapi.json
  docs/reference/errors.md docs/reference/events.md docs/reference/flags.md docs/reference/sandbox-surface.md
  docs/reference/sandbox-versions.md sandbox/testdata/versions
  sandbox/internal/description/description.bin
  proof/layout/testdata/api.txt
)

generate() {
  mkdir -p bin
  if [[ ! -x bin/sqlc || tools/sqlc/go.mod -nt bin/sqlc ]]; then
    echo "Building sqlc; this takes a few minutes the first time."
    (cd tools/sqlc && go build -o ../../bin/sqlc github.com/sqlc-dev/sqlc/cmd/sqlc)
    touch bin/sqlc
  fi
  bin/sqlc generate --file internal/store/sqlc.yaml
  (cd tools/description && go run . -out ../../sandbox/internal/description/description.bin)
  go test ./sandbox -run '^(TestVersionsAreRecorded|TestVersionDocsAreFresh|TestTheSurfacePageIsFresh)$' -update >/dev/null
  go test ./internal/server -run '^TestOpenAPIIsUnchanged$' -update >/dev/null
  go test ./proof/layout -run '^TestWhatImportersRelyOnIsUnchanged$' -update >/dev/null
  go run ./cmd/vezne docs --dir docs/reference
}

if [[ ${1:-} != -check ]]; then
  generate
  exit
fi

kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT
cp --parents -r "${generated[@]}" "$kept"
restore() { cp -r "$kept/." .; }
trap 'restore; rm -rf "$kept"' EXIT
generate
for path in "${generated[@]}"; do
  if ! diff -rq "$kept/$path" "$path" >/dev/null; then
    echo "$path is not fresh: run make generate and commit what it writes." >&2
    stale=1
  fi
done
exit "${stale:-0}"
