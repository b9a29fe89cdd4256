#!/usr/bin/env bash
# Makes a release in dist/: optimised programs, the production runtime, Debian
# packages, a tarball, and the SHA-256 of each.
#
#   PROFILE=dev scripts/release.sh    the packages with what `make build` built,
#                                     to try the packaging
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${CARGO_TARGET_DIR:?run this through 'make release'}"
say() { printf '\033[1mrelease:\033[0m %s\n' "$*" >&2; }
die() { printf 'release: error: %s\n' "$*" >&2; exit 1; }
profile=${PROFILE:-release}
missing=()
for need in help2man:help2man dpkg-shlibdeps:dpkg-dev strip:binutils git:git zstd:zstd jq:jq; do
  command -v "${need%%:*}" >/dev/null || missing+=("${need##*:}")
done
[ ${#missing[@]} -eq 0 ] || die "these Debian packages are missing: ${missing[*]}"
umask 022
version=$(cargo metadata --locked --no-deps --format-version 1 | jq -r '.packages[] | select(.name == "medchain-node") | .version')
architecture=$(dpkg --print-architecture)
if [ "$profile" = release ]; then
  say "compiling the programs with optimisation: expect an hour or two on two cores, once"
  # Its own RocksDB, of the version that the node was published with.
  ROCKSDB_COMPILE=1 SNAPPY_COMPILE=1 RUSTC_WORKSPACE_WRAPPER="" cargo build --locked --workspace --bins --release
  bin=$CARGO_TARGET_DIR/release
else
  bin=$CARGO_TARGET_DIR/debug
fi

say "the web page, and the program that serves it"
scripts/setup.sh portal
PROFILE=$profile MEDCHAIN_BIN_DIR=$bin scripts/build-portal.sh

dist=$PWD/dist
rm -rf "$dist"
mkdir -p "$dist"
say "compiling the runtime"
sum=$(scripts/build-runtime.sh "$dist/medchain-runtime-$version.wasm")
say "runtime $sum"

# Files of a package carry the time of the commit: two builds give the same bytes. Only from
# here on: build scripts of C code ask for it, and each commit would compile half of
# polkadot-sdk again.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

for package in node worker portal cli; do
  scripts/release/package.sh "$package" "$version" "$architecture" "$bin" "$dist"
done
say "the tarball"
scripts/release/tarball.sh "$version" "$architecture" "$bin" "$dist"
(cd "$dist" && sha256sum -- *.deb *.tar.* *.wasm >SHA256SUMS)
cat "$dist/SHA256SUMS"
