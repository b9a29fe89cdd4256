#!/usr/bin/env bash
# Every test there is. Called by `make test`, which builds first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${CARGO_TARGET_DIR:?run this through 'make test'}"
step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

step "lint: format, spelling, dependencies"
scripts/lint.sh format

step "lint: no warnings"
scripts/lint/clippy.sh Cargo.toml
CARGO_TARGET_DIR=$(dirname "$MEDCHAIN_CONTRACTS_DIR") scripts/lint/clippy.sh contracts-ink/Cargo.toml
portal_target=${XDG_CACHE_HOME:-$HOME/.cache}/medchain/portal
portal_started=$SECONDS
CARGO_TARGET_DIR=$portal_target scripts/lint/clippy.sh portal/Cargo.toml
portal_seconds=$((SECONDS - portal_started))

step "contracts: logic and ink! unit tests"
CARGO_TARGET_DIR=$(dirname "$MEDCHAIN_CONTRACTS_DIR") \
  cargo test --locked --manifest-path contracts-ink/Cargo.toml --workspace

step "models: preprocessing, graph, fixtures and numbers (Python, without torch)"
# What the build made, as everything else here.
MEDCHAIN_GREYS=$CARGO_TARGET_DIR/debug/medchain-greys models/run.sh check

step "packages that the end-to-end tests need (npm)"
for folder in tests/js tests/ipfs-daemon tests/fhir; do
  # npm ci is slow when nothing changed; the lock file says whether it did.
  if ! cmp -s "$folder/package-lock.json" "$folder/node_modules/.medchain-lock"; then
    npm ci --prefix "$folder" --no-audit --no-fund --silent
    cp "$folder/package-lock.json" "$folder/node_modules/.medchain-lock"
  fi
done

step "the FHIR export: FHIR R4, by a validator"
node tests/fhir/validate.mjs tests/fhir/example.json

step "an IPFS daemon for the tests that compare with one"
daemon=$(mktemp -d)
node tests/ipfs-daemon/daemon.mjs --repo "$daemon/repo" --rpc-port 0 --gateway-port 0 >"$daemon/log" 2>&1 &
daemon_pid=$!
trap 'kill "$daemon_pid" 2>/dev/null; rm -rf "$daemon"' EXIT
for _ in $(seq 240); do
  grep -q '^READY' "$daemon/log" && break
  kill -0 "$daemon_pid" || { cat "$daemon/log" >&2; exit 1; }
  sleep 0.25
done
MEDCHAIN_TEST_IPFS=$(sed -n 's/^READY rpc=\([^ ]*\).*/\1/p' "$daemon/log")
export MEDCHAIN_TEST_IPFS
[ -n "$MEDCHAIN_TEST_IPFS" ] || { echo "the IPFS daemon did not come up: $(cat "$daemon/log")" >&2; exit 1; }

scripts/setup.sh promtool
PATH=$PATH:${XDG_CACHE_HOME:-$HOME/.cache}/medchain/promtool/usr/bin

step "crates: unit, property, golden and end-to-end tests; documentation"
RUSTDOC=$PWD/scripts/lint/rustdoc.sh cargo test --locked --workspace

step "the web page: build, and tests in a browser"
portal_started=$SECONDS
scripts/setup.sh portal browser
scripts/build-portal.sh
scripts/test-portal.sh
echo "the web page adds $((portal_seconds + SECONDS - portal_started)) s to the tests"
