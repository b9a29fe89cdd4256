#!/usr/bin/env bash
# Builds the policy contracts (contracts-ink/) without cargo-contract and leaves
# NAME.contract, NAME.wasm and NAME.json of each in $CARGO_TARGET_DIR/ink.
# Does nothing when nothing changed since the last run.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
say() { printf '\033[1mcontracts:\033[0m %s\n' "$*" >&2; }
die() { printf 'contracts: error: %s\n' "$*" >&2; exit 1; }

contracts=(access-control policy-template misbehaving-policy)
target=wasm32v1-none
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/medchain/contracts}
out=$CARGO_TARGET_DIR/ink

command -v wasm-opt >/dev/null || die "wasm-opt is missing: run 'make setup', or install the package binaryen"

# Everything that the bundles depend on, in one hash.
stamp=$(
  {
    rustc --version
    wasm-opt --version
    cd "$root"
    find contracts-ink primitives Cargo.toml scripts/build-contracts.sh \
      -type d -name target -prune -o -type f ! -name '*.md' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
  } | sha256sum
)
fresh() {
  [ "$(cat "$out/.stamp" 2>/dev/null)" = "$stamp" ] || return 1
  local name extension
  for name in "${contracts[@]}"; do
    for extension in contract wasm json; do
      [ -s "$out/$name.$extension" ] || return 1
    done
  done
}
if fresh; then
  say "up to date in $out"
  exit 0
fi

cd "$root/contracts-ink"
mkdir -p "$out"
rm -f "$out/.stamp"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)

# Without flags of the machine's own: they would change the code, and with it
# its hash. The paths are cut out for the same reason.
wasm_flags="-Clink-arg=-zstack-size=65536 -Clink-arg=--import-memory"
wasm_flags+=" --remap-path-prefix=$root=/medchain --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
say "compiling ${contracts[*]}"
for name in "${contracts[@]}"; do
  # A cdylib alone: beside an rlib, rustc would leave out link-time optimisation.
  RUSTFLAGS=$wasm_flags cargo rustc --quiet --locked --release --no-default-features \
    --target "$target" --package "$name" --lib --crate-type cdylib
done

say "generating the metadata"
cargo build --quiet --locked --package bundler "${contracts[@]/#/--package=}" --bins --examples

for name in "${contracts[@]}"; do
  "$CARGO_TARGET_DIR/debug/examples/$name-metadata" >"$out/.metadata.json"
  "$CARGO_TARGET_DIR/debug/bundler" "$name" "$version" \
    "$CARGO_TARGET_DIR/$target/release/${name//-/_}.wasm" "$out/.metadata.json" "$out" >&2
done
rm -f "$out/.metadata.json"
printf '%s\n' "$stamp" >"$out/.stamp"
say "done, in $out"
