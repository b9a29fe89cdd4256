#!/usr/bin/env bash
# Does 64-bit ARM give the same bytes? Its kernel and plain Rust there against the
# definition, and against the shipped network's logits for every fixture. Under
# emulation (QEMU), unless this machine is one. `make test-arm` installs what this
# needs; what is here already is taken, with the toolchain that is on the PATH.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
die() { printf 'test-arm: error: %s\n' "$*" >&2; exit 1; }

for_target=()
if [ "$(uname -m)" != aarch64 ]; then
  target=aarch64-unknown-linux-gnu
  scripts/install-rust-target.sh "$target"
  for program in aarch64-linux-gnu-gcc qemu-aarch64; do
    command -v "$program" >/dev/null \
      || die "no '$program' on the PATH: run 'make test-arm', which installs it"
  done
  export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
  export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
  for_target=(--target "$target")
fi

step "64-bit ARM: the kernels and the definition"
cargo test --locked "${for_target[@]}" -p medchain-exact

# Without tract, which would take longer to compile than all of this.
step "64-bit ARM: the shipped network's logits"
cargo test --locked "${for_target[@]}" -p medchain-vision --no-default-features --features exact \
  --test golden
