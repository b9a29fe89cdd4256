#!/usr/bin/env bash
# Measures the weights of our pallets' calls, time and proof size, and writes
# them to runtime/src/weights/. What is measured is the compiled runtime, with
# its benchmarks, in the executor of a release build: frame-omni-bencher.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${CARGO_TARGET_DIR:?run this through 'make weights'}"
steps=${STEPS:-50} repeat=${REPEAT:-20}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/medchain

# Of the same release of polkadot-sdk as the runtime.
version=0.28.0
bencher=$cache/bencher/bin/frame-omni-bencher
if ! "$bencher" --version 2>/dev/null | grep -qF " $version"; then
  echo "weights: compiling frame-omni-bencher once: expect half an hour to an hour on two cores." >&2
  # The runtime that it brings along for another benchmark is not needed.
  SKIP_WASM_BUILD=1 cargo install --config scripts/benchmark-host.toml --locked --version "$version" \
    --root "$cache/bencher" --target-dir "$cache/bencher/build" frame-omni-bencher
fi

target=$CARGO_TARGET_DIR/benchmarks
RUSTC_WORKSPACE_WRAPPER="" RUSTFLAGS="-C link-arg=--export-table --cfg substrate_runtime" CARGO_TARGET_DIR=$target \
  cargo rustc --locked --package medchain-runtime --lib --crate-type cdylib --release \
  --target wasm32v1-none --no-default-features --features runtime-benchmarks
runtime=$target/wasm32v1-none/release/medchain_runtime.wasm

for pallet in pallet_emr pallet_custody pallet_inference pallet_disputes pallet_timelock; do
  "$bencher" v1 benchmark pallet --allow-missing-host-functions \
    --runtime "$runtime" --genesis-builder runtime --genesis-builder-preset development \
    --pallet "$pallet" --extrinsic '*' --steps "$steps" --repeat "$repeat" \
    --output "runtime/src/weights/$pallet.rs"
  # The command line names folders of this machine, and the header its name.
  sed -i '/^\/\/ Executed Command/,/^$/d; s/^\(\/\/! \)HOSTNAME: .*CPU: /\1CPU: /' \
    "runtime/src/weights/$pallet.rs"
done
