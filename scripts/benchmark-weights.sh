#!/usr/bin/env bash
# Measures the weights of our pallets' calls, time and proof size, and writes
# them to runtime/src/weights/. What is measured is the compiled runtime, with
# its benchmarks, in the node's own executor.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${CARGO_TARGET_DIR:?run this through 'make weights'}"
steps=${STEPS:-20} repeat=${REPEAT:-10}

# Only the WebAssembly is compiled with the benchmarks: the node that runs it
# is the ordinary one.
target=$CARGO_TARGET_DIR/benchmarks
RUSTFLAGS="-C link-arg=--export-table --cfg substrate_runtime" CARGO_TARGET_DIR=$target \
  cargo rustc --locked --package medchain-runtime --lib --crate-type cdylib --release \
  --target wasm32v1-none --no-default-features --features runtime-benchmarks
runtime=$target/wasm32v1-none/release/medchain_runtime.wasm

for pallet in pallet_emr pallet_inference; do
  "$CARGO_TARGET_DIR/debug/medchain-node" benchmark-pallet --allow-missing-host-functions \
    --runtime "$runtime" --genesis-builder runtime --genesis-builder-preset development \
    --pallet "$pallet" --extrinsic '*' --steps "$steps" --repeat "$repeat" \
    --output "runtime/src/weights/$pallet.rs"
  # The command line names folders of this machine; the host functions ran in
  # the dev profile, which makes the times upper bounds.
  sed -i '/^\/\/ Executed Command/,/^$/d; s/^\(\/\/! \)HOSTNAME: .*CPU: /\1host functions in the dev profile, CPU: /' \
    "runtime/src/weights/$pallet.rs"
done
