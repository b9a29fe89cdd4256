#!/usr/bin/env bash
# Gives the Rust toolchain a target: wasm32v1-none, which the runtime and the
# contracts compile to, wasm32-unknown-unknown, which the web page's core does, or
# aarch64-unknown-linux-gnu, which `make test-arm` does.
# Ways, in this order: it is there already; rustup adds it; for WebAssembly, it is
# built from the standard library's source of the same version (the rust-src
# component, or Debian's package rust-src), which takes a minute at most.
#   scripts/install-rust-target.sh [TARGET]
set -euo pipefail
say() { printf '\033[1msetup:\033[0m %s\n' "$*" >&2; }
die() { printf 'setup: error: %s\n' "$*" >&2; exit 1; }

target=${1:-wasm32v1-none}
case $target in
  wasm32v1-none) crates=core,alloc ;;
  wasm32-unknown-unknown) crates=std,panic_abort ;;
  aarch64-unknown-linux-gnu) crates= ;;
  *) die "nothing here compiles to $target" ;;
esac
sysroot=$(rustc --print sysroot)
lib=$sysroot/lib/rustlib/$target/lib
version=$(rustc --version | awk '{print $2}')

[ -n "$(ls "$lib"/libcore-*.rlib 2>/dev/null)" ] && exit 0

if command -v rustup >/dev/null && timeout 120 rustup target add "$target" >/dev/null 2>&1; then
  say "added the Rust target $target"
  exit 0
fi

[ -n "$crates" ] || die "the Rust target $target is missing, and 'rustup target add $target' did not add it.
  Way out: run that on a machine with a network, or put a toolchain that has the target
  first on the PATH: Debian's rustc and cargo, 1.95 or later, with libstd-rust-dev:arm64."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Prints the folder of the standard library's source, or fails.
library_source() {
  local there=$sysroot/lib/rustlib/src/rust/library
  [ -d "$there" ] && { echo "$there"; return; }
  command -v apt-get >/dev/null || return 1
  # The mirror that this machine uses, with the suite that holds newer compilers.
  local mirror
  # shellcheck disable=SC2016 # For apt-get, which puts the mirror there.
  mirror=$(apt-get indextargets --format '$(SITE)' 2>/dev/null | grep -v security | head -1)
  [ -n "$mirror" ] || return 1
  mkdir -p "$work/lists/partial" "$work/deb"
  local suite
  for suite in trixie-backports trixie bookworm-backports sid; do
    echo "deb [trusted=yes] $mirror $suite main" >"$work/source.list"
    local options=(-q -o "Dir::Etc::sourcelist=$work/source.list" -o Dir::Etc::sourceparts=-
      -o "Dir::State::Lists=$work/lists" -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache=")
    apt-get "${options[@]}" update >/dev/null 2>&1 || continue
    (cd "$work/deb" && apt-get "${options[@]}" download "rust-src=$version*" >/dev/null 2>&1) || continue
    dpkg -x "$work"/deb/rust-src_*.deb "$work/src" || continue
    echo "$work/src/usr/src/rustc-$version/library"
    return
  done
  return 1
}

say "the Rust target $target cannot be downloaded; building its standard library from source"
source=$(library_source) || die "the Rust target $target is missing and none of the ways to get it worked.
  Tried: 'rustup target add $target', the component rust-src, Debian's package rust-src $version.
  Way out: on a machine with a network run 'rustup target add $target'."

mkdir -p "$work/empty/src"
cat >"$work/empty/Cargo.toml" <<'EOF'
[package]
name = "empty"
version = "0.0.0"
edition = "2021"
[lib]
crate-type = ["cdylib"]
[workspace]
EOF
if [ "$crates" = core,alloc ]; then
  cat >"$work/empty/src/lib.rs" <<'EOF'
#![no_std]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! { loop {} }
EOF
else
  echo '//! Empty.' >"$work/empty/src/lib.rs"
fi
# The bitcode is what link-time optimisation of the runtime needs.
(cd "$work/empty" && env -u CARGO_TARGET_DIR RUSTFLAGS="-Cembed-bitcode=yes" RUSTC_BOOTSTRAP=1 \
  __CARGO_TESTS_ONLY_SRC_ROOT="$source" \
  cargo build --release --target "$target" -Z "build-std=$crates" >"$work/log" 2>&1) \
  || { tail -20 "$work/log" >&2; die "building the standard library for $target failed"; }

mkdir -p "$lib"
# All that the standard library is made of; the empty crate is no .rlib.
ls "$work/empty/target/$target/release/deps"/libcore-*.rlib >/dev/null 2>&1 \
  || die "the build left no libcore for $target"
cp "$work/empty/target/$target/release/deps"/*.rlib "$lib/"
say "built and installed the Rust target $target"
