#!/usr/bin/env bash
# Runs the experiment on the demo zoo, from a fresh checkout. Flags are passed on to attack.py.
#   bash scripts/demo.sh [--method m --mode affine,test --limit 100 ...]
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
prepare_runs
cd "$ROOT"
# Flags of the caller come last and win.
exec "$VENV/bin/python" attack.py --zoo demo --method if --mode affine "$@"
