#!/usr/bin/env bash
# Builds the command line and the worker of a release, from the commit that
# zombienet/released/VERSION/commit names, and prints the folder that holds them
# and the release's model. An upgrade starts with what was released together.
#
#   scripts/build-released.sh VERSION
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${CARGO_TARGET_DIR:?run this through 'make testnet-test'}"
say() { printf '\033[1mreleased:\033[0m %s\n' "$*" >&2; }
die() { printf 'released: error: %s\n' "$*" >&2; exit 1; }
programs=(medchain medchain-worker)

release=zombienet/released/${1:?which version?}
[ -s "$release/commit" ] || die "there is no release $1: $release/commit is missing"
commit=$(cat "$release/commit")
folder=${XDG_CACHE_HOME:-$HOME/.cache}/medchain/released/$commit
if [ -e "$folder/complete" ]; then
  printf '%s\n' "$folder"
  exit 0
fi

git cat-file -e "$commit^{commit}" 2>/dev/null \
  || die "this clone does not have the commit $commit of release $1: clone it with its history (git fetch --unshallow)"
say "building the programs of release $1, once: a few minutes after 'make build'"
source=$(mktemp -d)
trap 'rm -rf "$source"' EXIT
# With new times: cargo must not take what is built for these sources.
git archive "$commit" | tar -xm -C "$source"
rm -rf "$folder"
mkdir -p "$folder"
# In the target folder that is there: the dependencies of the two are the same, and
# so that they are compiled alike, the profiles are those of today. Without lints.
{
  sed '/^# One profile serves/,$d; /^\[profile/,$d' "$source/Cargo.toml"
  sed -n '/^\[profile/,$p' Cargo.toml
} >"$source/Cargo.toml.new"
touch "$source/Cargo.toml.new"
mv "$source/Cargo.toml.new" "$source/Cargo.toml"
(
  cd "$source"
  RUSTC_WORKSPACE_WRAPPER="" cargo build --locked --quiet --workspace \
    "${programs[@]/#/--bin=}" >&2
)
for program in "${programs[@]}"; do
  install "$CARGO_TARGET_DIR/debug/$program" "$folder/$program"
done
cp -r "$source/models/shipped" "$folder/model"
touch "$folder/complete"
printf '%s\n' "$folder"
