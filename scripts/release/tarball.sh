#!/usr/bin/env bash
# Makes the tarball of all programs, with units, manual pages and the model.
#   tarball.sh VERSION ARCHITECTURE BIN DIST
set -euo pipefail
version=$1 architecture=$2 bin=$3 dist=$4
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source scripts/release/stage.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
name=medchain-$version-linux-$architecture
for package in node worker portal cli; do stage "$package" "$bin" "$work/$name"; done
install -m 644 LICENSE README.md docs/operators-guide.md "$work/$name"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" \
  -C "$work" -c "$name" | zstd -q -12 -T0 -o "$dist/$name.tar.zst"
