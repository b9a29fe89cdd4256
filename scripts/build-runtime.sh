#!/usr/bin/env bash
# Compiles the runtime for production: optimised across crates, and the same
# bytes from the same source with the same toolchain, wherever the checkout is.
# Prints its SHA-256.
#
#   scripts/build-runtime.sh OUT.wasm
set -euo pipefail
out=$(realpath -m "${1:?where the runtime goes}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${CARGO_TARGET_DIR:?run this through 'make release'}"
target=$CARGO_TARGET_DIR/../runtime
[ -d "$target" ] || echo "runtime: compiling it for production, once: about 10 minutes on two cores" >&2
# The flags are those of substrate-wasm-builder. The folders of this machine are
# cut out of what panics say: they would change the bytes. `--locked` pins the
# crates, the lock file's checksums their content; the toolchain is the rest.
RUNTIME_METADATA_HASH=$(cat runtime/metadata-digest) RUSTC_WORKSPACE_WRAPPER="" CARGO_TARGET_DIR=$target \
  RUSTFLAGS="-C link-arg=--export-table -C link-arg=--export=__heap_base -C link-arg=--import-memory --cfg substrate_runtime \
--remap-path-prefix=$PWD=/medchain --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo" \
  cargo rustc --locked --quiet -p medchain-runtime --lib --crate-type cdylib --release \
  --target wasm32v1-none --no-default-features \
  --config 'profile.release.panic="abort"' --config 'profile.release.lto="fat"' \
  --config 'profile.release.codegen-units=1' >&2
scripts/compact-runtime.sh "$target/wasm32v1-none/release/medchain_runtime.wasm" "$out"
sha256sum "$out" | cut -d ' ' -f 1
