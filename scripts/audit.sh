#!/usr/bin/env bash
# Checks all dependencies against deny.toml: licences, sources, double versions.
# Where the database of advisories can be fetched, `scripts/audit.sh advisories`
# asks it about known vulnerabilities; that needs a network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
deny=$(scripts/lint/tools.sh)/cargo-deny
checks=("$@")
[ $# -gt 0 ] || checks=(bans licenses sources)
"$deny" --locked check "${checks[@]}"
"$deny" --locked --manifest-path contracts-ink/Cargo.toml --config deny.toml check "${checks[@]}"
