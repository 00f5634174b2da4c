#!/usr/bin/env bash
# Attacks over a range of epsilons, then tables and figures. Arguments are passed on to attack.py:
#   bash scripts/sweep_epsilon.sh --limit 100
set -euo pipefail

source_network=${SOURCE:-demo_inception}
methods=${METHODS:-fgsm,if,m}
modes=${MODES:-affine,test}
epsilons=${EPSILONS:-4,8,12,16}
# At these, sign alone: points to read off what it reaches at another mode's L2.
sign_epsilons=${SIGN_EPSILONS:-1,2,6,10,14,20}
output_dir=${OUTPUT_DIR:-results/epsilons}

source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
prepare_runs
cd "$ROOT"

attack() {
    "$VENV/bin/python" attack.py --source "$source_network" --output_dir "$output_dir" "$@"
}

attack --method "$methods" --max_epsilon "$epsilons" --mode "$modes" "$@"
attack --method "$methods" --max_epsilon "$sign_epsilons" --mode sign "$@"

"$VENV/bin/python" scripts/table.py "$output_dir"
"$VENV/bin/python" scripts/table.py "$output_dir" --equal_l2
"$VENV/bin/python" scripts/figures.py "$output_dir" --output_dir "$output_dir/figures"
