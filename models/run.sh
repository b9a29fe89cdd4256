#!/usr/bin/env bash
# Runs steps of the package in virtual environments that it makes if needed, with the decoder that it builds:
#   models/run.sh train      features, training, left-out sources, operating point, export to the
#                            work folder, integers, and a comparison with the published numbers; resumes
#   models/run.sh evaluate   the shipped file on the test split: prints the card's tables
#   models/run.sh compare    every recipe on every fold of left-out sources
#   models/run.sh ship       what `train` made becomes the shipped model, with fixtures and card
#   models/run.sh agree BIN  do the program BIN (medchain) and every kernel of this machine answer
#                            as onnxruntime does? --every: slow ones on every film too, an hour
#   models/run.sh bench      images a second in onnxruntime
#   models/run.sh check      the tests that need no torch (part of `make test`)
#   models/run.sh test       all tests of the package
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/medchain
# A virtual environment for a lock file; both stay outside the checkout.
environment() {
  local lock=$1 venv=$2
  if ! cmp -s "$lock" "$venv/.installed.lock"; then
    python3 -m venv "$venv" || exit
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$lock" || exit
    cp "$lock" "$venv/.installed.lock"
  fi
  python=$venv/bin/python
}
# The decoder of films, which is the worker's. Whoever has built it already names it in MEDCHAIN_GREYS.
decoder() {
  if [ -z "${MEDCHAIN_GREYS:-}" ]; then
    local target=${CARGO_TARGET_DIR:-$cache/target}
    command -v cargo >/dev/null || { echo "models: error: no 'cargo' to build the decoder of films with: install Rust (https://rustup.rs)" >&2; exit 1; }
    cargo build --quiet --locked --release --manifest-path ../Cargo.toml --target-dir "$target" \
      -p medchain-vision --no-default-features --bin medchain-greys || exit
    export MEDCHAIN_GREYS=$target/release/medchain-greys
  fi
}
full() { environment requirements.lock "${MEDCHAIN_VENV:-$cache/venv}"; decoder; }
light() { environment requirements-check.lock "${MEDCHAIN_CHECK_VENV:-$cache/check-venv}"; decoder; }
step() { "$python" -m "medchain_models.$1" "${@:2}"; }
work() { "$python" -c 'from medchain_models import config; print(config.load()["data"]["work"])'; }
recipe() { "$python" -c 'from medchain_models import config; print(config.load()["training"]["recipe"])'; }
case ${1:-} in
  train)
    full
    step train
    step sources --recipe "$(recipe)"
    step operate
    step export --to "$(work)/float"
    step quantise --float "$(work)/float" --to "$(work)/export"
    step evaluate --model "$(work)/export" --against shipped/metrics.json
    ;;
  evaluate) light && step evaluate ;;
  compare) full && step sources ;;
  ship)
    full
    step export --to "$(work)/float"
    step quantise --float "$(work)/float" --to shipped
    step fixtures
    step evaluate
    step probes
    step attention
    step card
    ;;
  agree)
    light
    medchain=$(cd "${MEDCHAIN_START_DIR:-$OLDPWD}" && realpath "${2:?the path of the program medchain}")
    step evaluate >/dev/null
    "$python" agreement.py --medchain "$medchain" "${@:3}"
    ;;
  bench) light && "$python" bench_onnxruntime.py "${@:2}" ;;
  check) light && "$python" -m pytest -q tests ;;
  test) full && "$python" -m pytest -q tests ;;
  *)
    sed -n '2,13s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
