#!/usr/bin/env bash
# Measures the weights of our pallets' calls, time and proof size, and writes
# them to runtime/src/weights/. What is measured is the compiled runtime, with
# its benchmarks, in the executor that the node has: runtime/bencher.
#
#   PALLETS="pallet_custody" make weights     these pallets only
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${CARGO_TARGET_DIR:?run this through 'make weights'}"
steps=${STEPS:-50} repeat=${REPEAT:-20}
pallets=${PALLETS:-pallet_emr pallet_custody pallet_inference pallet_disputes pallet_timelock}

# A profile of its own: what is measured must be as fast as in a release.
if [ ! -x "$CARGO_TARGET_DIR/weights/medchain-bencher" ]; then
  echo "weights: compiling the executor once: expect half an hour on two cores." >&2
fi
cargo build --locked --config scripts/benchmark-host.toml --profile weights --package medchain-bencher --features program
bencher=$CARGO_TARGET_DIR/weights/medchain-bencher

target=$CARGO_TARGET_DIR/benchmarks
RUSTC_WORKSPACE_WRAPPER="" RUSTFLAGS="-C link-arg=--export-table --cfg substrate_runtime" CARGO_TARGET_DIR=$target \
  cargo rustc --locked --package medchain-runtime --lib --crate-type cdylib --release \
  --target wasm32v1-none --no-default-features --features runtime-benchmarks
runtime=$target/wasm32v1-none/release/medchain_runtime.wasm

for pallet in $pallets; do
  "$bencher" --allow-missing-host-functions \
    --runtime "$runtime" --genesis-builder runtime --genesis-builder-preset development \
    --pallet "$pallet" --extrinsic '*' --steps "$steps" --repeat "$repeat" \
    --output "runtime/src/weights/$pallet.rs"
  # The command line names folders of this machine, and the header its name.
  sed -i '/^\/\/ Executed Command/,/^$/d; s/^\(\/\/! \)HOSTNAME: .*CPU: /\1CPU: /' \
    "runtime/src/weights/$pallet.rs"
done
