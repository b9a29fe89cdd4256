#!/usr/bin/env bash
# What fits into a block: by weights on the compiled runtime, and on a real
# relay chain with its proofs. It fails only where a number is worse than the
# runtime's tests allow.
#
#   RECORDS   how many transactions at once (default: 800)
#   PROGRAMS  the folder of the programs of the network, those of a release say
#             (default: what was built, which computes slowly)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${CARGO_TARGET_DIR:?run this through 'make bench-chain'}"
export MEDCHAIN_TESTNET_DIR=${MEDCHAIN_TESTNET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/medchain/testnet}
step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

step "what fits into a block, by weights"
cargo test --locked --quiet --workspace --lib capacity:: -- --nocapture --test-threads 1 2>&1 \
  | grep -E "ms .*KiB|declared|used weight|fit into|panicked|for each$|^error"

step "a full block on the testnet: ${RECORDS:-800} transactions at once"
cargo build --locked --quiet --workspace --example full_block
# As cargo would say: a target folder may have served another checkout before.
MEDCHAIN_BIN_DIR=${PROGRAMS:-$MEDCHAIN_BIN_DIR} CARGO_MANIFEST_DIR=$PWD/tests/e2e \
  "$CARGO_TARGET_DIR/debug/examples/full_block" "${RECORDS:-800}" | jq .
