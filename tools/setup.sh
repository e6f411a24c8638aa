#!/usr/bin/env bash
# Installs what the tests need and this machine lacks, and says what it does.
# It changes nothing when everything is there.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
command -v chromium >/dev/null || missing+=(chromium)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
command -v pdftotext >/dev/null || missing+=(poppler-utils)

if ((${#missing[@]})); then
  if ! command -v apt-get >/dev/null; then
    echo "The tests need ${missing[*]}; install them with your package manager and run this again." >&2
    exit 1
  fi
  as_root=()
  ((EUID == 0)) || as_root=(sudo)
  echo "Installing for the tests: ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  # The package's own cluster is not needed: tests start their own servers.
  "${as_root[@]}" mkdir -p /etc/postgresql-common
  [[ -e /etc/postgresql-common/createcluster.conf ]] || echo 'create_main_cluster = false' | "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

for folder in proof/browser proof/clients; do
  [[ -f $folder/package-lock.json ]] || continue
  stamp=$folder/node_modules/.package-lock.json
  if [[ ! -e $stamp || $folder/package-lock.json -nt $stamp ]]; then
    echo "Installing for the tests in $folder: $(cd "$folder" && node -p 'Object.entries(require("./package.json").devDependencies).map(e => e.join("@")).join(" ")')"
    (cd "$folder" && npm ci --no-audit --no-fund --silent && touch node_modules/.package-lock.json)
  fi
done
