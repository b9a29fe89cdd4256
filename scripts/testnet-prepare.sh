#!/usr/bin/env bash
# Makes what a local testnet consists of: the relay chain's programs, both chain
# specs, and zombienet. Prints one line on standard output: the folder of the
# relay chain's programs. Called by `make testnet` and `make testnet-test`.
#
#   POLKADOT_DIR          a folder with polkadot and its two worker programs
#   MEDCHAIN_RUNTIME      the parachain's first runtime (default: what was built)
#   MEDCHAIN_TESTNET_DIR  where the chain specs go
#   MEDCHAIN_BIN_DIR      the folder of medchain-node (default: what was built)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${CARGO_TARGET_DIR:?run this through 'make testnet'}" "${MEDCHAIN_TESTNET_DIR:?}"
say() { printf '\033[1mtestnet:\033[0m %s\n' "$*" >&2; }
die() { printf 'testnet: error: %s\n' "$*" >&2; exit 1; }
programs=(polkadot polkadot-prepare-worker polkadot-execute-worker)
node=${MEDCHAIN_BIN_DIR:-$CARGO_TARGET_DIR/debug}/medchain-node
specs=$MEDCHAIN_TESTNET_DIR
mkdir -p "$specs"

has_programs() {
  local program
  for program in "${programs[@]}"; do [ -x "$1/$program" ] || return 1; done
}

# --- the relay chain's programs ---------------------------------------------
if [ -n "${POLKADOT_DIR:-}" ]; then
  has_programs "$POLKADOT_DIR" \
    || die "POLKADOT_DIR=$POLKADOT_DIR must hold all of: ${programs[*]}"
  folder=$(realpath "$POLKADOT_DIR")
elif found=$(command -v polkadot) && has_programs "$(dirname "$(realpath "$found")")"; then
  folder=$(dirname "$(realpath "$found")")
else
  folder=$CARGO_TARGET_DIR/debug
  has_programs "$folder" || say "building the relay chain's programs, once: a few minutes after 'make build'"
  cargo build --locked --quiet --workspace --features medchain-testnet-relay/programs \
    --bin polkadot --bin polkadot-prepare-worker --bin polkadot-execute-worker >&2
fi
say "relay chain: $("$folder/polkadot" --version) in $folder"

# --- the relay chain's runtime and spec -------------------------------------
lock=zombienet/relay-runtime/Cargo.lock
if ! cmp -s "$lock" "$specs/relay.lock" || [ ! -s "$specs/relay.json" ]; then
  say "compiling the relay chain's runtime, once: about 15 minutes on two cores"
  (
    cd zombienet/relay-runtime
    # What substrate-wasm-builder sets for a runtime.
    RUSTC_WORKSPACE_WRAPPER="" RUSTFLAGS="-C link-arg=--export-table -C link-arg=--export=__heap_base -C link-arg=--import-memory --cfg substrate_runtime" \
      CARGO_TARGET_DIR=$CARGO_TARGET_DIR/../relay-runtime \
      cargo build --locked --quiet --release --target wasm32v1-none
  )
  scripts/compact-runtime.sh \
    "$CARGO_TARGET_DIR/../relay-runtime/wasm32v1-none/release/medchain_testnet_relay_runtime.wasm" "$specs/relay.wasm"
  "$node" chain-spec-builder --chain-spec-path "$specs/relay.json.new" create \
    --chain-name "Rococo Local Testnet" --chain-id rococo_local_testnet -t local \
    --relay-chain none --para-id 0 \
    --properties tokenSymbol=ROC,tokenDecimals=12,ss58Format=42 \
    --runtime "$specs/relay.wasm" named-preset local_testnet >/dev/null
  mv "$specs/relay.json.new" "$specs/relay.json"
  cp "$lock" "$specs/relay.lock"
fi

# --- the parachain's spec ---------------------------------------------------
runtime=$specs/medchain.wasm
if [ -n "${MEDCHAIN_RUNTIME:-}" ]; then
  [ -s "$MEDCHAIN_RUNTIME" ] || die "there is no runtime MEDCHAIN_RUNTIME=$MEDCHAIN_RUNTIME"
  cp "$MEDCHAIN_RUNTIME" "$runtime"
else
  scripts/compact-runtime.sh \
    "$CARGO_TARGET_DIR/debug/wbuild/medchain-runtime/medchain_runtime.wasm" "$runtime"
fi
if ! sha256sum --check --status "$specs/medchain.sum" 2>/dev/null; then
  "$node" chain-spec-builder --chain-spec-path "$specs/medchain.json.new" create \
    --chain-name "MedChain Local Testnet" --chain-id medchain-local -t local \
    --relay-chain rococo_local_testnet --para-id 2000 \
    --properties tokenSymbol=MEDC,tokenDecimals=12,ss58Format=42 \
    --runtime "$runtime" named-preset local_testnet >/dev/null
  mv "$specs/medchain.json.new" "$specs/medchain.json"
  sha256sum "$runtime" "$specs/medchain.json" >"$specs/medchain.sum"
fi

# --- zombienet --------------------------------------------------------------
if ! cmp -s zombienet/package-lock.json zombienet/node_modules/.medchain-lock; then
  npm ci --prefix zombienet --no-audit --no-fund --silent >&2
  cp zombienet/package-lock.json zombienet/node_modules/.medchain-lock
fi
echo "$folder"
