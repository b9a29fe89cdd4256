#!/usr/bin/env bash
# Runs steps of the package in a virtual environment that it makes if needed:
#   models/run.sh train      features, training, sources, operating point, export, fixtures
#   models/run.sh evaluate   the shipped file on the test split, and the card's tables
#   models/run.sh bench      images a second in onnxruntime
#   models/run.sh test       the package's tests
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
venv=${MEDCHAIN_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/medchain/venv}
stamp=$venv/.requirements.lock
if ! cmp -s requirements.lock "$stamp"; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet -r requirements.lock
  cp requirements.lock "$stamp"
fi
python=$venv/bin/python
step() { "$python" -m "medchain_models.$1"; }
case ${1:-} in
  train)
    step train
    recipe=$("$python" -c 'from medchain_models import config; print(config.load()["training"]["recipe"])')
    "$python" -m medchain_models.sources --recipe "$recipe"
    step operate
    step export
    step fixtures
    ;;
  evaluate) step evaluate && step card ;;
  bench) "$python" bench_onnxruntime.py "${@:2}" ;;
  test) "$python" -m pytest -q tests ;;
  *)
    sed -n '2,6s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
