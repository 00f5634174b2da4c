#!/usr/bin/env bash
# Attacks over a range of epsilons on the demo zoo, then tables and figures. Arguments are passed on
# to sweep.py, which continues where it was stopped:
#   bash scripts/sweep_epsilon.sh --limit 100
#   bash scripts/sweep_epsilon.sh --source demo_vgg --methods if --set epsilons=8,16 --set num_iter=20
#   OUTPUT_DIR=results/elsewhere bash scripts/sweep_epsilon.sh
set -euo pipefail

output_dir=${OUTPUT_DIR:-results/epsilons}

source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
prepare_runs
cd "$ROOT"

"$VENV/bin/python" scripts/sweep.py --grid scripts/grids/demo.yaml --limit 300 --output_dir "$output_dir" "$@"

"$VENV/bin/python" scripts/table.py "$output_dir"
"$VENV/bin/python" scripts/table.py "$output_dir" --equal_l2
"$VENV/bin/python" scripts/figures.py "$output_dir" --output_dir "$output_dir/figures"
