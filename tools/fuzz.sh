#!/usr/bin/env bash
# Fuzzes every target of the module for the time given, one after the other.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-30s}
git ls-files '*_test.go' | xargs grep -lE '^func Fuzz' | xargs -n1 dirname | sort -u | while read -r dir; do
  grep -hoE '^func (Fuzz[A-Za-z0-9_]+)' "$dir"/*_test.go | awk '{print $2}' | sort -u | while read -r target; do
    echo "== $dir $target"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "./$dir"
  done
done
