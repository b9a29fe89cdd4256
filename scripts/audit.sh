#!/usr/bin/env bash
# Checks all dependencies against deny.toml: licences, sources, double versions.
# Where the database of advisories can be fetched, `scripts/audit.sh advisories`
# asks it about known vulnerabilities; that needs a network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
deny=$(scripts/lint/tools.sh)/cargo-deny
checks=("$@")
[ $# -gt 0 ] || checks=(bans licenses sources)
# Every workspace with a lock file. third-party/wasm-opt has none, because it is
# checked in the first one, whose graph it is patched into.
for manifest in Cargo.toml contracts-ink/Cargo.toml portal/Cargo.toml zombienet/relay-runtime/Cargo.toml; do
  printf '\n\033[1m== audit: %s\033[0m\n' "$manifest"
  "$deny" --locked --manifest-path "$manifest" --config deny.toml check "${checks[@]}"
done
