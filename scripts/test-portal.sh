#!/usr/bin/env bash
# Tests of the web page: types, our Rust natively and as WebAssembly, the server, and the page in
# a real browser against a chain with workers. Build first: scripts/build-portal.sh, and the
# programs and contracts of the repository.
#
#   scripts/test-portal.sh [--all | --only STORY,…] [--screens FOLDER]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/medchain
started=$SECONDS
step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

for folder in portal/tests tests/js; do
  if ! cmp -s "$folder/package-lock.json" "$folder/node_modules/.medchain-lock"; then
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --silent
    cp "$folder/package-lock.json" "$folder/node_modules/.medchain-lock"
  fi
done

step "portal: types and accessibility of the components"
(cd portal && npx --no-install svelte-check --tsconfig ./tsconfig.json --fail-on-warnings --output machine | tail -1)

step "portal: the core and the server"
CARGO_TARGET_DIR=$cache/portal cargo test --locked --manifest-path portal/Cargo.toml --workspace

step "portal: the core as WebAssembly has the same bytes"
node portal/tests/core.test.mjs

step "portal: the chain's client after an upgrade"
node portal/tests/follow.test.mjs

step "portal: in a browser"
chromium=${CHROMIUM:-$(command -v chromium || command -v google-chrome || true)}
[ -n "$chromium" ] || { echo "test-portal: there is no Chromium; install Debian's chromium" >&2; exit 1; }
CHROMIUM=$chromium node portal/tests/browser.mjs "$@"

echo "the portal's tests took $((SECONDS - started)) s"
