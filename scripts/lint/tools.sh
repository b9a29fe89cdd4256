#!/usr/bin/env bash
# Installs the linters of requirements.lock into a virtual environment outside
# the checkout, and prints the folder of their programs.
set -euo pipefail
lock=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/requirements.lock
tools=${MEDCHAIN_LINT_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/medchain/lint-venv}
if ! cmp -s "$lock" "$tools/.installed.lock"; then
  python3 -m venv "$tools" >&2
  "$tools/bin/pip" install --quiet --disable-pip-version-check \
    --require-hashes --only-binary :all: -r "$lock" >&2
  cp "$lock" "$tools/.installed.lock"
fi
printf '%s\n' "$tools/bin"
