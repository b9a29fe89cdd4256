#!/usr/bin/env bash
# Installs what building and testing MedChain needs and is missing here:
# Debian packages and targets of the Rust toolchain.
# Idempotent; prints nothing but one line when nothing is missing.
#   scripts/setup.sh [portal] [browser] [promtool] [arm]
# portal is what the web page compiles to, browser what its tests drive,
# promtool what tests the alerts (into the cache, see below), arm what
# compiles for 64-bit ARM and emulates it, on other machines.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
say() { printf '\033[1msetup:\033[0m %s\n' "$*" >&2; }
die() { printf 'setup: error: %s\n' "$*" >&2; exit 1; }

command -v cargo >/dev/null || die "no 'cargo' on the PATH. Install Rust 1.95 or later (https://rustup.rs), then run this again."

# --- Debian packages --------------------------------------------------------
# command (or file) that shows that a package is there : package
needs=(
  protoc:protobuf-compiler clang:clang cmake:cmake pkg-config:pkg-config
  wasm-opt:binaryen make:make node:nodejs npm:npm python3:python3
  curl:curl jq:jq zstd:zstd pgrep:procps
  /usr/include/openssl/ssl.h:libssl-dev
  # Linked instead of compiled, see docs/adr/0017-cold-build.md.
  /usr/include/rocksdb/c.h:librocksdb-dev /usr/include/zstd.h:libzstd-dev
)
targets=(wasm32v1-none)
promtool=
for extra in "$@"; do
  case $extra in
    portal) targets+=(wasm32-unknown-unknown) ;;
    browser) [ -n "${CHROMIUM:-}" ] || command -v google-chrome >/dev/null || needs+=(chromium:chromium) ;;
    promtool) command -v promtool >/dev/null || promtool=${XDG_CACHE_HOME:-$HOME/.cache}/medchain/promtool ;;
    arm)
      [ "$(uname -m)" = aarch64 ] && continue
      needs+=(
        aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu qemu-aarch64:qemu-user
        /usr/aarch64-linux-gnu/lib/crt1.o:libc6-dev-arm64-cross
      )
      targets+=(aarch64-unknown-linux-gnu)
      ;;
    *) die "there is no part '$extra'" ;;
  esac
done
missing=()
for need in "${needs[@]}"; do
  probe=${need%%:*} package=${need##*:}
  case $probe in
    /*) [ -e "$probe" ] || [ -n "$(dpkg -L "$package" 2>/dev/null)" ] || missing+=("$package") ;;
    *) command -v "$probe" >/dev/null || missing+=("$package") ;;
  esac
done
# The library without a version in its name: what the package clang brings
# along (libclang.so.1) is not found by the build.
[ -n "${LIBCLANG_PATH:-}" ] || compgen -G '/usr/lib/llvm-*/lib/libclang.so' >/dev/null \
  || compgen -G '/usr/lib*/libclang.so' >/dev/null || missing+=(libclang-dev)

# Debian ships Python without what makes a virtual environment.
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)

# Fetches the lists of packages, as root, once. $@: what they are fetched for.
lists() {
  command -v apt-get >/dev/null || die "these are missing and there is no apt-get here: $*"
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "not root and no sudo: install these packages by hand, then run this again: $*"
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -q >/dev/null || die "apt-get update failed: is there a network?"
}

if [ ${#missing[@]} -gt 0 ]; then
  say "installing Debian packages: ${missing[*]}"
  lists "${missing[@]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q "${missing[@]}" >/dev/null \
    || die "apt-get could not install: ${missing[*]}"
fi

# Unpacked instead of installed: Debian's package would start a Prometheus here.
if [ -n "$promtool" ] && [ ! -x "$promtool/usr/bin/promtool" ]; then
  say "unpacking promtool from Debian's package prometheus"
  lists prometheus
  package=$(mktemp -d)
  trap 'rm -rf "$package"' EXIT
  (cd "$package" && apt-get download -q prometheus >/dev/null 2>&1) || die "apt-get could not download: prometheus"
  dpkg-deb -x "$package"/prometheus_*.deb "$package/unpacked"
  mkdir -p "$promtool/usr/bin"
  mv "$package/unpacked/usr/bin/promtool" "$promtool/usr/bin/promtool"
fi

for target in "${targets[@]}"; do
  "$root/scripts/install-rust-target.sh" "$target"
done

# --- linters ----------------------------------------------------------------
# Every build runs clippy on our own crates (.cargo/config.toml).
for component in clippy:clippy-driver rustfmt:rustfmt; do
  program=${component##*:} component=${component%%:*}
  "$program" --version >/dev/null 2>&1 && continue
  say "adding the Rust component $component"
  rustup component add "$component" >/dev/null 2>&1 || die "'$program' is missing, and 'rustup component add $component' failed. \
Install it (Debian has rust-clippy and rustfmt), or build without lints: RUSTC_WORKSPACE_WRAPPER= make build"
done
say "everything that is needed is here."
