#!/usr/bin/env bash
# Builds policy contracts without cargo-contract and writes NAME.contract,
# NAME.wasm and NAME.json of each to $CARGO_TARGET_DIR/ink.
#
#   scripts/build-contracts.sh             all of contracts-ink/, if anything changed
#   scripts/build-contracts.sh FOLDER...   these only, wherever they are
#
# A contract is a folder with a Cargo.toml and examples/NAME-metadata.rs, which
# prints the metadata of the package NAME. Documentation that is cut off in Apps
# is an error in contracts-ink/, and a warning in folders that you name.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
say() { printf '\033[1mcontracts:\033[0m %s\n' "$*" >&2; }
die() { printf 'contracts: error: %s\n' "$*" >&2; exit 1; }

workspace=$root/contracts-ink
target=wasm32v1-none
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/medchain/contracts}
out=$CARGO_TARGET_DIR/ink

command -v wasm-opt >/dev/null || die "wasm-opt is missing: run 'make setup', or install the package binaryen"

folders=() strict=()
if [ $# -gt 0 ]; then
  for folder in "$@"; do
    [ -d "$folder" ] || die "$folder is not a folder"
    folders+=("$(cd "$folder" && pwd)")
  done
else
  strict=(--strict)
  for file in "$workspace"/*/examples/*-metadata.rs "$workspace"/examples/*/examples/*-metadata.rs; do
    [ -e "$file" ] && folders+=("${file%/examples/*}")
  done
fi
names=()
for folder in "${folders[@]}"; do
  [ -f "$folder/Cargo.toml" ] || die "$folder has no Cargo.toml"
  metadata=("$folder"/examples/*-metadata.rs)
  [ -e "${metadata[0]}" ] || die "$folder has no examples/NAME-metadata.rs, which prints its metadata"
  names+=("$(basename "${metadata[0]}" -metadata.rs)")
done

# A hash of everything that the bundles depend on.
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
  for name in "${names[@]}"; do
    for extension in contract wasm json; do
      [ -s "$out/$name.$extension" ] || return 1
    done
  done
}
if [ $# -eq 0 ] && fresh; then
  say "up to date in $out"
  exit 0
fi

mkdir -p "$out"
rm -f "$out/.stamp"

# The machine's own RUSTFLAGS are not used: they would change the code and its
# hash. The paths are removed for the same reason. The threshold was measured: of
# 20 to 250, it gives the smallest code at opt-level "s".
wasm_flags="-Clink-arg=-zstack-size=65536 -Clink-arg=--import-memory -Cllvm-args=--inline-threshold=100"
wasm_flags+=" --remap-path-prefix=$root=/medchain --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"

cargo build --quiet --locked --manifest-path "$workspace/Cargo.toml" --package bundler --bins

for index in "${!names[@]}"; do
  name=${names[index]}
  package=(--quiet --locked --manifest-path "${folders[index]}/Cargo.toml" --package "$name")
  version=$(cargo pkgid "${package[@]:1}" | sed 's/.*[#@]//')
  say "compiling $name"
  # Only a cdylib: with an rlib beside it, rustc would skip link-time optimisation.
  # Plain rustc: clippy switches optimisations off, see docs/adr/0018-lints-in-the-build.md.
  RUSTC_WORKSPACE_WRAPPER="" RUSTFLAGS=$wasm_flags cargo rustc "${package[@]}" --release --no-default-features \
    --target "$target" --lib --crate-type cdylib
  cargo run "${package[@]}" --example "$name-metadata" >"$out/.metadata.json"
  "$CARGO_TARGET_DIR/debug/bundler" "${strict[@]}" "$name" "$version" \
    "$CARGO_TARGET_DIR/$target/release/${name//-/_}.wasm" "$out/.metadata.json" "$out" >&2
done
rm -f "$out/.metadata.json"
[ $# -gt 0 ] || printf '%s\n' "$stamp" >"$out/.stamp"
say "done, in $out"
