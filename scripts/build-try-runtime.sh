#!/usr/bin/env bash
# Compiles the runtime with its checks for upgrades (feature try-runtime), for
# tools such as `chopsticks try-runtime`. Prints where it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${CARGO_TARGET_DIR:?}"
# A target folder of its own: the feature reaches down to every pallet.
target=$CARGO_TARGET_DIR/../try-runtime
[ -d "$target" ] || echo "compiling the runtime with try-runtime, once: about 5 minutes on two cores" >&2
# The flags are those of substrate-wasm-builder.
RUSTC_WORKSPACE_WRAPPER="" RUSTFLAGS="-C link-arg=--export-table -C link-arg=--export=__heap_base -C link-arg=--import-memory --cfg substrate_runtime" \
  CARGO_TARGET_DIR=$target \
  cargo rustc --locked --quiet -p medchain-runtime --lib --crate-type cdylib --release \
  --target wasm32v1-none --no-default-features --features try-runtime \
  --config 'profile.release.panic="abort"' --config 'profile.release.lto="thin"' >&2
echo "$target/wasm32v1-none/release/medchain_runtime.wasm"
